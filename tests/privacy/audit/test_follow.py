"""A log that is followed: it only grows, its entries are known, and what contradicts it is kept as evidence."""

import errno
import os
from pathlib import Path

import pytest

from privacy.audit.coordinator_log import OpenedTwice
from privacy.audit.follow import FeedOutOfOrder, Followed
from privacy.audit.watch import ENTRIES, HEAD, Watch
from protocol.errors import SamenzichtError
from protocol.feed import FeedPart
from protocol.ledger.entry import ApprovalEntry, CovenantEntry, Entry, ReleaseEntry, UnknownEntry, YearClosedEntry
from protocol.ledger.tree import MerkleTree
from protocol.round.witness import ForkedLog, signed_head
from protocol.words.ids import Digest, PartyId
from tests import example

COVENANT = example.covenant()
COORDINATOR = COVENANT.coordinator.id


def digest(number: int) -> Digest:
    return Digest(f"{number:064x}")


LOG: tuple[Entry, ...] = (
    CovenantEntry(covenant_digest=digest(1)),
    ApprovalEntry(study_digest=digest(2), approval_digest=digest(3)),
    ReleaseEntry(slot=digest(4), release_digest=digest(5)),
    YearClosedEntry(covenant_year=2026),
)


def part(
    entries: "tuple[Entry | str, ...]", *, first: int = 0, upto: int | None = None, signer: PartyId = COORDINATOR
) -> FeedPart:
    """Return a part of a log of these entries, with the head of the whole of it."""
    texts = [each if isinstance(each, str) else each.encode().decode() for each in entries]
    tree = MerkleTree()
    for text in texts:
        tree.append(text.encode())
    head = signed_head(tree, COVENANT, COORDINATOR, example.signing_key(signer))
    return FeedPart(checkpoint=head, entries=tuple(texts[first:upto]), first=first)


def test_a_log_that_grows_is_taken_in_as_it_grows() -> None:
    log = Followed(COVENANT)
    assert log.take(part(LOG[:1])) == (LOG[0].encode().decode(),)
    assert log.take(part(LOG[:1], first=1)) == ()
    assert log.take(part(LOG, first=1, upto=2)) is None
    fresh = log.take(part(LOG, first=2))
    assert fresh is not None
    assert len(fresh) == 3
    assert log.entries == list(LOG)


def test_a_log_that_lost_an_entry_is_shown_by_its_two_heads() -> None:
    log = Followed(COVENANT)
    log.take(part(LOG))
    with pytest.raises(ForkedLog) as forked:
        log.take(part(LOG[:2], first=2))
    assert forked.value.evidence == (part(LOG).checkpoint, part(LOG[:2]).checkpoint)


def test_a_log_that_changed_an_entry_is_shown_by_its_two_heads() -> None:
    """The head holds for another past; what is sent with it cannot lead there."""
    log = Followed(COVENANT)
    log.take(part(LOG[:2]))
    other = (LOG[0], ApprovalEntry(study_digest=digest(2), approval_digest=digest(9)), *LOG[2:])
    with pytest.raises(ForkedLog) as forked:
        log.take(part(other, first=2))
    assert len(forked.value.evidence) == 2
    same_size = Followed(COVENANT)
    same_size.take(part(LOG[:2]))
    with pytest.raises(ForkedLog):
        same_size.take(part(other[:2], first=2))


def test_a_head_of_somebody_else_counts_for_nothing() -> None:
    with pytest.raises(SamenzichtError):
        Followed(COVENANT).take(part(LOG, signer=COVENANT.participants[0]))


def test_a_gap_and_an_entry_of_no_known_kind_are_refused() -> None:
    with pytest.raises(FeedOutOfOrder):
        Followed(COVENANT).take(part(LOG, first=1))
    with pytest.raises(UnknownEntry):
        Followed(COVENANT).take(part((LOG[0], '{"kind":"surprise","version":1}')))


def test_a_slot_that_is_released_twice_is_refused() -> None:
    twice = (*LOG, ReleaseEntry(slot=digest(4), release_digest=digest(6)))
    with pytest.raises(OpenedTwice):
        Followed(COVENANT).take(part(twice))


def test_the_copy_is_checked_anew_and_what_lies_beyond_its_head_is_dropped(tmp_path: Path) -> None:
    """Killed between the entries and their head, it goes on from the head before."""
    watch = Watch.at(tmp_path, COVENANT)
    assert watch.take(part(LOG[:2]))
    with (tmp_path / ENTRIES).open("a") as file:
        file.write(LOG[2].encode().decode() + "\nhalf a li")
    again = Watch.at(tmp_path, COVENANT)
    assert again.log.entries == list(LOG[:2])
    assert again.take(part(LOG, first=2))
    assert [line.encode() for line in (tmp_path / ENTRIES).read_text().splitlines()] == [each.encode() for each in LOG]


@pytest.mark.parametrize("name", [ENTRIES, HEAD])
def test_a_copy_that_was_changed_by_hand_is_refused(name: str, tmp_path: Path) -> None:
    Watch.at(tmp_path, COVENANT).take(part(LOG))
    path = tmp_path / name
    body = path.read_bytes()
    path.write_bytes(body.replace(b'"covenant_year":2026', b'"covenant_year":2027') if name == ENTRIES else body[:-9])
    with pytest.raises(SamenzichtError):
        Watch.at(tmp_path, COVENANT)


@pytest.mark.parametrize("left", [None, b"", b"\xff\n", LOG[0].encode() + b"\n"], ids=["no", "empty", "bytes", "short"])
def test_a_copy_that_lost_its_entries_is_refused_by_name_and_stays_as_it_is(left: bytes | None, tmp_path: Path) -> None:
    Watch.at(tmp_path, COVENANT).take(part(LOG))
    path = tmp_path / ENTRIES
    path.unlink() if left is None else path.write_bytes(left)
    with pytest.raises(SamenzichtError):
        Watch.at(tmp_path, COVENANT)
    assert (path.read_bytes() if path.is_file() else None) == left


def test_a_full_disk_leaves_the_copy_as_it_was_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Watch.at(tmp_path, COVENANT).take(part(LOG))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(before) == {ENTRIES, HEAD}

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        Watch.at(tmp_path, COVENANT)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_proof_of_a_fork_is_in_the_folder_and_the_copy_stays_as_it_was(tmp_path: Path) -> None:
    watch = Watch.at(tmp_path, COVENANT)
    watch.take(part(LOG))
    with pytest.raises(ForkedLog):
        watch.take(part(LOG[:3], first=3))
    assert (tmp_path / "evidence-0").read_text() == f"{part(LOG).checkpoint}\n{part(LOG[:3]).checkpoint}"
    assert Watch.at(tmp_path, COVENANT).log.entries == list(LOG)
