"""Touches the world: Vergelijken: two to four areas beside the gemeente, and what may be said of each pair."""

from dataclasses import dataclass
from itertools import combinations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from coordinator.estimates.verdicts import Verdict
from coordinator.web import effect_words
from coordinator.web.address import MAX_COMPARED, View
from coordinator.web.answer import page
from coordinator.web.charts.trend import TrendChart
from coordinator.web.charts.whisker import WhiskerScale, whisker_scale
from coordinator.web.monitor import Effect, MonitorArea, MonitorIndicator, Span
from coordinator.web.render import render
from coordinator.web.rows import Row, of_level, span_of
from coordinator.web.trends import area_trend, highest_of

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two areas and how the rate of the first is beside that of the second."""

    first: MonitorArea
    second: MonitorArea
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of all compared areas on one scale, the whole last."""

    indicator: MonitorIndicator
    scale: WhiskerScale
    rows: tuple[Row, ...]


@router.get("/vergelijken")
def compare_page(request: Request) -> Response:
    """Return Vergelijken."""
    return page(request, _draw)


def _draw(view: View) -> str:
    if view.indicator is None or view.span is None:
        return render("nothing.html", view)
    choices = [area for area in of_level(view) if area not in view.compared]
    chosen = view.compared
    highest = highest_of(view.indicator, chosen, view)
    trends: list[tuple[MonitorArea, TrendChart]] = [
        (area, area_trend(view.indicator, area, view, highest=highest)) for area in chosen
    ]
    return render(
        "compare.html",
        view,
        choices=choices,
        trends=trends,
        pairs=pairs(view, view.span),
        topics=[_topic(indicator, view) for indicator in view.monitor.counted(view.level)] if chosen else [],
        most=MAX_COMPARED,
        effects=effects(view, view.indicator),
        said=effect_words,
    )


def pairs(view: View, found: Span) -> tuple[Pair, ...]:
    """Return every pair of the compared areas, judged together as one page."""
    made = list(combinations(view.compared, 2))
    nodes = {code: node for node, code in enumerate(found.cells)}
    if not made or found.pairs is None:
        return ()
    judged = found.pairs.judge([(nodes[first.code], nodes[second.code]) for first, second in made])
    return tuple(Pair(first, second, verdict) for (first, second), verdict in zip(made, judged.verdicts, strict=True))


def effects(view: View, indicator: MonitorIndicator) -> tuple[Effect, ...]:
    """Return what was done in the compared areas, or in any when none is chosen."""
    chosen = {area.code for area in view.compared}
    return tuple(each for each in indicator.effects if not chosen or each.area in chosen)


def _topic(indicator: MonitorIndicator, view: View) -> Topic:
    found = span_of(indicator, view)
    whole = found.cells[view.monitor.whole].figure
    areas = [*view.compared, view.monitor.areas[view.monitor.whole]]
    figures = [found.cells[area.code].figure for area in areas]
    rates = [figure.rate for figure in figures if figure and figure.rate]
    scale = whisker_scale(rates, whole.rate.value if whole and whole.rate else None)
    rows = tuple(
        Row(
            area,
            indicator,
            found,
            found.cells[area.code],
            scale.whisker(figure.rate) if figure and figure.rate else None,
            view.page("/wijken", onderwerp=indicator.id, gebied=area.code),
        )
        for area, figure in zip(areas, figures, strict=True)
    )
    return Topic(indicator, scale, rows)
