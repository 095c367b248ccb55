"""Touches the world: from a request to a page: its view, drawn once and kept compressed."""

import gzip
from collections.abc import Callable
from dataclasses import replace

from fastapi import Request
from fastapi.responses import Response

from coordinator.web.address import View, read_view
from coordinator.web.availability import overdue
from coordinator.web.site import Site

Draw = Callable[[View], str]
HTML = "text/html; charset=utf-8"


def site_of(request: Request) -> Site:
    """Return what is served."""
    site: Site = request.app.state.site
    return site


def view_of(request: Request) -> View:
    """Return the state that the request's address states.

    Raises: BrokenAddress, UnknownInAddress.
    """
    site = site_of(request)
    return as_served(read_view(site.monitor, request.url.path, request.url.query, own_language=site.language), site)


def as_served(view: View, site: Site) -> View:
    """Return a view with what is the same on every page: how old its figures are, and the municipality's style."""
    late = overdue(view.monitor, site.now().date())
    return replace(view, stale_since=site.stale_since, overdue=late, themed=bool(site.theme))


def kept_under(view: View, *, more: str = "") -> str:
    """Return the name under which an answer is kept: its state, however the address wrote it. more: state of its own.

    An address with something that no page reads is the same state: who makes up addresses has nothing drawn anew.
    """
    search = view.search if view.path == "/" else ""
    late = "" if view.overdue is None else view.overdue.period  # another day may make it another page
    return f"{view.link()} {more} {search} {late} {view.stale_since or ''}"


def page(request: Request, draw: Draw, *, more: str = "") -> Response:
    """Return the page of a request. draw: from its view. more: what else of the address it reads."""
    site = site_of(request)
    view = view_of(request)
    body = site.packed(kept_under(view, more=more), lambda: draw(view))
    return packed_response(request, body, HTML)


def packed_response(request: Request, body: bytes, media_type: str) -> Response:
    """Return a compressed body to who takes one, and the plain one to others."""
    headers = {"Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
    else:
        body = gzip.decompress(body)
    return Response(body, media_type=media_type, headers=headers)
