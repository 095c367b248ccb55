"""Both apps over a grid in memory: the same sum as without Flower, and no node can spoil it for the others."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pytest
from flwr.app import ConfigRecord, Context, Message, RecordDict

from coordinator.flower.memory_grid import MemoryGrid, MemoryNode
from coordinator.flower.road import LONGEST_PAUSE_S, Road
from coordinator.flower.server_app import server_app
from coordinator.rounds import turn
from partner_node.flower.client_app import client_app
from protocol.errors import SamenzichtError
from protocol.round.transitions import State
from protocol.words.ids import PartyId
from simulations.round_world import RoundWorld
from tests.example import QUARTER
from tests.rounds import EVERYONE, STUDY_DIGEST, world

MOST_TURNS = 200
KEYS = {party: f"key of {party}".encode() for party in EVERYONE}
App = Callable[[Message, Context], Message]


@dataclass
class Told:
    """What a world's nodes and coordinator refused, in memory."""

    nodes: list[SamenzichtError] = field(default_factory=list)
    coordinator: list[SamenzichtError] = field(default_factory=list)


def app_of(a_world: RoundWorld, party: PartyId, told: Told) -> App:
    """Return a party's app; its refusals are written down, and reach nobody."""

    def answer(frame: bytes) -> tuple[bytes, ...] | None:
        try:
            return a_world.parties[party].receive(frame, a_world.now_s)
        except SamenzichtError as error:
            told.nodes.append(error)
            return None

    return client_app(answer)


def grid_of(apps: Mapping[PartyId, App]) -> MemoryGrid:
    return MemoryGrid({number: MemoryNode(KEYS[party], app) for number, (party, app) in enumerate(apps.items(), 100)})


def run(a_world: RoundWorld, apps: Mapping[PartyId, App], told: Told, *, turns: int = MOST_TURNS) -> State:
    """Drive the example's round as a `ServerApp`, and return where it stands."""
    session = a_world.coordinator.session
    slot = session.propose(STUDY_DIGEST, QUARTER, EVERYONE, expires_s=a_world.now_s + 3_600).slot.slot
    clock = [0.0]
    states = [State.PROPOSED]

    def drive(road: Road) -> None:
        road.clock = lambda: clock[0]
        for _ in range(turns):
            done = turn(session, slot, road, taken=lambda _: None)
            told.coordinator += [*done.refused, *(error for _, error in road.refused)]
            road.refused.clear()
            states.append(done.slot.state)
            if done.slot.state is State.DONE:
                return
            clock[0] += LONGEST_PAUSE_S

    server_app(drive, KEYS)(grid_of(apps), Context(1, 1, {}, RecordDict(), {}))
    return states[-1]


def test_the_pair_opens_the_same_sum_as_a_channel_without_flower() -> None:
    expected = world(seed=5).run(STUDY_DIGEST, QUARTER)
    a_world, told = world(seed=5), Told()
    assert run(a_world, {party: app_of(a_world, party, told) for party in EVERYONE}, told) is State.DONE
    (slot,) = a_world.coordinator.slots
    assert a_world.coordinator.session.opened(slot).values.tolist() == expected.values.tolist()
    assert not told.coordinator
    assert not told.nodes


def junk(_message: Message, _context: Context) -> Message:
    raise ValueError("a node that ends")


def strange(message: Message, _context: Context) -> Message:
    return Message(RecordDict({"surprise": ConfigRecord({"x": 1})}), reply_to=message)


@pytest.mark.parametrize("spoiling", [junk, strange], ids=["raises", "answers with other records"])
def test_a_node_that_answers_nonsense_now_and_then_only_slows_the_round(spoiling: App) -> None:
    a_world, told, count = world(seed=5), Told(), [0]
    honest = {party: app_of(a_world, party, told) for party in EVERYONE}

    def moody(message: Message, context: Context) -> Message:
        count[0] += 1
        return (spoiling if count[0] % 2 else honest[EVERYONE[0]])(message, context)

    assert run(a_world, {**honest, EVERYONE[0]: moody}, told) is State.DONE
    assert {error.code for error in told.coordinator} <= {"not-answered", "parcel-refused"}
    assert told.coordinator


