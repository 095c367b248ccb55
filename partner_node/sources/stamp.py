"""Touches the world: a file that is there, may be read, and stays the same while it is read."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from partner_node.errors import SourceRefusal
from partner_node.sources.source import printable

MEND = "mend the disk or the share"


class FileUnreadable(SourceRefusal):
    """A file that is missing, is a folder or device, or may not be read by the node."""


class FileEmpty(SourceRefusal):
    """A file of 0 bytes, or without a header."""


class FileChanged(SourceRefusal):
    """A file that was written, replaced or moved between its opening and its last row."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells one state of a file from another. Not promised: that a writer who sets the time back is seen."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int


def stamp_of(path: Path) -> Stamp:
    """Return the stamp of a file that is there, is a plain file, holds a byte and may be read.

    Raises: FileUnreadable, FileEmpty.
    """
    name = printable(path.name)
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise _unreadable(f"a folder {name}", "name a file, not a folder")
        if not stat.S_ISREG(found.st_mode):  # opening a pipe would wait for ever
            raise _unreadable(f"{name}, which is no plain file", "name a plain file")
        with path.open("rb"):
            pass
    except FileNotFoundError:
        raise _unreadable(f"no file {name}", "put the file where the configuration says it is") from None
    except PermissionError:
        raise _unreadable(f"a file {name} that the node may not read", "let the node's user read it") from None
    except OSError as exc:
        raise _unreadable(f"a file {name} that does not open (error {exc.errno})", MEND) from None
    if not found.st_size:
        raise FileEmpty(
            got=f"a file {name} of 0 bytes",
            wanted="a header and rows",
            act="the partner's IT must export the file again",
            hint="a file is often empty while its export still runs",
        )
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)


@contextmanager
def unchanged(path: Path, before: Stamp) -> Iterator[None]:
    """Refuse, before and after the reading within, a file whose stamp is not the one it had.

    A refusal within is replaced by FileChanged if the file changed: that is what has to be mended.
    Raises: FileChanged, FileUnreadable, FileEmpty.
    """
    _check(path, before)
    try:
        yield
    except SourceRefusal:
        _check(path, before)
        raise
    except OSError as exc:
        raise _unreadable(f"a file {printable(path.name)} that breaks off (error {exc.errno})", MEND) from None
    _check(path, before)


def _check(path: Path, before: Stamp) -> None:
    if stamp_of(path) != before:
        raise FileChanged(
            got=f"a file {printable(path.name)} that changed while it was read",
            wanted="a file that is finished",
            act="the partner's IT must wait until the export is done, then run the same command again",
        )


def _unreadable(got: str, act: str) -> FileUnreadable:
    return FileUnreadable(got=got, wanted="a plain file that can be read", act=f"the partner's IT must {act}")
