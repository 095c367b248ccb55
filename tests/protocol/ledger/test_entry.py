"""Entries are a closed set, integers and text only, the same size for neighbours."""

import json

import pytest

from protocol.cost import NanoRho
from protocol.errors import LedgerRefusal, WireRefusal
from protocol.ledger.entry import (
    ENTRIES,
    AbortEntry,
    AnyEntry,
    ApprovalEntry,
    CorrectionEntry,
    CovenantEntry,
    Disclosure,
    LockEntry,
    ReleaseEntry,
    ResumedBy,
    ResumedEntry,
    UnknownEntry,
    WithdrawalEntry,
    WithdrawalReason,
    YearClosedEntry,
    parse_entry,
)
from protocol.ledger.leaf import MAX_LEAF_BYTES
from protocol.wire import Malformed, canonical
from protocol.words.ids import Digest

ONE, TWO = Digest("1" * 64), Digest("2" * 64)
EVERY: tuple[AnyEntry, ...] = (
    AbortEntry(slot=ONE, attempt=3),
    ApprovalEntry(study_digest=ONE, approval_digest=TWO),
    CorrectionEntry(slot=ONE, old_release_digest=ONE, new_release_digest=TWO),
    CovenantEntry(covenant_digest=ONE),
    Disclosure(
        study_digest=ONE, slot=ONE, attempt=0, grid_digest=TWO, contribution_digest=TWO, worst_cost=NanoRho(10_000_001)
    ),
    LockEntry(slot=ONE, attempt=0, context=TWO, charges_commitment=ONE),
    ReleaseEntry(slot=ONE, release_digest=TWO),
    ResumedEntry(cause=ResumedBy.RESTORED, nonce=Digest("7" * 64)),
    WithdrawalEntry(slot=ONE, release_digest=TWO, reason=WithdrawalReason.WRONG_DELIVERY),
    YearClosedEntry(covenant_year=2026),
)


def test_every_kind_is_in_the_table_and_parses_back() -> None:
    assert [entry.kind for entry in EVERY] == list(ENTRIES)
    for entry in EVERY:
        assert parse_entry(entry.encode()) == entry
        assert len(entry.encode()) < MAX_LEAF_BYTES


@pytest.mark.parametrize("change", [{"kind": "refund"}, {"version": 2}, {"kind": "Lock"}])
def test_an_unknown_kind_or_version_stops_the_reader(change: dict[str, object]) -> None:
    """L22."""
    tree = EVERY[5].model_dump(mode="json") | change
    with pytest.raises(UnknownEntry):
        parse_entry(canonical(tree))


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: entry.kind)
def test_a_field_too_many_too_few_or_of_another_type_is_refused(entry: AnyEntry) -> None:
    """L22."""
    tree = entry.model_dump(mode="json")
    field = next(name for name in tree if name not in {"kind", "version"})
    with pytest.raises(Malformed):
        parse_entry(canonical(tree | {"charges": 12}))
    with pytest.raises(Malformed):
        parse_entry(canonical({name: value for name, value in tree.items() if name != field}))
    with pytest.raises((Malformed, LedgerRefusal)):
        parse_entry(canonical(tree | {field: []}))
    with pytest.raises((WireRefusal, LedgerRefusal)):
        parse_entry(json.dumps(tree | {field: 1.5}, sort_keys=True, separators=(",", ":")).encode())


def test_a_lock_shows_neither_charges_nor_counts() -> None:
    assert set(LockEntry.model_fields) == {"version", "kind", "slot", "attempt", "context", "charges_commitment"}
