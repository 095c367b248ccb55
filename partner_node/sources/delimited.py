"""Touches the world: delimited text (CSV) as a stream of frames.

One pass over the file at opening decides the encoding and finds zero bytes; the header decides the delimiter. Then
blocks of whole rows: each is checked (`shape.py`) before the fast reader may have it.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import polars as pl

from partner_node.errors import SourceRefusal
from partner_node.sources.encoding import Reader, encoding_of, text_of
from partner_node.sources.shape import Shape, quick_shape, shape_of
from partner_node.sources.source import (
    BATCH_ROWS,
    check_width,
    checked_header,
    places_of,
    printable,
    without_empty_texts,
)
from partner_node.sources.stamp import FileEmpty, Stamp, stamp_of, unchanged

DELIMITERS = (";", ",", "\t", "|")  # the first wins where a header holds as many of another
HEADER_BYTES = 2**20  # 16,384 names of 64 bytes
BLOCK_BYTES = (
    2**23
)  # some 150,000 rows at once, and the longest row that is read; twice this leaves the cache and costs more
MARK = b"\xef\xbb\xbf"


class RaggedRows(SourceRefusal):
    """Rows with more or fewer fields than the header: a delimiter in a text without quotes, or a row cut in two."""


class StrayQuotes(SourceRefusal):
    """Quotes or returns where none may stand, so that nobody can say for sure where a field or a row ends."""


class RowTooLong(SourceRefusal):
    """A row longer than any record: no line ends, or a quote that is never closed."""


class HalfWritten(SourceRefusal):
    """A file that stops in the middle of a row."""


class UnreadableRows(SourceRefusal):
    """Rows of delimited text that the fast reader does not take, or does not count as we do."""


@dataclass(frozen=True, slots=True)
class DelimitedSource:
    """A file of delimited text. header_bytes: of its text as UTF-8, without byte order mark, with the line end."""

    path: Path
    stamp: Stamp
    codec: str
    delimiter: str
    header_bytes: int
    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return printable(self.path.name)

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield the rows; see `Source`. When rows are ragged, goes on without yielding, to count them all.

        Raises: UnknownColumn, FileChanged, RaggedRows, StrayQuotes, RowTooLong, HalfWritten, UnreadableRows.
        """
        places = places_of(self.name, self.columns, columns)
        names = dict(zip(map(str, places), columns, strict=True))
        faults = _Faults()
        with unchanged(self.path, self.stamp):
            # Only where it is asked for every column does the reader refuse rows with too many fields.
            for block, shape in self._blocks(quick=len(set(places)) == len(self.columns)):
                frame = None
                if shape.rows and not (shape.ragged or shape.strays or faults.found):
                    frame = self._frame(block, shape, names)
                if frame is None and not shape.counted:
                    shape = self._shape(block)  # noqa: PLW2901 - the same block, looked at row by row
                faults.add(shape)
                if not faults.found and shape.rows:
                    if frame is None:
                        _refuse_unreadable(self.name)
                    yield from frame.iter_slices(BATCH_ROWS)
            faults.refuse(self.name, len(self.columns))

    def _blocks(self, *, quick: bool) -> Iterator[tuple[memoryview, Shape]]:
        """Yield blocks of whole rows with their shapes. A block is overwritten when the next one is asked for."""
        buffer = bytearray(BLOCK_BYTES + 1)  # one byte for the line end that the last row may lack
        view, filled = memoryview(buffer), 0
        with self.path.open("rb", buffering=0) as file:
            text = text_of(file, self.codec)
            _fill(text, memoryview(bytearray(self.header_bytes)))
            while read := _fill(text, view[filled:BLOCK_BYTES]):
                filled += read
                shape = self._shape(view[:filled], quick=quick)
                if not shape.end and filled == BLOCK_BYTES:
                    _refuse_long(self.name)
                yield view[: shape.end], shape
                filled -= shape.end
                buffer[:filled] = buffer[shape.end : shape.end + filled]
        if filled:
            buffer[filled] = ord("\n")
            shape = self._shape(view[: filled + 1])
            if shape.end != filled + 1 or shape.ragged:
                _refuse_half(self.name)
            yield view[: shape.end], shape

    def _shape(self, block: memoryview, *, quick: bool = False) -> Shape:
        delimiter, columns = ord(self.delimiter), len(self.columns)
        shape = quick_shape(block, delimiter=delimiter, columns=columns) if quick else None
        return shape or shape_of(np.frombuffer(block, dtype=np.uint8), delimiter=delimiter, columns=columns)

    def _frame(self, block: memoryview, shape: Shape, names: Mapping[str, str]) -> pl.DataFrame | None:
        """Return the rows of a block, or None if the fast reader does not take them or does not count them as we do."""
        data = bytes(block) if shape.kept is None else np.frombuffer(block, dtype=np.uint8)[shape.kept].tobytes()
        if data.startswith(MARK):
            data = MARK + data  # the reader takes one off, and this one is text
        wanted = [pl.col(place).alias(column) for place, column in names.items()]
        try:
            lazy = pl.scan_csv(
                data,
                has_header=False,
                separator=self.delimiter,
                schema=dict.fromkeys(map(str, range(len(self.columns))), pl.String),
                glob=False,
            )
            frame = lazy.select(wanted).collect()
        except pl.exceptions.PolarsError:  # its text may hold a value
            return None
        if frame.height != shape.rows:
            return None
        return without_empty_texts(frame) if b'"' in data else frame  # an empty field in quotes is empty too


