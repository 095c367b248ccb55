"""Rounds for tests: the example's agreement with six participants in one process, and a coordinator that may lie."""

from collections.abc import Sequence
from random import Random

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from numpy.typing import NDArray

from protocol.digest import digest_of
from protocol.round.member import Member
from protocol.round.messages import Offer
from protocol.words.ids import Digest, PartyId
from simulations.channel import NO_FAULTS, Faults
from simulations.party import SimulatedParty
from simulations.round_world import Coordinator, RoundWorld
from tests import example

EVERYONE = example.covenant().participants
STUDY_DIGEST = digest_of(example.study())
START_S = 1_770_000_000


def member(party: PartyId) -> Member:
    """Return a party that approved the example's study."""
    return Member(
        party,
        example.covenant(),
        example.geography(),
        (example.code_list(),),
        {STUDY_DIGEST: example.study()},
        example.signing_key(party),
    )


def true_counts(party: PartyId, cells: int = 15) -> NDArray[np.int64]:
    """Return counts that differ by party and by cell: 100 x its place, and the cell's index."""
    return 100 * (EVERYONE.index(party) + 1) + np.arange(cells, dtype=np.int64)


def participant(party: PartyId, *, seed: int = 1, name_of_chance: str = "") -> SimulatedParty:
    """Return a participant with an empty vault."""

    def counts(offer: Offer) -> NDArray[np.int64]:
        return true_counts(party, offer.spec.cells)

    private = X25519PrivateKey.from_private_bytes(example.secret(f"agree {party}"))
    return SimulatedParty(member(party), private, counts, seed, name_of_chance=name_of_chance)


def world(*, seed: int = 1, faults: Faults = NO_FAULTS) -> RoundWorld:
    """Return a coordinator with six participants."""
    parties = {party: participant(party, seed=seed) for party in EVERYONE}
    return RoundWorld(Coordinator(member(example.COORDINATOR)), parties, Random(seed), faults)


def slot_of(a_world: RoundWorld) -> Digest:
    """Return the example quarter's slot."""
    return a_world.coordinator.member.spec(STUDY_DIGEST, example.QUARTER).slot


def propose(a_world: RoundWorld, participants: Sequence[PartyId] = EVERYONE) -> bytes:
    """Return the PROPOSE of the next attempt; nobody has it yet."""
    step = a_world.coordinator.propose(STUDY_DIGEST, example.QUARTER, tuple(participants), a_world.now_s)
    return step.messages[0][1]


def ready(a_world: RoundWorld, participants: Sequence[PartyId] = EVERYONE) -> bytes:
    """Bring every participant to READY and return the COMMIT; nobody has it yet."""
    body = propose(a_world, participants)
    for party in participants:
        for answer in a_world.parties[party].receive(body, a_world.now_s):
            a_world.coordinator.take(slot_of(a_world), answer)
    return a_world.coordinator.advance(slot_of(a_world)).messages[0][1]


def send(a_world: RoundWorld, participants: Sequence[PartyId], body: bytes) -> None:
    """Hand a message to participants and their answers to the coordinator."""
    for party in participants:
        for answer in a_world.parties[party].receive(body, a_world.now_s):
            a_world.coordinator.take(slot_of(a_world), answer)
