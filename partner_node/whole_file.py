"""Touches the world: writes files durably, with their names, for the node's user alone.

The coordinator has its own (`coordinator/whole_file.py`): what both may import touches no world.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

FILE_MODE = 0o600


def write_whole(path: Path, body: bytes) -> None:
    """Write a file whole or not at all, in the place of any other; its folder is made."""
    with whole_file(path) as file:
        file.write(body)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write in; it stands at `path` when the block ends, and not if the block raises."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)  # from a crash in this function
    try:
        with fresh_file(fresh) as file:
            yield file
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync(path.parent)


@contextmanager
def fresh_file(path: Path) -> Iterator[BinaryIO]:
    """Give a file that was not there, made with its mode: there is no moment at which others can open it.

    Not promised: that it is whole after a crash.
    Raises: FileExistsError.
    """
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def sync(path: Path) -> None:
    """Make a file's bytes, or a folder's names, durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
