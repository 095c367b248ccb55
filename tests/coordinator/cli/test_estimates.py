"""`estimates recompute`: anyone with the office's tables computes the same, and a changed figure is refused."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from coordinator.estimates.sheet import METHODS
from tests.coordinator.cli.town import PARTNERS, PERIOD, Town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path, tmp_path / "partners")
    made.found()
    yield made
    for vault in made.vaults:
        vault.close()


def test_estimates_are_recomputed_and_a_changed_one_is_refused(town: Town) -> None:
    town.write_covenant()
    town.sign_covenant()
    town.propose_study()
    town.start_nodes()
    for party in PARTNERS:
        town.declare(party)
    town.run_to_the_end()
    town.json("approve-release", PERIOD, "--officer", "tweede", "--key", str(town.second_key()))
    town.json("release", PERIOD)
    path = town.home / "estimates.json"
    made = town.json("estimates", "recompute", "--to", str(path))
    assert isinstance(made, dict)
    assert made["indicators"]
    tree = json.loads(path.read_text())
    assert tree["methods"] == dict(METHODS)
    first = tree["indicators"][0]
    assert len(first["input"]) == len(first["context"]) == 64
    told = [cell for cell in first["cells"] if "value" in cell["consistent"]]
    assert told
    assert all(cell["registered"][0] <= cell["registered"][1] for cell in told)
    assert town.json("estimates", "recompute", "--check", str(path)) == made | {"checked": True}
    told[0]["consistent"]["value"] += 0.01
    path.write_text(json.dumps(tree))
    refused = town.call("estimates", "recompute", "--check", str(path))
    assert refused.exit_code == 1
    assert "estimates-differ" in refused.stderr
    path.write_text("geen JSON")
    assert "no-estimates" in town.call("estimates", "recompute", "--check", str(path)).stderr
    assert town.call("estimates", "recompute").exit_code == 1
