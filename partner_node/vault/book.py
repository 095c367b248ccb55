"""Touches the world: what units spent, which events were seen, and closing a year.

Charges and seen marks are worked out when a slot is frozen and wait with its secrets. LOCK moves them into the book in
its own transaction, once a slot: nothing is charged twice, refunded, or worked out anew after a crash.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from partner_node.errors import VaultFault, VaultRefusal
from partner_node.vault.log import StoredTree
from partner_node.vault.unit_key import KEY_BYTES
from partner_node.vault.vault import Vault
from protocol.ledger.entry import YearClosedEntry
from protocol.words.ids import Digest, MeasureId, StudyId, TableId
from protocol.words.period import Period


class ChargesMissing(VaultFault):
    """A slot to lock for which no charges were stored: locking it would let people be counted for nothing."""


class WrongCharges(VaultRefusal):
    """Charges or marks that are no columns of one length, name a unit twice, or are below nothing."""


class YearClosed(VaultRefusal):
    """A slot or question of a covenant year that was closed for ever."""


class YearStillOpen(VaultRefusal):
    """A year that cannot be closed yet: a slot of it is frozen and may still be locked."""


@dataclass(frozen=True, slots=True)
class SeenGroup:
    """One table's measure in one period of a study: within it an event of a unit is seen once."""

    study: StudyId
    table: TableId
    measure: MeasureId
    period: Period


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class SeenEvents:
    """Events of one group. unit_key, event_key: uint8, shape (events, 16)."""

    group: SeenGroup
    unit_key: NDArray[np.uint8]
    event_key: NDArray[np.uint8]

    def __post_init__(self) -> None:
        _check_keys(self.unit_key, len(self.event_key))
        _check_keys(self.event_key, len(self.unit_key))


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Charges:
    """What a LOCK will book. unit_key: uint8, shape (units, 16); nano_rho: int64, shape (units,), 0 books nothing."""

    covenant_year: int
    unit_key: NDArray[np.uint8]
    nano_rho: NDArray[np.int64]
    seen: tuple[SeenEvents, ...] = ()

    def __post_init__(self) -> None:
        _check_keys(self.unit_key, len(self.nano_rho))
        if self.nano_rho.dtype != np.int64 or self.nano_rho.ndim != 1 or self.nano_rho.min(initial=0) < 0:
            raise _wrong_charges("charges that are no int64 column of 0 or more")
        if len(np.unique(_text(self.unit_key))) != len(self.unit_key):
            raise _wrong_charges("a unit named twice")


