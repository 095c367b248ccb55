"""Touches the world: Wijken: the map, the card of one area, the table of all with their intervals, and the funnel."""

from dataclasses import dataclass, replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from coordinator.web.address import MapKind, View, nothing_released
from coordinator.web.answer import page
from coordinator.web.charts.area_map import AreaMap, Named, difference_map, value_map
from coordinator.web.charts.funnel import FunnelChart, Place, funnel_chart
from coordinator.web.charts.trend import TrendChart
from coordinator.web.charts.whisker import WhiskerScale, whisker_scale
from coordinator.web.monitor import MonitorArea, MonitorIndicator, Span
from coordinator.web.period_words import span
from coordinator.web.render import render
from coordinator.web.rows import LOOKS, Row, in_words, of_level, spine
from coordinator.web.trends import area_trend
from coordinator.web.words import label

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Card:
    """What stands beside the map of one area."""

    row: Row
    trend: TrendChart
    spine: tuple[Row, ...]
    whole: Row


@router.get("/wijken")
def areas_page(request: Request) -> Response:
    """Return Wijken."""
    return page(request, _draw)


def _draw(view: View) -> str:
    if view.indicator is None or view.span is None:
        return render("nothing.html", view)
    if view.level not in view.indicator.levels and view.indicator.levels:
        topics = view.monitor.counted(view.level)
        return render("not_here.html", view, topics=topics)
    scale, rows = _rows(view, view.indicator, view.span)
    return render(
        "areas.html",
        view,
        map=area_map(view, rows),
        card=_card(view, view.indicator, view.span),
        rows=sorted(rows, key=_rate, reverse=True),
        scale=scale,
        funnel=_funnel(view, view.indicator, view.span, rows),
    )


def map_of(view: View) -> AreaMap:
    """Return the map of a view that has a topic and a stretch.

    Raises: UnknownInAddress.
    """
    if view.indicator is None or view.span is None:
        raise nothing_released()
    return area_map(view, _rows(view, view.indicator, view.span)[1])


def area_map(view: View, rows: tuple[Row, ...]) -> AreaMap:
    """Return the map that a view asks for."""
    named = [Named(row.area, row.cell, in_words(row.area, row.cell, view), row.link) for row in rows]
    draw = value_map if view.kind is MapKind.VALUE else difference_map
    title = "" if view.indicator is None else label(view.indicator, view)
    size = (view.monitor.width, view.monitor.height)
    return draw(title, named, size=size, chosen=None if view.area is None else view.area.code)


def _rows(view: View, indicator: MonitorIndicator, found: Span) -> tuple[WhiskerScale, tuple[Row, ...]]:
    areas = of_level(view)
    cells = [found.cells[area.code] for area in areas]
    whole = found.cells[view.monitor.whole].figure
    rates = [cell.figure.rate for cell in cells if cell.figure and cell.figure.rate]
    scale = whisker_scale(rates, whole.rate.value if whole and whole.rate else None)
    rows = tuple(
        Row(
            area,
            indicator,
            found,
            cell,
            scale.whisker(cell.figure.rate) if cell.figure and cell.figure.rate else None,
            view.link(gebied=area.code) + "#kaartje",
        )
        for area, cell in zip(areas, cells, strict=True)
    )
    return scale, rows


def _rate(row: Row) -> tuple[float, str]:
    return (row.figure.rate.value if row.figure and row.figure.rate else -1.0), row.area.name


def _card(view: View, indicator: MonitorIndicator, found: Span) -> Card:
    area = view.area or view.monitor.areas[view.monitor.whole]
    return Card(
        _row(area, view, indicator, found),
        area_trend(indicator, area, view),
        spine(area, replace(view, area=area)),
        _row(view.monitor.areas[view.monitor.whole], view, indicator, found),
    )


def _row(area: MonitorArea, view: View, indicator: MonitorIndicator, found: Span) -> Row:
    return Row(area, indicator, found, found.cells[area.code], None, view.page(f"/gebied/{area.code}"))


def _funnel(view: View, indicator: MonitorIndicator, found: Span, rows: tuple[Row, ...]) -> FunnelChart | None:
    whole = found.cells[view.monitor.whole].figure
    if whole is None or whole.rate is None:
        return None
    places = [
        Place(
            row.area.inhabitants,
            row.figure.rate.value,
            LOOKS[row.figure.verdict].value,
            in_words(row.area, row.cell, view),
            row.link,
            view.area is not None and view.area.code == row.area.code,
        )
        for row in rows
        if row.figure and row.figure.rate and row.area.inhabitants
    ]
    title = ", ".join(filter(None, (label(indicator, view), span(found, view.language))))
    return funnel_chart(title, places, found.funnels.get(view.level, ()), whole=whole.rate.value)
