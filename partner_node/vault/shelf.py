"""Touches the world: the vault as the shelf of a session, and as what counting knows of earlier rounds."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from partner_node.errors import VaultFault
from partner_node.vault.book import spent
from partner_node.vault.carry_out import (
    Commitment,
    Frozen,
    carry_out,
    keep_repair_seed,
    load_commitment,
    load_memory,
    load_seed,
)
from partner_node.vault.log import StoredTree
from partner_node.vault.seen import CountedCells, SeenEvents, SeenGroup, counted_before, seen_before
from partner_node.vault.vault import Vault
from protocol.round.memory import Command, Memory, applied
from protocol.words.ids import Digest


class VaultClosed(VaultFault):
    """A vault that is asked for something after a failure closed it."""


@dataclass(slots=True, repr=False)
class VaultShelf:
    """A vault for a session (`session.Shelf`) and for counting (`counting.Known`).

    Its memory is loaded once: nobody else can write to an open vault, so that what was committed is all that changes.
    """

    vault: Vault
    _memory: Memory | None = field(default=None, init=False)

    @property
    def memory(self) -> Memory:
        """What the rounds remember.

        Raises: VaultClosed.
        """
        if not self.vault.close.alive:
            raise VaultClosed(
                got="a vault that was closed when its disk failed",
                wanted="an open vault",
                act="the partner's IT must mend the disk, then start the node again",
            )
        if self._memory is None:
            self._memory = load_memory(self.vault)
        return self._memory

    @property
    def log(self) -> StoredTree:
        """The own log."""
        return StoredTree(self.vault.connection)

    def commit(self, commands: tuple[Command, ...], frozen: Frozen | None = None) -> None:
        """Make the commands durable in one transaction."""
        before, self._memory = self.memory, None  # read anew if the transaction is undone
        carry_out(self.vault, commands, frozen=frozen)
        self._memory = applied(before, commands)

    def seed(self, slot: Digest) -> bytes:
        """Return the seed of a slot's noise."""
        return load_seed(self.vault, slot)

    def commitment(self, slot: Digest) -> Commitment:
        """Return x and r of a slot."""
        return load_commitment(self.vault, slot)

    def repair_seed(self, slot: Digest, fresh: bytes) -> bytes:
        """Return the seed of a repair, stored before it is used."""
        return keep_repair_seed(self.vault, slot, fresh)

    def spent(self, covenant_year: int, unit_key: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return what each unit has spent in the year."""
        return spent(self.vault, covenant_year, unit_key)

    def seen_before(self, events: SeenEvents) -> NDArray[np.bool_]:
        """Return which events an earlier round knew."""
        return seen_before(self.vault, events)

    def counted_before(self, group: SeenGroup) -> CountedCells:
        """Return what earlier rounds counted of a group."""
        return counted_before(self.vault, group)
