"""The driver of a round: turns over a channel, crashes at every durable step, late parties, and one deadline."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from random import Random

import numpy as np
import pytest

from coordinator.rounds import (
    LEAST_READY_S,
    MOST_READY_S,
    PartyLine,
    PartyState,
    RoundIsOver,
    RoundTooEarly,
    begin,
    deadlines,
    party_lines,
    turn,
)
from coordinator.session import Session
from protocol.digest import digest_of
from protocol.errors import SamenzichtError
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.round.opening import Opened
from protocol.round.transitions import OutOfOrder, State
from protocol.words.ids import PartyId
from simulations.channel import NO_FAULTS, Faults, MemoryChannel
from simulations.round_world import MemoryShelf
from tests import bundles, example
from tests.rounds import EVERYONE

STUDY = example.study()
DIGEST = digest_of(STUDY)
NOW_S = 1_775_822_400  # 10 April 2026, 12:00 UTC: the day on which the round opens
DUE = date(2026, 4, 24)
TURNS = 60


class PowerCut(BaseException):
    """The process dies here."""


@dataclass(slots=True)
class FailingShelf(MemoryShelf):
    """A shelf at which the process dies, before or after its n-th durable step; once."""

    dies_at: int = -1
    before: bool = True
    steps: int = 0

    def keep_slot(self, slot: CoordinatorSlot, *, showed: int | None = None) -> None:
        self.steps += 1
        if self.steps == self.dies_at and self.before:
            raise PowerCut
        MemoryShelf.keep_slot(self, slot, showed=showed)
        if self.steps == self.dies_at:
            raise PowerCut


@dataclass(slots=True)
class World:
    """A coordinator's driver and participants that answer it."""

    shelf: FailingShelf
    session: Session
    channel: MemoryChannel
    taken: list[bytes] = field(default_factory=list)
    refused: list[SamenzichtError] = field(default_factory=list)

    def turn(self) -> CoordinatorSlot:
        slot = begin(self.session, DIGEST, example.QUARTER, EVERYONE, now_s=NOW_S).slot
        done = turn(self.session, slot, self.channel, taken=self.taken.append)
        self.refused += done.refused
        return done.slot

    def run(self) -> Opened:
        """Turn until the round is done, starting anew after a death."""
        for _ in range(TURNS):
            with suppress(PowerCut):
                known = self.turn()
                if known.state is State.DONE:
                    return self.session.opened(known.slot)
        raise AssertionError("the round did not end")


def world(*, faults: Faults = NO_FAULTS, silent: tuple[PartyId, ...] = (), seed: int = 0, **shelf: object) -> World:
    made = bundles.world(STUDY)
    parties = made.rounds.parties
    answer = {
        party: (lambda _body: ()) if party in silent else (lambda body, node=node: node.receive(body, NOW_S))
        for party, node in parties.items()
    }
    kept = FailingShelf(**shelf)  # type: ignore[arg-type]  # dies_at and before
    return World(kept, Session(made.member, kept), MemoryChannel(answer, Random(seed), faults))


HONEST = world()
OPENED = HONEST.run()
STEPS = HONEST.shelf.steps


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("dies_at", range(1, STEPS + 1))
def test_a_round_that_dies_at_any_durable_step_goes_on_to_the_same_sum(dies_at: int, before: bool) -> None:  # noqa: FBT001 - a case
    """C04, C08: at each durable step, before and after; the nightly campaign of the store kills real processes."""
    again = world(dies_at=dies_at, before=before)
    assert np.array_equal(again.run().values, OPENED.values)
    assert again.shelf.steps >= STEPS  # negative control: it did die, and did something again


@pytest.mark.parametrize("seed", range(20))
def test_lost_doubled_and_late_answers_end_in_the_same_sum(seed: int) -> None:
    """C04: what is unanswered goes again, the same bytes."""
    faults = Faults(drop=0.2, drop_answer=0.2, repeat=0.2, delay=0.2, reorder=True)
    assert np.array_equal(world(faults=faults, seed=seed).run().values, OPENED.values)


def test_a_period_that_was_run_is_not_run_again() -> None:
    """C01: the slot stays as it is, and nothing is sent."""
    done = world()
    done.run()
    slot = begin(done.session, DIGEST, example.QUARTER, EVERYONE, now_s=NOW_S + 10**6)
    assert slot.state is State.DONE
    sent = len(done.channel.seen)
    assert done.turn().state is State.DONE
    assert len(done.channel.seen) == sent
    with pytest.raises(OutOfOrder):
        done.session.propose(DIGEST, example.QUARTER, EVERYONE, expires_s=NOW_S + 10**7)


def test_each_party_has_a_line_that_says_what_it_waits_for() -> None:
    """C07: who is missing is visible."""
    silent = (example.SCHOOLS[0],)
    waiting = world(silent=silent)
    waiting.turn()
    known = waiting.turn()
    lines = party_lines(known, EVERYONE, now_s=NOW_S, due_s=NOW_S + 60)
    states = {line.party: line.state for line in lines}
    assert states.pop(silent[0]) is PartyState.WAITING
    assert set(states.values()) == {PartyState.READY}
    late = party_lines(known, EVERYONE, now_s=NOW_S + 61, due_s=NOW_S + 60)
    assert PartyLine(silent[0], PartyState.LATE) in late


def test_a_party_that_stays_silent_is_left_out_once_its_ready_ended() -> None:
    silent = (example.SCHOOLS[0],)
    slow = world(silent=silent)
    slow.turn()
    known = slow.turn()
    assert known.attempt == 0
    later = begin(slow.session, DIGEST, example.QUARTER, EVERYONE, now_s=known.offer.expires_s)
    assert later.attempt == 1
    assert later.offer.participants == tuple(party for party in EVERYONE if party not in silent)
    lines = party_lines(later, EVERYONE, now_s=NOW_S, due_s=NOW_S)
    assert PartyLine(silent[0], PartyState.LATE, "left-out") in lines
    # Negative control: before that moment nothing changes.
    same = world(silent=silent)
    same.turn()
    before = same.turn()
    again = begin(same.session, DIGEST, example.QUARTER, EVERYONE, now_s=before.offer.expires_s - 1)
    assert again.attempt == 0


def test_a_message_that_was_changed_on_the_way_is_refused_and_the_round_goes_on() -> None:
    """A party that answers for another cannot: what it signs holds for itself alone."""
    hostile = world(faults=Faults(tamper=0.3), seed=3)
    assert np.array_equal(hostile.run().values, OPENED.values)
    assert hostile.refused  # at the coordinator
    assert hostile.channel.refused  # at participants


def test_all_timeouts_follow_from_the_due_date() -> None:
    opens = date(2026, 4, 10)
    first = deadlines(opens, DUE, now_s=NOW_S)
    assert first.due_s == 1_777_075_199  # 24 April 2026, 23:59:59 UTC
    assert first.expires_s == NOW_S + (first.due_s - NOW_S) // 2
    last = deadlines(opens, DUE, now_s=first.due_s - 60)
    assert last.expires_s == first.due_s - 60 + LEAST_READY_S
    assert deadlines(opens, date(2026, 12, 31), now_s=NOW_S).expires_s == NOW_S + MOST_READY_S
    with pytest.raises(RoundTooEarly, match="2026-04-10"):
        deadlines(opens, DUE, now_s=NOW_S - 86_400)
    with pytest.raises(RoundIsOver, match="2026-04-24"):
        begin(world().session, DIGEST, example.QUARTER, EVERYONE, now_s=first.due_s + 1)
