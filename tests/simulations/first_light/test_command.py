"""The command as a user runs it, on its own files and on files edited by hand; what it prints is written out."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from privacy.audit.cli import app as audit
from simulations.cli.app import app
from simulations.first_light.files import file_names, make_files
from simulations.region import make_region

PARTNERS = ("politie", "school", "veilig-thuis")
Edit = Callable[[str], str]


@pytest.fixture(scope="module")
def own_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("files")
    names = file_names()
    paths = {}
    for partner, body in make_files(make_region(1), 1).items():
        paths[str(partner)] = folder / names[partner]
        paths[str(partner)].write_bytes(body)
    return paths


def command(out: Path, files: dict[str, Path] | None = None, *more: str) -> Result:
    options = [part for partner, path in (files or {}).items() for part in (f"--{partner}", str(path))]
    return CliRunner().invoke(app, ["first-light", "--out", str(out), *options, *more])


def edited(files: dict[str, Path], folder: Path, partner: str, edit: Edit) -> dict[str, Path]:
    encoding = "utf-8-sig" if partner == "veilig-thuis" else "cp1252"
    path = folder / files[partner].name
    with files[partner].open(encoding=encoding, newline="") as file:
        text = edit(file.read())
    with path.open("w", encoding=encoding, newline="") as file:
        file.write(text)
    return files | {partner: path}


def story(result: Result) -> str:
    """Return stderr without the times."""
    return re.sub(r"^ *\d+\.\d s  ", "", result.stderr, flags=re.MULTILINE)


def test_own_files_end_in_a_table_with_margins_and_a_verdict(tmp_path: Path) -> None:
    result = command(tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].rstrip() == "Eerste licht: meldingen per wijk en kwartaal (oefengegevens), 2025-Q4"
    rows = [line for line in lines if "(WK9901" in line]
    assert len(rows) == 19
    cells = [cell.strip() for row in rows for cell in re.split("[│┃]", row)[2:-1]]
    assert len(cells) == 19 * 6
    assert all(re.fullmatch(r"\d+ ± [68]|niet getoond: te onzeker", cell) for cell in cells)
    assert sum("±" in cell for cell in cells) > 60
    assert "oefengegevens, verzonnen cijfers" in result.stdout
    assert lines[-2] == "de bundel klopt"
    assert story(result).splitlines() == [
        "drie registraties worden verzonnen: 160.000 inwoners, 19 wijken, twee jaar",
        "politie: 1845 van 1845 rijen bruikbaar",
        "school: 1743 van 1743 rijen bruikbaar",
        "veilig-thuis: 2413 van 2413 rijen bruikbaar",
        "ronde 2025-Q4: committed",
        "ronde 2025-Q4: opened",
        "ronde 2025-Q4: done",
        "ronde 2025-Q4: gepubliceerd en in het logboek",
        "veilig-thuis: veilig-thuis_oefengegevens.csv, kolom veiligheid: 1456 x empty",
    ]
    again = command(tmp_path / "out")
    assert again.exit_code == 0
    assert again.stdout == result.stdout


def test_the_page_says_what_the_table_says_and_that_it_is_invented(tmp_path: Path) -> None:
    result = command(tmp_path, None, "--json")
    tree = json.loads(result.stdout)
    page = (tmp_path / "table.html").read_text()
    assert page.count("<tr>") == 1 + len(tree["rows"]) == 20
    assert "oefengegevens, verzonnen cijfers" in page
    assert "<script" not in page
    for row in tree["rows"]:
        assert f"{row['name']}<small>{row['code']}</small>" in page
        for figure in row["figures"]:
            shown = f"{figure['value']} ± {figure['margin']}" if figure["value"] is not None else "te onzeker"
            assert shown in page
    assert tree["origin"] == "oefengegevens, verzonnen cijfers"
    assert tree["audit"]["holds"] is True


def test_an_officer_verifies_the_bundle_and_a_flipped_byte_is_refused(tmp_path: Path) -> None:
    assert command(tmp_path).exit_code == 0
    bundle = tmp_path / "bundle"
    assert CliRunner().invoke(audit, ["verify", str(bundle)]).exit_code == 0
    for path in sorted(path for path in bundle.rglob("*") if path.is_file()):
        body = path.read_bytes()
        for place in (0, len(body) // 2, len(body) - 1):
            path.write_bytes(body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :])
            assert CliRunner().invoke(audit, ["verify", str(bundle)]).exit_code == 1, (path.name, place)
        path.write_bytes(body)
    assert CliRunner().invoke(audit, ["verify", str(bundle)]).exit_code == 0


MISSING = """\
samenzicht-sim: error: missing-column: got veilig-thuis_oefengegevens.csv without the column Datum melding, mapped as \
datum-melding of melding, wanted every mapped column: the partner must mend the mapping or the export
samenzicht-sim: hint: a column may have got another name, or the file lacks its header line
"""
EMPTY = """\
samenzicht-sim: error: file-empty: got a file politie_oefengegevens.csv of 0 bytes, wanted a header and rows: the \
partner's IT must export the file again
samenzicht-sim: hint: a file is often empty while its export still runs
"""
HEADER_ONLY = """\
samenzicht-sim: error: empty-file: got school_oefengegevens.csv without rows, wanted at least one row: the partner \
must deliver the file again, or declare the table as not delivered
"""


@pytest.mark.parametrize(
    ("partner", "edit", "told"),
    [
        ("veilig-thuis", lambda text: text.replace("Datum melding", "Datum", 1), MISSING),
        ("politie", lambda _text: "", EMPTY),
        ("school", lambda text: text.splitlines(keepends=True)[0], HEADER_ONLY),
    ],
    ids=["missing column", "empty file", "header only"],
)
def test_a_file_that_cannot_be_used_is_refused_whole_and_nothing_is_made(
    own_files: dict[str, Path], tmp_path: Path, partner: str, edit: Edit, told: str
) -> None:
    files = edited(own_files, tmp_path, partner, edit)
    result = command(tmp_path / "out", files)
    assert result.exit_code == 1
    assert result.stderr == told
    assert result.stdout == ""
    assert not (tmp_path / "out").exists()


def test_the_problems_of_all_files_are_told_together(own_files: dict[str, Path], tmp_path: Path) -> None:
    files = edited(own_files, tmp_path, "politie", lambda text: text.replace("Buurt", "Wijknaam", 1))
    files = edited(files, tmp_path, "school", lambda text: text.replace("Huisnummer", "Nr", 1))
    result = command(tmp_path / "out", files)
    assert result.exit_code == 1
    assert result.stderr.count("error: missing-column: ") == 2
    assert not (tmp_path / "out").exists()


def test_rows_that_cannot_be_used_are_counted_by_reason_and_never_shown(
    own_files: dict[str, Path], tmp_path: Path
) -> None:
    def spoil(text: str) -> str:
        lines = text.splitlines(keepends=True)
        for row in (5, 6, 7):  # an unknown wijk, and no postcode that could tell
            cells = lines[row].split(";")
            cells[2], cells[3] = "BU99017777", ""
            lines[row] = ";".join(cells)
        for row, day in ((8, "20251301"), (9, "geheim")):
            cells = lines[row].split(";")
            cells[5] = day
            lines[row] = ";".join(cells)
        return "".join(lines)

    files = edited(own_files, tmp_path, "veilig-thuis", spoil)
    result = command(tmp_path / "out", files)
    assert result.exit_code == 0, result.stderr
    told = story(result)
    assert "veilig-thuis: 2408 van 2413 rijen bruikbaar" in told
    assert "kolom buurt: 3 x unknown-area" in told
    assert "kolom datum-melding: 1 x impossible-date" in told
    assert "kolom datum-melding: 1 x unreadable-date" in told
    assert "geheim" not in result.stderr + result.stdout
    assert "BU99017777" not in result.stderr + result.stdout


def test_two_files_of_three_are_a_usage_error(own_files: dict[str, Path], tmp_path: Path) -> None:
    result = command(tmp_path / "out", {"politie": own_files["politie"]})
    assert result.exit_code == 2
    assert not (tmp_path / "out").exists()
