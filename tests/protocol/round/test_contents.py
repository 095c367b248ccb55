"""Vectors, results and sets of participants that are signed but wrong: each refused or objected to by its name."""

import json
from dataclasses import replace

import numpy as np
import pytest

from protocol.errors import Refusal
from protocol.round import coordinator_round
from protocol.round.coordinator_round import ContradictingMessage
from protocol.round.member import WrongParticipants
from protocol.round.messages import Upload
from protocol.round.participant import result as result_module
from protocol.round.ring import MaskedVector
from protocol.round.transitions import State
from protocol.words.ids import PartyId
from tests import example
from tests.protocol.round.stages import (
    COORDINATOR,
    LEFT,
    VT,
    WITNESS,
    changed,
    frame_of,
    outcome,
    raw,
    repacked,
    signed,
    slot_outcome,
    stages,
    vault_outcome,
)
from tests.rounds import EVERYONE, propose, world


def objection_to(result: bytes) -> str | None:
    """Return the objection of Veilig Thuis to a RESULT after its correction."""
    made = stages()
    assert vault_outcome(made.party, made.vaults[State.CORRECTED], result) == "moves"
    (slot,) = made.party.durable.memory.slots.values()
    found: str | None = frame_of(slot.verdict).header.model_dump()["objection"]
    return found


# --- vectors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["upload", "correction"])
@pytest.mark.parametrize(
    ("n_bytes", "code"),
    [
        (0, "unexpected"),
        (4, "unexpected"),
        (56, "unexpected"),
        (59, "unexpected"),
        (61, "bad-frame"),
        (120, "bad-frame"),
    ],
)
def test_a_vector_of_another_length_is_refused(kind: str, n_bytes: int, code: str) -> None:
    """R24, S09: 15 cells of 32 bits are 60 bytes; of 64 bits they would be 120."""
    header = frame_of(stages().frames[kind]).header
    assert outcome(kind, signed(header, bytes(n_bytes))) == code
    assert outcome(kind, signed(header, bytes(60))) == "moves"


def test_a_vector_of_32_bits_in_a_round_of_64_is_refused() -> None:
    made = stages()
    slot = made.slots[State.COMMITTED]
    wide = slot.offer.model_copy(update={"spec": slot.offer.spec.model_copy(update={"ring_bits": 64})})
    assert slot_outcome(made.coordinator, replace(slot, offer=wide), made.frames["upload"]) == "unexpected"


def test_only_words_of_the_ring_make_a_masked_vector() -> None:
    """S09."""
    for cells in (np.zeros(3, np.int32), np.zeros(3, np.uint16), np.zeros(3), np.zeros((3, 1), np.uint32)):
        with pytest.raises(Refusal) as caught:
            MaskedVector(cells)  # type: ignore[arg-type]  # the point of the test
        assert caught.value.code == "wrong-cell-count"
    for body, word, cells_wanted, code in (
        (bytes(12), 16, 6, "unknown-word"),
        (bytes(12), 32, 4, "wrong-cell-count"),
        (bytes(12), 64, 3, "wrong-cell-count"),
        (b"", 32, 0, "wrong-cell-count"),
    ):
        with pytest.raises(Refusal) as caught:
            MaskedVector.parse(body, word=word, cells=cells_wanted)  # type: ignore[arg-type]  # idem
        assert caught.value.code == code


def _with_vector(payload: bytes) -> bytes:
    """Return the RESULT with another vector of the police, signed by it."""

    def change(frames: list[bytes]) -> list[bytes]:
        place = next(n for n, body in enumerate(frames) if frame_of(body).header.sender == example.POLICE)
        assert isinstance(frame_of(frames[place]).header, Upload)
        return [*frames[:place], signed(frame_of(frames[place]).header, payload), *frames[place + 1 :]]

    return repacked(stages().frames["result"], change)


