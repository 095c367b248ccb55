"""The Merkle tree beside three others: the RFC's words, pymerkle and the published vectors; and lies about it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from random import Random

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.ledger.merkle import (
    ForkedTree,
    IndexBeyondTree,
    NotConsistent,
    NotIncluded,
    TreeShrank,
    WrongHashLength,
    WrongProofLength,
    leaf_hash,
    node_hash,
    prove_consistency,
    prove_inclusion,
    root_of,
)
from protocol.ledger.tree import MerkleTree, completed_by, first_wrong
from tests.protocol.ledger.mutations import (
    Claim,
    Consistency,
    Inclusion,
    accepts,
    consistency_of,
    inclusion_of,
    wrong_consistencies,
    wrong_inclusions,
)
from tests.reference.merkle import audit_path, consistency_path, consistency_turns, tree_hash, turns

LARGEST = 130
LEAVES = tuple(b"leaf %d" % number for number in range(2 * LARGEST + 2))
VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "ledger" / "merkle" / "rfc6962.json").read_text())


def tree_of(leaves: tuple[bytes, ...]) -> MerkleTree:
    tree = MerkleTree()
    for leaf in leaves:
        tree.append(leaf)
    return tree


TREE = tree_of(LEAVES)


def true_claims() -> Iterator[tuple[Claim, Iterator[Claim]]]:
    """Yield every claim up to the largest size, each with its lies."""
    for size in range(1, LARGEST + 1):
        for index in range(size):
            inclusion = inclusion_of(TREE, LEAVES[index], index, size)
            yield inclusion, wrong_inclusions(inclusion, TREE)
        for older in range(size + 1):
            consistency = consistency_of(TREE, older, size)
            yield consistency, wrong_consistencies(consistency, TREE)


def test_every_proof_up_to_130_leaves_verifies_and_every_lie_about_it_is_refused() -> None:
    """L01: 17,160 proofs, at least ten wrong claims from each kind, no false accept."""
    proofs = lies = 0
    for claim, wrong in true_claims():
        claim.verify()
        proofs += 1
        for lie in wrong:
            assert not accepts(lambda told: told.verify(), lie), lie
            lies += 1
    assert proofs == 17_160
    assert lies > 250_000


def test_the_lies_catch_a_verifier_that_reads_no_further_than_the_root() -> None:
    """L01, negative control: a verifier that stops as soon as it sees the root accepts proofs with a tail."""

    def hasty(claim: Claim) -> None:
        for length in range(len(claim.proof) + 1):
            if accepts(lambda told: told.verify(), replace(claim, proof=claim.proof[:length])):
                return
        claim.verify()

    accepted = sum(accepts(hasty, lie) for _, wrong in list(true_claims())[:500] for lie in wrong)
    assert accepted >= 500


def test_a_proof_fits_another_size_exactly_when_its_shape_is_the_same() -> None:
    """L01: what verifying does not promise, as the RFC's algorithm has it: only a checkpoint binds size and root."""
    fits = 0
    for size in range(1, 40):
        for other in range(1, 40):
            for index in range(min(size, other)):
                claim = replace(inclusion_of(TREE, LEAVES[index], index, size), size=other)
                same_shape = turns(index, size) == turns(index, other)
                assert accepts(lambda told: told.verify(), claim) == same_shape
                fits += same_shape and size != other
            for older in range(1, min(size, other) + 1):
                told = replace(consistency_of(TREE, older, size), size=other)
                same_shape = consistency_turns(older, size) == consistency_turns(older, other)
                assert accepts(lambda claim: claim.verify(), told) == same_shape
    assert fits > 0


def test_roots_and_proofs_equal_the_words_of_the_rfc() -> None:
    """L02: byte for byte against the recursive definitions of RFC 6962 section 2.1."""
    for size in range(1, 68):
        leaves = LEAVES[:size]
        assert TREE.root(size) == tree_hash(leaves)
        for index in range(size):
            assert list(TREE.prove_inclusion(index, size)) == audit_path(index, leaves)
        for older in range(1, size + 1):
            assert list(TREE.prove_consistency(older, size)) == consistency_path(older, leaves)


def test_roots_and_proofs_equal_pymerkle_for_1000_random_sizes() -> None:
    """L02: pymerkle puts the leaf first on an inclusion path and lays out consistency proofs in its own way.

    Its own consistency proof is checked against our roots; where the older size is odd, both hold the same hashes.
    """
    random = Random(20250701)
    tree, peer = MerkleTree(), pymerkle.InmemoryTree()
    for number in range(3000):
        tree.append(b"%d" % number)
        peer.append_entry(b"%d" % number)
    for _ in range(1000):
        size = random.randint(1, 3000)
        index, older = random.randrange(size), random.randint(1, size)
        assert tree.root(size) == peer.get_root(size)
        assert list(tree.prove_inclusion(index, size)) == peer.prove_inclusion(index + 1, size).path[1:]
        theirs = peer.prove_consistency(older, size)
        pymerkle.verify_consistency(tree.root(older), tree.root(size), theirs)
        if older % 2 and 1 < older < size:
            assert set(tree.prove_consistency(older, size)) == set(theirs.path)
        consistency_of(tree, older, size).verify()


