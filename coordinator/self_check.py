"""Touches the world: whether a store holds what parties signed and the log says, and nothing else.

A digest beside a row shows a changed byte. Who changes the digest too, and the triggers first, is shown by what he
cannot make: signatures, and the log whose heads others have seen.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from coordinator.store.failures import damaged
from coordinator.store.store import Store
from privacy.audit.coordinator_log import ReadLog, check_logged, check_one_opening
from protocol.covenant.covenant import Covenant
from protocol.covenant.signed import check_signatures
from protocol.digest import digest_of
from protocol.errors import Refusal
from protocol.ledger.entry import CorrectionEntry, ReleaseEntry, parse_entry
from protocol.release import check_signed_release
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.round.frame import check_sender, parse_frame
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
    for signed in store.releases():
        with _named(f"the release of {signed.release.period}", store):
            check_signed_release(signed, covenants[signed.release.covenant_digest].covenant)
            check_logged(signed.release, None, log)
    kept = {digest_of(signed.release) for signed in store.releases()}
    if lost := [entry for entry in entries if _published(entry) not in {None, *kept}]:
        raise damaged(f"{len(lost)} releases of the log that are not there", store.name)
    for slot in store.slots():
        with _named(f"a frame of the round of {slot.offer.spec.period}", store):
            _check_frames(slot, covenants[slot.offer.spec.covenant_digest].covenant)


def _check_frames(slot: CoordinatorSlot, covenant: Covenant) -> None:
    own = [body for body in (slot.proposed, slot.commit, slot.repair, slot.result) if body]
    kinds = (slot.declines, slot.readies, slot.uploads, slot.aborts, slot.corrections, slot.verdicts)
    for body in (*own, *(body for frames in kinds for body in frames.values())):
        check_sender(parse_frame(body, source="the store", max_payload_bytes=len(body)), covenant)


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
        code = getattr(error, "code", "unknown-covenant")
        raise damaged(f"{what} ({code})", store.name) from error
