"""Touches the world: the style sheet and the script, kept by readers: another content has another address."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from coordinator.web.answer import packed_response, site_of
from coordinator.web.render import STATIC, asset, asset_name

router = APIRouter()
YEAR = "public, max-age=31536000, immutable"
TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="none"><circle cx="6" cy="8" r="4.5" '
    'stroke="#0b4a6f" stroke-width="2"/><circle cx="10" cy="8" r="4.5" '
    'stroke="#8a3500" stroke-width="2"/></svg>'
)


@router.get("/static/{digest}/{name}")
def static_file(request: Request, digest: str, name: str) -> Response:
    """Return a static file."""
    if name not in STATIC or asset_name(name) != f"/static/{digest}/{name}":
        raise HTTPException(404)
    body = site_of(request).packed(name, lambda: asset(name).decode())
    answer = packed_response(request, body, TYPES[name.rpartition(".")[2]])
    answer.headers["Cache-Control"] = YEAR
    return answer


@router.get("/static/thema.css")
def theme(request: Request) -> Response:
    """Return the municipality's own variables."""
    return Response(site_of(request).theme, media_type=TYPES["css"])


@router.get("/favicon.ico")
def icon() -> Response:
    """Return the icon."""
    return Response(ICON, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})
