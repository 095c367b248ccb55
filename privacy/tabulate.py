"""Computes: the true counts of each cell, from what each unit adds; nothing rounds and nothing wraps."""

import numpy as np
from numpy.typing import NDArray

from privacy.counts import CellCounts, CountsOutOfRange, UnitCounts
from privacy.errors import PrivacyRefusal
from privacy.runs import run_blocks

MAX_CELL_BOUND = 2**62  # a count, its noise and the sums of some parties stay within 63 bits


class TablesOfOtherUnits(PrivacyRefusal):
    """Tables of one grid that do not index the same units."""


def side_by_side(tables: tuple[UnitCounts, ...]) -> UnitCounts:
    """Return the tables as one grid: the cells of each table follow those of the table before it.

    tables: at least one, all over the same unit indexes.
    Raises: TablesOfOtherUnits, CountsOutOfRange (more cells than a grid may have).
    """
    if len({table.units for table in tables}) != 1:
        raise TablesOfOtherUnits(
            got="tables with different numbers of units, or no table",
            wanted="one set of unit indexes for the whole grid",
            act="the node must index its units once for all tables",
        )
    if len(tables) == 1:
        return tables[0]
    first_cells = np.cumsum([0, *(table.cells for table in tables)])
    unit = np.concatenate([table.unit for table in tables])
    # Each table is ascending and follows the one before it: a stable sort by unit leaves a unit's cells ascending.
    order = np.argsort(unit, kind="stable")
    cell = np.concatenate([table.cell + first for table, first in zip(tables, first_cells[:-1], strict=True)])
    amount = np.concatenate([table.amount for table in tables])
    return UnitCounts(unit[order], cell[order], amount[order], units=tables[0].units, cells=int(first_cells[-1]))


def tabulate(counts: UnitCounts, stays: NDArray[np.bool_], *, cell_bound: int) -> CellCounts:
    """Return the count of each cell over the units that stay, cut off at the public bound of a cell.

    stays: bool, shape (units,), what the personal filter said. cell_bound: the bound B of DESIGN 4.
    The cut moves two counts never further apart, so what a unit can change stays as small as it was charged.
    Raises: CountsOutOfRange.
    """
    if stays.dtype != np.bool_ or stays.shape != (counts.units,):
        raise CountsOutOfRange(
            got="a mask of another type or length",
            wanted="one boolean for each unit",
            act="the caller must give the filter's answer for these units",
        )
    if not 1 <= cell_bound <= MAX_CELL_BOUND:
        raise CountsOutOfRange(
            got="a bound of a cell outside its range",
            wanted="1 to 2^62",
            act="the author of the study must choose another bound",
        )
    values = np.zeros(counts.cells, dtype=np.int64)
    # Exact int64 addition: `bincount` with weights would sum in floats.
    for rows in run_blocks(counts.unit):
        np.add.at(values, counts.cell[rows], counts.amount[rows] * stays[counts.unit[rows]])
    return CellCounts(np.minimum(values, cell_bound))
