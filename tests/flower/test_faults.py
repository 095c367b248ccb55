"""What breaks during a round: a node killed at each stage, the SuperLink restarted, the coordinator killed.

Each time the round goes on to the same opened sum as the vaults say, and no vault ever sent two different contents.
"""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from coordinator.flower.superlink import (
    SECRET,
    running_superlink,
    start_superlink,
    stop_superlink,
    wait_until_up,
)
from coordinator.office import open_office
from coordinator.session import Session
from protocol.errors import SamenzichtError
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.round.transitions import State
from protocol.words.ids import PartyId
from tests.flower import live
from tests.flower.parties import NODES, PERIOD, Parties
from tests.flower.processes import (
    NodeProcess,
    children_of,
    running_nodes,
    running_server,
    start_coordinator,
    wait_for,
)
from tests.flower.rounds import counted, drive, link_to

pytestmark = pytest.mark.nightly
VICTIM = PartyId("politie")


@dataclass
class Broken:
    """A round in which something breaks once, when it stands where the test says."""

    parties: Parties
    nodes: dict[PartyId, NodeProcess]
    session: Session
    told: list[SamenzichtError] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def run(self, when: Callable[[CoordinatorSlot], bool], breaks: Callable[[], None]) -> CoordinatorSlot:
        def after_turn(slot: CoordinatorSlot) -> None:
            if not self.broken and when(slot):
                self.broken.append(slot.state)
                breaks()

        with link_to(self.parties, self.told) as link:
            wait_for(lambda: not link.absent())
            slot = drive(self.session, self.parties, link, after_turn=after_turn)
        assert self.broken
        return slot

    def check(self, slot: CoordinatorSlot) -> None:
        """The sum is exact by the nodes' own vaults, which sent what the coordinator has."""
        for node in self.nodes.values():
            assert node.stop() == 0
        both = [counted(self.parties, party, slot.slot) for party in NODES]
        opened = self.session.opened(slot.slot).values
        assert opened.tolist() == np.sum([sent for _, sent in both], axis=0).tolist()
        assert not slot.objections


@contextmanager
def broken_round(folder: Path, *, own_superlink: bool = True) -> Iterator[Broken]:
    parties = Parties(folder, live.today())
    parties.settle()
    with ExitStack() as stack:
        if own_superlink:
            stack.enter_context(running_superlink(parties.link_place, secret=live.SECRET))
        nodes = stack.enter_context(running_nodes(parties, NODES))
        office = stack.enter_context(open_office(parties.office))
        yield Broken(parties, nodes, office.session())


def kill(node: NodeProcess) -> None:
    """Kill both processes of a node, as a power cut does, and start it again."""
    children = children_of(node.process.pid)
    for pid in (node.process.pid, *children):
        os.kill(pid, signal.SIGKILL)
    node.process.wait()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))
    node.start()


@pytest.mark.parametrize(
    "when",
    [
        pytest.param(lambda slot: slot.state is State.PROPOSED and bool(slot.readies), id="before or after READY"),
        pytest.param(lambda slot: VICTIM in slot.readies, id="after READY"),
        pytest.param(lambda slot: slot.state is State.COMMITTED, id="at LOCK"),
        pytest.param(lambda slot: VICTIM in slot.uploads, id="after SENT"),
    ],
)
def test_a_node_killed_and_started_again_ends_the_round(
    when: Callable[[CoordinatorSlot], bool], tmp_path: Path
) -> None:
    """T05, C04: Flower holds the dead node for the live one for up to a minute; then the round goes on."""
    with broken_round(tmp_path) as broken:
        slot = broken.run(when, lambda: kill(broken.nodes[VICTIM]))
        broken.check(slot)


@pytest.mark.parametrize("state", [State.PROPOSED, State.COMMITTED])
def test_a_superlink_killed_and_restarted_in_a_round_changes_nothing(state: State, tmp_path: Path) -> None:
    with broken_round(tmp_path, own_superlink=False) as broken:
        place = broken.parties.link_place
        running = [start_superlink(place, secret=live.SECRET)]
        wait_until_up(running[0], place)

        def restart() -> None:
            running[0].kill()
            running[0].wait()
            time.sleep(20)
            running[0] = start_superlink(place, secret=bytes(32))  # its first secret stands in its folder
            wait_until_up(running[0], place)

        try:
            slot = broken.run(lambda slot: slot.state is state, restart)
            broken.check(slot)
        finally:
            stop_superlink(running[0])
        assert (place.folder / SECRET).read_text() == live.SECRET.hex()
        assert {error.code for error in broken.told} <= {"super-link-failed", "run-lost", "not-answered"}


def test_a_superlink_that_is_gone_for_two_minutes_ends_the_run_and_not_the_round(tmp_path: Path) -> None:
    with broken_round(tmp_path, own_superlink=False) as broken:
        place = broken.parties.link_place
        running = [start_superlink(place, secret=live.SECRET)]
        wait_until_up(running[0], place)

        def restart() -> None:
            running[0].kill()
            running[0].wait()
            time.sleep(120)
            running[0] = start_superlink(place, secret=live.SECRET)
            wait_until_up(running[0], place)

        try:
            broken.check(broken.run(lambda slot: slot.state is State.COMMITTED, restart))
        finally:
            stop_superlink(running[0])


@pytest.mark.parametrize("answers", [1, 4, 6], ids=["before all are READY", "at COMMIT", "at UPLOAD"])
def test_a_coordinator_that_is_killed_goes_on_with_the_same_command(answers: int, tmp_path: Path) -> None:
    """C08 in part."""
    parties = Parties(tmp_path, live.today())
    parties.settle()
    with running_server(parties), running_nodes(parties, NODES) as nodes:
        wait_for(lambda: all(node.is_listening() for node in nodes.values()))

        def answered() -> int:
            return sum(line["event"] == "answered" for node in nodes.values() for line in node.lines)

        first = start_coordinator(parties, "run", PERIOD, "--json")
        wait_for(lambda: answered() >= answers)
        first.kill()
        first.communicate()
        again = start_coordinator(parties, "run", PERIOD, "--json")
        stdout, story = again.communicate()
        assert again.returncode == 0, story
        assert json.loads(stdout)["state"] == "done"
        with open_office(parties.office, read_only=True) as office:
            (slot,) = office.store.slots()
            Broken(parties, nodes, office.session()).check(slot)


def test_a_superlink_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """Ctrl-C, a crash or a kill leaves no process behind."""
    parties = Parties(tmp_path, live.today())
    parties.settle()
    with running_server(parties) as server:
        (superlink,) = children_of(server.pid)
        assert Path(f"/proc/{superlink}").exists()
        server.kill()
        wait_for(lambda: not Path(f"/proc/{superlink}").exists())
