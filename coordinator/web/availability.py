"""Computes: which topic is there of which partners, areas and periods, without a single figure; and how fresh it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from coordinator.web.monitor import Absent, Monitor, MonitorIndicator, Planned, SpanId, Why
from protocol.words.period import Period, first_day


class There(StrEnum):
    """What there is of a topic and period."""

    WHOLE = "whole"
    PART = "part"
    NOTHING = "nothing"
    WITHDRAWN = "withdrawn"
    NOT_YET = "not-yet"


@dataclass(frozen=True, slots=True)
class Mark:
    """One place of the matrix. provisional: late registrations may be added."""

    period: Period
    there: There
    provisional: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One topic with every period of the matrix."""

    indicator: MonitorIndicator
    marks: tuple[Mark, ...]


def matrix(monitor: Monitor) -> tuple[Line, ...]:
    """Return every topic with every period that is planned or was counted, oldest first."""
    periods = {entry.period for entry in monitor.calendar}
    periods |= {period for each in monitor.indicators.values() for period in each.periods}
    ordered = sorted(periods, key=first_day)
    return tuple(Line(each, _marks(each, ordered)) for each in monitor.indicators.values())


def newest(monitor: Monitor) -> Period | None:
    """Return the newest period that was released and stands."""
    released = [entry.period for entry in monitor.calendar if entry.released and not entry.withdrawn]
    return max(released, key=first_day, default=None)


def next_due(monitor: Monitor) -> Planned | None:
    """Return the first planned period that was not released; None without one."""
    return next((entry for entry in monitor.calendar if not entry.released and not entry.withdrawn), None)


def overdue(monitor: Monitor, today: date) -> Planned | None:
    """Return the first planned period that was not released by the day by which it should have been; None without."""
    following = next_due(monitor)
    return following if following is not None and following.due < today else None


def _marks(indicator: MonitorIndicator, periods: Sequence[Period]) -> tuple[Mark, ...]:
    found = []
    for period in periods:
        span = indicator.spans.get(SpanId(period))
        if span is None:
            found.append(Mark(period, There.NOT_YET, provisional=False))
            continue
        whys = {cell.answer.why for cell in span.cells.values() if isinstance(cell.answer, Absent)}
        if Why.WITHDRAWN in whys:
            there = There.WITHDRAWN
        elif span.coverage.delivered == 0:
            there = There.NOTHING
        else:
            there = There.WHOLE if span.coverage.is_whole else There.PART
        found.append(Mark(period, there, span.provisional))
    return tuple(found)
