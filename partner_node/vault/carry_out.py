"""Touches the world: carries out the commands of a step in ONE transaction, and loads what a next step depends on.

Nothing of a step may be sent before `carry_out` returns. What is stored with a READY (x, r, the seed, the charges)
goes into the transaction of its commands, so that no crash leaves one without the other.
"""

import sqlite3
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from partner_node.errors import VaultFault
from partner_node.vault.book import Charges, book_pending, store_pending
from partner_node.vault.log import StoredTree
from partner_node.vault.slot_rows import remember, slots
from partner_node.vault.vault import Vault
from protocol.round.memory import (
    Append,
    BookCharges,
    Command,
    EraseSecrets,
    KeepEvidence,
    Memory,
    Remember,
    SawHead,
    SettledBy,
    Showed,
    Unsettled,
)
from protocol.round.witness import SeenHead
from protocol.words.ids import Digest, PartyId


class SecretsMissing(VaultFault):
    """A slot whose secrets are asked for and are not there: they were erased, or this is another vault."""


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Frozen:
    """What a READY commits to and what its LOCK will book. values: x, int64, shape (cells,).

    seed, salt: 32 fresh bytes each, for the noise and for the commitment to the charges.
    """

    slot: Digest
    values: NDArray[np.int64]
    opening: bytes
    seed: bytes
    charges: Charges
    salt: bytes


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Commitment:
    """x and r of a slot. values: int64, shape (cells,)."""

    values: NDArray[np.int64]
    opening: bytes


def carry_out(vault: Vault, commands: tuple[Command, ...], *, frozen: Frozen | None = None) -> None:
    """Make everything that the commands say durable, or nothing of it.

    Erased secrets are out of the write-ahead log too when this returns.
    Raises: ChargesMissing, YearClosed, OtherUnitKeys, StorageFailed.
    """
    with vault.transaction() as connection:
        for command in commands:
            apply_command(connection, command)
        if frozen is not None:
            # After the commands: a newer attempt erases the older one's secrets first.
            values = frozen.values.astype("<i8").tobytes()
            connection.execute("INSERT INTO frozen VALUES (?, ?, ?)", (frozen.slot, values, frozen.opening))
            connection.execute("INSERT INTO seed VALUES (?, ?)", (frozen.slot, frozen.seed))
            store_pending(connection, frozen.slot, frozen.charges, frozen.salt)
    if any(isinstance(command, EraseSecrets) for command in commands):
        vault.scrub()


def load_memory(vault: Vault) -> Memory:
    """Return what this participant remembers of its rounds."""
    read = vault.connection.execute
    heads = {
        PartyId(party): SeenHead(size, root, note)
        for party, size, root, note in read("SELECT party, size, root, note FROM peer_checkpoint")
    }
    shown = tuple(size for (size,) in read("SELECT size FROM shown ORDER BY number"))
    unsettled = frozenset((Digest(slot), PartyId(party)) for slot, party in read("SELECT slot, party FROM unsettled"))
    return Memory(MappingProxyType(slots(vault.connection)), MappingProxyType(heads), shown, unsettled)


def keep_repair_seed(vault: Vault, slot: Digest, fresh: bytes) -> bytes:
    """Return the seed of a repair: the one that is stored, or the fresh one, stored before it is used.

    fresh: 32 bytes. A repair needs chance that no crash repeats.
    """
    with vault.transaction() as connection:
        connection.execute("INSERT INTO seed VALUES (?, ?) ON CONFLICT DO NOTHING", (slot, fresh))
    return load_seed(vault, slot)


def load_seed(vault: Vault, slot: Digest) -> bytes:
    """Return the 32 bytes from which this slot's noise is expanded.

    Raises: SecretsMissing.
    """
    row = vault.connection.execute("SELECT seed FROM seed WHERE slot = ?", (slot,)).fetchone()
    if row is None:
        raise _missing()
    return bytes(row[0])


def load_commitment(vault: Vault, slot: Digest) -> Commitment:
    """Return x and r of a slot that is READY or was locked.

    Raises: SecretsMissing.
    """
    row = vault.connection.execute('SELECT "values", opening FROM frozen WHERE slot = ?', (slot,)).fetchone()
    if row is None:
        raise _missing()
    return Commitment(np.frombuffer(row[0], dtype="<i8").astype(np.int64), bytes(row[1]))


def kept_evidence(vault: Vault) -> tuple[tuple[str | bytes, ...], ...]:
    """Return every set of contradicting texts or frames, in the order in which they were kept."""
    kept: dict[int, list[str | bytes]] = {}
    for number, item in vault.connection.execute("SELECT number, item FROM evidence ORDER BY number, place"):
        kept.setdefault(number, []).append(item)
    return tuple(tuple(items) for items in kept.values())


def apply_command(connection: sqlite3.Connection, command: Command) -> None:
    """Carry out one command within the caller's transaction."""
    match command:
        case Remember(slot):
            remember(connection, slot)
        case Append(entry):
            StoredTree(connection).append(entry.encode())
        case BookCharges(slot):
            book_pending(connection, slot)
        case EraseSecrets(slot):
            _erase(connection, slot)
        case SawHead(party, head):
            connection.execute(
                "INSERT INTO peer_checkpoint VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE "
                "SET size = excluded.size, root = excluded.root, note = excluded.note",
                (party, head.size, head.root, head.note),
            )
        case Showed(size):
            connection.execute("INSERT INTO shown (size) VALUES (?)", (size,))
        case Unsettled(slot, party):
            connection.execute("INSERT INTO unsettled VALUES (?, ?) ON CONFLICT DO NOTHING", (slot, party))
        case SettledBy(slot, party):
            connection.execute("DELETE FROM unsettled WHERE slot = ? AND party = ?", (slot, party))
        case KeepEvidence(evidence):
            (number,) = connection.execute("SELECT coalesce(max(number) + 1, 0) FROM evidence").fetchone()
            rows = [(number, place, item) for place, item in enumerate(evidence)]
            connection.executemany("INSERT INTO evidence VALUES (?, ?, ?)", rows)


def _erase(connection: sqlite3.Connection, slot: Digest) -> None:
    connection.execute("DELETE FROM seed WHERE slot = ?", (slot,))
    if not connection.execute("SELECT 1 FROM booked WHERE slot = ?", (slot,)).fetchone():
        # Never locked: x, r and the charges go too. After a LOCK x and r stay, to open the commitment to an auditor.
        connection.execute("DELETE FROM frozen WHERE slot = ?", (slot,))
        connection.execute("DELETE FROM pending WHERE slot = ?", (slot,))


def _missing() -> SecretsMissing:
    return SecretsMissing(
        got="no secrets of this slot",
        wanted="those that were frozen with it",
        act="the FG must ask whether this vault was restored or replaced; give the slot up if it was not sent",
    )
