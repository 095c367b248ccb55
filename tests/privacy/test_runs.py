"""Runs of equal rows: where they start, how long they are, their sums, and blocks that cut none."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from privacy.runs import run_blocks, run_sizes, run_starts, run_sums

UNIT = np.array([3, 3, 3, 8, 9, 9])
CELL = np.array([1, 1, 2, 2, 2, 2])


def test_a_run_starts_where_any_column_changes() -> None:
    assert run_starts(UNIT).tolist() == [0, 3, 4]
    assert run_starts(CELL).tolist() == [0, 2]
    assert run_starts(UNIT, CELL).tolist() == [0, 2, 3, 4]
    assert run_starts(UNIT[:0]).tolist() == []


def test_sizes_and_sums_are_those_of_the_runs() -> None:
    starts = run_starts(UNIT)
    assert run_sizes(starts, 6).tolist() == [3, 1, 2]
    assert run_sums(np.array([1, 2, 3, 10, 20, 30]), starts).tolist() == [6, 10, 50]
    assert run_sizes(starts[:0], 0).tolist() == []
    assert run_sums(np.zeros(0, dtype=np.int64), starts[:0]).tolist() == []


@given(values=st.lists(st.integers(0, 40)).map(sorted), low_bits=st.integers(0, 3), rows=st.integers(1, 9))
def test_blocks_follow_each_other_and_cut_no_run(values: list[int], low_bits: int, rows: int) -> None:
    column = np.array(values, dtype=np.uint32)
    blocks = [column[block].tolist() for block in run_blocks(column, low_bits=low_bits, rows=rows)]
    assert [value for block in blocks for value in block] == values
    owners = [{value >> low_bits for value in block} for block in blocks]
    assert all(owners)
    assert all(not owners[at] & owners[at + 1] for at in range(len(owners) - 1))
    # A block is longer than asked only by the run that it starts with.
    owned = [value >> low_bits for value in values]
    assert all(len(block) <= rows + owned.count(block[0] >> low_bits) for block in blocks)
