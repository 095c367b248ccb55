"""Touches the world: a channel of files: a folder for each party, in which what goes to it and comes from it stands.

PARTY/to/NAME     for the party: carried by hand, by SFTP or on a stick
PARTY/from/NAME   from the party
PARTY/taken/NAME  what was taken, for ever

A name is the SHA-256 of the contents, so a file that is still being copied is not read, and one that was changed on the
way is never taken for what it was. What is a message of a round ends in .msg, what an officer signed in .json.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

from coordinator.whole_file import write_whole
from protocol.study.study import MAX_UPLOAD_BYTES
from protocol.words.ids import PartyId

MAX_FILES = 1_000  # of one party at a time; a round is four messages
MAX_FILE_BYTES = MAX_UPLOAD_BYTES + (1 << 20)
MESSAGE, PAPER = ".msg", ".json"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that a party put down. Not promised: that it is the party's own; signatures within say that."""

    party: PartyId
    path: Path
    body: bytes


@dataclass(slots=True)
class Courier:
    """The folders of all parties."""

    folder: Path
    parties: tuple[PartyId, ...]

    def send(self, party: PartyId, body: bytes) -> None:
        """Put down a message for a party; the same one again is the same file."""
        self.put(party, body, suffix=MESSAGE)

    def put(self, party: PartyId, body: bytes, *, suffix: str) -> None:
        """Put down a file for a party, whole or not at all."""
        path = self.folder / party / "to" / (sha256(body).hexdigest() + suffix)
        if not path.exists():
            write_whole(path, body)

    def collect(self) -> tuple[bytes, ...]:
        """Return the messages that came in since they were taken; `taken` moves them aside once they are stored."""
        return tuple(arrived.body for arrived in self.arrived(MESSAGE))

    def arrived(self, suffix: str) -> Iterator[Arrived]:
        """Yield the whole files of each party, in order of party and name."""
        for party in self.parties:
            place = self.folder / party / "from"
            found = sorted(place.glob(f"*{suffix}"))[:MAX_FILES] if place.is_dir() else []
            for path in found:
                if path.is_symlink() or path.stat().st_size > MAX_FILE_BYTES:
                    continue
                body = path.read_bytes()
                if path.name == sha256(body).hexdigest() + suffix:
                    yield Arrived(party, path, body)

    def taken(self, body: bytes, *, suffix: str = MESSAGE) -> None:
        """Move a file aside, whoever brought it: what it says is stored, or was refused."""
        name = sha256(body).hexdigest() + suffix
        for party in self.parties:
            path = self.folder / party / "from" / name
            if path.exists():
                place = self.folder / party / "taken"
                place.mkdir(parents=True, exist_ok=True)
                os.utime(path)  # its time is from now on when it was taken: the delivery monitor shows it
                path.replace(place / name)

    def taken_on(self, party: PartyId, body: bytes, *, suffix: str) -> date | None:
        """Return the day on which a file of a party was taken; None when it came another way."""
        path = self.folder / party / "taken" / (sha256(body).hexdigest() + suffix)
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).date() if path.exists() else None
