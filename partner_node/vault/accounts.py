"""Touches the world: the accounts of a vault, read for the replay."""

import sqlite3

import numpy as np

from partner_node.vault.book import Charges
from partner_node.vault.log import StoredTree
from partner_node.vault.replay import Account, Accounts, SlotEntry
from partner_node.vault.slot_rows import slots
from partner_node.vault.unit_key import KEY_BYTES
from partner_node.vault.vault import Vault
from partner_node.vault.years import closed_years
from protocol.words.ids import Digest


def load_accounts(vault: Vault) -> Accounts:
    """Return log, slots, charges and book of a vault."""
    read = vault.connection.execute
    tree = StoredTree(vault.connection)
    paid = {
        Digest(slot): Account(_charges(vault.connection, Digest(slot), year), bytes(salt))
        for slot, year, salt in read("SELECT slot, covenant_year, salt FROM booked ORDER BY slot").fetchall()
    }
    book = {
        year: {
            bytes(key): amount
            for key, amount in read("SELECT unit_key, nano_rho FROM book WHERE covenant_year = ?", (year,))
        }
        for (year,) in read("SELECT DISTINCT covenant_year FROM book").fetchall()
    }
    entries = tuple(
        SlotEntry(slot.slot, slot.state, slot.entry, slot.entry_index) for slot in slots(vault.connection).values()
    )
    shown = tuple(size for (size,) in read("SELECT size FROM shown"))
    closed = frozenset(closed_years(vault.connection))
    return Accounts(tree.leaves(), tree.root(), entries, paid, book, closed, shown)


def _charges(connection: sqlite3.Connection, slot: Digest, year: int) -> Charges:
    rows = connection.execute("SELECT unit_key, nano_rho FROM charge WHERE slot = ?", (slot,)).fetchall()
    keys = np.frombuffer(b"".join(key for key, _ in rows), dtype=np.uint8).reshape(-1, KEY_BYTES)
    return Charges(year, keys, np.array([amount for _, amount in rows], dtype=np.int64))
