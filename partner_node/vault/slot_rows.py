"""Touches the world: one slot as one row, column by column. No secret is among them."""

import sqlite3

from protocol.round.frame import pack, unpack
from protocol.round.memory import SlotMemory
from protocol.round.messages import Attempt, Offer
from protocol.round.transitions import State
from protocol.words.ids import Digest, PartyId

_COLUMNS = (
    "slot",
    "state",
    "attempt",
    "propose",
    "offer",
    "charges_commitment",
    "ready",
    "ready_size",
    "readies",
    "context",
    "entry",
    "entry_index",
    "upload",
    "gone",
    "correction",
    "verdict",
    "abort",
)
_NAMES = ", ".join(_COLUMNS)
_UPSERT = (
    f"INSERT INTO slot ({_NAMES}) VALUES ({', '.join('?' * len(_COLUMNS))}) ON CONFLICT (slot) DO UPDATE SET "  # noqa: S608 - column names from above
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])
)
_SELECT = f"SELECT {_NAMES} FROM slot ORDER BY number"  # noqa: S608 - column names from above


def remember(connection: sqlite3.Connection, slot: SlotMemory) -> None:
    """Store what is known of a slot; its place among the slots stays the one it first had."""
    connection.execute(
        _UPSERT,
        (
            slot.slot,
            slot.state.value,
            slot.attempt,
            slot.propose,
            slot.offer.encode() if slot.offer else None,
            slot.charges_commitment,
            slot.ready,
            slot.ready_size,
            pack(slot.readies) if slot.readies else None,
            slot.context,
            slot.entry,
            slot.entry_index,
            slot.upload,
            " ".join(slot.gone),  # an id has no space
            slot.correction,
            slot.verdict,
            slot.abort,
        ),
    )


def slots(connection: sqlite3.Connection) -> dict[Digest, SlotMemory]:
    """Return every slot, in the order in which they came."""
    connection.row_factory, before = sqlite3.Row, connection.row_factory
    try:
        rows = connection.execute(_SELECT).fetchall()
    finally:
        connection.row_factory = before
    return {Digest(row["slot"]): _slot(row) for row in rows}


def _slot(row: sqlite3.Row) -> SlotMemory:
    return SlotMemory(
        slot=Digest(row["slot"]),
        state=State(row["state"]),
        attempt=Attempt(row["attempt"]),
        propose=row["propose"],
        offer=None if row["offer"] is None else Offer.parse(row["offer"], source="the vault"),
        charges_commitment=_digest(row["charges_commitment"]),
        ready=row["ready"],
        ready_size=row["ready_size"],
        readies=() if row["readies"] is None else unpack(row["readies"], source="the vault"),
        context=_digest(row["context"]),
        entry=row["entry"],
        entry_index=row["entry_index"],
        upload=row["upload"],
        gone=tuple(PartyId(party) for party in row["gone"].split()),
        correction=row["correction"],
        verdict=row["verdict"],
        abort=row["abort"],
    )


def _digest(text: str | None) -> Digest | None:
    return None if text is None else Digest(text)
