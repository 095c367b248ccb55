"""Computes: whether the coordinator's log holds what was published, and opened each slot once."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from privacy.audit.round_frames import PartyHead, SeenLock
from privacy.errors import AuditRefusal
from protocol.covenant.covenant import Covenant
from protocol.digest import digest_of
from protocol.ledger.entry import AnyEntry, ApprovalEntry, CorrectionEntry, ReleaseEntry, WithdrawalEntry, parse_entry
from protocol.ledger.tree import MerkleTree
from protocol.release import Release
from protocol.round.witness import SeenHead, check_head, check_same_root
from protocol.second_person import SecondSignature
from protocol.words.ids import Digest, PartyId


class OtherRoot(AuditRefusal):
    """A log whose entries do not give the root that its checkpoint, or one shown in a round, states."""


class NotLogged(AuditRefusal):
    """A release that stands not exactly once in the coordinator's log, or before its RESULT or its second signature."""


class OpenedTwice(AuditRefusal):
    """A slot that was released twice without a correction, or that a party's log shows locked twice."""


@dataclass(frozen=True, slots=True, repr=False)
class ReadLog:
    """The coordinator's log: its entries in order, and the tree over them."""

    entries: tuple[AnyEntry, ...]
    tree: MerkleTree


def read_log(leaves: Sequence[bytes], checkpoint: str, covenant: Covenant) -> ReadLog:
    """Return the log, once every entry is seen to be of a known kind and the root to be the signed one.

    Raises: OtherRoot, the refusals of `parse_entry`, and of `check_head` for a checkpoint that does not hold.
    """
    head = check_head(checkpoint, (), covenant=covenant, party=covenant.coordinator.id, seen=None)
    entries = tuple(parse_entry(leaf, source="the coordinator's log") for leaf in leaves)
    tree = MerkleTree()
    for leaf in leaves:
        tree.append(leaf)
    if (tree.size, tree.root()) != (head.size, head.root):
        raise OtherRoot(got="entries that do not give the signed root", wanted="the whole log, as it was signed")
    return ReadLog(entries, tree)


def check_heads(proposed: str, resulted: str, log: ReadLog, covenant: Covenant) -> SeenHead:
    """Return the head in RESULT, once the heads in PROPOSE and RESULT are seen to be earlier states of this log.

    Raises: OtherRoot, and the refusals of `check_head`.
    """
    coordinator = covenant.coordinator.id
    first, last = (
        check_head(note, (), covenant=covenant, party=coordinator, seen=None) for note in (proposed, resulted)
    )
    for head in (first, last):
        if head.size > log.tree.size or log.tree.root(head.size) != head.root:
            raise OtherRoot(got="a head in the round that this log never had", wanted="a log that only grew")
    if first.size > last.size:
        raise OtherRoot(got="a head in RESULT before the one in PROPOSE", wanted="a log that only grew")
    return last


def check_logged(release: Release, opened_at: SeenHead | None, log: ReadLog) -> None:
    """Refuse a release that does not stand in exactly one entry, after its round was opened.

    opened_at: the head in RESULT; None when there is none to compare with.
    Raises: NotLogged.
    """
    digest = digest_of(release)
    places = [place for place, entry in enumerate(log.entries) if _publishes(entry, release, digest)]
    if len(places) != 1 or (opened_at is not None and places[0] < opened_at.size):
        raise NotLogged(
            got=f"a release of {release.period} that stands not once in the log, or before its RESULT",
            wanted="one entry, after the RESULT",
        )


def check_second_logged(second: SecondSignature, release: Release, log: ReadLog) -> None:
    """Refuse a second signature that does not stand in the log before its release.

    Raises: NotLogged.
    """
    digest = digest_of(release)
    before = takewhile(lambda entry: not _publishes(entry, release, digest), log.entries)
    if ApprovalEntry(study_digest=release.study_digest, approval_digest=digest_of(second)) not in before:
        raise NotLogged(
            got=f"a release of {release.period} whose second signature does not stand before it",
            wanted="the entry of the signature, and then the release",
        )


def check_one_opening(log: ReadLog, locks: Sequence[SeenLock], heads: Sequence[PartyHead]) -> None:
    """Refuse a slot that was released twice without a correction, or locked twice, or a log with two heads of one size.

    Raises: OpenedTwice, ForkedLog.
    """
    current: dict[Digest, Digest] = {}
    for entry in log.entries:
        match entry:
            case ReleaseEntry() if entry.slot in current:
                raise OpenedTwice(got="two releases of one slot", wanted="one, or a logged correction of it")
            case ReleaseEntry():
                current[entry.slot] = entry.release_digest
            case CorrectionEntry() if current.get(entry.slot) == entry.old_release_digest:
                current[entry.slot] = entry.new_release_digest
            case WithdrawalEntry() if current.get(entry.slot) == entry.release_digest:
                pass  # the old table stays readable; a correction may follow
            case CorrectionEntry() | WithdrawalEntry():
                raise OpenedTwice(got="a correction or withdrawal of a release that is not the newest", wanted="it")
            case _:
                pass
    locked: dict[tuple[PartyId, Digest], SeenLock] = {}
    for lock in locks:
        if locked.setdefault((lock.party, lock.slot), lock) != lock:
            raise OpenedTwice(got=f"two LOCKs of one slot by {lock.party}", wanted="one for ever")
    known: dict[tuple[PartyId, int], SeenHead] = {}
    for shown in heads:
        check_same_root(known.setdefault((shown.party, shown.head.size), shown.head), shown.head, shown.party)


def released_slots(log: ReadLog) -> frozenset[Digest]:
    """Return every slot of which the log names a release, of whichever covenant."""
    return frozenset(entry.slot for entry in log.entries if isinstance(entry, ReleaseEntry))


def _publishes(entry: AnyEntry, release: Release, digest: Digest) -> bool:
    match entry:
        case ReleaseEntry():
            return release.supersedes is None and (entry.slot, entry.release_digest) == (release.slot, digest)
        case CorrectionEntry():
            named = (entry.slot, entry.old_release_digest, entry.new_release_digest)
            return named == (release.slot, release.supersedes, digest)
        case _:
            return False
