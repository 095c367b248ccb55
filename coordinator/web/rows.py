"""Computes: what pages say of one area and topic: the whole of a cell in words, and rows with their whiskers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coordinator.estimates.verdicts import Verdict
from coordinator.web import words
from coordinator.web.address import View
from coordinator.web.charts.area_map import Look
from coordinator.web.charts.whisker import Whisker, spine_whisker
from coordinator.web.monitor import Absent, Cell, Figure, MonitorArea, MonitorIndicator, Span, Why
from privacy.language import Language

SIGNS = {Verdict.HIGHER: "▲", Verdict.LOWER: "▼", Verdict.NO_DIFFERENCE: "●", Verdict.NOT_TOLD: "○"}
NO_FIGURE: Mapping[Why, str] = {  # a cross, a dash, an arrow back, a dot: one sign for one reason, on every page
    Why.TOO_UNCERTAIN: "\u00d7",
    Why.NOT_DELIVERED: "\u2013",
    Why.WITHDRAWN: "\u21ba",
    Why.NOT_COUNTED: "\u00b7",
}
LOOKS = {
    Verdict.HIGHER: Look.HIGHER,
    Verdict.LOWER: Look.LOWER,
    Verdict.NO_DIFFERENCE: Look.SAME,
    Verdict.NOT_TOLD: Look.NOT_TOLD,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table. whisker: None where there is no rate. sign: for eyes; the words stand beside it."""

    area: MonitorArea
    indicator: MonitorIndicator
    span: Span
    cell: Cell
    whisker: Whisker | None
    link: str

    @property
    def figure(self) -> Figure | None:
        """The figure, None where none is shown."""
        return self.cell.figure

    @property
    def sign(self) -> str:
        """A triangle, dot or ring for the verdict; a sign of its own for each reason why there is no figure."""
        answer = self.cell.answer
        return NO_FIGURE[answer.why] if isinstance(answer, Absent) else SIGNS[answer.verdict]

    @property
    def why_not(self) -> Why | None:
        """Why there is no figure, None where there is one."""
        return self.cell.answer.why if isinstance(self.cell.answer, Absent) else None

    @property
    def look(self) -> str:
        """The class of the style sheet."""
        return LOOKS[self.figure.verdict].value if self.figure else absent_look(self.cell)


def absent_look(cell: Cell) -> str:
    """Return the class of a cell without a figure."""
    uncertain = isinstance(cell.answer, Absent) and cell.answer.why is Why.TOO_UNCERTAIN
    return (Look.SUPPRESSED if uncertain else Look.NOT_DELIVERED).value


def in_words(area: MonitorArea, cell: Cell, view: View) -> str:
    """Return all that is told of a cell, for who hears the page."""
    language = view.language
    nl = language is Language.DUTCH
    if isinstance(cell.answer, Absent):
        return f"{area.name}: {words.WHY[cell.answer.why][language]}"
    figure = cell.answer
    between = (
        f"tussen {words.whole(figure.low, language)} en {words.whole(figure.high, language)}"
        if nl
        else f"between {words.whole(figure.low, language)} and {words.whole(figure.high, language)}"
    )
    told = f"{area.name}: {words.whole(figure.value, language)}, {between}"
    return told if area.code == view.monitor.whole else f"{told}, {beside(figure.verdict, language)}"


def beside(verdict: Verdict, language: Language) -> str:
    """Return a verdict as part of a sentence."""
    nl = language is Language.DUTCH
    match verdict:
        case Verdict.HIGHER:
            return "hoger dan de gemeente" if nl else "higher than the municipality"
        case Verdict.LOWER:
            return "lager dan de gemeente" if nl else "lower than the municipality"
        case Verdict.NO_DIFFERENCE:
            return "geen aantoonbaar verschil met de gemeente" if nl else "no demonstrable difference"
        case Verdict.NOT_TOLD:
            return "niet te vergelijken met de gemeente" if nl else "cannot be compared"


def span_of(indicator: MonitorIndicator, view: View) -> Span:
    """Return the stretch of a topic that a view shows; another topic may not have it, then the year stands in."""
    wanted = None if view.span is None else view.span.id
    found = None if wanted is None else indicator.spans.get(wanted)
    return found or next(iter(indicator.spans.values()))


def spine(area: MonitorArea, view: View, *, path: str | None = None) -> tuple[Row, ...]:
    """Return every topic that is counted at the area's level, each beside the whole's rate."""
    rows = []
    for indicator in view.monitor.counted(area.level):
        span = span_of(indicator, view)
        cell, whole = span.cells[area.code], span.cells[view.monitor.whole].figure
        rate = cell.figure.rate if cell.figure else None
        whisker = spine_whisker(rate, whole.rate.value) if rate and whole and whole.rate else None
        link = view.link(path, onderwerp=indicator.id)
        rows.append(Row(area, indicator, span, cell, whisker, link))
    return tuple(rows)


def of_level(view: View) -> Sequence[MonitorArea]:
    """Return the areas that a view shows."""
    return view.monitor.at(view.level)
