"""A response that is lost at any step of a round costs a retry, and the retry gives the same bytes."""

from collections import defaultdict
from random import Random

import numpy as np
import pytest

from protocol.round.frame import parse_frame
from protocol.round.transitions import State
from protocol.study.study import MAX_UPLOAD_BYTES
from protocol.words.ids import PartyId
from simulations.channel import Answer
from tests.coordinator.test_rounds import OPENED, TURNS, World, world
from tests.rounds import EVERYONE

STEPS = 3  # READY, UPLOAD, VERDICT
PR_SEEDS, NIGHTLY_SEEDS = 25, 1_000
Asked = tuple[PartyId, bytes]
Given = dict[Asked, list[tuple[bytes, ...]]]


def recorded(a_world: World, chance: Random, given: Given, *, most: int) -> None:
    """Lose up to `most` of each party's answers to each message, by chance; note all that were given."""
    lost: dict[Asked, int] = defaultdict(int)

    def losing(party: PartyId, answer: Answer) -> Answer:
        def answered(body: bytes) -> tuple[bytes, ...]:
            replies = answer(body)
            key = (party, body)
            given[key].append(replies)
            if replies and lost[key] < most and chance.random() < 0.5:
                lost[key] += 1
                return ()
            return replies

        return answered

    a_world.channel.answer = {party: losing(party, answer) for party, answer in a_world.channel.answer.items()}


def play(seed: int) -> Given:
    """Play one round with losses and return every answer to every message."""
    given: Given = defaultdict(list)
    a_world = world(seed=seed)
    recorded(a_world, Random(seed), given, most=3)
    assert np.array_equal(a_world.run().values, OPENED.values)
    return given


def check(given: Given) -> int:
    """Assert that each message has one answer, ever; return how many were asked again."""
    assert len(given) == STEPS * len(EVERYONE)
    for answers in given.values():
        assert len(set(filter(None, answers))) == 1
    return sum(len(answers) > 1 for answers in given.values())


@pytest.mark.parametrize("seed", range(PR_SEEDS))
def test_a_lost_answer_is_given_again_byte_for_byte(seed: int) -> None:
    """C04: the request arrives and the response is lost, at each of 18 steps by chance."""
    assert check(play(seed)) > 0


@pytest.mark.nightly
def test_a_thousand_rounds_with_lost_answers_give_the_same_bytes() -> None:
    """C04: 1,000 seeds."""
    again = [check(play(seed)) for seed in range(NIGHTLY_SEEDS)]
    print(f"C04: {sum(again)} answers asked again in {NIGHTLY_SEEDS} rounds, all the same bytes")  # noqa: T201 - figures of the night


def test_a_coordinator_that_asks_again_sends_the_same_bytes() -> None:
    """C04, the other way: what is unanswered goes again as it was stored."""
    a_world = world()
    sent: dict[PartyId, set[bytes]] = defaultdict(set)
    a_world.channel.answer = dict.fromkeys(EVERYONE, lambda _body: ())
    for _ in range(TURNS):
        known = a_world.turn()
        for party, body in a_world.channel.waiting:
            sent[party].add(body)
    assert known.state is State.PROPOSED
    assert {len(bodies) for bodies in sent.values()} == {1}


def test_a_party_that_answers_anew_is_caught() -> None:
    """Negative control: another signature-bearing byte in a second answer is seen."""
    given = play(1)
    key, answers = next((key, answers) for key, answers in given.items() if answers[0])
    frame = parse_frame(answers[0][0], source="a party", max_payload_bytes=MAX_UPLOAD_BYTES)
    assert frame.header.sender == key[0]
    given[key].append((answers[0][0] + b"\0",))
    with pytest.raises(AssertionError):
        check(given)
