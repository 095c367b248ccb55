"""kill -9 between any two statements of a step: the state before it or after it, and the round goes on from there."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import pytest

from coordinator.store.make import make_store
from coordinator.store.store import Store, open_store
from protocol.ledger.entry import Entry, ReleaseEntry
from protocol.release import SignedRelease
from protocol.round.coordinator_round import CoordinatorSlot
from tests.coordinator.store.cluster import Cluster
from tests.coordinator.store.contents import Dump, dump, signed_release, steps
from tests.coordinator.store.killed_store import Countdown, reopened
from tests.partner_node.vault.killed import Tell, in_child


@dataclass(frozen=True, slots=True)
class Kept:
    """What one call of `keep_slot` is given."""

    slot: CoordinatorSlot
    showed: int | None = None
    entries: tuple[Entry, ...] = ()
    release: SignedRelease | None = None


def script() -> tuple[Kept, ...]:
    """Return a round in six steps; the last appends two entries and publishes."""
    slots = steps()
    entries = tuple(ReleaseEntry(slot=slots[-1].slot, release_digest=slots[-1].slot) for _ in range(2))
    return (
        *(Kept(slot, showed=number) for number, slot in enumerate(slots[:-1])),
        Kept(slots[-1], showed=9, entries=entries, release=signed_release()),
    )


def whole(store: Store, kept: Kept) -> None:
    store.keep_slot(kept.slot, showed=kept.showed, entries=kept.entries, release=kept.release)


def in_pieces(store: Store, kept: Kept) -> None:
    """Keep a step in several transactions, as a careless caller would."""
    store.keep_slot(kept.slot, showed=kept.showed)
    for entry in kept.entries:
        store.log.append(entry.encode())
    store.keep_slot(kept.slot, release=kept.release)


Keep = Callable[[Store, Kept], None]


def play(url: str, tell: Tell, *, at: int, keep: Keep) -> None:
    """Keep every step, tell when each is durable, and then how many statements there were."""
    with open_store(url) as store:
        countdown = Countdown(at)
        countdown.watch()
        for kept in script():
            keep(store, kept)
            tell(b"durable")
        tell(str(countdown.count).encode())


def states(url: str) -> tuple[Dump, ...]:
    """Return what a store holds before the first step and after each."""
    with open_store(url) as store:
        found = [dump(store)]
        for kept in script():
            whole(store, kept)
            found.append(dump(store))
    return tuple(found)


@pytest.fixture
def another(request: pytest.FixtureRequest, url: str) -> Iterator[Callable[[], str]]:
    """Return a maker of empty stores on the database of `url`; making each anew would take longer than its round."""
    numbers = count()
    if url.startswith("sqlite"):
        empty = url + "-empty"
        make_store(empty)

        def copied() -> str:
            copy = f"{url}-{next(numbers)}"
            shutil.copy2(empty.removeprefix("sqlite:///"), copy.removeprefix("sqlite:///"))
            return copy

        yield copied
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    template = cluster.new_database()
    make_store(template)
    names: list[str] = []

    def cloned() -> str:
        names.append(cluster.new_database(template))
        return names[-1]

    yield cloned
    for name in (*names, template):
        cluster.drop(name)


def test_kill_at_any_statement_leaves_the_state_before_or_after(url: str, another: Callable[[], str]) -> None:
    """F01 at the coordinator: what was told to be durable is; nothing is half; the rest can be kept after it."""
    expected = states(url)
    fresh = another()
    counted = in_child(lambda tell: play(fresh, tell, at=0, keep=whole))
    statements = int(counted.told[-1])
    assert statements >= 50
    reached = set()
    for at in range(1, statements + 1):
        killed = another()
        told = killed_at(killed, at, whole)
        with reopened(killed) as store:
            place = expected.index(dump(store))  # ValueError: half a step
            assert place == told, "a step was durable before it was told, or told before it was durable"
            for kept in script()[place:]:
                whole(store, kept)
            assert dump(store) == expected[-1]
        reached.add(place)
    assert reached == set(range(len(script())))


def test_a_step_in_pieces_is_caught(url: str, another: Callable[[], str]) -> None:
    """Negative control of the campaign above: with a transaction for each piece some kill leaves half a step."""
    expected = states(url)
    fresh = another()
    counted = in_child(lambda tell: play(fresh, tell, at=0, keep=in_pieces))
    halves = 0
    for at in range(int(counted.told[-1]) - 20, int(counted.told[-1]), 3):
        killed = another()
        killed_at(killed, at, in_pieces)
        with reopened(killed) as store:
            halves += dump(store) not in expected
    assert halves > 0


def killed_at(url: str, at: int, keep: Keep) -> int:
    """Kill the round at a statement and return how many steps were durable before."""
    ended = in_child(lambda tell: play(url, tell, at=at, keep=keep))
    assert ended.killed
    return len(ended.told)
