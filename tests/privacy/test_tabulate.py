"""Tabulating: exact sums over the units that stay, tables side by side, and what is refused."""

import numpy as np
import pytest
from hypothesis import given

from privacy.bound import Bound
from privacy.bounding import bound_events
from privacy.counts import CountsOutOfRange, UnitCounts
from privacy.tabulate import TablesOfOtherUnits, side_by_side, tabulate
from protocol.study.measure import MeasureKind
from tests.privacy.households import HASH_KEY, Register, amounts_of, events_of, registers, unit_counts

COUNTS = unit_counts([(0, 0, 2), (0, 2, 1), (1, 2, 5), (3, 1, 4)], units=4, cells=4)


def test_a_cell_holds_the_sum_over_the_units_that_stay() -> None:
    everyone = np.ones(4, dtype=np.bool_)
    assert tabulate(COUNTS, everyone, cell_bound=100).values.tolist() == [2, 4, 6, 0]
    assert tabulate(COUNTS, np.array([True, False, True, True]), cell_bound=100).values.tolist() == [2, 4, 1, 0]
    assert tabulate(COUNTS, ~everyone, cell_bound=100).values.tolist() == [0, 0, 0, 0]


def test_a_cell_is_cut_off_at_its_public_bound() -> None:
    assert tabulate(COUNTS, np.ones(4, dtype=np.bool_), cell_bound=3).values.tolist() == [2, 3, 3, 0]


@pytest.mark.parametrize("stays", [np.ones(3, dtype=np.bool_), np.ones(4, dtype=np.int64), np.ones((4, 1), np.bool_)])
def test_a_mask_that_is_not_one_boolean_a_unit_is_refused(stays: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
    with pytest.raises(CountsOutOfRange, match="one boolean for each unit"):
        tabulate(COUNTS, stays, cell_bound=3)


@pytest.mark.parametrize("cell_bound", [0, -1, 2**62 + 1])
def test_a_bound_of_a_cell_outside_its_range_is_refused(cell_bound: int) -> None:
    with pytest.raises(CountsOutOfRange, match=r"1 to 2\^62"):
        tabulate(COUNTS, np.ones(4, dtype=np.bool_), cell_bound=cell_bound)


def test_tables_stand_side_by_side_in_one_grid() -> None:
    second = unit_counts([(0, 1, 7), (2, 0, 1), (3, 1, 1)], units=4, cells=2)
    grid = side_by_side((COUNTS, second))
    assert (grid.units, grid.cells) == (4, 6)
    assert amounts_of(grid, range(4)) == {0: {0: 2, 2: 1, 5: 7}, 1: {2: 5}, 2: {4: 1}, 3: {1: 4, 5: 1}}


@given(register=registers(cells=6), other=registers(cells=4))
def test_a_grid_holds_what_its_tables_hold(register: Register, other: Register) -> None:
    households = sorted({*register, *other})
    tables = tuple(
        bound_events(
            events_of(rows, cells=cells, summed=False, index=households), Bound(MeasureKind.EVENTS, 3, 2), HASH_KEY
        )
        for rows, cells in ((register, 6), (other, 4))
    )
    stays = np.arange(len(households)) % 3 != 0
    apart = [tabulate(table, stays, cell_bound=50).values.tolist() for table in tables]
    assert tabulate(side_by_side(tables), stays, cell_bound=50).values.tolist() == apart[0] + apart[1]


def test_tables_of_other_units_are_refused() -> None:
    for tables in ((), (COUNTS, unit_counts([], units=3, cells=2))):
        with pytest.raises(TablesOfOtherUnits, match="one set of unit indexes"):
            side_by_side(tables)


def test_a_grid_of_too_many_cells_is_refused() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    half = UnitCounts(nothing, nothing, nothing, units=1, cells=2**23 + 1)
    with pytest.raises(CountsOutOfRange, match=r"1 to 2\^24 cells"):
        side_by_side((half, half))
