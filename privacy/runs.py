"""Computes: runs of equal neighbours in sorted columns, the one step that counting, summing and choosing share."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

BLOCK_ROWS = 2**17  # 1 MiB a column, which stays in a core's cache: memory does not grow with the table


def run_starts(*columns: NDArray[np.integer]) -> NDArray[np.intp]:
    """Return where each run of equal rows starts; columns: at least one, of one length."""
    first = np.zeros(columns[0].size, dtype=np.bool_)
    first[:1] = True
    for column in columns:
        first[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(first)


def run_sizes(starts: NDArray[np.intp], rows: int) -> NDArray[np.intp]:
    """Return the length of each run; rows: of all runs together."""
    sizes = np.empty_like(starts)
    np.subtract(starts[1:], starts[:-1], out=sizes[:-1])
    sizes[-1:] = rows - starts[-1:]
    return sizes


def run_sums(values: NDArray[np.int64], starts: NDArray[np.intp]) -> NDArray[np.int64]:
    """Return the sum of each run, in the type of `values`; starts: of the runs, ascending from 0.

    Not promised: that a sum fits; the caller bounds it (see `counts.py`).
    """
    # reduceat refuses an empty list of starts.
    return np.add.reduceat(values, starts) if starts.size else values[:0]


def run_blocks(ascending: NDArray[np.integer], *, low_bits: int = 0, rows: int = BLOCK_ROWS) -> Iterator[slice]:
    """Yield slices of about `rows` rows that cut no run of values equal above their `low_bits`.

    A run longer than that is one slice.
    """
    firsts = ascending[rows::rows] >> low_bits << low_bits
    edges = [0, *np.searchsorted(ascending, firsts).tolist(), ascending.size]
    yield from (slice(start, stop) for start, stop in pairwise(edges) if start < stop)
