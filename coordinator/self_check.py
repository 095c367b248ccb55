"""Touches the world: whether a store holds what parties signed and the log says, and nothing else.

A digest beside a row shows a changed byte. Who changes the digest too, and the triggers first, is shown by what he
cannot make: signatures, and the log whose heads others have seen.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from coordinator.store.failures import damaged
from coordinator.store.slot_rows import COORDINATOR, FrameKey, StoredFrame
from coordinator.store.store import Store
from privacy.audit.coordinator_log import ReadLog, check_logged, check_one_opening
from protocol.covenant.covenant import Covenant
from protocol.covenant.signed import check_signatures
from protocol.digest import digest_of
from protocol.errors import Refusal
from protocol.ledger.entry import CorrectionEntry, ReleaseEntry, parse_entry
from protocol.release import check_signed_release
from protocol.round.context import context_of
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.round.frame import check_sender, parse_frame, unpack
from protocol.round.messages import Header, Propose, Ready, Repair
from protocol.study.rules import check_signed_study
from protocol.words.ids import Digest


def check_agreed(store: Store) -> None:
    """Refuse a store whose newest covenant, or a study under it, was not signed as it stands. At each start.

    Raises: StoreDamaged.
    """
    covenants = store.covenants()
    if not covenants:
        return
    newest = covenants[-1]
    with _named("the covenant", store):
        check_signatures(newest)
    for signed in store.studies():
        if signed.study.covenant_digest == digest_of(newest.covenant):
            with _named(f"study {signed.study.id}", store):
                check_signed_study(signed, newest.covenant)


def check_all(store: Store) -> None:
    """Refuse a store of which anything was changed behind its back: rows, signatures, or log. Reads all of it.

    Not promised: that nothing is missing at the end of the log; the heads that others saw say that.
    Raises: StoreDamaged, which names the first that is wrong.
    """
    store.check()
    covenants = {digest_of(signed.covenant): signed for signed in store.covenants()}
    for known in covenants.values():
        with _named(f"version {known.covenant.version} of the covenant", store):
            check_signatures(known)
    check_agreed(store)
    with _named("the log", store):
        entries = tuple(parse_entry(leaf, source="the store") for leaf in store.log.leaves())
        log = ReadLog(entries, store.log)
        check_one_opening(log, (), ())
    if list(store.shown()) != sorted(store.shown()) or any(size > log.tree.size for size in store.shown()):
        raise damaged("sizes of the log that nobody can have been shown", store.name)
    for signed in store.releases():
        with _named(f"the release of {signed.release.period}", store):
            check_signed_release(signed, covenants[signed.release.covenant_digest].covenant)
            check_logged(signed.release, None, log)
    kept = {digest_of(signed.release) for signed in store.releases()}
    if lost := [entry for entry in entries if _published(entry) not in {None, *kept}]:
        raise damaged(f"{len(lost)} releases of the log that are not there", store.name)
    slots = {slot.slot: slot for slot in store.slots()}
    for stored in store.frames():
        slot = slots.get(stored.slot)
        if slot is None:
            raise damaged("a frame of a round that is not there", store.name)
        with _named(f"a frame of the round of {slot.offer.spec.period}", store):
            _check_frame(stored, covenants[slot.offer.spec.covenant_digest].covenant)
    for slot in slots.values():
        with _named(f"the round of {slot.offer.spec.period}", store):
            _check_slot(slot)


def _check_frame(stored: StoredFrame, covenant: Covenant) -> None:
    """Refuse a frame that its sender did not sign, or that stands in another's place."""
    frame = parse_frame(stored.body, source="the store", max_payload_bytes=len(stored.body))
    check_sender(frame, covenant)
    header = frame.header
    party = COORDINATOR if header.sender == covenant.coordinator.id else header.sender
    if (header.slot, header.attempt, FrameKey(type(header).__name__.lower(), party)) != (
        stored.slot,
        stored.attempt,
        stored.key,
    ):
        raise KeyError(stored.key)


def _check_slot(slot: CoordinatorSlot) -> None:
    """Refuse a slot that says something else than its own signed frames."""
    offered, committed, repaired = (_header(body) for body in (slot.proposed, slot.commit, slot.repair))
    offer = offered.offer if isinstance(offered, Propose) else None
    context = None
    if committed is not None:
        frame = parse_frame(slot.commit, source="the store", max_payload_bytes=len(slot.commit))
        readies = [_header(body) for body in unpack(frame.payload, source="the store")]
        context = context_of(slot.offer, [ready for ready in readies if isinstance(ready, Ready)])
    gone = repaired.gone if isinstance(repaired, Repair) else ()
    if (offer, slot.offer.spec.slot, context, gone) != (slot.offer, slot.slot, slot.context, slot.gone):
        raise KeyError(slot.slot)


def _header(body: bytes) -> Header | None:
    return parse_frame(body, source="the store", max_payload_bytes=len(body)).header if body else None


def _published(entry: object) -> Digest | None:
    match entry:
        case ReleaseEntry():
            return entry.release_digest
        case CorrectionEntry():
            return entry.new_release_digest
        case _:
            return None


@contextmanager
def _named(what: str, store: Store) -> Iterator[None]:
    try:
        yield
    except (Refusal, KeyError) as error:
        code = getattr(error, "code", "other-place")  # a KeyError: what it names is not there, or not under this name
        raise damaged(f"{what} ({code})", store.name) from error
