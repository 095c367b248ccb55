"""Touches the world: looks into a workbook's zip archive before anything unpacks it whole.

A workbook is a zip of XML. Three ways to fill a memory with a small file are closed here: members that unpack to more
than they say, XML entities, and cells so far apart that the rectangle between them is immense.
"""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from partner_node.errors import SourceRefusal

MAX_MEMBERS = 2_000  # a workbook of a hundred sheets has a few hundred
MAX_UNPACKED = 2**28  # bytes: some 5 million cells; what is larger belongs in CSV or Parquet
MAX_CELLS = 2**24  # cells of the rectangle around all that is filled, at 24 bytes each
PIECE = 2**16
LOCAL_HEADER = 30  # bytes before a member's name; two lengths of 2 bytes each end it
MACROS = re.compile(r"vbaproject|(^|/)(basic|scripts|macrosheets)/", re.IGNORECASE)
XLSX_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml$", re.IGNORECASE)
CELL = re.compile(r"([A-Za-z]{1,3})([0-9]{1,10})$")


class WorkbookTooLarge(SourceRefusal):
    """A workbook that unpacks to more than a node's memory should hold."""


class WorkbookUnsafe(SourceRefusal):
    """A workbook with macros, entities, or an archive that says other sizes than it holds."""


class WorkbookDamaged(SourceRefusal):
    """A workbook that is cut short, damaged, or locked with a password."""


def check_archive(path: Path, name: str) -> None:
    """Refuse an archive that is too large, has macros, or whose sheets span too many cells.

    Raises: WorkbookTooLarge, WorkbookUnsafe, WorkbookDamaged.
    """
    try:
        with ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED:
                raise _too_large(name)
            if any(MACROS.search(member.filename) for member in members):
                raise _unsafe(f"macros in {name}", name)
            for member in members:
                _check_member(path, member, name)
    except (BadZipFile, zlib.error, expat.ExpatError, NotImplementedError, LookupError, ValueError):
        # The last two: an encoding that nobody knows, and places and repeats that are no numbers.
        raise damaged(name) from None


def damaged(name: str) -> WorkbookDamaged:
    """Return the refusal of a workbook that cannot be read."""
    return WorkbookDamaged(
        got=f"a workbook {name} that cannot be read",
        wanted="a whole workbook without a password",
        act="the partner's IT must save the workbook again",
    )


def _check_member(path: Path, member: ZipInfo, name: str) -> None:
    watch: _Xlsx | _Ods | None = None
    if XLSX_SHEET.search(member.filename):
        watch = _Xlsx(name)
    elif member.filename == "content.xml":
        watch = _Ods(name)
    parser = expat.ParserCreate() if member.filename.endswith((".xml", ".rels")) else None
    if parser:
        parser.EntityDeclHandler = lambda *_: _refuse_entity(name)
        if watch:
            parser.StartElementHandler = watch.start
            parser.EndElementHandler = watch.end
    unpacked = 0
    for piece in _unpacked(path, member):
        unpacked += len(piece)
        if unpacked > member.file_size:  # the directory lies; whoever trusts it would unpack for ever
            raise _unsafe(f"a part of {name} that unpacks to more than it says", name)
        if parser:
            parser.Parse(piece, False)  # noqa: FBT003 - expat takes it by position only
    if parser and unpacked:  # some writers leave empty parts
        parser.Parse(b"", True)  # noqa: FBT003 - idem


def _unpacked(path: Path, member: ZipInfo) -> Iterator[bytes]:
    """Yield what a member really holds, piece by piece, whatever size the directory says."""
    if member.flag_bits & 1 or member.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise BadZipFile
    with path.open("rb") as file:
        file.seek(member.header_offset)
        header = file.read(LOCAL_HEADER)
        lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        file.seek(lengths, 1)
        left = member.compress_size
        inflate = zlib.decompressobj(-zlib.MAX_WBITS) if member.compress_type == ZIP_DEFLATED else None
        while left and (packed := file.read(min(PIECE, left))):
            left -= len(packed)
            if inflate is None:
                yield packed
                continue
            while packed:
                yield inflate.decompress(packed, PIECE)
                packed = inflate.unconsumed_tail


class _Box:
    """The rectangle around all cells, which the reader makes whole in memory."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows = self.columns = 0

    def add(self, row: int, column: int) -> None:
        self.rows, self.columns = max(self.rows, row), max(self.columns, column)
        if self.rows * self.columns > MAX_CELLS:
            raise _too_large(self.name)


class _Xlsx(_Box):
    """Cells say where they stand, or stand after the last one."""

    row = column = 0

    def start(self, tag: str, attributes: dict[str, Any]) -> None:
        local = tag.rpartition(":")[2]
        if local == "row":
            self.row, self.column = int(attributes.get("r", self.row + 1)), 0
        elif local == "c":
            self.column += 1
            if place := CELL.match(attributes.get("r", "")):
                self.row = int(place[2])
                self.column = 0
                for letter in place[1].upper():
                    self.column = self.column * 26 + ord(letter) - 64
            self.add(self.row, self.column)

    def end(self, tag: str) -> None:
        """Nothing: a row's cells are counted as they begin."""


class _Ods(_Box):
    """Rows and cells may be repeated; empty ones at the end of a row or sheet take no room."""

    row = column = repeat = filled = 0

    def start(self, tag: str, attributes: dict[str, Any]) -> None:
        if tag == "table:table":
            self.row = 0
        elif tag == "table:table-row":
            self.repeat, self.column, self.filled = int(attributes.get("table:number-rows-repeated", 1)), 0, 0
        elif tag in {"table:table-cell", "table:covered-table-cell"}:
            self.column += int(attributes.get("table:number-columns-repeated", 1))
            if "office:value-type" in attributes or "table:formula" in attributes:
                self.filled = self.column
        elif tag == "text:p":
            self.filled = self.column

    def end(self, tag: str) -> None:
        if tag == "table:table-row":
            self.row += self.repeat
            if self.filled:
                self.add(self.row, self.filled)


def _refuse_entity(name: str) -> None:
    raise _unsafe(f"XML entities in {name}", name)


def _too_large(name: str) -> WorkbookTooLarge:
    return WorkbookTooLarge(
        got=f"a workbook {name} that is too large to unpack",
        wanted=f"at most {MAX_UNPACKED} bytes, {MAX_MEMBERS} parts and {MAX_CELLS} cells",
        act="the partner's IT must export it as CSV or Parquet",
    )


def _unsafe(got: str, name: str) -> WorkbookUnsafe:
    return WorkbookUnsafe(
        got=got,
        wanted="a workbook of cells and nothing else",
        act="the partner's IT must save the sheet as a new workbook without macros",
        hint=f"{name} was not opened",
    )
