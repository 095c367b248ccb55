"""Touches the world: first light in a process that kills itself at its n-th durable step, before or after it.

A durable step is a transaction of a vault or of the store, or a file or folder that takes its name.
Run as: python -m tests.simulations.first_light.killed_run FOLDER AT (0: never). It prints how many steps there were.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from coordinator.store.store import Store
from partner_node.vault.shelf import VaultShelf
from simulations.first_light.run import run_first_light

_passed = 0


def step(at: int) -> None:
    """Count a moment just before or after a durable step, and die at the one that was asked for."""
    global _passed  # noqa: PLW0603 - one process, one count
    _passed += 1
    if _passed == at:
        os.kill(os.getpid(), signal.SIGKILL)


def watched(function: Callable[..., Any], at: int) -> Callable[..., Any]:
    """Return the function with a moment before and one after it."""

    def around(*args: object, **named: object) -> object:
        step(at)
        result = function(*args, **named)
        step(at)
        return result

    return around


def main(folder: Path, at: int) -> None:
    """Run first light; the same as the command does."""
    for kind, name in ((VaultShelf, "commit"), (Path, "replace"), (Path, "rename")):
        setattr(kind, name, watched(getattr(kind, name), at))
    whole = Store.transaction

    @contextmanager
    def transaction(self: Store) -> Iterator[object]:
        step(at)
        with whole(self) as connection:
            yield connection
        step(at)

    setattr(Store, "transaction", transaction)  # noqa: B010 - a method may not be assigned to, says mypy
    run_first_light(folder, seed=1, given={}, tell=lambda _line: None)
    sys.stdout.write(str(_passed))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
