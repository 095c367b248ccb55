"""Workbooks: what is read, and what is refused before it is opened."""

import zlib
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import odfdo
import pytest
import xlsxwriter

from partner_node.errors import SourceRefusal
from partner_node.sources import archive
from partner_node.sources.archive import WorkbookDamaged, WorkbookTooLarge, WorkbookUnsafe
from partner_node.sources.opening import UnknownFormat, open_source
from partner_node.sources.source import DoubtfulHeader
from partner_node.sources.stamp import FileChanged, FileEmpty
from partner_node.sources.workbook import SheetNotNamed, open_workbook
from tests.partner_node.sources.rows_of import rows_of

SHEET = "xl/worksheets/sheet1.xml"
ROWS = [("1", "2025-03-01", "0599.5", "true", "=x"), ("12345678901", "2025-03-01 12:30:00", "0.5", None, "<b>")]


def _xlsx(path: Path, *, sheets: tuple[str, ...] = ("Blad1",)) -> Path:
    with xlsxwriter.Workbook(path) as book:
        day, moment = book.add_format({"num_format": "dd-mm-yyyy"}), book.add_format({"num_format": "dd-mm-yyyy hh:mm"})
        for name in sheets:
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["id", " datum ", "getal", "ja", "tekst"])
            sheet.write_number(1, 0, 1)
            sheet.write_datetime(1, 1, date(2025, 3, 1), day)
            sheet.write_string(1, 2, "0599.5")
            sheet.write_boolean(1, 3, boolean=True)
            sheet.write_string(1, 4, "=x")
            sheet.write_number(3, 0, 12345678901)
            sheet.write_datetime(3, 1, datetime(2025, 3, 1, 12, 30), moment)  # noqa: DTZ001 - a worksheet knows no zones
            sheet.write_formula(3, 2, '=WEBSERVICE("http://x.example")', value=0.5)
            sheet.write_string(3, 4, "<b>")
    return path


def _ods(path: Path) -> Path:
    table = odfdo.Table("Blad1")
    table.append_row(odfdo.Row())
    table.set_row_values(0, ["id", " datum ", "getal", "ja", "tekst"])
    table.set_row_values(1, [1, date(2025, 3, 1), "0599.5", True, "=x"])
    table.set_row_values(3, [12345678901, datetime(2025, 3, 1, 12, 30), 0.5, None, "<b>"])  # noqa: DTZ001 - idem
    document = odfdo.Document("spreadsheet")
    document.body.clear()
    document.body.append(table)
    document.save(path)
    return path


def _changed(path: Path, member: str, change: Callable[[bytes], bytes]) -> Path:
    """Write the workbook again with one member changed."""
    with ZipFile(path) as old:
        parts = {found.filename: old.read(found) for found in old.infolist()}
    with ZipFile(path, "w", ZIP_DEFLATED) as new:
        for name, content in {member: b"", **parts}.items():
            new.writestr(name, change(content) if name == member else content)
    return path


