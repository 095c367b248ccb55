"""Computes: an append-only Merkle tree in memory, and which nodes an append adds to any store."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from protocol.ledger.merkle import (
    IndexBeyondTree,
    Node,
    leaf_hash,
    node_hash,
    prove_consistency,
    prove_inclusion,
    root_of,
)


@dataclass(frozen=True, slots=True)
class StoredNode:
    """A complete subtree and its hash; one row of a store."""

    level: int
    index: int
    digest: bytes


class MerkleTree:
    """An append-only log in memory: leaf hashes and complete subtrees, no leaf bodies."""

    def __init__(self) -> None:
        self._levels: list[list[bytes]] = [[]]

    @property
    def size(self) -> int:
        """The number of leaves."""
        return len(self._levels[0])

    def append(self, leaf: bytes) -> int:
        """Append one leaf body and return its index, from zero."""
        index = self.size
        for stored in completed_by(leaf_hash(leaf), size=index, node=self.node):
            if stored.level == len(self._levels):
                self._levels.append([])
            self._levels[stored.level].append(stored.digest)
        return index

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree; the `Node` of this tree."""
        return self._levels[level][index]

    def root(self, size: int | None = None) -> bytes:
        """Return the root over the first `size` leaves, or over all.

        Raises: IndexBeyondTree.
        """
        return root_of(self.node, self._checked(size))

    def prove_inclusion(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """Return the proof that leaf `index` is among the first `size` leaves.

        Raises: IndexBeyondTree.
        """
        return prove_inclusion(self.node, index=index, size=self._checked(size))

    def prove_consistency(self, older: int, newer: int | None = None) -> tuple[bytes, ...]:
        """Return the proof that the first `newer` leaves begin with the first `older`.

        Raises: IndexBeyondTree, TreeShrank.
        """
        return prove_consistency(self.node, older=older, newer=self._checked(newer))

    def _checked(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise IndexBeyondTree(
                got=f"tree size {size}", wanted=f"at most the {self.size} leaves there are", act="the caller must wait"
            )
        return size


def completed_by(leaf: bytes, *, size: int, node: Node) -> tuple[StoredNode, ...]:
    """Return the nodes that become complete when a leaf hash joins a tree of `size` leaves, the leaf itself first.

    A store writes these rows and no others; over n appends there are fewer than 2n.
    """
    level, index, digest = 0, size, leaf
    nodes = [StoredNode(level, index, digest)]
    while index & 1:
        digest = node_hash(node(level, index - 1), digest)
        level, index = level + 1, index >> 1
        nodes.append(StoredNode(level, index, digest))
    return tuple(nodes)


def first_wrong(leaves: Iterable[tuple[int, bytes]], stored: Mapping[tuple[int, int], bytes]) -> str | None:
    """Name the first leaf or node of a store that does not follow from its leaves; None when all do.

    leaves: index and body, in order of index. stored: hashes by level and index.
    """
    nodes: dict[tuple[int, int], bytes] = {}
    for place, (index, body) in enumerate(leaves):
        if index != place:
            return f"leaf {place}"
        done = completed_by(leaf_hash(body), size=place, node=lambda level, at: nodes[level, at])
        nodes.update({(node.level, node.index): node.digest for node in done})
    wrong = sorted(key for key in nodes.keys() | stored.keys() if nodes.get(key) != stored.get(key))
    return f"node {wrong[0][1]} of level {wrong[0][0]}" if wrong else None
