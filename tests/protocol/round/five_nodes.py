"""Computes: five nodes that may be restored and cloned, and the small agreement that they keep.

n_min = 4, t = 1, a 64-bit ring: a sum of masks passes for a table of three cells with a chance below 2^-140.
"""

from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from numpy.typing import NDArray

from protocol.covenant.covenant import Covenant
from protocol.digest import digest_of
from protocol.round.member import Member
from protocol.round.messages import Offer
from protocol.study.study import Study
from protocol.words.ids import Line, PartyId, StudyId
from protocol.words.period import Period
from simulations.party import Durable, SimulatedParty
from tests import example

PARTIES = (*example.SCHOOLS, example.VT, example.WITNESS)
PERIODS = (example.QUARTER, Period("2026-Q2"))
TABLES = (slice(0, 3), slice(3, 6), slice(6, 9))  # Veilig Thuis' own, the schools', and that of all four


@cache
def covenant() -> Covenant:
    """Return the example's covenant without the police."""
    whole = example.covenant()
    parties = tuple(party for party in whole.parties if party.id != example.POLICE)
    return whole.model_copy(update={"parties": parties, "minimum_participants": 4})


@cache
def study() -> Study:
    """Return a study with an own table, a joint one that a repair voids, and a joint one that a repair tops up."""
    whole = example.study(covenant())
    own, joint = whole.tables[1], whole.tables[2]
    reason = {"joined_types_reason": Line("Samen geteld voor deze proef")}
    everyone = joint.model_copy(update={"id": "samen", "contributors": PARTIES[:4], **reason})
    return whole.model_copy(
        update={
            "id": StudyId("leugen-2026"),
            "measures": whole.measures[1:],
            "tables": (
                own.model_copy(update={"id": "a-eigen", "lateness": 0}),
                joint.model_copy(update={"id": "b-scholen"}),
                everyone,
            ),
            "ring_bits": 64,
        }
    )


def member(party: PartyId) -> Member:
    """Return a party that approved the study."""
    key = example.signing_key(party)
    studies = {digest_of(study()): study()}
    return Member(party, covenant(), example.geography(), (example.code_list(),), studies, key)


@dataclass(slots=True, repr=False)
class Node:
    """One machine of a party. clock_s: how far its clock is off."""

    party: SimulatedParty
    clock_s: int = 0
    is_down: bool = False
    backups: list[Durable] = field(default_factory=list)

    @property
    def id(self) -> PartyId:
        """Whose machine it is."""
        return self.party.member.id


def new_node(party: PartyId, *, history: str = "", add: int = 0) -> Node:
    """Return a machine. history: what its chance is drawn for. add: to every count."""
    place = PARTIES.index(party) + 1

    def counts(offer: Offer) -> NDArray[np.int64]:
        return 100 * place + add + np.arange(offer.spec.cells, dtype=np.int64)

    private = X25519PrivateKey.from_private_bytes(example.secret(f"agree {party}"))
    return Node(SimulatedParty(member(party), private, counts, 1, name_of_chance=history))


def with_history(node: Node, *, history: str, add: int) -> None:
    """Let a restored or cloned node draw other chance and count other records than its twin."""
    twin = new_node(node.id, history=history, add=add)
    node.party.counts, node.party.name_of_chance = twin.party.counts, history


def clone_of(node: Node, *, history: str, add: int) -> Node:
    """Return a second machine with the same vault as it is now."""
    twin = replace(node, party=node.party.clone(), backups=[])
    with_history(twin, history=history, add=add)
    return twin
