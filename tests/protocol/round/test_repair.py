"""A party that locked and cannot go on: ABORT, then one REPAIR, itself a secure sum. No pair seed is ever shown."""

from fractions import Fraction

import numpy as np
import pytest

from protocol.errors import Refusal
from protocol.round import transitions
from protocol.round.coordinator_round import Unexpected, open_slot
from protocol.round.frame import digest_of_payload, pack, seal
from protocol.round.memory import FreezeWork, Step
from protocol.round.messages import Abort, Correction, Repair, Upload
from protocol.round.opening import open_round
from protocol.round.participant import ready as ready_module
from protocol.round.participant.lock import ReadyElsewhere
from protocol.round.participant.repair import WrongRepair
from protocol.round.ring import SumOutOfRange
from protocol.round.transitions import Event, OutOfOrder, Side, State
from protocol.signing import BadSignature
from protocol.study import plan as plan_module
from protocol.study.plan import repair_plan, round_plan
from protocol.words.ids import PartyId, TableId
from protocol.words.period import Period
from simulations.round_world import READY_LIFETIME_S, RoundWorld
from tests import example
from tests.protocol.round.test_hostile import C_KEY, commit_of, header_of, opens, proposal, vector_in
from tests.rounds import EVERYONE, STUDY_DIGEST, ready, send, slot_of, true_counts, world

VT, POLICE, WITNESS = example.VT, example.POLICE, example.WITNESS
SCHOOL = example.SCHOOLS[2]
JOINT_CELLS = slice(12, 15)


def left_after(gone: PartyId) -> list[PartyId]:
    return [party for party in EVERYONE if party != gone]


def until_repair(gone: PartyId) -> RoundWorld:
    """All but one upload; the one aborts."""
    a_world = world()
    commit = ready(a_world)
    send(a_world, left_after(gone), commit)
    victim = a_world.parties[gone]
    victim.crash_at = lambda point: (_ for _ in ()).throw(InterruptedError) if point == "before work" else None
    with pytest.raises(InterruptedError):
        victim.receive(commit, a_world.now_s)
    victim.crash_at = lambda _point: None
    for body in victim.give_up(slot_of(a_world)):
        a_world.coordinator.take(slot_of(a_world), body)
    return a_world


def repaired(gone: PartyId) -> RoundWorld:
    a_world = until_repair(gone)
    body = a_world.coordinator.repair(slot_of(a_world)).messages[0][1]
    send(a_world, left_after(gone), body)
    result = a_world.coordinator.advance(slot_of(a_world)).messages[0][1]
    send(a_world, left_after(gone), result)
    assert a_world.coordinator.advance(slot_of(a_world)).slot.state is State.DONE
    return a_world


def repair_frame(a_world: RoundWorld, gone: tuple[PartyId, ...], aborts: list[bytes]) -> bytes:
    known = a_world.coordinator.slots[slot_of(a_world)]
    payload = pack(aborts)
    header = Repair(
        sender=example.COORDINATOR,
        slot=known.slot,
        attempt=known.attempt,
        context=known.context or known.slot,
        gone=gone,
        payload_digest=digest_of_payload(payload),
    )
    return seal(header, key=C_KEY, payload=payload).encode()


def test_after_a_repair_the_survivors_sum_is_exact() -> None:
    """R06: what each survivor noised and topped up, and nothing of the one that left."""
    a_world = repaired(WITNESS)
    opened = open_slot(a_world.coordinator.slots[slot_of(a_world)], a_world.coordinator.member)
    noised = [
        a_world.parties[party].own_counts(a_world.parties[party].durable.memory.slots[slot_of(a_world)])
        for party in left_after(WITNESS)
    ]
    # The witness contributes nowhere, so nobody tops up and the sum is that of the uploads.
    assert np.array_equal(opened.values, np.sum(noised, axis=0))


