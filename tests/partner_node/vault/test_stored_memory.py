"""The tables hold what `applied` says, for any commands; and the stored log is the tree that memory would hold."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partner_node.vault.carry_out import carry_out, kept_evidence, load_memory
from partner_node.vault.decisions import approvals, declarations, keep_approval, keep_declaration
from partner_node.vault.log import StoredTree
from partner_node.vault.vault import open_vault
from protocol.ledger.entry import AbortEntry
from protocol.ledger.merkle import IndexBeyondTree
from protocol.ledger.tree import MerkleTree
from protocol.round.memory import (
    Append,
    Command,
    KeepEvidence,
    Memory,
    Remember,
    SawHead,
    SettledBy,
    Showed,
    SlotMemory,
    Unsettled,
    applied,
)
from protocol.round.messages import Attempt
from protocol.round.transitions import State
from protocol.round.witness import SeenHead
from protocol.words.ids import Digest, PartyId
from tests import example
from tests.partner_node.vault.vault_party import new_vault, owner
from tests.rounds import EVERYONE

slots = st.sampled_from([Digest(f"{number:064x}") for number in range(4)])
parties = st.sampled_from(EVERYONE)
digests = st.none() | st.binary(min_size=32, max_size=32).map(lambda body: Digest(body.hex()))
bodies = st.binary(max_size=300)
sizes = st.integers(0, 2**62)
memories = st.builds(
    SlotMemory,
    slot=slots,
    state=st.sampled_from(State),
    attempt=st.integers(0, 1_000_000).map(Attempt),
    propose=bodies,
    offer=st.none(),  # offers are those of real rounds, in test_rounds_on_a_vault.py
    charges_commitment=digests,
    ready=bodies,
    ready_size=sizes,
    readies=st.lists(bodies, max_size=4).map(tuple),
    context=digests,
    entry=bodies,
    entry_index=sizes,
    upload=bodies,
    gone=st.lists(parties, unique=True, max_size=4).map(tuple),
    correction=bodies,
    verdict=bodies,
    abort=bodies,
)
heads = st.builds(SeenHead, size=sizes, root=st.binary(min_size=32, max_size=32), note=st.text(max_size=80))
commands = st.one_of(
    st.builds(Remember, memories),
    st.builds(SawHead, parties, heads),
    st.builds(Showed, sizes),
    st.builds(Unsettled, slots, parties),
    st.builds(SettledBy, slots, parties),
)


@settings(max_examples=40)
@given(steps=st.lists(st.lists(commands, max_size=5).map(tuple), max_size=6))
def test_any_commands_load_as_applied_says_also_after_a_restart(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Command, ...]]
) -> None:
    vault = new_vault(tmp_path_factory.mktemp("memory"))
    expected = Memory()
    for step in steps:
        carry_out(vault, step)
        expected = applied(expected, step)
        assert load_memory(vault) == expected
        assert list(load_memory(vault).slots) == list(expected.slots)  # the order decides in which order work is done
    vault.close()
    again = open_vault(vault.path, owner())
    assert load_memory(again) == expected
    again.close()


def test_a_stored_log_has_the_roots_and_proofs_of_a_tree_in_memory(tmp_path: Path) -> None:
    vault = new_vault(tmp_path)
    stored, in_memory = StoredTree(vault.connection), MerkleTree()
    assert stored.root() == in_memory.root()
    for attempt in range(37):
        entry = AbortEntry(slot=Digest("5" * 64), attempt=Attempt(attempt))
        carry_out(vault, (Append(entry),))
        in_memory.append(entry.encode())
    assert stored.size == 37
    assert stored.leaves()[36] == b'{"attempt":36,"kind":"abort","slot":"' + b"5" * 64 + b'","version":1}'
    for size in range(38):
        assert stored.root(size) == in_memory.root(size)
        assert stored.prove_consistency(size) == in_memory.prove_consistency(size)
    for index in range(37):
        assert stored.prove_inclusion(index) == in_memory.prove_inclusion(index)
    with pytest.raises(IndexBeyondTree):
        stored.root(38)
    vault.close()


def test_evidence_keeps_texts_as_texts_and_frames_as_bytes(tmp_path: Path) -> None:
    vault = new_vault(tmp_path)
    carry_out(vault, (KeepEvidence(("one", "two")), KeepEvidence((b"\x00three", b"four"))))
    carry_out(vault, (KeepEvidence(("five",)),))
    assert kept_evidence(vault) == (("one", "two"), (b"\x00three", b"four"), ("five",))
    vault.close()


def test_officers_words_are_kept_as_signed_and_a_later_one_replaces(tmp_path: Path) -> None:
    vault = new_vault(tmp_path, PartyId(example.VT))
    approval, declaration = example.signed_approval(), example.signed_declaration()
    study = approval.approval.study_digest
    keep_approval(vault, approval)
    keep_declaration(vault, declaration)
    later = approval.model_copy(update={"signature": "1" * 128})
    keep_approval(vault, later)
    assert approvals(vault, study) == (later,)
    assert approvals(vault, Digest("0" * 64)) == ()
    period = declaration.declaration.period
    assert declarations(vault, declaration.declaration.study_digest, period) == (declaration,)
    vault.close()
