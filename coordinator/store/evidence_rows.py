"""Touches the world: what parties signed that cannot both be true, one row a text or frame, for the FGs."""

from sqlalchemy import Connection, insert, select

from coordinator.store.tables import EVIDENCE
from protocol.digest import labelled

Evidence = tuple[str | bytes, ...]  # `Contradiction.evidence`: signed notes as text, frames as bytes


def write_evidence(connection: Connection, evidence: Evidence) -> None:
    """Store a set, within the caller's transaction; nothing, if it is there: a bad party may repeat itself."""
    items = [(isinstance(item, str), item.encode() if isinstance(item, str) else item) for item in evidence]
    digest = labelled("evidence", *(bytes([is_text]) + body for is_text, body in items)).hex()
    if connection.scalar(select(EVIDENCE.c.number).where(EVIDENCE.c.digest == digest).limit(1)) is not None:
        return
    for place, (is_text, body) in enumerate(items):
        row = {"digest": digest, "place": place, "is_text": int(is_text), "item": body}
        connection.execute(insert(EVIDENCE).values(row))


def read_evidence(connection: Connection) -> tuple[Evidence, ...]:
    """Return every set, the first kept first."""
    kept: dict[str, list[str | bytes]] = {}
    query = select(EVIDENCE.c.digest, EVIDENCE.c.is_text, EVIDENCE.c.item).order_by(EVIDENCE.c.number)
    for digest, is_text, item in connection.execute(query):
        kept.setdefault(digest, []).append(bytes(item).decode() if is_text else bytes(item))
    return tuple(tuple(items) for items in kept.values())
