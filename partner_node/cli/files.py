"""Touches the world: files that a command writes: whole or not at all, for their owner only, and never over another."""

from pathlib import Path

from partner_node.errors import ConfigRefusal
from partner_node.whole_file import write_whole


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
    write_whole(path, body)
