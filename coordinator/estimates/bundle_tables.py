"""Computes: the noisy tables that a bundle holds, so that whoever has the bundle computes every estimate from them.

An audit bundle has every contribution, and its sums are opened again: the estimates are those of the coordinator. A
public bundle has the cells that are shown. What is hidden there is hidden for being low, so a table of which one cell
is hidden for being uncertain is left out whole: sums of the others would be too high.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coordinator.combine import NoisyTable, noisy_tables
from coordinator.errors import EstimateRefusal
from privacy.audit.agreements import reader_of
from privacy.audit.round_frames import read_offer, read_readies, read_repair, read_result, recomputed_sum
from privacy.audit.verify import verify
from privacy.counts import NoisedCounts
from privacy.publication import Delivery, variances
from protocol.bundle import Bundle, BundledRound, RoundFrames, parse_bundle
from protocol.digest import digest_of
from protocol.ledger.entry import WithdrawalEntry, parse_entry
from protocol.release import NotShown, ReleasedTable
from protocol.round.member import Reader
from protocol.round.memory import SlotMemory
from protocol.round.messages import Offer
from protocol.round.opening import Opened
from protocol.study.declaration import SignedDeclaration
from protocol.study.grid import Segment
from protocol.study.study import Study
from protocol.words.period import Period, step_of


class UnsoundBundle(EstimateRefusal):
    """A bundle that the officer's own check refuses: nothing is computed from it."""


class NoContributions(EstimateRefusal):
    """An audit bundle of a round too large to hold its contributions."""


@dataclass(frozen=True, eq=False, slots=True)
class StudyTables:
    """The noisy tables of one study.

    withdrawn: periods whose newest release is withdrawn. declared: what its releases say of each delivery.
    """

    study: Study
    tables: tuple[NoisyTable, ...]
    withdrawn: frozenset[Period]
    declared: tuple[SignedDeclaration, ...]


@dataclass(frozen=True, eq=False, slots=True)
class BundleTables:
    """What a bundle says of every study, in order of the studies' digests."""

    bundle: Bundle
    studies: tuple[StudyTables, ...]


def bundle_tables(files: Mapping[str, bytes]) -> BundleTables:
    """Return the noisy tables of a bundle that holds.

    Not promised: that the bundle has every round of the coordinator, nor that its covenant is the reader's own; for
    these `samenzicht-audit verify` has its own words.
    Raises: UnsoundBundle, NoContributions.
    """
    if not verify(files).holds:
        raise UnsoundBundle(
            got="a bundle that does not hold",
            wanted="one that passes",
            act="the reader must fetch it again, and ask the FG when it stays so",
            hint="samenzicht-audit verify BUNDLE",
        )
    bundle = parse_bundle(files)
    studies = {digest_of(signed.study): signed.study for signed in bundle.studies}
    reader = reader_of(bundle, studies)
    entries = (parse_entry(leaf, source="the bundle") for leaf in bundle.leaves)
    gone = frozenset(entry.release_digest for entry in entries if isinstance(entry, WithdrawalEntry))
    found = []
    for digest, study in sorted(studies.items()):
        rounds = [held for held in bundle.rounds if held.release.release.study_digest == digest]
        lost = frozenset(held.release.release.period for held in rounds if digest_of(held.release.release) in gone)
        tables: list[NoisyTable] = []
        for held in sorted(rounds, key=lambda each: study.schedule.index(study.round_for(each.release.release.period))):
            period = held.release.release.period
            # A withdrawn round adds nothing to other periods.
            tables += [each for each in _tables(held, reader) if period not in lost or each.period == period]
        declared = tuple(signed for held in rounds for signed in held.release.release.declarations)
        found.append(StudyTables(study, tuple(tables), lost, declared))
    return BundleTables(bundle, tuple(found))


def published_table(table: ReleasedTable, segment: Segment, counted_in: Period) -> NoisyTable:
    """Return a published table; without a variance, so as not delivered, when a cell is hidden for being uncertain.

    Not promised: that what is left has no bias. A table of which all cells are just large enough to be shown is seen
    only when none was low by chance, and is then too high by up to 2 %; with cells twice that size by nothing.
    """
    hidden = any(cell.not_shown is NotShown.TOO_UNCERTAIN for cell in table.cells)
    values = np.array([0 if cell.value is None else cell.value for cell in table.cells], dtype=np.int64)
    if hidden:
        values[:] = 0
    variance = None if hidden or table.variance is None else table.variance.fraction
    return NoisyTable(
        segment.table,
        segment.period,
        counted_in,
        segment.areas,
        segment.categories,
        NoisedCounts(values),
        variance,
    )


def _tables(held: BundledRound, reader: Reader) -> tuple[NoisyTable, ...]:
    release = held.release.release
    if step_of(release.period) is not None:
        return ()  # steps of a model are no tables of figures
    grid = reader.grid(release.study_digest, release.period)
    if held.frames is None:
        return tuple(
            published_table(table, segment, release.period)
            for table, segment in zip(release.tables, grid.segments, strict=True)
        )
    offer = read_offer(held.frames, reader)
    memory = read_readies(held.frames, offer, reader)
    if held.frames.repair:
        memory = read_repair(held.frames, memory, offer, reader)
    delivery = Delivery(release.period, offer.participants, memory.gone, release.declarations)
    noise = variances(reader.study(release.study_digest), reader.covenant, delivery)
    return noisy_tables(_opened(held.frames, memory, offer, reader), grid, noise, release.period)


def _opened(frames: RoundFrames, memory: SlotMemory, offer: Offer, reader: Reader) -> Opened:
    result = read_result(frames, memory, offer, reader)
    if not result.header.has_vectors:
        raise NoContributions(
            got=f"a round of {offer.spec.period} with digests in place of contributions",
            wanted="a round within the study's size limit",
            act="the reader must ask a party that keeps the contributions",
        )
    return recomputed_sum(result, memory, offer, reader)
