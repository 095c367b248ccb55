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
_ONE = np.uint64(1)
_HIGH = np.uint64(0xFFFFFFFF00000000)


class Interned:
    """The distinct texts of one column over all batches. An absent cell is an empty text.

    A text is known again by 96 bits of hash: among 10^8 texts the chance that two share them is below 2^-43. They stand
    in an open table, at most a quarter full, where the first bits lead or in the next free slots. A slot is two words:
    64 bits of hash; 32 bits of another hash above the number plus one, 0 in a free slot. So one look fetches all, and
    looks at random places in memory are what it costs.
    """

    def __init__(self) -> None:
        self._table = np.zeros((_FIRST_SLOTS, 2), dtype=np.uint64)
        self.size = 0
        self.numbers(pl.Series([""]))

    def numbers(self, column: pl.Series) -> tuple[NDArray[np.int32], pl.Series]:
        """Return each row's number, and the texts that got new ones, in order of number. Number 0 is the empty text.

        New texts are numbered in the order in which they are first seen.
        """
        texts = column.fill_null("") if column.null_count() else column
        first, second = hashes(texts)
        numbers = self._find(first, second)
        new = np.flatnonzero(numbers == _NONE)
        if not new.size:
            return numbers, texts.head(0)
        first, second = first[new], second[new]
        self._make_room(pl.Series(first).n_unique())
        added = new[self._add(first, second)]
        numbers[new] = self._find(first, second)
        return numbers, texts.gather(added)

    def _find(self, first: NDArray[np.uint64], second: NDArray[np.uint64]) -> NDArray[np.int32]:
        slot = self._slot(first)
        # `take` along an axis copies rows of two words six times as fast as an index in brackets does.
        found = self._table.take(slot, axis=0)
        numbers = _number(found)
        on = np.flatnonzero((numbers != _NONE) & ~_same(found, first, second))
        slot, first, second = slot[on], first[on], second[on]
        while on.size:  # the table has free slots, at which every search ends
            slot = slot + 1 & len(self._table) - 1
            found = self._table.take(slot, axis=0)
            numbers[on] = _number(found)
            still = (numbers[on] != _NONE) & ~_same(found, first, second)
            on, slot, first, second = on[still], slot[still], first[still], second[still]
        return numbers

    def _add(self, first: NDArray[np.uint64], second: NDArray[np.uint64]) -> NDArray[np.intp]:
        """Give each key that is not in the table a number; return the rows of their first places, in order."""
        rows, slot = np.arange(len(first), dtype=np.uint64), self._slot(first)
        placed: list[tuple[NDArray[np.uint64], NDArray[np.intp]]] = []
        words = np.empty_like(first)
        np.bitwise_and(second, _HIGH, out=words)
        while rows.size:
            free = np.flatnonzero(self._table.take(slot, axis=0)[:, 1] == 0)
            # Backwards: where several rows want one slot numpy leaves the last, which is the first row.
            self._table[slot[free][::-1], 1] = (words[rows[free]] | rows[free] + _ONE)[::-1]
            won = free[self._table.take(slot[free], axis=0)[:, 1] & ~_HIGH == rows[free] + _ONE]
            self._table[slot[won], 0] = first[rows[won]]
            placed.append((rows[won], slot[won]))
            on = ~_same(self._table.take(slot, axis=0), first[rows], second[rows])
            rows, slot = rows[on], slot[on] + 1 & len(self._table) - 1
        firsts, slots = (np.concatenate(parts) for parts in zip(*placed, strict=True))
        order = np.argsort(firsts)
        firsts, slots = firsts[order], slots[order]
        self._table[slots, 1] = words[firsts] | np.arange(self.size + 1, self.size + len(order) + 1, dtype=np.uint64)
        self.size += len(order)
        return firsts.astype(np.intp)

    def _make_room(self, more: int) -> None:
        """Double the table until it is at most a quarter full, and put the texts into it again."""
        slots = 1 << (4 * (self.size + more) - 1).bit_length()
        if slots > len(self._table):
            taken = self._table[self._table[:, 1] != 0]
            taken = taken.take(np.argsort(_number(taken)), axis=0)
            self._table = np.zeros((slots, 2), dtype=np.uint64)
            self.size = 0
            self._add(np.ascontiguousarray(taken[:, 0]), taken[:, 1])

    def _slot(self, first: NDArray[np.uint64]) -> NDArray[np.intp]:
        return (first.view(np.int64) & np.int64(len(self._table) - 1)).astype(np.intp, copy=False)


def hashes(texts: pl.Series) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return two hashes of each text; uint64, shape (texts,)."""
    return texts.hash(0).to_numpy(), texts.hash(1).to_numpy()


def _number(found: NDArray[np.uint64]) -> NDArray[np.int32]:
    return found[:, 1].astype(np.int32) - np.int32(1)


def _same(found: NDArray[np.uint64], first: NDArray[np.uint64], second: NDArray[np.uint64]) -> NDArray[np.bool_]:
    result: NDArray[np.bool_] = (found[:, 0] == first) & ((found[:, 1] ^ second) < _ONE << np.uint64(32))
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
