"""Computes: pages from templates. Everything that is written into a page is escaped."""

from functools import lru_cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from coordinator.web import period_words, words
from coordinator.web.address import MapKind, View
from coordinator.web.availability import newest
from coordinator.web.monitor import YEAR, Absent, Figure
from coordinator.web.navigation import NAVIGATION
from privacy.language import Language
from protocol.words.geography import Level

STATIC = ("monitor.css", "monitor.js")
_ENVIRONMENT = Environment(
    loader=PackageLoader("coordinator.web", "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals |= {
    "words": words,
    "when": period_words,
    "Level": Level,
    "MapKind": MapKind,
    "YEAR": YEAR,
    "navigation": NAVIGATION,
}
_ENVIRONMENT.globals["fresh"] = newest
_ENVIRONMENT.filters["first_upper"] = lambda text: text[:1].upper() + text[1:]
_ENVIRONMENT.tests |= {
    "figure": lambda answer: isinstance(answer, Figure),
    "absent": lambda answer: isinstance(answer, Absent),
}


def render(template: str, view: View, **found: object) -> str:
    """Return a page for a view. found: what its template needs besides."""
    language = view.language
    is_dutch = language is Language.DUTCH
    return _ENVIRONMENT.get_template(template).render(
        v=view,
        monitor=view.monitor,
        language=language,
        t=lambda dutch, english: dutch if is_dutch else english,
        number=lambda value: words.whole(value, language),
        rate=lambda value: words.rate(value, language),
        asset=asset_name,
        **found,
    )


@lru_cache(maxsize=len(STATIC))
def asset(name: str) -> bytes:
    """Return a static file of the monitor."""
    return (files("coordinator.web") / "static" / name).read_bytes()


def asset_name(name: str) -> str:
    """Return the address of a static file, which changes with its content."""
    return f"/static/{sha256(asset(name)).hexdigest()[:12]}/{name}"


def drawn(macro: str, chart: object, language: Language, **options: object) -> str:
    """Return what a chart macro draws. chart: None for one that takes none."""
    is_dutch = language is Language.DUTCH
    told = {
        "t": lambda dutch, english: dutch if is_dutch else english,
        "number": lambda value: words.whole(value, language),
        "rate": lambda value: words.rate(value, language),
    }
    made = getattr(_ENVIRONMENT.get_template("charts/parts.html").make_module(told), macro)
    return str(made() if chart is None else made(chart, **options))
