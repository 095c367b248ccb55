"""Thousands of spoiled messages at both receivers: refused by name or answered, never another exception."""

from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest

from protocol.errors import Refusal
from protocol.round import coordinator_round
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.round.messages import Objection
from protocol.round.participant import result as result_module
from simulations.party import Durable, SimulatedParty
from simulations.round_world import Coordinator
from tests.protocol.round.mutation import spoiled
from tests.protocol.round.stages import HOME, TO_COORDINATOR, TO_PARTICIPANT, frame_of, stages
from tests.rounds import START_S

PUSH_ROUNDS = 5_000
NIGHTLY_ROUNDS = 200_000
NIGHTLY_PARTS = 8


def campaign(seed: int, rounds: int) -> Counter[str]:
    """Send spoiled messages to receivers in every state; return how often each answer came.

    A refusal that changed anything, and every exception that is no refusal, is raised.
    """
    chance, made = Random(seed), stages()
    answers: Counter[str] = Counter()
    for _ in range(rounds):
        kind = chance.choice((*TO_PARTICIPANT, *TO_COORDINATOR))
        body = spoiled(chance, made.frames[kind])
        if kind in TO_PARTICIPANT:
            vault = made.vaults[_state(chance, kind, tuple(made.vaults))]
            answers[f"participant {_at_participant(made.party, vault, body)}"] += 1
        else:
            slot = made.slots[_state(chance, kind, tuple(made.slots))]
            answers[f"coordinator {_at_coordinator(made.coordinator, slot, body)}"] += 1
    return answers


def _state(chance: Random, kind: str, states: Sequence[str]) -> str:
    """Return the state in which a valid message would be taken, or any."""
    return HOME[kind] if chance.random() < 2 / 3 else chance.choice(states)


def _at_participant(party: SimulatedParty, vault: Durable, body: bytes) -> str:
    party.durable = vault
    party.durable = party.copy_of_disk()
    before = _marks(party.durable)
    try:
        party.receive(body, START_S)
    except Refusal as refusal:
        code = refusal.code
    else:
        return "answered"
    assert _marks(party.durable) == before, f"a refusal ({code}) that changed the vault"
    return code


def _marks(vault: Durable) -> tuple[object, ...]:
    """Return everything durable but the evidence."""
    memory = vault.memory
    known = dict(memory.slots), dict(memory.heads), memory.shown, memory.unsettled
    return *known, vault.log.size, len(vault.entries), tuple(vault.secrets.items()), tuple(vault.charged)


def _at_coordinator(desk: Coordinator, slot: CoordinatorSlot, body: bytes) -> str:
    desk.slots[slot.slot] = slot
    try:
        desk.take(slot.slot, body)
        desk.advance(slot.slot)
        desk.repair(slot.slot)
    except Refusal as refusal:
        return refusal.code
    return "answered"


def test_spoiled_messages_are_refused_by_name() -> None:
    """R24: 5,000 of them; seeded, so that they are the same every time."""
    answers = campaign(1, PUSH_ROUNDS)
    assert answers.total() == PUSH_ROUNDS
    # Most are refused, and for many reasons: the campaign reaches past the signature.
    assert answers["participant answered"] + answers["coordinator answered"] < PUSH_ROUNDS // 2
    assert len(answers) > 30, answers


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(NIGHTLY_PARTS))
def test_many_spoiled_messages_are_refused_by_name(part: int) -> None:
    assert campaign(1_000 + part, NIGHTLY_ROUNDS // NIGHTLY_PARTS).total() == NIGHTLY_ROUNDS // NIGHTLY_PARTS


def test_most_spoiled_messages_still_carry_a_signature_that_holds() -> None:
    """The control of the mutations: else they would test the signature and nothing else."""
    chance, held = Random(2), 0
    for _ in range(300):
        body = spoiled(chance, stages().frames["upload"])
        try:
            frame_of(body)
        except Refusal as refusal:
            held += refusal.code in {"malformed", "payload-mismatch", "bad-frame"}
        else:
            held += 1
    assert held > 150


def test_an_exception_in_a_receiver_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded bugs: an objection for some refusals only, an ABORT filed by a digest that only a READY has."""
    with monkeypatch.context() as patch:
        patch.setattr(result_module, "refused_as", lambda refusal: {"wrong-result": Objection.UPLOAD}[refusal.code])
        with pytest.raises(KeyError):
            campaign(1, PUSH_ROUNDS)
    with monkeypatch.context() as patch:
        patch.setattr(coordinator_round, "_latest", lambda frames, header, body: {**frames, header.offer_digest: body})
        with pytest.raises(AttributeError):
            campaign(1, PUSH_ROUNDS)


def test_a_change_before_a_refusal_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = SimulatedParty.receive

    def hasty(self: SimulatedParty, body: bytes, now_s: int) -> tuple[bytes, ...]:
        try:
            return honest(self, body, now_s)
        except Refusal:
            self.durable.log.append(b"refused")
            raise

    monkeypatch.setattr(SimulatedParty, "receive", hasty)
    with pytest.raises(AssertionError, match="changed the vault"):
        campaign(1, PUSH_ROUNDS)
