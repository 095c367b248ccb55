"""Touches the world: the simulated party of `simulations/party.py` on a real vault in place of its memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from partner_node.vault.book import Charges
from partner_node.vault.carry_out import Frozen, carry_out, load_memory
from partner_node.vault.shelf import VaultShelf
from partner_node.vault.unit_key import unit_keys
from partner_node.vault.vault import Owner, Vault, make_vault, open_vault
from protocol.round.memory import Command, applied
from protocol.words.ids import Digest, PartyId
from simulations.party import SimulatedParty
from simulations.round_world import RoundWorld
from tests import example
from tests.rounds import participant, world

YEAR = 2026
UNITS = ("household-1", "household-2", "household-3")


def owner(party: PartyId = example.VT) -> Owner:
    return Owner(example.covenant().id, party, example.secret(f"node {party}"))


def keys(*unit_ids: str, party: PartyId = example.VT) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return unit_keys(owner(party).node_secret, unit_ids)


def charges() -> Charges:
    return Charges(YEAR, keys(*UNITS), np.array([5, 0, 7], dtype=np.int64))


def new_vault(folder: Path, party: PartyId = example.VT) -> Vault:
    path = folder / party / "vault.sqlite"
    make_vault(path, owner(party))
    return open_vault(path, owner(party))


def dump(vault: Vault) -> dict[str, tuple[tuple[object, ...], ...]]:
    """Return every row of every table; two vaults with equal dumps are in one state."""
    names = [name for (name,) in vault.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {
        name: tuple(sorted(vault.connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr))  # noqa: S608 - our own table names
        for name in names
    }


@dataclass(slots=True, repr=False)
class CheckedShelf(VaultShelf):
    """A vault's shelf that compares, after each transaction, what the vault loads with what `applied` says.

    one_by_one: a seeded bug, a transaction for each command.
    """

    one_by_one: bool = False
    after_commit: Callable[[Vault], None] = lambda _vault: None

    def commit(self, commands: tuple[Command, ...], frozen: Frozen | None = None) -> None:
        if self.one_by_one:
            for command in commands:
                carry_out(self.vault, (command,))
            carry_out(self.vault, (), frozen=frozen)
            self._memory = applied(self.memory, commands)
        else:
            VaultShelf.commit(self, commands, frozen)
        assert load_memory(self.vault) == self.memory
        self.after_commit(self.vault)

    def repair_seed(self, slot: Digest, fresh: bytes) -> bytes:
        seed = VaultShelf.repair_seed(self, slot, fresh)
        self.after_commit(self.vault)
        return seed


def vault_party(
    vault: Vault,
    party: PartyId = example.VT,
    *,
    name_of_chance: str = "",
    kind: type[SimulatedParty] = SimulatedParty,
    shelf: CheckedShelf | None = None,
) -> SimulatedParty:
    plain = participant(party, name_of_chance=name_of_chance)
    own = shelf or CheckedShelf(vault)
    made = kind(plain.member, plain.private, plain.counts, plain.seed, name_of_chance=name_of_chance, durable=own)
    made.charges = charges()
    return made


def memory_world() -> RoundWorld:
    """Return a world in memory whose parties charge what those on vaults charge."""
    a_world = world()
    for party in a_world.parties.values():
        party.charges = charges()
    return a_world


def played(party: SimulatedParty, messages: tuple[bytes, ...], now_s: int) -> Iterator[bytes]:
    """Yield the answers to messages, one by one, as they would leave."""
    for body in messages:
        yield from party.receive(body, now_s)