def test_own_tables_of_the_gone_are_not_delivered_and_the_rest_is() -> None:
    a_world = repaired(VT)
    plans = round_plan(example.study(), example.covenant(), example.QUARTER, EVERYONE)
    repairs = {item.table.id: item for item in repair_plan(plans, example.covenant(), (VT,))}
    assert not repairs[TableId("aard-vt")].delivered
    assert not repairs[TableId("aard-vt")].void
    assert repairs[TableId("verzuim-scholen")].delivered
    opened = open_slot(a_world.coordinator.slots[slot_of(a_world)], a_world.coordinator.member)
    assert not opened.values[:12].any()
    schools = np.sum([true_counts(school) for school in example.SCHOOLS], axis=0)[JOINT_CELLS]
    assert np.all(np.abs(opened.values[JOINT_CELLS] - schools) < 120)


def test_a_joint_table_with_too_few_left_says_nothing() -> None:
    """Two of three schools are left, t = 1: nobody could hide, so each blinds the cells."""
    a_world = repaired(SCHOOL)
    slot = a_world.coordinator.slots[slot_of(a_world)]
    opened = open_slot(slot, a_world.coordinator.member)
    assert not opened.values[JOINT_CELLS].any()
    assert np.all(np.abs(opened.values[:12] - true_counts(VT)[:12]) < 100)
    # Without leaving the void cells out, their sum is residues that no honest counts add up to.
    left = left_after(SCHOOL)
    uploads = [vector_in(slot.uploads[party]).encode() for party in left]
    fixes = [vector_in(slot.corrections[party]).encode() for party in left]
    with pytest.raises(SumOutOfRange):
        open_round(uploads, fixes, a_world.coordinator.member.ring(slot.offer, left), slot.offer)


@pytest.mark.parametrize(("contributors", "gone"), [(4, 1), (6, 2), (10, 3)])
def test_honest_survivors_have_the_whole_variance_between_them(contributors: int, gone: int) -> None:
    table = (
        example.study()
        .tables[2]
        .model_copy(update={"contributors": tuple(PartyId(f"school-{n:02d}") for n in range(contributors))})
    )
    study = example.study().model_copy(update={"tables": (table,)})
    plans = round_plan(study, example.covenant(), example.QUARTER, table.contributors)
    (item,) = repair_plan(plans, example.covenant(), table.contributors[:gone])
    left = contributors - gone
    share = plans[0].share_variance + item.top_up
    assert share * (left - example.covenant().colluders) >= table.variance.fraction
    assert item.variance == share * left
    assert item.top_up >= 4


def test_a_repair_without_top_up_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """R06, seeded bug: the survivors would have less than the variance that was promised."""
    monkeypatch.setattr(plan_module, "joint_top_up", lambda *_arguments, **_counts: Fraction(0))
    with pytest.raises(AssertionError):
        test_honest_survivors_have_the_whole_variance_between_them(4, 1)


def test_the_gone_are_named_with_signed_aborts_or_nothing_happens() -> None:
    """R05: no ABORT, a foreign one, a forged one, one of another party than named."""
    a_world = until_repair(WITNESS)
    (abort,) = a_world.coordinator.slots[slot_of(a_world)].aborts.values()
    header = header_of(abort)
    assert isinstance(header, Abort)
    victim = a_world.parties[VT]
    forged = seal(header, key=example.signing_key(POLICE)).encode()
    renamed = seal(header.model_copy(update={"sender": POLICE}), key=example.signing_key(POLICE)).encode()
    other_slot = seal(header.model_copy(update={"slot": "7" * 64}), key=example.signing_key(WITNESS)).encode()
    for gone, aborts, refusal in (
        ((WITNESS,), [], WrongRepair),
        ((WITNESS,), [forged], BadSignature),
        ((POLICE,), [abort], WrongRepair),
        ((POLICE,), [renamed], Refusal),
        ((WITNESS,), [other_slot], WrongRepair),
        ((POLICE, WITNESS), [renamed, abort], WrongRepair),  # four would be left, n_min is five
        ((VT,), [abort], WrongRepair),
    ):
        with pytest.raises(refusal):
            victim.receive(repair_frame(a_world, gone, aborts), a_world.now_s)
    assert victim.durable.memory.slots[slot_of(a_world)].state is State.SENT


def test_an_abort_after_the_upload_is_refused_by_the_node() -> None:
    """R05."""
    a_world = world()
    send(a_world, [VT], ready(a_world))
    with pytest.raises(OutOfOrder):
        a_world.parties[VT].give_up(slot_of(a_world))


