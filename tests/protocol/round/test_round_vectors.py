"""The session in tests/vectors/round/, written by the reference party: ours takes the same steps to the same bytes."""

import json
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from partner_node.pipeline import contribution_parts, noise_source, noised
from privacy.counts import CellCounts
from protocol.agreement import PartyKey, agree, slot_key
from protocol.digest import digest_of
from protocol.round.context import commitment, context_of
from protocol.round.contribution import contribution, uncover
from protocol.round.frame import PayloadMismatch, parse_frame, unpack
from protocol.round.messages import Commit, Offer, Propose, Ready, Result, Upload, Verdict
from protocol.round.participant.commit import OwnReadyChanged
from protocol.study.plan import round_plan
from protocol.words.ids import AgreementKey, Digest
from simulations.party import SimulatedParty
from tests import example
from tests.make_session_vectors import FILE, PARTY, text
from tests.mixed_rounds import our_party
from tests.rounds import EVERYONE

SESSION: dict[str, Any] = json.loads(FILE.read_text())
INPUTS = SESSION["inputs"]
CONTEXT = Digest(SESSION["keys"]["context"])


def frame_of(step: str) -> bytes:
    return bytes.fromhex(SESSION[step]["frame"])


def header_of(body: bytes) -> object:
    return parse_frame(body, source="a vector", max_payload_bytes=1 << 20).header


def heard(*steps: str) -> tuple[SimulatedParty, tuple[bytes, ...]]:
    """Return ours after these messages, and its last answers."""
    party = our_party(PARTY, example.study())
    answers: tuple[bytes, ...] = ()
    for step in steps:
        answers = party.receive(frame_of(step), INPUTS["now_s"])
    return party, answers


def test_the_committed_session_is_the_one_that_the_reference_party_makes() -> None:
    assert FILE.read_text() == text(), "run python -m tests.make_session_vectors"


@pytest.mark.parametrize(
    ("steps", "answer"),
    [
        (("propose",), "ready"),
        (("propose", "commit"), "upload"),
        (("propose", "commit", "result"), "verdict"),
    ],
)
def test_ours_answers_each_message_with_the_bytes_of_the_vector(steps: tuple[str, ...], answer: str) -> None:
    """M18."""
    _, answers = heard(*steps)
    assert answers == (frame_of(answer),)


def test_ours_holds_the_secrets_of_the_vector() -> None:
    """Else equal bytes would say nothing about the inputs in the file."""
    party, (ready,) = heard("propose")
    header = header_of(ready)
    assert isinstance(header, Ready)
    (secrets,) = party.durable.secrets.values()
    assert secrets.values.tolist() == INPUTS["counts"]
    assert (secrets.opening.hex(), secrets.seed.hex(), header.nonce) == (
        INPUTS["opening"],
        INPUTS["seed"],
        INPUTS["nonce"],
    )
    assert party.member.key.private_bytes_raw().hex() == INPUTS["identity_private"]
    assert party.private.private_bytes_raw().hex() == INPUTS["agreement_private"]


def test_offer_digest_commitment_and_context_follow_step_by_step() -> None:
    offer = Offer.parse(SESSION["ready"]["offer"].encode())
    assert digest_of(offer) == SESSION["ready"]["offer_digest"]
    counts = np.array(INPUTS["counts"], dtype="<i8").tobytes()
    assert commitment(bytes.fromhex(INPUTS["opening"]), counts) == SESSION["ready"]["commitment"]
    payload = parse_frame(frame_of("commit"), source="a vector", max_payload_bytes=1 << 20).payload
    readies = [header for header in map(header_of, unpack(payload, source="a vector")) if isinstance(header, Ready)]
    assert len(readies) == 6
    assert context_of(offer, readies) == CONTEXT


@pytest.mark.parametrize("pair", SESSION["keys"]["pairs"], ids=lambda pair: pair["peer"])
def test_the_keys_of_each_pair_follow(pair: dict[str, Any]) -> None:
    private = X25519PrivateKey.from_private_bytes(bytes.fromhex(INPUTS["agreement_private"]))
    own = PartyKey(PARTY, AgreementKey(private.public_key().public_bytes_raw().hex()))
    peer = PartyKey(pair["peer"], AgreementKey(pair["peer_public"]))
    shared = agree(private, own=own, peer=peer, covenant_digest=digest_of(example.covenant()))
    assert shared.reveal().hex() == pair["pair_key"]
    key = slot_key(shared, bytes.fromhex(CONTEXT))
    assert key.reveal().hex() == pair["slot_key"]
    assert key.adds is (pair["sign"] == 1)


def test_noise_and_masks_follow() -> None:
    party, (ready,) = heard("propose")
    header = header_of(ready)
    assert isinstance(header, Ready)
    offer = Offer.parse(SESSION["ready"]["offer"].encode())
    plans = round_plan(example.study(), example.covenant(), example.QUARTER, EVERYONE)
    source = noise_source(
        bytes.fromhex(INPUTS["seed"]),
        slot=offer.spec.slot,
        attempt=offer.attempt,
        bound_to=SESSION["ready"]["commitment"],
    )
    counts = CellCounts(np.array(INPUTS["counts"], dtype=np.int64))
    own = noised(counts, contribution_parts(plans, example.grid(), PARTY), source).values
    assert own.tolist() == SESSION["upload"]["noised"]
    keys = party._keys(EVERYONE, CONTEXT)  # noqa: SLF001 - the keys of the step before, not a second way to make them
    ring = party.member.ring(offer, EVERYONE)
    masked = contribution(own.copy(), ring, keys)
    assert np.frombuffer(masked.encode(), dtype="<u4").tolist() == SESSION["upload"]["masked"]
    assert uncover(masked, ring, keys).tolist() == SESSION["upload"]["noised"]


def test_the_session_holds_one_message_of_each_step() -> None:
    steps = {
        "propose": Propose,
        "ready": Ready,
        "commit": Commit,
        "upload": Upload,
        "result": Result,
        "verdict": Verdict,
    }
    assert all(isinstance(header_of(frame_of(step)), kind) for step, kind in steps.items())
    verdict = header_of(frame_of("verdict"))
    assert isinstance(verdict, Verdict)
    assert verdict.objection is None


def test_other_secrets_give_other_bytes_and_a_changed_frame_is_refused() -> None:
    """Negative control: the inputs of the file matter, and so does every step before."""
    other = our_party(PARTY, example.study(), seed=2)
    assert other.receive(frame_of("propose"), INPUTS["now_s"]) != (frame_of("ready"),)
    with pytest.raises(OwnReadyChanged):
        other.receive(frame_of("commit"), INPUTS["now_s"])
    party, (ready,) = heard("propose")
    header = header_of(ready)
    assert isinstance(header, Ready)
    with pytest.raises(PayloadMismatch):
        party.receive(frame_of("commit")[:-1] + b"\x00", INPUTS["now_s"])
