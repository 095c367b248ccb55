"""Touches the world: what units spent.

Charges and seen marks are worked out when a slot is frozen and wait with its secrets. LOCK moves them into the book in
its own transaction, once a slot: nothing is charged twice, refunded, or worked out anew after a crash.
"""

import sqlite3
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from partner_node.errors import VaultFault
from partner_node.vault.key_column import all_differ, as_text, blobs, check_keys, find, wrong_charges
from partner_node.vault.keyed_by import check_keyed_by
from partner_node.vault.seen import CountedCells, SeenEvents, mark_pending, store_pending_marks
from partner_node.vault.unit_key import KEY_BYTES
from partner_node.vault.vault import Vault
from partner_node.vault.years import check_open
from protocol.digest import labelled
from protocol.words.ids import Digest


class ChargesMissing(VaultFault):
    """A slot to lock for which no charges were stored: locking it would let people be counted for nothing."""


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Charges:
    """What a LOCK will book. unit_key: uint8, shape (units, 16); nano_rho: int64, shape (units,), 0 books nothing.

    keyed_by: what the keys were made of (`keyed_by.py`); empty where nobody is counted.
    """

    covenant_year: int
    unit_key: NDArray[np.uint8]
    nano_rho: NDArray[np.int64]
    seen: tuple[SeenEvents, ...] = ()
    counted: tuple[CountedCells, ...] = ()
    keyed_by: str = ""

    def __post_init__(self) -> None:
        check_keys(self.unit_key, len(self.nano_rho))
        if self.nano_rho.dtype != np.int64 or self.nano_rho.ndim != 1 or self.nano_rho.min(initial=0) < 0:
            raise wrong_charges("charges that are no int64 column of 0 or more")
        if not all_differ(self.unit_key):
            raise wrong_charges("a unit named twice")


def spent(vault: Vault, covenant_year: int, unit_key: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return what each unit has spent in the year.

    unit_key: uint8, shape (units, 16). Result: int64, shape (units,), nano-rho, 0 for a unit that is not in the book.
    Raises: YearClosed, WrongCharges.
    """
    check_keys(unit_key, len(unit_key))
    check_open(vault.connection, covenant_year)
    rows = vault.connection.execute(
        "SELECT unit_key, nano_rho FROM book WHERE covenant_year = ? ORDER BY unit_key", (covenant_year,)
    ).fetchall()
    place, found = find(b"".join(key for key, _ in rows), KEY_BYTES, as_text(unit_key))
    book = np.array([0, *(amount for _, amount in rows)], dtype=np.int64)
    result: NDArray[np.int64] = book[np.where(found, place + 1, 0)]
    return result


def charges_commitment(charges: Charges, salt: bytes) -> Digest:
    """Return what a LOCK entry says of its charges: nothing to a reader, and one set of charges to who has the salt.

    salt: 32 fresh bytes. Charges of 0 are not in it: they are not stored either.
    """
    paying = np.flatnonzero(charges.nano_rho > 0)
    order = paying[np.argsort(as_text(charges.unit_key[paying]))]
    keys, amounts = charges.unit_key[order].tobytes(), charges.nano_rho[order].astype("<i8").tobytes()
    return Digest(labelled("charges", salt, charges.covenant_year.to_bytes(2, "big"), keys, amounts).hex())


def store_pending(connection: sqlite3.Connection, slot: Digest, charges: Charges, salt: bytes) -> None:
    """Store the charges of a frozen slot, within the caller's transaction.

    Raises: YearClosed, OtherUnitKeys.
    """
    check_open(connection, charges.covenant_year)
    check_keyed_by(connection, charges.covenant_year, charges.keyed_by)
    connection.execute("INSERT INTO pending VALUES (?, ?, ?, ?)", (slot, charges.covenant_year, salt, charges.keyed_by))
    # In the order of the keys: rows at random places in the file took three times as long.
    order = np.argsort(as_text(charges.unit_key))
    paying = order[charges.nano_rho[order] > 0]
    keys, amounts = blobs(charges.unit_key[paying]), charges.nano_rho[paying].tolist()
    connection.executemany(
        "INSERT INTO pending_charge VALUES (?, ?, ?)",
        ((slot, key, amount) for key, amount in zip(keys, amounts, strict=True)),
    )
    store_pending_marks(connection, slot, charges.seen, charges.counted)


def book_pending(connection: sqlite3.Connection, slot: Digest) -> None:
    """Move the stored charges and marks of a slot into book and seen; nothing, if that was done before.

    Within the caller's transaction.
    Raises: ChargesMissing, YearClosed.
    """
    if connection.execute("SELECT 1 FROM booked WHERE slot = ?", (slot,)).fetchone():
        return
    row = connection.execute("SELECT covenant_year, salt, keyed_by FROM pending WHERE slot = ?", (slot,)).fetchone()
    if row is None:
        raise ChargesMissing(
            got="a slot to lock without stored charges",
            wanted="the charges that were frozen with it",
            act="the FG must ask whether this vault was restored; the slot must be aborted",
        )
    check_open(connection, row[0])
    connection.execute(
        "INSERT INTO book SELECT ?, unit_key, nano_rho FROM pending_charge WHERE slot = ? "
        "ON CONFLICT DO UPDATE SET nano_rho = nano_rho + excluded.nano_rho",
        (row[0], slot),
    )
    mark_pending(connection, slot)
    connection.execute("INSERT INTO booked VALUES (?, ?, ?, ?)", (slot, *row))
    connection.execute("INSERT INTO charge SELECT slot, unit_key, nano_rho FROM pending_charge WHERE slot = ?", (slot,))
    connection.execute("DELETE FROM pending WHERE slot = ?", (slot,))