def test_an_abort_after_the_upload_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """R05, seeded bug: a table that lets a sent slot be given up; then the node has uploaded and aborted."""
    monkeypatch.setitem(
        transitions._NEXT,  # noqa: SLF001 - the seeded bug
        (Side.PARTICIPANT, State.SENT, Event.GIVE_UP),
        State.ABORTED,
    )
    a_world = world()
    send(a_world, [VT], ready(a_world))
    (body,) = a_world.parties[VT].give_up(slot_of(a_world))
    kinds = {
        type(header_of(frame)) for frame in (body, a_world.parties[VT].durable.memory.slots[slot_of(a_world)].upload)
    }
    assert kinds == {Abort, Upload}


def test_after_an_abort_a_commit_gets_the_same_abort() -> None:
    """R06."""
    a_world = until_repair(WITNESS)
    commit = a_world.coordinator.slots[slot_of(a_world)].commit
    (abort,) = a_world.coordinator.slots[slot_of(a_world)].aborts.values()
    assert a_world.parties[WITNESS].receive(commit, a_world.now_s) == (abort,)


def test_a_second_repair_is_refused_and_a_repeated_one_gets_the_same_bytes() -> None:
    """R06."""
    a_world = until_repair(WITNESS)
    body = a_world.coordinator.repair(slot_of(a_world)).messages[0][1]
    (first,) = a_world.parties[VT].receive(body, a_world.now_s)
    assert a_world.parties[VT].receive(body, a_world.now_s) == (first,)
    assert isinstance(header_of(first), Correction)
    (abort,) = a_world.coordinator.slots[slot_of(a_world)].aborts.values()
    header = header_of(abort).model_copy(update={"sender": POLICE})
    other = repair_frame(a_world, (POLICE,), [seal(header, key=example.signing_key(POLICE)).encode()])
    with pytest.raises(WrongRepair):
        a_world.parties[VT].receive(other, a_world.now_s)


def test_a_crash_during_a_repair_ends_in_the_same_correction() -> None:
    a_world = until_repair(SCHOOL)
    body = a_world.coordinator.repair(slot_of(a_world)).messages[0][1]
    party = a_world.parties[example.SCHOOLS[0]]
    party.crash_at = lambda point: (
        (_ for _ in ()).throw(InterruptedError)
        if point == "before commit" and (party.durable.memory.slots[slot_of(a_world)].state is State.REPAIRING)
        else None
    )
    with pytest.raises(InterruptedError):
        party.receive(body, a_world.now_s)
    seed = party.durable.secrets[slot_of(a_world)].seed
    with pytest.raises(InterruptedError):
        party.restart(a_world.now_s)
    assert party.durable.secrets[slot_of(a_world)].seed == seed
    party.crash_at = lambda _point: None
    (correction,) = party.restart(a_world.now_s)
    assert party.receive(body, a_world.now_s) == (correction,)
    assert slot_of(a_world) not in party.durable.secrets


def test_the_coordinator_repairs_only_what_was_aborted_and_has_enough_left() -> None:
    """S05: fewer than n_min survivors, nothing opens, nothing is refunded."""
    a_world = world()
    commit = ready(a_world)
    send(a_world, EVERYONE[:4], commit)
    with pytest.raises(Unexpected):
        a_world.coordinator.repair(slot_of(a_world))
    for party in EVERYONE[4:]:
        victim = a_world.parties[party]
        victim.crash_at = lambda point: (_ for _ in ()).throw(InterruptedError) if point == "before work" else None
        with pytest.raises(InterruptedError):
            victim.receive(commit, a_world.now_s)
        victim.crash_at = lambda _point: None
        for body in victim.give_up(slot_of(a_world)):
            a_world.coordinator.take(slot_of(a_world), body)
        assert victim.durable.charged == [slot_of(a_world)]
    with pytest.raises(Unexpected):
        a_world.coordinator.repair(slot_of(a_world))


def test_uploads_with_one_missing_open_only_with_the_corrections() -> None:
    a_world = until_repair(WITNESS)
    slot = a_world.coordinator.slots[slot_of(a_world)]
    left = left_after(WITNESS)
    ring = a_world.coordinator.member.ring(slot.offer, left)
    with pytest.raises(SumOutOfRange):
        open_round([vector_in(slot.uploads[party]).encode() for party in left], (), ring, slot.offer)


