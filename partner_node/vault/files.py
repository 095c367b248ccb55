"""Touches the world: where a vault's files stand, and making them durable."""

import os
from pathlib import Path


def journal_of(path: Path) -> Path:
    """Return where the write-ahead log of a vault stands."""
    return path.with_name(path.name + "-wal")


def sync(path: Path) -> None:
    """Make a file's bytes, or a folder's names, durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove(fresh: Path) -> None:
    """Remove a new file, with the journals that a crash may have left beside it."""
    for end in ("", "-wal", "-journal"):
        fresh.with_name(fresh.name + end).unlink(missing_ok=True)
