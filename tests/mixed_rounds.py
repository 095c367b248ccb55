"""Computes: rounds among ours and reference parties (`tests/reference/honest_party.py`), all seeded alike.

A party's secrets hang on its name and slot only, so that it adds the same noised counts whichever kind it is.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from numpy.typing import NDArray

from protocol.digest import digest_of
from protocol.round.coordinator_round import CoordinatorStep, open_slot
from protocol.round.member import Member
from protocol.round.messages import Offer
from protocol.round.transitions import State
from protocol.study.study import Study
from protocol.words.ids import Digest, PartyId
from protocol.words.period import Period
from simulations.party import SimulatedParty
from simulations.round_world import Coordinator
from simulations.seeded import seeded_source
from tests import example
from tests.reference.honest_party import HonestParty
from tests.reference.honest_round import Agreement, own_cells
from tests.reference.honest_start import Secrets
from tests.reference.honest_wire import Json, labelled_hash, parsed
from tests.rounds import EVERYONE, START_S, true_counts

SEED = 1


class Participant(Protocol):
    """Bytes in, bytes out; ours and the reference alike."""

    def receive(self, body: bytes, now_s: int) -> tuple[bytes, ...]:
        """Return the answers to a message."""

    def give_up(self, slot: Digest) -> tuple[bytes, ...]:
        """Return the ABORT of a slot that is not sent."""


class NotOpened(Exception):
    """A round that does not end. objections: what each participant's VERDICT names."""

    def __init__(self, objections: Mapping[PartyId, str | None]) -> None:
        super().__init__(f"objections: {dict(objections)}")
        self.objections = objections


@dataclass(slots=True)
class Heard:
    """One message to a participant and its answers."""

    party: PartyId
    message: bytes
    answers: tuple[bytes, ...]


@dataclass(slots=True)
class MixedWorld:
    """A coordinator of ours and participants of either kind, over a perfect channel. Refusals are raised."""

    coordinator: Coordinator
    parties: Mapping[PartyId, Participant]
    study_digest: Digest
    heard: list[Heard] = field(default_factory=list)

    def slot(self, period: Period) -> Digest:
        """Return the slot of a period."""
        return self.coordinator.member.spec(self.study_digest, period).slot

    def propose(self, period: Period) -> CoordinatorStep:
        """Return the PROPOSE of everyone; nobody has it yet."""
        return self.coordinator.propose(self.study_digest, period, EVERYONE, START_S)

    def deliver(self, step: CoordinatorStep, *, without: Collection[PartyId] = ()) -> None:
        """Hand messages to participants and their answers to the coordinator."""
        for party, body in step.messages:
            if party not in without:
                answers = self.parties[party].receive(body, START_S)
                self.heard.append(Heard(party, body, answers))
                for answer in answers:
                    self.coordinator.take(step.slot.slot, answer)

    def run(self, period: Period, step: CoordinatorStep | None = None) -> list[int]:
        """Run a round from its PROPOSE, or from a later step, and return the opened sum.

        Raises: NotOpened, when a participant objects; and every refusal.
        """
        step = step or self.propose(period)
        while step.slot.state is not State.DONE:
            self.deliver(step)
            step = self.coordinator.advance(self.slot(period))
            if step.slot.state is State.OPENED and not step.messages:
                last = {heard.party: parsed_header(heard.answers[-1]) for heard in self.heard}
                raise NotOpened({party: header["objection"] for party, header in last.items()})
        return [int(cell) for cell in open_slot(step.slot, self.coordinator.member).values]


def noised_sum(a_world: MixedWorld, period: Period) -> list[int]:
    """Return what the reference parties of a world noised and topped up themselves, added up."""
    slots = [party.slots[a_world.slot(period)] for party in a_world.parties.values() if isinstance(party, HonestParty)]
    left = [slot for slot in slots if slot.upload]
    extra = [slot.extra or [0] * len(slot.noised) for slot in left]
    return [sum(cells) for cells in zip(*(slot.noised for slot in left), *extra, strict=True)]


def world(references: Collection[PartyId], study: Study | None = None, *, seed: int = SEED) -> MixedWorld:
    """Return everyone with an empty vault; those named are reference parties, the others ours."""
    chosen = study or example.study()
    parties = {
        party: reference_party(party, chosen, seed=seed) if party in references else our_party(party, chosen, seed=seed)
        for party in EVERYONE
    }
    return MixedWorld(Coordinator(_member(example.COORDINATOR, chosen)), parties, digest_of(chosen))


def agreement(study: Study) -> Agreement:
    """Return what a second team would be given."""
    bodies = (example.covenant().encode(), study.encode(), example.geography().encode())
    return Agreement(*bodies, (example.code_list().encode(),))


def reference_party(party: PartyId, study: Study, *, seed: int = SEED) -> HonestParty:
    """Return a reference party with the secrets that ours would draw."""

    def chance(purpose: str, slot: str, bound_to: str) -> Secrets:
        source = seeded_source(seed, party, "", purpose, slot, bound_to)
        if purpose == "repair":
            return Secrets(seed=source.take(32, lane=0), opening=source.take(32, lane=0), nonce=b"", salted=b"")
        opening, noise, nonce, salt = (source.take(32, lane=0) for _ in range(4))
        nobody = labelled_hash("charges", salt, (2026).to_bytes(2, "big"), b"", b"")  # no unit, no charge
        return Secrets(opening, noise, nonce, nobody)

    def counts(offer: Json) -> list[int]:
        return [int(count) for count in true_counts(party, offer["spec"]["cells"])]

    private = example.secret(f"agree {party}")
    return HonestParty(party, agreement(study), example.signing_key(party), private, counts, chance)


def our_party(party: PartyId, study: Study, *, seed: int = SEED) -> SimulatedParty:
    """Return a party of ours whose counts are 0 where it contributes nothing, as x is (docs/protocol.md, 10.4)."""

    def counts(offer: Offer) -> NDArray[np.int64]:
        every = [int(count) for count in true_counts(party, offer.spec.cells)]
        return np.array(own_cells(agreement(study), parsed(offer.encode()), party, every), dtype=np.int64)

    private = X25519PrivateKey.from_private_bytes(example.secret(f"agree {party}"))
    return SimulatedParty(_member(party, study), private, counts, seed)


def parsed_header(body: bytes) -> Json:
    """Return the header of a frame, unchecked."""
    return parsed(body[4 : 4 + int.from_bytes(body[:4], "big")])


def _member(party: PartyId, study: Study) -> Member:
    return Member(
        party,
        example.covenant(),
        example.geography(),
        (example.code_list(),),
        {digest_of(study): study},
        example.signing_key(party),
    )
