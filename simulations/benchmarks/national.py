"""Touches the world: one period of the whole Netherlands at the coordinator, by its own commands, each its own process.

The uploads of 60 partners lie in the courier's folders. Measured is what the coordinator then does: store and open
them, take the verdicts, publish, and export figures in four forms and both checked bundles.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from coordinator.config import NAME, first_config
from coordinator.courier import MESSAGE, Courier
from coordinator.identity import make_identity
from coordinator.office import open_office, read_config, store_url
from coordinator.store.make import make_store
from protocol.digest import digest_of
from protocol.ledger.entry import CovenantEntry
from protocol.words.ids import PartyId
from simulations.benchmarks import national_world as world
from simulations.benchmarks.result import Result, less_is_better
from simulations.party import SimulatedParty

NOW, NOW_S = "2026-01-12T09:00:00", 1_768_208_400


@dataclass(slots=True)
class Measured:
    """What the measured commands took together. peak_mb: of the greediest."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    story: list[str] = field(default_factory=list)


def national_period() -> tuple[Result, ...]:
    """Open, store, publish and export one period: 366,180 cells of 60 partners."""
    with TemporaryDirectory() as home:
        folder = Path(home) / "office"
        nodes = _found(folder)
        _carry_round(folder, nodes, "ready", "upload")
        taken = Measured()
        _command(folder, "run", world.PERIOD, "--now", NOW, into=taken)
        _carry(folder, nodes)
        key = Path(home) / "second.key"
        key.write_text(world.secret(f"sign officer {world.COORDINATOR}").hex())
        _command(folder, "run", world.PERIOD, "--now", NOW, into=taken)
        nodes.clear()
        second = ("--officer", world.OFFICER, "--key", str(key))
        _command(folder, "approve-release", world.PERIOD, *second, into=taken)
        _command(folder, "release", world.PERIOD, into=taken)
        _command(folder, "export", "--to", str(Path(home) / "out"), into=taken)
    for line in taken.story:
        print(line, file=sys.stderr)
    return (
        less_is_better(
            "national_period", ours=taken.wall_s, peer=None, peer_name="-", unit="s wall, 366,180 cells", limit="<= 30"
        ),
        less_is_better(
            "national_period_cpu", ours=taken.cpu_s, peer=None, peer_name="-", unit="s CPU, the same", limit="<= 30"
        ),
        less_is_better(
            "national_period_memory", ours=taken.peak_mb, peer=None, peer_name="-", unit="MB peak", limit="<= 1000"
        ),
    )


def _found(folder: Path) -> dict[PartyId, SimulatedParty]:
    """Make an office in which the agreement is in force, and return the partners' nodes."""
    areas = world.geography()
    agreed = world.covenant(areas)
    planned = world.study(agreed)
    folder.mkdir(mode=0o700)
    (folder / NAME).write_text(first_config(world.COORDINATOR))
    make_identity(folder, world.secret(f"sign {world.COORDINATOR}"))
    make_store(store_url(folder, read_config(folder)))
    with open_office(folder) as office, office.store.transaction():
        office.store.keep_geography(areas)
        office.store.keep_covenant(world.signed_covenant(agreed))
        office.store.log.append(CovenantEntry(covenant_digest=digest_of(agreed)).encode())
        office.store.keep_study(world.signed_study(planned))
        for party in world.PARTNERS:
            office.store.keep_approval(world.approval(planned, party))
            office.store.keep_declaration(world.declaration(planned, party))
    return {party: world.node_of(party, agreed, areas, planned) for party in world.PARTNERS}


def _carry_round(folder: Path, nodes: dict[PartyId, SimulatedParty], *answers: str) -> None:
    """Bring the round as far as these answers lie in the inboxes."""
    for _ in answers:
        _command(folder, "run", world.PERIOD, "--now", NOW, into=Measured())
        _carry(folder, nodes)


def _carry(folder: Path, nodes: dict[PartyId, SimulatedParty]) -> None:
    """Carry the newest message to each node, and its answers back."""
    sending = folder.parent / "sending"
    for party, node in nodes.items():
        newest = max((folder / "courier" / party / "to").glob(f"*{MESSAGE}"), key=lambda path: path.stat().st_mtime_ns)
        sender = Courier(sending, (party,))
        for answer in node.receive(newest.read_bytes(), NOW_S):
            sender.send(party, answer)
        inbox = folder / "courier" / party / "from"
        inbox.mkdir(parents=True, exist_ok=True)
        for path in (sending / party / "to").glob(f"*{MESSAGE}"):
            path.replace(inbox / path.name)


def _command(folder: Path, *arguments: str, into: Measured) -> None:
    """Run a command in a process of its own and add what it took."""
    command = [sys.executable, "-m", "coordinator.cli.app", *arguments, "--dir", str(folder)]
    started = time.perf_counter()
    with TemporaryFile() as out:
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            out.seek(0)
            raise subprocess.CalledProcessError(child.returncode, command, out.read())
    wall_s, cpu_s, peak_mb = time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    into.wall_s += wall_s
    into.cpu_s += cpu_s
    into.peak_mb = max(into.peak_mb, peak_mb)
    into.story.append(f"  {arguments[0]}: {wall_s:.1f} s wall, {cpu_s:.1f} s CPU, {peak_mb:.0f} MB")
