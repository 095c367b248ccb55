"""Computes: a number for each distinct text of a column: Python looks at it once, and rows are arrays of numbers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from partner_node.delivery.faults import FaultTally, Reason

REASONS = tuple(Reason)
_SLOTS = 1 << 21  # 40 MB; twice the households of the largest region


class Interned:
    """The distinct texts of one column over all batches. An absent cell is an empty text."""

    def __init__(self) -> None:
        self._type = pl.Categorical(pl.Categories.random())
        # Polars forgets the numbers when no column uses them any more.
        self._alive = pl.Series([""], dtype=self._type)
        self.size = 1

    def numbers(self, column: pl.Series) -> tuple[NDArray[np.uint32], pl.Series]:
        """Return each row's number, and the texts that got new ones, in order of number. Number 0 is the empty text."""
        numbers = column.fill_null("").cast(self._type).to_physical().to_numpy()
        is_new = numbers >= self.size
        if not is_new.any():
            return numbers, column.head(0)
        _, first = np.unique(numbers[is_new], return_index=True)
        fresh = column.gather(np.flatnonzero(is_new)[first])
        self.size += len(fresh)
        return numbers, fresh


class Remembered:
    """`Interned` for columns of very many texts: a table of those last seen, by hash, spares most rows a look-up.

    A text is known again by 128 bits of hash: among 10^8 texts the chance that two share them is below 2^-75. What the
    table has forgotten costs time only.
    """

    def __init__(self) -> None:
        self._interned = Interned()
        self._hashes = np.zeros((2, _SLOTS), dtype=np.uint64)
        self._numbers = np.zeros(_SLOTS, dtype=np.uint32)

    def numbers(self, column: pl.Series) -> tuple[NDArray[np.uint32], pl.Series]:
        """As `Interned.numbers`."""
        first, second = (column.hash(seed).to_numpy() for seed in (0, 1))
        slot = first & np.uint64(_SLOTS - 1)
        numbers = self._numbers[slot]
        # Number 0 is the empty text or an empty slot: both are looked up.
        unknown = (self._hashes[0, slot] != first) | (self._hashes[1, slot] != second) | (numbers == 0)
        found, fresh = self._interned.numbers(column.filter(pl.Series(unknown)))
        numbers[unknown] = found
        # One row for each slot, so that hashes and number of a slot are always those of one text.
        slots, row = np.unique(slot[unknown], return_index=True)
        self._hashes[0, slots] = first[unknown][row]
        self._hashes[1, slots] = second[unknown][row]
        self._numbers[slots] = found[row]
        return numbers, fresh


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one text means: a number, whose meaning is its column's, and what is wrong with it."""

    value: int
    fault: Reason | None = None


class Judge:
    """What a function says of each distinct text of a column, asked once a text.

    values: int64, shape (texts,). faults: int8, shape (texts,), the place in REASONS, or -1 for none.
    """

    def __init__(self, judge: Callable[[str], Judgement]) -> None:
        self._judge = judge
        self._interned = Interned()
        self.values = np.empty(0, dtype=np.int64)
        self.faults = np.empty(0, dtype=np.int8)
        self._extend([""])

    def numbers(self, column: pl.Series) -> NDArray[np.uint32]:
        """Return for each row the place of its judgement."""
        numbers, fresh = self._interned.numbers(column)
        if len(fresh):
            self._extend(fresh.to_list())
        return numbers

    def tally(self, numbers: NDArray[np.uint32], tally: FaultTally, *, file: str, column: str) -> None:
        """Count the faults of these rows."""
        faults = self.faults[numbers]
        for place, rows in enumerate(np.bincount(faults[faults >= 0], minlength=len(REASONS)).tolist()):
            tally.add(file, column, REASONS[place], rows)

    def _extend(self, texts: list[str]) -> None:
        judged = [self._judge(text) for text in texts]
        faults = [-1 if answer.fault is None else REASONS.index(answer.fault) for answer in judged]
        self.values = np.append(self.values, np.array([answer.value for answer in judged], dtype=np.int64))
        self.faults = np.append(self.faults, np.array(faults, dtype=np.int8))
