"""Touches the world: files that a command writes: whole or not at all, for their owner only, and never over another."""

import os
from pathlib import Path

from partner_node.errors import ConfigRefusal

FILE_MODE = 0o600


class FileExists(ConfigRefusal):
    """A file in the place where a command would write another one."""


def write_new(path: Path, body: bytes, *, again: bool = False) -> None:
    """Write a file that is not there yet; one with the same bytes is left as it is. again: replace any other.

    Raises: FileExists.
    """
    if path.exists() and not again:
        if path.read_bytes() == body:
            return
        raise FileExists(
            got=f"a file {path.name} in this place",
            wanted="a free place",
            act="the caller must move it away, or name another file",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE), "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
