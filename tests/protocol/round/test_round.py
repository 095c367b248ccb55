"""A round among honest parties, over a good and a bad network, with crashes in every place."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from partner_node import session as session_module
from partner_node.pipeline import Part, contributed
from privacy.counts import CellCounts, NoisedCounts
from protocol.digest import digest_of
from protocol.round.frame import parse_frame
from protocol.round.messages import MESSAGES, Header, Upload
from protocol.round.transitions import State
from protocol.words.ids import PartyId
from protocol.words.period import Period
from simulations.channel import Faults
from simulations.round_world import RoundWorld
from tests import example
from tests.rounds import EVERYONE, STUDY_DIGEST, propose, ready, send, slot_of, true_counts, world

SCHOOL_CELLS, VT_CELLS = slice(12, 15), slice(0, 12)


def test_a_round_opens_the_sum_of_what_each_party_noised_and_nothing_else() -> None:
    a_world = world()
    opened = a_world.run(STUDY_DIGEST, example.QUARTER)
    noised = [party.own_counts(party.durable.memory.slots[slot_of(a_world)]) for party in a_world.parties.values()]
    assert np.array_equal(opened.values, np.sum(noised, axis=0))
    # Own tables hold the owner's counts alone, the joint one the three schools'; noise of sigma 14 and 17 on top.
    assert np.all(np.abs(opened.values[VT_CELLS] - true_counts(example.VT)[VT_CELLS]) < 100)
    schools = np.sum([true_counts(school) for school in example.SCHOOLS], axis=0)[SCHOOL_CELLS]
    assert np.all(np.abs(opened.values[SCHOOL_CELLS] - schools) < 120)


def test_observers_add_zeros_and_no_noise() -> None:
    a_world = world()
    a_world.run(STUDY_DIGEST, example.QUARTER)
    for party in (example.WITNESS, example.POLICE):
        slot = a_world.parties[party].durable.memory.slots[slot_of(a_world)]
        assert not a_world.parties[party].own_counts(slot).any()


def test_every_party_is_charged_once_and_ends_done() -> None:
    a_world = world()
    a_world.run(STUDY_DIGEST, example.QUARTER)
    for party in a_world.parties.values():
        assert party.durable.charged == [slot_of(a_world)]
        assert party.durable.memory.slots[slot_of(a_world)].state is State.DONE
        assert not party.durable.secrets
        assert not party.durable.memory.unsettled


@pytest.mark.parametrize(
    "faults",
    [
        Faults(drop=0.3, drop_answer=0.3),
        Faults(repeat=0.5, reorder=True),
        Faults(delay=0.5, repeat=0.3, reorder=True),
        Faults(tamper=0.2),
        Faults(drop=0.2, drop_answer=0.2, repeat=0.2, delay=0.2, tamper=0.1, reorder=True),
    ],
    ids=["drop", "repeat", "delay", "tamper", "all"],
)
@pytest.mark.parametrize("seed", range(5))
def test_a_bad_network_changes_no_figure_and_no_charge(faults: Faults, seed: int) -> None:
    """C04: a lost response is answered with the same bytes."""
    expected = world(seed=seed).run(STUDY_DIGEST, example.QUARTER).values
    a_world = world(seed=seed, faults=faults)
    assert np.array_equal(a_world.run(STUDY_DIGEST, example.QUARTER).values, expected)
    assert all(len(party.durable.charged) == 1 for party in a_world.parties.values())
    uploads = {body for body in a_world.channel.seen if isinstance(_header(body), Upload)}
    assert len(uploads) == len(EVERYONE)


class _Power(Exception):
    """The power went."""


def _cut(at: str, times: int) -> Callable[[str], None]:
    left = [times]

    def cut(point: str) -> None:
        if point == at:
            left[0] -= 1
            if left[0] == 0:
                raise _Power

    return cut


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("at", ["before commit", "after commit", "before work", "before freeze"])
def test_a_crash_at_any_point_ends_in_the_same_bytes(at: str, times: int) -> None:
    """R09: the frozen snapshot is used although the source has changed meanwhile."""
    expected = world().run(STUDY_DIGEST, example.QUARTER).values
    a_world = world()
    victim = a_world.parties[example.VT]
    victim.crash_at = _cut(at, times)
    body = propose(a_world)
    others = [party for party in EVERYONE if party != example.VT]
    send(a_world, others, body)
    _through_crashes(a_world, body)
    commit = a_world.coordinator.advance(slot_of(a_world)).messages[0][1]
    changed = true_counts(example.VT) + 7
    victim.counts = lambda _offer: changed
    send(a_world, others, commit)
    _through_crashes(a_world, commit)
    result = a_world.coordinator.advance(slot_of(a_world)).messages[0][1]
    send(a_world, others, result)
    _through_crashes(a_world, result)
    done = a_world.coordinator.advance(slot_of(a_world)).slot
    assert done.state is State.DONE
    assert len(victim.durable.charged) == 1
    slot = victim.durable.memory.slots[slot_of(a_world)]
    assert np.array_equal(expected[VT_CELLS], victim.own_counts(slot)[VT_CELLS])


def _through_crashes(a_world: RoundWorld, body: bytes) -> None:
    victim = a_world.parties[example.VT]
    for _ in range(5):
        try:
            answers = (*victim.receive(body, a_world.now_s), *victim.restart(a_world.now_s))
        except _Power:
            continue
        for answer in answers:
            a_world.coordinator.take(slot_of(a_world), answer)
        return
    raise AssertionError("the power kept going")


def test_a_second_period_builds_on_the_first() -> None:
    a_world = world()
    first = a_world.run(STUDY_DIGEST, example.QUARTER)
    second = a_world.run(STUDY_DIGEST, Period("2026-Q2"))
    assert not np.array_equal(first.values, second.values)
    # In the second round each log had grown, and everybody had to prove it.
    assert {head.size for head in a_world.parties[example.VT].durable.memory.heads.values()} == {0, 2}


def test_only_two_numbers_of_a_party_change_between_neighbouring_inputs() -> None:
    """What travels before the upload does not depend on the counts but through the hiding commitment."""
    one, other = world(), world()
    other.parties[example.VT].counts = lambda _offer: true_counts(example.VT) + 1
    body, other_body = propose(one), propose(other)
    assert body == other_body
    (mine,) = one.parties[example.VT].receive(body, one.now_s)
    (theirs,) = other.parties[example.VT].receive(body, other.now_s)
    assert len(mine) == len(theirs)
    first, second = _header(mine).model_dump(), _header(theirs).model_dump()
    assert {name for name in first if first[name] != second[name]} == {"commitment"}


def test_own_uploads_take_four_bytes_a_cell() -> None:
    a_world = world()
    commit = ready(a_world)
    (upload,) = a_world.parties[example.VT].receive(commit, a_world.now_s)
    frame = parse_frame(upload, source="a test", max_payload_bytes=60)
    assert len(frame.payload) == 4 * 15


def test_the_messages_are_a_closed_set() -> None:
    assert set(MESSAGES) == {
        "propose",
        "decline",
        "ready",
        "commit",
        "upload",
        "abort",
        "repair",
        "correction",
        "result",
        "verdict",
    }


def test_a_large_result_carries_hashes_and_is_agreed_all_the_same() -> None:
    small = example.study().model_copy(update={"max_upload_bytes": 100})
    a_world = world()
    digest = digest_of(small)
    for member in (a_world.coordinator.member, *(party.member for party in a_world.parties.values())):
        object.__setattr__(member, "studies", {digest: small})
    opened = a_world.run(digest, example.QUARTER)
    assert opened.values.size == 15
    result = a_world.coordinator.slots[a_world.coordinator.member.spec(digest, example.QUARTER).slot].result
    assert len(result) < 6 * 4_000
    assert not _header(result).model_dump()["has_vectors"]


def _header(body: bytes) -> Header:
    return parse_frame(body, source="a test", max_payload_bytes=1 << 20).header


def _measured_once(monkeypatch: pytest.MonkeyPatch, *, counted_twice: PartyId | None = None) -> list[int]:
    """Run a round without noise in which each school's cells hold a power of sixteen of its own; read the digits."""

    def quiet(counts: CellCounts, parts: Sequence[Part], _source: object) -> NoisedCounts:
        return NoisedCounts(contributed(counts, parts).values.copy())

    monkeypatch.setattr(session_module, "noised", quiet)
    a_world = world()
    for place, school in enumerate(example.SCHOOLS):
        unique = np.full(15, 16**place * (2 if school == counted_twice else 1), dtype=np.int64)
        a_world.parties[school].counts = lambda _offer, unique=unique: unique  # type: ignore[misc] # bound now
    opened = a_world.run(STUDY_DIGEST, example.QUARTER)
    return [int(value) for value in opened.values[SCHOOL_CELLS]]


def test_every_contributor_is_measured_exactly_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """S16: in a build without noise, and only in a test, each digit of the sum is one school."""
    assert _measured_once(monkeypatch) == [0x111] * 3


def test_a_contributor_that_counts_twice_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """S16, negative control."""
    assert _measured_once(monkeypatch, counted_twice=example.SCHOOLS[1]) == [0x121] * 3
