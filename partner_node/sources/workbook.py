"""Touches the world: a sheet of an XLSX or ODS workbook as a stream of frames.

Only stored values are read: a formula is never worked out, a link never followed, a macro never run.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path

import polars as pl
from python_calamine import CalamineError, CalamineSheet, load_workbook

from partner_node.errors import SourceRefusal
from partner_node.sources.archive import check_archive, damaged
from partner_node.sources.source import BATCH_ROWS, checked_header, places_of, printable
from partner_node.sources.stamp import FileEmpty, Stamp, stamp_of, unchanged

Cell = int | float | str | bool | time | date | datetime | timedelta
SHOWN_SHEETS = 10


class SheetNotNamed(SourceRefusal):
    """A workbook with several sheets of which none was named, or without the one that was."""


@dataclass(frozen=True, slots=True)
class WorkbookSource:
    """One sheet of a workbook."""

    path: Path
    stamp: Stamp
    sheet: str
    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return printable(self.path.name)

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield the rows that hold something; see `Source`.

        Raises: UnknownColumn, FileChanged, WorkbookDamaged.
        """
        places = places_of(self.name, self.columns, columns)
        with unchanged(self.path, self.stamp):
            _, rows = _header_and_rows(self.path, self.sheet, self.name)
            while batch := list(islice(rows, BATCH_ROWS)):
                texts = {
                    column: pl.Series([as_text(row[place]) for row in batch], dtype=pl.String)
                    for column, place in zip(columns, places, strict=True)
                }
                yield pl.DataFrame(texts)


def open_workbook(path: Path, *, sheet: str | None = None) -> WorkbookSource:
    """Return a sheet of a workbook, its header decided; `sheet` may be left out where there is one.

    Raises: FileUnreadable, FileEmpty, FileChanged, WorkbookTooLarge, WorkbookUnsafe, WorkbookDamaged, SheetNotNamed,
    DoubtfulHeader.
    """
    stamp = stamp_of(path)
    name = printable(path.name)
    with unchanged(path, stamp):
        check_archive(path, name)
        chosen = _chosen(path, sheet, name)
        header, _ = _header_and_rows(path, chosen, name)
    return WorkbookSource(path, stamp, chosen, header)


def as_text(cell: Cell) -> str | None:
    """Return a cell as text: whole numbers without a point, dates as ISO 8601, a time of midnight left out."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ").removesuffix(" 00:00:00")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell) or None


def _chosen(path: Path, sheet: str | None, name: str) -> str:
    try:
        with load_workbook(path) as book:
            sheets = book.sheet_names
    except CalamineError:
        raise damaged(name) from None
    if sheet is None and len(sheets) == 1:
        return sheets[0]
    if sheet is None or sheet not in sheets:
        raise SheetNotNamed(
            got=f"{len(sheets)} sheets in {name}, and not the one to read",
            wanted="the name of one of them",
            act="the partner's IT must name the sheet in the configuration",
            hint="sheets: " + ", ".join(printable(found) for found in sheets[:SHOWN_SHEETS]),
        )
    return sheet


def _header_and_rows(path: Path, sheet: str, name: str) -> tuple[tuple[str, ...], Iterator[list[Cell]]]:
    """Return the header and the rows below it that hold something."""
    try:
        with load_workbook(path) as book:
            found: CalamineSheet = book.get_sheet_by_name(sheet)
            rows = (row for row in found.iter_rows() if any(cell != "" for cell in row))
            header = [as_text(cell) or "" for cell in next(rows, [])]
    except CalamineError:
        raise damaged(name) from None
    if not header:
        raise FileEmpty(
            got=f"an empty sheet in {name}",
            wanted="a header in the first row",
            act="the partner's IT must name another sheet or export again",
        )
    return checked_header(name, header), rows
