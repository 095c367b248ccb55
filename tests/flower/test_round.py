"""A round with four real node processes over a live SuperLink: the sum is exact, and nothing else left a node."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from coordinator.flower.superlink import LOG, running_superlink
from coordinator.session import Session
from protocol.errors import SamenzichtError
from protocol.round.coordinator_round import CoordinatorSlot
from tests.flower.live import SECRET, Ground, make_ground, today
from tests.flower.parties import NODES, Parties
from tests.flower.processes import NodeProcess, loaded, resident_mb, running_nodes, wait_for
from tests.flower.rounds import counted, drive, link_to
from tests.flower.test_contract import listening

MOST_RESTING_MB = 130
FRAMES = ("polars", "pandas", "pyarrow")
# sigma is at most 4 for the study's tables: 40 is ten of them, passed once in 10^22 honest cells.
MOST_NOISE = 40


@dataclass(frozen=True)
class Ran:
    """A round that was run, and what was seen of its nodes before, during and after."""

    parties: Parties
    ground: Ground
    session: Session
    slot: CoordinatorSlot
    told: list[SamenzichtError]
    nodes: dict[str, NodeProcess]
    resting_mb: dict[str, float]
    resting_maps: dict[str, str]
    ports: dict[str, set[tuple[str, int]]]
    exits: dict[str, int]
    healthy: dict[str, object]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    folder = tmp_path_factory.mktemp("round")
    ground = make_ground(folder / "link")
    parties = Parties(folder / "parties", today())
    parties.settle(ground.certificates.authority_text, ground.place.port)
    session, told = parties.session(), list[SamenzichtError]()
    with ExitStack() as stack:
        stack.enter_context(running_superlink(ground.place, secret=SECRET))
        nodes = stack.enter_context(running_nodes(parties, NODES))
        link = stack.enter_context(link_to(parties, ground, told))
        wait_for(lambda: not link.absent())
        slot = drive(session, parties, link)
        healthy = {party: node.health["state"] for party, node in nodes.items()}
        yield Ran(
            parties=parties,
            ground=ground,
            session=session,
            slot=slot,
            told=told,
            nodes=dict(nodes),
            resting_mb={party: resident_mb(node.process.pid) for party, node in nodes.items()},
            resting_maps={party: loaded(node.process.pid) for party, node in nodes.items()},
            ports={
                party: set().union(*(listening(pid) for pid in (node.process.pid, *node.children())))
                for party, node in nodes.items()
            },
            exits={party: node.stop() for party, node in nodes.items()},
            healthy=dict(healthy),
        )


def test_the_opened_sum_is_the_sum_of_what_the_nodes_sent_and_near_the_truth(ran: Ran) -> None:
    both = [counted(ran.parties, party, ran.slot.slot) for party in NODES]
    opened = ran.session.opened(ran.slot.slot).values
    true = np.sum([values for values, _ in both], axis=0)
    assert opened.tolist() == np.sum([sent for _, sent in both], axis=0).tolist()
    assert true.sum() > 0
    assert not np.array_equal(opened, true)
    assert np.abs(opened - true).max() <= MOST_NOISE


def test_every_party_answered_and_nothing_was_refused(ran: Ran) -> None:
    assert set(ran.slot.verdicts) == set(NODES)
    assert not ran.slot.objections
    assert not ran.told


def test_a_node_listens_on_no_port_and_fetched_no_bundle(ran: Ran) -> None:
    """N01, N04 in this design: there is no way for a bundle to reach a node; its disk holds none."""
    assert ran.ports == {party: set() for party in NODES}
    log = (ran.ground.place.folder / LOG).read_text()
    assert log.count("/v1/fleet/activate-node") >= len(NODES)
    assert "get-fab" not in log
    for party in NODES:
        assert not [path for path in files(ran.parties.place(party)) if b"PK\x03\x04" in path.read_bytes()]


def test_a_bundle_on_the_disk_would_be_found(tmp_path: Path) -> None:
    """Negative control."""
    (tmp_path / "app.fab").write_bytes(b"PK\x03\x04 a zip begins like this")
    assert [path for path in files(tmp_path) if b"PK\x03\x04" in path.read_bytes()]


def test_the_process_that_talks_is_small_and_knows_no_frames(ran: Ran) -> None:
    assert max(ran.resting_mb.values()) <= MOST_RESTING_MB
    for maps in ran.resting_maps.values():
        assert "libssl" in maps or "_ssl" in maps  # it is a list of libraries
        assert not [library for library in FRAMES if library in maps]


def test_it_stops_when_told_and_was_healthy(ran: Ran) -> None:
    assert ran.exits == dict.fromkeys(NODES, 0)
    assert ran.healthy == dict.fromkeys(NODES, "listening")
    assert {ran.nodes[party].health["state"] for party in NODES} == {"stopped"}


def test_its_log_is_names_codes_and_times(ran: Ran) -> None:
    """N07 in part: no line holds more than a closed set of fields."""
    for node in ran.nodes.values():
        assert {key for line in node.lines for key in line} <= {"at_s", "event", "code"}
        assert [line["event"] for line in node.lines if line["event"] != "answered"] == [
            "starting",
            "listening",
            "stopping",
            "stopped",
        ]


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
