"""What a participant whose vault was restored may do with a slot that was open: charge it, prove it, nothing else."""

from dataclasses import replace

import pytest

from protocol.ledger.entry import LockEntry, parse_entry
from protocol.round.memory import BookCharges, Memory, SlotMemory
from protocol.round.messages import Attempt
from protocol.round.participant.halt import halt
from protocol.round.participant.lock import ReadyElsewhere, give_up
from protocol.round.partner_round import pending, receive
from protocol.round.transitions import OutOfOrder, State
from protocol.words.ids import Digest
from simulations.party import Durable, SimulatedParty
from tests.protocol.round.stages import HALTING, halted, kind_of, restored, stages
from tests.rounds import START_S

SLOT = Digest("5" * 64)


def party_with(vault: Durable) -> SimulatedParty:
    made = stages()
    made.party.durable = vault
    made.party.durable = made.party.copy_of_disk()
    return made.party


@pytest.mark.parametrize("state", HALTING)
def test_a_halted_slot_has_no_work_and_cannot_be_given_up(state: str) -> None:
    vault = stages().vaults[halted(state)]
    (slot,) = vault.memory.slots.values()
    assert slot.state is State.HALTED
    assert pending(vault.memory) == ()
    with pytest.raises(OutOfOrder):
        give_up(slot, vault.log)
    assert halt(vault.memory) == ()  # restored again: the same


@pytest.mark.parametrize("state", [State.CORRECTED, State.DONE, State.ABORTED])
def test_what_draws_nothing_any_more_is_not_halted(state: State) -> None:
    memory = Memory({SLOT: SlotMemory(SLOT, state, Attempt(0))})
    assert halt(memory) == ()


def test_only_a_ready_is_charged_by_the_restore_the_others_were_or_never_are() -> None:
    for state in HALTING:
        (slot,) = stages().vaults[state].memory.slots
        charged = [item for item in halt(stages().vaults[state].memory) if isinstance(item, BookCharges)]
        assert charged == ([BookCharges(slot)] if state == State.READY else []), state


def test_the_commit_of_a_halted_ready_locks_it_once_and_sends_nothing() -> None:
    """The entry is the one that the lost vault made, so that peers who locked are satisfied."""
    made = stages()
    party = party_with(made.vaults[halted(State.READY)])
    assert party.receive(made.frames["commit"], START_S) == ()
    entry = parse_entry(party.durable.entries[-1])
    assert isinstance(entry, LockEntry)
    assert party.durable.entries == made.vaults[State.LOCKED].entries
    size = party.durable.log.size
    assert party.receive(made.frames["commit"], START_S) == ()
    assert party.restart(START_S) == ()
    assert party.durable.log.size == size
    with pytest.raises(OutOfOrder):
        party.give_up(entry.slot)


def test_a_halted_ready_does_not_lock_while_another_ready_is_open() -> None:
    """Peers would see the own log grow between a READY's head and the end of that READY."""
    made = stages()
    vault = made.vaults[halted(State.READY)]
    (slot,) = made.vaults[State.READY].memory.slots.values()
    other = replace(slot, slot=SLOT)
    memory = replace(vault.memory, slots={**vault.memory.slots, SLOT: other})
    with pytest.raises(ReadyElsewhere):
        receive(
            made.frames["commit"],
            memory=memory,
            member=made.party.member,
            log=vault.log,
            now_s=START_S,
            own_counts=made.party.own_counts,
        )


def test_a_ready_put_back_as_it_was_could_be_given_up_after_it_was_sent() -> None:
    """Negative control, docs/protocol.md 10.6: an ABORT beside the UPLOAD, both signed; and halting forbids it."""
    made = stages()
    party = party_with(made.vaults[State.READY])
    (slot,) = party.durable.memory.slots
    assert [kind_of(body) for body in party.receive(made.frames["commit"], START_S)] == ["upload"]
    party = party_with(made.vaults[State.READY])
    assert [kind_of(body) for body in party.give_up(slot)] == ["abort"]
    party = party_with(restored(made.vaults[State.READY]))
    with pytest.raises(OutOfOrder):
        party.give_up(slot)


def test_a_sent_slot_is_not_corrected_after_a_restore() -> None:
    """The correction may have left before, with a seed that is in no backup; the control is the slot as it was."""
    made = stages()
    answers = party_with(made.vaults[State.SENT]).receive(made.frames["repair"], START_S)
    assert [kind_of(body) for body in answers] == ["correction"]
    with pytest.raises(OutOfOrder):
        party_with(restored(made.vaults[State.SENT])).receive(made.frames["repair"], START_S)
