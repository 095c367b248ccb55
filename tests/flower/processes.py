"""Node processes for tests: started as a partner starts them, watched from outside, ended with the test."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from partner_node.flower.service import HEALTH
from protocol.words.ids import PartyId
from tests.flower.parties import Parties

STOP_S = 60.0
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
    def health(self) -> dict[str, str | int]:
        found: dict[str, str | int] = json.loads((self.parties.place(self.party) / "vault" / HEALTH).read_text())
        return found

    def children(self) -> list[int]:
        """Return the processes that this one started."""
        text = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        own = [int(each) for each in text.split()]
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            own += [int(each) for each in (task / "children").read_text().split()]
        return sorted(set(own))

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(STOP_S)


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
            try:
                node.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                node.process.kill()
                node.process.wait()


def resident_mb(pid: int) -> float:
    """Return the memory that a process holds, as the kernel counts it."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no such process")


def loaded(pid: int) -> str:
    """Return which files a process has mapped, its libraries among them."""
    return Path(f"/proc/{pid}/maps").read_text()


def wait_for(true: Callable[[], bool], *, most_s: float = 90.0) -> None:
    """Wait until a condition holds."""
    until = time.monotonic() + most_s
    while not true():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.2)
