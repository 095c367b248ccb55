"""Computes: a number for each distinct text of a column: Python looks at it once, and rows are arrays of numbers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from partner_node.delivery.faults import REASONS, FaultTally, Reason

_FIRST_SLOTS = 1 << 10
_NONE = -1
_SLOT = np.dtype([("first", "<u8"), ("number", "<i4"), ("second", "<u4")])  # a number is one more than it says


class Interned:
    """The distinct texts of one column over all batches. An absent cell is an empty text.

    A text is known again by 96 bits of hash: among 10^8 texts the chance that two share them is below 2^-43. They stand
    in an open table, at most a quarter full, where the first bits lead or in the next free slots. A slot holds 64 bits
    of hash, the number plus one (0 in a free slot) and 32 bits of another hash. So one look fetches all, and looks at
    random places in memory are what it costs.
    """

    def __init__(self) -> None:
        self._table = np.zeros(_FIRST_SLOTS, dtype=_SLOT)
        self.size = 0
        self.numbers(pl.Series([""]))

    def numbers(self, column: pl.Series) -> tuple[NDArray[np.int32], pl.Series]:
        """Return each row's number, and the texts that got new ones, in order of number. Number 0 is the empty text.

        New texts are numbered in the order in which they are first seen.
        """
        texts = column.fill_null("") if column.null_count() else column
        keys = _keys(texts)
        numbers = self._find(keys)
        new = np.flatnonzero(numbers == _NONE)
        if not new.size:
            return numbers, texts.head(0)
        keys = keys.take(new)
        self._make_room(keys)
        numbers[new], added = self._add(keys)
        return numbers, texts.gather(new[added])

    def _find(self, keys: NDArray[np.void]) -> NDArray[np.int32]:
        slot = self._slot(keys)
        found = self._table.take(slot)
        numbers = _number(found)
        on = np.flatnonzero((numbers != _NONE) & ~_same(found, keys))
        slot, keys = slot[on], keys.take(on)
        while on.size:  # the table has free slots, at which every search ends
            slot = slot + 1 & len(self._table) - 1
            found = self._table.take(slot)
            numbers[on] = _number(found)
            still = np.flatnonzero((numbers[on] != _NONE) & ~_same(found, keys))
            on, slot, keys = on[still], slot[still], keys.take(still)
        return numbers

    def _add(self, keys: NDArray[np.void]) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
        """Give keys that are not in the table a number; return each row's, and the first row of each key, in order."""
        rows, slot = np.arange(len(keys)), self._slot(keys)
        keys["number"] = rows + 1  # until all are placed, the first row that has the key
        holder, held = np.empty((2, len(keys)), dtype=np.intp)
        while rows.size:
            free = np.flatnonzero(self._table.take(slot)["number"] == 0)[::-1]
            # Backwards: where several rows want one slot numpy leaves the last, which is the first row.
            self._table[slot[free]] = keys.take(rows[free])
            found = self._table.take(slot)
            same = _same(found, keys.take(rows))
            placed, on = np.flatnonzero(same), np.flatnonzero(~same)
            holder[rows[placed]], held[rows[placed]] = _number(found).take(placed), slot[placed]
            rows, slot = rows[on], slot[on] + 1 & len(self._table) - 1
        firsts = np.flatnonzero(holder == np.arange(len(keys)))
        numbers = np.empty(len(keys), dtype=np.int32)
        numbers[firsts] = np.arange(self.size, self.size + len(firsts))
        self._table["number"][held[firsts]] = numbers[firsts] + 1
        self.size += len(firsts)
        return numbers[holder], firsts

    def _make_room(self, keys: NDArray[np.void]) -> None:
        """Double the table until it is at most a quarter full, and put the texts into it again."""
        if 4 * (self.size + len(keys)) <= len(self._table):
            return
        slots = 1 << (4 * (self.size + pl.Series(keys["first"]).n_unique()) - 1).bit_length()
        if slots > len(self._table):
            taken = self._table.take(np.flatnonzero(self._table["number"]))
            in_order = np.empty_like(taken)
            in_order[_number(taken)] = taken
            self._table = np.zeros(slots, dtype=_SLOT)
            self.size = 0
            self._add(in_order)

    def _slot(self, keys: NDArray[np.void]) -> NDArray[np.intp]:
        return (keys["first"].view(np.int64) & np.int64(len(self._table) - 1)).astype(np.intp, copy=False)


def hashes(texts: pl.Series) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return two hashes of each text; uint64, shape (texts,)."""
    return texts.hash(0).to_numpy(), texts.hash(1).to_numpy()


def _keys(texts: pl.Series) -> NDArray[np.void]:
    keys = np.empty(len(texts), dtype=_SLOT)
    keys["first"], keys["second"] = hashes(texts)
    return keys


def _number(found: NDArray[np.void]) -> NDArray[np.int32]:
    number: NDArray[np.int32] = found["number"] - np.int32(1)
    return number


def _same(found: NDArray[np.void], keys: NDArray[np.void]) -> NDArray[np.bool_]:
    same: NDArray[np.bool_] = (found["first"] == keys["first"]) & (found["second"] == keys["second"])
    return same


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
        tally.add_each(file, column, self.faults.take(numbers))

    def _extend(self, texts: list[str]) -> None:
        judged = [self._judge(text) for text in texts]
        faults = [-1 if answer.fault is None else REASONS.index(answer.fault) for answer in judged]
        self.values = np.append(self.values, np.array([answer.value for answer in judged], dtype=np.int64))
        self.faults = np.append(self.faults, np.array(faults, dtype=np.int8))
