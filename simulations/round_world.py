"""Computes: one coordinator and its participants in one process, a virtual clock, everything seeded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from protocol.errors import RoundRefusal, SamenzichtError
from protocol.ledger.tree import MerkleTree
from protocol.round.coordinator_round import (
    CoordinatorSlot,
    CoordinatorStep,
    advance,
    open_slot,
    propose,
    receive,
    repair,
)
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
class Coordinator:
    """The coordinator's side: its slots, its own log, and what it sent. An honest one."""

    member: Member
    log: MerkleTree = field(default_factory=MerkleTree)
    slots: dict[Digest, CoordinatorSlot] = field(default_factory=dict)
    shown: list[int] = field(default_factory=list)

    def propose(
        self, study_digest: Digest, period: Period, participants: tuple[PartyId, ...], now_s: int
    ) -> CoordinatorStep:
        """Store and return a first or newer attempt of a slot."""
        slot_id = self.member.spec(study_digest, period).slot
        step = propose(
            study_digest=study_digest,
            period=period,
            participants=participants,
            expires_s=now_s + READY_LIFETIME_S,
            member=self.member,
            log=self.log,
            shown=self.shown,
            before=self.slots.get(slot_id),
        )
        self.shown.append(self.log.size)
        return self._stored(step)

    def take(self, slot: Digest, body: bytes) -> None:
        """Store a participant's message."""
        self._stored(receive(body, slot=self.slots[slot], member=self.member))

    def advance(self, slot: Digest) -> CoordinatorStep:
        """Store and return the next step, if all answers are in."""
        step = advance(self.slots[slot], member=self.member, log=self.log, shown=self.shown)
        if step.slot.state is State.OPENED:
            self.shown.append(self.log.size)  # a RESULT shows it
        return self._stored(step)

    def repair(self, slot: Digest) -> CoordinatorStep:
        """Store and return a repair for those who aborted."""
        return self._stored(repair(self.slots[slot], member=self.member))

    def _stored(self, step: CoordinatorStep) -> CoordinatorStep:
        self.slots[step.slot.slot] = step.slot
        return step


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

    def run(self, study_digest: Digest, period: Period, participants: tuple[PartyId, ...] | None = None) -> Opened:
        """Run one round to its end, resending what was lost, and return the opened sum.

        Raises: Stuck.
        """
        everyone = participants or tuple(self.parties)
        step = self.coordinator.propose(study_digest, period, everyone, self.now_s)
        slot = step.slot.slot
        sent = step.messages
        for _ in range(MAX_TURNS):
            for party, body in sent:
                self.channel.send(party, body)
            self.take_answers(slot)
            step = self.coordinator.advance(slot)
            if step.slot.state is State.DONE:
                return open_slot(step.slot, self.coordinator.member)
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
        known = self.coordinator.slots[slot]
        match known.state:
            case State.COMMITTED:
                body, answered = known.commit, {**known.uploads, **known.aborts}
            case State.REPAIRING:
                body, answered = known.repair, dict(known.corrections)
            case State.OPENED:
                body, answered = known.result, dict(known.verdicts)
            case _:
                body, answered = known.proposed, dict(known.readies)
        return tuple((party, body) for party in known.survivors if party not in answered)

    def _answer_of(self, party: SimulatedParty) -> Answer:
        return lambda body: party.receive(body, self.now_s)
