"""Computes: the three shapes that counts take on their way out, so that a raw one cannot be taken for a noised one.

UnitCounts --bound, filter--> CellCounts --add noise--> NoisedCounts
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from privacy.errors import PrivacyRefusal


class UnsortedCounts(PrivacyRefusal):
    """(unit, cell) pairs that are not strictly ascending: unsorted, or one named twice."""


class CountsOutOfRange(PrivacyRefusal):
    """A unit, cell or amount outside its range, or arrays of different length or type."""


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class UnitCounts:
    """What each unit adds to each cell; never leaves the partner.

    unit: int64, shape (pairs,), index of the unit, 0 .. units - 1.
    cell: int64, shape (pairs,), index in the grid, 0 .. cells - 1.
    amount: int64, shape (pairs,), at least 0.
    (unit, cell) pairs are strictly ascending: one row for each pair.
    Raises: CountsOutOfRange, UnsortedCounts.
    """

    unit: NDArray[np.int64]
    cell: NDArray[np.int64]
    amount: NDArray[np.int64]
    units: int
    cells: int

    def __post_init__(self) -> None:
        columns = (self.unit, self.cell, self.amount)
        if any(column.dtype != np.int64 or column.shape != (self.unit.size,) for column in columns):
            raise _out_of_range("columns of other types or lengths", "three int64 columns of one length")
        if self.unit.size and (
            min(int(column.min()) for column in columns) < 0
            or int(self.unit.max()) >= self.units
            or int(self.cell.max()) >= self.cells
        ):
            raise _out_of_range("a unit, cell or amount outside its range", "indexes in the grid, amounts of 0 or more")
        same_unit = self.unit[1:] == self.unit[:-1]
        if np.any(self.unit[1:] < self.unit[:-1]) or np.any(same_unit & (self.cell[1:] <= self.cell[:-1])):
            raise UnsortedCounts(
                got="(unit, cell) pairs out of order or doubled",
                wanted="each pair once, ascending",
                act="the caller must tabulate first",
            )
        for column in columns:
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


def _check_values(values: NDArray[np.int64]) -> None:
    if values.dtype != np.int64 or values.ndim != 1:
        raise _out_of_range(f"{values.dtype} values of shape {values.shape}", "int64, one dimension")


def _out_of_range(got: str, wanted: str) -> CountsOutOfRange:
    return CountsOutOfRange(got=got, wanted=wanted, act="the caller must tabulate first")
