"""Whole rounds with every party on a real vault: what it loads is what `applied` says, and bytes are the same."""

from pathlib import Path

import numpy as np
import pytest

from partner_node.vault.book import spent
from partner_node.vault.carry_out import SecretsMissing, kept_evidence, load_commitment, load_seed
from partner_node.vault.vault import open_vault
from protocol.errors import RoundRefusal
from protocol.round.transitions import State
from protocol.words.ids import PartyId
from simulations.party import SimulatedParty
from simulations.round_world import RoundWorld
from tests import example
from tests.partner_node.vault.vault_party import (
    UNITS,
    YEAR,
    CheckedShelf,
    keys,
    memory_world,
    new_vault,
    owner,
    vault_party,
)
from tests.rounds import EVERYONE, STUDY_DIGEST, propose, ready, send, slot_of, world

VT, WITNESS = example.VT, example.WITNESS


def vault_world(folder: Path) -> RoundWorld:
    a_world = world()
    parties = {party: vault_party(new_vault(folder, party), party) for party in EVERYONE}
    return RoundWorld(a_world.coordinator, parties, a_world.chance)


def shelf_of(party: SimulatedParty) -> CheckedShelf:
    assert isinstance(party.shelf, CheckedShelf)
    return party.shelf


def restarted(a_world: RoundWorld, party: PartyId) -> SimulatedParty:
    """Close and open its vault; what it draws from now on is different chance."""
    vault = shelf_of(a_world.parties[party]).vault
    vault.close()
    again = vault_party(open_vault(vault.path, owner(party)), party, name_of_chance="after a restart")
    assert isinstance(a_world.parties, dict)
    a_world.parties[party] = again
    return again


def test_a_round_on_vaults_has_the_bytes_of_a_round_in_memory(tmp_path: Path) -> None:
    in_memory, on_vaults = memory_world(), vault_world(tmp_path)
    expected = in_memory.run(STUDY_DIGEST, example.QUARTER)
    opened = on_vaults.run(STUDY_DIGEST, example.QUARTER)
    assert np.array_equal(opened.values, expected.values)
    slot = slot_of(in_memory)
    assert on_vaults.coordinator.slots[slot].uploads == in_memory.coordinator.slots[slot].uploads
    for party in EVERYONE:
        memory = on_vaults.parties[party].shelf.memory
        assert memory == in_memory.parties[party].shelf.memory
        assert on_vaults.parties[party].shelf.log.root() == in_memory.parties[party].shelf.log.root()
        assert memory.slots[slot].state is State.DONE


def test_a_lock_charges_once_and_the_seed_goes_with_the_upload(tmp_path: Path) -> None:
    a_world = vault_world(tmp_path)
    vault, slot = shelf_of(a_world.parties[VT]).vault, slot_of(a_world)
    commit = ready(a_world)
    seed = load_seed(vault, slot)
    assert len(seed) == 32
    assert spent(vault, YEAR, keys(*UNITS)).tolist() == [0, 0, 0]
    send(a_world, EVERYONE, commit)
    send(a_world, EVERYONE, commit)
    assert spent(vault, YEAR, keys(*UNITS)).tolist() == [5, 0, 7]
    with pytest.raises(SecretsMissing):
        load_seed(vault, slot)
    assert load_commitment(vault, slot).values.shape == (15,)  # x and r open the commitment to an auditor


def test_a_ready_that_ends_leaves_no_secret_and_no_charge(tmp_path: Path) -> None:
    a_world = vault_world(tmp_path)
    vault, slot = shelf_of(a_world.parties[VT]).vault, slot_of(a_world)
    ready(a_world)
    a_world.parties[VT].give_up(slot)
    with pytest.raises(SecretsMissing):
        load_seed(vault, slot)
    with pytest.raises(SecretsMissing):
        load_commitment(vault, slot)
    assert vault.connection.execute("SELECT count(*) FROM pending_charge").fetchone() == (0,)
    assert spent(vault, YEAR, keys(*UNITS)).tolist() == [0, 0, 0]


def test_a_newer_attempt_replaces_the_secrets_and_the_charges(tmp_path: Path) -> None:
    a_world = vault_world(tmp_path)
    vault, slot = shelf_of(a_world.parties[VT]).vault, slot_of(a_world)
    send(a_world, [VT], propose(a_world))
    first = load_seed(vault, slot)
    send(a_world, [VT], propose(a_world))
    assert load_seed(vault, slot) != first
    assert vault.connection.execute("SELECT count(*) FROM pending_charge").fetchone() == (2,)


@pytest.mark.parametrize("when", ["ready", "committed"])
def test_a_restart_goes_on_with_the_same_bytes(tmp_path: Path, when: str) -> None:
    in_memory, a_world = memory_world(), vault_world(tmp_path)
    in_memory.run(STUDY_DIGEST, example.QUARTER)
    commit = ready(a_world)
    if when == "committed":
        victim = a_world.parties[VT]
        victim.crash_at = lambda point: (_ for _ in ()).throw(InterruptedError) if point == "before work" else None
        with pytest.raises(InterruptedError):
            victim.receive(commit, a_world.now_s)
    again = restarted(a_world, VT)
    answers = again.restart(a_world.now_s) if when == "committed" else again.receive(commit, a_world.now_s)
    assert answers == (in_memory.coordinator.slots[slot_of(a_world)].uploads[VT],)
    assert restarted(a_world, VT).receive(commit, a_world.now_s) == answers


def test_a_repair_with_a_restart_in_it_ends_as_one_in_memory(tmp_path: Path) -> None:
    in_memory, a_world = memory_world(), vault_world(tmp_path)
    opened = []
    left = [party for party in EVERYONE if party != WITNESS]
    for each in (in_memory, a_world):
        commit = ready(each)
        send(each, left, commit)
        for body in each.parties[WITNESS].give_up(slot_of(each)):
            each.coordinator.take(slot_of(each), body)
        repair = each.coordinator.repair(slot_of(each)).messages[0][1]
        if each is a_world:
            restarted(each, VT)
            restarted(each, VT).name_of_chance = ""  # the repair's own chance is drawn after this
        send(each, left, repair)
        if each is a_world:
            restarted(each, VT)
        result = each.coordinator.advance(slot_of(each)).messages[0][1]
        send(each, left, result)
        assert each.coordinator.advance(slot_of(each)).slot.state is State.DONE
        opened.append(dict(each.coordinator.slots[slot_of(each)].corrections))
    assert opened[0] == opened[1]


def test_evidence_of_a_refused_message_is_kept(tmp_path: Path) -> None:
    a_world = vault_world(tmp_path)
    first = propose(a_world)
    other = world()
    other.now_s = a_world.now_s + 1
    second = propose(other)
    victim = a_world.parties[VT]
    victim.receive(first, a_world.now_s)
    with pytest.raises(RoundRefusal):
        victim.receive(second, a_world.now_s)
    assert kept_evidence(shelf_of(victim).vault) == ((first, second),)
