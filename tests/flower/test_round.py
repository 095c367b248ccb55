"""A round with four real node processes over a live SuperLink: the sum is exact, and nothing else left a node."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from coordinator.flower.superlink import LOG, LOOPBACK
from coordinator.office import open_office
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.round.opening import Opened
from tests.flower.live import today
from tests.flower.parties import NODES, PERIOD, Parties
from tests.flower.processes import (
    NodeProcess,
    children_of,
    listening,
    loaded,
    resident_mb,
    running_nodes,
    running_server,
    start_coordinator,
    stop,
    wait_for,
)
from tests.flower.rounds import counted

MOST_RESTING_MB, MOST_COORDINATOR_MB = 130, 400
FRAMES = ("polars", "pandas", "pyarrow")
# sigma is at most 4 for the study's tables: 40 is ten of them, passed once in 10^22 honest cells.
MOST_NOISE = 40


@dataclass(frozen=True)
class Ran:
    """A round that was run by the commands, and what was seen of its processes."""

    parties: Parties
    slot: CoordinatorSlot
    opened: Opened
    result: dict[str, object]
    story: str
    nodes: dict[str, NodeProcess]
    resting_maps: dict[str, str]
    megabytes: dict[str, float]
    ports: dict[str, set[tuple[str, int]]]
    exits: dict[str, int]
    healthy: dict[str, object]


def ran_in(folder: Path) -> Ran:
    """Run one round with everything that it needs, and end it all."""
    parties = Parties(folder, today())
    parties.settle()
    with running_server(parties) as server, running_nodes(parties, NODES) as nodes:
        wait_for(lambda: all(node.is_listening() for node in nodes.values()))
        coordinator = start_coordinator(parties, "run", PERIOD, "--json")
        highest_mb = 0.0
        while coordinator.poll() is None:
            highest_mb = max(highest_mb, resident_mb(coordinator.pid))
            time.sleep(0.1)
        stdout, story = coordinator.communicate()
        assert coordinator.returncode == 0, story
        with open_office(parties.office, read_only=True) as office:
            (slot,) = office.store.slots()
            opened = office.session().opened(slot.slot)
        seen = {party: node.process.pid for party, node in nodes.items()}
        superlink = children_of(server.pid)[0]
        return Ran(
            parties=parties,
            slot=slot,
            opened=opened,
            result=json.loads(stdout),
            story=story.decode(),
            nodes={party: nodes[party] for party in NODES},
            resting_maps={party: loaded(pid) for party, pid in seen.items()},
            megabytes={
                **{party: resident_mb(pid) for party, pid in seen.items()},
                "coordinator": highest_mb,
                "superlink": resident_mb(superlink),
            },
            ports={
                party: set().union(*(listening(each) for each in (pid, *children_of(pid))))
                for party, pid in seen.items()
            }
            | {"superlink": listening(superlink)},
            healthy={party: node.state for party, node in nodes.items()},
            exits={party: node.stop() for party, node in nodes.items()} | {"server": stop(server)},
        )


def the_opened_sum_is_the_sum_of_what_the_nodes_sent_and_near_the_truth(ran: Ran) -> None:
    both = [counted(ran.parties, party, ran.slot.slot) for party in NODES]
    opened = ran.opened.values
    true = np.sum([values for values, _ in both], axis=0)
    assert opened.tolist() == np.sum([sent for _, sent in both], axis=0).tolist()
    assert true.sum() > 0
    assert not np.array_equal(opened, true)
    assert np.abs(opened - true).max() <= MOST_NOISE


def every_party_answered_and_nothing_was_refused(ran: Ran) -> None:
    assert set(ran.slot.verdicts) == set(NODES)
    assert not ran.slot.objections
    assert ran.result["state"] == "done"
    assert "error" not in ran.story


def a_node_listens_on_no_port_and_fetched_no_bundle(ran: Ran) -> None:
    """N01, N04 in this design: there is no way for a bundle to reach a node; its disk holds none."""
    place = ran.parties.link_place
    assert {name: ports for name, ports in ran.ports.items() if ports} == {"superlink": {(LOOPBACK, place.port)}}
    assert set(ran.ports) == {*NODES, "superlink"}
    log = (place.folder / LOG).read_text()
    assert log.count("/v1/fleet/activate-node") >= len(NODES)
    assert "get-fab" not in log
    for party in NODES:
        assert not [path for path in files(ran.parties.place(party)) if b"PK\x03\x04" in path.read_bytes()]


def test_a_bundle_on_the_disk_would_be_found(tmp_path: Path) -> None:
    """Negative control."""
    (tmp_path / "app.fab").write_bytes(b"PK\x03\x04 a zip begins like this")
    assert [path for path in files(tmp_path) if b"PK\x03\x04" in path.read_bytes()]


def the_process_that_talks_is_small_and_knows_no_frames(ran: Ran) -> None:
    assert max(ran.megabytes[party] for party in NODES) <= MOST_RESTING_MB
    assert ran.megabytes["coordinator"] <= MOST_COORDINATOR_MB
    for maps in ran.resting_maps.values():
        assert "libssl" in maps or "_ssl" in maps  # it is a list of libraries
        assert not [library for library in FRAMES if library in maps]


def it_stops_when_told_and_was_healthy(ran: Ran) -> None:
    assert ran.exits == dict.fromkeys((*NODES, "server"), 0)
    assert ran.healthy == dict.fromkeys(NODES, "listening")
    assert {ran.nodes[party].state for party in NODES} == {"stopped"}


def its_log_is_names_codes_and_times(ran: Ran) -> None:
    """N07 in part: no line holds more than a closed set of fields."""
    for node in ran.nodes.values():
        assert {key for line in node.lines for key in line} <= {"at_s", "event", "code"}
        assert [line["event"] for line in node.lines if line["event"] != "answered"] == [
            "starting",
            "listening",
            "stopping",
            "stopped",
        ]


CHECKS = (
    the_opened_sum_is_the_sum_of_what_the_nodes_sent_and_near_the_truth,
    every_party_answered_and_nothing_was_refused,
    a_node_listens_on_no_port_and_fetched_no_bundle,
    the_process_that_talks_is_small_and_knows_no_frames,
    it_stops_when_told_and_was_healthy,
    its_log_is_names_codes_and_times,
)


def test_a_round_with_four_node_processes_over_a_live_superlink(tmp_path: Path, subtests: pytest.Subtests) -> None:
    """One test, because the round takes most of a minute and tests of one file run on several workers."""
    ran = ran_in(tmp_path)
    for check in CHECKS:
        with subtests.test(check.__name__):
            check(ran)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
