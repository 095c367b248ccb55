"""What participants remember of each other's logs while slots overlap: heads never go back, and forks are kept."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from protocol.digest import digest_of
from protocol.round.memory import SawHead, Showed
from protocol.round.participant import lock as lock_module
from protocol.round.participant import repair as repair_module
from protocol.round.transitions import State
from protocol.round.witness import SeenHead, UnprovenHead
from protocol.words.ids import PartyId, StudyId
from protocol.words.period import Period
from simulations.party import SimulatedParty
from simulations.round_world import Coordinator
from tests import example
from tests.protocol.round.stages import VT, WITNESS, changed, frame_of, kind_of, stages, vault_outcome
from tests.protocol.round.test_repair import until_repair
from tests.rounds import EVERYONE, STUDY_DIGEST, ready, slot_of, world

SECOND = Period("2026-Q2")
OTHER_STUDY = example.study().model_copy(update={"id": StudyId("tweede-2026")})


def _size_after_an_old_abort() -> tuple[int, int]:
    """The witness aborts one quarter, shares another, and only then is its ABORT shown to Veilig Thuis."""
    a_world = until_repair(WITNESS)
    a_world.run(STUDY_DIGEST, SECOND)
    before = a_world.parties[VT].durable.memory.heads[WITNESS].size
    body = a_world.coordinator.repair(slot_of(a_world)).messages[0][1]
    (answer,) = a_world.parties[VT].receive(body, a_world.now_s)
    assert kind_of(answer) == "correction"
    return before, a_world.parties[VT].durable.memory.heads[WITNESS].size


def test_an_old_abort_does_not_turn_a_head_back() -> None:
    """R10: else a restored log could come after it unseen. LOCK, ABORT, LOCK."""
    assert _size_after_an_old_abort() == (3, 3)


def test_a_head_that_is_stored_whatever_its_size_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded bug: the ABORT's head replaces the newest."""
    monkeypatch.setattr(repair_module, "saw_head", lambda _memory, party, head: (SawHead(party, head),))
    assert _size_after_an_old_abort() == (3, 2)


def _commit_after_a_late_abort() -> Callable[[], tuple[bytes, ...]]:
    """Peers saw the log of Veilig Thuis in an UPLOAD; then it aborts an old slot, then comes a third round."""
    a_world = world()
    old_commit = ready(a_world)
    a_world.now_s += 4_000
    a_world.run(STUDY_DIGEST, SECOND)
    (abort,) = a_world.parties[VT].receive(old_commit, a_world.now_s)
    assert kind_of(abort) == "abort"
    digest = digest_of(OTHER_STUDY)
    everybody: list[Coordinator | SimulatedParty] = [a_world.coordinator, *a_world.parties.values()]
    for someone in everybody:
        someone.member = replace(someone.member, studies={**someone.member.studies, digest: OTHER_STUDY})
    step = a_world.coordinator.propose(digest, example.QUARTER, EVERYONE, a_world.now_s)
    for party in EVERYONE:
        for answer in a_world.parties[party].receive(step.messages[0][1], a_world.now_s):
            a_world.coordinator.take(step.slot.slot, answer)
    commit = a_world.coordinator.advance(step.slot.slot).messages[0][1]
    return lambda: a_world.parties[example.POLICE].receive(commit, a_world.now_s)


def test_a_party_can_prove_its_growth_from_every_head_it_showed() -> None:
    """In a READY, an UPLOAD or an ABORT: else one late ABORT would shut it out of every later round."""
    (answer,) = _commit_after_a_late_abort()()
    assert kind_of(answer) == "upload"


def test_a_party_that_forgets_which_heads_its_uploads_showed_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded bug: only READYs are remembered."""
    monkeypatch.setattr(lock_module, "Showed", lambda _size: Showed(0))
    receive = _commit_after_a_late_abort()
    with pytest.raises(UnprovenHead):
        receive()


def _having_seen(party: PartyId, state: str, *, size: int) -> str:
    """Let Veilig Thuis have seen another root of a party's log at a size; return what the next message does."""
    made = stages()
    vault = made.vaults[state]
    seen = {**vault.memory.heads, party: SeenHead(size, b"\x00" * 32, "the note seen before")}
    made.party.durable = vault
    spoiled = made.party.copy_of_disk()
    spoiled.memory = replace(vault.memory, heads=seen)
    return vault_outcome(made.party, spoiled, made.frames["repair" if state == State.SENT else "result"])


def test_two_heads_of_one_size_in_an_abort_are_refused_and_kept() -> None:
    """R10, R21: the witness' log held another entry where the ABORT says its LOCK is."""
    assert _having_seen(WITNESS, State.SENT, size=2) == "forked-log"
    ((older, newer),) = stages().party.durable.evidence
    assert older == "the note seen before"
    assert "samenzicht.log/oefenconvenant/witness-fg\n2\n" in str(newer)
    assert _having_seen(WITNESS, State.SENT, size=3) == "moves"  # an older head than the newest proves nothing


def test_two_heads_of_one_size_in_a_result_are_objected_to_and_kept() -> None:
    """R21: in the UPLOAD of a peer, and in the coordinator's own head (L07)."""
    made = stages()
    for party in (example.POLICE, example.COORDINATOR):
        size = 1 if party == example.POLICE else 0
        assert _having_seen(party, State.CORRECTED, size=size) == "moves"
        ((older, newer),) = made.party.durable.evidence
        assert older == "the note seen before"
        assert f"samenzicht.log/oefenconvenant/{party}\n{size}\n" in str(newer)
        (slot,) = made.party.durable.memory.slots.values()
        assert frame_of(slot.verdict).header.model_dump()["objection"] == "witness"


def test_the_coordinator_proves_its_growth_from_the_head_in_a_result() -> None:
    """Its log grows before the RESULT and after it."""
    a_world = world()
    commit = ready(a_world)
    for answer in [a_world.parties[party].receive(commit, a_world.now_s)[0] for party in EVERYONE]:
        a_world.coordinator.take(slot_of(a_world), answer)
    a_world.coordinator.log.append(b'{"kind":"one"}')
    result = a_world.coordinator.advance(slot_of(a_world)).messages[0][1]
    a_world.parties[VT].receive(result, a_world.now_s)
    a_world.coordinator.log.append(b'{"kind":"two"}')
    step = a_world.coordinator.propose(STUDY_DIGEST, SECOND, EVERYONE, a_world.now_s)
    assert kind_of(a_world.parties[VT].receive(step.messages[0][1], a_world.now_s)[0]) == "ready"
    a_world.parties[example.POLICE].receive(result, a_world.now_s)
    with pytest.raises(UnprovenHead):
        a_world.parties[example.POLICE].receive(changed(step.messages[0][1], consistency=()), a_world.now_s)
