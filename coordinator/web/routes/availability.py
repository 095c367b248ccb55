"""Touches the world: Beschikbaarheid: which data there is, of whom, for which areas and periods; no figures."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from coordinator.web.address import View
from coordinator.web.answer import page
from coordinator.web.availability import There, matrix, newest, next_due
from coordinator.web.render import render

router = APIRouter()
SIGNS = {
    There.WHOLE: ("●", "geleverd", "delivered"),
    There.PART: ("◐", "deels geleverd", "delivered in part"),
    There.NOTHING: ("\u00d7", "geen levering", "not delivered"),
    There.WITHDRAWN: ("\u2013", "ingetrokken", "withdrawn"),
    There.NOT_YET: ("…", "nog niet vrijgegeven", "not released yet"),
}


@router.get("/beschikbaarheid")
def availability_page(request: Request) -> Response:
    """Return Beschikbaarheid."""
    return page(request, _draw)


def _draw(view: View) -> str:
    lines = matrix(view.monitor)
    return render(
        "availability.html",
        view,
        lines=lines,
        signs=SIGNS,
        newest=newest(view.monitor),
        next_due=next_due(view.monitor),
    )
