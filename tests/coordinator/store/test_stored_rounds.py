"""What a round leaves in the store reads back as it was, in every state, and a stored frame stays what it is."""

from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import Connection, Engine, event

from coordinator.store.failures import RuleBroken
from coordinator.store.store import Store, open_store
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.round.messages import Attempt, DeclineCode
from protocol.round.transitions import State
from protocol.words.ids import Digest
from simulations.round_world import Coordinator, MemoryShelf
from tests import example
from tests.coordinator.store.contents import decline, fill, steps, with_frames
from tests.rounds import EVERYONE, STUDY_DIGEST, slot_of, world

VT, WITNESS = example.VT, example.WITNESS
PROPOSED, COMMITTED, ABORTED, REPAIRING, OPENED, DONE = range(6)
KINDS = ("declines", "readies", "uploads", "aborts", "corrections", "verdicts")


@dataclass(slots=True, repr=False)
class ForgetfulShelf(MemoryShelf):
    """The shelf of a coordinator that goes on from what a new process reads in the store after each step."""

    url: str = field(kw_only=True)
    states: list[State] = field(default_factory=list)

    def keep_slot(self, slot: CoordinatorSlot, *, showed: int | None = None) -> None:
        MemoryShelf.keep_slot(self, slot, showed=showed)
        with open_store(self.url) as store:
            store.keep_slot(slot, showed=showed)
        with open_store(self.url, read_only=True) as store:
            found = store.slot(slot.slot)
            assert store.shown() == tuple(self.sizes)
        assert found is not None
        assert_same(found, slot)
        self.slots[slot.slot] = found
        self.states.append(found.state)


def assert_same(found: CoordinatorSlot, wanted: CoordinatorSlot) -> None:
    """Compare the values, and the order of the frames of each kind."""
    assert found == wanted
    for kind in KINDS:
        assert [*getattr(found, kind)] == [*getattr(wanted, kind)]


def test_a_coordinator_that_restarts_after_each_step_opens_the_same_sum(url: str) -> None:
    expected = world().run(STUDY_DIGEST, example.QUARTER)
    a_world = world()
    forgetful = ForgetfulShelf(url=url)
    a_world.coordinator = Coordinator(a_world.coordinator.member, forgetful)
    opened = a_world.run(STUDY_DIGEST, example.QUARTER)
    assert opened.values.tolist() == expected.values.tolist()
    assert [*dict.fromkeys(forgetful.states)] == [State.PROPOSED, State.COMMITTED, State.OPENED, State.DONE]


def test_every_step_of_a_round_with_a_newer_attempt_and_a_repair_reads_back_equal(store: Store, url: str) -> None:
    states = []
    for slot in steps():
        store.keep_slot(slot)
        with open_store(url, read_only=True) as reader:
            found = reader.slot(slot.slot)
            assert found is not None
            assert_same(found, slot)
            assert reader.slots() == (slot,)
            states.append(reader.slot_states()[slot.slot])
    assert [state.value for state in states] == ["proposed", *["committed"] * 2, "repairing", "opened", "done"]
    assert [slot.attempt for slot in steps()] == [0, 1, 1, 1, 1, 1]


def test_a_newer_attempt_begins_without_the_frames_of_the_older_one(store: Store) -> None:
    older = steps()[PROPOSED]
    assert len(older.readies) == 3
    store.keep_slot(older)
    newer = replace(older, attempt=Attempt(1), readies={}, proposed=b"another")
    store.keep_slot(newer)
    found = store.slot(older.slot)
    assert found is not None
    assert (found.attempt, found.proposed, dict(found.readies)) == (1, b"another", {})


def test_an_unknown_slot_is_none(store: Store) -> None:
    assert store.slot(Digest("0" * 64)) is None
    assert store.slots() == ()


