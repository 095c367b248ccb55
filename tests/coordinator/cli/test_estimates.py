"""`estimates recompute`: anyone with the office's tables computes the same, and a changed figure is refused."""

import json
from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from coordinator.estimates.sheet import METHODS
from tests.coordinator.cli.town import APP, Town


def test_estimates_are_recomputed_and_a_changed_one_is_refused(town: Town) -> None:
    town.agree_and_run()
    town.release()
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
    check_bundles(town, path)
    dates = town.home / "context.toml"
    dates.write_text('[[break]]\nperiod = "2019-Q1"\nkind = "law"\n')
    wider = town.home / "neighbours.json"
    town.json("estimates", "recompute", "--to", str(wider), "--neighbours", "--context", str(dates))
    assert "spatial" in json.loads(wider.read_text())["indicators"][0]
    told[0]["consistent"]["value"] += 0.01
    path.write_text(json.dumps(tree))
    refused = town.call("estimates", "recompute", "--check", str(path))
    assert refused.exit_code == 1
    assert "estimates-differ" in refused.stderr
    path.write_text("geen JSON")
    assert "no-estimates" in town.call("estimates", "recompute", "--check", str(path)).stderr
    assert town.call("estimates", "recompute").exit_code == 1


def check_bundles(town: Town, path: Path) -> None:
    """The audit bundle gives the office's estimates, and the public one those that the office makes with --published.

    With an empty folder for an office: a reader has none. Negative controls: each bundle beside the other's file, and a
    bundle of which one byte changed.
    """
    town.json("export", "--to", str(town.home / "out"))
    audit, public = (str(town.home / "out" / f"{audience}-bundle") for audience in ("audit", "public"))
    areas, seen = str(town.office / "geography"), town.home / "published.json"
    town.json("estimates", "recompute", "--published", "--to", str(seen))
    assert json.loads(seen.read_text())["basis"] == "published"
    reader = town.home / "reader"
    reader.mkdir()

    def recompute(bundle: str, file: Path) -> Result:
        call = ["estimates", "recompute", "--bundle", bundle, "--areas", areas, "--check", str(file)]
        return CliRunner().invoke(APP, [*call, "--dir", str(reader)])

    for bundle, same, other in ((audit, path, seen), (public, seen, path)):
        assert recompute(bundle, same).exit_code == 0
        refused = recompute(bundle, other)
        assert refused.exit_code == 1
        assert "/basis" in refused.stderr
    leaves = Path(public) / "log" / "coordinator.leaves"
    leaves.write_bytes(leaves.read_bytes().replace(b"a", b"b", 1))
    assert "unsound-bundle" in recompute(public, seen).stderr
