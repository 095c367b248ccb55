"""Computes: what the coordinator sees of one participant in many rounds: READY, UPLOAD and VERDICT, byte for byte.

The other participants stay as they are, so that a round costs what its victim costs. The functions are the node's own.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from random import Random

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from numpy.typing import NDArray

from partner_node.pipeline import contribution_parts, noise_source, noised
from privacy.counts import CellCounts
from protocol.agreement import PairKey, PartyKey, agree, slot_key
from protocol.digest import digest_of
from protocol.ledger.entry import LockEntry
from protocol.ledger.tree import MerkleTree
from protocol.ratio import Ratio
from protocol.round.context import commitment, context_of
from protocol.round.contribution import contribution
from protocol.round.frame import seal
from protocol.round.member import Member
from protocol.round.memory import FreezeWork, Memory, SlotMemory
from protocol.round.messages import Offer, Ready, Verdict
from protocol.round.participant.lock import contribute
from protocol.round.participant.ready import freeze
from protocol.round.ring import MaskedVector
from protocol.round.transitions import State
from protocol.study.plan import round_plan
from protocol.study.study import Study
from protocol.words.ids import AgreementKey, Digest, PartyId
from simulations.party import SimulatedParty
from simulations.round_world import Coordinator, RoundWorld
from tests import example
from tests.protocol.round.stages import VT, frame_of
from tests.rounds import EVERYONE, START_S, member, participant

HOUSEHOLD = 40  # what one household adds to two cells: twenty sigma, so that nothing but the masks can hide it
TOUCHED = [0, 7]
OWN_CELLS = slice(0, 12)  # the rest is the schools' table, to which it contributes nothing
Masking = Callable[["Victim", NDArray[np.int64], Digest], MaskedVector]


@dataclass(frozen=True, slots=True, repr=False)
class Drawn:
    """What a node draws and counts for one READY."""

    values: NDArray[np.int64]
    opening: bytes
    seed: bytes
    nonce: Digest


@dataclass(frozen=True, slots=True, repr=False)
class Victim:
    """A participant at the moment of a PROPOSE, and the READYs of all others. pairs: its keys with them."""

    member: Member
    work: FreezeWork
    readies: dict[PartyId, Ready]
    pairs: tuple[PairKey, ...]

    @property
    def offer(self) -> Offer:
        """What was proposed."""
        return self.work.offer

    def view(self, secrets: Drawn, charges_commitment: Digest, masking: Masking) -> bytes:
        """Return the three frames of a whole round, one behind the other."""
        bound_to = commitment(secrets.opening, secrets.values.astype("<i8").tobytes())
        log = MerkleTree()
        (ready,) = freeze(
            self.work,
            nonce=secrets.nonce,
            commitment=bound_to,
            charges_commitment=charges_commitment,
            memory=Memory(),
            member=self.member,
            log=log,
            now_s=START_S,
        ).messages
        own = frame_of(ready).header
        assert isinstance(own, Ready)
        readies = {**self.readies, VT: own}
        context = context_of(self.offer, [readies[party] for party in self.offer.participants])
        slot = self._locked(log, context, charges_commitment)
        masked = masking(self, self._noised(secrets, bound_to), context)
        (upload,) = contribute(slot, masked, member=self.member, log=log).messages
        verdict = Verdict(sender=VT, slot=slot.slot, attempt=slot.attempt, context=context, objection=None)
        return ready + upload + seal(verdict, key=self.member.key).encode()

    def _noised(self, secrets: Drawn, bound_to: Digest) -> NDArray[np.int64]:
        spec = self.offer.spec
        source = noise_source(secrets.seed, slot=spec.slot, attempt=self.offer.attempt, bound_to=bound_to)
        plans = round_plan(
            self.member.study(spec.study_digest), self.member.covenant, spec.period, self.offer.participants
        )
        parts = contribution_parts(plans, self.member.grid(spec.study_digest, spec.period), VT)
        return noised(CellCounts(secrets.values.copy()), parts, source).values

    def _locked(self, log: MerkleTree, context: Digest, charges_commitment: Digest) -> SlotMemory:
        slot, attempt = self.offer.spec.slot, self.offer.attempt
        entry = LockEntry(slot=slot, attempt=attempt, context=context, charges_commitment=charges_commitment).encode()
        log.append(entry)
        return SlotMemory(slot, State.LOCKED, attempt, offer=self.offer, context=context, entry=entry)


def masked(victim: Victim, values: NDArray[np.int64], context: Digest) -> MaskedVector:
    """Mask as a node does: under the round's context."""
    keys = tuple(slot_key(pair, bytes.fromhex(context)) for pair in victim.pairs)
    return contribution(values, victim.member.ring(victim.offer, victim.offer.participants), keys)


