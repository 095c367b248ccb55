"""A coordinator that lies, partners that collude, machines that are restored or cloned. Each check has a seeded bug."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from protocol.digest import digest_of
from protocol.errors import Refusal
from protocol.round import context as context_module
from protocol.round.contribution import contribution, slot_keys
from protocol.round.coordinator_round import ContradictingMessage, open_slot
from protocol.round.frame import Frame, PayloadMismatch, WrongSender, digest_of_payload, pack, parse_frame, seal, unpack
from protocol.round.masks import open_sum
from protocol.round.member import ParticipantsChanged, WrongParticipants, WrongSpec, check_offer
from protocol.round.messages import Commit, Header, Offer, Propose, Ready, Upload
from protocol.round.participant import commit as commit_module
from protocol.round.participant.commit import ContradictingReady, IncompleteCommit, OwnReadyChanged
from protocol.round.participant.lock import NothingToAbort
from protocol.round.participant.ready import ContradictingOffer, WrongOffer
from protocol.round.ring import MaskedVector, Ring, SumOutOfRange
from protocol.round.transitions import OutOfOrder, State
from protocol.round.witness import ForkedLog, UnprovenHead, UnsettledSlot
from protocol.signing import BadSignature
from protocol.words.ids import Digest, PartyId
from protocol.words.period import Period
from simulations.round_world import RoundWorld
from tests import example
from tests.rounds import EVERYONE, STUDY_DIGEST, member, participant, propose, ready, send, slot_of, world

VT, WITNESS = example.VT, example.WITNESS
WITHOUT_WITNESS = tuple(party for party in EVERYONE if party != WITNESS)
C_KEY = example.signing_key(example.COORDINATOR)
CHI_SQUARE_255 = 409.0  # passed by chance once in 1e9 by 255 degrees of freedom


def header_of(body: bytes) -> Header:
    return parse_frame(body, source="a test", max_payload_bytes=1 << 20).header


def offer_of(body: bytes) -> Offer:
    header = header_of(body)
    assert isinstance(header, Propose)
    return header.offer


def proposal(offer: Offer) -> bytes:
    """Sign any offer as the coordinator would."""
    header = Propose(
        sender=example.COORDINATOR, slot=offer.spec.slot, attempt=offer.attempt, offer=offer, consistency=()
    )
    return seal(header, key=C_KEY).encode()


def commit_of(readies: Sequence[bytes], like: bytes) -> bytes:
    """Sign a COMMIT over any READYs."""
    header = header_of(like)
    payload = pack(readies)
    made = Commit(
        sender=example.COORDINATOR,
        slot=header.slot,
        attempt=header.attempt,
        payload_digest=digest_of_payload(payload),
    )
    return seal(made, key=C_KEY, payload=payload).encode()


def readies_in(commit: bytes) -> tuple[bytes, ...]:
    return unpack(parse_frame(commit, source="a test", max_payload_bytes=1 << 20).payload, source="a test")


def uploads_of(a_world: RoundWorld, commit: bytes, parties: Sequence[PartyId] = EVERYONE) -> dict[PartyId, bytes]:
    return {party: a_world.parties[party].receive(commit, a_world.now_s)[0] for party in parties}


def vector_in(upload: bytes) -> MaskedVector:
    frame = parse_frame(upload, source="a test", max_payload_bytes=1 << 20)
    return MaskedVector.parse(frame.payload, word=32, cells=15)


def forget_commit(a_world: RoundWorld, slot: Digest) -> None:
    """Let a lying coordinator go on as if it had not sent its COMMIT."""
    a_world.coordinator.slots[slot] = replace(a_world.coordinator.slots[slot], state=State.PROPOSED)


def opens(vectors: Sequence[MaskedVector]) -> bool:
    """Whether the coordinator can read the sum of these vectors."""
    try:
        ring = Ring(32, len(vectors), 10_000, example.study().tables[0].variance.fraction)
        ring.decode(open_sum(tuple(vectors), ring))
    except SumOutOfRange:
        return False
    return True


# --- other participants, plans, messages -----------------------------------------------------------------------------


def test_two_sets_of_participants_in_one_attempt_never_meet_in_a_commit() -> None:
    """R01: the READYs name different offers."""
    a_world = world()
    offer = offer_of(propose(a_world))
    smaller = offer.model_copy(update={"participants": WITHOUT_WITNESS})
    answers = [a_world.parties[party].receive(proposal(offer), a_world.now_s)[0] for party in EVERYONE[:3]]
    answers += [a_world.parties[party].receive(proposal(smaller), a_world.now_s)[0] for party in EVERYONE[3:5]]
    answers += [a_world.parties[WITNESS].receive(proposal(offer), a_world.now_s)[0]]
    for party in EVERYONE:
        with pytest.raises(IncompleteCommit):
            a_world.parties[party].receive(commit_of(answers, answers[0]), a_world.now_s)


def _sum_over_two_sets() -> bool:
    """Let half of the nodes believe another offer, as if no COMMIT were checked; tell whether the sum opens."""
    a_world = world()
    commit = ready(a_world)
    readies = [header for header in map(header_of, readies_in(commit)) if isinstance(header, Ready)]
    offer = a_world.coordinator.slots[slot_of(a_world)].offer
    other = offer.model_copy(update={"expires_s": offer.expires_s + 1})
    ring = Ring(32, 6, 10_000, example.study().tables[0].variance.fraction)
    vectors = []
    for place, party in enumerate(EVERYONE):
        believed = context_module.context_of(offer if place < 3 else other, readies)
        keys = slot_keys(
            a_world.parties[party].private, covenant=example.covenant(), own=party, peers=EVERYONE, context=believed
        )
        vectors.append(contribution(np.zeros(15, dtype=np.int64), ring, keys))
    return opens(vectors)


def test_masks_under_two_offers_do_not_cancel() -> None:
    """R01: S, spec and nonces are in the keys."""
    assert not _sum_over_two_sets()


def test_keys_without_the_offer_in_them_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """R01, seeded bug: a context that leaves the offer out."""
    monkeypatch.setattr(
        context_module, "digest_of", lambda value: Digest("0" * 64) if isinstance(value, Offer) else digest_of(value)
    )
    assert _sum_over_two_sets()


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"participants": EVERYONE[:4]}, WrongParticipants),
        ({"participants": (*WITHOUT_WITNESS, "zz-stranger")}, WrongParticipants),
        ({"participants": (EVERYONE[0], *EVERYONE)}, WrongParticipants),
        ({"participants": EVERYONE[::-1]}, WrongParticipants),
        ({"participants": (example.COORDINATOR, *EVERYONE)}, WrongParticipants),
        ({"expires_s": 1}, WrongOffer),
        ({"expires_s": 9_999_999_999}, WrongOffer),
    ],
)
def test_an_offer_that_a_party_did_not_agree_to_is_refused(change: dict[str, object], refusal: type[Refusal]) -> None:
    """R07."""
    a_world = world()
    offer = offer_of(propose(a_world)).model_copy(update=change)
    with pytest.raises(refusal):
        a_world.parties[VT].receive(proposal(offer), a_world.now_s)
    assert not a_world.parties[VT].durable.memory.slots


def test_participants_without_this_party_are_refused() -> None:
    """R07."""
    a_world = world()
    offer = offer_of(propose(a_world, WITHOUT_WITNESS))
    with pytest.raises(WrongParticipants):
        a_world.parties[WITNESS].receive(proposal(offer), a_world.now_s)


def test_two_disjoint_sets_for_two_slots_are_refused_by_everyone() -> None:
    """No witness would see both rounds; n_min forbids it (`tests/protocol/test_covenant.py` shows that it suffices)."""
    a_world = world()
    offer = offer_of(propose(a_world))
    for period, chosen in ((example.QUARTER, EVERYONE[:3]), (Period("2026-Q2"), EVERYONE[3:])):
        spec = a_world.coordinator.member.spec(STUDY_DIGEST, period)
        disjoint = offer.model_copy(update={"spec": spec, "participants": chosen})
        for party in chosen:
            with pytest.raises(WrongParticipants):
                a_world.parties[party].receive(proposal(disjoint), a_world.now_s)


@pytest.mark.parametrize(
    "change",
    [
        {"cells": 14},
        {"ring_bits": 64},
        {"grid_digest": "0" * 64},
        {"covenant_digest": "0" * 64},
        {"slot": "0" * 64},
        {"period": "2026-Q2"},
    ],
)
def test_another_plan_for_one_partner_is_refused(change: dict[str, object]) -> None:
    """R08, S13: what a node does follows from the covenant and the study that its officer approved."""
    a_world = world()
    offer = offer_of(propose(a_world))
    changed = offer.model_copy(update={"spec": offer.spec.model_copy(update=change)})
    with pytest.raises((WrongSpec, WrongOffer)):
        a_world.parties[VT].receive(proposal(changed), a_world.now_s)


def test_a_study_that_nobody_approved_is_refused() -> None:
    """R08."""
    a_world = world()
    offer = offer_of(propose(a_world))
    object.__setattr__(a_world.parties[VT].member, "studies", {})
    with pytest.raises(Refusal) as caught:
        a_world.parties[VT].receive(proposal(offer), a_world.now_s)
    assert caught.value.code == "not-approved-here"


def test_one_query_has_one_slot_under_whatever_alias() -> None:
    """R19: period, ring and variance have one form, and a changed study is another study that nobody approved."""
    with pytest.raises(Refusal):
        type(offer_of(propose(world())).spec).parse(
            offer_of(propose(world())).spec.encode().replace(b"2026-Q1", b"2026-Q1 ")
        )
    a_world = world()
    a_world.run(STUDY_DIGEST, example.QUARTER)
    again = offer_of(proposal(a_world.coordinator.slots[slot_of(a_world)].offer)).model_copy(update={"attempt": 1})
    stored = a_world.parties[VT].durable.memory.slots[slot_of(a_world)].verdict
    assert a_world.parties[VT].receive(proposal(again), a_world.now_s) == (stored,)


def test_a_message_that_its_sender_did_not_sign_is_refused() -> None:
    """R02, R16, S14."""
    a_world = world()
    body = bytearray(propose(a_world))
    body[-1] ^= 1
    with pytest.raises(BadSignature):
        a_world.parties[VT].receive(bytes(body), a_world.now_s)
    header = header_of(propose(world()))
    forged = seal(header, key=example.signing_key(example.POLICE)).encode()
    with pytest.raises(BadSignature):
        a_world.parties[VT].receive(forged, a_world.now_s)
    from_a_partner = seal(header.model_copy(update={"sender": example.POLICE}), key=example.signing_key(example.POLICE))
    with pytest.raises(WrongSender):
        a_world.parties[VT].receive(from_a_partner.encode(), a_world.now_s)


def test_a_flipped_bit_in_an_upload_is_refused() -> None:
    """R16: the header names the vector, and the signature the header."""
    a_world = world()
    upload = bytearray(uploads_of(a_world, ready(a_world))[VT])
    upload[-1] ^= 1
    with pytest.raises(PayloadMismatch):
        a_world.coordinator.take(slot_of(a_world), bytes(upload))


# --- replay, restore, clone ------------------------------------------------------------------------------------------


def test_messages_of_another_attempt_slot_or_mixture_are_refused() -> None:
    """R03: READY and COMMIT of another attempt or slot, and a mixture of two attempts."""
    a_world = world()
    old = ready(a_world)  # nobody has got this COMMIT
    forget_commit(a_world, slot_of(a_world))
    a_world.now_s += 10
    new = ready(a_world)
    with pytest.raises(IncompleteCommit):
        a_world.parties[VT].receive(old, a_world.now_s)
    mixed = (*readies_in(new)[:5], readies_in(old)[5])
    with pytest.raises(IncompleteCommit):
        a_world.parties[VT].receive(commit_of(mixed, new), a_world.now_s)
    with pytest.raises(IncompleteCommit):
        a_world.parties[VT].receive(commit_of(readies_in(new)[::-1], new), a_world.now_s)
    with pytest.raises(IncompleteCommit):
        a_world.parties[VT].receive(commit_of(readies_in(new)[:5], new), a_world.now_s)
    assert a_world.parties[VT].durable.charged == []


def test_after_the_lock_no_smaller_set_is_ever_served() -> None:
    """R04, S11: the coordinator has all uploads and says that one dropped out."""
    a_world = world()
    commit = ready(a_world)
    uploads = uploads_of(a_world, commit)
    offer = a_world.coordinator.slots[slot_of(a_world)].offer
    smaller = offer.model_copy(update={"attempt": 1, "participants": WITHOUT_WITNESS})
    for party in WITHOUT_WITNESS:
        assert a_world.parties[party].receive(proposal(smaller), a_world.now_s) == (uploads[party],)
        assert a_world.parties[party].durable.charged == [slot_of(a_world)]


def _restored_before_ready() -> RoundWorld:
    """VT's node is restored to before READY; the source has changed; it answers the same PROPOSE anew."""
    a_world = world()
    backup = a_world.parties[VT].copy_of_disk()
    commit = ready(a_world)
    a_world.parties[VT].durable = backup
    a_world.parties[VT].name_of_chance = "after the restore"
    a_world.parties[VT].receive(proposal(a_world.coordinator.slots[slot_of(a_world)].offer), a_world.now_s)
    a_world.coordinator.slots[slot_of(a_world)] = replace(a_world.coordinator.slots[slot_of(a_world)], commit=commit)
    return a_world


