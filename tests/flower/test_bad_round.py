"""A whole round over a line that is slow, uneven, cut at random and down for a while: the sum is exact."""

import json
import time
from pathlib import Path
from random import Random

import pytest

from tests.flower.live import today
from tests.flower.parties import NODES, PERIOD, Parties
from tests.flower.processes import running_nodes, running_server, start_coordinator, wait_for
from tests.flower.rounds import exact_sum
from tests.partner_node.flower.bad_line import Line, bad_line

DOWN_S = 10.0


def spoil(line: Line) -> None:
    """Make the line as bad as T09 asks: 100 to 200 ms, 200 kB a second, one connection of five cut early."""
    line.delay_s, line.bytes_s, line.break_chance, line.chance = 0.1, 200_000.0, 0.2, Random(10)


@pytest.mark.nightly
def test_a_round_over_a_bad_line_ends_in_the_exact_sum(tmp_path: Path) -> None:
    """T09, T10: with ten seconds in which there is no line at all."""
    parties = Parties(tmp_path, today())
    parties.settle()
    with running_server(parties), bad_line(parties.link_place.port) as line:
        for party in NODES:
            path = parties.place(party) / "node.toml"
            path.write_text(path.read_text().replace(f"port = {parties.link_place.port}", f"port = {line.port}"))
        spoil(line)
        with running_nodes(parties, NODES) as nodes:
            wait_for(lambda: all(node.is_listening() for node in nodes.values()))
            running = start_coordinator(parties, "run", PERIOD, "--json")
            time.sleep(8)
            line.down = True
            time.sleep(DOWN_S)
            line.down = False
            stdout, story = running.communicate()
            assert running.returncode == 0, story
            assert json.loads(stdout)["state"] == "done"
            assert [node.stop() for node in nodes.values()] == [0] * len(NODES)
        assert line.cuts >= len(NODES), "it was a bad line"
    exact_sum(parties)
