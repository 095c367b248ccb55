"""Touches the world: Overzicht: all areas of a level by all topics, each cell a sign and a figure that leads on."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from coordinator.estimates.verdicts import Verdict
from coordinator.web.address import View
from coordinator.web.answer import page
from coordinator.web.monitor import MonitorArea, MonitorIndicator
from coordinator.web.render import render
from coordinator.web.rows import NO_FIGURE, Row, of_level, span_of

router = APIRouter()
_DIFFERENT = {Verdict.HIGHER, Verdict.LOWER}


@dataclass(frozen=True, slots=True)
class Line:
    """An area with its cell of every topic."""

    area: MonitorArea
    rows: tuple[Row, ...]

    @property
    def is_different(self) -> bool:
        """Whether any topic differs demonstrably from the whole."""
        return any(row.figure is not None and row.figure.verdict in _DIFFERENT for row in self.rows)


@router.get("/overzicht")
def overview_page(request: Request) -> Response:
    """Return Overzicht."""
    return page(request, _draw)


def _draw(view: View) -> str:
    topics = view.monitor.counted(view.level)
    if not topics:
        return render("nothing.html", view)
    lines = [_line(area, topics, view) for area in of_level(view)]
    shown = [line for line in lines if line.is_different or not view.only_different]
    whole = _line(view.monitor.areas[view.monitor.whole], topics, view)
    left_out = len(lines) - len(shown)
    return render(
        "overview.html", view, topics=topics, lines=shown, whole=whole, left_out=left_out, no_figure=NO_FIGURE
    )


def _line(area: MonitorArea, topics: tuple[MonitorIndicator, ...], view: View) -> Line:
    rows = []
    for indicator in topics:
        found = span_of(indicator, view)
        link = view.page("/wijken", onderwerp=indicator.id, gebied=area.code)
        rows.append(Row(area, indicator, found, found.cells[area.code], None, link))
    return Line(area, tuple(rows))
