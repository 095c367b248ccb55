"""The benchmark of a node's road, small: all four programs find the same counts, and one that does not is seen."""

from pathlib import Path

import pytest

from simulations.benchmarks import node, node_peers
from simulations.benchmarks.node_world import HEADER

UNITS = 300
ROADS = {"node": node.count_node} | {who: node_peers.ROADS[who] for who in node.PEERS}


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_node_and_its_peers_count_one_file_alike(tmp_path: Path, form: str) -> None:
    """Nearly all of 3,000 rows fall in cells of their own, so hardly any is cut off at three."""
    path = tmp_path / f"verzuim.{form}"
    node.write_file(path, UNITS)
    counts = {who: road(path) for who, road in ROADS.items()}
    assert 2_990 <= sum(counts["node"]) <= 3_000
    assert len({tuple(found) for found in counts.values()}) == 1


def test_events_of_a_household_in_one_cell_are_cut_off_by_all(tmp_path: Path) -> None:
    path = tmp_path / "verzuim.csv"
    rows = [f"V{row};H{row // 5};BU99010007;05-01-2026" for row in range(25)]
    path.write_text("\n".join([";".join(HEADER), *rows, ""]))
    for road in ROADS.values():
        assert (road(path)[7], sum(road(path))) == (15, 15)


def test_the_floor_reads_and_counts_nothing(tmp_path: Path) -> None:
    path = tmp_path / "verzuim.csv"
    node.write_file(path, UNITS)
    assert node_peers.ROADS[node.FLOOR](path) == []


def test_figures_come_from_processes_of_their_own() -> None:
    """The node's beside those of three programs and of reading alone."""
    results = node.road("node_small", "csv", units=UNITS, limit_s="<= 4", runs=1)
    assert [result.name for result in results] == ["node_small"] * 4 + ["node_small_memory"] * 4
    assert all(result.ours > 0 and result.peer for result in results)


def test_a_program_that_counts_otherwise_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control."""
    monkeypatch.setattr(node, "_child", lambda who, _: node.Answer((int(who == "duckdb"),), 1.0, 1.0))
    monkeypatch.setattr(node, "_run", lambda *_: "")
    with pytest.raises(node.CountsDiffer):
        node.road("node_small", "csv", units=UNITS, limit_s="<= 4", runs=1)
