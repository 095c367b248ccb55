"""A round of a million cells a node over a live SuperLink: exact, and what it takes."""

import json
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from protocol.study.study import Study
from protocol.words.geography import Area, AreaCode, Geography, Level
from protocol.words.ids import Line
from tests.flower.live import today
from tests.flower.parties import NODES, PERIOD, Parties
from tests.flower.processes import running_nodes, running_server, start_coordinator, wait_for
from tests.flower.rounds import exact_sum

WIJKEN, BUURTEN = 100, 100  # of each gemeente: a code has two digits for either
LATENESS = 8
MOST_S = 240.0


def areas_of(gemeente: str) -> list[Area]:
    """Return a gemeente with as many wijken and buurten as its code has room for."""
    made = [Area(code=AreaCode(f"GM{gemeente}"), name=Line("Ruim"), parent=None)]
    for wijk in range(WIJKEN):
        code = AreaCode(f"WK{gemeente}{wijk:02}")
        made.append(Area(code=code, name=Line("Wijk"), parent=AreaCode(f"GM{gemeente}")))
        made += [
            Area(code=AreaCode(f"BU{gemeente}{wijk:02}{buurt:02}"), name=Line("Buurt"), parent=code)
            for buurt in range(BUURTEN)
        ]
    return made


@dataclass
class WideParties(Parties):
    """The same parties, who count by buurt in two large gemeenten more, with two years of late quarters."""

    @cached_property
    def geography(self) -> Geography:
        own = super().geography
        areas = [*own.areas, *areas_of("9902"), *areas_of("9903")]
        return own.model_copy(update={"areas": tuple(sorted(areas, key=lambda area: area.code))})

    @cached_property
    def study(self) -> Study:
        made = super().study
        tables = tuple(table.model_copy(update={"level": Level.BUURT, "lateness": LATENESS}) for table in made.tables)
        return made.model_copy(update={"tables": tables})


@pytest.mark.nightly
def test_a_million_cells_a_node(tmp_path: Path) -> None:
    parties = WideParties(tmp_path, today())
    parties.settle()
    with running_server(parties), running_nodes(parties, NODES) as nodes:
        wait_for(lambda: all(node.is_listening() for node in nodes.values()))
        begun = time.monotonic()
        coordinator = start_coordinator(parties, "run", PERIOD, "--json")
        stdout, story = coordinator.communicate(timeout=MOST_S)
        seconds = time.monotonic() - begun
    assert coordinator.returncode == 0, story
    assert json.loads(stdout)["state"] == "done"
    opened, true = exact_sum(parties)
    sys.stderr.write(f"{opened.size} cells a node, {len(NODES)} nodes: {seconds:.1f} s\n")
    assert opened.size >= 1_000_000
    assert true.sum() > 0
