"""Touches the world: Beschikbaarheid: which data there is, of whom, for which areas and periods; no figures."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from coordinator.web.address import View
from coordinator.web.answer import page
from coordinator.web.availability import There, matrix, newest, next_due
from coordinator.web.monitor import Why
from coordinator.web.render import render
from coordinator.web.rows import NO_FIGURE
from coordinator.web.words import WHY
from privacy.language import Language

router = APIRouter()


def _absent(why: Why) -> tuple[str, str, str]:
    """Return the sign of a reason with its words: those of every other page."""
    dutch, english = (WHY[why][language].lower() for language in (Language.DUTCH, Language.ENGLISH))
    return NO_FIGURE[why], dutch, english


_SIGNS = {
    There.WHOLE: ("●", "geleverd", "delivered"),
    There.PART: ("◐", "deels geleverd", "delivered in part"),
    There.NOTHING: _absent(Why.NOT_DELIVERED),
    There.WITHDRAWN: _absent(Why.WITHDRAWN),
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
        signs=_SIGNS,
        newest=newest(view.monitor),
        next_due=next_due(view.monitor),
    )
