"""Touches the world: Toelichting: definitions, how noise works, how to read a margin, and why sources overlap."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import Response

from coordinator.web.address import View
from coordinator.web.answer import page
from coordinator.web.monitor import MonitorIndicator
from coordinator.web.noise_demo import LAST_STEP, noise_demo
from coordinator.web.render import render
from coordinator.web.rows import Row, span_of
from protocol.covenant.party import PartnerType

router = APIRouter()
SEES_THE_SAME = (PartnerType.VEILIG_THUIS, PartnerType.POLITIE)  # most reports to one come from the other


@router.get("/toelichting")
def explanation_page(request: Request) -> Response:
    """Return Toelichting. `stap` in the address: which five draws of noise are shown."""
    told = request.query_params.get("stap", "0")
    step = int(told) if told.isascii() and told.isdigit() and len(told) <= len(str(LAST_STEP)) else 0
    return page(request, lambda view: _draw(view, step), more=str(step))


def _draw(view: View, step: int) -> str:
    indicator = view.indicator
    variance = None if indicator is None else indicator.variances.get(view.level)
    if indicator is not None and variance is None:
        variance = next(iter(indicator.variances.values()), None)
    demo = None if variance is None else noise_demo(variance, step=step)
    following = view.link(stap=(step + 1) % (LAST_STEP + 1)) + "#ruis"
    return render("explanation.html", view, demo=demo, following=following, beside=beside(view))


def beside(view: View) -> Sequence[Sequence[Row]]:
    """Return, for the whole and each wijk, the figures of those who partly see the same; nothing for fewer than two."""
    topics = [each for each in view.monitor.indicators.values() if set(each.types) <= set(SEES_THE_SAME) and each.types]
    kinds = {each.kind for each in topics if len({t for o in topics if o.kind is each.kind for t in o.types}) > 1}
    chosen = [each for each in topics if each.kind in kinds and view.level in each.levels]
    if len({kind for each in chosen for kind in each.types}) < len(SEES_THE_SAME):
        return ()
    areas = (view.monitor.areas[view.monitor.whole], *view.monitor.at(view.level))
    return [[_row(view, each, area.code) for each in chosen] for area in areas]


def _row(view: View, indicator: MonitorIndicator, code: str) -> Row:
    span = span_of(indicator, view)
    area = next(area for area in view.monitor.areas.values() if area.code == code)
    link = view.page("/wijken", onderwerp=indicator.id, gebied=code)
    return Row(area, indicator, span, span.cells[area.code], None, link)
