"""Touches the world: one slot as one row, and one row a frame, within the caller's transaction.

The frames of an older attempt stay where they are; a slot reads those of its own attempt.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from types import MappingProxyType

from sqlalchemy import Connection, insert, select, update

from coordinator.store.failures import RuleBroken, damaged
from coordinator.store.tables import FRAMES, SLOTS
from protocol.errors import Refusal
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.round.messages import Attempt, Offer
from protocol.round.transitions import State
from protocol.words.ids import Digest, PartyId

COORDINATOR = PartyId("")  # as the sender of a frame; no party has an empty id


@dataclass(frozen=True, slots=True)
class FrameKey:
    """Which frame of an attempt."""

    kind: str
    party: PartyId


@dataclass(frozen=True, slots=True, repr=False)
class StoredFrame:
    """A frame and the place where it stands."""

    slot: Digest
    attempt: int
    key: FrameKey
    body: bytes


def write_slot(connection: Connection, slot: CoordinatorSlot, *, before: CoordinatorSlot | None) -> None:
    """Store what is new in a slot. before: what is stored of it, None when nothing is.

    Raises: RuleBroken, when the slot lacks a frame that is stored; the tables refuse frames that changed.
    """
    row = _row(slot)
    if before is None:
        connection.execute(insert(SLOTS).values(row))
    elif row != _row(before):
        connection.execute(update(SLOTS).where(SLOTS.c.slot == slot.slot).values(row))
    stored = _frames(before) if before is not None and before.attempt == slot.attempt else {}
    frames = _frames(slot)
    if forgotten := [key.kind for key in stored if key not in frames]:
        raise RuleBroken(
            got=f"a slot without {len(forgotten)} frames that are stored, the first of kind {forgotten[0]}",
            wanted="a step from the slot as it is stored",
            act="the maintainers must mend the coordinator; nothing was changed",
        )
    for key, body in frames.items():
        values = {"slot": slot.slot, "attempt": slot.attempt, "kind": key.kind, "party": key.party}
        if key not in stored:
            connection.execute(insert(FRAMES).values(values | {"body": body}))
        elif stored[key] != body:
            same = [FRAMES.c[name] == value for name, value in values.items()]
            connection.execute(update(FRAMES).where(*same).values(body=body))


def read_slot(connection: Connection, slot: Digest, *, store: str) -> CoordinatorSlot | None:
    """Return a slot with the frames of its attempt, in the order in which they came. store: its name.

    Raises: StoreDamaged.
    """
    row = connection.execute(select(SLOTS).where(SLOTS.c.slot == slot)).one_or_none()
    if row is None:
        return None
    wanted = (FRAMES.c.slot == slot) & (FRAMES.c.attempt == row.attempt)
    # Put in order here: a database that sorts carries every frame with it, 90 MB for the whole country.
    query = select(FRAMES.c.number, FRAMES.c.kind, FRAMES.c.party, FRAMES.c.body).where(wanted)
    stored = sorted(connection.execute(query), key=itemgetter(0))
    frames = {FrameKey(kind, PartyId(party)): bytes(body) for _, kind, party, body in stored}

    def own(kind: str) -> bytes:
        return frames.get(FrameKey(kind, COORDINATOR), b"")

    def theirs(kind: str) -> Mapping[PartyId, bytes]:
        return MappingProxyType({key.party: body for key, body in frames.items() if key.kind == kind})

    return CoordinatorSlot(
        slot=Digest(row.slot),
        state=State(row.state),
        attempt=Attempt(row.attempt),
        offer=_offer(bytes(row.offer), store),
        context=None if row.context is None else Digest(row.context),
        gone=tuple(PartyId(party) for party in row.gone.split()),
        proposed=own("propose"),
        commit=own("commit"),
        repair=own("repair"),
        result=own("result"),
        declines=theirs("decline"),
        readies=theirs("ready"),
        uploads=theirs("upload"),
        aborts=theirs("abort"),
        corrections=theirs("correction"),
        verdicts=theirs("verdict"),
    )


def read_frames(connection: Connection) -> Iterator[StoredFrame]:
    """Yield every frame, of older attempts too, in the order in which they came."""
    query = select(FRAMES.c.slot, FRAMES.c.attempt, FRAMES.c.kind, FRAMES.c.party, FRAMES.c.body)
    for slot, attempt, kind, party, body in connection.execute(query.order_by(FRAMES.c.number)):
        yield StoredFrame(Digest(slot), attempt, FrameKey(kind, PartyId(party)), bytes(body))


def read_states(connection: Connection) -> dict[Digest, State]:
    """Return where every slot stands, in the order in which they came."""
    rows = connection.execute(select(SLOTS.c.slot, SLOTS.c.state).order_by(SLOTS.c.number))
    return {Digest(slot): State(state) for slot, state in rows}


def _offer(body: bytes, store: str) -> Offer:
    try:
        return Offer.parse(body, source="the store")
    except Refusal:
        raise damaged("an offer of a slot that is none", store) from None


def _row(slot: CoordinatorSlot) -> dict[str, object]:
    return {
        "slot": slot.slot,
        "state": slot.state.value,
        "attempt": slot.attempt,
        "offer": slot.offer.encode(),
        "context": slot.context,
        "gone": " ".join(slot.gone),  # an id has no space
    }


def _frames(slot: CoordinatorSlot) -> dict[FrameKey, bytes]:
    own = {"propose": slot.proposed, "commit": slot.commit, "repair": slot.repair, "result": slot.result}
    theirs = {
        "decline": slot.declines,
        "ready": slot.readies,
        "upload": slot.uploads,
        "abort": slot.aborts,
        "correction": slot.corrections,
        "verdict": slot.verdicts,
    }
    frames = {FrameKey(kind, COORDINATOR): body for kind, body in own.items() if body}
    for kind, bodies in theirs.items():
        frames |= {FrameKey(kind, party): body for party, body in bodies.items()}
    return frames
