"""Sheets are read back by other programs as they were written: texts stay texts, and numbers numbers."""

import io
import re
from zipfile import ZIP_STORED, ZipFile

import odfdo
import pytest
from python_calamine import CalamineWorkbook

from coordinator import sheets
from coordinator.sheets import Sheet, ods, xlsx

ODD = ("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", 'a < b & "c"', "é € 漢", "12", "#REF!")
CELLS = [(text, place - 4, None) for place, text in enumerate(ODD)]
SHEETS = (
    Sheet(
        "eerste", ("naam", "aantal", "leeg"), (30, 8, 8), [(text, place - 4, None) for place, text in enumerate(ODD)]
    ),
    Sheet("tweede & laatste", ("naam",), (10,), []),
)


def read(body: bytes) -> dict[str, list[list[object]]]:
    """Return every sheet as calamine, a library in Rust, reads it."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(body))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}  # type: ignore[misc]  # cells of any kind


@pytest.mark.parametrize("write", [xlsx, ods])
def test_another_reader_sees_the_same_cells_and_no_formula(write: object) -> None:
    """A text that looks like a formula is the same text, and nothing in the file is a formula."""
    assert callable(write)
    body = write(SHEETS)
    found = read(body)
    assert list(found) == ["eerste", "tweede & laatste"]
    assert found["eerste"][0][:2] == ["naam", "aantal"]
    assert [row[0] for row in found["eerste"][1:]] == list(ODD)
    assert [row[1] for row in found["eerste"][1:]] == [-4, -3, -2, -1, 0, 1, 2, 3]
    assert found["tweede & laatste"] == [["naam"]]
    with ZipFile(io.BytesIO(body)) as file:
        text = b"".join(file.read(name) for name in file.namelist())
    assert b"<f>" not in text
    assert b"formula" not in text
    assert write(SHEETS) == body  # the same sheets are the same bytes


def test_the_library_at_hand_reads_the_same_ods() -> None:
    """Odfdo reads the form of OpenDocument more strictly than calamine."""
    document = odfdo.Document(io.BytesIO(ods(SHEETS)))
    table = document.body.get_table(name="eerste")
    assert table is not None
    assert [row[0] for row in table.get_values()][1:] == list(ODD)
    with ZipFile(io.BytesIO(ods(SHEETS))) as file:
        first = file.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", ZIP_STORED)


def test_a_sheet_that_is_too_long_goes_on_in_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_ROWS", 4)
    for write in (xlsx, ods):
        found = read(write(SHEETS))
        assert [len(rows) - 1 for rows in found.values()] == [4, 4, 0]
        assert list(found) == ["eerste", "eerste 2", "tweede & laatste"]


def test_each_cell_says_where_it_is_and_an_empty_one_is_left_out() -> None:
    """Gnumeric reads nothing from cells that do not; ECMA-376-1, 18.3.1.4: `r` is the place in letters and digits."""
    wide = Sheet("breed", tuple(map(str, range(28))), (8,) * 28, [(1,) * 26 + (None, 2)])
    with ZipFile(io.BytesIO(xlsx([wide]))) as file:
        body = file.read("xl/worksheets/sheet1.xml").decode()
    places = re.findall(r'<c r="([A-Z]+[0-9]+)"', body)
    assert len(places) == 28 + 27
    assert places[25:30] == ["Z1", "AA1", "AB1", "A2", "B2"]
    assert places[-2:] == ["Z2", "AB2"]
    assert "<c>" not in body
