"""Computes: what tests put into a store, one of everything, and a store's whole content to compare."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import select

from coordinator.store.store import Store
from coordinator.store.tables import ALL
from protocol.digest import digest_of
from protocol.ledger.entry import CorrectionEntry, ReleaseEntry
from protocol.release import Release, SignedRelease
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.round.frame import seal
from protocol.round.messages import Decline, DeclineCode
from protocol.signing import Purpose, sign
from protocol.words.ids import PartyId
from tests import example
from tests.rounds import EVERYONE, propose, ready, send, slot_of, world

WITNESS = example.WITNESS
LEFT = tuple(party for party in EVERYONE if party != WITNESS)
Dump = dict[str, tuple[tuple[object, ...], ...]]


def signed_release(**changes: object) -> SignedRelease:
    """Return the example's release, or another one of its slot."""
    release = Release.model_validate(dict(example.release()) | changes)
    signature = sign(release.encode(), key=example.signing_key(example.COORDINATOR), purpose=Purpose.RELEASE)
    return SignedRelease(release=release, signature=signature)


def correction_of(first: SignedRelease) -> SignedRelease:
    """Return a release that replaces another."""
    return signed_release(supersedes=digest_of(first.release))


@cache
def steps() -> tuple[CoordinatorSlot, ...]:
    """Return one slot after each step of a round with a newer attempt, a party that gives up, and a repair."""
    a_world = world()
    slot = slot_of(a_world)
    found: list[CoordinatorSlot] = []

    def note() -> None:
        found.append(a_world.coordinator.slots[slot])

    first = propose(a_world)
    send(a_world, EVERYONE[:3], first)
    note()
    commit = ready(a_world)
    note()
    send(a_world, LEFT, commit)
    for body in a_world.parties[WITNESS].give_up(slot):
        a_world.coordinator.take(slot, body)
    note()
    repair = a_world.coordinator.repair(slot).messages[0][1]
    note()
    send(a_world, LEFT, repair)
    result = a_world.coordinator.advance(slot).messages[0][1]
    note()
    send(a_world, LEFT, result)
    a_world.coordinator.advance(slot)
    note()
    return tuple(found)


def decline(slot: CoordinatorSlot, party: PartyId, code: DeclineCode) -> bytes:
    """Return a party's DECLINE of a slot's attempt."""
    header = Decline(sender=party, slot=slot.slot, attempt=slot.attempt, code=code)
    return seal(header, key=example.signing_key(party)).encode()


def with_frames(slot: CoordinatorSlot, kind: str, frames: Mapping[PartyId, bytes]) -> CoordinatorSlot:
    """Return a slot with other frames of one kind."""
    changes: dict[str, Any] = {kind: MappingProxyType(dict(frames))}
    return replace(slot, **changes)


def fill(store: Store) -> None:
    """Put one of everything into a store, so that no table is empty."""
    store.keep_covenant(example.signed_covenant())
    store.keep_geography(example.geography())
    store.keep_code_list(example.code_list())
    store.keep_study(example.signed_study())
    store.keep_approval(example.signed_approval())
    store.keep_declaration(example.signed_declaration())
    for slot in steps():
        store.keep_slot(slot, showed=store.log.size)
    first, slot = signed_release(), steps()[-1]
    second = correction_of(first)
    old, new = digest_of(first.release), digest_of(second.release)
    store.keep_slot(slot, entries=(ReleaseEntry(slot=slot.slot, release_digest=old),), release=first)
    corrected = CorrectionEntry(slot=slot.slot, old_release_digest=old, new_release_digest=new)
    store.keep_slot(slot, entries=(corrected,), release=second)
    store.keep_evidence(("note one\n", "note two\n"))


def dump(store: Store) -> Dump:
    """Return every row in its order, without the numbers: PostgreSQL leaves out those of undone transactions."""
    found: Dump = {}
    with store.transaction() as connection:
        for table in ALL:
            names = [column.name for column in table.columns if column.name != "number"]
            order = [table.c.number] if "number" in table.c else [table.c[name] for name in names[:2]]
            rows = connection.execute(select(*(table.c[name] for name in names)).order_by(*order))
            found[table.name] = tuple(tuple(row) for row in rows)
    return found
