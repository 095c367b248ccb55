"""What the operator exports: figures in four forms that say the same, with revisions, reasons and marks."""

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from coordinator.figures_file import DICTIONARY, LICENCE, PRACTICE, REASONS
from privacy.audit.cli import read_files
from privacy.audit.verify import verify
from protocol.digest import digest_of
from protocol.ledger.entry import CovenantEntry
from protocol.words.ids import Line
from tests import example
from tests.coordinator.example_office import ExampleOffice, covenant

NEXT, NEXT_NOW, NEXT_NOW_S = "2026-Q2", "2026-07-10T12:00:00", 1_783_684_800
Rows = list[dict[str, object]]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the files of two released quarters; the second counts late reports of the first."""
    title = Line("Basismeting 2026 (oefengegevens)")
    study = example.study(covenant()).model_copy(update={"title": title})
    office = ExampleOffice(tmp_path_factory.mktemp("export"), study=study)
    office.make()
    office.start()
    office.run_to_the_end()
    office.publish()
    office.done("export", "--to", str(office.home / "first"))
    office.run_to_the_end(NEXT, now=NEXT_NOW, now_s=NEXT_NOW_S)
    office.publish(NEXT)
    office.done("export", "--to", str(office.home / "both"))
    return office.home


def from_csv(path: Path) -> Rows:
    text = path.read_text()
    assert text.startswith(f"# {LICENCE}\n")
    return [dict(row) for row in csv.DictReader(io.StringIO(text.partition("\n")[2]), delimiter=";")]


def from_sheet(path: Path, name: str) -> Rows:
    header, *rows = CalamineWorkbook.from_path(path).get_sheet_by_name(name).to_python()
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def as_texts(rows: Rows) -> Rows:
    """Return rows with every value as the text of a CSV: calamine knows floats only."""
    return [
        {
            name: str(int(value)) if isinstance(value, float) else "" if value is None else str(value)
            for name, value in row.items()
        }
        for row in rows
    ]


def test_csv_json_xlsx_and_ods_say_the_same(exported: Path) -> None:
    """VT-19 (files): the same figures in four forms, each with licence, margins, reasons and dictionary."""
    folder = exported / "both"
    rows = from_csv(folder / "figures.csv")
    tree = json.loads((folder / "figures.json").read_text())
    assert as_texts(tree["figures"]) == rows
    assert len(rows) == 2 * (6 + 3 + 3)  # two quarters of an own table by two codes, one with deltas, and a joint one
    assert all((row["value"] == "") == bool(row["reason"]) == (row["margin"] == "") for row in rows)
    assert any(row["value"] for row in rows)
    assert any(row["reason"] for row in rows)  # negative control: there is something hidden to say
    assert (tree["licence"], set(tree["dictionary"])) == (LICENCE, set(DICTIONARY))
    assert set(tree["reasons"]) == {reason.value for reason in REASONS}
    for name in ("figures.xlsx", "figures.ods"):
        book = folder / name
        sheet = as_texts(from_sheet(book, "cijfers"))
        assert sheet == [{key: row[key] for key in sheet[0]} for row in rows]
        tables = {(row["table"], row["period"]): row for row in as_texts(from_sheet(book, "tabellen"))}
        assert all(
            tables[row["table"], row["period"]][key] == row[key]
            for row in rows
            for key in ("question", "source", "level", "coverage", "revisions")
        )
        assert {row["kolom / column"] for row in from_sheet(book, "woordenboek")} == set(DICTIONARY)
        assert {row["reason"] for row in from_sheet(book, "redenen")} == {row.value for row in REASONS}
        assert LICENCE in {row[next(reversed(row))] for row in from_sheet(book, "leesmij")}


def test_provisional_figures_bear_a_star_and_keep_their_history(exported: Path) -> None:
    """VT-20: `*` while late reports may come; afterwards the first figure still stands in the revisions."""

    def reports(folder: str) -> Rows:
        found = from_csv(exported / folder / "figures.csv")
        return [row for row in found if (row["table"], row["period"]) == ("meldingen-vt", "2026-Q1")]

    first, after = reports("first"), reports("both")
    assert {(row["status"], row["revisions"]) for row in first} == {("*", "0")}
    assert {(row["status"], row["revisions"]) for row in after} == {("", "1")}
    assert from_csv(exported / "first" / "revisions.csv") == []
    for history in (
        from_csv(exported / "both" / "revisions.csv"),
        as_texts(from_sheet(exported / "both" / "figures.xlsx", "herzieningen")),
        as_texts(json.loads((exported / "both" / "figures.json").read_text())["revisions"]),
    ):
        assert {(row["table"], row["period"]) for row in history} == {("meldingen-vt", "2026-Q1")}
        by_round = {
            counted: [(row["area"], row["value"]) for row in history if row["counted_in"] == counted]
            for counted in ("2026-Q1", "2026-Q2")
        }
        assert by_round["2026-Q1"] == [(row["area"], row["value"]) for row in first]
        assert by_round["2026-Q2"] == [(row["area"], row["value"]) for row in after]
        assert by_round["2026-Q1"] != by_round["2026-Q2"]


def test_invented_figures_say_so_in_every_row_and_on_the_first_sheet(exported: Path, tmp_path: Path) -> None:
    """The mark comes from the title that all officers approved; figures of a real study have none."""
    assert {row["mark"] for row in from_csv(exported / "both" / "figures.csv")} == {PRACTICE}
    for name in ("figures.xlsx", "figures.ods"):
        book = CalamineWorkbook.from_path(exported / "both" / name)
        assert str(book.get_sheet_by_index(0).to_python()[0][1]).startswith(PRACTICE)
    office = ExampleOffice(tmp_path)
    office.make()
    office.start()
    office.run_to_the_end()
    office.publish()
    office.done("export", "--to", str(tmp_path / "out"))
    assert {row["mark"] for row in from_csv(tmp_path / "out" / "figures.csv")} == {""}


def test_after_the_yearly_covenant_what_was_released_before_is_exported_by_its_version(tmp_path: Path) -> None:
    """Its bundle holds under the covenant that it was agreed under, and the new one has none until it released."""
    office = ExampleOffice(tmp_path)
    office.make()
    office.start()
    office.run_to_the_end()
    office.publish()
    office.done("export", "--to", str(tmp_path / "before"))
    old = covenant()
    dates = {"valid_from": date(2027, 1, 1), "valid_until": date(2027, 12, 31)}
    new = old.model_copy(update={"version": 2, "previous": digest_of(old), **dates})
    with office.open() as store, store.transaction():
        store.keep_covenant(example.signed_covenant(new))
        store.log.append(CovenantEntry(covenant_digest=digest_of(new)).encode())
    refused = office.call("export", "--to", str(tmp_path / "none"))
    assert refused.exit_code == 1
    assert "not-released" in refused.stderr
    assert "--covenant-version" in refused.stderr
    assert not (tmp_path / "none").exists()
    office.done("export", "--to", str(tmp_path / "after"), "--covenant-version", "1")
    assert (tmp_path / "after" / "figures.csv").read_bytes() == (tmp_path / "before" / "figures.csv").read_bytes()
    report = verify(read_files(tmp_path / "after" / "public-bundle"), covenant_digest=digest_of(old))
    assert report.holds
    assert office.call("export", "--to", str(tmp_path / "none"), "--covenant-version", "3").exit_code == 1
