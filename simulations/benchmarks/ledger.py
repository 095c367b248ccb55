"""Computes: how long the Merkle log takes beside pymerkle, at a hundred thousand entries: many years of one party."""

import pymerkle

from protocol.ledger.merkle import leaf_hash, verify_consistency, verify_inclusion
from protocol.ledger.tree import MerkleTree
from simulations.benchmarks.result import Result, cpu_ms, less_is_better

ENTRIES = 100_000
PAIRS = 200  # proofs a round: enough that the clock's grain does not show
LEAVES = tuple(b'{"kind":"lock","slot":"%064d","version":1}' % number for number in range(ENTRIES))
# A prime step visits indexes and older sizes of every shape.
PLACES = tuple(number * 7919 % (ENTRIES - 1) + 1 for number in range(PAIRS))


def ledger_append() -> tuple[Result, ...]:
    """Append all entries to an empty log in memory; pymerkle by its bulk operation, which is its fastest."""
    ours, peer = cpu_ms(_our_log, _their_log)
    return (
        less_is_better(
            "ledger_append",
            ours=ours,
            peer=peer,
            peer_name="pymerkle 7, append_entries",
            unit="ms CPU, 1e5 entries",
            limit="<= 2000",
        ),
    )


def ledger_proofs() -> tuple[Result, ...]:
    """Make and verify an inclusion proof and a consistency proof, with the roots that they are verified against."""
    tree, peer_tree = _our_log(), _their_log()

    def ours_all() -> None:
        for place in PLACES:
            _our_pair(tree, place)

    def peer_all() -> None:
        for place in PLACES:
            _their_pair(peer_tree, place)

    ours, peer = cpu_ms(ours_all, peer_all)
    return (
        less_is_better(
            "ledger_proofs",
            ours=ours / PAIRS,
            peer=None if peer is None else peer / PAIRS,
            peer_name="pymerkle 7, warm cache",
            unit="ms CPU, both proofs",
            limit="<= 1",
        ),
    )


def _our_log() -> MerkleTree:
    tree = MerkleTree()
    for leaf in LEAVES:
        tree.append(leaf)
    return tree


def _their_log() -> pymerkle.InmemoryTree:
    tree = pymerkle.InmemoryTree()
    tree.append_entries(LEAVES)
    return tree


def _our_pair(tree: MerkleTree, place: int) -> None:
    root = tree.root()
    verify_inclusion(
        leaf=leaf_hash(LEAVES[place]), index=place, size=ENTRIES, proof=tree.prove_inclusion(place), root=root
    )
    verify_consistency(
        older_size=place,
        older_root=tree.root(place),
        newer_size=ENTRIES,
        newer_root=root,
        proof=tree.prove_consistency(place),
    )


def _their_pair(tree: pymerkle.InmemoryTree, place: int) -> None:
    root = tree.get_root()
    pymerkle.verify_inclusion(tree.hash_buff(LEAVES[place]), root, tree.prove_inclusion(place + 1))
    pymerkle.verify_consistency(tree.get_root(place), root, tree.prove_consistency(place))
