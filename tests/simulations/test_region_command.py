"""`samenzicht-sim region` as a user runs it: what it writes, prints and refuses, and what Ctrl-C leaves."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from coordinator.geography.features import read_maps
from partner_node.delivery.mapping import check_mapping, parse_mapping
from partner_node.profiles.catalogue import PROFILES
from simulations.cli.app import app
from simulations.registers.layouts import LAYOUTS
from simulations.words import ORIGIN

PARTNERS = sorted(PROFILES)


def region(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["region", *arguments])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    out = tmp_path_factory.mktemp("region") / "out"
    return region("--out", str(out), "--years", "1", "--json"), out


def lines(folder: Path, partner: str, stem: str) -> int:
    """Count the rows of a record type in all its files."""
    layout = next(each for each in LAYOUTS if (each.partner, each.stem) == (partner, stem))
    texts = [path.read_bytes().decode(layout.encoding) for path in (folder / partner).glob(f"{stem}_*.csv")]
    assert len(texts) == 4
    return sum(len(list(csv.reader(io.StringIO(text, newline=""), delimiter=layout.separator))) - 1 for text in texts)


def test_a_region_is_maps_registers_mappings_and_the_truth(made: tuple[Result, Path]) -> None:
    result, out = made
    assert result.exit_code == 0, result.stderr
    folders = {path.name for path in out.iterdir() if path.is_dir()}
    assert folders == {"gebied", "waarheid", *PARTNERS}
    assert len(PARTNERS) == 8
    assert {path.name for path in out.iterdir() if path.is_file()} == {
        *("LEESMIJ.txt", "kaart_oefengegevens.svg", "samenvatting_oefengegevens.json")
    }
    maps = read_maps(
        [out / "gebied" / f"{level}_oefengegevens.geojson" for level in ("gemeenten", "wijken", "buurten")]
    )
    assert len(maps.areas) == 1 + 19 + 79
    for partner in PARTNERS:
        (mapping,) = (out / partner).glob("*.toml")
        check_mapping(parse_mapping(mapping.read_text(encoding="utf-8")), PROFILES[partner])
    assert len((out / "gebied" / "instellingen_oefengegevens.txt").read_text().splitlines()) == 4
    readme = (out / "LEESMIJ.txt").read_text(encoding="utf-8")
    assert all(f"{path.relative_to(out)}\n" in readme for path in out.rglob("*_*") if path.is_file())


def test_the_summary_counts_what_is_in_the_files(made: tuple[Result, Path]) -> None:
    result, out = made
    summary = json.loads(result.stdout)
    assert summary == json.loads((out / "samenvatting_oefengegevens.json").read_text(encoding="utf-8"))
    assert (summary["origin"], summary["real_names"], summary["years"]) == (ORIGIN, False, 1)
    assert (summary["gemeenten"], summary["wijken"], summary["buurten"]) == (1, 19, 79)
    assert (summary["inhabitants"], summary["institutions"]) == (161_000, 4)
    text = (out / "waarheid" / "fouten_oefengegevens.csv").read_text(encoding="utf-8")
    planted = Counter(row["fout"] for row in csv.DictReader(io.StringIO(text), delimiter=";"))
    assert sum((Counter(each["faults"]) for each in summary["registers"]), Counter[str]()) == planted
    for layout, each in zip(LAYOUTS, summary["registers"], strict=True):
        assert (each["partner"], each["record"]) == (layout.partner, layout.record)
        truth = out / "waarheid" / f"{layout.partner}_{layout.record}_oefengegevens.csv"
        assert each["rows"] == len(truth.read_text(encoding="utf-8").splitlines()) - 1
        assert each["delivered"] == lines(out, layout.partner, layout.stem)


def test_everything_says_that_it_is_invented(made: tuple[Result, Path]) -> None:
    result, out = made
    assert result.stderr.splitlines()[0] == ORIGIN
    assert (out / "LEESMIJ.txt").read_text(encoding="utf-8").startswith(f"{ORIGIN}\n")
    for path in out.rglob("*"):
        if path.is_file() and path.name != "LEESMIJ.txt":
            assert "oefengegevens" in path.name
            # CSVs in the form of a partner or of CBS, and the node's list of addresses, have no room for more.
            assert path.suffix in {".csv", ".txt"} or ORIGIN in path.read_text(encoding="utf-8"), path
    assert ORIGIN in region("--out", str(out.parent / "table"), "--years", "1", "--flawless").stdout


def test_a_phase_is_a_line_and_equal_options_give_equal_bytes(made: tuple[Result, Path], tmp_path: Path) -> None:
    result, out = made
    told = [line.split(" s  ", 1)[1].split(" ")[0] for line in result.stderr.splitlines()[1:]]
    assert told == ["gebied", "kaarten,", "73730", "registraties", "leveringen", "geschreven"]
    again = region("--out", str(tmp_path / "again"), "--years", "1", "--seed", "1")
    assert again.exit_code == 0
    names = {path.relative_to(out) for path in out.rglob("*") if path.is_file()}
    assert names == {path.relative_to(tmp_path / "again") for path in (tmp_path / "again").rglob("*") if path.is_file()}
    assert all((out / name).read_bytes() == (tmp_path / "again" / name).read_bytes() for name in names)


def test_a_flawless_region_of_more_gemeenten_has_no_fault(tmp_path: Path) -> None:
    result = region("--out", str(tmp_path / "out"), "--years", "1", "--gemeenten", "2", "--flawless", "--json")
    summary = json.loads(result.stdout)
    assert (summary["gemeenten"], summary["wijken"], summary["buurten"]) == (2, 27, 109)
    assert [each["faults"] for each in summary["registers"]] == [{}] * 10
    faults = (tmp_path / "out" / "waarheid" / "fouten_oefengegevens.csv").read_text(encoding="utf-8")
    assert faults.splitlines() == ["bestand;regel;id;fout"]


def test_a_map_gives_its_shapes_and_people_to_another_region(made: tuple[Result, Path], tmp_path: Path) -> None:
    """The maps and key figures of one region, imported: the same people under other names; kept when asked for."""
    gebied = made[1] / "gebied"
    given = [f"--from={gebied / name}" for name in ("buurten_oefengegevens.geojson", "kerncijfers_oefengegevens.csv")]
    given += ["--years", "1", "--json", "--only", "GM9901"]
    renamed = region("--out", str(tmp_path / "renamed"), "--seed", "2", *given)
    kept = region("--out", str(tmp_path / "kept"), "--real-names", *given)
    names = [buurt_names(made[1])]
    for result, folder in ((renamed, tmp_path / "renamed"), (kept, tmp_path / "kept")):
        assert result.exit_code == 0, result.stderr
        summary = json.loads(result.stdout)
        assert (summary["wijken"], summary["buurten"], summary["inhabitants"]) == (19, 79, 161_000)
        names.append(buurt_names(folder))
    own, other, same = names
    assert len(own) == 79
    assert own == same
    assert not [code for code in own if own[code] == other[code]]


def buurt_names(folder: Path) -> dict[str, str]:
    text = (folder / "gebied" / "kerncijfers_oefengegevens.csv").read_text(encoding="utf-8")
    return {row["code"]: row["naam"] for row in csv.DictReader(io.StringIO(text), delimiter=";")}


def test_zaanstad_keeps_its_names_only_when_asked_and_warns(shared_data: Path, tmp_path: Path) -> None:
    given = ("--from", str(shared_data / "geo" / "zaanstad_buurten_2024.geojson"), "--years", "1", "--json")
    hidden = region("--out", str(tmp_path / "hidden"), *given)
    assert (hidden.exit_code, "echte namen" in hidden.stderr) == (0, False)
    for path in (tmp_path / "hidden").rglob("*.*"):
        content = path.read_bytes()
        assert not [text for text in (b"Vijfhoekpark", b"Achtersluispolder", b"0479111") if text in content], path
    real = region("--out", str(tmp_path / "real"), "--real-names", *given)
    assert "let op: echte namen bij verzonnen cijfers" in real.stderr
    assert (json.loads(real.stdout)["real_names"], json.loads(hidden.stdout)["real_names"]) == (True, False)
    assert "namen, codes en grenzen zijn die van echte plaatsen" in (tmp_path / "real" / "LEESMIJ.txt").read_text()
    assert "Vijfhoekpark (BU04791111)" in (tmp_path / "real" / "kaart_oefengegevens.svg").read_text()


def test_what_cannot_be_is_refused_with_a_code(made: tuple[Result, Path], tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "mine.txt").write_text("mine")
    full = region("--out", str(mine))
    assert (full.exit_code, "folder-not-empty" in full.stderr, "gebied" in full.stderr) == (1, True, False)
    assert [path.name for path in mine.iterdir()] == ["mine.txt"]
    out = str(tmp_path / "out")
    many = region("--out", out, "--gemeenten", "7")
    assert (many.exit_code, "got 7 gemeenten, wanted 1 to 6" in many.stderr) == (1, True)
    figures = made[1] / "gebied" / "kerncijfers_oefengegevens.csv"
    assert "nothing-to-import" in region("--out", out, "--from", str(figures)).stderr
    wijken = made[1] / "gebied" / "wijken_oefengegevens.geojson"
    assert "unfit-areas" in region("--out", out, "--from", str(wijken)).stderr
    (tmp_path / "torn.geojson").write_text("{")
    assert "unreadable-map" in region("--out", out, "--from", str(tmp_path / "torn.geojson")).stderr
    for usage in (("--years", "0"), ("--years", "11"), ("--real-names",), ("--only", "GM9901"), ("--seed", "-1")):
        assert region("--out", out, *usage).exit_code == 2, usage
    assert region("--out", out, "--from", str(wijken), "--gemeenten", "2").exit_code == 2
    below_a_file = region("--out", str(tmp_path / "torn.geojson" / "out"), "--years", "1")
    assert (below_a_file.exit_code, "folder-not-written" in below_a_file.stderr) == (3, True)
    assert region().exit_code == 2
    assert not Path(out).exists()


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C while registers are made: 130, one clear line, and nothing in the place of the output."""
    command = [sys.executable, "-m", "simulations.cli.app", "region", "--years", "10", "--out", str(tmp_path / "out")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        started = time.monotonic()
        for line in running.stderr:
            if "huishoudens" in line:
                break
            assert time.monotonic() - started < 60
        os.kill(running.pid, signal.SIGINT)
        stdout, stderr = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "onderbroken: er is niets geschreven" in stderr
    assert stdout == ""
    assert list(tmp_path.iterdir()) == []