class _Faults:
    """What is wrong with the rows so far."""

    def __init__(self) -> None:
        self.rows = self.ragged = self.strays = 0
        self.first_ragged = 0

    @property
    def found(self) -> bool:
        """Whether there is any fault."""
        return bool(self.ragged or self.strays)

    def add(self, shape: Shape) -> None:
        if shape.ragged and not self.ragged:
            self.first_ragged = self.rows + shape.first_ragged + 1
        self.rows += shape.rows
        self.ragged += shape.ragged
        self.strays += shape.strays

    def refuse(self, name: str, columns: int) -> None:
        if self.strays:  # first: where they stand, the rows may have been told apart wrongly
            raise StrayQuotes(
                got=f"{self.strays} quotes or returns in {name} inside a field or after its end",
                wanted="a field with a quote in it to stand in quotes, and each quote in it twice",
                act="the partner's IT must export the file with quoted text fields",
            )
        if self.ragged:
            raise RaggedRows(
                got=f"{self.ragged} rows in {name} with more or fewer fields than its {columns} columns",
                wanted="one field for each column",
                act="the partner's IT must export the file with quoted text fields",
                hint=f"the first is row {self.first_ragged} below the header",
            )


def open_delimited(path: Path) -> DelimitedSource:
    """Return a file of delimited text, its encoding, delimiter and header decided.

    Raises: FileUnreadable, FileEmpty, FileChanged, UnknownEncoding, ZeroBytes, DoubtfulHeader, RowTooLong,
    StrayQuotes, HalfWritten.
    """
    stamp = stamp_of(path)
    name = printable(path.name)
    buffer = bytearray(HEADER_BYTES)
    with unchanged(path, stamp):
        codec = encoding_of(path)
        with path.open("rb", buffering=0) as file:
            filled = _fill(text_of(file, codec), memoryview(buffer))
    end, header = _first_row(bytes(buffer[:filled]), name)
    delimiter = max(DELIMITERS, key=lambda sign: len(_fields(header, sign)))
    cells = _fields(header, delimiter)
    check_width(name, len(cells))
    line = np.frombuffer(f"{header}\n".encode(), dtype=np.uint8)
    shape = shape_of(line, delimiter=ord(delimiter), columns=len(cells))
    if shape.end != line.size:
        _refuse_half(name)
    faults = _Faults()
    faults.add(shape)
    faults.refuse(name, len(cells))
    columns = checked_header(name, cells)
    return DelimitedSource(path, stamp, codec, delimiter, end, columns)


def _first_row(text: bytes, name: str) -> tuple[int, str]:
    """Return where the first row ends, with its line end, and its text without."""
    data = np.frombuffer(text, dtype=np.uint8)
    inside = np.bitwise_xor.accumulate(data == ord('"'))
    ends = np.flatnonzero((data == ord("\n")) & ~inside)
    if not ends.size and len(text) == HEADER_BYTES:
        _refuse_long(name)
    end = int(ends[0]) + 1 if ends.size else len(text)
    header = text[:end].decode().rstrip("\r\n")
    if not header.strip():
        raise FileEmpty(
            got=f"a file {name} whose first row is empty",
            wanted="a header in the first row",
            act="the partner's IT must export the file again",
        )
    return end, header


def _fields(header: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(header, newline=""), delimiter=delimiter))
    except csv.Error:  # a name of more than 128 kB, or a return in it: no header with any delimiter
        return []


def _fill(text: Reader, view: memoryview) -> int:
    """Fill the view as far as the text goes; return how many bytes."""
    filled = 0
    while filled < len(view) and (read := text.readinto(view[filled:])):
        filled += read
    return filled


def _refuse_long(name: str) -> NoReturn:
    raise RowTooLong(
        got=f"a row in {name} that is longer than any record",
        wanted=f"rows of at most {BLOCK_BYTES} bytes, and a header of at most {HEADER_BYTES}",
        act="the partner's IT must export the file again",
        hint="a quote that is never closed, or line ends of another system, look like this",
    )


def _refuse_half(name: str) -> NoReturn:
    raise HalfWritten(
        got=f"a file {name} that stops in the middle of its last row",
        wanted="a whole last row",
        act="the partner's IT must wait until the export is done, then run the same command again",
        hint="a quote that is never closed looks like this too",
    )


def _refuse_unreadable(name: str) -> NoReturn:
    raise UnreadableRows(
        got=f"rows in {name} that the reader does not take",
        wanted="delimited text as in RFC 4180",
        act="the partner's IT must export the file again",
    ) from None
