"""Computes: a node of a world: the session of a real one, which can stop between LOCK and upload, and its oracle.

The oracle knows what nobody may know outside of a simulation: the true contributions of a round, and what the caps
left out of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from partner_node.counting import Counted, Known, count
from partner_node.records import Records
from partner_node.session import Session, Shelf
from partner_node.vault.book import Charges
from partner_node.vault.unit_key import KEY_BYTES
from privacy.counts import CellCounts
from protocol.agreement import AgreementPrivateKey
from protocol.errors import Fault
from protocol.round.member import Member
from protocol.round.memory import ContributeWork, Step, Work
from protocol.round.messages import Offer
from protocol.words.ids import Digest, PartyId
from simulations.seeded import seeded_source


class Stopped(Fault):
    """A simulated machine that stopped where the scenario says."""


class KnowingShelf(Shelf, Known, Protocol):
    """A shelf that also knows what earlier rounds counted: a vault, or a book in memory."""


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Tally:
    """What a node counted for a round. cells: x, int64. left_out: units; events, all_events: amounts, of all cells."""

    cells: NDArray[np.int64]
    left_out: int
    events: int
    all_events: int


class WorldNode(Session):
    """One participant. uncapped: itself under caps that leave nobody out. records: of the round that is open."""

    def __init__(
        self,
        member: Member,
        private: AgreementPrivateKey,
        shelf: KnowingShelf,
        *,
        uncapped: Member,
        secret: bytes,
        seed: int,
    ) -> None:
        self.known, self.uncapped, self.secret = shelf, uncapped, secret
        self.records: Records | None = None
        self.tallies: dict[Digest, Tally] = {}
        self.stops_after_lock = self.stopped = False
        super().__init__(member, private, shelf, self._counted, partial(seeded_source, seed, member.id))

    def _do(self, work: Work, now_s: int) -> Step:
        if isinstance(work, ContributeWork) and self.stops_after_lock:
            self.stops_after_lock, self.stopped = False, True
            raise Stopped(got="no power after LOCK", wanted="an upload", act="the scenario says what comes next")
        return super()._do(work, now_s)

    def _counted(self, offer: Offer) -> Counted:
        spec = offer.spec
        if self.records is None:
            return _nothing(spec.cells, self.member.study(spec.study_digest).round_for(spec.period).covenant_year)
        counting = partial(
            count,
            study_digest=spec.study_digest,
            period=spec.period,
            known=self.known,
            secret=self.secret,
        )
        counted, all_of_it = (counting(self.records, member) for member in (self.member, self.uncapped))
        paying, present = (np.count_nonzero(each.charges.nano_rho) for each in (counted, all_of_it))
        self.tallies[spec.slot] = Tally(
            counted.cells.values,
            int(present - paying),
            int(counted.cells.values.sum()),
            int(all_of_it.cells.values.sum()),
        )
        return counted


Answer = Callable[[bytes], tuple[bytes, ...]]


def permitted(member: Member, slot: Digest, participants: tuple[PartyId, ...]) -> Member:
    """Return the member whose officer agreed to these participants of a slot."""
    return replace(member, permitted={**member.permitted, slot: participants})


def _nothing(cells: int, year: int) -> Counted:
    nobody = Charges(year, np.zeros((0, KEY_BYTES), dtype=np.uint8), np.zeros(0, dtype=np.int64))
    return Counted(CellCounts(np.zeros(cells, dtype=np.int64)), nobody)
