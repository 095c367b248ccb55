"""Computes: what remains of each unit's events in one table, within the bound.

One rule serves all kinds of measure: what a unit adds to a cell is the sum of its events there, cut off at
`max_amount`; of its categories, then of its cells, it keeps those of lowest keyed hash, never the first rows. A unit's
result depends on its own events, its key and the public bound only: a stranger who comes or goes changes nothing in it
(DESIGN 4).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from privacy.bound import Bound
from privacy.choosing import Chooser, Role
from privacy.counts import Events, Index, UnitCounts
from privacy.errors import PrivacyRefusal
from privacy.runs import run_blocks, run_sizes, run_starts, run_sums
from protocol.study.measure import MeasureKind

_Keys = NDArray[np.unsignedinteger]
MAX_NARROW = 2**31  # units that an index of 32 bits can name


class AmountMismatch(PrivacyRefusal):
    """Amounts where events are counted, or no amounts where they are summed."""


class BoundMismatch(PrivacyRefusal):
    """A bound whose categories do not divide the cells of the table."""


class CountedMismatch(PrivacyRefusal):
    """What was counted before names other units or cells than the events."""


def bound_events(events: Events, bound: Bound, hash_key: bytes, *, counted: UnitCounts | None = None) -> UnitCounts:
    """Return what each unit adds to each cell, within the bound.

    hash_key: 16 bytes, secret, one for each table and period for as long as late events of it may come.
    counted: for late events: what the same units already added to the same cells in earlier rounds. Then `events` are
    the new ones only, and the result is what may be added: the bound holds for the sum, and earlier cells go first.
    Result: rows with an amount of at least 1.
    Not promised: that equal events are counted once; the node removes doubles before.
    Raises: AmountMismatch, BoundMismatch, CountedMismatch, WrongHashInput.
    """
    _check(events, bound, counted)
    units, cells, cell_bits = events.units, events.cells, (events.cells - 1).bit_length()
    chooser = Chooser(events.unit_key, hash_key)
    key, amount = _sorted_events(events, bound, cell_bits)
    del events  # the largest columns of all: a caller that keeps no name of them has their memory back here
    # Room for every event; memory that is never written to is never taken. Indexes of half the width take half of it.
    unit: Index = np.empty(key.size, dtype=np.dtype(np.int32 if units <= MAX_NARROW else np.int64))
    cell, total = np.empty(key.size, dtype=np.int32), np.empty(key.size, dtype=np.int64)
    end = 0
    for rows in run_blocks(key, low_bits=cell_bits):
        pairs = _sum_by_pair(key[rows], None if amount is None else amount[rows], bound)
        if counted is not None:
            pairs = _beside_counted(pairs, counted, cell_bits)
        pairs = _within(pairs, bound, cells, chooser)
        start, end = end, end + pairs.key.size
        unit[start:end] = pairs.key >> cell_bits
        cell[start:end] = pairs.key & ((1 << cell_bits) - 1)
        total[start:end] = pairs.amount
    return UnitCounts(unit[:end], cell[:end], total[:end], units=units, cells=cells)


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class _Pairs:
    """One row for each (unit, cell) of some units.

    key: unit << cell_bits | cell, strictly ascending. amount: what the events add, cut off at the bound.
    before: what was counted in earlier rounds; None if nothing can be.
    """

    key: _Keys
    amount: NDArray[np.int64]
    before: NDArray[np.int64] | None = None

    @property
    def prior(self) -> NDArray[np.bool_] | None:
        return None if self.before is None else self.before > 0

    def only(self, kept: NDArray[np.bool_]) -> "_Pairs":
        return _Pairs(self.key[kept], self.amount[kept], None if self.before is None else self.before[kept])


def _check(events: Events, bound: Bound, counted: UnitCounts | None) -> None:
    if (events.amount is None) is (bound.kind is MeasureKind.SUM):
        raise AmountMismatch(
            got="amounts where events are counted, or none where they are summed",
            wanted="amounts for the kind sum and for no other",
            act="the node must read the measure that the study names",
        )
    if events.cells % bound.categories:
        raise BoundMismatch(
            got="a table whose cells are not whole sets of categories",
            wanted="categories as the innermost axis of the table",
            act="the author of the study must mend the bound or the table",
        )
    if counted is not None and (counted.units, counted.cells) != (events.units, events.cells):
        raise CountedMismatch(
            got="earlier counts of other units or cells",
            wanted="the units and cells of the events",
            act="the node must name the same units and cells in both",
        )


def _sorted_events(events: Events, bound: Bound, cell_bits: int) -> tuple[_Keys, NDArray[np.int64] | None]:
    """Return the events' keys, ascending, and their amounts in that order; those that add nothing are left out."""
    # Half the width sorts twice as fast. The largest key is below units << cell_bits.
    width = np.uint32 if events.units << cell_bits <= 2**32 else np.uint64
    key: _Keys = np.empty(events.unit.size, dtype=np.dtype(width))
    # In the width of the key: an index of 32 bits, shifted as it is, would wrap. Numpy widens block by block, without a
    # wide copy of the column. No index is negative (`Events`).
    np.left_shift(events.unit, cell_bits, out=key, dtype=key.dtype, casting="unsafe")
    np.bitwise_or(key, events.cell, out=key, dtype=key.dtype, casting="unsafe")
    if events.amount is None:
        key.sort()
        return key, None
    order = np.argsort(key)
    order = order[events.amount[order] > 0]  # an event that adds nothing may not take a cell from its unit
    # Each amount is cut off before the sum, so that no sum wraps; the sum cut off afterwards is the same.
    return key[order], np.minimum(events.amount[order], bound.max_amount)


