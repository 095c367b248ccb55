"""Computes: a model over real rounds in one process: every step proposed, locked, uploaded, opened and agreed to.

The sessions are those of a node and of the coordinator; only their shelves are memory.
"""

from collections.abc import Mapping
from dataclasses import replace
from random import Random

import numpy as np

from coordinator.models.rounds import next_parameters
from partner_node.counting import Counted
from partner_node.records import Records
from partner_node.stepping import count_offer
from partner_node.vault.book import Charges
from partner_node.vault.unit_key import KEY_BYTES
from privacy.counts import CellCounts
from protocol.agreement import AgreementPrivateKey
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.round.member import Member
from protocol.round.messages import Offer
from protocol.words.ids import PartyId
from protocol.words.period import step_in
from simulations.models.agreement import COORDINATOR, WITNESS, ModelAgreed
from simulations.party import SimulatedParty
from simulations.round_world import Coordinator, RoundWorld
from simulations.world.shelf import BookShelf


class ModelParty(SimulatedParty):
    """A participant that counts its records as a node does. records: None for a witness."""

    def __init__(self, member: Member, private: AgreementPrivateKey, records: Records | None, seed: int) -> None:
        self.records, self.book_shelf = records, BookShelf()
        super().__init__(
            member, private, lambda offer: np.zeros(offer.spec.cells, dtype=np.int64), seed, durable=self.book_shelf
        )

    def _counted(self, offer: Offer) -> Counted:
        if self.records is None:
            year = self.member.study(offer.spec.study_digest).round_for(offer.spec.period).covenant_year
            nobody = Charges(year, np.zeros((0, KEY_BYTES), dtype=np.uint8), np.zeros(0, dtype=np.int64))
            return Counted(CellCounts(np.zeros(offer.spec.cells, dtype=np.int64)), nobody)
        return count_offer(self.records, self.member, offer, known=self.book_shelf, secret=bytes(32))


def model_world(agreed: ModelAgreed, records: Mapping[PartyId, Records], *, seed: int = 1) -> RoundWorld:
    """Return a coordinator with the partners and the witness. records: of each partner."""
    parties: dict[PartyId, SimulatedParty] = {
        party: ModelParty(agreed.member(party), agreed.private(party), records.get(party), seed)
        for party in sorted((WITNESS, *agreed.partners))
    }
    chance = Random(seed)  # noqa: S311 - for the faults of a channel, which has none here
    return RoundWorld(Coordinator(agreed.member(COORDINATOR)), parties, chance)


def run_step(
    world: RoundWorld, agreed: ModelAgreed, step: int, *, without: frozenset[PartyId] = frozenset()
) -> CoordinatorSlot:
    """Run one step to its end and return its slot. without: who does not take part; officers agree to that.

    Raises: Stuck, and what `next_parameters` raises.
    """
    session, period = world.coordinator.session, step_in(agreed.plan.period, step)
    asked = next_parameters(session, agreed.study, period)
    taking_part = tuple(party for party in agreed.covenant.participants if party not in without)
    slot = session.member.spec(agreed.study_digest, period, asked).slot
    for party in world.parties.values():
        party.member = replace(party.member, permitted={**party.member.permitted, slot: taking_part})
    world.run(agreed.study_digest, period, taking_part, parameters=asked)
    return world.coordinator.slots[slot]
