"""Touches the world: the published figures as JSON, and what can be asked, as OpenAPI; refusals are RFC 9457's."""

from dataclasses import dataclass
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse

from coordinator.figures_file import LICENCE, PRACTICE
from coordinator.web.answer import view_of
from coordinator.web.view_file import ViewRow, view_rows
from coordinator.web.words import told

VERSION = "1.0.0"
_PROBLEM = {
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "detail"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                    "instance": {"type": "string"},
                },
            }
        }
    }
}
PROBLEMS = {
    400: {"description": "The address is too long, cannot be read, or says one thing twice", **_PROBLEM},
    404: {"description": "No such topic, period, level or language", **_PROBLEM},
    405: {"description": "Figures can only be read", **_PROBLEM},
    503: {"description": "The figures are being made", **_PROBLEM},
}
router = APIRouter(prefix="/api/v1", responses={status: dict(told) for status, told in PROBLEMS.items()})
Text = Annotated[str | None, Query()]


@dataclass(frozen=True, slots=True)
class ApiArea:
    """One area. context: figures of CBS, by its names."""

    code: str
    name: str
    level: str
    parent: str | None
    inhabitants: int | None
    households: int | None
    context: dict[str, float]


@dataclass(frozen=True, slots=True)
class ApiTopic:
    """What is counted; in Dutch where the language asked for was not told. spans: the values that `periode` takes."""

    id: str
    question: str
    definition: str
    category: str | None
    sources: tuple[str, ...]
    levels: tuple[str, ...]
    spans: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ApiAreas:
    """Every area of the monitor."""

    year: int
    mark: str
    areas: tuple[ApiArea, ...]


@dataclass(frozen=True, slots=True)
class ApiTopics:
    """Every topic of the monitor."""

    mark: str
    topics: tuple[ApiTopic, ...]


@dataclass(frozen=True, slots=True)
class ApiFigures:
    """The figures of one topic and stretch, of all areas of a level and of the whole."""

    licence: str
    mark: str
    figures: tuple[ViewRow, ...]


@router.get("/areas", summary="Areas", operation_id="areas")
def areas(request: Request, lang: Text = None) -> ApiAreas:
    """Return every area."""
    del lang  # read from the address, as on every page
    monitor = view_of(request).monitor
    found = tuple(
        ApiArea(a.code, a.name, a.level.value, a.parent, a.inhabitants, a.households, dict(a.context))
        for a in monitor.areas.values()
    )
    return ApiAreas(monitor.year, PRACTICE if monitor.practice else "", found)


@router.get("/topics", summary="Topics", operation_id="topics")
def topics(request: Request, lang: Text = None) -> ApiTopics:
    """Return what is counted."""
    del lang
    view = view_of(request)
    monitor = view.monitor
    found = tuple(
        ApiTopic(
            each.id,
            told(each.question, view).text,
            told(each.definition, view).text,
            None if each.category is None else told(each.category, view).text,
            each.sources,
            tuple(level.value for level in each.levels),
            tuple(each.spans),
        )
        for each in monitor.indicators.values()
    )
    return ApiTopics(PRACTICE if monitor.practice else "", found)


@router.get("/figures", summary="Figures", operation_id="figures")
def figures(
    request: Request, onderwerp: Text = None, periode: Text = None, niveau: Text = None, lang: Text = None
) -> ApiFigures:
    """Return the figures of a topic and stretch. onderwerp: of /topics; periode: of its spans; niveau: wijk, buurt."""
    del onderwerp, periode, niveau, lang
    view = view_of(request)
    return ApiFigures(LICENCE, PRACTICE if view.monitor.practice else "", view_rows(view))


@router.get("/openapi.json", include_in_schema=False)
def openapi() -> JSONResponse:
    """Return what can be asked, as OpenAPI."""
    return JSONResponse(document())


@cache
def document() -> dict[str, object]:
    """Return the OpenAPI document of these routes."""
    made = get_openapi(
        title="Samenzicht",
        version=VERSION,
        routes=router.routes,
        license_info={"name": LICENCE},
        openapi_version="3.1.0",
    )
    for path in made["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)  # every parameter is a text, so none is of the wrong type
    made.get("components", {}).get("schemas", {}).pop("HTTPValidationError", None)
    made.get("components", {}).get("schemas", {}).pop("ValidationError", None)
    return dict(made)
