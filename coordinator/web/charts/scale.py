"""Computes: axes: round numbers, and from values to places."""

from dataclasses import dataclass
from math import ceil, floor, log10

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
TICKS = 5  # about as many as a reader looks at


@dataclass(frozen=True, slots=True)
class Axis:
    """From `low` to `high` over `length` units, beginning at `start`; a negative length runs upwards."""

    low: float
    high: float
    start: float
    length: float

    def at(self, value: float) -> float:
        """Return the place of a value; one beyond an end is at that end."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.start + share * self.length, 1)


def round_ticks(highest: float, *, lowest: float = 0.0, number: int = TICKS) -> tuple[float, ...]:
    """Return round values from at most `lowest` to at least `highest`, about so many."""
    width = max(highest - lowest, 1e-9)
    raw = width / number
    size = 10.0 ** floor(log10(raw))
    step = next(size * factor for factor in _STEPS if size * factor >= raw - 1e-12)
    first, last = floor(lowest / step + 1e-9), ceil(highest / step - 1e-9)
    return tuple(float(f"{place * step:.9g}") for place in range(first, max(last, first + 1) + 1))
