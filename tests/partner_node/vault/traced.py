"""Touches the world: runs work in a forked child under `strace`, which spoils one system call or records all of them.

The child waits until the tracer is there, so that only the work is counted. Needs the Debian package strace and ptrace.
"""

import gc
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.partner_node.vault.killed import Ended, Tell, run_child, split

CALLS = ("pwrite64", "fdatasync", "fsync", "ftruncate", "unlink")  # what SQLite and the vault change a disk with


def under_strace(work: Callable[[Tell], None], *options: str) -> Ended:
    """Run work in a child with these options of strace."""
    reader, writer = os.pipe()
    gate_reader, gate_writer = os.pipe()
    gc.collect()  # a vault that a test let go of must not be closed, and counted, in the child
    child = os.fork()
    if child == 0:
        os.close(gate_writer)
        os.read(gate_reader, 1)
        run_child(work, writer)
    os.close(writer)
    with subprocess.Popen(["strace", "-f", "-p", str(child), *options], stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        line = tracer.stderr.readline()
        assert "attached" in line, line
        os.write(gate_writer, b"g")
        with os.fdopen(reader, "rb") as told:
            body = told.read()
        _, status = os.waitpid(child, 0)
        tracer.stderr.read()
    os.close(gate_reader)
    os.close(gate_writer)
    parts = split(body)
    if os.WIFSIGNALED(status):
        return Ended(killed=True, told=parts)
    assert os.WEXITSTATUS(status) == 0, parts[-1].decode()
    return Ended(killed=False, told=parts)


def counts(work: Callable[[Tell], None], folder: Path) -> dict[str, int]:
    """Return how often the work makes each of `CALLS`."""
    out = folder / "counts"
    under_strace(work, "-c", "-U", "name,calls", "-o", str(out), "-e", "trace=" + ",".join(CALLS))
    rows = [line.split() for line in out.read_text().splitlines()]
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[0] in CALLS}


@dataclass(frozen=True, slots=True)
class Spoiled:
    """How a child ended whose call was to fail, and whether that call was ever made."""

    ended: Ended
    fired: bool


def spoiled(work: Callable[[Tell], None], folder: Path, call: str, nth: int, how: str) -> Spoiled:
    """Run work whose n-th call (from 1) fails: how is `signal=KILL` or `error=EIO`."""
    out = folder / "spoiled"
    ended = under_strace(work, "-o", str(out), "-e", f"trace={call}", "-e", f"inject={call}:{how}:when={nth}")
    return Spoiled(ended, fired=ended.killed or "(INJECTED)" in out.read_text())


@dataclass(frozen=True, slots=True)
class Call:
    """One system call of a record: its name, the file it is about, its data, and where that stands."""

    name: str
    path: str
    data: bytes = b""
    offset: int = 0


def recorded(work: Callable[[Tell], None], folder: Path) -> tuple[Call, ...]:
    """Return every change that the work makes to files, and what it tells (`write` to a pipe), in order."""
    out = folder / "record"
    traced = "pwrite64,write,fdatasync,fsync,ftruncate,unlink,openat,rename"
    under_strace(work, "-y", "-xx", "-s", "1000000", "-o", str(out), "-e", f"trace={traced}")
    found = [_call(line) for line in out.read_text().splitlines()]
    return tuple(call for call in found if call is not None)


_FD = r"\d+<((?:\\x[0-9a-f]{2}|[^>])*)>"
_TEXT = r'"((?:\\x[0-9a-f]{2})*)"'
_FORMS = (
    re.compile(rf"(?P<name>pwrite64)\((?P<fd>{_FD}), (?P<data>{_TEXT}), \d+, (?P<offset>\d+)\) += \d"),
    re.compile(rf"(?P<name>write)\((?P<fd>{_FD}), (?P<data>{_TEXT}), \d+\) += \d"),
    re.compile(rf"(?P<name>fdatasync|fsync)\((?P<fd>{_FD})\) += 0"),
    re.compile(rf"(?P<name>ftruncate)\((?P<fd>{_FD}), (?P<offset>\d+)\) += 0"),
    re.compile(rf"(?P<name>unlink)\((?P<path>{_TEXT})\) += 0"),
    re.compile(rf"(?P<name>rename)\((?P<path>{_TEXT}), (?P<data>{_TEXT})\) += 0"),
    re.compile(rf"(?P<name>openat)\([^,]+, {_TEXT}, [^)]*O_CREAT[^)]*\) += (?P<fd>{_FD})"),
)


def _call(line: str) -> Call | None:
    line = re.sub(r"^\d+ +", "", line)
    for form in _FORMS:
        if found := form.match(line):
            groups = found.groupdict()
            path = groups.get("path")
            name = _bytes(path.strip('"')) if path else _bytes(groups["fd"].partition("<")[2].removesuffix(">"))
            data = _bytes((groups.get("data") or "").strip('"'))
            return Call(groups["name"], name.decode(), data, int(groups.get("offset") or 0))
    return None


def _bytes(text: str) -> bytes:
    if "\\x" not in text:
        return text.encode()
    return bytes.fromhex(text.replace("\\x", ""))
