"""Signed values, releases, evidence and the log: read back as they were kept, and not kept twice."""

import pytest
from sqlalchemy import Delete, Update, delete, update

from coordinator.store.failures import OtherBytes, RuleBroken, StoreDamaged
from coordinator.store.make import make_store, revert_store
from coordinator.store.place import place_of
from coordinator.store.session import connect
from coordinator.store.store import Store, open_store
from coordinator.store.tables import GEOGRAPHIES, LOG_LEAVES, LOG_NODES, RELEASES, SLOTS
from protocol.covenant.signed import SignedCovenant
from protocol.digest import digest_of
from protocol.ledger.entry import AbortEntry, ReleaseEntry
from protocol.ledger.tree import MerkleTree
from protocol.round.messages import Attempt
from protocol.study.approval import Decision
from protocol.words.ids import Digest
from protocol.words.period import Period
from tests import example
from tests.coordinator.store.contents import correction_of, dump, fill, signed_release, steps, with_frames

NOBODY = Digest("0" * 64)


def test_what_was_signed_reads_back_by_its_digest(store: Store) -> None:
    for _ in range(2):  # the second time changes nothing
        store.keep_covenant(example.signed_covenant())
        store.keep_geography(example.geography())
        store.keep_code_list(example.code_list())
        store.keep_study(example.signed_study())
    assert store.covenant(digest_of(example.covenant())) == example.signed_covenant()
    assert store.covenants() == (example.signed_covenant(),)
    assert store.geography(digest_of(example.geography())) == example.geography()
    assert store.code_list(digest_of(example.code_list())) == example.code_list()
    assert store.study(digest_of(example.study())) == example.signed_study()
    assert store.studies() == (example.signed_study(),)


def test_what_was_never_kept_is_none(store: Store) -> None:
    found = [read(NOBODY) for read in (store.covenant, store.geography, store.code_list, store.study, store.release)]
    assert found == [None] * 5


def test_a_covenant_with_other_signatures_is_refused_and_the_stored_one_stays(store: Store) -> None:
    signed = example.signed_covenant()
    store.keep_covenant(signed)
    other = SignedCovenant(covenant=signed.covenant, signatures=signed.signatures[1:])
    with pytest.raises(OtherBytes):
        store.keep_covenant(other)
    assert store.covenants() == (signed,)


def test_every_decision_of_an_officer_is_kept_in_its_order(store: Store) -> None:
    store.keep_covenant(example.signed_covenant())
    store.keep_study(example.signed_study())
    first = example.signed_approval()
    second = example.signed_approval(first.approval.model_copy(update={"decision": Decision.REFUSED}))
    for signed in (first, second, first):
        store.keep_approval(signed)
    assert store.approvals(digest_of(example.study())) == (first, second)
    assert store.approvals(NOBODY) == ()


def test_declarations_are_found_by_study_and_period(store: Store) -> None:
    store.keep_covenant(example.signed_covenant())
    store.keep_study(example.signed_study())
    store.keep_declaration(example.signed_declaration())
    study = digest_of(example.study())
    assert store.declarations(study, example.QUARTER) == (example.signed_declaration(),)
    assert store.declarations(study, Period("2026-Q2")) == ()


def test_a_study_without_its_covenant_and_a_decision_without_its_study_are_refused(store: Store) -> None:
    with pytest.raises(RuleBroken):
        store.keep_study(example.signed_study())
    with pytest.raises(RuleBroken):
        store.keep_approval(example.signed_approval())
    with pytest.raises(RuleBroken):
        store.keep_declaration(example.signed_declaration())


def test_a_correction_follows_its_release_and_both_stay(store: Store) -> None:
    slot, first = steps()[-1], signed_release()
    store.keep_slot(slot, release=first)
    store.keep_slot(slot, release=first)
    assert store.release(slot.slot) == first
    second = correction_of(first)
    store.keep_slot(slot, release=second)
    assert store.release(slot.slot) == second
    assert store.releases() == store.releases(slot.slot) == (first, second)


