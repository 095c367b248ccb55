"""Computes: periods. `2025`, `2025-H1`, `2025-Q3` and `2025-07` are a year, half-year, quarter and month.

`2025-Q3-s02` is the second step of a model over that quarter: a round of its own, over the same days.
"""

import re
from calendar import monthrange
from datetime import date
from enum import StrEnum
from typing import Annotated, NewType

from pydantic import StringConstraints

_FORM = r"^(19|20|21)[0-9]{2}(-(H[12]|Q[1-4]|0[1-9]|1[0-2]))?(-s(0[1-9]|1[0-9]|20))?$"
_STEP = "-s"
Period = NewType("Period", Annotated[str, StringConstraints(pattern=_FORM)])


class PeriodLength(StrEnum):
    """How long a period is."""

    YEAR = "year"
    HALF_YEAR = "half-year"
    QUARTER = "quarter"
    MONTH = "month"


MONTHS_IN = {PeriodLength.YEAR: 12, PeriodLength.HALF_YEAR: 6, PeriodLength.QUARTER: 3, PeriodLength.MONTH: 1}


def is_period(text: str) -> bool:
    """Tell whether the text has the form of a period."""
    return re.fullmatch(_FORM, text) is not None


def step_of(period: Period) -> int | None:
    """Return which step of a model the period names; None for a period of counts."""
    _, found, step = period.partition(_STEP)
    return int(step) if found else None


def days_of(period: Period) -> Period:
    """Return the period of the same days without a step."""
    return Period(period.partition(_STEP)[0])


def step_in(period: Period, step: int) -> Period:
    """Return the period that names a step over these days."""
    return Period(f"{days_of(period)}{_STEP}{step:02d}")


def length_of(period: Period) -> PeriodLength:
    """Return how long the period is."""
    match days_of(period)[5:6]:
        case "":
            return PeriodLength.YEAR
        case "H":
            return PeriodLength.HALF_YEAR
        case "Q":
            return PeriodLength.QUARTER
        case _:
            return PeriodLength.MONTH


def earlier(period: Period, steps: int) -> Period:
    """Return the period of the same length that many steps before; one of counts, whatever was given."""
    length = length_of(period)
    per_year = 12 // MONTHS_IN[length]
    year, part = divmod(int(period[:4]) * per_year + _part(period) - steps, per_year)
    return _period(year, part, length)


def first_day(period: Period) -> date:
    """Return the first day of the period."""
    return date(int(period[:4]), _part(period) * MONTHS_IN[length_of(period)] + 1, 1)


def last_day(period: Period) -> date:
    """Return the last day of the period."""
    month = (_part(period) + 1) * MONTHS_IN[length_of(period)]
    year = int(period[:4])
    return date(year, month, monthrange(year, month)[1])


def period_of(day: date, length: PeriodLength) -> Period:
    """Return the period of this length that holds the day."""
    return _period(day.year, (day.month - 1) // MONTHS_IN[length], length)


def _period(year: int, part: int, length: PeriodLength) -> Period:
    match length:
        case PeriodLength.YEAR:
            return Period(f"{year:04d}")
        case PeriodLength.HALF_YEAR:
            return Period(f"{year:04d}-H{part + 1}")
        case PeriodLength.QUARTER:
            return Period(f"{year:04d}-Q{part + 1}")
        case PeriodLength.MONTH:
            return Period(f"{year:04d}-{part + 1:02d}")


def _part(period: Period) -> int:
    """Which half-year, quarter or month of its year, from 0."""
    return int(days_of(period)[5:].lstrip("HQ") or 1) - 1
