"""Every kind of message spoiled in every way that has a name: refused by that name, and the receiver is as before."""

import json
import tracemalloc
from dataclasses import replace

import pytest

from protocol.round import coordinator_round, frame, partner_round
from protocol.round.frame import BadFrame, pack, seal, unpack
from protocol.round.messages import MESSAGES
from protocol.round.participant import lock as lock_module
from protocol.round.transitions import State
from protocol.words.ids import PartyId
from simulations.party import SimulatedParty
from tests import example
from tests.protocol.round.stages import (
    EXPIRED,
    HOME,
    TO_COORDINATOR,
    TO_PARTICIPANT,
    VT,
    WITNESS,
    changed,
    frame_of,
    halted,
    outcome,
    raw,
    slot_outcome,
    stages,
    vault_outcome,
)
from tests.rounds import EVERYONE

WITH_CONTEXT = ("repair", "result", "upload", "correction", "verdict")
every_kind = pytest.mark.parametrize("kind", sorted(MESSAGES))


ANSWERS = {"propose": "ready", "commit": "upload", "repair": "correction", "result": "verdict"}


@every_kind
def test_a_valid_message_moves_its_receiver_once(kind: str) -> None:
    """The control of this file; a second copy changes nothing."""
    made, body = stages(), stages().frames[kind]
    assert outcome(kind, body) == "moves"
    if kind in TO_PARTICIPANT:
        again = vault_outcome(made.party, made.party.durable, body)
        assert again == f"same {ANSWERS[kind]}"
    else:
        moved = made.coordinator.slots[made.slots[HOME[kind]].slot]
        assert slot_outcome(made.coordinator, moved, body) == "same"


# --- length ----------------------------------------------------------------------------------------------------------