def test_a_node_that_answers_in_the_name_of_another_is_refused_and_the_round_waits() -> None:
    """T03, T04: the frames of another party, its old ones too, count as that party's and never as this node's."""
    a_world, told = world(seed=5), Told()
    honest = {party: app_of(a_world, party, told) for party in EVERYONE}
    first, second = EVERYONE[:2]
    assert run(a_world, {**honest, first: honest[second]}, told, turns=20) is State.PROPOSED
    (slot,) = a_world.coordinator.slots.values()
    assert first not in slot.readies
    assert run_on(a_world, honest, told) is State.DONE


def test_a_forged_answer_is_refused_by_its_signature() -> None:
    """T03: a byte of a frame changed by who carried it."""
    a_world, told, count = world(seed=5), Told(), [0]
    honest = {party: app_of(a_world, party, told) for party in EVERYONE}

    def forging(message: Message, context: Context) -> Message:
        reply = honest[EVERYONE[0]](message, context)
        count[0] += 1
        if count[0] == 1:
            sent = reply.content["part-00"]["bytes"]
            assert isinstance(sent, bytes)
            part = bytearray(sent)
            part[-1] ^= 1  # of the signature: a READY has no payload
            return Message(RecordDict({"part-00": ConfigRecord({"bytes": bytes(part)})}), reply_to=message)
        return reply

    assert run(a_world, {**honest, EVERYONE[0]: forging}, told) is State.DONE
    assert [error.code for error in told.coordinator] == ["bad-signature"]


def run_on(a_world: RoundWorld, apps: Mapping[PartyId, App], told: Told) -> State:
    """Drive the round that is open to its end."""
    (slot,) = a_world.coordinator.slots
    road, clock = Road(grid_of(apps), KEYS), [0.0]
    road.clock = lambda: clock[0]
    for _ in range(MOST_TURNS):
        done = turn(a_world.coordinator.session, slot, road, taken=lambda _: None)
        told.coordinator += done.refused
        if done.slot.state is State.DONE:
            break
        clock[0] += LONGEST_PAUSE_S
    return done.slot.state


def test_a_message_without_an_answer_goes_again_ever_more_rarely() -> None:
    """T05 in part: fetched and lost with the line, it goes again; while a node is slow, it does not pile up."""
    pushed: list[Message] = []

    class Deaf(MemoryGrid):
        def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
            pushed.extend(messages)
            return [f"message {len(pushed)}"]

    party = EVERYONE[0]
    clock, seen = [0.0], list[float]()
    road = Road(Deaf({100: MemoryNode(KEYS[party], strange)}), {party: KEYS[party]}, clock=lambda: clock[0])
    for second in range(1_000):
        clock[0] = float(second)
        before = len(pushed)
        road.send(party, b"the same")
        seen += [clock[0]] * (len(pushed) - before)
        assert road.collect() == ()
    assert seen == [0.0, 30.0, 90.0, 210.0, 450.0, 930.0]
    road.send(party, b"another")
    assert len(pushed) == 7


def test_what_was_asked_of_a_node_goes_at_once_to_the_one_with_the_partys_new_key() -> None:
    """T12: to the other party nothing goes again."""
    asked: list[int] = []

    class Deaf(MemoryGrid):
        def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
            asked.extend(each.metadata.dst_node_id for each in messages)
            return [f"message {len(asked)}"]

    first, second = EVERYONE[:2]
    grid = Deaf({1: MemoryNode(b"old", strange), 2: MemoryNode(b"other", strange), 3: MemoryNode(b"new", strange)})
    road = Road(grid, {first: b"old", second: b"other"}, clock=lambda: 0.0)

    def ask() -> None:
        for party in (first, second):
            road.send(party, b"the same")

    ask()
    ask()
    assert asked == [1, 2]
    road.follow({first: b"new", second: b"other"})
    ask()
    assert asked == [1, 2, 3]


def test_nothing_is_sent_to_a_party_whose_node_is_not_there() -> None:
    road = Road(MemoryGrid({}), KEYS, clock=time.monotonic)
    road.send(EVERYONE[0], b"x")
    assert road.collect() == ()
    assert road.absent() == EVERYONE
