"""Touches the world: Start: for every wijk how often, and what to be alert to, in two sentences; and the search."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from coordinator.estimates.verdicts import Verdict
from coordinator.web.address import View
from coordinator.web.answer import page
from coordinator.web.monitor import Monitor, MonitorArea
from coordinator.web.render import render
from coordinator.web.rows import Row, spine
from protocol.words.geography import Level

router = APIRouter()
MOST_FOUND = 30  # a longer list is no answer to a search
_LEAST_SEARCH = 2


@dataclass(frozen=True, slots=True)
class Story:
    """A wijk in two sentences. often: the main topic. higher, lower: topics that differ demonstrably.

    compared: how many topics have a figure here; hidden: how many have none, which is not the same as nothing there.
    """

    area: MonitorArea
    often: Row | None
    higher: tuple[Row, ...]
    lower: tuple[Row, ...]
    compared: int
    hidden: int


@router.get("/")
def start_page(request: Request) -> Response:
    """Return Start."""
    return page(request, _draw)


def _draw(view: View) -> str:
    found = search(view.monitor, view.search) if view.search else ()
    stories = tuple(_story(area, view) for area in sorted(view.monitor.at(Level.WIJK), key=lambda area: area.name))
    return render("start.html", view, stories=stories, found=found)


def _story(area: MonitorArea, view: View) -> Story:
    rows = spine(area, view)
    often = next((row for row in rows if view.indicator and row.indicator.id == view.indicator.id), None)
    told = [row for row in rows if row.figure is not None]
    higher = tuple(row for row in told if row.figure and row.figure.verdict is Verdict.HIGHER)
    lower = tuple(row for row in told if row.figure and row.figure.verdict is Verdict.LOWER)
    return Story(area, often, higher, lower, len(told), len(rows) - len(told))


def search(monitor: Monitor, text: str) -> tuple[MonitorArea, ...]:
    """Return the areas whose name holds the text, or in which its postcode lies; those that begin with it first."""
    wanted = " ".join(text.casefold().split())
    if len(wanted) < _LEAST_SEARCH:
        return ()
    digits = wanted.replace(" ", "")[:4]
    is_postcode = digits.isascii() and digits.isdigit() and len(digits) == 4  # noqa: PLR2004 - 1234 or 1234 AB
    found = [
        area
        for area in monitor.areas.values()
        if wanted in area.name.casefold() or (is_postcode and digits in area.postcodes)
    ]
    order = tuple(Level)
    found.sort(key=lambda area: (not area.name.casefold().startswith(wanted), order.index(area.level), area.name))
    return tuple(found[:MOST_FOUND])
