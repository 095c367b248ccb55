"""Computes: sheets of texts and numbers, as one file of XLSX or of ODS; the same sheets are the same bytes.

Rows are written one by one as text: 3 million cells take seconds and little memory, where the libraries at hand take
25 seconds (XlsxWriter) or 20 minutes (odfdo), measured. A cell is a text or a number by its type, never a formula,
whatever it begins with.
Source: ECMA-376-1, 18.3.1 (sheets), and OpenDocument 1.3, part 3, 9.1 (tables): the parts that every reader knows.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, islice
from string import ascii_uppercase
from typing import BinaryIO
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

Cell = str | int | float | None
MAX_ROWS = 1_000_000  # of a sheet; XLSX ends at 1,048,576, and so does LibreOffice
CACHED_CELLS = 100_000  # five times as many as the Netherlands have areas
CHUNK_ROWS = 10_000  # written at a time: about 3 MB of text
LEVEL = 3  # of compression: half the time of the usual 6, for a tenth more bytes
_CHARS_MM = 2  # the width of a character, about


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet. header: bold, and always in sight. widths: of the columns, in characters."""

    name: str
    header: tuple[str, ...]
    widths: tuple[int, ...]
    rows: Iterable[Sequence[Cell]]


def xlsx(sheets: Sequence[Sheet]) -> bytes:
    """Return an XLSX file that fits in memory."""
    out = io.BytesIO()
    write_xlsx(sheets, out)
    return out.getvalue()


def ods(sheets: Sequence[Sheet]) -> bytes:
    """Return an ODS file that fits in memory."""
    out = io.BytesIO()
    write_ods(sheets, out)
    return out.getvalue()


def write_xlsx(sheets: Sequence[Sheet], out: BinaryIO) -> None:
    """Write an XLSX file row by row; a sheet of more than a million rows goes on in another one.

    out: one in which can be gone back, as in every file of a disk.
    """
    with ZipFile(out, "w", ZIP_DEFLATED, compresslevel=LEVEL) as file:
        names: list[str] = []
        for sheet in _parts(sheets):
            names.append(sheet.name)
            _put(file, f"xl/worksheets/sheet{len(names)}.xml", _xlsx_sheet(sheet))
        count = range(1, len(names) + 1)
        types = "".join(
            f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_MAIN_TYPE}.worksheet+xml"/>'
            for number in count
        )
        _put(file, "[Content_Types].xml", [_XML, _XLSX_TYPES.format(sheets=types)])
        _put(file, "_rels/.rels", [_XML, _XLSX_ROOT])
        entries = "".join(
            f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>'
            for number, name in zip(count, names, strict=True)
        )
        _put(file, "xl/workbook.xml", [_XML, _XLSX_BOOK.format(sheets=entries)])
        links = "".join(
            f'<Relationship Id="rId{number}" Type="{_RELATION}/worksheet" Target="worksheets/sheet{number}.xml"/>'
            for number in count
        )
        _put(file, "xl/_rels/workbook.xml.rels", [_XML, _XLSX_LINKS.format(sheets=links, styles=len(names) + 1)])
        _put(file, "xl/styles.xml", [_XML, _XLSX_STYLES])


def write_ods(sheets: Sequence[Sheet], out: BinaryIO) -> None:
    """Write an ODS file row by row; a sheet of more than a million rows goes on in another one. out: as of XLSX."""
    with ZipFile(out, "w", ZIP_DEFLATED, compresslevel=LEVEL) as file:
        # OpenDocument 1.3, part 2, 3.3: the first entry, not compressed.
        file.writestr(ZipInfo("mimetype"), _ODS_TYPE, ZIP_STORED)
        _put(file, "META-INF/manifest.xml", [_XML, _ODS_MANIFEST])
        _put(file, "content.xml", _ods_content(sheets))


def _parts(sheets: Sequence[Sheet]) -> Iterator[Sheet]:
    """Yield each sheet, in parts where it is too long; a part's rows must be read before the next part is asked for."""
    for sheet in sheets:
        rows, number = iter(sheet.rows), 1
        while True:
            name = sheet.name if number == 1 else f"{sheet.name} {number}"
            yield replace(sheet, name=name, rows=islice(rows, MAX_ROWS))
            more = next(rows, None)
            if more is None:
                break
            rows, number = chain((more,), rows), number + 1


def _put(file: ZipFile, name: str, texts: Iterable[str]) -> None:
    with file.open(name, "w") as part:  # dated 1980-01-01: the same sheets are the same bytes
        for text in texts:
            part.write(text.encode())


def _chunks(rows: Iterable[str]) -> Iterator[str]:
    rows = iter(rows)
    while chunk := "".join(islice(rows, CHUNK_ROWS)):
        yield chunk