def test_a_slot_has_one_first_release_and_a_release_is_replaced_once(store: Store) -> None:
    """A period that is released twice, by a second first release or by two corrections of one release."""
    slot, first = steps()[-1], signed_release()
    store.keep_slot(slot, release=first)
    with pytest.raises(RuleBroken):
        store.keep_slot(slot, release=signed_release(attempt=1))
    store.keep_slot(slot, release=correction_of(first))
    twice = signed_release(attempt=1, supersedes=digest_of(first.release))
    with pytest.raises(RuleBroken):
        store.keep_slot(slot, release=twice)
    unknown = signed_release(attempt=1, supersedes=NOBODY)
    with pytest.raises(RuleBroken):
        store.keep_slot(slot, release=unknown)
    assert store.releases() == (first, correction_of(first))


def test_a_release_that_is_refused_takes_its_slot_and_entry_back(store: Store) -> None:
    slot = steps()[-1]
    store.keep_slot(slot, release=signed_release())
    before = dump(store)
    entry = ReleaseEntry(slot=slot.slot, release_digest=NOBODY)
    with pytest.raises(RuleBroken):
        store.keep_slot(slot, showed=3, entries=(entry,), release=signed_release(attempt=1))
    assert dump(store) == before


def test_evidence_is_kept_once_as_text_or_bytes(store: Store) -> None:
    notes, frames = ("note é\n", "other\n"), (b"\x00frame", b"frame")
    for evidence in (notes, frames, notes, ("a", b"a")):
        store.keep_evidence(evidence)
    assert store.evidence() == (notes, frames, ("a", b"a"))


def test_the_log_is_the_tree_in_memory(store: Store, url: str) -> None:
    """Sizes 0 to 9: every root, inclusion proof and consistency proof; also read by another connection."""
    tree = MerkleTree()
    for number in range(10):
        assert (store.log.size, store.log.root()) == (tree.size, tree.root())
        for older in range(1, number):
            assert store.log.prove_consistency(older) == tree.prove_consistency(older)
        for index in range(number):
            assert store.log.prove_inclusion(index) == tree.prove_inclusion(index)
        leaf = AbortEntry(slot=NOBODY, attempt=Attempt(number)).encode()
        assert store.log.append(leaf) == tree.append(leaf)
    with open_store(url, read_only=True) as reader:
        assert (reader.log.size, reader.log.root()) == (10, tree.root())
        assert [leaf.count(b'"abort"') for leaf in reader.log.leaves()] == [1] * 10


def test_blocks_within_a_transaction_are_undone_alone_and_durable_together(store: Store, url: str) -> None:
    slot = steps()[0]
    with store.transaction():
        store.log.append(b"one")
        store.keep_slot(slot, showed=store.log.size)
        with pytest.raises(RuleBroken):
            store.keep_slot(with_frames(slot, "readies", {}), showed=99)
        with open_store(url, read_only=True) as reader:
            assert reader.log.size == 0
    with open_store(url, read_only=True) as reader:
        assert (reader.log.leaves(), reader.shown(), reader.slots()) == ((b"one",), (1,), (slot,))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        pytest.param(update(GEOGRAPHIES).values(body=b"{}"), "geographies that are no such value", id="bytes"),
        pytest.param(update(GEOGRAPHIES).values(digest="0" * 64), "geographies under a digest", id="digest"),
        pytest.param(update(RELEASES).values(body=b"{}").where(RELEASES.c.number == 2), "releases", id="release"),
        pytest.param(update(SLOTS).values(offer=b"{}"), "a slot", id="offer"),
        pytest.param(update(LOG_LEAVES).values(body=b"{}").where(LOG_LEAVES.c.leaf_index == 1), "node 1 of", id="leaf"),
        pytest.param(update(LOG_LEAVES).values(leaf_index=9).where(LOG_LEAVES.c.leaf_index == 0), "leaf 0", id="index"),
        pytest.param(update(LOG_NODES).values(digest=bytes(32)).where(LOG_NODES.c.level == 1), "node 0 of", id="node"),
        pytest.param(delete(LOG_NODES).where(LOG_NODES.c.level == 1), "node 0 of level 1", id="lost node"),
    ],
)
def test_what_was_changed_behind_the_triggers_is_named(url: str, change: Update | Delete, named: str) -> None:
    """C10 and L06 in part: an owner of the database removes the triggers, changes a row and puts them back."""
    with open_store(url) as store:
        fill(store)
        store.check()
    revert_store(url, "0001")
    session = connect(place_of(url))
    session.connection.execute(change)
    session.connection.commit()
    session.close()
    make_store(url)
    with open_store(url) as store:
        assert store.covenants() == (example.signed_covenant(),)
        with pytest.raises(StoreDamaged, match=named):
            store.check()
