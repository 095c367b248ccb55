"""Computes: what stands out in the figures, why that could be registration, and what to ask about it.

A signal is a demonstrable difference or a slow drift, never a ranking. Nothing follows from one but a conversation.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from coordinator.estimates.alerting import PERIODS_BETWEEN
from coordinator.estimates.verdicts import FALSE_DISCOVERIES, Reliability, Verdict
from coordinator.web.address import View
from coordinator.web.monitor import Figure, MonitorArea, MonitorIndicator, Span
from coordinator.web.rows import of_level, span_of
from protocol.words.geography import Level

MOST_SIGNALS = 60  # a longer list is not read; how many there are is said


class SignalKind(StrEnum):
    """What stands out."""

    HIGHER = "higher"  # than the whole
    LOWER = "lower"
    RISEN = "risen"  # since the stretch before
    FALLEN = "fallen"
    ABOVE_ALIKE = "above-alike"  # no difference from the whole, but from the areas most like it
    BELOW_ALIKE = "below-alike"
    DRIFTING = "drifting"  # a little apart from the rate of all, period after period; that need not be a change
    PARTED = "parted"  # higher by one partner, lower by another


_ORDER = {
    kind: place
    for place, kind in enumerate(
        (
            *(SignalKind.RISEN, SignalKind.HIGHER, SignalKind.PARTED, SignalKind.ABOVE_ALIKE),
            *(SignalKind.DRIFTING, SignalKind.FALLEN, SignalKind.LOWER, SignalKind.BELOW_ALIKE),
        )
    )
}


class Doubt(StrEnum):
    """Why a signal could be registration and not what happens."""

    NOT_ALL_DELIVERED = "not-all-delivered"
    PROVISIONAL = "provisional"
    BREAK = "break"  # a new code list, border, partner or law within the stretch
    ONE_SOURCE = "one-source"  # other partners see no difference here
    UNCERTAIN = "uncertain"  # the error is large beside the figure
    FEW_PEOPLE = "few-people"  # one family or street can make it


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal. other: the topic that says the opposite, of PARTED."""

    kind: SignalKind
    area: MonitorArea
    indicator: MonitorIndicator
    span: Span
    figure: Figure
    doubts: tuple[Doubt, ...]
    link: str
    other: MonitorIndicator | None = None


FEW_INHABITANTS = 3_000  # below it a few households are a visible part of the figure


def signals(view: View) -> tuple[Signal, ...]:
    """Return every signal of the view's level and stretch, of its area if it has one, by kind, area and topic."""
    areas: Sequence[MonitorArea] = of_level(view) if view.area is None else (view.area,)
    found = (signal for area in areas for signal in _of_area(area, view))
    return tuple(sorted(found, key=lambda signal: _ORDER[signal.kind]))


def false_alarms(view: View) -> int:
    """Return how many of the differences at the view's level are chance after all, as expected, rounded up.

    Over the three questions that signals answer: beside the whole, the stretch before, and areas alike.
    """
    told = (word for figure in _figures(view) for word in (figure.verdict, figure.change, figure.against_alike))
    return ceil(FALSE_DISCOVERIES * sum(word in {Verdict.HIGHER, Verdict.LOWER} for word in told))


def ringing_for_nothing(view: View) -> int:
    """Return how many charts of slow drift at the view's level are expected to ring for nothing at most, rounded up."""
    quiet = sum(figure.verdict is Verdict.NO_DIFFERENCE for figure in _figures(view))
    return ceil(quiet / PERIODS_BETWEEN)


def _figures(view: View) -> Iterator[Figure]:
    """Yield every figure that is shown of the areas of the view's level."""
    for indicator in view.monitor.counted(view.level):
        cells = span_of(indicator, view).cells
        yield from (figure for area in of_level(view) if (figure := cells[area.code].figure) is not None)


def _of_area(area: MonitorArea, view: View) -> Iterator[Signal]:
    told: list[tuple[MonitorIndicator, Span, Figure]] = []
    for indicator in view.monitor.counted(area.level):
        span = span_of(indicator, view)
        figure = span.cells[area.code].figure
        if figure is not None and area.code != view.monitor.whole:
            told.append((indicator, span, figure))
    for indicator, span, figure in told:
        for kind in _kinds(indicator, area, span, figure):
            doubts = _doubts(indicator, area, span, figure, [each for _, _, each in told])
            link = view.page("/wijken", onderwerp=indicator.id, gebied=area.code, niveau=_level(area))
            yield Signal(kind, area, indicator, span, figure, doubts, link)
    yield from _parted(area, told, view)


def _kinds(indicator: MonitorIndicator, area: MonitorArea, span: Span, figure: Figure) -> Iterator[SignalKind]:
    if figure.verdict is Verdict.HIGHER:
        yield SignalKind.HIGHER
    elif figure.verdict is Verdict.LOWER:
        yield SignalKind.LOWER
    elif figure.against_alike is Verdict.HIGHER:
        yield SignalKind.ABOVE_ALIKE
    elif figure.against_alike is Verdict.LOWER:
        yield SignalKind.BELOW_ALIKE
    if figure.change is Verdict.HIGHER:
        yield SignalKind.RISEN
    elif figure.change is Verdict.LOWER:
        yield SignalKind.FALLEN
    elif (
        area.code in indicator.drifting
        and figure.verdict is Verdict.NO_DIFFERENCE  # beside `higher` or `lower` it would say the same again
        and span.periods[-1] == indicator.periods[-1]  # the period in which the chart rings
    ):
        yield SignalKind.DRIFTING


def _parted(area: MonitorArea, told: Sequence[tuple[MonitorIndicator, Span, Figure]], view: View) -> Iterator[Signal]:
    higher = [each for each in told if each[2].verdict is Verdict.HIGHER]
    lower = [each for each in told if each[2].verdict is Verdict.LOWER]
    if higher and lower:
        indicator, span, figure = higher[0]
        link = view.page("/gebied/" + area.code)
        doubts = (Doubt.ONE_SOURCE,)
        yield Signal(SignalKind.PARTED, area, indicator, span, figure, doubts, link, other=lower[0][0])


def _doubts(
    indicator: MonitorIndicator, area: MonitorArea, span: Span, figure: Figure, others: Sequence[Figure]
) -> tuple[Doubt, ...]:
    alone = sum(each.verdict is figure.verdict for each in others) == 1 and len(others) > 1
    found = {
        Doubt.NOT_ALL_DELIVERED: not span.coverage.is_whole,
        Doubt.PROVISIONAL: span.provisional,
        Doubt.BREAK: any(each.first in span.periods for each in indicator.breaks),
        Doubt.ONE_SOURCE: alone,
        Doubt.UNCERTAIN: figure.reliability in {Reliability.C, Reliability.TOO_UNCERTAIN},
        Doubt.FEW_PEOPLE: area.inhabitants is not None and area.inhabitants < FEW_INHABITANTS,
    }
    return tuple(doubt for doubt, holds in found.items() if holds)


def _level(area: MonitorArea) -> str:
    return area.level.value if area.level in {Level.WIJK, Level.BUURT} else Level.WIJK.value
