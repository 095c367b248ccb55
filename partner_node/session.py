"""Computes: a participant's session: from a message to durable steps, then messages; the shelf does what is durable.

The order is the promise: a step's commands are on the shelf before its messages exist for anybody else, counts and
chance are frozen with the READY that commits to them, and after a crash `restart` does what was left undone. The shelf
is a vault (`vault/shelf.py`); in a simulated world it may be memory.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from partner_node.counting import Counted
from partner_node.pipeline import contributed, contribution_parts, noise_source, noised, top_up, top_up_parts
from partner_node.vault.book import charges_commitment
from partner_node.vault.carry_out import Commitment, Frozen
from privacy.counts import CellCounts
from privacy.randomness import RandomSource, secret_of, uniform_bytes
from protocol.agreement import AgreementPrivateKey, SlotKey
from protocol.errors import Contradiction
from protocol.ledger.tree import MerkleTree
from protocol.round.context import commitment, repair_context_of
from protocol.round.contribution import contribution, correction, slot_keys, uncover
from protocol.round.frame import parse_frame
from protocol.round.member import Member
from protocol.round.memory import (
    AnnounceWork,
    Command,
    ContributeWork,
    CorrectWork,
    FreezeWork,
    KeepEvidence,
    Memory,
    SlotMemory,
    Step,
    Work,
)
from protocol.round.messages import Offer
from protocol.round.opening import void_cells
from protocol.round.participant.lock import announce_abort, contribute, give_up
from protocol.round.participant.ready import freeze
from protocol.round.participant.repair import correct
from protocol.round.partner_round import MAX_PAYLOAD_BYTES, pending, receive
from protocol.round.ring import MaskedVector
from protocol.study.plan import TablePlan, repair_plan, round_plan
from protocol.words.ids import Digest, PartyId

Counting = Callable[[Offer], Counted]
# A new source for what the names say; a node's is fresh, a simulation's is seeded by them.
Chance = Callable[..., RandomSource]


class Shelf(Protocol):
    """Where everything durable of a participant stands."""

    @property
    def memory(self) -> Memory:
        """What its next step depends on."""
        ...

    @property
    def log(self) -> MerkleTree:
        """Its own log."""
        ...

    def commit(self, commands: tuple[Command, ...], frozen: Frozen | None = None) -> None:
        """Make the commands durable, all or none, and with them what a READY freezes."""
        ...

    def seed(self, slot: Digest) -> bytes:
        """Return the seed of a slot's noise."""
        ...

    def commitment(self, slot: Digest) -> Commitment:
        """Return x and r of a slot."""
        ...

    def repair_seed(self, slot: Digest, fresh: bytes) -> bytes:
        """Return the seed of a repair: the stored one, or the fresh one, stored before it is used."""
        ...


