"""Touches the world: this party's own log as rows, with the roots and proofs of a tree in memory."""

import sqlite3

from protocol.ledger.merkle import leaf_hash
from protocol.ledger.tree import MerkleTree, completed_by


class StoredTree(MerkleTree):
    """The log of a vault. A proof reads about 2 log2(n) rows; an append belongs in a transaction of the vault."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__()
        self._connection = connection

    @property
    def size(self) -> int:
        """The number of leaves."""
        (size,) = self._connection.execute("SELECT coalesce(max(leaf_index) + 1, 0) FROM log_leaf").fetchone()
        return int(size)

    def append(self, leaf: bytes) -> int:
        """Append one leaf body with the nodes it completes, and return its index."""
        index = self.size
        self._connection.execute("INSERT INTO log_leaf VALUES (?, ?)", (index, leaf))
        nodes = completed_by(leaf_hash(leaf), size=index, node=self.node)
        rows = [(node.level, node.index, node.digest) for node in nodes]
        self._connection.executemany("INSERT INTO log_node VALUES (?, ?, ?)", rows)
        return index

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree."""
        row = self._connection.execute(
            "SELECT digest FROM log_node WHERE level = ? AND node_index = ?", (level, index)
        ).fetchone()
        return bytes(row[0])

    def leaves(self) -> tuple[bytes, ...]:
        """Return every leaf body, in order."""
        rows = self._connection.execute("SELECT body FROM log_leaf ORDER BY leaf_index")
        return tuple(bytes(body) for (body,) in rows)