def _sum_by_pair(key: _Keys, amount: NDArray[np.int64] | None, bound: Bound) -> _Pairs:
    starts = run_starts(key)
    total = run_sizes(starts, key.size) if amount is None else run_sums(amount, starts)
    return _Pairs(key[starts], np.minimum(total, bound.max_amount))


def _beside_counted(pairs: _Pairs, counted: UnitCounts, cell_bits: int) -> _Pairs:
    """Return the pairs of these units' events and of what they counted before; one side may be 0."""
    first, last = int(pairs.key[0]) >> cell_bits, int(pairs.key[-1]) >> cell_bits
    rows = slice(*np.searchsorted(counted.unit, (first, last + 1)).tolist())
    width = pairs.key.dtype  # widened first, as above
    key = counted.unit[rows].astype(width) << cell_bits | counted.cell[rows].astype(width)
    both = np.union1d(pairs.key, key)
    amount, before = np.zeros((2, both.size), dtype=np.int64)
    amount[np.searchsorted(both, pairs.key)] = pairs.amount
    before[np.searchsorted(both, key)] = counted.amount[rows]
    return _Pairs(both, amount, before)


def _within(pairs: _Pairs, bound: Bound, cells: int, chooser: Chooser) -> _Pairs:
    cell_bits = (cells - 1).bit_length()
    if bound.max_categories < bound.categories:
        pairs = pairs.only(_in_kept_category(pairs, bound, cell_bits, chooser))
    if bound.max_cells < cells:
        pairs = pairs.only(
            chooser.lowest(pairs.key, pairs.prior, slot_bits=cell_bits, limit=bound.max_cells, role=Role.CELL)
        )
    if pairs.before is None:
        return pairs
    added = _Pairs(pairs.key, np.minimum(pairs.amount, np.maximum(bound.max_amount - pairs.before, 0)))
    return added.only(added.amount > 0)


def _in_kept_category(pairs: _Pairs, bound: Bound, cell_bits: int, chooser: Chooser) -> NDArray[np.bool_]:
    slot_bits = (bound.categories - 1).bit_length()
    category = (pairs.key & ((1 << cell_bits) - 1)) % bound.categories
    key, place = np.unique((pairs.key >> cell_bits << slot_bits) | category, return_inverse=True)
    prior = None
    if pairs.prior is not None:
        prior = np.zeros(key.size, dtype=np.bool_)
        prior[place[pairs.prior]] = True
    return chooser.lowest(key, prior, slot_bits=slot_bits, limit=bound.max_categories, role=Role.CATEGORY)[place]
