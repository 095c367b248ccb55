"""Files of a page's state: what stands in them, that spreadsheets run nothing, and that what is hidden is nowhere."""

import csv
import io
import json
import zipfile
import zlib
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from xml.etree import ElementTree as ET

import pytest
from odfdo import Document
from python_calamine import CalamineWorkbook

from coordinator.figures_file import harmless
from coordinator.web.monitor import Figure, Monitor, SpanId
from coordinator.web.site import Site
from coordinator.web.view_file import COLUMNS, NAMES
from protocol.words.geography import AreaCode, Level
from tests.coordinator.web.reader import Reader
from tests.coordinator.web.town import BUSY, HIDDEN, MAIN, NOT_DELIVERED, STRIKING, town

KINDS = ("csv", "json", "xlsx", "ods")
STATES = ("", "periode=2025-Q4", "onderwerp=verzuim&periode=2025-Q2", "niveau=buurt", "onderwerp=incidenten", "lang=en")


@lru_cache(maxsize=4)
def reader(question: str = "Huishoudens met een melding") -> Reader:
    shown = town(question=question, low=STRIKING)
    return Reader(Site(load=lambda: shown, size=lambda: shown.log_size))


@lru_cache(maxsize=1)
def shown() -> Monitor:
    return town(low=STRIKING)


def rows_of(body: bytes) -> list[dict[str, str]]:
    lines = body.decode("utf-8-sig").splitlines()
    return list(csv.DictReader(lines[1:], delimiter=";"))


def test_a_csv_says_what_the_page_says_and_leaves_what_is_not_shown_empty_with_a_reason() -> None:
    """ZN-21: the same figures as the monitor's own, written out again from its model."""
    answer = reader().get("/cijfers.csv?periode=2025-Q4")
    assert (
        answer.headers["content-disposition"] == 'attachment; filename="samenzicht_meldingen_2025-Q4_oefengegevens.csv"'
    )
    rows = {row["area"]: row for row in rows_of(answer.content)}
    span = shown().indicators[MAIN].spans[SpanId("2025-Q4")]
    assert set(rows) == {area.code for area in shown().at(Level.WIJK)} | {shown().whole}
    for code, row in rows.items():
        told = span.cells[AreaCode(code)].answer
        if isinstance(told, Figure):
            assert (row["value"], row["low"], row["high"]) == (str(told.value), str(told.low), str(told.high))
            assert row["reason"] == ""
        else:
            assert {row[name] for name in ("value", "low", "high", "per_1000", "published", "reliability")} == {""}
            assert row["reason"] == told.why.value
    assert rows[HIDDEN]["reason"] == "too-uncertain"
    before = {row["area"]: row for row in rows_of(reader().get("/cijfers.csv?periode=2025-Q1").content)}
    assert before[BUSY[0]]["beside_whole"] == "hoger"
    assert {row["mark"] for row in rows.values()} == {"oefengegevens"}
    assert {row["status"] for row in rows.values()} == {"*"}, "a late round may still come"


def test_what_nobody_delivered_is_no_zero_in_any_file() -> None:
    rows = rows_of(reader().get(f"/cijfers.csv?onderwerp=verzuim&periode={NOT_DELIVERED}").content)
    assert {(row["level"], row["value"], row["reason"]) for row in rows} == {
        ("wijk", "", "not-delivered"),
        ("gemeente", "", "not-delivered"),  # its figure follows from the wijken
    }


def test_every_kind_of_file_says_the_same() -> None:
    """W06: read again by other libraries, cell by cell; numbers are numbers."""
    for state in STATES:
        wanted = [[row[name] for name in NAMES] for row in rows_of(reader().get(f"/cijfers.csv?{state}").content)]
        tree = json.loads(reader().get(f"/cijfers.json?{state}").content)
        assert set(tree["dictionary"]) == set(NAMES) == set(COLUMNS)
        assert [["" if row[name] is None else str(row[name]) for name in NAMES] for row in tree["figures"]] == wanted
        book = CalamineWorkbook.from_filelike(io.BytesIO(reader().get(f"/cijfers.xlsx?{state}").content))
        sheet = book.get_sheet_by_name("cijfers").to_python()
        assert sheet[0] == list(NAMES)
        assert [[_text(cell) for cell in row] for row in sheet[1:]] == [
            [_text(_number(c)) for c in row] for row in wanted
        ]
        table = Document(io.BytesIO(reader().get(f"/cijfers.ods?{state}").content)).body.get_table(name="cijfers")
        assert table is not None
        values = [list(row) for row in table.get_values()][1:]
        padded = [row + [None] * (len(NAMES) - len(row)) for row in values]
        assert [[_text("" if cell is None else cell) for cell in row] for row in padded] == [
            [_text(_number(cell)) for cell in row] for row in wanted
        ]