def test_a_restored_node_does_not_lock_on_an_old_commit() -> None:
    """R10: else two uploads under one context would differ by x1 - x2."""
    a_world = _restored_before_ready()
    with pytest.raises(OwnReadyChanged):
        a_world.parties[VT].receive(a_world.coordinator.slots[slot_of(a_world)].commit, a_world.now_s)


def test_a_commit_taken_without_comparing_the_own_ready_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """R10, seeded bug: the restored node locks, and a second vector under the same context exists."""
    monkeypatch.setattr(commit_module, "_check_own", lambda _body, _slot: None)
    a_world = _restored_before_ready()
    commit = a_world.coordinator.slots[slot_of(a_world)].commit
    (second,) = a_world.parties[VT].receive(commit, a_world.now_s)
    first = uploads_of(world(), commit, [])
    assert not first
    assert isinstance(header_of(second), Upload)


def test_a_vault_without_any_trace_of_a_ready_cannot_abort() -> None:
    """R05: a lost vault cannot abort, for its upload may exist."""
    a_world = world()
    commit = ready(a_world)
    a_world.parties[VT].durable = participant(VT).durable
    with pytest.raises(NothingToAbort):
        a_world.parties[VT].receive(commit, a_world.now_s)


def test_a_node_restored_to_before_its_lock_shows_a_smaller_log_and_is_refused() -> None:
    """R10: the peers saw its LOCK."""
    a_world = world()
    backup = a_world.parties[VT].copy_of_disk()
    a_world.run(STUDY_DIGEST, example.QUARTER)
    a_world.parties[VT].durable = backup
    study_round = Period("2026-Q2")
    step = a_world.coordinator.propose(STUDY_DIGEST, study_round, EVERYONE, a_world.now_s)
    for party in EVERYONE:
        for answer in a_world.parties[party].receive(step.messages[0][1], a_world.now_s):
            a_world.coordinator.take(step.slot.slot, answer)
    commit = a_world.coordinator.advance(step.slot.slot).messages[0][1]
    with pytest.raises(ForkedLog) as caught:
        a_world.parties[example.POLICE].receive(commit, a_world.now_s)
    assert len(caught.value.evidence) == 2
    assert a_world.parties[example.POLICE].durable.evidence == [caught.value.evidence]


