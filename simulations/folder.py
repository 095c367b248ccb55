"""Touches the world: writes a folder of simulated files whole or not at all."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from protocol.errors import Fault, Refusal
from simulations.words import ORIGIN

README = "LEESMIJ.txt"
_MARK = "oefengegevens"


class FolderNotEmpty(Refusal):
    """An output folder that holds something already; simulated files are never mixed with others."""


class UnmarkedFile(Refusal):
    """A simulated file whose name does not say that it is one."""


class FolderNotWritten(Fault):
    """An output folder that the system does not let be made or filled; nothing of it is left."""


def marked(stem: str, ending: str) -> str:
    """Return a file name that says that the figures are invented; such as adressen_oefengegevens.csv."""
    return f"{stem}_{_MARK}.{ending}"


def check_empty(folder: Path) -> None:
    """Refuse a folder that holds something already; before the work, not after it.

    Raises: FolderNotEmpty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderNotEmpty(
            got=f"{folder.name}, which is not empty", wanted="a new or empty folder", act="choose another folder"
        )


def write_folder(folder: Path, files: Mapping[str, bytes], about: str) -> None:
    """Write these files and a LEESMIJ.txt that tells what they are. An interruption leaves no folder behind.

    files: by name, with slashes for folders within; the name, or that of a folder in it, says that it is invented.
    Raises: FolderNotEmpty, UnmarkedFile, FolderNotWritten.
    """
    check_empty(folder)
    if unmarked := [name for name in files if _MARK not in name]:
        raise UnmarkedFile(got=unmarked[0], wanted=f'a name with "{_MARK}"', act="the simulation must name its files")
    try:
        _write(folder, files, about)
    except OSError as error:
        raise FolderNotWritten(
            got=f"{folder.name}: {error.strerror}", wanted="room, and leave to write there", act="choose another folder"
        ) from None


def _write(folder: Path, files: Mapping[str, bytes], about: str) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, content in files.items():
            path = unfinished / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        listed = "\n".join(sorted(files))
        (unfinished / README).write_text(f"{ORIGIN}\n\n{about}\n\n{listed}\n", encoding="utf-8")
        unfinished.chmod(0o755)  # mkdtemp makes it for its owner alone; these figures are nobody's
        unfinished.replace(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
