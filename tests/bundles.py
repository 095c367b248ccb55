"""Bundles for tests: the example's rounds run, released and logged by an honest coordinator."""

from dataclasses import dataclass
from datetime import date
from random import Random

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from numpy.typing import NDArray

from coordinator.bundle import Agreed, CoordinatorLog, PublishedRound, collect_bundle
from coordinator.release import make_release, sign_release
from protocol.bundle import Audience, pack_bundle
from protocol.covenant.covenant import Covenant
from protocol.digest import digest_of
from protocol.ledger.entry import AnyEntry, ApprovalEntry, CovenantEntry, ReleaseEntry
from protocol.ledger.tree import MerkleTree
from protocol.release import SignedRelease
from protocol.round.coordinator_round import CoordinatorSlot, open_slot
from protocol.round.member import Member
from protocol.round.messages import Offer
from protocol.round.transitions import State
from protocol.round.witness import signed_head
from protocol.study.approval import Approval, Decision, SignedApproval
from protocol.study.declaration import Coverage, Declaration, SignedDeclaration, TableCoverage
from protocol.study.study import SignedStudy, Study
from protocol.words.ids import Digest, OfficerId, PartyId
from protocol.words.period import Period
from simulations.party import SimulatedParty
from simulations.round_world import Coordinator, RoundWorld
from tests import example
from tests.rounds import EVERYONE

GONE = example.SCHOOLS[0]  # who aborts in a repaired round
CONTRIBUTORS = (*example.SCHOOLS, example.VT)
NEXT_QUARTER = Period("2026-Q2")


@dataclass(slots=True, repr=False)
class BundleWorld:
    """A coordinator with its log as leaves, and the participants of one study under one covenant."""

    covenant: Covenant
    study: Study
    rounds: RoundWorld
    leaves: list[bytes]

    @property
    def member(self) -> Member:
        """The coordinator."""
        return self.rounds.coordinator.member

    def log(self, entry: AnyEntry) -> None:
        """Append an entry to the coordinator's log."""
        self.leaves.append(entry.encode())
        self.rounds.coordinator.log.append(entry.encode())

    def run(self, period: Period = example.QUARTER, *, repaired: bool = False) -> CoordinatorSlot:
        """Run one round to its end, or until a school aborts and the others repair."""
        coordinator = self.rounds.coordinator
        if not repaired:
            self.rounds.run(digest_of(self.study), period)
            return coordinator.slots[self.member.spec(digest_of(self.study), period).slot]
        step = coordinator.propose(digest_of(self.study), period, EVERYONE, self.rounds.now_s)
        slot = step.slot.slot
        for event in ("readies", "uploads", "corrections", "verdicts"):
            for party, body in step.messages:
                if event == "uploads" and party == GONE:
                    continue  # its COMMIT never came
                for answer in self.rounds.parties[party].receive(body, self.rounds.now_s):
                    coordinator.take(slot, answer)
            if event == "uploads":
                late = self.rounds.parties[GONE]
                for answer in late.give_up(slot):
                    coordinator.take(slot, answer)
                step = coordinator.repair(slot)
            else:
                step = coordinator.advance(slot)
        assert step.slot.state is State.DONE
        return step.slot

    def release(self, slot: CoordinatorSlot) -> SignedRelease:
        """Release a round and log it."""
        present = [party for party in CONTRIBUTORS if party in slot.survivors]
        declarations = tuple(declaration(self.study, party, slot.offer.spec.period) for party in present)
        release = make_release(slot, open_slot(slot, self.member), member=self.member, declarations=declarations)
        self.log(ReleaseEntry(slot=slot.slot, release_digest=digest_of(release)))
        return sign_release(release, member=self.member)

    def agreed(self) -> Agreed:
        """Return what everybody signed."""
        return Agreed(
            example.signed_covenant(self.covenant),
            example.geography(),
            (example.code_list(),),
            (signed_study(self.study),),
            tuple(approval(self.study, party) for party in CONTRIBUTORS),
        )

    def head(self) -> str:
        """Return the signed head of the log."""
        return signed_head(self.rounds.coordinator.log, self.member.covenant, self.member.id, self.member.key)

    def files(self, *published: PublishedRound, audience: Audience = Audience.AUDIT) -> dict[str, bytes]:
        """Return the bundle's files."""
        log = CoordinatorLog(tuple(self.leaves), self.head())
        return pack_bundle(collect_bundle(self.agreed(), published, log, audience=audience))