def test_two_machines_with_one_identity_contradict_each_other() -> None:
    """R12, R21: two READYs for one attempt; the coordinator and the peers keep both signatures."""
    a_world = world()
    commit = ready(a_world)
    clone = participant(VT, name_of_chance="clone")
    (second,) = clone.receive(proposal(a_world.coordinator.slots[slot_of(a_world)].offer), a_world.now_s)
    forget_commit(a_world, slot_of(a_world))
    with pytest.raises(ContradictingMessage) as at_coordinator:
        a_world.coordinator.take(slot_of(a_world), second)
    assert len(at_coordinator.value.evidence) == 2
    readies = [second if header_of(body).sender == VT else body for body in readies_in(commit)]
    uploads_of(a_world, commit, [example.POLICE])
    with pytest.raises(ContradictingReady) as at_peer:
        a_world.parties[example.POLICE].receive(commit_of(readies, commit), a_world.now_s)
    assert a_world.parties[example.POLICE].durable.evidence == [at_peer.value.evidence]


def test_with_two_nonces_of_a_colluder_nothing_opens() -> None:
    """R12: half of the nodes lock on one READY, half on the other."""
    a_world = world()
    commit = ready(a_world)
    clone = participant(VT, name_of_chance="clone")
    (second,) = clone.receive(proposal(a_world.coordinator.slots[slot_of(a_world)].offer), a_world.now_s)
    readies = [second if header_of(body).sender == VT else body for body in readies_in(commit)]
    uploads = uploads_of(a_world, commit, EVERYONE[:3])
    uploads |= uploads_of(a_world, commit_of(readies, commit), (*EVERYONE[3:4], WITNESS))
    uploads[VT] = a_world.parties[VT].receive(commit, a_world.now_s)[0]
    assert not opens([vector_in(uploads[party]) for party in EVERYONE])


