"""Touches the world: the coordinator's own log as rows, with the roots and proofs of a tree in memory."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import Connection, func, insert, select

from coordinator.store.tables import LOG_LEAVES, LOG_NODES
from protocol.ledger.merkle import leaf_hash
from protocol.ledger.tree import MerkleTree, completed_by

Transaction = Callable[[], AbstractContextManager[Connection]]


class StoredTree(MerkleTree):
    """The log of a store. A proof reads about 2 log2(n) rows; an append is durable with the transaction around it."""

    def __init__(self, read: Transaction, write: Transaction) -> None:
        super().__init__()
        self._read = read
        self._write = write

    @property
    def size(self) -> int:
        """The number of leaves."""
        with self._read() as connection:
            last = connection.scalar(select(func.max(LOG_LEAVES.c.leaf_index)))
        return 0 if last is None else int(last) + 1

    def append(self, leaf: bytes) -> int:
        """Append one leaf body with the nodes it completes, and return its index.

        Raises: StoreFailed, DatabaseUnreachable.
        """
        with self._write() as connection:
            index = self.size
            connection.execute(insert(LOG_LEAVES).values(leaf_index=index, body=leaf))
            nodes = completed_by(leaf_hash(leaf), size=index, node=self.node)
            rows = [{"level": node.level, "node_index": node.index, "digest": node.digest} for node in nodes]
            connection.execute(insert(LOG_NODES), rows)
        return index

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree."""
        wanted = (LOG_NODES.c.level == level) & (LOG_NODES.c.node_index == index)
        with self._read() as connection:
            return bytes(connection.execute(select(LOG_NODES.c.digest).where(wanted)).scalar_one())

    def leaves(self) -> tuple[bytes, ...]:
        """Return every leaf body, in order."""
        with self._read() as connection:
            rows = connection.scalars(select(LOG_LEAVES.c.body).order_by(LOG_LEAVES.c.leaf_index))
            return tuple(map(bytes, rows))

    def first_wrong(self) -> str | None:
        """Name the first leaf or node that does not follow from the leaves; None when all do. Reads the whole log."""
        nodes: dict[tuple[int, int], bytes] = {}
        with self._read() as connection:
            leaves = connection.execute(select(LOG_LEAVES).order_by(LOG_LEAVES.c.leaf_index)).all()
            rows = connection.execute(select(LOG_NODES)).all()

        def known(level: int, index: int) -> bytes:
            return nodes[level, index]

        for place, (index, body) in enumerate(leaves):
            if index != place:
                return f"leaf {place}"
            hashed = completed_by(leaf_hash(bytes(body)), size=place, node=known)
            nodes.update({(node.level, node.index): node.digest for node in hashed})
        stored = {(level, index): bytes(digest) for level, index, digest in rows}
        wrong = sorted(key for key in nodes.keys() | stored.keys() if nodes.get(key) != stored.get(key))
        return f"node {wrong[0][1]} of level {wrong[0][0]}" if wrong else None
