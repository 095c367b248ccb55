"""Computes: how far two colours are apart for the eye, and the colours of data, which no theme changes."""

from coordinator.errors import OperatorRefusal

TEXT = 4.5  # WCAG 2.2, 1.4.3: text of any size
LINE = 3.0  # WCAG 2.2, 1.4.11: what must be seen to use a page, such as focus and the edge of a field
DATA = 2.0  # between two data colours in grey: a print or an eye without colours still tells them apart
HIGHER, NO_DIFFERENCE, LOWER = "#8a3500", "#f1f1ee", "#3f86c0"


class NoColour(OperatorRefusal):
    """A text that is no colour of the form #rgb or #rrggbb."""


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours, 1 to 21. Both: #rgb or #rrggbb.

    Raises: NoColour.
    Source: WCAG 2.2, contrast ratio and relative luminance (sRGB).
    """
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Return how bright a colour is, 0 to 1; what is left of it in grey.

    Raises: NoColour.
    """
    digits = colour.removeprefix("#")
    if len(digits) == 3:  # noqa: PLR2004 - #rgb
        digits = "".join(2 * digit for digit in digits)
    if not colour.startswith("#") or len(digits) != 6 or not all(digit in "0123456789abcdefABCDEF" for digit in digits):  # noqa: PLR2004 - #rrggbb
        raise NoColour(got="a text that is no colour", wanted="#rgb or #rrggbb", act="the author must mend it")
    red, green, blue = (_linear(int(digits[at : at + 2], 16) / 255) for at in (0, 2, 4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - of sRGB
