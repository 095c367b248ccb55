"""Computes: texts that come in batches, each different one numbered once, exactly.

A unit's id stands in many rows; what is dear (its one form, its key) is to be done once for each id, not for each row.
polars' own categories do this too, at several times the CPU.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

FIRST_SLOTS = 2**16
SPARSE = 4  # slots for each text: at most a quarter is taken, so that most texts stand in their first slot
NONE = -1


class DistinctTexts:
    """A growing list of different texts. Texts are compared whole; the hash only says where to look first."""

    def __init__(self) -> None:
        self._texts = pl.Series(dtype=pl.String)
        self._table = np.full(FIRST_SLOTS, NONE, dtype=np.int32)

    @property
    def texts(self) -> pl.Series:
        """Every text once, in the order of its number."""
        return self._texts

    def numbers(self, texts: pl.Series) -> NDArray[np.int32]:
        """Return each text's number, from 0; int32, shape (texts,), -1 for null. A new text gets the next number."""
        texts = texts.rechunk()
        slots = texts.hash().to_numpy()
        found = self._find(texts, slots)
        new = np.flatnonzero((found == NONE) & texts.is_not_null().to_numpy())
        if new.size:
            missing = texts.gather(new)
            self._add(missing.unique())
            found[new] = self._find(missing, slots[new])
        return found

    def _find(self, texts: pl.Series, hashes: NDArray[np.uint64]) -> NDArray[np.int32]:
        found = np.full(len(texts), NONE, dtype=np.int32)
        rows, slot = np.arange(len(texts)), self._slot(hashes)
        while rows.size and len(self._texts):
            candidate = self._table[slot]
            # Few rows are left after the first look: only then are they picked out.
            looked_for = texts if rows.size == len(texts) else texts.gather(rows)
            same = (self._texts.gather(np.maximum(candidate, 0)) == looked_for).fill_null(value=False).to_numpy()
            taken = candidate != NONE
            same = same & taken
            found[rows[same]] = candidate[same]
            on = taken & ~same
            rows, slot = rows[on], (slot[on] + 1) % self._table.size
        return found

    def _add(self, new: pl.Series) -> None:
        first = len(self._texts)
        # A buffer of its own: what `unique` gives still holds the whole batch in memory.
        # In one chunk: looking up in several takes twenty times as long.
        self._texts = self._texts.append(pl.Series(new.cast(pl.Binary).to_list()).cast(pl.String)).rechunk()
        if len(self._texts) * SPARSE > self._table.size:
            self._table = np.full(1 << (len(self._texts) * SPARSE * 2 - 1).bit_length(), NONE, dtype=np.int32)
            first = 0
        self._place(np.arange(first, len(self._texts), dtype=np.int32))

    def _place(self, numbers: NDArray[np.int32]) -> None:
        slot = self._slot(self._texts.gather(numbers).hash().to_numpy())
        while numbers.size:
            free = self._table[slot] == NONE
            self._table[slot[free]] = numbers[free]  # of two that want one slot, the last one stays
            on = self._table[slot] != numbers
            numbers, slot = numbers[on], (slot[on] + 1) % self._table.size

    def _slot(self, hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
        return (hashes >> np.uint64(64 - (self._table.size.bit_length() - 1))).astype(np.int64)
