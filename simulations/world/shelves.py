"""Touches the world: where the nodes of a world keep what is durable: in memory, or in real vaults in a folder."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from partner_node.vault.shelf import VaultShelf
from partner_node.vault.vault import Owner, Vault, make_vault, open_vault
from protocol.words.ids import PartyId
from simulations.world.agreement import COVENANT
from simulations.world.node import KnowingShelf
from simulations.world.shelf import BookShelf

Secret = Callable[[PartyId], bytes]


class Shelves(Protocol):
    """Every participant's shelf; the same one in all years."""

    def of(self, party: PartyId) -> KnowingShelf:
        """Return a party's shelf, made if it was never made."""
        ...

    def back_up(self, party: PartyId) -> None:
        """Copy a party's disk as it is now."""
        ...

    def put_back(self, party: PartyId) -> None:
        """Put the copy in the place of the disk; `of` then returns another shelf."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


@dataclass(slots=True, repr=False)
class MemoryShelves:
    """Shelves that end with the process."""

    shelves: dict[PartyId, BookShelf] = field(default_factory=dict)
    copies: dict[PartyId, BookShelf] = field(default_factory=dict)

    def of(self, party: PartyId) -> KnowingShelf:
        """Return a party's shelf."""
        return self.shelves.setdefault(party, BookShelf())

    def back_up(self, party: PartyId) -> None:
        """Copy a party's shelf."""
        self.copies[party] = self.shelves[party].copy()

    def put_back(self, party: PartyId) -> None:
        """Put the copy back."""
        self.shelves[party] = self.copies[party].copy()

    def close(self) -> None:
        """Do nothing: memory is not open."""


@dataclass(slots=True, repr=False)
class VaultShelves:
    """A vault for each party, in its own folder under `folder`. secret: of each node, 32 bytes."""

    folder: Path
    secret: Secret
    open: dict[PartyId, Vault] = field(default_factory=dict)
    shelves: dict[PartyId, VaultShelf] = field(default_factory=dict)

    def of(self, party: PartyId) -> KnowingShelf:
        """Return a party's vault as a shelf.

        Raises: what `make_vault` and `open_vault` raise.
        """
        if party not in self.shelves:
            owner = Owner(COVENANT, party, self.secret(party))
            if not self._path(party).exists():
                make_vault(self._path(party), owner)
            self.open[party] = open_vault(self._path(party), owner)
            self.shelves[party] = VaultShelf(self.open[party])
        return self.shelves[party]

    def back_up(self, party: PartyId) -> None:
        """Copy a party's vault, closed for it: the copy is whole and says nothing of what comes after."""
        self._close(party)
        shutil.copy2(self._path(party), self._copy(party))

    def put_back(self, party: PartyId) -> None:
        """Put the copied file in the vault's place, past every command that would have asked the peers."""
        self._close(party)
        shutil.copy2(self._copy(party), self._path(party))

    def close(self) -> None:
        """Close every vault."""
        for party in tuple(self.open):
            self._close(party)

    def _close(self, party: PartyId) -> None:
        if party in self.open:
            self.open.pop(party).close()
            del self.shelves[party]

    def _path(self, party: PartyId) -> Path:
        return self.folder / party / "vault.sqlite"

    def _copy(self, party: PartyId) -> Path:
        return self.folder / party / "copy.sqlite"
