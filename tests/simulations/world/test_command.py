"""`samenzicht-sim world` as a user runs it: what it prints, writes and refuses, and what Ctrl-C leaves."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from privacy.audit.cli import app as audit
from simulations.cli.app import app
from simulations.words import ORIGIN
from simulations.world.run import WorldResult
from tests.simulations.world.playing import SMALL


def world(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["world", *arguments])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scenario") / "small.toml"
    path.write_text(SMALL)
    return path


@pytest.fixture(scope="module")
def run(small: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    out = tmp_path_factory.mktemp("world") / "out"
    return world(str(small), "--out", str(out)), out


def test_a_world_ends_in_a_summary_and_bundles_that_an_officer_can_verify(run: tuple[Result, Path]) -> None:
    result, out = run
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "zoals het scenario zegt"
    summary = json.loads((out / "samenvatting_oefengegevens.json").read_text())
    assert (summary["origin"], summary["as_expected"], len(summary["rounds"])) == (ORIGIN, True, 4)
    assert summary["verified"] == {"2023": True}
    first = summary["rounds"][0]
    assert (first["period"], first["state"], first["participants"]) == (
        "2022-Q4",
        "done",
        ["getuige-fg", "politie", "school", "veilig-thuis"],
    )
    assert first["noise"]["cells"] == 5 * 98 * 2
    checked = CliRunner().invoke(audit, ["verify", str(out / "bundel-2023_oefengegevens")])
    assert checked.exit_code == 0, checked.stdout


def test_everything_that_is_written_or_printed_says_that_it_is_invented(run: tuple[Result, Path]) -> None:
    result, out = run
    assert ORIGIN in result.stdout
    assert ORIGIN in result.stderr.splitlines()[0]
    assert ORIGIN in (out / "LEESMIJ.txt").read_text()
    files = [path for path in out.rglob("*") if path.is_file() and path.name != "LEESMIJ.txt"]
    assert len(files) > 10
    assert all("oefengegevens" in path.relative_to(out).parts[0] for path in files)
    assert all(ORIGIN in line for line in (out / "rondes_oefengegevens.csv").read_text().splitlines()[1:])


def test_a_phase_is_a_line_where_there_is_no_terminal(run: tuple[Result, Path]) -> None:
    lines = [line.split(" s  ", 1)[1] for line in run[0].stderr.splitlines()]
    assert lines[0] == f"Drie partners, een jaar ({ORIGIN})"
    assert lines[2] == "jaar 1: convenant versie 1, 5 partijen, 980 cellen per ronde"
    assert [line.split(" ")[:3] for line in lines[3:]] == [
        ["ronde", "1", "(2022-Q4):"],
        ["ronde", "2", "(2023-Q1):"],
        ["ronde", "3", "(2023-Q2):"],
        ["ronde", "4", "(2023-Q3):"],
    ]


def test_what_does_not_come_out_as_said_is_exit_1(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only how it is told; `test_scenarios` holds that differences are found."""
    nothing = WorldResult((), {}, {}, ("ronde 2 (2023-Q1): toestand done, verwacht opened",))
    monkeypatch.setattr("simulations.cli.world.run_world", lambda *_, **__: nothing)
    result = world(str(small), "--json")
    assert result.exit_code == 1
    assert "anders dan het scenario zegt: ronde 2 (2023-Q1): toestand done, verwacht opened" in result.stderr
    summary = json.loads(result.stdout)
    assert (summary["origin"], summary["as_expected"]) == (ORIGIN, False)


def test_the_scenarios_that_ship_are_listed() -> None:
    result = world("list")
    assert result.exit_code == 0
    assert "quiet-year: Een rustig jaar: acht partners leveren op tijd" in result.stdout


def test_a_folder_that_is_not_empty_is_refused_before_the_work(small: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    for option in ("--out", "--vaults"):
        result = world(str(small), option, str(tmp_path))
        assert result.exit_code == 1
        assert "folder-not-empty" in result.stderr
        assert "ronde" not in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_bad_scenarios_are_refused_with_a_hint(small: Path, tmp_path: Path) -> None:
    unknown = world("quiet-yaer")
    assert unknown.exit_code == 1
    assert "unknown-scenario" in unknown.stderr
    assert "hint: shipped: boundaries-change" in unknown.stderr
    (tmp_path / "keys.toml").write_text(SMALL + "colour = 1\n")
    assert "wrong, unknown or missing: colour" in world(str(tmp_path / "keys.toml")).stderr
    (tmp_path / "latin.toml").write_bytes(b"title = '\xe9'")
    assert "not UTF-8" in world(str(tmp_path / "latin.toml")).stderr
    assert "got 11 years, wanted 1 to 10" in world(str(small), "--years", "11").stderr
    assert world(str(small), "--years", "0").exit_code == 2
    assert world().exit_code == 2


def test_an_interruption_leaves_no_summary_and_no_bundle(small: Path, tmp_path: Path) -> None:
    """Ctrl-C in the second round: 130, one clear line, and nothing in the place of the output."""
    command = [sys.executable, "-m", "simulations.cli.app", "world", str(small), "--years", "10"]
    with subprocess.Popen(
        [*command, "--out", str(tmp_path / "out")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        started = time.monotonic()
        for line in running.stderr:
            if "ronde 1" in line:
                break
            assert time.monotonic() - started < 60
        running.send_signal(signal.SIGINT)
        stdout, stderr = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "onderbroken: er is geen samenvatting en geen bundel geschreven" in stderr
    assert stdout == ""
    assert list(tmp_path.iterdir()) == []
