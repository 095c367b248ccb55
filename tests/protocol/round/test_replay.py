"""Recorded messages again: to the same node, to others, in the next round, in any order. Nothing changes by it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np
import pytest

from protocol.errors import SamenzichtError
from protocol.ledger.tree import MerkleTree
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.round.transitions import State
from protocol.words.ids import Digest, PartyId
from protocol.words.period import Period
from simulations.round_world import RoundWorld
from tests import example
from tests.rounds import EVERYONE, STUDY_DIGEST, world

NEXT = Period("2026-Q2")
PUSHED, NIGHTLY = 600, 10_000


@dataclass(frozen=True)
class Heard:
    """A message that a party got, and what it answered; or an answer that the coordinator got."""

    slot: Digest
    to: PartyId
    body: bytes
    answers: tuple[bytes, ...] = ()


@dataclass
class Tape:
    """What went over every line of a world, both ways."""

    world: RoundWorld
    messages: list[Heard] = field(default_factory=list)

    def listen(self) -> None:
        for party, answer in dict(self.world.channel.answer).items():
            self.world.channel.answer[party] = self._recorded(party, answer)  # type: ignore[index]  # a dict, as it is made

    def _recorded(
        self, party: PartyId, answer: Callable[[bytes], tuple[bytes, ...]]
    ) -> Callable[[bytes], tuple[bytes, ...]]:
        def heard(body: bytes) -> tuple[bytes, ...]:
            answers = answer(body)
            slot = next(reversed(self.world.coordinator.slots))
            self.messages.append(Heard(slot, party, body, answers))
            return answers

        return heard

    @property
    def answers(self) -> list[Heard]:
        """What the coordinator got, by slot."""
        return [Heard(each.slot, each.to, body) for each in self.messages for body in each.answers]


def two_rounds(seed: int = 1) -> Tape:
    """Return a world after two whole rounds, and everything that went over its lines."""
    tape = Tape(world(seed=seed))
    tape.listen()
    for period in (example.QUARTER, NEXT):
        tape.world.run(STUDY_DIGEST, period)
    assert len(tape.messages) == 2 * 3 * len(EVERYONE)  # PROPOSE, COMMIT, RESULT
    return tape


State_ = tuple[object, ...]


def state_of(a_world: RoundWorld) -> State_:
    """Return all that is durable of everybody, the coordinator included."""
    parties = [
        (party, each.durable.memory, root(each.durable.log), tuple(each.durable.charged), len(each.durable.evidence))
        for party, each in a_world.parties.items()
    ]
    shelf = a_world.coordinator.shelf
    return (*parties, dict(shelf.slots), root(shelf.log), len(shelf.evidence))


def root(log: MerkleTree) -> tuple[int, bytes]:
    return log.size, bytes(log.root())


@dataclass
class Tally:
    """How replays ended."""

    same: int = 0
    refused: int = 0
    nothing: int = 0


def replay(tape: Tape, *, times: int, seed: int) -> Tally:
    """Replay messages of two finished rounds to anybody, and answers to the coordinator of either round."""
    chance, tally, a_world = Random(seed), Tally(), tape.world
    sent = {party: {body for each in tape.messages if each.to == party for body in each.answers} for party in EVERYONE}
    slots = list(dict.fromkeys(each.slot for each in tape.messages))
    before = state_of(a_world)
    for _ in range(times):
        try:
            if chance.random() < 0.7:
                body, to = chance.choice(tape.messages).body, chance.choice(EVERYONE)
                answers = a_world.parties[to].receive(body, a_world.now_s)
                assert set(answers) <= sent[to], "bytes that it did not send before"
                tally.same += bool(answers)
                tally.nothing += not answers
            else:
                a_world.coordinator.take(chance.choice(slots), chance.choice(tape.answers).body)
                tally.nothing += 1
        except SamenzichtError:
            tally.refused += 1
    assert state_of(a_world) == before
    return tally


def test_six_hundred_replays_change_nothing() -> None:
    """T04: same round, next round, other node; the answers are bytes that were sent before, or there are none."""
    tally = replay(two_rounds(), times=PUSHED, seed=4)
    assert tally.same + tally.refused + tally.nothing == PUSHED
    assert tally.same > 0
    assert tally.refused > 0


@pytest.mark.nightly
def test_ten_thousand_replays_change_nothing() -> None:
    """T04."""
    tally = replay(two_rounds(2), times=NIGHTLY, seed=5)
    assert tally.same + tally.refused + tally.nothing == NIGHTLY


def test_a_node_that_counts_a_replay_as_a_round_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: one durable note a message is caught."""
    tape = two_rounds()
    party = tape.world.parties[EVERYONE[0]]
    honest = type(party).receive

    def counting(self: object, body: bytes, now_s: int) -> tuple[bytes, ...]:
        if self is party:
            party.durable.charged.append(Digest("0" * 64))
        return honest(party if self is party else self, body, now_s)  # type: ignore[arg-type]  # a party, as it is called

    monkeypatch.setattr(type(party), "receive", counting)
    with pytest.raises(AssertionError):
        replay(tape, times=50, seed=4)


