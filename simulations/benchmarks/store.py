"""Touches the world: how many ledger entries a second become durable in the coordinator's store, beside pymerkle's."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import pymerkle

from coordinator.store.make import make_store
from coordinator.store.store import open_store
from simulations.benchmarks.result import ROUNDS, Result, more_is_better

ENTRIES = 200  # a round: a fraction of a second, on a disk that syncs
LEAVES = tuple(b'{"kind":"release","slot":"%064d","version":1}' % number for number in range(ENTRIES))


def store_append() -> tuple[Result, ...]:
    """Append entries one by one, each durable before the next; wall time, since what is waited for is the disk.

    Both on one disk with `synchronous=FULL`, which is SQLite's own default. Ours also stores the tree's nodes, so that
    a proof reads a few rows; pymerkle stores leaves.
    """
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/coordinator/store.sqlite"
        make_store(url)
        peer = pymerkle.SqliteTree(str(Path(folder) / "peer.sqlite"))
        own, theirs = [], []
        with open_store(url) as store:
            for _ in range(ROUNDS):
                own.append(_per_second(store.log.append))
                theirs.append(_per_second(peer.append_entry))
        peer.close()
    return (
        more_is_better(
            "store_append",
            ours=median(own),
            peer=median(theirs),
            peer_name=f"pymerkle 7, SqliteTree on SQLite {sqlite3.sqlite_version}",
            unit="durable entries/s",
            limit=">= 200",
        ),
    )


def _per_second(append: Callable[[bytes], object]) -> float:
    started = time.perf_counter()
    for leaf in LEAVES:
        append(leaf)
    return ENTRIES / (time.perf_counter() - started)
