"""Computes: what a disk may hold after a power cut, from a record of writes and syncs.

What was synced is there. Of each later write any part may be: none, all, or whole sectors of it. A name that was made
or removed is so after its folder was synced; before that it may be as it was. This is less than what ext4 promises.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.partner_node.vault.traced import Call

SECTOR_BYTES = 512


@dataclass(slots=True)
class File:
    """One file. durable: what is surely there. pending: calls since the last sync."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[Call] = field(default_factory=list)

    def after_cut(self, chance: Random) -> bytes:
        body = bytearray(self.durable)
        for call in self.pending:
            fate = chance.randrange(3)
            if fate == 0:
                continue
            sectors = -(-len(call.data) // SECTOR_BYTES)
            kept = chance.randrange(sectors) * SECTOR_BYTES if fate == 1 and sectors else len(call.data)
            apply(body, call, kept)
        return bytes(body)


@dataclass(slots=True)
class Disk:
    """The files of one folder, by name. names: what a cut surely leaves. live: what a running program sees."""

    live: dict[str, File] = field(default_factory=dict)
    names: dict[str, File] = field(default_factory=dict)

    def play(self, call: Call) -> None:
        """Take one call of a record."""
        name = Path(call.path).name
        match call.name:
            case "openat":
                self.live.setdefault(name, File())
            case "unlink":
                self.live.pop(name, None)
            case "rename":
                self.live[Path(call.data.decode()).name] = self.live.pop(name)
            case "fsync" | "fdatasync" if name in self.live:
                file = self.live[name]
                for pending in file.pending:
                    apply(file.durable, pending, len(pending.data))
                file.pending.clear()
            case "fsync" | "fdatasync":
                self.names = dict(self.live)  # the folder itself
            case _ if name in self.live:
                self.live[name].pending.append(call)

    def cut(self, chance: Random) -> dict[str, bytes]:
        """Return one image of the disk after a power cut now."""
        names = dict(self.names)
        for name in sorted({*self.names, *self.live}):
            if self.names.get(name) is not self.live.get(name) and chance.random() < 0.5:  # a half: applied or not
                names.pop(name, None)
                if name in self.live:
                    names[name] = self.live[name]
        return {name: file.after_cut(chance) for name, file in names.items()}


def apply(body: bytearray, call: Call, kept: int) -> None:
    """Put the first `kept` bytes of a write, or a truncation, into a file's bytes."""
    if call.name == "ftruncate":
        del body[call.offset :]
        body.extend(bytes(call.offset - len(body)))
        return
    if kept:
        body.extend(bytes(max(0, call.offset - len(body))))
        body[call.offset : call.offset + kept] = call.data[:kept]


@dataclass(frozen=True, slots=True)
class Cut:
    """An image, and the last thing that had been told before the cut."""

    files: dict[str, bytes]
    told: bytes


def cuts(record: Sequence[Call], start: dict[str, bytes], images: int, chance: Random) -> Iterator[Cut]:
    """Yield images, each of some 170 kB, of cuts at random places of a record that began with these durable files."""
    at = sorted(chance.randrange(1, len(record) + 1) for _ in range(images))
    disk = Disk()
    disk.live = {name: File(bytearray(body)) for name, body in start.items()}
    disk.names = dict(disk.live)
    told, done = b"", 0
    for place in at:
        for call in record[done:place]:
            if call.path.startswith("pipe:"):
                told = call.data
            else:
                disk.play(call)
        done = place
        yield Cut(disk.cut(chance), told)
