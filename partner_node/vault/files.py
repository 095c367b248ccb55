"""Touches the world: where a vault's files stand, and removing a new one."""

from pathlib import Path


def journal_of(path: Path) -> Path:
    """Return where the write-ahead log of a vault stands."""
    return path.with_name(path.name + "-wal")


def remove(fresh: Path) -> None:
    """Remove a new file, with the journals that a crash may have left beside it."""
    for end in ("", "-wal", "-journal"):
        fresh.with_name(fresh.name + end).unlink(missing_ok=True)
