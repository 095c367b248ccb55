"""The shapes of counts: what each refuses before anything is counted."""

import re

import numpy as np
import pytest
from numpy.typing import NDArray

from privacy.counts import (
    MAX_AMOUNT,
    MAX_CELLS,
    CellCounts,
    CountsOutOfRange,
    DoubledUnit,
    Events,
    NoisedCounts,
    UnitCounts,
    UnsortedCounts,
)
from tests.privacy.households import unit_counts

KEYS = np.arange(8, dtype=np.uint64).reshape(4, 2)


def column(*values: int) -> NDArray[np.int64]:
    """Return int64 values."""
    return np.array(values, dtype=np.int64)


def test_a_negative_amount_is_refused() -> None:
    with pytest.raises(CountsOutOfRange, match="amounts of 0 or more"):
        Events(column(0), column(0), column(-1), KEYS, 3)
    with pytest.raises(CountsOutOfRange, match="amounts of 0 or more"):
        unit_counts([(0, 0, -1)], units=1, cells=1)


def test_amounts_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(CountsOutOfRange, match="int64 columns of one length"):
        Events(column(0), column(0), np.array([np.nan]), KEYS, 3)


@pytest.mark.parametrize(("unit", "cell"), [(-1, 0), (4, 0), (0, -1), (0, 3)])
def test_an_index_outside_the_table_is_refused(unit: int, cell: int) -> None:
    for width in (np.int32, np.int64):
        with pytest.raises(CountsOutOfRange, match="indexes in the table"):
            Events(column(unit).astype(width), column(cell).astype(width), None, KEYS, 3)
    with pytest.raises(CountsOutOfRange, match="indexes in the table"):
        unit_counts([(unit, cell, 1)], units=4, cells=3)


@pytest.mark.parametrize(("width", "far"), [(">i4", 1 << 24), (">i8", 1 << 56)])
@pytest.mark.parametrize("name", ["unit", "cell"])
def test_an_index_of_the_other_byte_order_is_refused(name: str, width: str, far: int) -> None:
    """It has the name of a type that may pass, and an index far outside the table has the bytes of one within."""
    columns = {"unit": column(0, 0), "cell": column(0, 0)}
    columns[name] = column(far, 0).astype(width)
    assert columns[name].dtype.name in {"int32", "int64"}
    assert columns[name].view(np.int64)[0] == 1
    with pytest.raises(CountsOutOfRange, match="int64 columns of one length"):
        Events(**columns, amount=None, unit_key=KEYS, cells=3)


@pytest.mark.parametrize("cells", [0, -1, MAX_CELLS + 1])
def test_a_table_of_no_or_too_many_cells_is_refused(cells: int) -> None:
    with pytest.raises(CountsOutOfRange, match=r"1 to 2\^24 cells"):
        Events(column(), column(), None, KEYS, cells)


def test_columns_of_other_lengths_are_refused() -> None:
    with pytest.raises(CountsOutOfRange, match="of one length"):
        Events(column(0, 1), column(0), None, KEYS, 3)
    with pytest.raises(CountsOutOfRange, match="of one length"):
        UnitCounts(column(0), column(0), column(1, 1), units=1, cells=1)


@pytest.mark.parametrize("keys", [KEYS.astype(np.int64), KEYS.ravel(), np.zeros((4, 3), dtype=np.uint64)])
def test_unit_keys_of_another_shape_are_refused(keys: NDArray[np.uint64]) -> None:
    with pytest.raises(CountsOutOfRange, match="two words a unit"):
        Events(column(0), column(0), None, keys, 3)


def test_one_unit_key_at_two_indexes_is_refused() -> None:
    keys = np.array([[1, 2], [3, 4], [1, 2]], dtype=np.uint64)
    with pytest.raises(DoubledUnit, match="one index for each unit"):
        Events(column(0), column(0), None, keys, 3)
    half_alike = np.array([[1, 2], [3, 4], [1, 5]], dtype=np.uint64)
    assert Events(column(0), column(0), None, half_alike, 3).units == 3


@pytest.mark.parametrize(
    "rows", [[(1, 0, 1), (0, 0, 1)], [(0, 1, 1), (0, 0, 1)], [(0, 0, 1), (0, 0, 1)], [(0, 1, 1), (1, 0, 1), (1, 0, 2)]]
)
def test_unsorted_or_doubled_pairs_are_refused(rows: list[tuple[int, int, int]]) -> None:
    with pytest.raises(UnsortedCounts, match="each pair once, ascending"):
        unit_counts(rows, units=2, cells=2)


def test_an_amount_whose_squares_could_wrap_is_refused() -> None:
    assert unit_counts([(0, 0, MAX_AMOUNT)], units=1, cells=1).amount.tolist() == [524_288]
    with pytest.raises(CountsOutOfRange, match="amount outside its range"):
        unit_counts([(0, 0, MAX_AMOUNT + 1)], units=1, cells=1)


def test_counts_are_frozen_and_print_nothing() -> None:
    counts = unit_counts([(0, 0, 17)], units=1, cells=1)
    events = Events(column(0), column(0), column(17), KEYS.copy(), 3)
    for shown in (counts, events, CellCounts(column(17)), NoisedCounts(column(17))):
        assert "17" not in re.sub("0x[0-9a-f]+", "", repr(shown))  # an address may hold any digits
    for values in (counts.amount, events.amount, events.unit_key, CellCounts(column(1)).values):
        assert values is not None
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1


@pytest.mark.parametrize("values", [np.zeros(3), np.zeros(3, dtype=np.int32), np.zeros((3, 1), dtype=np.int64)])
def test_cells_that_are_not_one_row_of_int64_are_refused(values: NDArray[np.int64]) -> None:
    for shape in (CellCounts, NoisedCounts):
        with pytest.raises(CountsOutOfRange, match="int64, one dimension"):
            shape(values)
