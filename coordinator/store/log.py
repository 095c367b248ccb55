"""Touches the world: the coordinator's own log as rows, with the roots and proofs of a tree in memory."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import Connection, func, insert, select

from coordinator.store.tables import LOG_LEAVES, LOG_NODES
from protocol.ledger.merkle import leaf_hash
from protocol.ledger.tree import MerkleTree, completed_by, first_wrong

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
        with self._read() as connection:
            leaves = connection.execute(select(LOG_LEAVES).order_by(LOG_LEAVES.c.leaf_index)).all()
            nodes = connection.execute(select(LOG_NODES)).all()
        stored = {(level, index): bytes(digest) for level, index, digest in nodes}
        return first_wrong(((index, bytes(body)) for index, body in leaves), stored)
