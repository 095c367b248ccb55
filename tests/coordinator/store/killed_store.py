"""Touches the world: kills this process at the n-th statement or commit of a store, and opens a store after that."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, Engine, event

from coordinator.store.failures import StoreInUse
from coordinator.store.store import Store, open_store

Opened = TypeVar("Opened")
TRIES, PAUSE_S = 500, 0.02  # ten seconds: PostgreSQL needs moments to see that a client died


@dataclass(slots=True)
class Countdown:
    """Counts statements and commits of every connection, before each runs. at: which one kills (from 1; 0: none)."""

    at: int
    count: int = 0

    def watch(self) -> None:
        """Begin to count. In a child process: it is never taken off again."""
        event.listen(Engine, "before_cursor_execute", self._before)
        event.listen(Engine, "commit", self._step)

    def _before(self, connection: Connection, *_rest: object) -> None:
        self._step(connection)

    def _step(self, _connection: Connection) -> None:
        self.count += 1
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def reopened(url: str) -> Store:
    """Open a store whose writer was killed."""
    return when_unlocked(lambda: open_store(url))


def when_unlocked(opens: Callable[[], Opened]) -> Opened:
    """Return what `opens` returns as soon as the lock of a killed writer is gone."""
    for _ in range(TRIES):
        try:
            return opens()
        except StoreInUse:
            time.sleep(PAUSE_S)
    raise AssertionError("the lock of a killed process stays")
