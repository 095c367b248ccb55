"""Computes: the figures of a page's own state as CSV, XLSX, ODS and JSON: every area of its level, and the whole.

A cell without a figure has a reason and empty values; it is never a zero.
"""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from operator import attrgetter

from coordinator.figures_file import LICENCE, PRACTICE, PROVISIONAL, Explained, harmless
from coordinator.sheets import Cell, Sheet
from coordinator.web import words
from coordinator.web.address import View
from coordinator.web.monitor import Absent, Figure, MonitorArea, MonitorIndicator, Span
from coordinator.web.rows import of_level, span_of
from privacy.language import Language

BOM = "\ufeff"  # by which spreadsheets know UTF-8


def _explained_reasons() -> Explained:
    """Return what each code of a cell without a figure means, in the words of the pages."""
    dutch, english = (
        "; ".join(f"{why.value}: {text[language].lower()}" for why, text in words.WHY.items())
        for language in (Language.DUTCH, Language.ENGLISH)
    )
    return Explained(f"waarom er geen cijfer staat, wat geen nul is. {dutch}", f"why there is no figure. {english}")


COLUMNS = {
    "topic": Explained("onderwerp, als in het adres van de bladzijde", "topic, as in the page's address"),
    "question": Explained("wat er geteld is", "what was counted"),
    "source": Explained("wie geteld heeft", "who counted it"),
    "level": Explained("gemeente, wijk of buurt", "gemeente, wijk or buurt"),
    "area": Explained("code van CBS", "code of CBS"),
    "name": Explained("naam van het gebied", "name of the area"),
    "span": Explained(
        "jaar: de laatste twaalf maanden; anders de periode", "jaar: the last twelve months; else the period"
    ),
    "value": Explained(
        "het cijfer, zo geschat dat gebieden optellen; leeg als het niet getoond wordt, wat geen nul is",
        "the figure, estimated so that areas add up; empty when it is not shown, which is not zero",
    ),
    "low": Explained("95 % voor de ruis: van low", "95 % for noise: from low"),
    "high": Explained(
        "tot high; zegt niets van toeval of van wat niet gemeld is",
        "to high; says nothing of chance or of what was not reported",
    ),
    "per_1000": Explained("op 1.000 inwoners", "per 1,000 inhabitants"),
    "per_1000_low": Explained("95 % voor ruis en toeval: van", "95 % for noise and chance: from"),
    "per_1000_high": Explained("tot", "to"),
    "beside_whole": Explained(
        "naast de gemeente: hoger, lager, of geen aantoonbaar verschil. "
        "Van wat zo hoger of lager heet, is gemiddeld hoogstens 5 % toeval",
        "beside the gemeente: hoger (higher), lager (lower), or geen aantoonbaar verschil (no demonstrable "
        "difference). Of what is called higher or lower on average at most 5 % is chance",
    ),
    "since_before": Explained("naast de periode ervoor", "beside the period before"),
    "reliability": Explained("A, B, C of te onzeker: hoe groot de fout is naast het cijfer", "how large the error is"),
    "published": Explained(
        "het cijfer van de publicatie zelf, met ruis; het kan onder nul liggen en telt niet op",
        "the release's own figure, with noise; it may be below zero and does not add up",
    ),
    "published_margin": Explained("95 % van de ruis om published", "95 % for noise around published"),
    "status": Explained(
        f"{PROVISIONAL} voorlopig: er kunnen nog late registraties bij komen",
        f"{PROVISIONAL} provisional: late registrations may still be added",
    ),
    "reason": _explained_reasons(),
    "coverage": Explained("leeg als alle organisaties alles leverden", "empty when every organisation delivered all"),
    "mark": Explained(f"{PRACTICE}: verzonnen cijfers; anders leeg", f"{PRACTICE}: invented figures; else empty"),
}


