"""Computes: a municipality's theme: about twenty variables of the NL Design System, checked before a page bears them.

What is taken from a theme's file is these variables and their values in a closed form; nothing else of it reaches a
page. Where two colours are too close for the eye, our own stand in, one by one, until every pair holds. The colours of
data are not among them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from coordinator.errors import OperatorRefusal
from coordinator.web.contrast import LINE, TEXT, contrast

MAX_THEME_BYTES = 1 << 18  # a whole municipal theme with all its components has about 100 kB
_COLOUR, _LENGTH, _FONTS = (
    re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})"),
    re.compile(r"(?:0|(?:[0-9]{1,4}(?:\.[0-9]{1,4})?|\.[0-9]{1,4})(?:px|rem|em|ch))"),
    re.compile(r"[a-z0-9 ,'\"-]{1,200}"),
)
_RGB = re.compile(r"rgb\(\s*(\d{1,3})\s*[, ]\s*(\d{1,3})\s*[, ]\s*(\d{1,3})\s*\)")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_DECLARATION = re.compile(r"(--[a-zA-Z0-9_-]+)\s*:\s*([^;{}]*)")

DEFAULTS: Mapping[str, str] = MappingProxyType(
    {  # as in static/monitor.css; a test holds the two together
        "--basis-color-default-bg-document": "#ffffff",
        "--basis-color-default-bg-subtle": "#f3f6f8",
        "--basis-color-default-border-subtle": "#d3dce4",
        "--basis-color-default-border-default": "#7a8a99",
        "--basis-color-default-color-document": "#17242f",
        "--basis-color-default-color-subtle": "#4a5a68",
        "--basis-color-accent-1-bg-default": "#0b4a6f",
        "--basis-color-accent-1-color-default": "#ffffff",
        "--basis-color-action-1-color-default": "#0b5a8a",
        "--basis-color-action-1-bg-default": "#0b5a8a",
        "--basis-color-action-1-color-inverse": "#ffffff",
        "--basis-color-warning-bg-subtle": "#fff4dc",
        "--basis-color-warning-color-default": "#5c3d00",
        "--basis-focus-outline-color": "#17242f",
        "--basis-focus-bg": "#ffdd33",
        "--basis-text-font-family-default": 'system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif',
        "--basis-heading-font-family": "var(--basis-text-font-family-default)",
        "--basis-text-font-size-md": "1rem",
        "--basis-border-radius-md": ".35rem",
        "--basis-page-max-inline-size": "78rem",
    }
)


class ThemeTooLarge(OperatorRefusal):
    """A theme's file beyond the size of any municipal theme, or one that is no text in UTF-8."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two colours that stand together: what is read, by the names' ends, and on which ground."""

    read: str
    ground: str
    least: float


def _pairs(ground: str, *read: str, least: float = TEXT) -> tuple[Pair, ...]:
    return tuple(Pair(f"--basis-{each}", f"--basis-{ground}", least) for each in read)


_READ = ("color-default-color-document", "color-default-color-subtle", "color-action-1-color-default")
PAIRS = (
    *_pairs("color-default-bg-document", *_READ),
    *_pairs("color-default-bg-subtle", *_READ),
    *_pairs("color-default-bg-document", "color-default-border-default", least=LINE),
    *_pairs("color-accent-1-bg-default", "color-accent-1-color-default"),
    *_pairs("color-action-1-bg-default", "color-action-1-color-inverse"),
    *_pairs("color-warning-bg-subtle", "color-warning-color-default"),
    *_pairs("focus-bg", "focus-outline-color", "color-default-color-document", "color-action-1-color-default"),
)


@dataclass(frozen=True, slots=True)
class TooClose:
    """A pair of a theme's file below its contrast."""

    pair: Pair
    found: float


@dataclass(frozen=True, slots=True)
class Theme:
    """What a page bears. values: of every variable of DEFAULTS. too_close: pairs of the file that do not hold.

    unreadable: variables of ours whose value in the file has no form that we take. replaced: those that stand in for
    the file's because of a pair.
    """

    values: Mapping[str, str]
    too_close: tuple[TooClose, ...] = ()
    unreadable: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()

    def css(self) -> bytes:
        """Return the style sheet: our variables, and nothing else of the file."""
        lines = "".join(f"  {name}: {value};\n" for name, value in self.values.items())
        return f":root {{\n{lines}}}\n".encode()


NEUTRAL = Theme(DEFAULTS)


def parse_theme(body: bytes) -> Theme:
    """Return the theme of a CSS file: its last value of each variable of ours. Whatever else it holds is left out.

    Raises: ThemeTooLarge.
    """
    if len(body) > MAX_THEME_BYTES:
        raise _unfit("a file that is too large")
    try:
        text = _COMMENT.sub(" ", body.decode())
    except UnicodeDecodeError:
        raise _unfit("a file that is no text in UTF-8") from None
    stated = {name: value.strip() for name, value in _DECLARATION.findall(text) if name in DEFAULTS}
    readable = {name: found for name, value in stated.items() if (found := _value(name, value)) is not None}
    values = dict(DEFAULTS) | readable
    too_close = failing(values)
    replaced: list[str] = []
    while left := failing(values):
        pair = left[0].pair
        # What is read goes first: a ground carries the look. With both our own, the pair holds, so this ends.
        name = pair.read if values[pair.read] != DEFAULTS[pair.read] else pair.ground
        values[name] = DEFAULTS[name]
        replaced.append(name)
    unreadable = tuple(name for name in stated if name not in readable)
    return Theme(MappingProxyType(values), too_close, unreadable, tuple(replaced))


def failing(values: Mapping[str, str]) -> tuple[TooClose, ...]:
    """Return the pairs below their contrast."""
    found = [TooClose(pair, contrast(values[pair.read], values[pair.ground])) for pair in PAIRS]
    return tuple(each for each in found if each.found < each.pair.least)


def _value(name: str, value: str) -> str | None:
    """Return a value in the one form that we take, None where it has none."""
    low = value.lower()
    if "font-family" in name:
        # A name with a quote that does not end would take the rest of the style sheet along.
        whole = low.count("'") % 2 == 0 and low.count('"') % 2 == 0
        return value if _FONTS.fullmatch(low) and whole else None
    if not DEFAULTS[name].startswith("#"):
        return low if _LENGTH.fullmatch(low) else None
    if parts := _RGB.fullmatch(low):
        numbers = [int(part) for part in parts.groups()]
        return "#" + "".join(f"{number:02x}" for number in numbers) if max(numbers) < 256 else None  # noqa: PLR2004 - of a byte
    return low if _COLOUR.fullmatch(low) else None


def _unfit(got: str) -> ThemeTooLarge:
    return ThemeTooLarge(
        got=got, wanted=f"CSS of at most {MAX_THEME_BYTES // 1024} KiB", act="the operator must name another file"
    )
