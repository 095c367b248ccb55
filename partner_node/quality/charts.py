"""Computes: small bar charts as places and sizes in an SVG, with the same in words for who does not see it."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 150  # in the SVG's own unit; a page scales it
_TOP, _BOTTOM = 18, 30  # room for the number above a bar and the name below it
_MOST_NAMED = 14  # names that fit side by side; of more bars only some are named
_WIDEST = 90


@dataclass(frozen=True, slots=True)
class Value:
    """One bar as it is known. short: below the bar; text: the whole of it in words."""

    short: str
    text: str
    rows: int
    is_striking: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar as it is drawn. label, number: empty where there is no room."""

    left: float
    top: float
    width: float
    height: float
    label: str
    number: str
    is_striking: bool

    @property
    def middle(self) -> float:
        """Where its texts stand."""
        return round(self.left + self.width / 2, 1)


@dataclass(frozen=True, slots=True)
class BarChart:
    """A chart. text: what it shows, in words."""

    title: str
    text: str
    bars: tuple[Bar, ...]
    width: int = WIDTH
    height: int = HEIGHT
    base: int = HEIGHT - _BOTTOM


def bar_chart(title: str, values: Sequence[Value], *, numbers: Sequence[str]) -> BarChart:
    """Return the bars side by side, from zero to the highest. numbers: of each value as a reader writes it."""
    room = WIDTH / max(len(values), 1)
    highest = max((value.rows for value in values), default=0) or 1
    step = -(-len(values) // _MOST_NAMED)
    bars = []
    for place, (value, number) in enumerate(zip(values, numbers, strict=True)):
        height = (HEIGHT - _TOP - _BOTTOM) * value.rows / highest
        width = min(room * 0.72, _WIDEST)
        is_named = place % step == 0
        bars.append(
            Bar(
                left=round(place * room + (room - width) / 2, 1),
                top=round(HEIGHT - _BOTTOM - height, 1),
                width=round(width, 1),
                height=round(height, 1),
                label=value.short if is_named else "",
                number=number if len(values) <= _MOST_NAMED else "",
                is_striking=value.is_striking,
            )
        )
    return BarChart(title, "; ".join(value.text for value in values), tuple(bars))