@dataclass(frozen=True, slots=True)
class ViewRow:
    """One area; the fields are those of COLUMNS."""

    topic: str
    question: str
    source: str
    level: str
    area: str
    name: str
    span: str
    value: int | None
    low: int | None
    high: int | None
    per_1000: float | None
    per_1000_low: float | None
    per_1000_high: float | None
    beside_whole: str
    since_before: str
    reliability: str
    published: int | None
    published_margin: int | None
    status: str
    reason: str
    coverage: str
    mark: str


NAMES = tuple(field.name for field in fields(ViewRow))
_VALUES = attrgetter(*NAMES)


def view_rows(view: View) -> tuple[ViewRow, ...]:
    """Return the whole and every area of the view's level, of its topic and stretch; nothing before a first release."""
    indicator = view.indicator
    if indicator is None:
        return ()
    span, whole = span_of(indicator, view), view.monitor.areas[view.monitor.whole]
    areas = (whole, *(area for area in of_level(view) if area.code != whole.code))
    return tuple(_row(view, indicator, span, area) for area in areas if area.code in span.cells)


def view_csv(rows: Sequence[ViewRow]) -> bytes:
    """Return a CSV: UTF-8 with its mark, semicolons, a licence line, a header, the rows; a number has a point."""
    text = io.StringIO()
    text.write(f"{BOM}# {LICENCE}\n")
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(NAMES)
    writer.writerows(["" if value is None else harmless(value) for value in _VALUES(row)] for row in rows)
    return text.getvalue().encode()


def view_json(rows: Sequence[ViewRow]) -> bytes:
    """Return the same as JSON, with what each column means."""
    tree = {
        "licence": LICENCE,
        "dictionary": {name: asdict(word) for name, word in COLUMNS.items()},
        "figures": [asdict(row) for row in rows],
    }
    return (json.dumps(tree, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()


def view_sheets(rows: Sequence[ViewRow]) -> tuple[Sheet, ...]:
    """Return the same as sheets for people: the figures, and what each column means."""
    first = f"{PRACTICE}: {COLUMNS['mark'].nl}" if any(row.mark for row in rows) else LICENCE
    figures: list[tuple[Cell, ...]] = [_VALUES(row) for row in rows]
    explained = [(name, word.nl, word.en) for name, word in COLUMNS.items()]
    return (
        Sheet("cijfers", NAMES, tuple(max(len(name) + 2, 10) for name in NAMES), figures),
        Sheet("leesmij", ("Samenzicht", first, ""), (20, 90, 90), [("Licentie", LICENCE, ""), *explained]),
    )


def _row(view: View, indicator: MonitorIndicator, span: Span, area: MonitorArea) -> ViewRow:
    answer = span.cells[area.code].answer
    figure = answer if isinstance(answer, Figure) else None
    rate = None if figure is None else figure.rate
    published = None if figure is None else figure.published
    return ViewRow(
        topic=indicator.id,
        question=words.question(indicator, view).text,
        source=words.names(indicator.sources, view),
        level=area.level.value,
        area=area.code,
        name=area.name,
        span=span.id,
        value=None if figure is None else figure.value,
        low=None if figure is None else figure.low,
        high=None if figure is None else figure.high,
        per_1000=None if rate is None else round(rate.value, 2),
        per_1000_low=None if rate is None else round(rate.low, 2),
        per_1000_high=None if rate is None else round(rate.high, 2),
        beside_whole="" if figure is None or area.code == view.monitor.whole else figure.verdict.value,
        since_before="" if figure is None else figure.change.value,
        reliability="" if figure is None else figure.reliability.value,
        published=None if published is None else published.value,
        published_margin=None if published is None else published.margin,
        status=PROVISIONAL if span.provisional else "",
        reason=answer.why.value if isinstance(answer, Absent) else "",
        coverage=words.coverage(span.coverage, indicator, view.language) or "",
        mark=PRACTICE if view.monitor.practice else "",
    )
