"""Pictures that go their own way: each says what it is of, whole, in one language or marked, and how to read it."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from functools import cache
from types import MappingProxyType

import pytest

from coordinator.estimates.context_file import parse_context
from coordinator.report import drawable
from coordinator.web.monitor import REGION, Monitor, MonitorArea, Span
from coordinator.web.picture_words import LINE
from coordinator.web.site import Site
from protocol.words.geography import AreaCode
from tests.coordinator.web.reader import Reader
from tests.coordinator.web.town import BUSY, HIDDEN, MAIN, QUARTERS, town

HERE, NEWEST = BUSY[0], QUARTERS[-1]
QUESTION, ENGLISH = "Huishoudens met een melding", "Households with a report"
SVG, LANG = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/XML/1998/namespace}lang"


@cache
def made(*, told: bool = False, question: str = QUESTION) -> Monitor:
    entry = (
        f'[[english]]\nnl = "{QUESTION}"\nen = "{ENGLISH}"\n[[english]]\nnl = "Organisatie vt-noord"\nen = "VT North"\n'
    )
    return town(question=question, told=parse_context(entry if told else "", source="context.toml"))


def drawing(address: str, monitor: Monitor) -> ET.Element:
    answer = Reader(Site(load=lambda: monitor, size=lambda: monitor.log_size)).get(address)
    assert answer.status_code == 200
    return ET.fromstring(answer.content)  # noqa: S314 - what we drew ourselves


def notes(root: ET.Element) -> list[ET.Element]:
    """Return the lines below a chart, which alone have a letter of their own."""
    return [each for each in root.findall(f"{SVG}text") if each.get("font-size")]


def said(root: ET.Element) -> str:
    return " ".join(str(each.text) for each in notes(root)).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("/kaart.svg?", ("de laatste vier kwartalen (januari tot en met december 2025)", "▲ hoger dan de gemeente")),
        (f"/kaart.svg?periode={NEWEST}", ("4e kwartaal 2025", "\u00d7 niet getoond, dat is geen nul")),
        ("/kaart.svg?kaart=waarde", ("Op 1.000 inwoners, donkerder is meer", "Grenzen ")),
        (f"/verloop.svg?gebied={HERE}", (made().areas[HERE].name, "Lijn met vlak: verloop en marge", "Stippellijn")),
        ("/verloop.svg?", (made().areas[made().whole].name, "Op 1.000 inwoners.")),
    ],
)
def test_a_picture_says_whole_what_it_is_of_and_how_to_read_it(address: str, wanted: tuple[str, ...]) -> None:
    """A cut line would leave out the period. Control: a topic as long as a page would be cut if it were one line."""
    root = drawing(address, made())
    assert [text for text in (QUESTION, "oefengegevens", *wanted) if text not in said(root)] == []
    assert max(len(str(each.text)) for each in notes(root)) <= LINE
    long = drawing(address, made(question="Huishoudens " + "met een melding " * 12))
    assert said(long).count("met een melding") == 12
    assert max(len(str(each.text)) for each in notes(long)) <= LINE
    heights = [float(str(each.get("viewBox")).split()[3]) for each in (root, long)]
    bottoms = [
        float(str(each.get("viewBox")).split()[1]) + height for each, height in zip((root, long), heights, strict=True)
    ]
    assert heights[1] > heights[0]
    for each, bottom in zip((root, long), bottoms, strict=True):
        assert max(float(str(note.get("y"))) for note in notes(each)) < bottom
    assert "Stippellijn" not in said(drawing("/verloop.svg", made()))


def test_every_sign_below_a_picture_can_be_drawn_as_png() -> None:
    """Also those of English. Control: a sign that no letter of the picture's has becomes another."""
    for address in (
        "/kaart.svg",
        f"/kaart.svg?periode={NEWEST}",
        f"/verloop.svg?gebied={HIDDEN}",
        "/kaart.svg?kaart=waarde",
    ):
        for language in ("nl", "en"):
            told = said(drawing(f"{address}{'&' if '?' in address else '?'}lang={language}", made()))
            assert drawable(told) == told
    assert drawable("\u26a0") != "\u26a0"


@pytest.mark.parametrize("address", ["/kaart.svg?lang=en", f"/verloop.svg?gebied={HERE}&lang=en"])
def test_what_stays_dutch_in_an_english_picture_is_marked(address: str) -> None:
    """The name and the lines below. Control: where its English is told nothing is marked, nor in a Dutch picture."""
    root = drawing(address, made())
    marked = [each for each in (*root.findall(f"{SVG}title"), *notes(root)) if each.get(LANG) == "nl"]
    assert len(marked) == 2
    assert all(QUESTION in str(each.text) for each in marked)
    unmarked = [str(each.text) for each in (*root.iter(f"{SVG}desc"), *notes(root)) if each.get(LANG) is None]
    assert not [text for text in unmarked if re.search(r"\b(melding|kwartaal|gemeente|niet|tot)\b", text)]
    for monitor, asked in ((made(told=True), address), (made(), address.replace("lang=en", "lang=nl"))):
        other = drawing(asked, monitor)
        assert [each for each in other.iter() if each.get(LANG)] == [other]
    assert ENGLISH in str(drawing(address, made(told=True)).findtext(f"{SVG}title"))


def region() -> Monitor:
    """Return the town as if it were several gemeenten: the whole has no name of its own."""
    monitor = made(told=True)

    def widened(span: Span) -> Span:
        return replace(span, cells=MappingProxyType({**span.cells, REGION: span.cells[monitor.whole]}))

    topics = {
        key: replace(
            each,
            spans=MappingProxyType({name: widened(span) for name, span in each.spans.items()}),
            trends=MappingProxyType({**each.trends, REGION: each.trends[monitor.whole]}),
        )
        for key, each in monitor.indicators.items()
    }
    whole = replace(monitor.areas[monitor.whole], code=REGION, name="Regio")
    areas: dict[AreaCode, MonitorArea] = {REGION: whole, **monitor.areas}
    return replace(monitor, whole=REGION, areas=MappingProxyType(areas), indicators=MappingProxyType(topics))


@pytest.mark.parametrize(
    "address",
    [
        *("/", "/wijken", "/overzicht", f"/vergelijken?gebieden={HERE}", "/gebied/regio", "/toelichting", "/nergens"),
        *(
            "/verloop.svg?gebied=regio",
            "/cijfers.csv",
            "/cijfers.json",
            "/api/v1/areas",
            f"/api/v1/figures?onderwerp={MAIN}",
        ),
    ],
)
def test_a_region_of_several_gemeenten_has_its_name_in_the_language_of_the_reader(address: str) -> None:
    """On pages, in files, pictures and over the API. Control: asked in Dutch it is the other one."""
    shown = region()
    reader = Reader(Site(load=lambda: shown, size=lambda: shown.log_size))
    mark = "&" if "?" in address else "?"
    assert "/" in reader.get("/").text
    for language, name, other in (("en", "Region", "Regio"), ("nl", "Regio", "Region")):
        told = reader.get(f"{address}{mark}lang={language}").text
        assert re.search(rf"\b{name}\b", told), language
        assert not re.search(rf"\b{other}\b", told), language
