"""Computes: what stands below a picture that goes its own way: topic, area, period, and how to read its signs."""

from collections.abc import Iterator
from textwrap import wrap

from coordinator.figures_file import PRACTICE
from coordinator.web import period_words, words
from coordinator.web.address import MapKind, View
from coordinator.web.charts.area_map import AreaMap, Look
from coordinator.web.charts.trend import TrendChart
from coordinator.web.monitor import MonitorArea
from coordinator.web.words import Told
from privacy.language import Language

LINE = 84  # signs that fit below a chart in any letter
_SIGNS = {
    Look.HIGHER: ("\u25b2\u00a0hoger dan de gemeente", "\u25b2\u00a0higher than the municipality"),
    Look.LOWER: ("\u25bc\u00a0lager dan de gemeente", "\u25bc\u00a0lower than the municipality"),
    Look.SAME: ("licht: geen aantoonbaar verschil", "light: no demonstrable difference"),
    Look.NOT_TOLD: ("wit: niet te vergelijken", "white: cannot be compared"),
}
_NO_FIGURE = {
    Look.SUPPRESSED: (
        "\u00d7\u00a0niet getoond, dat is geen nul",
        "\u00d7\u00a0not shown, which is not zero",
    ),
    Look.NOT_DELIVERED: ("gestreept: geen cijfer", "striped: no figure"),
}
_RATES = ("Op 1.000 inwoners. ", "Per 1,000 inhabitants. ")
_TREND = (
    "Lijn met vlak: verloop en marge. Stippen: losse cijfers.",
    "Line and band: trend and margin. Dots: single figures.",
)
_WHOLE = (" Stippellijn: de gemeente.", " Dotted line: the municipality.")


def below_map(view: View, drawn: AreaMap) -> tuple[Told, ...]:
    """Return the lines below a map of a view."""
    read = _difference(view, drawn) if view.kind is MapKind.DIFFERENCE else _values(view, drawn)
    return _lines([*_opening(view), Told(read, view.language)])


def below_trend(view: View, area: MonitorArea, drawn: TrendChart) -> tuple[Told, ...]:
    """Return the lines below the trend of an area."""
    told = (_RATES if area.inhabitants else None, _TREND, _WHOLE if drawn.whole else None)
    read = "".join(_of(each, view) for each in told if each is not None)
    return _lines([*_opening(view, area), Told(read, view.language)])


def subject(view: View) -> Told:
    """Return the topic of a picture, in Dutch where nobody told its English: a file stands alone and must name it."""
    return Told("", view.language) if view.indicator is None else words.topic(view.indicator, view)


def _opening(view: View, area: MonitorArea | None = None) -> Iterator[Told]:
    """Yield the topic and what must go with a picture wherever it goes. area: of a trend, which has all periods."""
    yield subject(view)
    english = view.language is Language.ENGLISH
    mark = f"practice data ({PRACTICE})" if english else PRACTICE
    where = area.name if area else period_words.span(view.span, view.language) if view.span else ""
    yield Told(" \u00b7 ".join(([mark] if view.monitor.practice else []) + [where]), view.language)


def _difference(view: View, drawn: AreaMap) -> str:
    return _joined(view, drawn, [_of(text, view) for look, text in _SIGNS.items() if look in drawn.looks])


def _values(view: View, drawn: AreaMap) -> str:
    per = _of(("op 1.000 inwoners, donkerder is meer", "per 1,000 inhabitants, darker is more"), view)
    edges = ", ".join(words.rate(edge, view.language) for edge in drawn.edges)
    bounds = [f"{_of(('grenzen', 'edges'), view)} {edges.replace(', ', '; ')}"] if edges else []
    unsure = _of(("grijs: onzeker", "grey: uncertain"), view)
    return _joined(view, drawn, [per, *bounds, unsure])


def _joined(view: View, drawn: AreaMap, parts: list[str]) -> str:
    hidden = [_of(text, view) for look, text in _NO_FIGURE.items() if look in drawn.looks]
    told = ". ".join(part[:1].upper() + part[1:] for part in [*parts, *hidden])
    return f"{told}."


def _of(text: tuple[str, str], view: View) -> str:
    return text[0] if view.language is Language.DUTCH else text[1]


def _lines(told: list[Told]) -> tuple[Told, ...]:
    return tuple(Told(line, each.language) for each in told for line in wrap(each.text, LINE))
