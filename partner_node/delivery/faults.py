"""Computes: what is wrong with a delivery, counted by file, column and reason; never a value, never which row."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Reason(StrEnum):
    """Why a cell or a row could not be used as it is. `docs` of the profile say what each leads to."""

    EMPTY = "empty"
    # the unit: the row is used, as a unit of its own
    DUMMY_UNIT = "dummy-unit"
    INSTITUTION = "institution"
    # the deciding date: the row is not used, except with an unknown day
    UNREADABLE_DATE = "unreadable-date"
    IMPOSSIBLE_DATE = "impossible-date"
    UNKNOWN_DAY = "unknown-day"
    UNKNOWN_MONTH = "unknown-month"
    FUTURE_DATE = "future-date"
    OUTSIDE_SPAN = "outside-span"
    # areas: the row is used at the levels that are known, and not at all where none is
    UNREADABLE_AREA = "unreadable-area"
    UNKNOWN_AREA = "unknown-area"
    OLD_AREA = "old-area"
    FOREIGN_AREA = "foreign-area"
    UNKNOWN_POSTCODE = "unknown-postcode"
    # codes, flags and amounts: the row is used without them
    UNKNOWN_CODE = "unknown-code"
    CODE_NOT_VALID = "code-not-valid"
    UNREADABLE_FLAG = "unreadable-flag"
    UNREADABLE_AMOUNT = "unreadable-amount"
    AMOUNT_OUT_OF_RANGE = "amount-out-of-range"
    # events of one unit: one row is used
    DOUBLED = "doubled"
    DOUBLED_OTHERWISE = "doubled-otherwise"


REASONS = tuple(Reason)


@dataclass(frozen=True, slots=True, order=True)
class FaultKey:
    """Where a kind of fault was found. column: the profile's name of it."""

    file: str
    column: str
    reason: Reason


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Faults:
    """How many rows have each fault. Stays at the partner: it goes into the quality report only."""

    rows: Mapping[FaultKey, int]

    def count(self, reason: Reason) -> int:
        """Return how many times a reason was found, over all files and columns."""
        return sum(rows for key, rows in self.rows.items() if key.reason is reason)


class FaultTally:
    """Faults while they are counted."""

    def __init__(self) -> None:
        self._rows: Counter[FaultKey] = Counter()

    def add(self, file: str, column: str, reason: Reason, rows: int) -> None:
        """Count rows; zero leaves no trace."""
        if rows:
            self._rows[FaultKey(file, column, reason)] += rows

    def add_each(self, file: str, column: str, faults: NDArray[np.int8]) -> None:
        """Count rows. faults: of each row, its place in REASONS, or -1 for none."""
        if faults.max(initial=-1) < 0:
            return
        for place, rows in enumerate(np.bincount(faults[faults >= 0], minlength=len(REASONS)).tolist()):
            self.add(file, column, REASONS[place], rows)

    def faults(self) -> Faults:
        """Return what was counted, in order."""
        return Faults(dict(sorted(self._rows.items())))
