"""Node processes for tests: started as a partner starts them, watched from outside, ended with the test."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from coordinator.flower.superlink import LOOPBACK
from partner_node.flower.service import HEALTH
from protocol.words.ids import PartyId
from tests.flower.parties import Parties

STOP_S = 60.0
_COORDINATE = "from coordinator.cli.app import main; main()"
_RUN = "from partner_node.cli.app import main; main()"


@dataclass
class NodeProcess:
    """One node's service."""

    parties: Parties
    party: PartyId
    process: "subprocess.Popen[bytes]" = field(init=False)

    def start(self) -> None:
        place = self.parties.place(self.party)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _RUN, "run", "--node", str(place / "node.toml")],
                env=self.parties.environment(),
                cwd=place,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def log(self) -> Path:
        return self.parties.folder / f"{self.party}.log"

    @property
    def lines(self) -> list[dict[str, str | int]]:
        """The log; every line must be one JSON object."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    @property
    def state(self) -> str:
        """What the health file says; nothing before there is one."""
        path = self.parties.place(self.party) / "vault" / HEALTH
        return str(json.loads(path.read_text())["state"]) if path.exists() else ""

    def is_listening(self) -> bool:
        """Tell whether it waits for messages; a process that ended never will."""
        assert self.process.poll() is None, self.log.read_text()
        return self.state == "listening"

    def stop(self) -> int:
        return stop(self.process)


def start_coordinator(parties: Parties, *arguments: str) -> "subprocess.Popen[bytes]":
    """Start the coordinator's command in its folder."""
    return subprocess.Popen(
        [sys.executable, "-c", _COORDINATE, *arguments, "--dir", str(parties.office)],
        env=parties.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@contextmanager
def running_server(parties: Parties) -> Iterator["subprocess.Popen[bytes]"]:
    """Start `link serve`, give its process once the SuperLink answers, and stop it."""
    process = start_coordinator(parties, "link", "serve")
    try:
        wait_for(lambda: process.poll() is not None or answers(parties.link_place.port))
        yield process
    finally:
        stop(process)


def stop(process: "subprocess.Popen[bytes]") -> int:
    """Ask a process to stop and return its exit code; end one that does not."""
    process.terminate()
    try:
        process.communicate(timeout=STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    return process.returncode


def answers(port: int) -> bool:
    """Tell whether somebody listens on a port of loopback."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def children_of(pid: int) -> list[int]:
    """Return the processes that a process started."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(each) for each in (task / "children").read_text().split()]
    return found


@contextmanager
def running_nodes(parties: Parties, who: Sequence[PartyId]) -> Iterator[dict[PartyId, NodeProcess]]:
    """Start nodes, give them, and end what is left of them."""
    nodes = {party: NodeProcess(parties, party) for party in who}
    try:
        for node in nodes.values():
            node.start()
        yield nodes
    finally:
        for node in nodes.values():
            node.process.terminate()
        for node in nodes.values():
            stop(node.process)


def resident_mb(pid: int) -> float:
    """Return the memory that a process holds, as the kernel counts it."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return max((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), default=0.0)


def loaded(pid: int) -> str:
    """Return which files a process has mapped, its libraries among them."""
    return Path(f"/proc/{pid}/maps").read_text()


def wait_for(true: Callable[[], bool], *, most_s: float = 240.0) -> None:
    """Wait until a condition holds."""
    until = time.monotonic() + most_s
    while not true():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.2)


def listening(pid: int) -> set[tuple[str, int]]:
    """Return the addresses on which a process listens."""
    sockets = {
        link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir() if str(link.readlink()).startswith("socket:")
    }
    found = set()
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                address, port = fields[1].split(":")
                raw = b"".join(bytes.fromhex(address[at : at + 8])[::-1] for at in range(0, len(address), 8))
                found.add((socket.inet_ntop(family, raw), int(port, 16)))
    return found