def test_a_coordinator_with_two_offers_for_one_attempt_is_kept_as_evidence() -> None:
    a_world = world()
    offer = offer_of(propose(a_world))
    a_world.parties[VT].receive(proposal(offer), a_world.now_s)
    with pytest.raises(ContradictingOffer) as caught:
        a_world.parties[VT].receive(
            proposal(offer.model_copy(update={"expires_s": offer.expires_s - 1})), a_world.now_s
        )
    assert a_world.parties[VT].durable.evidence == [caught.value.evidence]


def test_a_coordinator_with_two_ledgers_is_refused_by_everyone() -> None:
    """L07: it shows one head to one half and another of the same size to the other; the READYs name other offers."""
    a_world = world()
    a_world.coordinator.log.append(b'{"kind":"one"}')
    offer = offer_of(propose(a_world))
    other_log = world().coordinator
    other_log.log.append(b'{"kind":"other"}')
    other = offer_of(other_log.propose(STUDY_DIGEST, example.QUARTER, EVERYONE, a_world.now_s).messages[0][1])
    answers = [
        a_world.parties[party].receive(proposal(offer if place < 3 else other), a_world.now_s)[0]
        for place, party in enumerate(EVERYONE)
    ]
    for party in EVERYONE:
        with pytest.raises(IncompleteCommit):
            a_world.parties[party].receive(commit_of(answers, answers[0]), a_world.now_s)
    # In the next attempt the first half sees the other head of the same size: evidence.
    with pytest.raises(ForkedLog) as caught:
        a_world.parties[EVERYONE[0]].receive(proposal(other.model_copy(update={"attempt": 1})), a_world.now_s)
    assert len(caught.value.evidence) == 2


