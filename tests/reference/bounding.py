"""Computes: bounding and charges for a handful of units, one record at a time; the slow reference of `privacy/`.

Nothing here is shared with the code under test but the words: dictionaries instead of columns, `Fraction` instead of
whole multiples, and the pure-Python SipHash beside this file.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from privacy.bound import Bound
from tests.reference.sip_hash import sip_hash

CELL, CATEGORY = 0, 1


@dataclass(frozen=True, slots=True)
class Record:
    """One event of one unit in one cell; amount 1 where events are counted."""

    cell: int
    amount: int = 1


def bounded(
    records: Sequence[Record],
    bound: Bound,
    *,
    cells: int,
    unit_key: bytes,
    hash_key: bytes,
    counted: Mapping[int, int] | None = None,
) -> dict[int, int]:
    """Return cell -> amount of one unit: what its records may add beside what was `counted` before."""
    before = {cell: amount for cell, amount in (counted or {}).items() if amount}
    wanted: dict[int, int] = defaultdict(int)
    for record in records:
        wanted[record.cell] += record.amount
    present = {cell for cell, amount in wanted.items() if amount} | set(before)
    categories = _lowest(
        {cell % bound.categories for cell in present},
        {cell % bound.categories for cell in before},
        bound.max_categories,
        bits=(bound.categories - 1).bit_length(),
        role=CATEGORY,
        unit_key=unit_key,
        hash_key=hash_key,
    )
    present = {cell for cell in present if cell % bound.categories in categories}
    kept = _lowest(
        present,
        set(before),
        bound.max_cells,
        bits=(cells - 1).bit_length(),
        role=CELL,
        unit_key=unit_key,
        hash_key=hash_key,
    )
    added = {}
    for cell in sorted(kept):
        most = max(0, bound.max_amount - before.get(cell, 0))
        if amount := min(wanted.get(cell, 0), most):
            added[cell] = amount
    return added


def _lowest(
    slots: set[int], prior: set[int], limit: int, *, bits: int, role: int, unit_key: bytes, hash_key: bytes
) -> set[int]:
    def rank(slot: int) -> tuple[bool, int, int]:
        message = unit_key + slot.to_bytes(6, "little") + bytes([role])
        return slot not in prior, sip_hash(hash_key, message) >> (bits + 1), slot

    return set(sorted(slots, key=rank)[:limit])


def charge(amounts: Mapping[int, int], price_of_cell: Mapping[int, Fraction]) -> int:
    """Return nano-rho of one unit: exact, rounded up, and one for the shares; nothing for a unit that adds nothing.

    price_of_cell: m / (2 sigma^2) of each cell, in rho.
    """
    exact = sum((price_of_cell[cell] * amount**2 for cell, amount in amounts.items()), start=Fraction(0))
    return ceil(exact * 10**9) + 1 if exact else 0
