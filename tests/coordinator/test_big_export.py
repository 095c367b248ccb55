"""An export does not grow with what is exported: rows are made, written and forgotten."""

import subprocess
import sys
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from zipfile import ZipFile

import pytest

from coordinator.figures_file import CHUNK_ROWS, FigureRow, figures_json, rows_csv
from coordinator.whole_file import whole
from tests.coordinator.big_export import PERIODS
from tests.house import ROOT

CELLS = 3 * 366_180
MOST_MB = 300
ROW = FigureRow("t", "q", "s", "wijk", "WK1", "n", PERIODS[0], "", 7, 2, "", "", "", 0, "")


def counted(rows: list[int], number: int) -> Iterator[FigureRow]:
    """Yield so many rows and say how many were taken."""
    for row in repeat(ROW, number):
        rows[0] += 1
        yield row


@pytest.mark.parametrize("form", ["csv", "json"])
def test_parts_are_given_before_all_rows_were_read(form: str) -> None:
    """P08. Control: at the end all of them were."""
    taken = [0]
    rows = counted(taken, 5 * CHUNK_ROWS)
    parts = rows_csv(rows, FigureRow) if form == "csv" else figures_json(rows)
    first = [next(parts) for _ in range(3)]
    assert taken[0] <= 2 * CHUNK_ROWS
    assert b"WK1" in b"".join(first)
    assert sum(part.count(b"WK1") for part in (*first, *parts)) == 5 * CHUNK_ROWS == taken[0]


def test_a_file_that_breaks_off_takes_no_place(tmp_path: Path) -> None:
    path = tmp_path / "figures.csv"
    path.write_bytes(b"before")

    def parts() -> Iterator[bytes]:
        yield b"half"
        raise OSError("disk full")

    with pytest.raises(OSError, match="full"), whole(path) as file:
        file.writelines(parts())
    assert path.read_bytes() == b"before"


def export(folder: Path, *more: str) -> list[int]:
    command = [sys.executable, "-m", "tests.coordinator.big_export", str(folder), *more]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [int(word) for word in done.stdout.split()]


@pytest.mark.nightly
def test_a_million_figures_are_exported_in_little_memory(tmp_path: Path) -> None:
    """P08: four forms of 1.1 million cells; VmHWM of a process of its own. Control: a list of the rows does not fit."""
    cells, hidden, before, peak, _ = export(tmp_path / "streamed")
    assert cells == CELLS
    assert 0.15 * CELLS < hidden < 0.25 * CELLS
    assert before < peak < MOST_MB, (before, peak)
    text = (tmp_path / "streamed" / "figures.csv").read_bytes()
    assert text.count(b"\n") == CELLS + 2
    assert text.count(b";too-uncertain;") == hidden
    told = (tmp_path / "streamed" / "figures.json").read_bytes()
    assert told.count(b'\n{"table": "') == CELLS
    assert told.count(b'"value": null') == hidden
    for name, part, rows in (("xlsx", "xl/worksheets/sheet3.xml", b"<row "), ("ods", "content.xml", b"cijfers 2")):
        with ZipFile(tmp_path / "streamed" / f"figures.{name}") as file, file.open(part) as body:
            assert sum(line.count(rows) for line in iter(lambda: body.read(1 << 24), b"")) >= 1
    *_, kept_peak, kept = export(tmp_path / "kept", "kept")
    assert kept == CELLS
    assert kept_peak > MOST_MB