@every_kind
def test_a_truncated_message_is_refused(kind: str) -> None:
    """R24: in the length, the header, the signature, the payload."""
    body = stages().frames[kind]
    header_end = 4 + int.from_bytes(body[:4], "big")
    cuts = (0, 1, 3, 4, 5, header_end // 2, header_end - 1, header_end, header_end + 1, header_end + 63)
    assert {outcome(kind, body[:cut]) for cut in cuts} == {"bad-frame"}
    start = header_end + 64
    if len(body) > start:
        assert {outcome(kind, body[:cut]) for cut in (start, start + 1, (start + len(body)) // 2, len(body) - 1)} == {
            "payload-mismatch"
        }


@every_kind
def test_an_oversized_message_is_refused(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """R24: a length beyond every header, a header beyond its kind, a payload beyond the round."""
    body = stages().frames[kind]
    assert outcome(kind, b"\xff\xff\xff\xff" + body[4:]) == "bad-frame"
    assert outcome(kind, b"\x00\x02\x00\x01" + bytes(1 << 18)) == "bad-frame"
    padded = json.loads(frame_of(body).header.encode()) | {"padding": "x" * 70_000}
    assert outcome(kind, raw(padded, signer=frame_of(body).header.sender)) == (
        "malformed" if kind == "propose" else "too-large"
    )
    monkeypatch.setattr(partner_round, "MAX_PAYLOAD_BYTES", 200_000)
    longer = frame_of(body).payload
    assert outcome(kind, body + bytes(200_001)) == "bad-frame"
    if kind in TO_COORDINATOR and longer:  # a vector has one length, so that one byte more is beyond the limit
        assert outcome(kind, body + b"\x00") == "bad-frame"
    else:
        assert outcome(kind, body + b"\x00") == "payload-mismatch"


def test_a_payload_of_empty_frames_is_refused_in_little_memory() -> None:
    """R24: 8 MiB of zeros would be a million frames; a RESULT has at most two thousand."""
    flood = bytes(8 << 20)
    tracemalloc.start()
    with pytest.raises(BadFrame):
        unpack(flood, source="a test")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20
    assert unpack(pack([b""] * 2_000), source="a test") == (b"",) * 2_000
    with pytest.raises(BadFrame):
        unpack(pack([b""] * 2_001), source="a test")


# --- order -----------------------------------------------------------------------------------------------------------

PARTICIPANT_TABLE = {
    State.FREE: ("moves", "nothing-to-abort", "wrong-repair", "out-of-order"),
    State.READY: ("same ready", "moves", "wrong-repair", "out-of-order"),
    State.LOCKED: ("same decline", "same ", "out-of-order", "out-of-order"),
    State.SENT: ("same upload", "same upload", "moves", "moves"),
    State.REPAIRING: ("same upload", "same upload", "moves", "out-of-order"),
    State.CORRECTED: ("same correction", "same correction", "same correction", "moves"),
    State.DONE: ("same verdict", "same verdict", "same correction", "same verdict"),
    State.ABORTED: ("same abort", "same abort", "wrong-repair", "out-of-order"),
    EXPIRED: ("wrong-offer", "moves", "wrong-repair", "out-of-order"),
    halted(EXPIRED): ("same decline", "incomplete-commit", "wrong-repair", "out-of-order"),
    halted(State.READY): ("same decline", "moves", "wrong-repair", "out-of-order"),
    halted(State.LOCKED): ("same decline", "same ", "out-of-order", "out-of-order"),
    halted(State.SENT): ("same upload", "same upload", "out-of-order", "out-of-order"),
    halted(State.REPAIRING): ("same upload", "same upload", "out-of-order", "out-of-order"),
}
COORDINATOR_TABLE = {  # decline, ready, upload, abort, correction, verdict
    State.PROPOSED: ("moves", "moves", "unexpected", "moves", "unexpected", "unexpected"),
    State.COMMITTED: ("moves", "same", "moves", "moves", "unexpected", "unexpected"),
    State.REPAIRING: ("moves", "same", "same", "same", "moves", "unexpected"),
    State.OPENED: ("moves", "same", "same", "same", "same", "moves"),
    State.DONE: ("moves", "same", "same", "same", "same", "same"),
}


@pytest.mark.parametrize("state", PARTICIPANT_TABLE)
def test_a_participant_in_every_state_gives_every_message_its_one_answer(state: str) -> None:
    got = tuple(outcome(kind, stages().frames[kind], state=state) for kind in TO_PARTICIPANT)
    assert got == PARTICIPANT_TABLE[state]


@pytest.mark.parametrize("state", COORDINATOR_TABLE)
def test_the_coordinator_in_every_state_gives_every_message_its_one_answer(state: State) -> None:
    got = tuple(outcome(kind, stages().frames[kind], state=state) for kind in TO_COORDINATOR)
    assert got == COORDINATOR_TABLE[state]


# --- sender and receiver ---------------------------------------------------------------------------------------------


@every_kind
def test_a_stranger_is_refused(kind: str) -> None:
    assert outcome(kind, changed(stages().frames[kind], sender="zz-stranger")) == "unknown-party"


@every_kind
def test_a_party_in_the_wrong_role_is_refused(kind: str) -> None:
    """A partner that sends what only the coordinator sends, and the other way round."""
    other = PartyId(example.POLICE if kind in TO_PARTICIPANT else example.COORDINATOR)
    assert outcome(kind, changed(stages().frames[kind], sender=other)) == "wrong-sender"


@every_kind
def test_a_message_under_anothers_signature_is_refused(kind: str) -> None:
    assert outcome(kind, changed(stages().frames[kind], signer=example.SCHOOLS[0])) == "bad-signature"


def test_a_message_at_the_wrong_door_is_refused() -> None:
    made = stages()
    for kind in TO_COORDINATOR:
        assert vault_outcome(made.party, made.vaults[State.READY], made.frames[kind]) == "not-for-participants"
    assert slot_outcome(made.coordinator, made.slots[State.COMMITTED], made.frames["propose"]) == "unexpected"
    for kind in ("commit", "repair", "result"):  # more than one vector: too much for the coordinator's door
        assert slot_outcome(made.coordinator, made.slots[State.COMMITTED], made.frames[kind]) == "bad-frame"


@pytest.mark.parametrize("kind", TO_COORDINATOR)
def test_a_party_of_the_covenant_that_is_no_participant_is_refused(kind: str) -> None:
    made = stages()
    slot = made.slots[HOME[kind]]
    others = tuple(party for party in EVERYONE if party not in {VT, WITNESS})
    without = replace(slot, offer=slot.offer.model_copy(update={"participants": others}))
    assert slot_outcome(made.coordinator, without, made.frames[kind]) == "unexpected"


# --- another slot, attempt, context, covenant, study -----------------------------------------------------------------

OTHER_SLOT = {
    "propose": "wrong-offer",
    "commit": "nothing-to-abort",
    "repair": "wrong-repair",
    "result": "out-of-order",
}


@every_kind
def test_a_message_of_another_slot_attempt_or_context_is_refused(kind: str) -> None:
    body = stages().frames[kind]
    expected = OTHER_SLOT.get(kind, "unexpected")
    assert outcome(kind, changed(body, slot="7" * 64)) == expected
    assert outcome(kind, changed(body, attempt=1)) == ("incomplete-commit" if kind == "commit" else expected)
    if kind in WITH_CONTEXT:
        assert outcome(kind, changed(body, context="7" * 64)) == expected
    if kind == "ready":
        assert outcome(kind, changed(body, offer_digest="7" * 64)) == "unexpected"


def test_messages_of_a_round_under_another_covenant_move_nothing() -> None:
    """The slot is the same on purpose; a Decline and an ABORT speak of the slot alone."""
    renewed = stages(covenant_version=2)
    for state in PARTICIPANT_TABLE:
        got = [outcome(kind, renewed.frames[kind], state=state) for kind in TO_PARTICIPANT]
        # The own READY in it is of this slot and attempt: a vault whose READY has ended gives the slot up.
        assert ("moves" in got) == (state == EXPIRED), state
    assert outcome("commit", renewed.frames["commit"]) == "incomplete-commit"
    for state in COORDINATOR_TABLE:
        got = [
            outcome(kind, renewed.frames[kind], state=state) for kind in ("ready", "upload", "correction", "verdict")
        ]
        assert got == ["unexpected"] * 4, state


def test_messages_of_another_study_are_refused_in_every_state() -> None:
    other = stages(study_id="andere-2026")
    for state in PARTICIPANT_TABLE:
        got = [outcome(kind, other.frames[kind], state=state) for kind in TO_PARTICIPANT]
        assert got == ["not-approved-here", "nothing-to-abort", "wrong-repair", "out-of-order"]
    for state in COORDINATOR_TABLE:
        assert {outcome(kind, other.frames[kind], state=state) for kind in TO_COORDINATOR} == {"unexpected"}


# --- that these tests can fail ---------------------------------------------------------------------------------------


def test_a_receiver_without_one_of_the_checks_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded bugs: no look at the sender, at either receiver; no look at the payload's digest."""
    for module, check, caught_by, kind in (
        (partner_round, "check_sender", test_a_party_in_the_wrong_role_is_refused, "propose"),
        (partner_round, "check_sender", test_a_message_under_anothers_signature_is_refused, "repair"),
        (coordinator_round, "check_sender", test_a_message_under_anothers_signature_is_refused, "verdict"),
        (frame, "_check_payload", test_a_truncated_message_is_refused, "upload"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, check, lambda *_arguments: None)
            with pytest.raises(AssertionError):
                caught_by(kind)


def test_a_receiver_that_changes_before_it_refuses_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = SimulatedParty.receive

    def hasty(self: SimulatedParty, body: bytes, now_s: int) -> tuple[bytes, ...]:
        self.durable.charged.append(stages().slots[State.DONE].slot)
        return honest(self, body, now_s)

    monkeypatch.setattr(SimulatedParty, "receive", hasty)
    with pytest.raises(AssertionError, match="changed the vault"):
        test_a_stranger_is_refused("propose")


def test_an_exception_that_is_no_refusal_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_module, "unpack", lambda payload, **_source: [payload[n] for n in range(1 << 20)])
    with pytest.raises(IndexError):
        outcome("commit", stages().frames["commit"])


def test_a_frame_that_no_code_of_ours_makes_is_still_signed() -> None:
    """The control of `raw`: around the true header it is the true frame."""
    body = stages().frames["verdict"]
    assert raw(json.loads(frame_of(body).header.encode()), signer=VT) == body
    assert seal(frame_of(body).header, key=example.signing_key(VT)).encode() == body
