"""Computes: from frozen counts to what a node may send: noise from the slot's seed, then masks. Named steps, one file.

noise key   HMAC-SHA256(seed, H("noise", slot, attempt, commitment))          DESIGN 6, UPLOAD
noised      frozen counts + discrete Gaussian shares, table by table          privacy/noise.py
top-up      fresh shares for a repair                                         DESIGN 6, REPAIR
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hmac import digest as hmac_digest

import numpy as np
from numpy.typing import NDArray

from privacy.counts import CellCounts, NoisedCounts
from privacy.noise import NoiseSegment, add_noise
from privacy.randomness import RandomSource
from protocol.digest import labelled
from protocol.round.messages import Attempt
from protocol.study.grid import Grid
from protocol.study.plan import TablePlan, TableRepair
from protocol.words.ids import Digest, PartyId, TableId


@dataclass(frozen=True, slots=True)
class Part:
    """Cells of the grid to which this party adds noise of one variance."""

    cells: slice
    variance: Fraction


def noise_source(seed: bytes, *, slot: Digest, attempt: Attempt, bound_to: Digest) -> RandomSource:
    """Return the source of a slot's noise. The same seed gives the same noise for ever, so a retry draws nothing new.

    seed: 32 bytes, fresh for this READY or repair. bound_to: the commitment, or ctx' in a repair.
    """
    parts = (bytes.fromhex(slot), attempt.to_bytes(8, "big"), bytes.fromhex(bound_to))
    return RandomSource(hmac_digest(seed, labelled("noise", *parts), "sha256"))


def contribution_parts(plans: Sequence[TablePlan], grid: Grid, party: PartyId) -> tuple[Part, ...]:
    """Return the cells to which this party contributes in a round, in grid order, with its share's variance."""
    shares = {plan.table.id: plan.share_variance for plan in plans if plan.delivered and party in plan.contributors}
    return tuple(_parts(shares, grid))


def top_up_parts(repairs: Sequence[TableRepair], grid: Grid, party: PartyId) -> tuple[Part, ...]:
    """Return the cells to which this party adds fresh noise in a repair, in grid order."""
    shares = {repair.table.id: repair.top_up for repair in repairs if repair.top_up and party in repair.contributors}
    return tuple(_parts(shares, grid))


def contributed(counts: CellCounts, parts: Sequence[Part]) -> CellCounts:
    """Return x: the counts in the cells of `parts`, and 0 in all others. It is what a READY commits to."""
    values = np.zeros_like(counts.values)
    for part in parts:
        values[part.cells] = counts.values[part.cells]
    return CellCounts(values)


def noised(counts: CellCounts, parts: Sequence[Part], source: RandomSource) -> NoisedCounts:
    """Return counts plus noise in the cells of `parts`, and 0 in all others: what this party does not contribute to.

    counts: int64, shape (cells of the grid,).
    """
    values = np.zeros_like(counts.values)
    chosen = [counts.values[part.cells] for part in parts]
    if chosen:
        plan = tuple(NoiseSegment(part.variance, part.cells.stop - part.cells.start) for part in parts)
        drawn = add_noise(CellCounts(np.concatenate(chosen)), plan, source).values
        first = 0
        for part, segment in zip(parts, plan, strict=True):
            values[part.cells] = drawn[first : first + segment.cells]
            first += segment.cells
    return NoisedCounts(values)


def top_up(cells: int, parts: Sequence[Part], source: RandomSource) -> NDArray[np.int64]:
    """Return the fresh noise of a repair; int64, shape (cells,), 0 where none is due."""
    return noised(CellCounts(np.zeros(cells, dtype=np.int64)), parts, source).values


def _parts(shares: dict[TableId, Fraction], grid: Grid) -> Iterator[Part]:
    for segment in grid.segments:
        if segment.table in shares:
            yield Part(slice(segment.first, segment.first + segment.size), shares[segment.table])
