"""Touches the world: pages and problem documents for what goes wrong. They say what to do, and nothing of the cause."""

import logging
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from coordinator.web.address import BrokenAddress, UnknownInAddress, read_view
from coordinator.web.answer import HTML, as_served, site_of
from coordinator.web.render import render
from privacy.language import Language
from privacy.randomness import MIN_FRESH_BYTES, fresh_bytes
from protocol.errors import SamenzichtError

API = "/api/"
ALLOW = {405: {"Allow": "GET, HEAD"}}  # RFC 9110 15.5.6: who asks in another way is told how
log = logging.getLogger("samenzicht.monitor")


@dataclass(frozen=True, slots=True)
class Mishap:
    """What a page says of one status, Dutch and English."""

    title: tuple[str, str]
    text: tuple[str, str]


MISHAPS = {
    400: Mishap(
        ("Dit adres klopt niet", "This address is not right"),
        (
            "Het adres is te lang, of er staat iets dubbel in. Begin opnieuw.",
            "It is too long, or says something twice.",
        ),
    ),
    403: Mishap(
        ("Hier mag u niet komen", "You may not come here"),
        ("Uw rol geeft geen toegang tot deze bladzijde.", "Your role does not give access to this page."),
    ),
    404: Mishap(
        ("Dit hebben we niet", "We do not have this"),
        (
            "Wat dit adres noemt, is er niet. Misschien is een publicatie ingetrokken. Kies hieronder opnieuw.",
            "What this address names is not there. Perhaps a release was withdrawn. Choose again below.",
        ),
    ),
    405: Mishap(
        ("Dit kan hier niet", "This cannot be done here"),
        ("Deze bladzijden kunt u alleen bekijken.", "These pages can only be read."),
    ),
    429: Mishap(
        ("Even wachten", "Please wait"),
        ("U vraagt heel veel in korte tijd. Probeer het over een minuut opnieuw.", "Try again in a minute."),
    ),
    500: Mishap(
        ("Er ging iets mis", "Something went wrong"),
        (
            "Dat ligt niet aan u. Geef dit nummer door aan de beheerder, dan kan die het opzoeken.",
            "It is not your fault. Give this number to the operator, who can look it up.",
        ),
    ),
    503: Mishap(
        ("De monitor is er even niet", "The monitor is not there for a moment"),
        ("De cijfers worden klaargezet. Probeer het over een minuut opnieuw.", "Try again in a minute."),
    ),
}


def register_mishaps(app: FastAPI) -> None:
    """Give the application its pages for errors."""

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return mishap(request, error.status_code)

    @app.exception_handler(BrokenAddress)
    async def _broken(request: Request, _: BrokenAddress) -> Response:
        return mishap(request, 400)

    @app.exception_handler(UnknownInAddress)
    async def _unknown(request: Request, _: UnknownInAddress) -> Response:
        return mishap(request, 404)

    @app.exception_handler(SamenzichtError)
    async def _ours(request: Request, error: SamenzichtError) -> Response:
        return _logged(request, 503, error)

    @app.exception_handler(Exception)
    async def _any(request: Request, error: Exception) -> Response:
        return _logged(request, 500, error)


def mishap(request: Request, status: int, *, reference: str = "") -> Response:
    """Return the page of a status, or its problem document (RFC 9457) below /api/."""
    known = MISHAPS.get(status, MISHAPS[500] if status >= 500 else MISHAPS[400])  # noqa: PLR2004 - HTTP's classes
    if request.url.path.startswith(API):
        told = {"type": "about:blank", "title": known.title[1], "status": status, "detail": known.text[1]}
        told |= {"instance": f"urn:samenzicht:{reference}"} if reference else {}
        return JSONResponse(told, status, ALLOW.get(status), media_type="application/problem+json")
    try:
        body = _page(request, known, reference)
    except SamenzichtError:  # there is no monitor to link to
        body = (
            f'<!DOCTYPE html><html lang="nl"><title>Samenzicht</title><h1>{known.title[0]}</h1><p>{known.text[0]}</p>'
        )
    return Response(body, status, ALLOW.get(status), media_type=HTML)


def _page(request: Request, known: Mishap, reference: str) -> str:
    site = site_of(request)
    english = request.query_params.get("lang", site.language.value) == Language.ENGLISH.value
    query = "" if english == (site.language is Language.ENGLISH) else f"lang={'en' if english else 'nl'}"
    view = read_view(site.monitor, "/", query, own_language=site.language)
    view = as_served(view, site)
    place = 1 if english else 0
    return render("mishap.html", view, title=known.title[place], text=known.text[place], reference=reference)


def _logged(request: Request, status: int, error: Exception) -> Response:
    reference = fresh_bytes(MIN_FRESH_BYTES).hex()[:8]
    # The kind of error only: a message may hold what somebody typed.
    log.error("%s %s %s", reference, status, type(error).__name__)
    return mishap(request, status, reference=reference)