def test_frames_that_are_stored_are_not_written_again(store: Store) -> None:
    """Each frame goes to the database once, also when a step is stored twice, and after a restart."""
    written: list[str] = []

    def note(_c: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith(("INSERT INTO frames", "UPDATE frames")):
            written.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        for slot in steps()[: OPENED + 1]:
            store.keep_slot(slot)
            store.keep_slot(replace(slot))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    # PROPOSE and 3 READYs; PROPOSE, 6 READYs, COMMIT; 5 UPLOADs and an ABORT; REPAIR; 5 CORRECTIONs and RESULT.
    assert len(written) == 4 + 8 + 6 + 1 + 6


def replaced(kind: str, slot: CoordinatorSlot) -> CoordinatorSlot:
    frames = getattr(slot, kind)
    return with_frames(slot, kind, frames | {next(iter(frames)): b"other bytes"})


@pytest.mark.parametrize(
    ("stored", "kept"),
    [
        pytest.param(PROPOSED, replaced("readies", steps()[PROPOSED]), id="ready"),
        pytest.param(ABORTED, replaced("uploads", steps()[ABORTED]), id="upload"),
        pytest.param(OPENED, replaced("corrections", steps()[OPENED]), id="correction"),
        pytest.param(DONE, replaced("verdicts", steps()[DONE]), id="verdict"),
        pytest.param(PROPOSED, replace(steps()[PROPOSED], proposed=b"other bytes"), id="propose"),
        pytest.param(COMMITTED, replace(steps()[COMMITTED], commit=b"other bytes"), id="commit"),
        pytest.param(REPAIRING, replace(steps()[REPAIRING], repair=b"other bytes"), id="repair"),
        pytest.param(OPENED, replace(steps()[OPENED], result=b"other bytes"), id="result"),
        pytest.param(OPENED, with_frames(steps()[OPENED], "uploads", {}), id="frames forgotten"),
        pytest.param(COMMITTED, replace(steps()[COMMITTED], attempt=Attempt(2)), id="attempt after a commit"),
        pytest.param(COMMITTED, replace(steps()[COMMITTED], state=State.PROPOSED), id="state goes back"),
        pytest.param(COMMITTED, replace(steps()[COMMITTED], context=Digest("1" * 64)), id="another context"),
        pytest.param(COMMITTED, replace(steps()[COMMITTED], offer=steps()[PROPOSED].offer), id="another offer"),
        pytest.param(REPAIRING, replace(steps()[REPAIRING], gone=(VT,)), id="others gone"),
    ],
)
def test_a_step_that_does_not_follow_is_refused_and_changes_nothing(
    store: Store, stored: int, kept: CoordinatorSlot
) -> None:
    before = steps()[stored]
    store.keep_slot(before)
    with pytest.raises(RuleBroken):
        store.keep_slot(kept, showed=7)
    assert store.slot(before.slot) == before
    assert store.shown() == ()
    store.keep_slot(before, showed=8)  # the store goes on
    assert store.shown() == (8,)


def test_an_older_attempt_is_refused(store: Store) -> None:
    newer = replace(steps()[PROPOSED], attempt=Attempt(4))
    store.keep_slot(newer)
    with pytest.raises(RuleBroken, match="a slot goes one way"):
        store.keep_slot(steps()[PROPOSED])


def test_the_latest_decline_and_abort_of_a_party_are_kept(store: Store) -> None:
    slot = steps()[ABORTED]
    busy, refused = (decline(slot, VT, code) for code in (DeclineCode.BUSY, DeclineCode.REFUSED))
    store.keep_slot(with_frames(slot, "declines", {VT: busy, WITNESS: refused}))
    latest = with_frames(slot, "declines", {VT: refused, WITNESS: refused})
    latest = with_frames(latest, "aborts", {WITNESS: b"the same with a newer head"})
    store.keep_slot(latest)
    found = store.slot(slot.slot)
    assert found is not None
    assert_same(found, latest)


def test_a_frame_of_64_mib_reads_back(store: Store) -> None:
    body = bytes(range(256)) * (64 << 20 >> 8)
    slot = with_frames(steps()[COMMITTED], "uploads", {VT: body})
    store.keep_slot(slot)
    found = store.slot(slot.slot)
    assert found is not None
    assert found.uploads[VT] == body


def test_slots_come_in_the_order_in_which_they_were_proposed(store: Store) -> None:
    names = [Digest(letter * 64) for letter in "fa5"]
    for name in names:
        store.keep_slot(replace(steps()[PROPOSED], slot=name))
    store.keep_slot(replace(steps()[COMMITTED], slot=names[1]))
    assert [slot.slot for slot in store.slots()] == names
    assert [*store.slot_states()] == names


def test_a_full_store_reads_back_in_a_new_process(url: str) -> None:
    with open_store(url) as store:
        fill(store)
    with open_store(url) as store:
        assert store.slots() == (steps()[-1],)
        assert store.shown() == (0,) * 6
        assert slot_of(world()) == store.slots()[0].slot
        assert set(EVERYONE) == set(store.slots()[0].offer.participants)
