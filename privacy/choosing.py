"""Computes: which cells or categories a unit keeps when it has more than its bound: those of lowest keyed hash."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from privacy.keyed_hash import keyed_hash
from privacy.runs import run_sizes, run_starts

_HASHED_AT_ONCE = 2**15  # rows; the hash's six columns of 256 KiB stay in a core's cache
_SLOT_BYTES = 6  # the role is the byte above them
_TAIL_BYTES = 7


class Role(IntEnum):
    """What is chosen; part of the hashed message, so that the two choices of one unit are independent."""

    CELL = 0
    CATEGORY = 1


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Chooser:
    """Chooses slots (cells or categories) of units by the keyed hash of (unit key, slot).

    unit_key: uint64, shape (units, 2). hash_key: 16 bytes.
    """

    unit_key: NDArray[np.uint64]
    hash_key: bytes

    def lowest(
        self,
        key: NDArray[np.unsignedinteger],
        prior: NDArray[np.bool_] | None,
        *,
        slot_bits: int,
        limit: int,
        role: Role,
    ) -> NDArray[np.bool_]:
        """Return which rows are among their unit's `limit` lowest.

        key: unit << slot_bits | slot, strictly ascending. prior: slots used in earlier rounds, ranked before all
        others; None where there are none. The rank ends in the slot, so no two are equal and never more than
        `limit` are kept, whatever the hash; 63 - slot_bits bits of the hash stand before it.
        """
        starts = run_starts(key >> slot_bits)
        kept = np.ones(key.size, dtype=np.bool_)
        for rows in _crowded(starts, run_sizes(starts, key.size), limit):
            name = self.unit_key[key[rows[:, :1]] >> slot_bits]
            slot = (key[rows] & ((1 << slot_bits) - 1)).astype(np.uint64)
            tail = slot | np.uint64(role << 8 * _SLOT_BYTES)
            digest = keyed_hash(self.hash_key, (name[..., 0], name[..., 1]), tail, tail_bytes=_TAIL_BYTES)
            rank = (digest >> (slot_bits + 1) << slot_bits) | slot
            if prior is not None:
                rank |= (~prior[rows]).astype(np.uint64) << 63
            kept[rows] = rank <= np.partition(rank, limit - 1, axis=1)[:, limit - 1 : limit]
        return kept


def _crowded(starts: NDArray[np.intp], sizes: NDArray[np.intp], limit: int) -> Iterator[NDArray[np.intp]]:
    """Yield the rows of the units that have more than `limit`, units of one size together: shape (units, size)."""
    crowded = np.flatnonzero(sizes > limit)
    crowded = crowded[np.argsort(sizes[crowded], kind="stable")]
    edges = [*run_starts(sizes[crowded]).tolist(), crowded.size]
    for start, stop in pairwise(edges):
        size = int(sizes[crowded[start]])
        units = max(1, _HASHED_AT_ONCE // size)
        for at in range(start, stop, units):
            yield starts[crowded[at : min(at + units, stop)], np.newaxis] + np.arange(size)