def test_roots_and_proofs_equal_the_published_reference_vectors() -> None:
    """L02: the vectors of Certificate Transparency's reference implementation."""
    leaves = tuple(bytes.fromhex(leaf) for leaf in VECTORS["leaves"])
    tree = tree_of(leaves)
    assert tree.root(0).hex() == VECTORS["empty_root"]
    assert [tree.root(size).hex() for size in range(1, 9)] == VECTORS["roots"]
    for case in VECTORS["inclusion"]:
        proof = tree.prove_inclusion(case["index"], case["size"])
        assert [digest.hex() for digest in proof] == case["proof"]
        inclusion_of(tree, leaves[case["index"]], case["index"], case["size"]).verify()
    for case in VECTORS["consistency"]:
        proof = tree.prove_consistency(case["older"], case["newer"])
        assert [digest.hex() for digest in proof] == case["proof"]
        consistency_of(tree, case["older"], case["newer"]).verify()


def test_a_store_of_rows_gives_the_same_roots_and_proofs() -> None:
    """What a table keeps: only the rows that `completed_by` names, read back by (level, index)."""
    rows: dict[tuple[int, int], bytes] = {}

    def node(level: int, index: int) -> bytes:
        return rows[level, index]

    for size, leaf in enumerate(LEAVES[:70]):
        for stored in completed_by(leaf_hash(leaf), size=size, node=node):
            assert (stored.level, stored.index) not in rows
            rows[stored.level, stored.index] = stored.digest
        assert root_of(node, size + 1) == TREE.root(size + 1)
        assert prove_inclusion(node, index=size // 2, size=size + 1) == TREE.prove_inclusion(size // 2, size + 1)
        assert prove_consistency(node, older=size, newer=size + 1) == TREE.prove_consistency(size, size + 1)
    assert len(rows) < 2 * 70


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=40), st.data())
def test_any_leaves_can_be_proven(leaves: list[bytes], data: st.DataObject) -> None:
    tree = tree_of(tuple(leaves))
    index = data.draw(st.integers(0, len(leaves) - 1))
    older = data.draw(st.integers(0, len(leaves)))
    assert tree.root() == tree_hash(leaves)
    inclusion_of(tree, leaves[index], index, len(leaves)).verify()
    consistency_of(tree, older, len(leaves)).verify()


def test_a_leaf_is_never_taken_for_a_node() -> None:
    inner = TREE.node(0, 0) + TREE.node(0, 1)
    assert leaf_hash(inner) != node_hash(TREE.node(0, 0), TREE.node(0, 1))


@pytest.mark.parametrize(
    ("claim", "refusal"),
    [
        (replace(inclusion_of(TREE, LEAVES[2], 2, 5), index=5), IndexBeyondTree),
        (replace(inclusion_of(TREE, LEAVES[2], 2, 5), index=-1), IndexBeyondTree),
        (replace(inclusion_of(TREE, LEAVES[2], 2, 5), leaf=b"short"), WrongHashLength),
        (replace(inclusion_of(TREE, LEAVES[2], 2, 5), root=b""), WrongHashLength),
        (replace(inclusion_of(TREE, LEAVES[2], 2, 5), proof=()), WrongProofLength),
        (replace(inclusion_of(TREE, LEAVES[2], 2, 5), leaf=leaf_hash(b"another")), NotIncluded),
        (replace(consistency_of(TREE, 3, 5), older=6), TreeShrank),
        (replace(consistency_of(TREE, 3, 5), older=-1), TreeShrank),
        (replace(consistency_of(TREE, 5, 5), older_root=TREE.root(4)), ForkedTree),
        (replace(consistency_of(TREE, 3, 5), older_root=TREE.root(4)), NotConsistent),
        (replace(consistency_of(TREE, 0, 5), older_root=TREE.root(4)), NotConsistent),
        (replace(consistency_of(TREE, 3, 5), proof=()), WrongProofLength),
        (replace(consistency_of(TREE, 0, 5), proof=(TREE.root(4),)), WrongProofLength),
        (replace(consistency_of(TREE, 3, 5), older_root=b"short"), WrongHashLength),
    ],
)
def test_each_way_to_fail_has_its_name(claim: Inclusion | Consistency, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        claim.verify()


def test_no_proof_is_made_for_what_the_tree_does_not_hold() -> None:
    tree = tree_of(LEAVES[:5])
    with pytest.raises(IndexBeyondTree, match="tree size 6"):
        tree.root(6)
    with pytest.raises(IndexBeyondTree, match="leaf index 5"):
        tree.prove_inclusion(5)
    with pytest.raises(TreeShrank, match="4 entries after 5"):
        tree.prove_consistency(5, 4)


def test_the_first_leaf_or_node_that_does_not_follow_is_named() -> None:
    one, two = sha256(b"\x00one").digest(), sha256(b"\x00two").digest()
    leaves = ((0, b"one"), (1, b"two"))
    whole = {(0, 0): one, (0, 1): two, (1, 0): sha256(b"\x01" + one + two).digest()}
    assert first_wrong(leaves, whole) is None
    assert first_wrong(leaves[1:], whole) == "leaf 0"
    assert first_wrong(((0, b"one"), (1, b"other")), whole) == "node 1 of level 0"
    assert first_wrong(leaves, whole | {(1, 0): bytes(32)}) == "node 0 of level 1"
    assert first_wrong(leaves, whole | {(2, 0): bytes(32)}) == "node 0 of level 2"
    assert first_wrong(leaves, {(0, 0): one, (0, 1): two}) == "node 0 of level 1"
