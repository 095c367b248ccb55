"""Touches the world: the profile of an area as PDF, and the map and a trend as SVG and PNG."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from coordinator.report import picture_png, profile_pdf
from coordinator.web.address import View, area_of
from coordinator.web.answer import kept_under, site_of, view_of
from coordinator.web.picture_words import below_map, below_trend, subject
from coordinator.web.profile_file import profile_file
from coordinator.web.routes.areas import map_of
from coordinator.web.routes.downloads import attached
from coordinator.web.standalone import standalone
from coordinator.web.trends import area_trend

router = APIRouter()
TYPES = {"svg": "image/svg+xml", "png": "image/png"}


@router.get("/gebied/{code}.pdf")
def profile_file_page(request: Request, code: str) -> Response:
    """Return the profile of an area as PDF/UA-1."""
    view = view_of(request)
    area = area_of(view.monitor, code)

    def make() -> bytes:
        found = profile_file(view, area)
        return profile_pdf(found.data, found.drawings)

    return _kept(request, view, make, "application/pdf", attached(view, "pdf", area.code))


@router.get("/kaart.{kind}")
def map_file(request: Request, kind: str) -> Response:
    """Return the map of the state that the address states."""
    view = _known(request, kind)

    def draw() -> bytes:
        chart = map_of(view)
        return standalone("area_map", chart, title=subject(view), notes=below_map(view, chart), language=view.language)

    return _picture(request, view, kind, draw, "kaart")


@router.get("/verloop.{kind}")
def trend_file(request: Request, kind: str) -> Response:
    """Return the trend of the chosen area, or of the whole."""
    view = _known(request, kind)

    def draw() -> bytes:
        if view.indicator is None:
            raise HTTPException(404)
        area = view.area or view.monitor.areas[view.monitor.whole]
        chart = area_trend(view.indicator, area, view)
        text, notes = f"{area.name}. {chart.text}", below_trend(view, area, chart)
        return standalone("trend", chart, title=subject(view), text=text, notes=notes, language=view.language)

    return _picture(request, view, kind, draw, "verloop")


def _known(request: Request, kind: str) -> View:
    view = view_of(request)
    if kind not in TYPES or view.indicator is None or view.level not in view.indicator.levels:
        raise HTTPException(404)
    return view


def _picture(request: Request, view: View, kind: str, draw: Callable[[], bytes], what: str) -> Response:
    make = draw if kind == "svg" else lambda: picture_png(draw())
    return _kept(request, view, make, TYPES[kind], attached(view, kind, what))


def _kept(
    request: Request, view: View, make: Callable[[], bytes], media_type: str, headers: dict[str, str]
) -> Response:
    body = site_of(request).kept(kept_under(view), make)
    return Response(body, media_type=media_type, headers=headers)
