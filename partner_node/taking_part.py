"""Touches the world: a node that takes part: its session on its vault, behind its gate. Data is read when it is due.

The delivery is read once for each attempt, between the offer and its READY, and never after: what the READY commits to
is frozen in the vault, and every later step works from there.
"""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from partner_node.counting import Counted
from partner_node.gate import Gate
from partner_node.node import Node, check_not_paused, stored_approvals
from partner_node.policy import check_approved, member_of
from partner_node.session import Chance, Session
from partner_node.stepping import count_offer
from partner_node.vault.book import Charges
from partner_node.vault.keyed_by import check_keyed_by
from partner_node.vault.shelf import VaultShelf
from partner_node.vault.unit_key import KEY_BYTES
from partner_node.vault.vault import Vault
from partner_node.vault.years import check_open
from privacy.counts import CellCounts
from privacy.randomness import RandomSource, fresh_source
from protocol.round.messages import Offer, Propose

if TYPE_CHECKING:  # see `read_node_delivery`
    from partner_node.delivery.delivery import Delivery


def fresh_chance(*_names: str) -> RandomSource:
    """Return a source that nobody can repeat; what it is for makes no difference."""
    return fresh_source()


def read_node_delivery(node: Node, *, today: date, keeps_events: bool = True) -> "Delivery":
    """Return the delivery in the node's folder; the frame libraries, 30 MB, are loaded with the first one."""
    from partner_node.delivered import read_node_delivery as read  # noqa: PLC0415 - most messages ask for no data

    return read(node, today=today, keeps_events=keeps_events)


def take_part(node: Node, vault: Vault, *, today: Callable[[], date], chance: Chance = fresh_chance) -> Gate:
    """Return the node, ready for messages. today: asked at each offer, so that an approval can end while it runs.

    Raises: PolicyRefusal.
    """
    shelf = VaultShelf(vault)
    settings = node.config.settings
    approvals = stored_approvals(vault, node.agreed)
    member = member_of(node.agreed, node.keys, approvals, on=today(), needed=settings.approvals_needed)

    def counting(offer: Offer) -> Counted:
        spec = offer.spec
        study = member.study(spec.study_digest)
        if node.profile is None:
            return _nothing(offer, study.round_for(spec.period).covenant_year)
        late = any(table.lateness for table in study.tables)
        records = read_node_delivery(node, today=today(), keeps_events=late).records
        return count_offer(records, member, offer, known=shelf, secret=node.keys.node_secret)

    def allowed(header: Propose) -> None:
        check_not_paused(node.config)
        spec = header.offer.spec
        digest, study = spec.study_digest, member.study(spec.study_digest)
        check_approved(
            study,
            approvals[digest],
            member.covenant,
            member.id,
            on=today(),
            needed=settings.approvals_needed,
        )
        year = study.round_for(spec.period).covenant_year
        check_open(vault.connection, year)
        check_keyed_by(vault.connection, year, node.keyed_by)

    return Gate(Session(member, node.keys.agreement, shelf, counting, chance), allowed)


def _nothing(offer: Offer, covenant_year: int) -> Counted:
    nobody = Charges(covenant_year, np.zeros((0, KEY_BYTES), dtype=np.uint8), np.zeros(0, dtype=np.int64))
    return Counted(CellCounts(np.zeros(offer.spec.cells, dtype=np.int64)), nobody)
