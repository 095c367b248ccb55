"""Computes: the four shapes that counts take on their way out, so that a raw one cannot be taken for a noised one.

Events --bound--> UnitCounts --filter, tabulate--> CellCounts --add noise--> NoisedCounts

The first three never leave the partner. The limits below hold together: 2^24 squares of 2^19 sum to 2^62, and 2^32
units that add 2^19 each sum to 2^51. So no int64 sum over a unit's cells or over a cell's units can wrap.

An index only says which: it is compared and looked up, never added to another, so it may be int32. Whoever shifts one
into a key does so in the width of the key (`bounding.py`). What is summed is int64.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from privacy.errors import PrivacyRefusal

MAX_CELLS = 2**24  # an upload of 64 MiB at 4 bytes a cell, the largest that a study may ask (DESIGN 6)
MAX_AMOUNT = 2**19  # what one unit may add to one cell; larger quantities are counted in larger steps
MAX_UNITS = 2**32  # more than any register holds
Index = NDArray[np.signedinteger]  # int32 or int64
_INDEX_TYPES = (np.int32, np.int64)


class UnsortedCounts(PrivacyRefusal):
    """(unit, cell) pairs that are not strictly ascending: unsorted, or one named twice."""


class CountsOutOfRange(PrivacyRefusal):
    """A unit, cell or amount outside its range, or arrays of different length or type."""


class DoubledUnit(PrivacyRefusal):
    """Two unit indexes with one unit key: the bounds of that unit would hold twice."""


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Events:
    """What a partner counts, one row for each event and cell, in any order; never leaves the partner.

    unit: int32 or int64, shape (events,), index of the unit, 0 .. units - 1.
    cell: int32 or int64, shape (events,), index in the table, 0 .. cells - 1.
    amount: int64, shape (events,), at least 0; None where each event counts once.
    unit_key: uint64, shape (units, 2), the 16-byte name of each unit (DESIGN 8), read as two little-endian words.
    Raises: CountsOutOfRange, DoubledUnit.
    """

    unit: Index
    cell: Index
    amount: NDArray[np.int64] | None
    unit_key: NDArray[np.uint64]
    cells: int

    def __post_init__(self) -> None:
        _check_columns(self.unit, self.cell, self.amount)
        if self.unit_key.dtype != np.uint64 or self.unit_key.ndim != 2 or self.unit_key.shape[1] != 2:  # noqa: PLR2004 - two words
            raise _out_of_range("unit keys of another type or shape", "uint64, two words a unit")
        _check_sizes(self.units, self.cells)
        _check_range(self.unit, below=self.units)
        _check_range(self.cell, below=self.cells)
        if self.amount is not None:
            _check_range(self.amount, below=2**63)
        _check_distinct(self.unit_key)
        for column in (self.unit, self.cell, self.amount, self.unit_key):
            if column is not None:
                column.setflags(write=False)

    @property
    def units(self) -> int:
        """Number of units that the indexes may name; a unit without an event is one too."""
        return int(self.unit_key.shape[0])


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class UnitCounts:
    """What each unit adds to each cell; never leaves the partner.

    unit: int32 or int64, shape (pairs,), index of the unit, 0 .. units - 1.
    cell: int32 or int64, shape (pairs,), index in the table or grid, 0 .. cells - 1.
    amount: int64, shape (pairs,), 0 .. MAX_AMOUNT.
    (unit, cell) pairs are strictly ascending: one row for each pair.
    Raises: CountsOutOfRange, UnsortedCounts.
    """

    unit: Index
    cell: Index
    amount: NDArray[np.int64]
    units: int
    cells: int

    def __post_init__(self) -> None:
        _check_columns(self.unit, self.cell, self.amount)
        _check_sizes(self.units, self.cells)
        _check_range(self.unit, below=self.units)
        _check_range(self.cell, below=self.cells)
        _check_range(self.amount, below=MAX_AMOUNT + 1)
        same_unit = self.unit[1:] == self.unit[:-1]
        if np.any(self.unit[1:] < self.unit[:-1]) or np.any(same_unit & (self.cell[1:] <= self.cell[:-1])):
            raise UnsortedCounts(
                got="(unit, cell) pairs out of order or doubled",
                wanted="each pair once, ascending",
                act="the caller must bound the events first",
            )
        for column in (self.unit, self.cell, self.amount):
            column.setflags(write=False)


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class CellCounts:
    """True counts after bounding and filter; never leaves the partner. values: int64, shape (cells,)."""

    values: NDArray[np.int64]

    def __post_init__(self) -> None:
        _check_values(self.values)
        self.values.setflags(write=False)


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class NoisedCounts:
    """Counts with this partner's noise in them; may be negative. values: int64, shape (cells,)."""

    values: NDArray[np.int64]

    def __post_init__(self) -> None:
        _check_values(self.values)
        self.values.setflags(write=False)


def _check_columns(unit: Index, cell: Index, amount: NDArray[np.int64] | None) -> None:
    # A narrow amount or a float column would wrap or round in a later sum: it is refused, not converted.
    # So is one of the other byte order, which has the same name: the ranges below are read from its bytes.
    typed = unit.dtype in _INDEX_TYPES and cell.dtype in _INDEX_TYPES and (amount is None or amount.dtype == np.int64)
    if not typed or any(column.shape != (unit.size,) for column in (unit, cell, amount) if column is not None):
        raise _out_of_range("columns of other types or lengths", "int64 columns of one length; indexes may be int32")


def _check_sizes(units: int, cells: int) -> None:
    if not (0 <= units <= MAX_UNITS and 1 <= cells <= MAX_CELLS):
        raise _out_of_range("more units or cells than a table may have", "at most 2^32 units and 1 to 2^24 cells")


def _check_range(column: Index, *, below: int) -> None:
    # Read without its sign a negative number is above every other, so that one pass finds both ends.
    unsigned, limit = (np.uint32, 2**31) if column.dtype == np.int32 else (np.uint64, 2**63)
    if column.size and int(column.view(unsigned).max()) >= min(below, limit):
        raise _out_of_range("a unit, cell or amount outside its range", "indexes in the table, amounts of 0 or more")


def _check_distinct(unit_key: NDArray[np.uint64]) -> None:
    first = np.sort(unit_key[:, 0])
    # Equal first words are rare (2^-64 a pair): only then are whole keys compared.
    if np.any(first[1:] == first[:-1]) and np.unique(unit_key, axis=0).shape != unit_key.shape:
        raise DoubledUnit(
            got="one unit key at two unit indexes",
            wanted="one index for each unit",
            act="the node must give equal unit keys one index",
        )


def _check_values(values: NDArray[np.int64]) -> None:
    if values.dtype != np.int64 or values.ndim != 1:
        raise _out_of_range(f"{values.dtype} values of shape {values.shape}", "int64, one dimension")


def _out_of_range(got: str, wanted: str) -> CountsOutOfRange:
    return CountsOutOfRange(got=got, wanted=wanted, act="the caller must mend the columns first")
