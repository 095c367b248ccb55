"""Computes: one round of a world driven to its end, or until nothing moves any more, on a virtual clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random

from coordinator.session import Session as CoordinatorSession
from protocol.errors import Refusal, SamenzichtError
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.round.transitions import State
from protocol.words.ids import Digest, PartyId
from protocol.words.period import Period
from simulations.channel import NO_FAULTS, Faults, MemoryChannel
from simulations.round_world import READY_LIFETIME_S
from simulations.world.misdeeds import answering
from simulations.world.node import Answer, Stopped, WorldNode, permitted
from simulations.world.scenario import Event, EventKind

MAX_TURNS = 300  # with half of the messages lost in both directions a step needs about 30
IDLE_TURNS, IDLE_TURNS_LOSSY = 2, 40  # after which nothing comes any more; 40 losses in a row are one in 10^8


@dataclass(slots=True, repr=False)
class Driver:
    """The coordinator of a year and its nodes. chance: of the network. now_s: of all of them."""

    session: CoordinatorSession
    nodes: Mapping[PartyId, WorldNode]
    chance: Random
    faults: Faults
    now_s: int
    refused: list[SamenzichtError] = field(default_factory=list)

    def run(
        self, study: Digest, period: Period, participants: tuple[PartyId, ...], events: tuple[Event, ...]
    ) -> CoordinatorSlot:
        """Propose a round to these participants and drive it as far as it goes."""
        slot = self.session.propose(study, period, participants, expires_s=self.now_s + READY_LIFETIME_S).slot
        channel = MemoryChannel(self._answers(participants, events), self.chance, self.faults)
        idle = 0
        for _ in range(MAX_TURNS):
            before = slot
            for party, body in self.session.unanswered(slot.slot):
                channel.send(party, body)
            self._take(slot.slot, channel.collect())
            self._after_stops(slot.slot, events)
            slot = self._advanced(slot.slot)
            idle = idle + 1 if slot == before else 0
            patient = IDLE_TURNS if self.faults == NO_FAULTS else IDLE_TURNS_LOSSY
            if slot.state is State.DONE or idle == patient:
                break
            self.now_s += 1
        self.refused += [error for _, error in channel.refused if not isinstance(error, Stopped)]
        return slot

    def permit(self, slot: Digest, participants: tuple[PartyId, ...]) -> None:
        """Let an officer of each node agree to these participants."""
        for node in self.nodes.values():
            node.member = permitted(node.member, slot, participants)

    def ask(self, party: PartyId, body: bytes) -> tuple[bytes, ...]:
        """Return what a node says to a message that is not of the round."""
        return self.nodes[party].receive(body, self.now_s)

    def _answers(self, participants: tuple[PartyId, ...], events: tuple[Event, ...]) -> dict[PartyId, Answer]:
        answers: dict[PartyId, Answer] = {}
        for party in participants:
            node = self.nodes[party]
            kinds = frozenset(event.kind for event in events if event.party == party)
            node.stops_after_lock = bool(kinds & {EventKind.LEAVES_AFTER_LOCK, EventKind.RESTARTS_AFTER_LOCK})
            answers[party] = answering(partial(self.ask, party), kinds, node.member.key)
        return answers

    def _take(self, slot: Digest, answers: tuple[bytes, ...]) -> None:
        for body in answers:
            try:
                self.session.take(slot, body)
            except Refusal as error:
                self.refused.append(error)

    def _after_stops(self, slot: Digest, events: tuple[Event, ...]) -> None:
        """Let each machine that stopped after its LOCK do what the scenario says: go on, or give the slot up."""
        for party, node in self.nodes.items():
            if node.stopped:
                node.stopped = False
                kinds = {event.kind for event in events if event.party == party}
                leaves = EventKind.LEAVES_AFTER_LOCK in kinds
                self._take(slot, node.give_up(slot) if leaves else node.restart(self.now_s))

    def _advanced(self, slot: Digest) -> CoordinatorSlot:
        step = self.session.advance(slot).slot
        if (
            step.state is State.COMMITTED
            and step.aborts
            and len(step.aborts) + len(step.uploads) == len(step.survivors)
        ):
            try:
                return self.session.repair(slot).slot
            except Refusal as error:
                self.refused.append(error)
        return step
