"""Computes: PDF and PNG with Typst, from data as JSON and drawings as SVG; the same input is the same bytes.

Only Typst's own fonts are used, so that a page looks the same on every machine, and no file or package of the machine
can be read: everything that a document may open is handed over in memory.
"""

import json
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files

import typst

from coordinator.errors import OperatorRefusal

MAX_DRAWING_BYTES = 1 << 20  # a map of 3,400 areas has about 400 kB
_MORE = frozenset(
    "\u2010\u2013\u2014\u2018\u2019\u201a\u201c\u201d\u201e\u2022\u2026\u20ac\u25b2\u25bc\u25cf\u25cb\u2190\u2192"
)
_PICTURE = b'#set page(width: auto, height: auto, margin: 0pt)\n#image("drawing.svg", alt: "drawing")\n'


class UnusableDrawing(OperatorRefusal):
    """A drawing that is too large for a picture, or that Typst cannot draw."""


def profile_pdf(data: Mapping[str, object], drawings: Mapping[str, bytes]) -> bytes:
    """Return the profile of an area as PDF/UA-1. data: what `templates/profile.typ` names; drawings: SVG, by file name.

    Raises: UnusableDrawing.
    """
    told = drawable(json.dumps(data, ensure_ascii=False)).encode()
    plain = {name: drawable(body.decode()).encode() for name, body in drawings.items()}
    return _compiled({"main.typ": _template("profile.typ"), "data.json": told, **plain}, plain, "pdf")


def picture_png(drawing: bytes, *, pixels_per_inch: float = 144.0) -> bytes:
    """Return an SVG as PNG.

    Raises: UnusableDrawing.
    """
    plain = {"drawing.svg": drawable(drawing.decode()).encode()}
    return _compiled({"main.typ": _PICTURE, **plain}, plain, "png", pixels_per_inch)


def drawable(text: str) -> str:
    """Return a text in the signs that Typst's own fonts have: PDF/UA refuses a page with any other.

    A sign of another script becomes `?`, a wide or joined one its plain form; marks that turn the direction go.
    """
    return text if text.isascii() else "".join(map(_sign, text))


@lru_cache(maxsize=4096)
def _sign(sign: str) -> str:
    if _is_drawable(sign):
        return sign
    if unicodedata.category(sign).startswith("C"):
        return ""
    plain = unicodedata.normalize("NFKC", sign)
    return plain if all(map(_is_drawable, plain)) else "?"


def _is_drawable(sign: str) -> bool:
    # Latin with all its marks; dashes, quotes and bullets; the euro; the arrows and marks of our own charts.
    return sign in "\n\t" or " " <= sign <= "~" or "\xa1" <= sign <= "\u024f" or sign in _MORE


def _compiled(parts: Mapping[str, bytes], drawings: Mapping[str, bytes], kind: str, ppi: float | None = None) -> bytes:
    if any(len(body) > MAX_DRAWING_BYTES for body in drawings.values()):
        raise _unusable("a drawing that is too large")
    standards = ["ua-1"] if kind == "pdf" else []
    try:
        made = typst.compile(  # type: ignore[call-overload]  # several files in memory: documented, not in its types
            dict(parts), format=kind, ppi=ppi, ignore_system_fonts=True, pdf_standards=standards, timestamp=0
        )
    except typst.TypstError:
        raise _unusable("a drawing or text that Typst cannot set") from None
    return bytes(made)


@cache
def _template(name: str) -> bytes:
    return (files("coordinator") / "templates" / name).read_bytes()


def _unusable(got: str) -> UnusableDrawing:
    return UnusableDrawing(
        got=got,
        wanted=f"drawings of at most {MAX_DRAWING_BYTES // 1024} KiB that the monitor made",
        act="the operator must report it with the address of the page",
    )
