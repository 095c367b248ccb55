"""Touches the world: the parent's hold on the process with the vault: started for a message, ended when none comes.

A command that needs the vault gets it between two messages: the process lets go of it, and opens it again for the next
message. After a while without one the process ends, and the frame libraries weigh nothing.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from partner_node.flower.errors import VaultProcessEnded
from partner_node.flower.pipe import ANSWERED, ASK, LEAVE, OPEN, read_body, write_body
from partner_node.vault.wanted import is_wanted
from protocol.round.frame import unpack

IDLE_S = 120.0  # longer than the pause between two messages of a round
ANSWER_S = 3_600.0  # ten million records take seconds; a slow disk with a hundred million, minutes
END_S = 30.0
LOOK_S = 1.0


@dataclass(slots=True, repr=False)
class VaultChild:
    """The process, if it runs. node_file: the configuration. vault: the folder in which commands ask for the vault."""

    node_file: Path
    vault: Path
    process: "subprocess.Popen[bytes] | None" = None
    used_s: float = 0.0
    holds: bool = False  # whether the process has the vault open

    def ask(self, body: bytes, *, meanwhile: Callable[[], None]) -> tuple[bytes, ...] | None:
        """Return the answers to a message; None when there is none to give. meanwhile: called while it works.

        Raises: VaultProcessEnded; the next message starts another process.
        """
        answer = self._exchanged(ASK + body, meanwhile)
        self.holds, self.used_s = True, time.monotonic()
        if not answer.startswith(ANSWERED):
            return None
        return unpack(answer[len(ANSWERED) :], source="the vault's process")

    def start(self, *, meanwhile: Callable[[], None]) -> None:
        """Start the process before a message needs it, so that a node that cannot take part says so at once.

        Raises: VaultProcessEnded.
        """
        self._exchanged(OPEN, meanwhile)
        self.holds, self.used_s = True, time.monotonic()

    def rest(self) -> None:
        """End the process when nothing came for a while; let go of the vault when a command waits for it."""
        if self.process is None:
            return
        if self.process.poll() is not None or time.monotonic() - self.used_s > IDLE_S:
            self.end()
        elif self.holds and is_wanted(self.vault):
            with suppress(VaultProcessEnded):  # then it let go as well
                self._exchanged(LEAVE, lambda: None)
            self.holds = False

    def end(self) -> None:
        """End the process: it closes the vault itself, after what it is doing."""
        if self.process is None:
            return
        process, self.process, self.holds = self.process, None, False
        with suppress(OSError):  # what it did not read any more
            _stream(process.stdin).close()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            return  # it goes on and ends by itself; killing it would help nobody
        _stream(process.stdout).close()

    def _exchanged(self, body: bytes, meanwhile: Callable[[], None]) -> bytes:
        """Return what the process says to a body; it is started when it does not run.

        Raises: VaultProcessEnded.
        """
        process = self.process
        if process is None or process.poll() is not None:
            self.end()
            command = [sys.executable, "-m", "partner_node.flower.vault_process", str(self.node_file.absolute())]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own program
            self.process = process
        return self._wait(_in_background(lambda: _exchange(process, body)), meanwhile)

    def _wait(self, work: "Future[bytes | None]", meanwhile: Callable[[], None]) -> bytes:
        until = time.monotonic() + ANSWER_S
        while time.monotonic() < until:
            try:
                answer = work.result(LOOK_S)
            except TimeoutError:
                meanwhile()
                continue
            except (OSError, ValueError):
                break
            if answer is None:
                break
            return answer
        raise self._ended()

    def _ended(self) -> VaultProcessEnded:
        self.end()
        return VaultProcessEnded(
            got="no answer from the process that holds the vault",
            wanted="an answer, or a refusal",
            act="the partner's IT must look at the line before this one",
            hint="samenzicht-node doctor",
        )


def _in_background(work: "Callable[[], bytes | None]") -> "Future[bytes | None]":
    """Return what work will give; the end of the program does not wait for it."""
    future: Future[bytes | None] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except (OSError, ValueError) as error:  # the pipe was closed
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def _exchange(process: "subprocess.Popen[bytes]", body: bytes) -> bytes | None:
    write_body(_stream(process.stdin), body)
    return read_body(_stream(process.stdout))


def _stream(stream: IO[bytes] | None) -> BinaryIO:
    return cast("BinaryIO", stream)  # a pipe, because it was asked for
