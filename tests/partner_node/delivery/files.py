"""A source in memory for tests of the delivery, and a small gemeente with its addresses."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from partner_node.delivery.areas import AreaTable
from protocol.words.geography import Area, AreaCode, Geography
from protocol.words.ids import GeographyId, Line


@dataclass(frozen=True)
class Text:
    """The rows of a file, each a text per column."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    batch_rows: int = 500_000

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        places = [self.columns.index(column) for column in columns]
        for first in range(0, len(self.rows), self.batch_rows):
            rows = self.rows[first : first + self.batch_rows]
            data = {column: [row[place] for row in rows] for column, place in zip(columns, places, strict=True)}
            yield pl.DataFrame(data, schema=dict.fromkeys(columns, pl.String))


def from_csv(name: str, text: str) -> Text:
    """Return the rows of a semicolon-separated text without quotes."""
    lines = [tuple(line.split(";")) for line in text.splitlines()]
    return Text(name, lines[0], tuple(lines[1:]))


def geography() -> Geography:
    """Return one gemeente with two wijken, three buurten and two postcode areas."""
    rows = [
        ("1901", "GM9901"),
        ("1902", "GM9901"),
        ("BU99010001", "WK990100"),
        ("BU99010002", "WK990100"),
        ("BU99010101", "WK990101"),
        ("GM9901", None),
        ("WK990100", "GM9901"),
        ("WK990101", "GM9901"),
    ]
    areas = tuple(
        Area(code=AreaCode(code), name=Line(f"Gebied {code}"), parent=None if parent is None else AreaCode(parent))
        for code, parent in rows
    )
    return Geography(id=GeographyId("oefenstad-2026"), year=2026, areas=areas)


def area_table() -> AreaTable:
    """Return where the addresses of that gemeente lie; 1902AA 99 is a shelter."""
    buurt_of = {
        "1901AA": "BU99010001",
        "1901AB\x1f1": "BU99010001",
        "1901AB\x1f2": "BU99010002",
        "1902AA": "BU99010101",
    }
    return AreaTable(
        year=2026,
        buurt_of={key: AreaCode(code) for key, code in buurt_of.items()},
        former=frozenset({AreaCode("BU99010099")}),
        institutions=frozenset({"1902AA\x1f99"}),
    )
