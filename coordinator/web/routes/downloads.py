"""Touches the world: the figures of a page's state as a file: /cijfers.csv, .xlsx, .ods and .json."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from coordinator.figures_file import PRACTICE
from coordinator.sheets import ods, xlsx
from coordinator.web.address import View
from coordinator.web.answer import kept_under, site_of, view_of
from coordinator.web.view_file import ViewRow, view_csv, view_json, view_rows, view_sheets

router = APIRouter()
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}


@router.get("/cijfers.{kind}")
def figures_file(request: Request, kind: str) -> Response:
    """Return the figures of the state that the address states."""
    if kind not in TYPES:
        raise HTTPException(404)
    view = view_of(request)
    body = site_of(request).kept(kept_under(view), lambda: _body(kind, view_rows(view)))
    return Response(body, media_type=TYPES[kind], headers=attached(view, kind))


def attached(view: View, kind: str, what: str = "") -> dict[str, str]:
    """Return the header by which a browser keeps a file, under a name that says what is in it."""
    parts = ["samenzicht", what or (view.indicator.id if view.indicator else "leeg")]
    parts += [view.span.id] if view.span and not what else []
    parts += [PRACTICE] if view.monitor.practice else []
    # Names come from ids, yet a header takes no sign that could end it.
    name = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-._") else "-" for sign in "_".join(parts))
    return {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}


def _body(kind: str, rows: tuple[ViewRow, ...]) -> bytes:
    match kind:
        case "csv":
            return view_csv(rows)
        case "json":
            return view_json(rows)
        case "xlsx":
            return xlsx(view_sheets(rows))
        case _:
            return ods(view_sheets(rows))
