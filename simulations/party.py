"""Computes: a participant whose vault is in memory, for worlds and tests. The same steps as a real node, seeded.

`durable` is what would be on disk: copying it and putting it back is a restored backup, giving it to two parties a
cloned machine. `crash_at` raises between named points, and `restart` goes on from what was durable.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from partner_node.pipeline import contributed, contribution_parts, noise_source, noised, top_up, top_up_parts
from privacy.counts import CellCounts
from privacy.randomness import RandomSource
from protocol.agreement import AgreementPrivateKey, SlotKey
from protocol.errors import Contradiction
from protocol.ledger.tree import MerkleTree
from protocol.round.context import commitment, repair_context_of
from protocol.round.contribution import contribution, correction, slot_keys, uncover
from protocol.round.frame import parse_frame
from protocol.round.member import Member
from protocol.round.memory import (
    AnnounceWork,
    Append,
    BookCharges,
    Command,
    ContributeWork,
    CorrectWork,
    EraseSecrets,
    FreezeWork,
    KeepEvidence,
    Memory,
    SlotMemory,
    Step,
    Work,
    applied,
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
from simulations.seeded import seeded_source

Counts = Callable[[Offer], NDArray[np.int64]]
Crash = Callable[[str], None]


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """What a vault keeps of a slot beside the memory: x, r and the seed (erased when no longer needed)."""

    values: NDArray[np.int64]
    opening: bytes
    seed: bytes
    nonce: Digest


@dataclass(slots=True, repr=False)
class Durable:
    """Everything that survives a crash."""

    memory: Memory = field(default_factory=Memory)
    log: MerkleTree = field(default_factory=MerkleTree)
    entries: list[bytes] = field(default_factory=list)
    secrets: dict[Digest, Secrets] = field(default_factory=dict)
    charged: list[Digest] = field(default_factory=list)
    evidence: list[tuple[object, ...]] = field(default_factory=list)


def _no_crash(_point: str) -> None:
    return


@dataclass(slots=True, repr=False)
class SimulatedParty:
    """One participant. counts: the true counts it would tabulate for an offer; int64, shape (cells,).

    name_of_chance: what its seeded chance is drawn for; a clone that draws anew has another name.
    """

    member: Member
    private: AgreementPrivateKey
    counts: Counts
    seed: int
    name_of_chance: str = ""
    durable: Durable = field(default_factory=Durable)
    crash_at: Crash = _no_crash

    def receive(self, body: bytes, now_s: int) -> tuple[bytes, ...]:
        """Return the answers to a message; a refusal raises and changes nothing but the evidence."""
        try:
            step = receive(
                body,
                memory=self.durable.memory,
                member=self.member,
                log=self.durable.log,
                now_s=now_s,
                own_counts=self.own_counts,
            )
        except Contradiction as refusal:
            self.durable.evidence.append(refusal.evidence)
            raise
        return self._carry_out(step, now_s)

    def restart(self, now_s: int) -> tuple[bytes, ...]:
        """Return what a crash left unsent: the work that is pending is done from what is durable."""
        answers: list[bytes] = []
        for work in pending(self.durable.memory):
            answers += self._carry_out(self._do(work, now_s), now_s)
        return tuple(answers)

    def give_up(self, slot: Digest) -> tuple[bytes, ...]:
        """Return the ABORT of a slot that is not sent."""
        step = give_up(self.durable.memory.slots[slot], self.durable.log)
        return self._carry_out(step, now_s=0)  # no clock: giving up freezes nothing

    def copy_of_disk(self) -> Durable:
        """Return a backup."""
        now = self.durable
        return Durable(now.memory, deepcopy(now.log), [*now.entries], {**now.secrets}, [*now.charged], [*now.evidence])

    def own_counts(self, slot: SlotMemory) -> NDArray[np.int64]:
        """Return this party's noised counts of a slot, from its stored upload and its keys."""
        offer = _offer_of(slot)
        frame = parse_frame(slot.upload, source="the vault", max_payload_bytes=MAX_PAYLOAD_BYTES)
        word = offer.spec.ring_bits
        masked = MaskedVector.parse(frame.payload, word=word, cells=offer.spec.cells)
        keys = self._keys(offer.participants, slot.context or Digest(""))
        return uncover(masked, self.member.ring(offer, offer.participants), keys)

    def _carry_out(self, step: Step, now_s: int) -> tuple[bytes, ...]:
        self.crash_at("before commit")
        self._commit(step.commands)
        self.crash_at("after commit")
        answers = list(step.messages)
        if step.work is not None:
            answers += self._carry_out(self._do(step.work, now_s), now_s)
        return tuple(answers)

    def _commit(self, commands: tuple[Command, ...]) -> None:
        """One transaction: all of it or, when the caller crashed before, nothing."""
        for command in commands:
            match command:
                case Append(entry):
                    body = entry.encode()
                    self.durable.log.append(body)
                    self.durable.entries.append(body)
                case BookCharges(slot):
                    self.durable.charged.append(slot)
                case EraseSecrets(slot):
                    self.durable.secrets.pop(slot, None)
                case KeepEvidence(evidence):
                    self.durable.evidence.append(evidence)
                case _:
                    pass
        self.durable.memory = applied(self.durable.memory, commands)

    def _do(self, work: Work, now_s: int) -> Step:
        self.crash_at("before work")
        match work:
            case FreezeWork():
                return self._freeze(work, now_s)
            case ContributeWork(slot):
                return self._contribute(self.durable.memory.slots[slot])
            case CorrectWork(slot):
                return self._correct(self.durable.memory.slots[slot])
            case AnnounceWork(slot):
                return announce_abort(self.durable.memory.slots[slot], member=self.member, log=self.durable.log)

    def _freeze(self, work: FreezeWork, now_s: int) -> Step:
        offer = work.offer
        chance = self._chance("freeze", offer.spec.slot, str(offer.attempt))
        grid = self.member.grid(offer.spec.study_digest, offer.spec.period)
        parts = contribution_parts(self._plans(offer), grid, self.member.id)
        values = contributed(CellCounts(self.counts(offer).copy()), parts).values
        secrets = Secrets(
            values, chance.take(32, lane=0), chance.take(32, lane=0), Digest(chance.take(32, lane=0).hex())
        )
        step = freeze(
            work,
            nonce=secrets.nonce,
            commitment=commitment(secrets.opening, values.astype("<i8").tobytes()),
            charges_commitment=Digest(sha256(chance.take(32, lane=0)).hexdigest()),
            memory=self.durable.memory,
            member=self.member,
            log=self.durable.log,
            now_s=now_s,
        )
        self.crash_at("before freeze")
        self._commit(step.commands)
        self.durable.secrets[offer.spec.slot] = secrets
        return Step(messages=step.messages)

    def _contribute(self, slot: SlotMemory) -> Step:
        offer = _offer_of(slot)
        secrets = self.durable.secrets[slot.slot]
        bound_to = commitment(secrets.opening, secrets.values.astype("<i8").tobytes())
        source = noise_source(secrets.seed, slot=slot.slot, attempt=slot.attempt, bound_to=bound_to)
        grid = self.member.grid(offer.spec.study_digest, offer.spec.period)
        parts = contribution_parts(self._plans(offer), grid, self.member.id)
        ring = self.member.ring(offer, offer.participants)
        keys = self._keys(offer.participants, slot.context or Digest(""))
        masked = contribution(noised(CellCounts(secrets.values.copy()), parts, source).values, ring, keys)
        return contribute(slot, masked, member=self.member, log=self.durable.log)

    def _correct(self, slot: SlotMemory) -> Step:
        offer = _offer_of(slot)
        context = repair_context_of(slot.context or Digest(""), slot.gone)
        # A repair needs fresh chance that no crash repeats: its seed is durable before it is used.
        if slot.slot not in self.durable.secrets:
            chance = self._chance("repair", slot.slot, context)
            empty = np.zeros(0, dtype=np.int64)
            self.durable.secrets[slot.slot] = Secrets(empty, b"", chance.take(32, lane=0), Digest(""))
        secrets = self.durable.secrets[slot.slot]
        source = noise_source(secrets.seed, slot=slot.slot, attempt=slot.attempt, bound_to=context)
        grid = self.member.grid(offer.spec.study_digest, offer.spec.period)
        repairs = repair_plan(self._plans(offer), self.member.covenant, slot.gone)
        extra = top_up(grid.size, top_up_parts(repairs, grid, self.member.id), source)
        masked = correction(
            extra,
            self.member.ring(offer, slot.survivors),
            gone_keys=self._keys(slot.gone, slot.context or Digest("")),
            survivor_keys=self._keys(slot.survivors, context),
            blind=tuple(
                (cells, source.take((cells.stop - cells.start) * offer.spec.ring_bits // 8, lane=0))
                for cells in void_cells(offer, slot.gone, self.member)
            ),
        )
        return correct(slot, masked, member=self.member)

    def _keys(self, peers: tuple[PartyId, ...], context: Digest) -> tuple[SlotKey, ...]:
        return slot_keys(self.private, covenant=self.member.covenant, own=self.member.id, peers=peers, context=context)

    def _plans(self, offer: Offer) -> tuple[TablePlan, ...]:
        study = self.member.study(offer.spec.study_digest)
        return round_plan(study, self.member.covenant, offer.spec.period, offer.participants)

    def _chance(self, *names: str) -> RandomSource:
        return seeded_source(self.seed, self.member.id, self.name_of_chance, *names)


def _offer_of(slot: SlotMemory) -> Offer:
    if slot.offer is None:
        raise AssertionError("a slot with work to do has an offer")
    return slot.offer
