"""Computes: what every source offers, and the rules that its header must obey.

An error names the file, a column's place and a number of rows. It never holds a word from the file: what looks like a
header may be the first record of a file without one.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Protocol

import polars as pl

from partner_node.errors import SourceRefusal

BATCH_ROWS = 200_000  # rows in one frame: 6 columns of 16 characters are some 40 MB, and a column of hashes 1.6 MB
MAX_COLUMNS = 16_384  # the width of the widest worksheet; no register's export comes near it
MAX_NAME = 80  # characters of a name that an error shows


class DoubtfulHeader(SourceRefusal):
    """A header with an empty name or one name twice, or more columns than a file may have."""


class UnknownColumn(SourceRefusal):
    """A column that was asked for and that the file does not have: renamed, or another file."""


class Source(Protocol):
    """A file, or a script's frame, as a stream of frames.

    name: the file's name, without its folder, fit to print. columns: the header as the partner wrote it, without outer
    spaces and byte order mark; each name once, none empty.
    """

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """The names in the header, in their order."""
        ...

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield the rows in order, these columns in this order, in frames of 1 to BATCH_ROWS rows.

        Every column is String with null for an empty field: days as ISO 8601, booleans as true and false.
        Some faults show only at the end of a file. WHEN THE ITERATOR RAISES, DROP ALL THAT IT YIELDED: a file counts
        whole or not at all. It can be called again, and reads again.
        Raises: SourceRefusal.
        """
        ...


def printable(text: str) -> str:
    """Return a name fit for one line of a terminal or log: escapes, line ends and direction marks as their numbers."""
    shown = "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in text[:MAX_NAME])
    return shown + "..." if len(text) > MAX_NAME else shown


def checked_header(name: str, cells: Sequence[str]) -> tuple[str, ...]:
    """Return the header without outer spaces.

    Raises: DoubtfulHeader.
    """
    check_width(name, len(cells))
    columns = tuple(cell.strip() for cell in cells)
    counts = Counter(columns)
    empty = [place for place, column in enumerate(columns, 1) if not column]
    doubled = [place for place, column in enumerate(columns, 1) if column and counts[column] > 1]
    for what, places in (("without a name", empty), ("with a name that another has too", doubled)):
        if places:
            raise DoubtfulHeader(
                got=f"{len(places)} columns {what} in {name}, the first at place {places[0]}",
                wanted="a first row that gives each column its own name",
                act="the partner's IT must export the file with a full header",
            )
    return columns


def check_width(name: str, columns: int) -> None:
    """Refuse a header that is wider than any worksheet.

    Raises: DoubtfulHeader.
    """
    if not 1 <= columns <= MAX_COLUMNS:
        raise DoubtfulHeader(
            got=f"{columns} columns in {name}",
            wanted=f"1 to {MAX_COLUMNS}",
            act="the partner's IT must export the file again",
        )


def places_of(name: str, columns: Sequence[str], wanted: Sequence[str]) -> tuple[int, ...]:
    """Return where each wanted column stands, from 0.

    Raises: UnknownColumn.
    """
    place = {column: index for index, column in enumerate(columns)}
    if missing := [column for column in wanted if column not in place]:
        raise UnknownColumn(
            got=f"{name} without column {', '.join(printable(column) for column in missing)}",
            wanted="every column that the mapping names",
            act="the partner's IT must export the column under that name, or change the mapping",
            hint=f"the file has {len(columns)} columns; upper and lower case count",
        )
    return tuple(place[column] for column in wanted)


def without_empty_texts(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with null for each empty text. Looked for first: seldom there, and dear to take out."""
    texts = frame.select(pl.col(pl.String) == "").select(pl.all().any())
    holding = [column for column in texts.columns if texts.item(0, column)]
    return frame.with_columns(pl.when(pl.col(column) != "").then(pl.col(column)) for column in holding)
