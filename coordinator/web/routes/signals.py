"""Touches the world: Signalen: what stands out here, why that could be registration, and questions to talk about."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from coordinator.web import signal_words
from coordinator.web.address import View
from coordinator.web.answer import page
from coordinator.web.render import render
from coordinator.web.rows import of_level
from coordinator.web.signals import MOST_SIGNALS, SignalKind, false_alarms, ringing_for_nothing, signals

router = APIRouter()


@router.get("/signalen")
def signals_page(request: Request) -> Response:
    """Return Signalen."""
    return page(request, _draw)


def _draw(view: View) -> str:
    if view.indicator is None or view.span is None:
        return render("nothing.html", view)
    found = signals(view)
    drifts = any(each.kind is SignalKind.DRIFTING for each in found)
    return render(
        "signals.html",
        view,
        signals=found[:MOST_SIGNALS],
        left_out=max(len(found) - MOST_SIGNALS, 0),
        false_alarms=false_alarms(view),
        for_nothing=ringing_for_nothing(view) if drifts else 0,
        choices=sorted(of_level(view), key=lambda area: area.name),
        said=signal_words,
    )
