"""Computes: what the PDF of an area says and shows, from the same rows and charts as its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from coordinator.figures_file import PRACTICE
from coordinator.web import period_words, words
from coordinator.web.address import View
from coordinator.web.brief import brief
from coordinator.web.charts.area_map import AreaMap, Look, MapArea
from coordinator.web.monitor import MonitorArea
from coordinator.web.rows import Row, spine
from coordinator.web.standalone import standalone
from coordinator.web.trends import area_trend
from privacy.language import Language
from protocol.words.geography import Level

TRENDS = 2


@dataclass(frozen=True, slots=True)
class ProfileFile:
    """The data of the template and its drawings by name."""

    data: Mapping[str, object]
    drawings: Mapping[str, bytes]


def profile_file(view: View, area: MonitorArea) -> ProfileFile:
    """Return what stands on the page of an area. A topic that is not shown has its reason and no number."""
    view = replace(view, level=area.level if area.level in {Level.WIJK, Level.BUURT} else Level.WIJK)
    rows = spine(area, view)
    drawings = {f"whisker-{at}.svg": _whisker(row, view) for at, row in enumerate(rows) if row.whisker is not None}
    topics = [row.indicator for row in rows if row.figure is not None][:TRENDS]
    trends = [area_trend(indicator, area, view) for indicator in topics]
    for at, chart in enumerate(trends):
        drawings[f"trend-{at}.svg"] = standalone(
            "trend", chart, title=words.Told(chart.title, view.language), language=view.language
        )
    told = area.path != ""
    if told:
        drawings["map.svg"] = standalone(
            "area_map",
            locator(view, area),
            title=words.Told(area.name, view.language),
            language=view.language,
            plain=True,
        )
    told_trends = [
        {"title": _said((words.topic(indicator, view),)), "text": chart.text, "drawing": f"trend-{at}.svg"}
        for at, (indicator, chart) in enumerate(zip(topics, trends, strict=True))
    ]
    data = _texts(view, area) | {
        "brief": [] if area.code == view.monitor.whole else [_said(line) for line in brief(rows, view)],
        "units": period_words.units_note(view) or "",
        "star": _STAR[view.language] if any(row.span.provisional for row in rows) else "",
        "spine": [_line(at, row, view, area) for at, row in enumerate(rows)],
        "trends": told_trends,
        "trends_note": trends[0].note if trends else "",
        "map": "map.svg" if told else "",
    }
    return ProfileFile(data, drawings)


def locator(view: View, area: MonitorArea) -> AreaMap:
    """Return a small map of the wijken on which the area stands out."""
    others = [each for each in view.monitor.at(Level.WIJK) if each.code != area.code]
    look = Look.SAME.value
    areas = [MapArea(each.code, each.path, look, "", each.x, each.y, each.name, "", is_chosen=False) for each in others]
    areas.append(MapArea(area.code, area.path, look, "", area.x, area.y, area.name, "", is_chosen=True))
    return AreaMap(area.name, view.monitor.width, view.monitor.height, tuple(areas), ())


def _whisker(row: Row, view: View) -> bytes:
    return standalone(
        "whisker", row.whisker, title=words.Told(row.sign, view.language), language=view.language, look=row.look
    )


def _said(parts: Sequence[words.Told]) -> list[Mapping[str, str]]:
    """Return texts with their languages, which the file names where they are not its own."""
    return [{"text": part.text, "language": part.language.value} for part in parts]


def _line(at: int, row: Row, view: View, area: MonitorArea) -> Mapping[str, object]:
    language, figure = view.language, row.figure
    topic = _said((words.topic(row.indicator, view),))
    if figure is None:
        why = "" if row.why_not is None else words.WHY[row.why_not][language]
        return {"topic": topic, "value": "", "rate": "", "drawing": "", "verdict": why}
    star = "*" if row.span.provisional else ""
    beside = words.VERDICTS[figure.verdict][language] if area.code != view.monitor.whole else ""
    return {
        "topic": topic,
        "value": f"{words.whole(figure.value, language)}{star} ({words.interval(figure, language)})",
        "rate": "" if figure.rate is None else words.rate_between(figure.rate, language),
        "drawing": "" if row.whisker is None else f"whisker-{at}.svg",
        "verdict": f"{row.sign} {beside}".strip(),
    }


def _texts(view: View, area: MonitorArea) -> dict[str, object]:
    nl, language, monitor = view.language is Language.DUTCH, view.language, view.monitor
    level = words.LEVELS[area.level][0][language].capitalize()
    parent = monitor.areas.get(area.parent) if area.parent else None
    of = f" in {parent.name}" if parent else ""
    span = "" if view.span is None else period_words.span(view.span, language)
    per = "" if view.indicator is None else period_words.per_period(view.indicator, language)
    facts = [
        ("Inwoners" if nl else "Inhabitants", _whole(area.inhabitants, language)),
        ("Huishoudens" if nl else "Households", _whole(area.households, language)),
        *((text[language], words.context(name, area.context[name], language)) for name, text in _told_context(area)),
        ("Postcodes", ", ".join(area.postcodes)),
        ("Code", area.code),
    ]
    return {
        "language": language.value,
        "title": area.name,
        "lead": f"{level}{of}. {span[:1].upper()}{span[1:]}.",
        "facts": [{"name": name, "value": value} for name, value in facts if value],
        "map_text": f"{'Kaart: waar' if nl else 'Map: where'} {area.name} {'ligt' if nl else 'lies'}",
        "brief_title": "In het kort" if nl else "In short",
        "reading": _READING[language],
        "columns": _COLUMNS[language],
        "spine_title": "Alle onderwerpen" if nl else "All topics",
        "trends_title": f"Verloop {per}, op 1.000 inwoners" if nl else f"Trend {per}, per 1,000 inhabitants",
        "trends_reading": _TREND_READING[language],
        "not_title": "Wat zegt dit niet?" if nl else "What does this not say?",
        "not": _NOT[language],
        "talk_title": "Praat erover" if nl else "Talk about it",
        "talk": _TALK[language],
        "help": _HELP[language],
        "mark": (PRACTICE if nl else f"practice data ({PRACTICE})") if monitor.practice else "",
        "mark_text": _MARK[language],
        "footer": f"Samenzicht · {monitor.areas[monitor.whole].name} · {monitor.log_size} · {monitor.log_root[:16]}",
    }


def _told_context(area: MonitorArea) -> list[tuple[str, Mapping[Language, str]]]:
    return [(name, text) for name, text in words.CONTEXT.items() if name in area.context]


def _whole(number: int | None, language: Language) -> str:
    return "" if number is None else words.whole(number, language)


_NL, _EN = Language.DUTCH, Language.ENGLISH
_COLUMNS = {
    _NL: [
        "Onderwerp",
        "Aantal (tussen)",
        "Op 1.000 (tussen)",
        "lager - gemeente - hoger",
        "Vergeleken met de gemeente",
    ],
    _EN: [
        "Topic",
        "Number (between)",
        "Per 1,000 (between)",
        "lower - municipality - higher",
        "Compared with the municipality",
    ],
}
_READING = {
    _NL: (
        "Achter elk aantal staat de marge: wat er geregistreerd en geteld is, ligt daar 19 van de 20 keer "
        "tussen. De streep is de marge van ruis en toeval samen, de stippellijn de gemeente."
    ),
    _EN: (
        "After each number stands its margin: what was registered and counted lies within, 19 times in "
        "20. The line is the margin for noise and chance together, the dotted line the municipality."
    ),
}
_TREND_READING = {
    _NL: "Lijn met vlak: verloop en marge. Stippen: losse cijfers. Stippellijn: de gemeente. Kruis: geen cijfer.",
    _EN: "Line and band: trend and margin. Dots: single figures. Dotted line: the municipality. Cross: no figure.",
}
_STAR = {
    _NL: "* Voorlopig: er kunnen nog late registraties bij komen.",
    _EN: "* Provisional: late registrations may still be added.",
}
_NOT = {
    _NL: [
        "Niet wat er echt gebeurt, maar wat organisaties registreren. Veel blijft onbekend.",
        "Niets over een gezin of persoon. Elk cijfer heeft ruis, zodat niemand zeker weet of een gezin meetelt.",
        "Niet hoe het met de wijk gaat. Hoger kan ook betekenen dat er vaker wordt gemeld.",
        "Cijfers van organisaties overlappen. Tel ze niet bij elkaar op.",
    ],
    _EN: [
        "Not what really happens, but what organisations register. Much stays unknown.",
        "Nothing about a family or person. Every figure has noise, so that nobody is sure whether a family is in it.",
        "Not how the district is doing. Higher may also mean that more is reported.",
        "Figures of organisations overlap. Do not add them up.",
    ],
}
_TALK = {
    _NL: [
        "Herkent u dit beeld in de wijk?",
        "Is er iets veranderd in hoe er wordt gemeld of geregistreerd?",
        "Gaat het om één gezin of straat, of om meer?",
    ],
    _EN: [
        "Do you recognise this picture?",
        "Did anything change in reporting or registration?",
        "Is it one family or street, or more?",
    ],
}
_HELP = {
    _NL: "Zorgen over iemand? Bel gratis, dag en nacht, Veilig Thuis: 0800-2000. Bij direct gevaar: 112.",
    _EN: "Worried about somebody? Call Veilig Thuis, free, day and night: 0800-2000. In immediate danger: 112.",
}
_MARK = {
    _NL: "De cijfers zijn verzonnen. Niets op dit blad gaat over echte mensen of een echte plaats.",
    _EN: "The figures are invented. Nothing on this page is about real people or a real place.",
}
