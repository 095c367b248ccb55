"""Computes: a participant's shelf in memory that keeps its book too: what units spent, what was seen and counted.

It answers `counting.Known` as a vault does, and books with the LOCK, once a slot.
"""

from collections import defaultdict
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from partner_node.vault.book import Charges
from partner_node.vault.carry_out import Frozen
from partner_node.vault.key_column import blobs
from partner_node.vault.seen import CountedCells, SeenEvents, SeenGroup
from partner_node.vault.unit_key import KEY_BYTES
from protocol.round.memory import BookCharges, Command
from protocol.words.ids import Digest
from simulations.party import Durable

_Counted = dict[tuple[bytes, str], int]


@dataclass(slots=True, repr=False)
class Book:
    """What a partner's vault remembers of units, by their keys."""

    spent: dict[int, dict[bytes, int]] = field(default_factory=lambda: defaultdict(dict))
    seen: dict[SeenGroup, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    counted: dict[SeenGroup, _Counted] = field(default_factory=lambda: defaultdict(dict))

    def book(self, charges: Charges) -> None:
        """Book what a LOCK charges and marks."""
        spent = self.spent[charges.covenant_year]
        for key, amount in zip(blobs(charges.unit_key), charges.nano_rho.tolist(), strict=True):
            if amount:
                spent[key] = spent.get(key, 0) + amount
        for events in charges.seen:
            self.seen[events.group].update(_pairs(events))
        for cells in charges.counted:
            counted = self.counted[cells.group]
            for key, cell, amount in zip(blobs(cells.unit_key), cells.cell, cells.amount.tolist(), strict=True):
                counted[key, cell] = counted.get((key, cell), 0) + amount


@dataclass(slots=True, repr=False)
class BookShelf(Durable):
    """Everything that survives a crash, with the book."""

    book: Book = field(default_factory=Book)
    pending: dict[Digest, Charges] = field(default_factory=dict)

    def commit(self, commands: tuple[Command, ...], frozen: Frozen | None = None) -> None:
        """One transaction, as `Durable`; a LOCK books what was frozen with its slot."""
        for command in commands:
            if isinstance(command, BookCharges) and command.slot not in self.charged:
                self.book.book(self.pending.pop(command.slot))
        Durable.commit(self, commands, frozen)  # not super(): a dataclass with slots is a second class
        if frozen is not None:
            self.pending[frozen.slot] = frozen.charges

    def copy(self) -> "BookShelf":
        """Return a backup."""
        plain = Durable.copy(self)
        return BookShelf(
            plain.memory,
            plain.log,
            plain.entries,
            plain.secrets,
            plain.charged,
            plain.evidence,
            book=deepcopy(self.book),
            pending={**self.pending},
        )

    def spent(self, covenant_year: int, unit_key: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the nano-rho that each unit has spent in the year."""
        book = self.book.spent[covenant_year]
        return np.array([book.get(key, 0) for key in blobs(unit_key)], dtype=np.int64)

    def seen_before(self, events: SeenEvents) -> NDArray[np.bool_]:
        """Return which events an earlier round knew."""
        seen = self.book.seen[events.group]
        return np.array([pair in seen for pair in _pairs(events)], dtype=np.bool_)

    def counted_before(self, group: SeenGroup) -> CountedCells:
        """Return what earlier rounds counted of a group, in order of unit key and cell."""
        rows = sorted(self.book.counted[group].items())
        keys = np.frombuffer(b"".join(key for (key, _), _ in rows), dtype=np.uint8).reshape(-1, KEY_BYTES)
        amounts = np.array([amount for _, amount in rows], dtype=np.int64)
        return CountedCells(group, keys, tuple(cell for (_, cell), _ in rows), amounts)


def _pairs(events: SeenEvents) -> list[bytes]:
    return [unit + event for unit, event in zip(blobs(events.unit_key), blobs(events.event_key), strict=True)]