def test_a_result_that_does_not_hold_is_objected_to_by_what_is_wrong() -> None:
    """S09: out of range, of another length, without vectors where they belong, with a doubled or missing frame."""
    result = stages().frames["result"]
    assert objection_to(result) is None
    assert objection_to(_with_vector(bytes(60))) == "sum"
    assert objection_to(_with_vector(bytes(56))) == "upload"
    assert objection_to(_with_vector(bytes(120))) == "upload"
    assert objection_to(repacked(result, lambda frames: frames[:-1])) == "upload"
    assert objection_to(repacked(result, lambda frames: [frames[0], *frames])) == "upload"
    assert objection_to(repacked(result, lambda _frames: [])) == "upload"
    assert objection_to(changed(result, gone=())) == "upload"
    assert objection_to(changed(result, gone=(WITNESS, WITNESS))) == "upload"
    assert objection_to(changed(result, has_vectors=False)) == "sum"
    bare = repacked(result, lambda frames: [frame_of(body).signed_part() for body in frames])
    assert objection_to(bare) == "upload"
    assert objection_to(changed(bare, has_vectors=False)) == "sum"


# --- sets of participants --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parties", [(), EVERYONE[:4], (EVERYONE[0], *EVERYONE), EVERYONE[::-1], (*LEFT, "zz-stranger")]
)
def test_the_coordinator_refuses_wrong_participants_before_it_signs(parties: tuple[PartyId, ...]) -> None:
    """C02, R07: fewer than n_min, one twice, out of order, or a stranger."""
    a_world = world()
    with pytest.raises(WrongParticipants):
        propose(a_world, parties)
    assert not a_world.coordinator.slots
    assert not a_world.coordinator.shelf.sizes


def test_an_empty_or_doubled_set_is_refused() -> None:
    """R07: no participants, no gone, one gone twice, no READYs, one READY twice, one too few."""
    frames = stages().frames
    offer = json.loads(frame_of(frames["propose"]).header.encode())
    offer["offer"]["participants"] = []
    assert outcome("propose", raw(offer, signer=COORDINATOR)) == "malformed"
    nobody = json.loads(frame_of(frames["repair"]).header.encode()) | {"gone": []}
    assert outcome("repair", raw(nobody, signer=COORDINATOR, payload=frame_of(frames["repair"]).payload)) == "malformed"
    assert outcome("repair", changed(frames["repair"], gone=(WITNESS, WITNESS))) == "wrong-repair"
    assert outcome("repair", repacked(frames["repair"], lambda aborts: aborts * 2)) == "wrong-repair"
    assert outcome("repair", repacked(frames["repair"], lambda _aborts: [])) == "wrong-repair"
    for change in (lambda _frames: [], lambda readies: [*readies, readies[-1]], lambda readies: readies[1:]):
        assert outcome("commit", repacked(frames["commit"], change)) == "incomplete-commit"
    assert outcome("commit", repacked(frames["commit"], lambda readies: [readies[0][:-1], *readies[1:]])) == "bad-frame"
    assert outcome("commit", signed(frame_of(frames["commit"]).header, b"no frames")) == "bad-frame"


@pytest.mark.parametrize("first", ["upload", "abort"])
def test_an_upload_beside_an_abort_of_one_party_is_kept_as_evidence(first: str) -> None:
    """C03, R05: a restored node gave up what it had sent; after a repair the slot would open a second time."""
    made = stages()
    coordinator, slot = made.coordinator, made.slots[State.COMMITTED]
    abort = changed(made.frames["abort"], sender=VT)
    one, other = (made.frames["upload"], abort) if first == "upload" else (abort, made.frames["upload"])
    assert slot_outcome(coordinator, slot, one) == "moves"
    moved = coordinator.slots[slot.slot]
    assert slot_outcome(coordinator, moved, other) == "contradicting-message"
    with pytest.raises(ContradictingMessage) as caught:
        coordinator.take(slot.slot, other)
    assert caught.value.evidence == (one, other)


def test_a_coordinator_that_takes_any_length_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded bug: no look at who sent a vector, for what, and how long it is."""
    monkeypatch.setattr(coordinator_round, "_check_expected", lambda *_arguments: None)
    with pytest.raises(AssertionError):
        test_a_vector_of_another_length_is_refused("upload", 59, "unexpected")


def test_a_participant_that_leaves_the_length_to_the_coordinator_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded bug: whether a RESULT has vectors is taken from its header, so that nobody need add them up."""
    monkeypatch.setattr(result_module, "check_has_vectors", lambda *_arguments: None)
    with pytest.raises(AssertionError):
        test_a_result_that_does_not_hold_is_objected_to_by_what_is_wrong()