def test_a_head_without_proof_of_growth_is_refused() -> None:
    a_world = world()
    a_world.coordinator.log.append(b'{"kind":"one"}')
    a_world.run(STUDY_DIGEST, example.QUARTER)
    a_world.coordinator.log.append(b'{"kind":"two"}')
    step = a_world.coordinator.propose(STUDY_DIGEST, Period("2026-Q2"), EVERYONE, a_world.now_s)
    with pytest.raises(UnprovenHead):
        a_world.parties[VT].receive(proposal(step.slot.offer), a_world.now_s)  # `proposal` sends no proof
    assert a_world.parties[VT].receive(step.messages[0][1], a_world.now_s)


# --- one victim, stuck slots, changes of participants ----------------------------------------------------------------


def test_a_commit_shown_to_one_victim_blocks_the_next_round_until_all_have_settled_it() -> None:
    """The victim locked; the others never saw the COMMIT. The next round waits until it is relayed to them."""
    a_world = world()
    commit = ready(a_world)
    (upload,) = a_world.parties[VT].receive(commit, a_world.now_s)
    assert not opens([vector_in(upload)])
    a_world.now_s += 4_000  # the others' READYs end
    step = a_world.coordinator.propose(STUDY_DIGEST, Period("2026-Q2"), EVERYONE, a_world.now_s)
    for party in EVERYONE:
        for answer in a_world.parties[party].receive(step.messages[0][1], a_world.now_s):
            a_world.coordinator.take(step.slot.slot, answer)
    with pytest.raises(UnsettledSlot):
        a_world.parties[VT].receive(a_world.coordinator.advance(step.slot.slot).messages[0][1], a_world.now_s)
    # Anyone may relay the COMMIT; those whose READY ended abort, once their READY of the second slot has ended too.
    a_world.now_s += 4_000
    for party in EVERYONE:
        if party != VT:
            (abort,) = a_world.parties[party].receive(commit, a_world.now_s)
            assert header_of(abort).model_dump()["kind"] == "abort"
    # The next READYs of the second quarter prove the ABORTs.
    forget_commit(a_world, step.slot.slot)
    step = a_world.coordinator.propose(STUDY_DIGEST, Period("2026-Q2"), EVERYONE, a_world.now_s)
    for party in EVERYONE:
        for answer in a_world.parties[party].receive(step.messages[0][1], a_world.now_s):
            a_world.coordinator.take(step.slot.slot, answer)
    commit = a_world.coordinator.advance(step.slot.slot).messages[0][1]
    (second,) = a_world.parties[VT].receive(commit, a_world.now_s)
    assert isinstance(header_of(second), Upload)


