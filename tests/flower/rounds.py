"""Rounds over a live link for tests, driven as the coordinator's command does, and what the vaults say of them."""

import time
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from coordinator.flower.folder import node_keys
from coordinator.flower.link import Link
from coordinator.office import open_office
from coordinator.rounds import begin, turn
from coordinator.session import Session
from partner_node.config import load_config
from partner_node.node import load_node
from partner_node.taking_part import take_part
from partner_node.vault.carry_out import load_commitment
from protocol.digest import digest_of
from protocol.errors import SamenzichtError
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.round.transitions import State
from protocol.words.ids import Digest, PartyId
from tests.flower.parties import NODES, PERIOD, Parties

LOOK_S = 0.2
MOST_S = 240.0


def link_to(parties: Parties, told: list[SamenzichtError]) -> Link:
    """Return the coordinator's link to every node."""
    place = parties.link_place
    keys = partial(node_keys, parties.office, parties.covenant, today=parties.today)
    return Link(place, keys, told.append)


def drive(
    session: Session, parties: Parties, link: Link, *, after_turn: Callable[[CoordinatorSlot], None] = lambda _: None
) -> CoordinatorSlot:
    """Drive the round of the study's period to its end."""
    slot = begin(session, digest_of(parties.study), PERIOD, NODES, now_s=int(time.time())).slot
    until = time.monotonic() + MOST_S
    while time.monotonic() < until:
        done = turn(session, slot, link, taken=lambda _: None)
        if done.slot.state is State.DONE:
            return done.slot
        after_turn(done.slot)
        time.sleep(LOOK_S)
    raise AssertionError(f"the round stands at {done.slot.state}")


def counted(parties: Parties, party: PartyId, slot: Digest) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return what a node counted and what it sent under its masks, from its own vault."""
    node = load_node(load_config(parties.place(party) / "node.toml"), today=parties.today)
    with node.writing() as vault:
        session = take_part(node, vault, today=lambda: parties.today).session
        return load_commitment(vault, slot).values, session.own_counts(session.shelf.memory.slots[slot])


def exact_sum(parties: Parties) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the opened sum of the only round, seen to be of what the vaults sent, and the sum of what they counted."""
    with open_office(parties.office, read_only=True) as office:
        (slot,) = office.store.slots()
        opened = office.session().opened(slot.slot).values
        assert not slot.objections
    both = [counted(parties, party, slot.slot) for party in NODES]
    assert opened.tolist() == np.sum([sent for _, sent in both], axis=0).tolist()
    return opened, np.sum([values for values, _ in both], axis=0)