def bare(victim: Victim, values: NDArray[np.int64], _context: Digest) -> MaskedVector:
    """Leave the masks out: a seeded bug."""
    return MaskedVector(victim.member.ring(victim.offer, victim.offer.participants).encode(values).take())


def reused(victim: Victim, values: NDArray[np.int64], _context: Digest) -> MaskedVector:
    """Mask every round under one context: a seeded bug."""
    return masked(victim, values, Digest("1" * 64))


def views(rounds: int, *, seed: int, masking: Masking = masked) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """Return of each round whether the household was in, and the bytes of its view that ever change.

    Shapes (rounds,) and (rounds, bytes).
    """
    chance, victim = Random(seed), the_victim()
    labels = np.array([chance.random() < 1 / 2 for _ in range(rounds)])
    table: NDArray[np.uint8] | None = None
    for place, label in enumerate(labels):
        view = victim.view(*fresh(victim, chance, with_household=bool(label)), masking)
        if table is None:
            table = np.empty((rounds, len(view)), dtype=np.uint8)
        table[place] = np.frombuffer(view, dtype=np.uint8)  # refuses another length, which would say something
    assert table is not None
    return labels, table[:, table.max(axis=0) != table.min(axis=0)]


def fresh(victim: Victim, chance: Random, *, with_household: bool) -> tuple[Drawn, Digest]:
    """Return what a node draws for one READY, and one of two neighbouring inputs."""
    values = np.zeros(victim.offer.spec.cells, dtype=np.int64)
    values[OWN_CELLS] = 20
    values[TOUCHED] += HOUSEHOLD * with_household
    secrets = Drawn(values, chance.randbytes(32), chance.randbytes(32), Digest(chance.randbytes(32).hex()))
    return secrets, Digest(sha256(chance.randbytes(32)).hexdigest())


@cache
def the_victim() -> Victim:
    """Return Veilig Thuis in the example's round, with the least noise that any table may have."""
    world, study = little_noise()
    step = world.coordinator.propose(digest_of(study), example.QUARTER, EVERYONE, START_S)
    body, own = step.messages[0][1], world.parties[VT].member
    readies: dict[PartyId, Ready] = {}
    for party in EVERYONE:
        header = frame_of(world.parties[party].receive(body, START_S)[0]).header
        assert isinstance(header, Ready)
        readies[party] = header
    keys = {party: PartyKey(party, _public(own, party)) for party in EVERYONE}
    private = X25519PrivateKey.from_private_bytes(example.secret(f"agree {VT}"))
    pairs = tuple(
        agree(private, own=keys[VT], peer=keys[party], covenant_digest=digest_of(own.covenant))
        for party in EVERYONE
        if party != VT
    )
    return Victim(own, FreezeWork(body, step.slot.offer), readies, pairs)


def little_noise() -> tuple[RoundWorld, Study]:
    """Return a world whose own tables have noise of variance 4."""
    whole = example.study()
    tables = tuple(
        table if table.is_joint else table.model_copy(update={"variance": Ratio.of(4)}) for table in whole.tables
    )
    study = whole.model_copy(update={"tables": tables})
    studies = {digest_of(study): study}
    parties: dict[PartyId, SimulatedParty] = {party: participant(party) for party in EVERYONE}
    for party in parties.values():
        party.member = replace(party.member, studies=studies)
    desk = Coordinator(replace(member(example.COORDINATOR), studies=studies))
    return RoundWorld(desk, parties, Random(1)), study


def _public(own: Member, party: PartyId) -> AgreementKey:
    key = own.covenant.party(party).agreement_key
    assert key is not None
    return key