@pytest.mark.parametrize("make", [lambda folder: _xlsx(folder / "a.xlsx"), lambda folder: _ods(folder / "a.ods")])
def test_stored_values_come_as_text(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    """D10, D14: a formula is its stored value and calls nothing; text that looks like one is text; blank rows pass."""
    source = open_source(make(tmp_path))
    assert source.columns == ("id", "datum", "getal", "ja", "tekst")
    assert rows_of(source) == ROWS
    assert rows_of(source, "tekst", "id") == [("=x", "1"), ("<b>", "12345678901")]


def test_a_sheet_must_be_named_where_there_are_several(tmp_path: Path) -> None:
    path = _xlsx(tmp_path / "a.xlsx", sheets=("Uitleg", "Meldingen"))
    assert rows_of(open_source(path, sheet="Meldingen")) == ROWS
    for sheet in (None, "Blad1"):
        with pytest.raises(SheetNotNamed):
            open_source(path, sheet=sheet)


def test_an_archive_that_unpacks_too_far_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """D10: a bomb that says its size. Control: one byte below the limit it is read."""
    path = _xlsx(tmp_path / "a.xlsx")
    with ZipFile(path) as book:
        size = sum(member.file_size for member in book.infolist())
    monkeypatch.setattr(archive, "MAX_UNPACKED", size)
    assert rows_of(open_workbook(path)) == ROWS
    monkeypatch.setattr(archive, "MAX_UNPACKED", size - 1)
    with pytest.raises(WorkbookTooLarge):
        open_workbook(path)
    monkeypatch.undo()
    with ZipFile(path, "a", ZIP_DEFLATED) as book, book.open("xl/media/x.bin", "w") as member:
        for _ in range(300):
            member.write(bytes(2**20))
    assert path.stat().st_size < 2**20
    with pytest.raises(WorkbookTooLarge):
        open_workbook(path)


def test_an_archive_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    """D10: the directory says 10 bytes and gives their right checksum; the part holds a megabyte."""
    path = _xlsx(tmp_path / "a.xlsx")
    with ZipFile(path, "a", ZIP_DEFLATED) as book:
        book.writestr("xl/media/x.bin", bytes(2**20))
        member = book.getinfo("xl/media/x.bin")
        member.file_size, member.CRC = 10, zlib.crc32(bytes(10))
    with ZipFile(path) as book:
        assert book.read("xl/media/x.bin") == bytes(10)  # control: the standard reader sees nothing
    with pytest.raises(WorkbookUnsafe, match="unpacks to more than it says"):
        open_workbook(path)


@pytest.mark.parametrize("place", ["XFD1048576", "A99999999"])
def test_two_cells_far_apart_are_refused(tmp_path: Path, place: str) -> None:
    """D10: the reader would make the rectangle between them, of 17 thousand million cells."""
    far = f'<row r="1048576"><c r="{place}"><v>1</v></c></row></sheetData>'.encode()
    path = _changed(_xlsx(tmp_path / "a.xlsx"), SHEET, lambda xml: xml.replace(b"</sheetData>", far))
    with pytest.raises(WorkbookTooLarge):
        open_workbook(path)


def test_repeated_cells_are_refused_only_where_filled(tmp_path: Path) -> None:
    """D10: LibreOffice repeats empty cells to the sheet's edge, which is no fault."""
    many = (
        b'<table:table-row table:number-rows-repeated="1000000"><table:table-cell table:number-columns-repeated="9999"'
    )
    end = b"</table:table-row></table:table>"
    far = _ods(tmp_path / "a.ods")
    assert (
        rows_of(open_workbook(_changed(far, "content.xml", lambda xml: _at_the_end(xml, many + b"/>" + end)))) == ROWS
    )
    filled = many + b' office:value-type="float" office:value="1"/>' + end
    with pytest.raises(WorkbookTooLarge):
        open_workbook(_changed(far, "content.xml", lambda xml: _at_the_end(xml, filled)))


def _at_the_end(xml: bytes, rows: bytes) -> bytes:
    assert b"</table:table>" in xml
    return xml.replace(b"</table:table>", rows)


def test_entities_are_refused(tmp_path: Path) -> None:
    """D10: the thousand million laughs."""
    laughs = b'?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    path = _changed(_xlsx(tmp_path / "a.xlsx"), "xl/sharedStrings.xml", lambda xml: xml.replace(b"?>", laughs, 1))
    with pytest.raises(WorkbookUnsafe, match="entities"):
        open_workbook(path)


@pytest.mark.parametrize("member", ["xl/vbaProject.bin", "xl/macrosheets/sheet1.xml", "Basic/Standard/Module1.xml"])
def test_macros_are_refused(tmp_path: Path, member: str) -> None:
    """D10: whatever the suffix says."""
    path = _changed(_xlsx(tmp_path / "a.xlsx"), member, lambda _: b"<x/>")
    with pytest.raises(WorkbookUnsafe, match="macros"):
        open_workbook(path)


def test_external_links_are_not_followed(tmp_path: Path) -> None:
    """D10: the link's target is another workbook with other values; what is read is what was stored."""
    other = _xlsx(tmp_path / "other.xlsx")
    link = f'<externalLink><externalBook r:id="rId1"/></externalLink><!-- {other} -->'.encode()
    path = _changed(_xlsx(tmp_path / "a.xlsx"), "xl/externalLinks/externalLink1.xml", lambda _: link)
    path = _changed(path, SHEET, lambda xml: xml.replace(b"WEBSERVICE(&quot;http://x.example&quot;)", b"[1]Blad1!A2"))
    path = _changed(path, SHEET, lambda xml: xml.replace(b'WEBSERVICE("http://x.example")', b"[1]Blad1!A2"))
    with ZipFile(path) as book:
        assert b"[1]Blad1!A2" in book.read(SHEET)
    assert rows_of(open_workbook(path)) == ROWS


def test_a_damaged_or_cut_workbook_is_refused(tmp_path: Path) -> None:
    whole = _xlsx(tmp_path / "a.xlsx").read_bytes()
    path = tmp_path / "b.xlsx"
    for length in (30, len(whole) // 2, len(whole) - 10):
        path.write_bytes(whole[:length])
        with pytest.raises(WorkbookDamaged):
            open_workbook(path)


def test_every_bit_flip_is_read_or_refused(tmp_path: Path) -> None:
    whole = bytearray(_xlsx(tmp_path / "a.xlsx").read_bytes())
    path = tmp_path / "b.xlsx"
    refused = 0
    for place in range(0, len(whole), 37):
        whole[place] ^= 0x10
        path.write_bytes(whole)
        whole[place] ^= 0x10
        try:
            rows_of(open_workbook(path))
        except SourceRefusal:
            refused += 1
    assert refused > 50  # control: the flips reach the workbook


def test_a_workbook_that_changes_is_refused(tmp_path: Path) -> None:
    source = open_workbook(_xlsx(tmp_path / "a.xlsx"))
    _xlsx(tmp_path / "a.xlsx")
    with pytest.raises(FileChanged):
        rows_of(source)


def test_an_empty_sheet_and_a_doubled_header_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("a")
    with pytest.raises(FileEmpty):
        open_workbook(path)
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("a").write_row(0, 0, ["id", "id"])
    with pytest.raises(DoubtfulHeader):
        open_workbook(path)


@pytest.mark.parametrize("name", ["a.csv", "a.xlsm", "a.parquet", "a"])
def test_a_file_that_is_not_what_its_suffix_says_is_refused(tmp_path: Path, name: str) -> None:
    path = _xlsx(tmp_path / "a.xlsx").rename(tmp_path / name)
    with pytest.raises(UnknownFormat):
        open_source(path)
