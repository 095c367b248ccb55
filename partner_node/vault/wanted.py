"""Touches the world: how a command gets the vault from the service that holds it between messages.

The command puts a file beside the vault; the service, which looks twice a second, lets go of the vault when no message
is being answered. Nothing is shared: one process at a time has the vault open, and its lock decides.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from partner_node.vault.failures import VaultInUse

NAME = "wanted"
MOST_S, LOOK_S = 30.0, 0.2
Opened = TypeVar("Opened")


def is_wanted(folder: Path) -> bool:
    """Tell the service whether a command waits for the vault in this folder."""
    return (folder / NAME).exists()


def when_free(folder: Path, opened: Callable[[], Opened], *, most_s: float = MOST_S) -> Opened:
    """Return what opening the vault gives, as soon as whoever holds it lets go. folder: where the vault stands.

    Raises: VaultInUse after `most_s`; what opening raises.
    """
    mark = folder / NAME
    until = time.monotonic() + most_s
    try:
        while True:
            try:
                return opened()
            except VaultInUse:
                if time.monotonic() >= until:
                    raise
            mark.touch(mode=0o600)
            time.sleep(LOOK_S)
    finally:
        mark.unlink(missing_ok=True)