def _number(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


def _text(cell: object) -> str:
    return f"{float(cell):.6g}" if isinstance(cell, int | float | Decimal) else str(cell)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_a_text_that_begins_like_a_formula_is_quoted_and_a_negative_number_is_not(sign: str) -> None:
    """W06."""
    assert harmless(f"{sign}1+1") == f"'{sign}1+1"
    assert harmless(-3) == -3
    assert harmless("gewoon") == "gewoon"


@pytest.mark.parametrize(
    "label", ["=HYPERLINK(1)", "@SUM(A1)", "+31", "-2+3", "\uff1d1+1", "<script>alert(1)</script>"]
)
def test_a_hostile_label_runs_nowhere(label: str) -> None:
    """W05, W06: in CSV it is quoted, in sheets a text, in JSON and SVG itself, escaped."""
    hostile = reader(label)
    assert {row["question"][:1] for row in rows_of(hostile.get("/cijfers.csv").content)} == {
        "'" if label[0] != "<" else "<"
    }
    with zipfile.ZipFile(io.BytesIO(hostile.get("/cijfers.xlsx").content)) as file:
        sheet = file.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert label.replace("<", "&lt;").replace(">", "&gt;") in sheet
    for name in ("kaart", "verloop"):
        drawing = hostile.get(f"/{name}.svg").text
        assert "<script" not in drawing
        ET.fromstring(drawing)  # noqa: S314 - what we drew ourselves
    assert hostile.get("/gebied/WK990101.pdf").content.startswith(b"%PDF")


ROUTES = (
    *("/signalen", "/toelichting", "/beschikbaarheid", f"/signalen?gebied={HIDDEN}"),
    *("/", "/wijken", "/wijken?kaart=waarde", "/wijken?niveau=buurt", "/overzicht"),
    *(f"/wijken?gebied={HIDDEN}", f"/gebied/{HIDDEN}", f"/gebied/{HIDDEN}.pdf"),
    *(f"/vergelijken?gebieden={HIDDEN},{BUSY[0]}", "/kaart.svg", "/kaart.png", f"/verloop.svg?gebied={HIDDEN}"),
    *("/api/v1/areas", "/api/v1/topics", "/api/v1/figures", *(f"/cijfers.{kind}" for kind in KINDS)),
)


def plain(body: bytes) -> bytes:
    """Return a body with everything in it unpacked: parts of a zip, streams of a PDF."""
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as file:
            return b"\n".join(file.read(name) for name in file.namelist())
    found = [body]
    for piece in body.split(b"stream\n")[1:] if body.startswith(b"%PDF") else []:
        try:
            found.append(zlib.decompressobj().decompress(piece))
        except zlib.error:
            found.append(piece)
    return b"\n".join(found)


def test_a_hidden_number_is_in_no_byte_of_anything_that_is_served() -> None:
    """W14: every route and file, in the quarter in which it is hidden and over the year; also without its minus.

    Control: the same search finds the number where a monitor of the same town shows it.
    """
    number = str(abs(STRIKING))
    marks = [text.encode() for text in (number, f"{abs(STRIKING):,}", f"{abs(STRIKING):,}".replace(",", "."))]
    for route in ROUTES:
        for period in ("", "periode=2025-Q4"):
            for language in ("", "lang=en"):
                query = "&".join(part for part in (period, language) if part)
                answer = reader().get(route + ("&" if "?" in route else "?") * bool(query) + query)
                assert answer.status_code == 200, route
                body = plain(answer.content)
                assert not [mark for mark in marks if mark in body], (route, query)
    other = Reader(_loud())
    found = [
        route for route in ("/wijken", "/cijfers.csv", "/cijfers.xlsx", "/cijfers.ods") if _holds(other, route, marks)
    ]
    assert found == ["/wijken", "/cijfers.csv", "/cijfers.xlsx", "/cijfers.ods"]


def _holds(at: Reader, route: str, marks: list[bytes]) -> bool:
    body = plain(at.get(f"{route}?periode=2025-Q1&gebied={BUSY[0]}").content)
    return any(mark in body for mark in marks)


def _loud() -> Site:
    """Return the town in which one figure that is shown is that number."""
    made = shown()
    indicator = made.indicators[MAIN]
    span = indicator.spans[SpanId("2025-Q1")]
    cell = span.cells[BUSY[0]]
    assert isinstance(cell.answer, Figure)
    loud = replace(cell, answer=replace(cell.answer, value=abs(STRIKING)))
    changed = replace(span, cells=MappingProxyType({**span.cells, BUSY[0]: loud}))
    spans = MappingProxyType({**indicator.spans, span.id: changed})
    topics = MappingProxyType({**made.indicators, indicator.id: replace(indicator, spans=spans)})
    found = replace(made, indicators=topics)
    return Site(load=lambda: found, size=lambda: found.log_size)