def test_proposals_without_commit_cost_nothing_and_end() -> None:
    """R23: PROPOSE for ever; nobody is charged, and one READY is held at a time."""
    a_world = world()
    for _ in range(50):
        body = propose(a_world)
        a_world.parties[VT].receive(body, a_world.now_s)
        a_world.now_s += 5_000
    durable = a_world.parties[VT].durable
    assert durable.charged == []
    assert durable.log.size == 0
    assert len(durable.secrets) == 1
    assert len(durable.memory.slots) == 1


def test_one_ready_at_a_time() -> None:
    a_world = world()
    a_world.parties[VT].receive(propose(a_world), a_world.now_s)
    other = a_world.coordinator.propose(STUDY_DIGEST, Period("2026-Q2"), EVERYONE, a_world.now_s)
    (answer,) = a_world.parties[VT].receive(other.messages[0][1], a_world.now_s)
    assert header_of(answer).model_dump()["code"] == "busy"
    later = a_world.coordinator.propose(STUDY_DIGEST, Period("2026-Q2"), EVERYONE, a_world.now_s + 4_000)
    (answer,) = a_world.parties[VT].receive(later.messages[0][1], a_world.now_s + 4_000)
    assert isinstance(header_of(answer), Ready)


def test_one_participant_more_or_less_needs_an_officer() -> None:
    """R22: the fixed-participants rule, h_min = 2."""
    a_world = world()
    a_world.run(STUDY_DIGEST, example.QUARTER)
    step = a_world.coordinator.propose(STUDY_DIGEST, Period("2026-Q2"), WITHOUT_WITNESS, a_world.now_s)
    with pytest.raises(ParticipantsChanged):
        a_world.parties[VT].receive(step.messages[0][1], a_world.now_s)
    allowed = replace(a_world.parties[VT].member, permitted={step.slot.slot: WITHOUT_WITNESS})
    a_world.parties[VT].member = allowed
    assert a_world.parties[VT].receive(step.messages[0][1], a_world.now_s)


def test_a_partner_that_is_left_out_can_see_it() -> None:
    """R26: the offer names who takes part; the study names who contributes."""
    a_world = world()
    offer = offer_of(propose(a_world, tuple(party for party in EVERYONE if party != example.SCHOOLS[0])))
    assert example.SCHOOLS[0] not in offer.participants
    assert example.SCHOOLS[0] in example.study().tables[2].contributors


# --- what colluders and the coordinator can read ---------------------------------------------------------------------


def _is_uniform(residues: NDArray[np.uint32]) -> bool:
    observed = np.bincount(residues >> 24, minlength=256)
    expected = residues.size / 256
    return float(((observed - expected) ** 2 / expected).sum()) < CHI_SQUARE_255


def _large_vectors(context: Digest, parties: Sequence[PartyId] = EVERYONE) -> dict[PartyId, MaskedVector]:
    ring = Ring(32, 6, 10_000, example.study().tables[0].variance.fraction)
    counts = np.full(100_000, 42, dtype=np.int64)
    made = {}
    for party in parties:
        private = participant(party).private
        keys = slot_keys(private, covenant=example.covenant(), own=party, peers=EVERYONE, context=context)
        made[party] = contribution(counts, ring, keys)
    return made


def test_with_one_upload_missing_the_rest_is_uniform() -> None:
    """R13; control: all six add up to a constant."""
    vectors = _large_vectors(Digest("1" * 64))
    total = sum((vector.cells for vector in vectors.values()), np.zeros(100_000, dtype=np.uint32))
    assert set(total.tolist()) == {6 * 42}
    assert _is_uniform(total - vectors[VT].cells)
    assert not _is_uniform(total)


