"""Touches the world: writes a file whole or not at all, durable with its name.

The node has its own (`partner_node/whole_file.py`): what both may import touches no world.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

UMASK_DECIDES = 0o666


def write_whole(path: Path, body: bytes, *, mode: int = UMASK_DECIDES) -> None:
    """Write a file in the place of any other, with its mode from the start; its folder is made."""
    with whole(path, mode=mode) as file:
        file.write(body)


@contextmanager
def whole(path: Path, *, mode: int = UMASK_DECIDES) -> Iterator[BinaryIO]:
    """Give a file to write to, bit by bit; it takes its place when the block ends well, and else none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)  # from a crash in this function; its mode could be another
    try:
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
