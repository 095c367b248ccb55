"""Computes: a figure as a dot on a line from its low to its high limit, on a scale that rows of a table share."""

from dataclasses import dataclass
from math import log2

from coordinator.web.charts.scale import Axis, round_ticks
from coordinator.web.monitor import Rate

WIDTH, MIDDLE = 240, 11  # of a row's drawing, in its own units
_EDGE = 8  # so that a dot at an end is whole
MOST_TIMES = 4.0  # a spine runs from a quarter of the whole's rate to four times it


@dataclass(frozen=True, slots=True)
class Whisker:
    """One row. low, high, dot, reference: places. beyond: the interval is cut off at an end of the scale."""

    low: float
    high: float
    dot: float
    reference: float | None
    beyond: bool


@dataclass(frozen=True, slots=True)
class WhiskerScale:
    """The scale of a column. ticks: values with their places. reference: value of the whole."""

    axis: Axis
    ticks: tuple[tuple[float, float], ...]
    reference: float | None

    def whisker(self, found: Rate) -> Whisker:
        """Return a rate on this scale."""
        line = None if self.reference is None else self.axis.at(self.reference)
        return Whisker(
            self.axis.at(found.low),
            self.axis.at(found.high),
            self.axis.at(found.value),
            line,
            found.high > self.axis.high or found.low < self.axis.low,
        )


def whisker_scale(rates: list[Rate], reference: float | None) -> WhiskerScale:
    """Return a scale from 0 that holds every dot and interval."""
    highest = max([found.high for found in rates] + [reference or 0.0, 1e-6])
    ticks = round_ticks(highest, number=4)
    axis = Axis(0.0, ticks[-1], _EDGE, WIDTH - 2 * _EDGE)
    return WhiskerScale(axis, tuple((tick, axis.at(tick)) for tick in ticks), reference)


def spine_whisker(found: Rate, whole: float) -> Whisker | None:
    """Return a rate beside the whole's: in the middle when equal, at an end when four times as low or high."""
    if whole <= 0:
        return None
    axis = Axis(-log2(MOST_TIMES), log2(MOST_TIMES), _EDGE, WIDTH - 2 * _EDGE)

    def times(rate: float) -> float:
        return log2(max(rate / whole, 2.0**-10))

    low, high = times(found.low), times(found.high)
    return Whisker(
        axis.at(low), axis.at(high), axis.at(times(found.value)), axis.at(0.0), high > axis.high or low < axis.low
    )
