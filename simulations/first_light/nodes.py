"""Touches the world: the nodes of first light, each with its own keys and vault in its own folder.

What a node does again after a crash ends in the same bytes: keys, approvals and declarations are made once and read
back, and everything else follows from the vault.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from partner_node.counting import Counted, count
from partner_node.keystore import Keys, load_keys, make_keys
from partner_node.records import Records
from partner_node.session import Session
from partner_node.vault.book import Charges
from partner_node.vault.shelf import VaultShelf
from partner_node.vault.unit_key import KEY_BYTES
from partner_node.vault.vault import Owner, Vault, make_vault, open_vault
from privacy.counts import CellCounts
from protocol.covenant.covenant import Covenant
from protocol.digest import digest_of
from protocol.round.member import Member
from protocol.round.messages import Offer
from protocol.study.study import Study
from protocol.words.geography import Geography
from protocol.words.ids import PartyId
from simulations.seeded import seeded_source


@dataclass(frozen=True, slots=True, repr=False)
class Agreed:
    """What every node has pinned and approved."""

    covenant: Covenant
    geography: Geography
    study: Study

    def member(self, party: PartyId, keys: Keys) -> Member:
        """Return who a party is in this agreement."""
        studies = {digest_of(self.study): self.study}
        return Member(party, self.covenant, self.geography, (), studies, keys.identity)


def keys_of(folder: Path, party: PartyId, seed: int) -> Keys:
    """Return a party's keys: those that are there, or new ones that follow from the seed."""
    place = folder / party / "keys"
    if place.is_dir():
        return load_keys(place)
    return make_keys(place, seeded_source(seed, "keys", party))


def vault_of(folder: Path, party: PartyId, keys: Keys, covenant: Covenant) -> Vault:
    """Return a party's open vault, made if it was never made."""
    path = folder / party / "vault" / "vault.sqlite"
    owner = Owner(covenant.id, party, keys.node_secret)
    if not path.exists():
        make_vault(path, owner)
    return open_vault(path, owner)


def session_of(
    party: PartyId, keys: Keys, vault: Vault, agreed: Agreed, *, records: Records | None, seed: int
) -> Session:
    """Return a node's session. records: None for the witness, which counts nothing."""
    shelf, member = VaultShelf(vault), agreed.member(party, keys)

    def counting(offer: Offer) -> Counted:
        if records is None:
            return _nothing(offer, agreed.study)
        spec = offer.spec
        return count(records, member, spec.study_digest, spec.period, known=shelf, secret=keys.node_secret)

    return Session(member, keys.agreement, shelf, counting, partial(seeded_source, seed, party))


def _nothing(offer: Offer, study: Study) -> Counted:
    year = study.round_for(offer.spec.period).covenant_year
    nobody = Charges(year, np.zeros((0, KEY_BYTES), dtype=np.uint8), np.zeros(0, dtype=np.int64))
    return Counted(CellCounts(np.zeros(offer.spec.cells, dtype=np.int64)), nobody)