def test_the_first_round_of_another_world_is_refused_everywhere() -> None:
    """T04: the same parties and study, recorded elsewhere: other nonces, so no COMMIT or RESULT of it counts.

    The same coordinator's head of another log is a fork: it is kept as evidence, and nothing else changes.
    """
    recorded, fresh = two_rounds(7), world(seed=8)
    fresh.run(STUDY_DIGEST, example.QUARTER)
    before = state_of(fresh)
    for each in recorded.messages[len(EVERYONE) : 3 * len(EVERYONE)]:
        with pytest.raises(SamenzichtError):
            fresh.parties[each.to].receive(each.body, fresh.now_s)
    for party in fresh.parties.values():
        del party.durable.evidence[:]
    assert state_of(fresh) == before


def shuffled_round(seed: int) -> tuple[RoundWorld, CoordinatorSlot]:
    """Run a round in which messages go several times, late and in any order, beside those of the round before."""
    a_world, chance = world(seed=1), Random(seed)
    tape = Tape(a_world)
    tape.listen()
    a_world.run(STUDY_DIGEST, example.QUARTER)
    old = [(each.to, each.body) for each in tape.messages]
    old_answers = [each.body for each in tape.answers]
    step = a_world.coordinator.propose(STUDY_DIGEST, NEXT, EVERYONE, a_world.now_s)
    slot, known = step.slot.slot, [*old]
    for _ in range(200):
        known += step.messages or a_world.unanswered(slot)
        due = [*chance.sample(known, k=min(12, len(known))), *known[-len(EVERYONE) :]]
        chance.shuffle(due)
        answers = [answer for to, body in due for answer in _heard(a_world, to, body)]
        answers += chance.sample(old_answers, k=5)
        chance.shuffle(answers)
        for answer in answers:
            _taken(a_world, slot, answer)
        step = a_world.coordinator.advance(slot)
        if step.slot.state is State.DONE:
            break
    return a_world, step.slot


def _heard(a_world: RoundWorld, to: PartyId, body: bytes) -> Sequence[bytes]:
    try:
        return a_world.parties[to].receive(body, a_world.now_s)
    except SamenzichtError:
        return ()


def _taken(a_world: RoundWorld, slot: Digest, answer: bytes) -> None:
    try:
        a_world.coordinator.take(slot, answer)
    except SamenzichtError:
        return


@pytest.mark.parametrize("seed", range(2))
def test_repeated_late_and_mixed_messages_end_in_the_sum_of_an_orderly_round(seed: int) -> None:
    """T05: the same sum, one charge for each slot, and no evidence against anybody."""
    orderly = world(seed=1)
    orderly.run(STUDY_DIGEST, example.QUARTER)
    expected = orderly.run(STUDY_DIGEST, NEXT).values
    mixed, slot = shuffled_round(seed)
    assert slot.state is State.DONE
    assert np.array_equal(mixed.coordinator.session.opened(slot.slot).values, expected)
    for party in mixed.parties.values():
        assert len(party.durable.charged) == len(set(party.durable.charged)) == 2
        assert not party.durable.evidence
