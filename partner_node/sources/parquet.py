"""Touches the world: Parquet as a stream of frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from partner_node.errors import SourceRefusal
from partner_node.sources.source import BATCH_ROWS, checked_header, places_of, printable, without_empty_texts
from partner_node.sources.stamp import Stamp, stamp_of, unchanged

# A stream of batches would read ahead, of large row groups some hundred MB; fewer rows at once would read pages twice.
ROWS_AT_ONCE = 2 * BATCH_ROWS
WHOLE_BELOW = 2.0**63  # what fits 64 bits is written out
_AS_TEXT = (pl.String, pl.Categorical, pl.Enum, pl.Null, pl.Date, pl.Boolean)


class UnreadablePages(SourceRefusal):
    """A Parquet file that is damaged, cut short or encrypted."""


class UnusableType(SourceRefusal):
    """A column of lists, structures, bytes or times of day: what a record's field cannot be."""


@dataclass(frozen=True, slots=True)
class ParquetSource:
    """A Parquet file. stored: its columns' names before outer spaces were taken off. types: as stored."""

    path: Path
    stamp: Stamp
    columns: tuple[str, ...]
    stored: tuple[str, ...]
    types: tuple[pl.DataType, ...]

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return printable(self.path.name)

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield the rows; see `Source`. Only the pages of these columns are read.

        Raises: UnknownColumn, UnusableType, FileChanged, UnreadablePages.
        """
        places = places_of(self.name, self.columns, columns)
        wanted = [self._delivered(place).alias(column) for place, column in zip(places, columns, strict=True)]
        with unchanged(self.path, self.stamp):
            try:
                file = pl.scan_parquet(self.path, glob=False)
                for first in range(0, file.select(pl.len()).collect().item(), ROWS_AT_ONCE):
                    frame = file.slice(first, ROWS_AT_ONCE).select(wanted).collect()
                    yield from without_empty_texts(frame).iter_slices(BATCH_ROWS)
            except (pl.exceptions.PolarsError, pl.exceptions.PanicException):  # their text may hold a value
                raise _unreadable(self.name) from None

    def _delivered(self, place: int) -> pl.Expr:
        """The column as a batch has it."""
        stored, column = self.types[place], pl.col(self.stored[place])
        if stored.is_float():  # as in a workbook: a whole number has no point
            whole = (column.abs() < WHOLE_BELOW) & (column == column.floor())
            texts = column.cast(pl.Float64).cast(pl.String)
            return pl.when(whole).then(column.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(texts)
        if isinstance(stored, pl.Datetime):  # many programs store a plain date so
            return column.dt.strftime("%Y-%m-%d %H:%M:%S").str.strip_suffix(" 00:00:00")
        if stored.is_integer() or stored.is_decimal() or isinstance(stored, _AS_TEXT):
            return column if isinstance(stored, pl.String) else column.cast(pl.String)
        raise UnusableType(
            got=f"{self.name} with nested, binary or time values at column place {place + 1}",
            wanted="text, numbers, dates or booleans",
            act="the partner's IT must export the column as text",
        )


def open_parquet(path: Path) -> ParquetSource:
    """Return a Parquet file, its header decided.

    Raises: FileUnreadable, FileEmpty, FileChanged, UnreadablePages, DoubtfulHeader.
    """
    stamp = stamp_of(path)
    name = printable(path.name)
    with unchanged(path, stamp):
        try:
            schema = pl.read_parquet_schema(path)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            raise _unreadable(name) from None
    return ParquetSource(path, stamp, checked_header(name, tuple(schema)), tuple(schema), tuple(schema.values()))


def _unreadable(name: str) -> UnreadablePages:
    return UnreadablePages(
        got=f"a Parquet file {name} that cannot be read",
        wanted="a whole file, not encrypted",
        act="the partner's IT must export the file again",
        hint="a file that is half written looks like this",
    )
