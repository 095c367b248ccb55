"""Touches the world: messages of a round as files, for a partner without a line: carried in by hand, and out again.

COURIER/taken/NAME     empty: a message that was answered
COURIER/answers/NAME   an answer that was not carried away yet
COURIER/carried/NAME   an answer that was

A name is the SHA-256 of the contents, as at the coordinator (`coordinator/courier.py`): a file that was half copied or
changed on the way is refused. Whom a message is from and what it may ask is for the session to see, as on the line.
"""

import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from partner_node.errors import ConfigRefusal
from partner_node.whole_file import write_whole
from protocol.errors import Refusal
from protocol.round.carriage import MAX_PARCEL_BYTES
from protocol.round.frame import parse_frame
from protocol.round.messages import Commit, Propose, Repair, Result

MESSAGE, PAPER = ".msg", ".json"
MAX_FILES = 1_000  # in a folder; a round is four messages
FOLDER_MODE = 0o700
ORDER = (Propose, Commit, Repair, Result)  # in which a round goes; a folder has no order of its own


class NotCarried(ConfigRefusal):
    """A file that is no message as a courier carries it: named otherwise than by its contents, too long, or a link."""


@dataclass(frozen=True, slots=True)
class Courier:
    """The folder of one node."""

    folder: Path

    def messages(self, paths: Iterable[Path]) -> tuple[tuple[Path, bytes | None], ...]:
        """Return the files and their messages, in the order of a round; None for one that is not carried whole.

        Of a folder, those of its messages that were not answered yet; a file that is named is answered again.
        Raises: NotCarried, for a folder with too many.
        """
        found = [(path, _read(path)) for place in paths for path in self._files(place)]
        return tuple(sorted(found, key=lambda each: _rank(each[1])))

    def answer(self, body: bytes, receive: Callable[[bytes], tuple[bytes, ...]]) -> int:
        """Put down the answers to a message, then note that it was answered; return how many they are.

        Raises: what receive raises; the message may come again, and its answers are the same bytes.
        """
        frames = receive(body)
        for frame in frames:
            self.put(frame, MESSAGE, again=True)
        write_whole(self._place("taken") / _name(body, MESSAGE), b"")
        return len(frames)

    def put(self, body: bytes, suffix: str, *, again: bool = False) -> None:
        """Put down a file to be carried, unless it was carried before. again: also then."""
        name = _name(body, suffix)
        if again or not (self._place("carried") / name).exists():
            write_whole(self._place("answers") / name, body)

    def carry(self, to: Path, *, again: bool = False) -> int:
        """Write what waits into a folder, a stick for example; return how many files. again: all that ever did."""
        waiting, carried = self._place("answers"), self._place("carried")
        for path in sorted(carried.iterdir()) if again else ():
            write_whole(to / path.name, path.read_bytes())
        found = sorted(path for path in waiting.iterdir() if path.suffix in {MESSAGE, PAPER})
        for path in found:
            write_whole(to / path.name, path.read_bytes())
            path.replace(carried / path.name)  # after it stands there: a crash carries it twice, never not at all
        return len(sorted(carried.iterdir())) if again else len(found)

    def _files(self, place: Path) -> tuple[Path, ...]:
        if place.is_symlink() or not place.is_dir():
            return (place,)
        taken = {path.name for path in self._place("taken").iterdir()}
        found = sorted(path for path in place.iterdir() if path.suffix == MESSAGE and path.name not in taken)
        if len(found) > MAX_FILES:
            raise NotCarried(
                got=f"more than {MAX_FILES} messages in {place.name}",
                wanted="those of the rounds that are open",
                act="whoever carries them must bring fewer",
            )
        return tuple(found)

    def _place(self, name: str) -> Path:
        place = self.folder / name
        place.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        return place


def not_carried(path: Path) -> NotCarried:
    """Return the refusal of a file that is not carried whole."""
    return NotCarried(
        got=f"{path.name[:80]}, which is no message of a courier",
        wanted=f"a plain file of at most {MAX_PARCEL_BYTES} bytes, named by the SHA-256 of its contents",
        act="whoever carries it must copy it again from the coordinator's folder",
    )


def _read(path: Path) -> bytes | None:
    """Return what a file holds; None for a link, a pipe, a long file, and one that its name does not fit."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or about.st_size > MAX_PARCEL_BYTES:
            return None
        body = file.read(MAX_PARCEL_BYTES + 1)
    return body if path.name == _name(body, MESSAGE) else None


def _rank(body: bytes | None) -> int:
    """Return the place of a message in a round; whether it is one at all is seen when it is answered."""
    if body is None:
        return len(ORDER)
    try:
        header = parse_frame(body, source="the courier", max_payload_bytes=MAX_PARCEL_BYTES).header
    except Refusal:
        return len(ORDER)
    return next((place for place, kind in enumerate(ORDER) if isinstance(header, kind)), len(ORDER))


def _name(body: bytes, suffix: str) -> str:
    return sha256(body).hexdigest() + suffix