@dataclass(slots=True, repr=False)
class Session:
    """One participant. count: tabulates, bounds and charges for an offer (`counting.py`)."""

    member: Member
    private: AgreementPrivateKey
    shelf: Shelf
    count: Counting
    chance: Chance

    def receive(self, body: bytes, now_s: int) -> tuple[bytes, ...]:
        """Return the answers to a message; a refusal raises and changes nothing but the evidence."""
        try:
            step = receive(
                body,
                memory=self.shelf.memory,
                member=self.member,
                log=self.shelf.log,
                now_s=now_s,
                own_counts=self.own_counts,
            )
        except Contradiction as refusal:
            self.shelf.commit((KeepEvidence(refusal.evidence),))
            raise
        return self._carry_out(step, now_s)

    def restart(self, now_s: int) -> tuple[bytes, ...]:
        """Return what a crash left unsent: the work that is pending is done from what is durable."""
        answers: list[bytes] = []
        for work in pending(self.shelf.memory):
            answers += self._carry_out(self._do(work, now_s), now_s)
        return tuple(answers)

    def give_up(self, slot: Digest) -> tuple[bytes, ...]:
        """Return the ABORT of a slot that is not sent."""
        step = give_up(self.shelf.memory.slots[slot], self.shelf.log)
        return self._carry_out(step, now_s=0)  # no clock: giving up freezes nothing

    def own_counts(self, slot: SlotMemory) -> NDArray[np.int64]:
        """Return this party's noised counts of a slot, from its stored upload and its keys."""
        offer = _offer_of(slot)
        frame = parse_frame(slot.upload, source="the vault", max_payload_bytes=MAX_PAYLOAD_BYTES)
        masked = MaskedVector.parse(frame.payload, word=offer.spec.ring_bits, cells=offer.spec.cells)
        keys = self._keys(offer.participants, slot.context or Digest(""))
        return uncover(masked, self.member.ring(offer, offer.participants), keys)

    def _carry_out(self, step: Step, now_s: int) -> tuple[bytes, ...]:
        if step.commands:
            self._commit(step.commands)
        answers = list(step.messages)
        if step.work is not None:
            answers += self._carry_out(self._do(step.work, now_s), now_s)
        return tuple(answers)

    def _commit(self, commands: tuple[Command, ...], frozen: Frozen | None = None) -> None:
        self.shelf.commit(commands, frozen)

    def _do(self, work: Work, now_s: int) -> Step:
        match work:
            case FreezeWork():
                return self._freeze(work, now_s)
            case ContributeWork(slot):
                return self._contribute(self.shelf.memory.slots[slot])
            case CorrectWork(slot):
                return self._correct(self.shelf.memory.slots[slot])
            case AnnounceWork(slot):
                return announce_abort(self.shelf.memory.slots[slot], member=self.member, log=self.shelf.log)

    def _freeze(self, work: FreezeWork, now_s: int) -> Step:
        offer = work.offer
        counted = self.count(offer)
        grid = self.member.grid(offer.spec.study_digest, offer.spec.period)
        parts = contribution_parts(self._plans(offer), grid, self.member.id)
        values = contributed(counted.cells, parts).values
        chance = self.chance("freeze", offer.spec.slot, str(offer.attempt))
        opening, seed, nonce, salt = (secret_of(chance) for _ in range(4))
        step = freeze(
            work,
            nonce=Digest(nonce.hex()),
            commitment=commitment(opening, values.astype("<i8").tobytes()),
            charges_commitment=charges_commitment(counted.charges, salt),
            memory=self.shelf.memory,
            member=self.member,
            log=self.shelf.log,
            now_s=now_s,
        )
        self._commit(step.commands, Frozen(offer.spec.slot, values, opening, seed, counted.charges, salt))
        return Step(messages=step.messages)

    def _contribute(self, slot: SlotMemory) -> Step:
        offer = _offer_of(slot)
        frozen = self.shelf.commitment(slot.slot)
        bound_to = commitment(frozen.opening, frozen.values.astype("<i8").tobytes())
        source = noise_source(self.shelf.seed(slot.slot), slot=slot.slot, attempt=slot.attempt, bound_to=bound_to)
        grid = self.member.grid(offer.spec.study_digest, offer.spec.period)
        parts = contribution_parts(self._plans(offer), grid, self.member.id)
        ring = self.member.ring(offer, offer.participants)
        keys = self._keys(offer.participants, slot.context or Digest(""))
        masked = contribution(noised(CellCounts(frozen.values.copy()), parts, source).values, ring, keys)
        return contribute(slot, masked, member=self.member, log=self.shelf.log)

    def _correct(self, slot: SlotMemory) -> Step:
        offer = _offer_of(slot)
        context = repair_context_of(slot.context or Digest(""), slot.gone)
        fresh = secret_of(self.chance("repair", slot.slot, context))
        seed = self.shelf.repair_seed(slot.slot, fresh)
        source = noise_source(seed, slot=slot.slot, attempt=slot.attempt, bound_to=context)
        grid = self.member.grid(offer.spec.study_digest, offer.spec.period)
        repairs = repair_plan(self._plans(offer), self.member.covenant, slot.gone)
        extra = top_up(grid.size, top_up_parts(repairs, grid, self.member.id), source)
        masked = correction(
            extra,
            self.member.ring(offer, slot.survivors),
            gone_keys=self._keys(slot.gone, slot.context or Digest("")),
            survivor_keys=self._keys(slot.survivors, context),
            blind=tuple(
                (cells, uniform_bytes(source, (cells.stop - cells.start) * offer.spec.ring_bits // 8))
                for cells in void_cells(offer, slot.gone, self.member)
            ),
        )
        return correct(slot, masked, member=self.member)

    def _keys(self, peers: tuple[PartyId, ...], context: Digest) -> tuple[SlotKey, ...]:
        return slot_keys(self.private, covenant=self.member.covenant, own=self.member.id, peers=peers, context=context)

    def _plans(self, offer: Offer) -> tuple[TablePlan, ...]:
        study = self.member.study(offer.spec.study_digest)
        return round_plan(study, self.member.covenant, offer.spec.period, offer.participants)


def _offer_of(slot: SlotMemory) -> Offer:
    if slot.offer is None:
        raise AssertionError("a slot with work to do has an offer")
    return slot.offer