def test_a_second_lock_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """R04, seeded bug: nodes that answer a newer attempt of a sent slot; the slot opens twice and all pay twice."""
    a_world = world()
    send(a_world, EVERYONE, ready(a_world))
    slot = slot_of(a_world)
    offer = a_world.coordinator.slots[slot].offer.model_copy(update={"attempt": 1})
    second = proposal(offer)
    assert all(
        isinstance(header_of(party.receive(second, a_world.now_s)[0]), Upload) for party in a_world.parties.values()
    )
    monkeypatch.setattr(ready_module, "_again", lambda _known, _member: Step(work=FreezeWork(second, offer)))
    readies = [a_world.parties[party].receive(second, a_world.now_s)[0] for party in EVERYONE]
    commit = commit_of(readies, readies[0])
    uploads = [vector_in(a_world.parties[party].receive(commit, a_world.now_s)[0]) for party in EVERYONE]
    assert opens(uploads)
    assert all(party.durable.charged == [slot, slot] for party in a_world.parties.values())


def test_a_late_abort_of_a_second_round_still_leads_to_a_repair() -> None:
    """Its log grew in the first round; the ABORT proves it from the READY that has ended."""
    a_world = world()
    a_world.run(STUDY_DIGEST, example.QUARTER)
    step = a_world.coordinator.propose(STUDY_DIGEST, Period("2026-Q2"), EVERYONE, a_world.now_s)
    slot = step.slot.slot

    def deliver(parties: list[PartyId], body: bytes, now_s: int) -> None:
        for party in parties:
            for answer in a_world.parties[party].receive(body, now_s):
                a_world.coordinator.take(slot, answer)

    deliver(list(EVERYONE), step.messages[0][1], a_world.now_s)
    commit = a_world.coordinator.advance(slot).messages[0][1]
    deliver(left_after(WITNESS), commit, a_world.now_s)
    late_s = a_world.now_s + READY_LIFETIME_S + 1
    deliver([WITNESS], commit, late_s)
    deliver([WITNESS], commit, late_s)
    deliver(left_after(WITNESS), a_world.coordinator.repair(slot).messages[0][1], late_s)
    deliver(left_after(WITNESS), a_world.coordinator.advance(slot).messages[0][1], late_s)
    assert a_world.coordinator.advance(slot).slot.state is State.DONE


def test_a_slot_that_is_locked_and_not_sent_makes_a_node_busy() -> None:
    """Else its ABORT would show a newer log than its next READY, and peers would take that for a log that went back."""
    a_world = world()
    commit = ready(a_world)
    victim = a_world.parties[WITNESS]
    victim.crash_at = lambda point: (_ for _ in ()).throw(InterruptedError) if point == "before work" else None
    with pytest.raises(InterruptedError):
        victim.receive(commit, a_world.now_s)
    victim.crash_at = lambda _point: None
    step = a_world.coordinator.propose(STUDY_DIGEST, Period("2026-Q2"), EVERYONE, a_world.now_s)
    (answer,) = victim.receive(step.messages[0][1], a_world.now_s)
    assert header_of(answer).model_dump()["code"] == "busy"
    victim.give_up(slot_of(a_world))
    (answer,) = victim.receive(step.messages[0][1], a_world.now_s)
    assert header_of(answer).model_dump()["kind"] == "ready"


def test_a_late_commit_waits_for_a_ready_of_another_slot() -> None:
    a_world = world()
    commit = ready(a_world)
    later_s = a_world.now_s + READY_LIFETIME_S + 1
    step = a_world.coordinator.propose(STUDY_DIGEST, Period("2026-Q2"), EVERYONE, later_s)
    victim = a_world.parties[WITNESS]
    victim.receive(step.messages[0][1], later_s)
    with pytest.raises(ReadyElsewhere):
        victim.receive(commit, later_s)
    (abort,) = victim.receive(commit, later_s + READY_LIFETIME_S + 1)
    assert isinstance(header_of(abort), Abort)
