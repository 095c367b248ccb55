"""Touches the world: every reader of a partner's own files, as one function of bytes, with good files to begin from."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import odfdo
import polars as pl
import xlsxwriter

from partner_node.config import load_config, read_text
from partner_node.delivery.area_file import read_area_table
from partner_node.delivery.areas import AreaTable
from partner_node.delivery.delivery import read_delivery
from partner_node.delivery.mapping import check_mapping, parse_mapping
from partner_node.profiles.school import SCHOOL, VERZUIM
from partner_node.register import Register
from partner_node.sources.opening import open_source
from tests.partner_node.delivery.files import geography
from tests.partner_node.replayed.agreed import MAPPING
from tests.partner_node.replayed.households import HEADER, family
from tests.partner_node.test_config import TEXT

ROWS = (
    "M1;gz1;BU99010001;01-02-2026;Z1;3",
    'M2;"gz;2";BU99010002;02-02-2026;"Z2";',
    'M3;"gz ""3""";WK990101;2026-03-01;Z3|Z4;40',
)
REGISTER = """format = 1
[[processing]]
covenant = "oefenconvenant"
purpose = "Beleidsinformatie"
legal_ground = "Wmo 2015 art. 4.2.12"
ends_on = 2026-06-30
[processing.wpg_permission]
issuer = "Burgemeester van Oefenstad"
issued_on = 2025-12-01
scope = "HGKM-incidenten per wijk"
"""
AREAS = """PC6;Huisnummer;Buurt2026;Wijk2026;Gemeente2026
1901AA;1;99010001;990100;9901
1901 AB;2;BU99010002;990100;9901
1902AA;10;"99010101";990101;9901
"""


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader. read: of a file; returns when it is read or raises. suffix: of the file. seeds: files that are read.

    inputs: how many damaged files a nightly campaign reads; zipped and native ones cost a hundred times as much.
    """

    name: str
    suffix: str
    read: Callable[[Path], object]
    seeds: Callable[[], tuple[bytes, ...]]
    inputs: int
    is_zip: bool = False


def every_row(path: Path) -> int:
    """Open a file as a source and read all its columns."""
    source = open_source(path)
    return sum(frame.height for frame in source.batches(source.columns))


def whole_delivery(path: Path) -> object:
    """Read a file to Records."""
    return read_delivery(
        [open_source(path.rename(path.with_name(f"verzuim{path.suffix}")))],
        SCHOOL,
        parse_mapping(MAPPING.replace("verzuim.csv", "verzuim.*")),
        geography(),
        (VERZUIM.codes,),
        area_table=AreaTable(2026, {}),
        secret=bytes(32),
        today=date(2026, 7, 15),
    )


def area_table(path: Path) -> object:
    """Read a file of postcodes."""
    return read_area_table(open_source(path), geography(), year=2026)


def delimited() -> tuple[bytes, ...]:
    """Return good text files in each encoding and with each delimiter."""
    text = "\r\n".join((HEADER, *ROWS)) + "\r\n"
    return (
        text.encode(),
        text.replace(";", ",").replace("gz,2", "gz;2").encode("utf-8-sig"),
        text.replace("gz1", "gézin").encode("cp1252"),
        text.replace(";", "\t").encode("utf-16"),
        family(5).deliveries(3)[1],
    )


@cache
def worksheets() -> tuple[bytes, ...]:
    """Return a good XLSX file."""
    body = io.BytesIO()
    with xlsxwriter.Workbook(body, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER.split(";"))
        sheet.write_row(1, 0, ROWS[0].split(";"))
        sheet.write_row(2, 0, ("M2", 12, "BU99010001"))
        sheet.write_datetime(2, 3, date(2026, 2, 1), book.add_format({"num_format": "dd-mm-yyyy"}))
        sheet.write_formula(2, 5, "=1+1", value=2)
        sheet.write_boolean(3, 0, boolean=True)
    return (body.getvalue(),)


@cache
def spreadsheets() -> tuple[bytes, ...]:
    """Return a good ODS file."""
    table = odfdo.Table("Blad1")
    table.set_row_values(0, HEADER.split(";"))
    table.set_row_values(1, ["M1", 12, "BU99010001", date(2026, 2, 1), True, 0.5])
    table.set_row_values(3, ROWS[0].split(";"))
    document = odfdo.Document("spreadsheet")
    document.body.clear()
    document.body.append(table)
    body = io.BytesIO()
    document.save(body)
    return (body.getvalue(),)


@cache
def parquets() -> tuple[bytes, ...]:
    """Return good Parquet files: of texts, and of numbers, days, fractions and booleans."""
    names = HEADER.split(";")
    texts = pl.DataFrame([row.replace('"', "").split(";")[:6] for row in ROWS], schema=names, orient="row")
    typed = pl.DataFrame(
        {
            names[0]: [1, 2, None],
            names[1]: [1.0, 2.5, None],
            names[2]: ["BU99010001", None, "WK990101"],
            names[3]: [date(2026, 2, 1), None, date(2026, 3, 1)],
            names[4]: [True, False, None],
            names[5]: [2**62, -1, 0],
        }
    )
    bodies = []
    for frame in (texts, typed):
        body = io.BytesIO()
        frame.write_parquet(body)
        bodies.append(body.getvalue())
    return tuple(bodies)


def mapped(path: Path) -> None:
    """Read a mapping and hold it against its profile."""
    check_mapping(parse_mapping(read_text(path)), SCHOOL)


def registered(path: Path) -> None:
    """Read a register."""
    Register.from_toml(read_text(path), source=path.name)


READERS = (
    Reader("csv", ".csv", every_row, delimited, 1_000_000),
    Reader("delivery", ".csv", whole_delivery, delimited, 100_000),
    Reader("area-file", ".csv", area_table, lambda: (AREAS.encode(), AREAS.encode("utf-16")), 300_000),
    Reader("mapping", ".toml", mapped, lambda: (MAPPING.encode(),), 1_000_000),
    Reader("config", ".toml", load_config, lambda: (TEXT.encode(),), 1_000_000),
    Reader("register", ".toml", registered, lambda: (REGISTER.encode(),), 1_000_000),
    Reader("xlsx", ".xlsx", every_row, worksheets, 50_000, is_zip=True),
    Reader("xlsx-delivery", ".xlsx", whole_delivery, worksheets, 20_000, is_zip=True),
    Reader("ods", ".ods", every_row, spreadsheets, 50_000, is_zip=True),
    Reader("parquet", ".parquet", every_row, parquets, 100_000),
    Reader("parquet-delivery", ".parquet", whole_delivery, parquets, 20_000),
)  # fmt: skip