def test_coordinator_and_four_of_six_see_only_the_sum_of_the_two_honest() -> None:
    """R11, S08: they strip every mask they know from a victim; what is left is uniform."""
    context = Digest("2" * 64)
    victim, honest, colluders = VT, WITNESS, EVERYONE[:4]
    vectors = _large_vectors(context, (victim, honest))
    stripped = {}
    for party in (victim, honest):
        keys = slot_keys(
            participant(party).private, covenant=example.covenant(), own=party, peers=colluders, context=context
        )
        known = contribution(
            np.zeros(100_000, dtype=np.int64), Ring(32, 6, 10_000, example.study().tables[0].variance.fraction), keys
        )
        stripped[party] = vectors[party].cells - known.cells
    assert _is_uniform(stripped[victim])
    assert set((stripped[victim] + stripped[honest]).tolist()) == {84}


def test_nothing_that_travels_holds_a_key_or_a_seed() -> None:
    """R18: every byte of a round with a repair is searched for every secret of every party."""
    a_world = world()
    commit = ready(a_world)
    secrets: list[bytes] = []
    for party in a_world.parties.values():
        kept = party.durable.secrets[slot_of(a_world)]
        secrets += [party.private.private_bytes_raw(), kept.seed, kept.opening, kept.values.tobytes()]
        secrets += [
            key.reveal()
            for key in slot_keys(
                party.private,
                covenant=example.covenant(),
                own=party.member.id,
                peers=EVERYONE,
                context=Digest("3" * 64),
            )
        ]
    wire = commit + b"".join(uploads_of(a_world, commit).values())
    assert all(secret not in wire and secret.hex().encode() not in wire for secret in secrets)
    # Control: the search finds what is there.
    assert a_world.parties[VT].durable.memory.slots[slot_of(a_world)].upload in wire


def test_no_error_or_repr_shows_a_secret() -> None:
    """R29: values that hold secrets have no fields in their repr, and neither have states and frames."""
    a_world = world()
    ready(a_world)
    party = a_world.parties[VT]
    kept = party.durable.secrets[slot_of(a_world)]
    shown = " ".join(
        repr(value)
        for value in (party, party.durable, kept, party.member, party.durable.memory.slots[slot_of(a_world)])
    )
    for secret in (kept.seed, kept.opening, party.private.private_bytes_raw()):
        assert secret.hex() not in shown
        assert repr(secret) not in shown


def test_keys_of_an_old_version_of_the_covenant_open_nothing_under_the_new_one() -> None:
    """R30: the covenant's digest is in the pair keys."""
    renewed = example.covenant().model_copy(update={"version": 2, "previous": digest_of(example.covenant())})
    keys = {
        covenant.version: slot_keys(
            participant(VT).private, covenant=covenant, own=VT, peers=EVERYONE, context=Digest("4" * 64)
        )
        for covenant in (example.covenant(), renewed)
    }
    assert not {key.reveal() for key in keys[1]} & {key.reveal() for key in keys[2]}


def test_mask_keys_never_repeat_over_slots_and_attempts() -> None:
    """R14, S15: 200 contexts, 5 peers, all different; a new attempt has new nonces."""
    contexts = []
    a_world = world()
    for _ in range(10):
        commit = ready(a_world)
        readies = [header for header in map(header_of, readies_in(commit)) if isinstance(header, Ready)]
        contexts.append(context_module.context_of(a_world.coordinator.slots[slot_of(a_world)].offer, readies))
        forget_commit(a_world, slot_of(a_world))
        a_world.now_s += 10
    keys = [
        key.reveal()
        for context in contexts
        for key in slot_keys(
            participant(VT).private, covenant=example.covenant(), own=VT, peers=EVERYONE, context=context
        )
    ]
    assert len(set(keys)) == len(keys) == 50


# --- clocks, results -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump_s", [-10 * 365 * 86_400, 10 * 365 * 86_400])
def test_a_clock_that_jumps_reopens_no_slot(jump_s: int) -> None:
    """R31: after the lock no time makes a second attempt possible."""
    a_world = world()
    uploads = uploads_of(a_world, ready(a_world))
    offer = a_world.coordinator.slots[slot_of(a_world)].offer
    a_world.now_s += jump_s
    again = offer.model_copy(update={"attempt": 1, "expires_s": max(0, a_world.now_s + 100)})
    assert a_world.parties[VT].receive(proposal(again), a_world.now_s) == (uploads[VT],)
    assert a_world.parties[VT].durable.charged == [slot_of(a_world)]


