"""Touches the world: which events were known to earlier rounds, and what their units added then.

Both are worked out at READY, wait with the slot's secrets, and are moved to their place by its LOCK. Only tables with
late periods need them: without, each period has one round.
"""

import sqlite3
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from partner_node.vault.key_column import as_text, blobs, check_keys, find, wrong_charges
from partner_node.vault.unit_key import KEY_BYTES
from partner_node.vault.vault import Vault
from protocol.words.ids import Digest, MeasureId, StudyId, TableId
from protocol.words.period import Period


@dataclass(frozen=True, slots=True)
class SeenGroup:
    """One table's measure in one period of a study: within it an event of a unit is seen once."""

    study: StudyId
    table: TableId
    measure: MeasureId
    period: Period

    @property
    def row(self) -> tuple[str, str, str, str]:
        """The four columns by which the tables know it."""
        return (self.study, self.table, self.measure, str(self.period))


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class SeenEvents:
    """Events of one group. unit_key, event_key: uint8, shape (events, 16)."""

    group: SeenGroup
    unit_key: NDArray[np.uint8]
    event_key: NDArray[np.uint8]

    def __post_init__(self) -> None:
        check_keys(self.unit_key, len(self.event_key))
        check_keys(self.event_key, len(self.unit_key))


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class CountedCells:
    """What units added to cells of one group. unit_key: uint8, shape (pairs, 16); amount: int64, shape (pairs,).

    cell: by name, `<area>` or `<area>/<category>`: a number would change its meaning with the next geography.
    """

    group: SeenGroup
    unit_key: NDArray[np.uint8]
    cell: tuple[str, ...]
    amount: NDArray[np.int64]

    def __post_init__(self) -> None:
        check_keys(self.unit_key, len(self.cell))
        if self.amount.dtype != np.int64 or self.amount.shape != (len(self.cell),) or self.amount.min(initial=1) < 1:
            raise wrong_charges("amounts that are no int64 column of 1 or more")


def seen_before(vault: Vault, events: SeenEvents) -> NDArray[np.bool_]:
    """Return which of these events were seen in an earlier round; bool, shape (events,)."""
    rows = vault.connection.execute(
        "SELECT unit_key, event_key FROM seen WHERE study = ? AND table_id = ? AND measure = ? AND period = ? "
        "ORDER BY unit_key, event_key",
        events.group.row,
    )
    wanted = as_text(np.hstack([events.unit_key, events.event_key]))
    return find(b"".join(unit + event for unit, event in rows), 2 * KEY_BYTES, wanted)[1]


def ever_seen(vault: Vault, unit_key: NDArray[np.uint8], event_key: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return which events any round knew before, whatever it counted; bool, shape (events,).

    unit_key, event_key: uint8, shape (events, 16). Not promised: events of tables without late periods; those leave
    no mark.
    """
    rows = vault.connection.execute("SELECT DISTINCT unit_key, event_key FROM seen ORDER BY unit_key, event_key")
    wanted = as_text(np.hstack([unit_key, event_key]))
    return find(b"".join(unit + event for unit, event in rows), 2 * KEY_BYTES, wanted)[1]


def counted_before(vault: Vault, group: SeenGroup) -> CountedCells:
    """Return what was counted of this group in earlier rounds, by unit key and cell."""
    rows = vault.connection.execute(
        "SELECT unit_key, cell, amount FROM counted WHERE study = ? AND table_id = ? AND measure = ? AND period = ? "
        "ORDER BY unit_key, cell",
        group.row,
    ).fetchall()
    keys = np.frombuffer(b"".join(key for key, _, _ in rows), dtype=np.uint8).reshape(-1, KEY_BYTES)
    amount = np.array([amount for _, _, amount in rows], dtype=np.int64)
    return CountedCells(group, keys, tuple(cell for _, cell, _ in rows), amount)


def store_pending_marks(
    connection: sqlite3.Connection, slot: Digest, seen: tuple[SeenEvents, ...], counted: tuple[CountedCells, ...]
) -> None:
    """Store what a LOCK of this slot will mark, within the caller's transaction."""
    for events in seen:
        # In the order of the keys: rows at random places in the file took three times as long.
        order = np.argsort(as_text(np.hstack([events.unit_key, events.event_key])))
        pairs = zip(blobs(events.unit_key[order]), blobs(events.event_key[order]), strict=True)
        connection.executemany(
            "INSERT OR IGNORE INTO pending_seen VALUES (?, ?, ?, ?, ?, ?, ?)",
            ((slot, *events.group.row, unit, event) for unit, event in pairs),
        )
    for cells in counted:
        rows = zip(blobs(cells.unit_key), cells.cell, cells.amount.tolist(), strict=True)
        connection.executemany(
            "INSERT INTO pending_counted VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            ((slot, *cells.group.row, unit, cell, amount) for unit, cell, amount in rows),
        )


def mark_pending(connection: sqlite3.Connection, slot: Digest) -> None:
    """Move the stored marks of a slot into `seen` and `counted`, within the caller's transaction."""
    connection.execute(
        "INSERT OR IGNORE INTO seen SELECT study, table_id, measure, period, unit_key, event_key "
        "FROM pending_seen WHERE slot = ?",
        (slot,),
    )
    connection.execute(
        "INSERT INTO counted SELECT study, table_id, measure, period, unit_key, cell, amount "
        "FROM pending_counted WHERE slot = ? ON CONFLICT DO UPDATE SET amount = amount + excluded.amount",
        (slot,),
    )
