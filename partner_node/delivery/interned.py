"""Computes: a number for each distinct text of a column: Python looks at it once, and rows are arrays of numbers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from partner_node.delivery.faults import FaultTally, Reason

REASONS = tuple(Reason)
_FIRST_SLOTS = 1 << 10
_NONE = -1


class Interned:
    """The distinct texts of one column over all batches. An absent cell is an empty text.

    A text is known again by 128 bits of hash: among 10^8 texts the chance that two share them is below 2^-75. They
    stand in an open table, at most half full, where its first bits lead or in the next free slots. (`take` along an
    axis copies rows of two words six times as fast as an index in brackets does.)
    """

    def __init__(self) -> None:
        self._keys = np.zeros((_FIRST_SLOTS, 2), dtype=np.uint64)
        self._numbers = np.full(_FIRST_SLOTS, _NONE, dtype=np.int32)
        self.size = 0
        self.numbers(pl.Series([""]))

    def numbers(self, column: pl.Series) -> tuple[NDArray[np.int32], pl.Series]:
        """Return each row's number, and the texts that got new ones, in order of number. Number 0 is the empty text.

        New texts are numbered in the order in which they are first seen.
        """
        texts = column.fill_null("") if column.null_count() else column
        keys = hashes(texts)
        numbers = self._find(keys)
        new = np.flatnonzero(numbers == _NONE)
        if not new.size:
            return numbers, texts.head(0)
        keys = keys.take(new, axis=0)
        self._make_room(pl.Series(keys[:, 0]).n_unique())
        first = new[self._add(keys)]
        numbers[new] = self._find(keys)
        return numbers, texts.gather(first)

    def _find(self, keys: NDArray[np.uint64]) -> NDArray[np.int32]:
        slot = self._slot(keys)
        numbers = self._numbers[slot]
        on = np.flatnonzero((numbers != _NONE) & ~_same(self._keys.take(slot, axis=0), keys))
        while on.size:  # a table that is at most half full has free slots, at which every search ends
            slot = (slot[on] if len(slot) != len(on) else slot) + 1 & len(self._numbers) - 1
            found = self._numbers[slot]
            numbers[on] = found
            still = (found != _NONE) & ~_same(self._keys.take(slot, axis=0), keys.take(on, axis=0))
            on, slot = on[still], slot[still]
        return numbers

    def _add(self, keys: NDArray[np.uint64]) -> NDArray[np.intp]:
        """Give each key that is not in the table a number; return the rows of their first places, in order."""
        rows, slot = np.arange(len(keys), dtype=np.int32), self._slot(keys)
        placed: list[tuple[NDArray[np.int32], NDArray[np.intp]]] = []
        while rows.size:
            free = np.flatnonzero(self._numbers[slot] == _NONE)
            # Backwards: where several rows want one slot numpy leaves the last, which is the first row.
            self._numbers[slot[free][::-1]] = rows[free][::-1]
            won = free[self._numbers[slot[free]] == rows[free]]
            self._keys[slot[won]] = keys.take(rows[won], axis=0)
            placed.append((rows[won], slot[won]))
            on = ~_same(self._keys.take(slot, axis=0), keys.take(rows, axis=0))
            rows, slot = rows[on], slot[on] + 1 & len(self._numbers) - 1
        first, slots = (np.concatenate(parts) for parts in zip(*placed, strict=True))
        order = np.argsort(first)
        self._numbers[slots[order]] = np.arange(self.size, self.size + len(order), dtype=np.int32)
        self.size += len(order)
        return first[order].astype(np.intp)

    def _make_room(self, more: int) -> None:
        """Double the table until it is at most half full, and put the texts into it again."""
        slots = 1 << (2 * (self.size + more) - 1).bit_length()
        if slots > len(self._numbers):
            taken = np.flatnonzero(self._numbers != _NONE)
            keys = self._keys.take(taken[np.argsort(self._numbers[taken])], axis=0)
            self._keys = np.zeros((slots, 2), dtype=np.uint64)
            self._numbers = np.full(slots, _NONE, dtype=np.int32)
            self.size = 0
            self._add(keys)

    def _slot(self, keys: NDArray[np.uint64]) -> NDArray[np.intp]:
        return (keys[:, 0] & np.uint64(len(self._numbers) - 1)).astype(np.intp)


def hashes(texts: pl.Series) -> NDArray[np.uint64]:
    """Return 128 bits of hash of each text; uint64, shape (texts, 2)."""
    return np.column_stack([texts.hash(seed).to_numpy() for seed in (0, 1)])


def _same(some: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.bool_]:
    result: NDArray[np.bool_] = (some[:, 0] == others[:, 0]) & (some[:, 1] == others[:, 1])
    return result


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

    def numbers(self, column: pl.Series) -> NDArray[np.int32]:
        """Return for each row the place of its judgement."""
        numbers, fresh = self._interned.numbers(column)
        if len(fresh):
            self._extend(fresh.to_list())
        return numbers

    def tally(self, numbers: NDArray[np.int32], tally: FaultTally, *, file: str, column: str) -> None:
        """Count the faults of these rows."""
        faults = self.faults[numbers]
        for place, rows in enumerate(np.bincount(faults[faults >= 0], minlength=len(REASONS)).tolist()):
            tally.add(file, column, REASONS[place], rows)

    def _extend(self, texts: list[str]) -> None:
        judged = [self._judge(text) for text in texts]
        faults = [-1 if answer.fault is None else REASONS.index(answer.fault) for answer in judged]
        self.values = np.append(self.values, np.array([answer.value for answer in judged], dtype=np.int64))
        self.faults = np.append(self.faults, np.array(faults, dtype=np.int8))