def test_a_commit_after_the_expiry_locks_nothing_and_the_seed_is_gone() -> None:
    a_world = world()
    commit = ready(a_world)
    assert a_world.parties[VT].receive(commit, a_world.now_s + 4_000) == ()
    assert not a_world.parties[VT].durable.secrets
    (abort,) = a_world.parties[VT].receive(commit, a_world.now_s + 4_000)
    assert header_of(abort).model_dump()["kind"] == "abort"
    assert a_world.parties[VT].durable.charged == []


def test_an_observer_that_adds_to_anothers_own_table_is_found_by_its_owner() -> None:
    """The witness adds 5 to a cell of Veilig Thuis; the sum opens, and its owner objects."""
    a_world = world()
    commit = ready(a_world)
    liar = a_world.parties[WITNESS]
    slot = slot_of(a_world)
    uploads = uploads_of(a_world, commit)
    changed = vector_in(uploads[WITNESS]).cells.copy()
    changed[0] += 5
    payload = changed.tobytes()
    header = header_of(uploads[WITNESS]).model_copy(update={"payload_digest": digest_of_payload(payload)})
    uploads[WITNESS] = seal(header, key=liar.member.key, payload=payload).encode()
    for body in uploads.values():
        a_world.coordinator.take(slot, body)
    result = a_world.coordinator.advance(slot).messages[0][1]
    verdicts = {party: header_of(a_world.parties[party].receive(result, a_world.now_s)[0]) for party in EVERYONE}
    objections = {party: verdict.model_dump()["objection"] for party, verdict in verdicts.items()}
    assert objections[VT] == "own-table"
    assert objections[example.POLICE] is None


def test_an_objection_blocks_the_round() -> None:
    """R25: a coordinator that shows other uploads than it got is objected to, and the round never ends."""
    a_world = world()
    commit = ready(a_world)
    send(a_world, EVERYONE, commit)
    slot = slot_of(a_world)
    result = a_world.coordinator.advance(slot).messages[0][1]
    frames = list(unpack(parse_frame(result, source="a test", max_payload_bytes=1 << 20).payload, source="a test"))
    frames[0], frames[1] = frames[1], frames[0]
    payload = pack(frames)
    header = header_of(result).model_copy(update={"payload_digest": digest_of_payload(payload)})
    lie = Frame(header, b"", payload)
    send(a_world, EVERYONE, seal(lie.header, key=C_KEY, payload=payload).encode())
    done = a_world.coordinator.advance(slot).slot
    assert set(done.objections) == set(EVERYONE)
    assert done.state is State.OPENED


def test_the_same_upload_twice_is_one_upload_and_another_is_evidence() -> None:
    """C03, C01: an identical retry changes nothing, other content under the same id is a conflict."""
    a_world = world()
    uploads = uploads_of(a_world, ready(a_world))
    slot = slot_of(a_world)
    a_world.coordinator.take(slot, uploads[VT])
    a_world.coordinator.take(slot, uploads[VT])
    other = seal(
        header_of(uploads[VT]).model_copy(update={"payload_digest": digest_of_payload(bytes(60))}),
        key=a_world.parties[VT].member.key,
        payload=bytes(60),
    )
    with pytest.raises(ContradictingMessage):
        a_world.coordinator.take(slot, other.encode())


def test_the_coordinator_opens_nothing_early_and_proposes_nothing_after_commit() -> None:
    """C02: n_min is checked by the coordinator's own code too, and COMMIT is the last attempt."""
    a_world = world()
    commit = ready(a_world)
    slot = slot_of(a_world)
    send(a_world, EVERYONE[:5], commit)
    with pytest.raises(OutOfOrder):
        open_slot(a_world.coordinator.slots[slot], a_world.coordinator.member)
    with pytest.raises(OutOfOrder):
        propose(a_world)
    with pytest.raises(WrongParticipants):
        check_offer(
            a_world.coordinator.slots[slot].offer.model_copy(update={"participants": EVERYONE[:4]}),
            member(example.COORDINATOR),
        )


def test_an_upload_of_another_slot_is_not_taken() -> None:
    """R03."""
    a_world = world()
    uploads = uploads_of(a_world, ready(a_world))
    moved = header_of(uploads[VT]).model_copy(update={"slot": "5" * 64})
    payload = vector_in(uploads[VT]).encode()
    with pytest.raises(Refusal) as caught:
        a_world.coordinator.take(
            slot_of(a_world), seal(moved, key=a_world.parties[VT].member.key, payload=payload).encode()
        )
    assert caught.value.code == "unexpected"
