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
    re.compile(r"(?:0|[0-9]{1,4}(?:\.[0-9]{1,4})?(?:px|rem|em|ch))"),
    re.compile(r"[a-z0-9 ,'\"-]{1,200}"),
)
_RGB = re.compile(r"rgb\(\s*(\d{1,3})\s*[, ]\s*(\d{1,3})\s*[, ]\s*(\d{1,3})\s*\)")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_DECLARATION = re.compile(r"(--[a-zA-Z0-9_-]+)\s*:\s*([^;{}]*)")

DEFAULTS: Mapping[str, str] = MappingProxyType(
    {
        "--basis-color-default-bg-document": "#ffffff",
        "--basis-color-default-bg-subtle": "#f6f6f4",
        "--basis-color-default-bg-hover": "#ebebe8",
        "--basis-color-default-border-subtle": "#d6d6d1",
        "--basis-color-default-border-default": "#73736e",
        "--basis-color-default-color-document": "#1c1c1a",
        "--basis-color-default-color-subtle": "#565651",
        "--basis-color-accent-1-inverse-bg-default": "#23384a",
        "--basis-color-accent-1-inverse-color-default": "#ffffff",
        "--basis-color-action-1-color-default": "#14557f",
        "--basis-color-action-1-color-hover": "#0b3a58",
        "--basis-color-action-1-inverse-bg-default": "#14557f",
        "--basis-color-action-1-inverse-color-default": "#ffffff",
        "--basis-color-highlight-bg-default": "#fff4d1",
        "--basis-color-highlight-color-default": "#3a2c00",
        "--basis-focus-background-color": "#ffdd00",
        "--basis-focus-color": "#000000",
        "--basis-heading-font-family": "system-ui, sans-serif",
        "--basis-text-font-family-default": "system-ui, sans-serif",
        "--basis-border-radius-md": "4px",
        "--basis-page-max-inline-size": "76rem",
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


PAIRS = (
    *_pairs("color-default-bg-document", "color-default-color-document", "color-default-color-subtle"),
    *_pairs("color-default-bg-document", "color-action-1-color-default", "color-action-1-color-hover"),
    *_pairs("color-default-bg-document", "color-default-border-default", least=LINE),
    *_pairs("color-default-bg-subtle", "color-default-color-document", "color-default-color-subtle"),
    *_pairs("color-default-bg-subtle", "color-action-1-color-default", "color-action-1-color-hover"),
    *_pairs("color-default-bg-hover", "color-default-color-document", "color-action-1-color-hover"),
    *_pairs("color-accent-1-inverse-bg-default", "color-accent-1-inverse-color-default"),
    *_pairs("color-action-1-inverse-bg-default", "color-action-1-inverse-color-default"),
    *_pairs("color-highlight-bg-default", "color-highlight-color-default"),
    *_pairs("focus-background-color", "focus-color"),
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
