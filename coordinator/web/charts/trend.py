"""Computes: the trend of an area over the periods: a line with its band, dots, and the line of the whole.

A period without a figure breaks line and band and has a cross on the axis; nothing is drawn across it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from coordinator.web.charts.scale import Axis, round_ticks

WIDTH, HEIGHT = 560, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 16, 14, 34


@dataclass(frozen=True, slots=True)
class Moment:
    """One period. level: value, low, high of the trend, None where nothing is shown. dot: the period's own figure.

    whole: of the gemeente. provisional: late registrations may be added; its label has a star. before: why the series
    breaks before it; mark: that in short. name: the period in full.
    """

    label: str
    level: tuple[float, float, float] | None
    dot: float | None
    whole: float | None
    provisional: bool = False
    before: str = ""
    name: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    """A period's own figure."""

    x: float
    y: float
    provisional: bool


@dataclass(frozen=True, slots=True)
class BreakMark:
    """An upright line where two series meet. mark: written beside it at y, on its left where the right has no room.

    why: the same in full. first: the first period after it, in full.
    """

    x: float
    y: float
    mark: str
    why: str
    first: str
    is_left: bool


@dataclass(frozen=True, slots=True)
class TrendChart:
    """A chart. band, line, whole: paths. gaps: places on the axis. note: what it is too short to tell, if anything."""

    title: str
    text: str
    band: str
    line: str
    whole: str
    dots: tuple[Dot, ...]
    gaps: tuple[float, ...]
    breaks: tuple[BreakMark, ...]
    names: tuple[tuple[float, str], ...]
    ticks: tuple[tuple[float, float], ...]
    note: str = ""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    base: int = HEIGHT - _BOTTOM

    @property
    def right(self) -> int:
        """Where the axis ends."""
        return self.width - _RIGHT

    @property
    def has_provisional(self) -> bool:
        """Whether any dot may still change."""
        return any(dot.provisional for dot in self.dots)


def trend_chart(
    title: str, text: str, moments: Sequence[Moment], *, highest: float = 0.0, note: str = ""
) -> TrendChart:
    """Return the chart from zero. text: all of it in words. highest: at least so high, to share a scale with others."""
    tops = [highest, 1e-6, *(each.level[2] for each in moments if each.level), *(each.dot or 0.0 for each in moments)]
    ticks = round_ticks(max(*tops, *(each.whole or 0.0 for each in moments)), number=4)
    up = Axis(0.0, ticks[-1], HEIGHT - _BOTTOM, -(HEIGHT - _BOTTOM - _TOP))
    across = Axis(-0.4, len(moments) - 0.6, _LEFT, WIDTH - _LEFT - _RIGHT)
    places = [across.at(number) for number in range(len(moments))]
    runs = _runs([each.level is not None for each in moments], [bool(each.before) for each in moments])
    lows = [up.at(each.level[1]) if each.level else 0.0 for each in moments]
    highs = [up.at(each.level[2]) if each.level else 0.0 for each in moments]
    levels = [up.at(each.level[0]) if each.level else 0.0 for each in moments]
    wholes = [None if each.whole is None else up.at(each.whole) for each in moments]
    return TrendChart(
        title,
        text,
        "".join(_band(places, lows, highs, run) for run in runs),
        "".join(_line(places, levels, run) for run in runs),
        "".join(
            _line(places, [whole or 0.0 for whole in wholes], run)
            for run in _runs([whole is not None for whole in wholes], [False] * len(moments))
        ),
        tuple(
            Dot(x, up.at(each.dot), each.provisional)
            for x, each in zip(places, moments, strict=True)
            if each.dot is not None
        ),
        tuple(x for x, each in zip(places, moments, strict=True) if each.level is None),
        _breaks(places, moments),
        tuple((x, each.label + "*" * each.provisional) for x, each in zip(places, moments, strict=True)),
        tuple((tick, up.at(tick)) for tick in ticks),
        note,
    )


def _breaks(places: Sequence[float], moments: Sequence[Moment]) -> tuple[BreakMark, ...]:
    """Return a mark between the last period of one series and the first of the next; nothing is before the first."""
    found = [(number, each) for number, each in enumerate(moments) if each.before and number]
    return tuple(
        BreakMark(
            x := round((places[number - 1] + places[number]) / 2, 1),
            18.0 + 14 * at,  # each on a line of its own, so that two close together can be read
            each.mark or each.before,
            each.before,
            each.name,
            x > WIDTH / 2,
        )
        for at, (number, each) in enumerate(found)
    )


def _runs(told: Sequence[bool], starts: Sequence[bool]) -> list[range]:
    """Return the stretches of periods that are told, apart where a new series starts."""
    runs: list[range] = []
    first: int | None = None
    for number, (is_told, starts_new) in enumerate(zip(told, starts, strict=True)):
        if first is not None and (not is_told or starts_new):
            runs.append(range(first, number))
            first = None
        if is_told and first is None:
            first = number
    return runs if first is None else [*runs, range(first, len(told))]


def _line(places: Sequence[float], values: Sequence[float], run: range) -> str:
    return "M" + "L".join(f"{places[number]:g} {values[number]:g}" for number in run)


def _band(places: Sequence[float], lows: Sequence[float], highs: Sequence[float], run: range) -> str:
    """Return the band; over a single period it is a narrow post."""
    if len(run) == 1:
        x = places[run[0]]
        return f"M{x - 5:g} {lows[run[0]]:g}V{highs[run[0]]:g}h10V{lows[run[0]]:g}z"
    there = "L".join(f"{places[number]:g} {highs[number]:g}" for number in run)
    back = "L".join(f"{places[number]:g} {lows[number]:g}" for number in reversed(run))
    return f"M{there}L{back}z"