def world(study: Study | None = None, *, seed: int = 1, covenant: Covenant | None = None) -> BundleWorld:
    """Return a world in which nothing happened but the covenant was pinned."""
    agreed = covenant or example.covenant()
    chosen = study or example.study(agreed)
    parties = {party: _participant(party, agreed, chosen, seed) for party in EVERYONE}
    coordinator = Coordinator(_member(example.COORDINATOR, agreed, chosen))
    fresh = BundleWorld(agreed, chosen, RoundWorld(coordinator, parties, Random(seed)), [])
    fresh.log(CovenantEntry(covenant_digest=digest_of(agreed)))
    return fresh


def honest_files(*, repaired: bool = False, study: Study | None = None, seed: int = 1) -> dict[str, bytes]:
    """Return the audit bundle of one honest round."""
    fresh = world(study, seed=seed)
    slot = fresh.run(repaired=repaired)
    return fresh.files(PublishedRound(slot, fresh.release(slot)))


def twice_signed_files(*, audience: Audience = Audience.AUDIT) -> dict[str, bytes]:
    """Return the bundle of one honest round whose release a second person signed too, and logged before it."""
    fresh = world(covenant=example.covenant_with_second())
    slot = fresh.run()
    signed = fresh.release(slot)
    second = example.second_signature(signed.release)
    before = ApprovalEntry(study_digest=signed.release.study_digest, approval_digest=digest_of(second))
    fresh.leaves.insert(-1, before.encode())
    head = head_over(fresh.leaves, fresh.member)
    log = CoordinatorLog(tuple(fresh.leaves), head)
    return pack_bundle(collect_bundle(fresh.agreed(), [PublishedRound(slot, signed, second)], log, audience=audience))


def true_counts(party: PartyId, cells: int) -> NDArray[np.int64]:
    """Return counts of which every third is so small that no release shows it."""
    counts = 300 * (EVERYONE.index(party) + 1) + np.arange(cells, dtype=np.int64)
    counts[::3] = 1
    return counts


def approval(study: Study, party: PartyId) -> SignedApproval:
    return example.signed_approval(
        Approval(
            study_digest=digest_of(study),
            party=party,
            officer=OfficerId("fg"),
            decision=Decision.APPROVED,
            decided_on=example.SIGNING_DAY,
            valid_until=date(2026, 12, 31),
        )
    )


def declaration(
    study: Study, party: PartyId, period: Period = example.QUARTER, coverage: TableCoverage | None = None
) -> SignedDeclaration:
    """Return a complete declaration, or one with another coverage for one table."""
    tables = tuple(
        coverage
        if coverage is not None and coverage.table == table.id
        else TableCoverage(table=table.id, coverage=Coverage.COMPLETE, shortfall=None)
        for table in study.tables_for(period)
        if party in table.contributors
    )
    return example.signed_declaration(
        Declaration(study_digest=digest_of(study), period=period, party=party, officer=OfficerId("fg"), tables=tables)
    )


def signed_study(study: Study) -> SignedStudy:
    return example.signed_study(study)


def head_over(leaves: list[bytes], member: Member) -> str:
    """Return the signed head of a log with these leaves."""
    log = MerkleTree()
    for leaf in leaves:
        log.append(leaf)
    return signed_head(log, member.covenant, member.id, member.key)


def slot_of(study: Study, period: Period = example.QUARTER) -> Digest:
    return _member(example.COORDINATOR, example.covenant(), study).spec(digest_of(study), period).slot


def _member(party: PartyId, covenant: Covenant, study: Study) -> Member:
    return Member(
        party,
        covenant,
        example.geography(),
        (example.code_list(),),
        {digest_of(study): study},
        example.signing_key(party),
    )


def _participant(party: PartyId, covenant: Covenant, study: Study, seed: int) -> SimulatedParty:
    def counts(offer: Offer) -> NDArray[np.int64]:
        return true_counts(party, offer.spec.cells)

    private = X25519PrivateKey.from_private_bytes(example.secret(f"agree {party}"))
    return SimulatedParty(_member(party, covenant, study), private, counts, seed)