def spent(vault: Vault, covenant_year: int, unit_key: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return what each unit has spent in the year.

    unit_key: uint8, shape (units, 16). Result: int64, shape (units,), nano-rho, 0 for a unit that is not in the book.
    Raises: YearClosed, WrongCharges.
    """
    _check_keys(unit_key, len(unit_key))
    _check_open(vault.connection, covenant_year)
    rows = vault.connection.execute(
        "SELECT unit_key, nano_rho FROM book WHERE covenant_year = ? ORDER BY unit_key", (covenant_year,)
    ).fetchall()
    place, found = _find(b"".join(key for key, _ in rows), KEY_BYTES, _text(unit_key))
    book = np.array([0, *(amount for _, amount in rows)], dtype=np.int64)
    result: NDArray[np.int64] = book[np.where(found, place + 1, 0)]
    return result


def seen_before(vault: Vault, events: SeenEvents) -> NDArray[np.bool_]:
    """Return which of these events were seen in an earlier round; bool, shape (events,)."""
    group = events.group
    rows = vault.connection.execute(
        "SELECT unit_key, event_key FROM seen WHERE study = ? AND table_id = ? AND measure = ? AND period = ? "
        "ORDER BY unit_key, event_key",
        (group.study, group.table, group.measure, str(group.period)),
    )
    wanted = _text(np.hstack([events.unit_key, events.event_key]))
    return _find(b"".join(unit + event for unit, event in rows), 2 * KEY_BYTES, wanted)[1]


def store_pending(connection: sqlite3.Connection, slot: Digest, charges: Charges) -> None:
    """Store the charges of a frozen slot, within the caller's transaction.

    Raises: YearClosed.
    """
    _check_open(connection, charges.covenant_year)
    connection.execute("INSERT INTO pending VALUES (?, ?)", (slot, charges.covenant_year))
    # In the order of the keys: rows at random places in the file took three times as long.
    order = np.argsort(_text(charges.unit_key))
    paying = order[charges.nano_rho[order] > 0]
    keys, amounts = _blobs(charges.unit_key[paying]), charges.nano_rho[paying].tolist()
    connection.executemany(
        "INSERT INTO pending_charge VALUES (?, ?, ?)",
        ((slot, key, amount) for key, amount in zip(keys, amounts, strict=True)),
    )
    for events in charges.seen:
        group = events.group
        order = np.argsort(_text(np.hstack([events.unit_key, events.event_key])))
        connection.executemany(
            "INSERT OR IGNORE INTO pending_seen VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (slot, group.study, group.table, group.measure, str(group.period), unit, event)
                for unit, event in zip(_blobs(events.unit_key[order]), _blobs(events.event_key[order]), strict=True)
            ),
        )


def book_pending(connection: sqlite3.Connection, slot: Digest) -> None:
    """Move the stored charges and marks of a slot into book and seen; nothing, if that was done before.

    Within the caller's transaction.
    Raises: ChargesMissing, YearClosed.
    """
    if connection.execute("SELECT 1 FROM booked WHERE slot = ?", (slot,)).fetchone():
        return
    row = connection.execute("SELECT covenant_year FROM pending WHERE slot = ?", (slot,)).fetchone()
    if row is None:
        raise ChargesMissing(
            got="a slot to lock without stored charges",
            wanted="the charges that were frozen with it",
            act="the FG must ask whether this vault was restored; the slot must be aborted",
        )
    _check_open(connection, row[0])
    connection.execute(
        "INSERT INTO book SELECT ?, unit_key, nano_rho FROM pending_charge WHERE slot = ? "
        "ON CONFLICT DO UPDATE SET nano_rho = nano_rho + excluded.nano_rho",
        (row[0], slot),
    )
    connection.execute(
        "INSERT OR IGNORE INTO seen SELECT study, table_id, measure, period, unit_key, event_key "
        "FROM pending_seen WHERE slot = ?",
        (slot,),
    )
    connection.execute("DELETE FROM pending WHERE slot = ?", (slot,))
    connection.execute("INSERT INTO booked VALUES (?)", (slot,))


def close_year(vault: Vault, covenant_year: int) -> None:
    """Close a year for ever: log it, set the tombstone, and only then delete its book. Again: nothing.

    Raises: YearStillOpen, StorageFailed.
    """
    with vault.transaction() as connection:
        if _is_closed(connection, covenant_year):
            return
        if connection.execute("SELECT 1 FROM pending WHERE covenant_year = ?", (covenant_year,)).fetchone():
            raise YearStillOpen(
                got="a frozen slot of this year", wanted="none", act="wait until it is locked, or give it up"
            )
        StoredTree(connection).append(YearClosedEntry(covenant_year=covenant_year).encode())
        connection.execute("INSERT INTO year_closed VALUES (?)", (covenant_year,))
        connection.execute("DELETE FROM book WHERE covenant_year = ?", (covenant_year,))
    vault.scrub()


def _check_open(connection: sqlite3.Connection, covenant_year: int) -> None:
    if _is_closed(connection, covenant_year):
        raise YearClosed(
            got=f"covenant year {covenant_year}, which is closed", wanted="an open year", act="nothing can reopen it"
        )


def _is_closed(connection: sqlite3.Connection, covenant_year: int) -> bool:
    return (
        connection.execute("SELECT 1 FROM year_closed WHERE covenant_year = ?", (covenant_year,)).fetchone() is not None
    )


def _find(joined: bytes, width: int, wanted: NDArray[np.bytes_]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return where each wanted key stands among the joined, sorted ones, and whether it does."""
    known = np.frombuffer(joined, dtype=f"S{width}")
    if not len(known):
        return np.zeros(len(wanted), dtype=np.intp), np.zeros(len(wanted), dtype=np.bool_)
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return place, known[place] == wanted


def _text(keys: NDArray[np.uint8]) -> NDArray[np.bytes_]:
    # numpy orders and compares such bytes as SQLite does; trailing zero bytes are padding, the same for both sides.
    result: NDArray[np.bytes_] = np.ascontiguousarray(keys).view(f"S{keys.shape[1]}").reshape(-1)
    return result


def _blobs(keys: NDArray[np.uint8]) -> Iterator[bytes]:
    body = keys.tobytes()
    return (body[start : start + KEY_BYTES] for start in range(0, len(body), KEY_BYTES))


def _check_keys(keys: NDArray[np.uint8], rows: int) -> None:
    if keys.dtype != np.uint8 or keys.shape != (rows, KEY_BYTES):
        raise _wrong_charges("keys of another type or shape")


def _wrong_charges(got: str) -> WrongCharges:
    return WrongCharges(got=got, wanted="one key of 16 bytes and one charge for each unit", act="mend the caller")