def _xlsx_sheet(sheet: Sheet) -> Iterator[str]:
    columns = "".join(
        f'<col min="{place}" max="{place}" width="{width}" customWidth="1"/>'
        for place, width in enumerate(sheet.widths, 1)
    )
    yield _XML + _XLSX_SHEET.format(columns=columns)
    letters = [_letters(place) for place in range(len(sheet.header))]
    yield _xlsx_row(1, letters, [' s="1"' + _xlsx_cell(name) for name in sheet.header])
    yield from _chunks(_xlsx_row(at, letters, map(_xlsx_cell, row)) for at, row in enumerate(sheet.rows, 2))
    yield "</sheetData></worksheet>"


def _xlsx_row(number: int, letters: Sequence[str], cells: Iterable[str]) -> str:
    """Return a row. Each cell says where it is: Excel counts for itself, Gnumeric and others do not."""
    told = (f'<c r="{letter}{number}"{cell}' for letter, cell in zip(letters, cells, strict=True) if cell)
    return f'<row r="{number}">{"".join(told)}</row>'


@lru_cache(maxsize=CACHED_CELLS, typed=True)
def _xlsx_cell(value: Cell) -> str:
    """Return what follows the place of a cell; an empty one is left out."""
    if value is None or value == "":
        return ""
    if isinstance(value, int | float):
        return f"><v>{value}</v></c>"
    return f' t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def _letters(place: int) -> str:
    """Return the name of a column, counted from 0: A to Z, AA and on."""
    head, last = divmod(place, len(ascii_uppercase))
    return (_letters(head - 1) if head else "") + ascii_uppercase[last]


def _ods_content(sheets: Sequence[Sheet]) -> Iterator[str]:
    widths = sorted({width for sheet in sheets for width in sheet.widths})
    styles = "".join(
        f'<style:style style:name="w{width}" style:family="table-column">'
        f'<style:table-column-properties style:column-width="{width * _CHARS_MM}mm"/></style:style>'
        for width in widths
    )
    yield _XML + _ODS_BEGIN.format(styles=styles)
    for sheet in _parts(sheets):
        yield f"<table:table table:name={quoteattr(sheet.name)}>"
        yield "".join(f'<table:table-column table:style-name="w{width}"/>' for width in sheet.widths)
        header = "".join(_ods_text(name).replace("<table:table-cell ", _ODS_BOLD) for name in sheet.header)
        yield f"<table:table-header-rows><table:table-row>{header}</table:table-row></table:table-header-rows>"
        yield from _chunks(
            "<table:table-row>" + "".join(map(_ods_cell, row)) + "</table:table-row>" for row in sheet.rows
        )
        yield "</table:table>"
    yield "</office:spreadsheet></office:body></office:document-content>"


@lru_cache(maxsize=CACHED_CELLS, typed=True)
def _ods_cell(value: Cell) -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    if isinstance(value, int | float):
        start = f'<table:table-cell office:value-type="float" office:value="{value}">'
        return f"{start}<text:p>{value}</text:p></table:table-cell>"
    return _ods_text(value)


def _ods_text(text: str) -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{escape(text)}</text:p></table:table-cell>'


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SCHEMAS = "http://schemas.openxmlformats.org"
_RELATION = f"{_SCHEMAS}/officeDocument/2006/relationships"
_PACKAGE = f"{_SCHEMAS}/package/2006"
_MAIN = f"{_SCHEMAS}/spreadsheetml/2006/main"
_MAIN_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XLSX_TYPES = (
    f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_MAIN_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_MAIN_TYPE}.styles+xml"/>'
    "{sheets}</Types>"
)
_XLSX_ROOT = (
    f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATION}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
_XLSX_BOOK = f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATION}"><sheets>{{sheets}}</sheets></workbook>'
_XLSX_LINKS = (
    f'<Relationships xmlns="{_PACKAGE}/relationships">{{sheets}}'
    f'<Relationship Id="rId{{styles}}" Type="{_RELATION}/styles" Target="styles.xml"/></Relationships>'
)
_XLSX_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs></styleSheet>'
)
_XLSX_SHEET = (
    f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    "<cols>{columns}</cols><sheetData>"
)
_ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_ODS_NAMES = "urn:oasis:names:tc:opendocument:xmlns"
_ODS_MANIFEST = (
    f'<manifest:manifest xmlns:manifest="{_ODS_NAMES}:manifest:1.0" manifest:version="1.3">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_ODS_TYPE}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)
_ODS_BOLD = '<table:table-cell table:style-name="bold" '
_ODS_BEGIN = (
    f'<office:document-content xmlns:office="{_ODS_NAMES}:office:1.0" xmlns:style="{_ODS_NAMES}:style:1.0" '
    f'xmlns:text="{_ODS_NAMES}:text:1.0" xmlns:table="{_ODS_NAMES}:table:1.0" '
    f'xmlns:fo="{_ODS_NAMES}:xsl-fo-compatible:1.0" office:version="1.3"><office:automatic-styles>'
    '<style:style style:name="bold" style:family="table-cell"><style:text-properties fo:font-weight="bold"/>'
    "</style:style>{styles}</office:automatic-styles><office:body><office:spreadsheet>"
)
