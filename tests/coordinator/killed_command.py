"""Touches the world: kills a command of the coordinator at its n-th durable step: SQL or file.

Counted are statements and commits, and files that are opened for writing or renamed.
"""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass

from tests.coordinator.example_office import ExampleOffice
from tests.coordinator.store.killed_store import Countdown
from tests.partner_node.vault.killed import Ended, Tell, in_child

WRITES = os.O_WRONLY | os.O_RDWR


@dataclass(slots=True)
class FilesToo(Countdown):
    """A countdown of file operations too."""

    def watch(self) -> None:
        """Begin to count. In a child process: an audit hook is never taken off."""
        Countdown.watch(self)
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "os.rename" or (event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES):
            self.count += 1
            if self.count == self.at:
                os.kill(os.getpid(), signal.SIGKILL)


def killed_at(office: ExampleOffice, at: int, *arguments: str, before: Callable[[], None] = lambda: None) -> Ended:
    """Run a command in a child that dies at a step (0: never); it tells its output and how many steps there were."""

    def work(tell: Tell) -> None:
        before()
        countdown = FilesToo(at)
        countdown.watch()
        done = office.done(*arguments)
        tell(done.stdout.encode())
        tell(str(countdown.count).encode())

    return in_child(work)
