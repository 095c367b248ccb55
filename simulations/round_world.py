"""Computes: one coordinator and its participants in one process, a virtual clock, everything seeded."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from random import Random

from coordinator.session import Session
from protocol.errors import RoundRefusal, SamenzichtError
from protocol.ledger.tree import MerkleTree
from protocol.round.coordinator_round import CoordinatorSlot, CoordinatorStep
from protocol.round.member import Member
from protocol.round.opening import Opened
from protocol.round.transitions import State
from protocol.words.ids import Digest, PartyId
from protocol.words.period import Period
from simulations.channel import NO_FAULTS, Answer, Faults, MemoryChannel
from simulations.party import SimulatedParty

READY_LIFETIME_S = 3_600
MAX_TURNS = 200  # with 30 % losses in both directions a round needs about 20


class Stuck(RoundRefusal):
    """A round in a world that does not end within its turns."""


@dataclass(slots=True, repr=False)
class MemoryShelf:
    """A coordinator's shelf in memory."""

    log: MerkleTree = field(default_factory=MerkleTree)
    slots: dict[Digest, CoordinatorSlot] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)
    evidence: list[tuple[str | bytes, ...]] = field(default_factory=list)

    def transaction(self) -> AbstractContextManager[object]:
        """Hold nothing: memory does not survive anyway."""
        return nullcontext()

    def shown(self) -> list[int]:
        """Return the sizes of the log that messages showed."""
        return self.sizes

    def slot(self, slot: Digest) -> CoordinatorSlot | None:
        """Return what is known of a slot."""
        return self.slots.get(slot)

    def keep_slot(self, slot: CoordinatorSlot, *, showed: int | None = None) -> None:
        """Keep a slot."""
        self.slots[slot.slot] = slot
        if showed is not None:
            self.sizes.append(showed)

    def keep_evidence(self, evidence: tuple[str | bytes, ...]) -> None:
        """Keep texts that contradict each other."""
        self.evidence.append(evidence)


class Coordinator:
    """The coordinator's side in memory: the session of a real one. An honest one."""

    def __init__(self, member: Member, shelf: MemoryShelf | None = None) -> None:
        self.shelf = shelf or MemoryShelf()
        self.session = Session(member, self.shelf)

    @property
    def member(self) -> Member:
        """Who it is."""
        return self.session.member

    @member.setter
    def member(self, member: Member) -> None:
        self.session = Session(member, self.shelf)

    @property
    def log(self) -> MerkleTree:
        """Its own log."""
        return self.shelf.log

    @property
    def slots(self) -> dict[Digest, CoordinatorSlot]:
        """Its slots, which a test may change."""
        return self.shelf.slots

    def propose(
        self,
        study_digest: Digest,
        period: Period,
        participants: tuple[PartyId, ...],
        now_s: int,
        parameters: tuple[int, ...] = (),
    ) -> CoordinatorStep:
        """Store and return a first or newer attempt of a slot."""
        expires_s = now_s + READY_LIFETIME_S
        return self.session.propose(study_digest, period, participants, expires_s=expires_s, parameters=parameters)

    def take(self, slot: Digest, body: bytes) -> None:
        """Store a participant's message."""
        self.session.take(slot, body)

    def advance(self, slot: Digest) -> CoordinatorStep:
        """Store and return the next step, if all answers are in."""
        return self.session.advance(slot)

    def repair(self, slot: Digest) -> CoordinatorStep:
        """Store and return a repair for those who aborted."""
        return self.session.repair(slot)


@dataclass(slots=True, repr=False)
class RoundWorld:
    """A coordinator, participants by id, and the channel between them."""

    coordinator: Coordinator
    parties: Mapping[PartyId, SimulatedParty]
    chance: Random
    faults: Faults = NO_FAULTS
    now_s: int = 1_770_000_000
    channel: MemoryChannel = field(init=False)

    def __post_init__(self) -> None:
        self.channel = MemoryChannel(
            {party_id: self._answer_of(party) for party_id, party in self.parties.items()}, self.chance, self.faults
        )

    def run(
        self,
        study_digest: Digest,
        period: Period,
        participants: tuple[PartyId, ...] | None = None,
        *,
        parameters: tuple[int, ...] = (),
    ) -> Opened:
        """Run one round to its end, resending what was lost, and return the opened sum.

        Raises: Stuck.
        """
        everyone = participants or tuple(self.parties)
        step = self.coordinator.propose(study_digest, period, everyone, self.now_s, parameters)
        slot = step.slot.slot
        sent = step.messages
        for _ in range(MAX_TURNS):
            for party, body in sent:
                self.channel.send(party, body)
            self.take_answers(slot)
            step = self.coordinator.advance(slot)
            if step.slot.state is State.DONE:
                return self.coordinator.session.opened(slot)
            sent = step.messages or self.unanswered(slot)
            self.now_s += 1
        raise Stuck(got=f"a round in state {step.slot.state}", wanted="a round that ended", act="look at the refusals")

    def take_answers(self, slot: Digest) -> None:
        """Hand every answer that came in to the coordinator; what it refuses is kept with the rest."""
        for body in self.channel.collect():
            try:
                self.coordinator.take(slot, body)
            except SamenzichtError as error:
                self.channel.refused.append((self.coordinator.member.id, error))

    def unanswered(self, slot: Digest) -> tuple[tuple[PartyId, bytes], ...]:
        """Return what to send again to those whose answer is missing: the same bytes."""
        return self.coordinator.session.unanswered(slot)

    def _answer_of(self, party: SimulatedParty) -> Answer:
        return lambda body: party.receive(body, self.now_s)
