"""Touches the world: the simulated party of `simulations/party.py` with a real vault in place of its memory.

After each transaction what the vault loads is compared with what `applied` says.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np

from partner_node.vault.book import Charges
from partner_node.vault.carry_out import (
    Frozen,
    SecretsMissing,
    carry_out,
    keep_repair_seed,
    load_commitment,
    load_memory,
    load_seed,
)
from partner_node.vault.log import StoredTree
from partner_node.vault.unit_key import unit_keys
from partner_node.vault.vault import Owner, Vault, make_vault, open_vault
from protocol.round.memory import Command, KeepEvidence, Memory, Remember, applied
from protocol.round.transitions import State
from protocol.words.ids import Digest, PartyId
from simulations.party import Durable, Secrets, SimulatedParty
from tests import example
from tests.rounds import participant

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


class Shelf:
    """The secrets of `Durable`, kept in the vault; a READY's wait for its commands, to go in one transaction."""

    def __init__(self, vault: Vault, durable: "VaultDurable") -> None:
        self.vault, self.durable = vault, durable

    def __contains__(self, slot: Digest) -> bool:
        try:
            load_seed(self.vault, slot)
        except SecretsMissing:
            return False
        return True

    def __getitem__(self, slot: Digest) -> Secrets:
        seed = load_seed(self.vault, slot)
        try:
            known = load_commitment(self.vault, slot)
        except SecretsMissing:
            return Secrets(np.zeros(0, dtype=np.int64), b"", seed, Digest(""))
        return Secrets(known.values, known.opening, seed, Digest(""))

    def __setitem__(self, slot: Digest, secrets: Secrets) -> None:
        if not self.durable.waiting:
            keep_repair_seed(self.vault, slot, secrets.seed)
            self.durable.after_commit(self.vault)
            return
        frozen = Frozen(slot, secrets.values, secrets.opening, secrets.seed, charges())
        commands, self.durable.waiting = self.durable.waiting, ()
        self.durable.commit(commands, frozen)


@dataclass
class VaultDurable:
    """What `Durable` is, on a vault. one_by_one: a seeded bug, a transaction for each command."""

    vault: Vault
    one_by_one: bool = False
    after_commit: Callable[[Vault], None] = lambda _vault: None
    waiting: tuple[Command, ...] = ()
    expected: Memory = field(init=False)

    def __post_init__(self) -> None:
        self.expected = load_memory(self.vault)
        self.secrets = Shelf(self.vault, self)

    @property
    def memory(self) -> Memory:
        return load_memory(self.vault)

    @property
    def log(self) -> StoredTree:
        return StoredTree(self.vault.connection)

    @property
    def evidence(self) -> "VaultDurable":
        return self

    def append(self, evidence: tuple[str | bytes, ...]) -> None:
        self.commit((KeepEvidence(evidence),))

    def commit(self, commands: tuple[Command, ...], frozen: Frozen | None = None) -> None:
        if self.one_by_one:
            for command in commands:
                carry_out(self.vault, (command,))
            commands_left: tuple[Command, ...] = ()
        else:
            commands_left = commands
        carry_out(self.vault, commands_left, frozen=frozen)
        self.expected = applied(self.expected, commands)
        assert load_memory(self.vault) == self.expected
        self.after_commit(self.vault)


class VaultParty(SimulatedParty):
    """A simulated party whose effects go to the vault."""

    def _commit(self, commands: tuple[Command, ...]) -> None:
        durable = cast("VaultDurable", self.durable)
        freezes = any(isinstance(command, Remember) and command.slot.state is State.READY for command in commands)
        if freezes:
            durable.waiting = commands  # the simulation gives the secrets right after this
        else:
            durable.commit(commands)


def vault_party(
    vault: Vault,
    party: PartyId = example.VT,
    *,
    name_of_chance: str = "",
    kind: type[VaultParty] = VaultParty,
    durable: VaultDurable | None = None,
) -> VaultParty:
    plain = participant(party, name_of_chance=name_of_chance)
    own = cast("Durable", durable or VaultDurable(vault))
    return kind(plain.member, plain.private, plain.counts, plain.seed, name_of_chance, own)


def played(party: SimulatedParty, messages: tuple[bytes, ...], now_s: int) -> Iterator[bytes]:
    """Yield the answers to messages, one by one, as they would leave."""
    for body in messages:
        yield from party.receive(body, now_s)
