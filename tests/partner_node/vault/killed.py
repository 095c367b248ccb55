"""Touches the world: runs work in a child process that kills itself with SIGKILL at the n-th statement of its vault.

Counted are the statements of transactions and the checkpoints: killing between two reads is killing before the next.
"""

import os
import signal
import sqlite3
import traceback
from collections.abc import Callable
from dataclasses import dataclass

Tell = Callable[[bytes], None]
LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended. told: what left it before."""

    killed: bool
    told: tuple[bytes, ...]


@dataclass(slots=True)
class Countdown:
    """A trace callback: counts statements and kills this process at the one numbered `at` (from 1; 0 is never)."""

    connection: sqlite3.Connection
    at: int = 0
    count: int = 0

    def __call__(self, statement: str) -> None:
        """Count one statement, before it runs."""
        if self.connection.in_transaction or not statement.lstrip().upper().startswith("SELECT"):
            self.count += 1
            if self.count == self.at:
                os.kill(os.getpid(), signal.SIGKILL)


def in_child(work: Callable[[Tell], None]) -> Ended:
    """Run work in a forked child; it tells bytes as it goes. An exception in it is raised here as AssertionError."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        run_child(work, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as told:
        body = told.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return Ended(killed=True, told=split(body))
    parts = split(body)
    assert os.WEXITSTATUS(status) == 0, parts[-1].decode()
    return Ended(killed=False, told=parts)


def run_child(work: Callable[[Tell], None], writer: int) -> None:
    """Run work as a child that never returns; the last thing it tells is the trace of an exception."""

    def tell(body: bytes) -> None:
        os.write(writer, len(body).to_bytes(LENGTH_BYTES, "big") + body)

    try:
        work(tell)
    except BaseException:  # noqa: BLE001 - nothing of the parent's may go on in a child
        tell(traceback.format_exc().encode())
        os._exit(1)
    os._exit(0)


def split(body: bytes) -> tuple[bytes, ...]:
    """Return what a child told, piece by piece."""
    parts: list[bytes] = []
    while body:
        end = LENGTH_BYTES + int.from_bytes(body[:LENGTH_BYTES], "big")
        parts.append(body[LENGTH_BYTES:end])
        body = body[end:]
    return tuple(parts)
