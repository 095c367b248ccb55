"""Computes: the rows of each month and record type, and which months a delivery seems to miss."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from partner_node.delivery.delivery import Delivery
from partner_node.delivery.values import Span
from partner_node.quality.facts import MOST_MONTHS, first_day_of, last_day_of, month_number, month_of

FEWEST_TO_JUDGE = 10  # rows in the middle month; of fewer, half is chance


class Mark(StrEnum):
    """What is striking in a month. A part of a month, and rows of days that are not covered, are not judged."""

    FINE = "fine"
    GAP = "gap"  # no row
    FEW = "few"  # fewer than half of the middle month
    PART = "part"  # the delivery covers only some of its days
    EARLIER = "earlier"  # all months before those that are covered, together
    LATER = "later"  # all months after those


@dataclass(frozen=True, slots=True)
class MonthRows:
    """Used rows of one record type in a month, as 2026-07; EARLIER names the first covered one, LATER the last."""

    record: str
    month: str
    rows: int
    mark: Mark

    @property
    def is_judged(self) -> bool:
        """Whether the delivery should hold all rows of this month."""
        return self.mark in {Mark.FINE, Mark.GAP, Mark.FEW}

    @property
    def is_striking(self) -> bool:
        """Whether rows seem to be missing."""
        return self.mark in {Mark.GAP, Mark.FEW}


def month_rows(
    delivery: Delivery, by_record: Mapping[str, tuple[str, ...]], *, covers: Span, delivered_on: date
) -> tuple[MonthRows, ...]:
    """Return the rows of each covered month of each record type, with what lies outside counted together.

    by_record: the files of each record type, in the order in which their rows stand in Records.
    """
    months = month_of(delivery.records.day)
    last = month_number(covers.last)
    first = max(month_number(covers.first), last - MOST_MONTHS + 1)
    result: list[MonthRows] = []
    start = 0
    for record, files in by_record.items():
        end = start + sum(delivery.used[file] for file in files)
        own = months[start:end]
        start = end
        result += _of_record(record, own, first, last, covers=covers, delivered_on=delivered_on)
    return tuple(result)


def _of_record(
    record: str, months: NDArray[np.int64], first: int, last: int, *, covers: Span, delivered_on: date
) -> list[MonthRows]:
    inside = months[(months >= first) & (months <= last)] - first
    counts = np.bincount(inside, minlength=last - first + 1).tolist()
    whole = [_is_whole(first + place, covers, delivered_on) for place in range(len(counts))]
    judged = sorted(rows for rows, is_whole in zip(counts, whole, strict=True) if is_whole)
    middle = judged[len(judged) // 2] if judged else 0
    result = []
    for place, (rows, is_whole) in enumerate(zip(counts, whole, strict=True)):
        mark = Mark.PART if not is_whole else Mark.GAP if not rows else Mark.FINE
        if mark is Mark.FINE and middle >= FEWEST_TO_JUDGE and 2 * rows < middle:
            mark = Mark.FEW
        result.append(MonthRows(record, _name(first + place), rows, mark))
    earlier, later = int(np.count_nonzero(months < first)), int(np.count_nonzero(months > last))
    if earlier:
        result.insert(0, MonthRows(record, _name(first), earlier, Mark.EARLIER))
    if later:
        result.append(MonthRows(record, _name(last), later, Mark.LATER))
    return result


def _is_whole(month: int, covers: Span, delivered_on: date) -> bool:
    """Tell whether the delivery should hold the whole month: its last day has passed."""
    return covers.first <= first_day_of(month) and last_day_of(month) <= min(covers.last, delivered_on)


def _name(month: int) -> str:
    return f"{first_day_of(month):%Y-%m}"
