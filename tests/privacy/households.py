"""Computes: small made-up registers, and their columns as the code under test takes them."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from random import Random

import numpy as np
from hypothesis import strategies as st

from privacy.bound import Bound
from privacy.counts import Events, UnitCounts
from protocol.study.measure import MeasureKind
from tests.reference.bounding import Record

HASH_KEY = bytes(range(16))
Register = Mapping[int, Sequence[Record]]  # household number -> its records


def unit_key(household: int) -> bytes:
    """Return the 16-byte name of a household."""
    return sha256(b"household %d" % household).digest()[:16]


def records_of(body: bytes, *, cells: int) -> tuple[Record, ...]:
    """Read two bytes as one record: Hypothesis makes and shrinks bytes far faster than lists of objects."""
    return tuple(Record(cell % cells, amount % 8) for cell, amount in zip(body[::2], body[1::2], strict=False))


def registers(*, cells: int, max_households: int = 7, max_records: int = 8) -> st.SearchStrategy[Register]:
    """Make registers of a few households with a few records each; some have none."""
    bodies = st.dictionaries(
        st.integers(0, 20), st.binary(max_size=2 * max_records), min_size=1, max_size=max_households
    )
    return bodies.map(lambda found: {number: records_of(body, cells=cells) for number, body in found.items()})


def bounds(cells: int, kinds: Sequence[MeasureKind] = tuple(MeasureKind)) -> st.SearchStrategy[Bound]:
    """Make bounds of the given kinds for a table of `cells` cells."""

    def of(kind: MeasureKind, max_cells: int, max_amount: int, categories: int, max_categories: int) -> Bound:
        if kind is MeasureKind.MULTI:
            return Bound(kind, max_cells, categories=categories, max_categories=min(max_categories, categories))
        return Bound(kind, max_cells, max_amount=max_amount if kind in {MeasureKind.EVENTS, MeasureKind.SUM} else 1)

    divisors = [count for count in range(2, cells + 1) if cells % count == 0]
    return st.builds(
        of,
        st.sampled_from(list(kinds)),
        st.integers(1, cells),
        st.integers(1, 9),
        st.sampled_from(divisors),
        st.integers(1, 3),
    )


def events_of(
    register: Register,
    *,
    cells: int,
    summed: bool,
    shuffle: Random | None = None,
    index: Sequence[int] | None = None,
    narrow: bool = False,
) -> Events:
    """Return the register as columns.

    shuffle: of the rows. index: households in the order of their unit index. narrow: indexes of 32 bits.
    """
    households = list(index if index is not None else register)
    rows = [
        (households.index(number), record.cell, record.amount)
        for number, records in register.items()
        for record in records
    ]
    if shuffle is not None:
        shuffle.shuffle(rows)
    unit, cell, amount = np.array(rows, dtype=np.int64).reshape(-1, 3).T.copy()
    names = b"".join(unit_key(number) for number in households)
    if narrow:
        unit, cell = unit.astype(np.int32), cell.astype(np.int32)
    return Events(unit, cell, amount if summed else None, np.frombuffer(names, dtype="<u8").reshape(-1, 2), cells)


def amounts_of(counts: UnitCounts, households: Sequence[int]) -> dict[int, dict[int, int]]:
    """Return household -> cell -> amount."""
    found: dict[int, dict[int, int]] = {number: {} for number in households}
    for unit, cell, amount in zip(counts.unit.tolist(), counts.cell.tolist(), counts.amount.tolist(), strict=True):
        found[households[unit]][cell] = amount
    return found


def unit_counts(rows: Sequence[tuple[int, int, int]], *, units: int, cells: int) -> UnitCounts:
    """Return (unit, cell, amount) rows, already ascending, as columns."""
    unit, cell, amount = np.array(rows, dtype=np.int64).reshape(-1, 3).T.copy()
    return UnitCounts(unit, cell, amount, units=units, cells=cells)
