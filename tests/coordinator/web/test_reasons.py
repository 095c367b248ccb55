"""Why a cell has no figure: one reason has one code, one word and one sign, on every page, file and over the API."""

import csv
import json
import re
from functools import cache
from html import unescape

import pytest

from coordinator.figures_file import REASONS
from coordinator.table import Figure as Released
from coordinator.table_page import words_of
from coordinator.web.monitor import Absent, Monitor, SpanId, Why
from coordinator.web.rows import NO_FIGURE
from coordinator.web.site import Site
from coordinator.web.words import WHY
from privacy.language import Language
from protocol.release import NotShown
from protocol.words.geography import Level
from protocol.words.period import Period
from tests.coordinator.web.reader import Reader
from tests.coordinator.web.town import JOINT, MAIN, NOT_DELIVERED, QUARTERS, WHOLE_ONLY, town
from tests.house import ROOT

GONE = Period("2025-Q3")
# Written out: code, Dutch word, sign. Another place that says it otherwise fails.
SAID = {
    Why.TOO_UNCERTAIN: ("too-uncertain", "Niet getoond: te weinig gevallen", "\u00d7"),
    Why.NOT_DELIVERED: ("not-delivered", "Geen levering", "\u2013"),
    Why.WITHDRAWN: ("withdrawn", "Ingetrokken", "\u21ba"),
    Why.NOT_COUNTED: ("not-counted", "Wordt hier niet geteld", "\u00b7"),
}
STATES = (  # topic, period and level in which some cells have that reason
    (Why.TOO_UNCERTAIN, MAIN, QUARTERS[3], Level.WIJK),
    (Why.NOT_DELIVERED, JOINT, NOT_DELIVERED, Level.WIJK),
    (Why.WITHDRAWN, MAIN, GONE, Level.WIJK),
)


@cache
def made() -> Monitor:
    return town(withdrawn=frozenset({GONE}))


@cache
def reader() -> Reader:
    return Reader(Site(load=made, size=lambda: made().log_size))


def text(address: str) -> str:
    return unescape(reader().get(address).text)


def test_each_reason_has_one_code_word_and_sign() -> None:
    assert {why: (why.value, WHY[why][Language.DUTCH], NO_FIGURE[why]) for why in Why} == SAID
    assert len({sign for _, _, sign in SAID.values()}) == len(SAID)
    assert {reason.value for reason in REASONS} == {reason.value for reason in NotShown} <= {why.value for why in Why}
    for reason in NotShown:
        page = words_of(Released(None, None, reason))
        assert page.partition(":")[0] == WHY[Why(reason.value)][Language.DUTCH].lower().partition(":")[0]


@pytest.mark.parametrize(("why", "topic", "period", "level"), STATES)
def test_a_reason_is_the_same_on_map_table_card_overview_and_in_every_file(
    why: Why, topic: str, period: Period, level: Level
) -> None:
    """SCREENS 1.5. Of every area of a level: what the model says is what is read, drawn and downloaded."""
    code, word, sign = SAID[why]
    cells = made().indicators[topic].spans[SpanId(period)].cells  # type: ignore[index]  # an id is a text
    areas = [area for area in made().at(level) if cells[area.code].answer == Absent(why)]
    assert areas
    state = f"onderwerp={topic}&periode={period}"
    figures = reader().get(f"/api/v1/figures?{state}").json()["figures"]
    file = json.loads(reader().get(f"/cijfers.json?{state}").content)["figures"]
    lines = reader().get(f"/cijfers.csv?{state}").content.decode("utf-8-sig").splitlines()[1:]
    for rows in (figures, file, list(csv.DictReader(lines, delimiter=";"))):
        assert [row["area"] for row in rows if row["reason"] == code and row["level"] == level.value] == [
            area.code for area in areas
        ]
    page = text(f"/wijken?{state}&gebied={areas[0].code}")
    for area in areas:
        assert f'aria-label="{area.name}: {word}"' in page
    assert f'class="big none">{word}<' in page
    legend = re.findall(r"</svg> ([^<]+)</li>", page)
    assert {each for each in legend if each in {said.lower() for _, said, _ in SAID.values()}} == {word.lower()}
    rug = text(f"/overzicht?{state}")
    assert f'<span aria-hidden="true">{sign}</span><span class="off">{word}</span>' in rug
    assert re.search(rf'<span class="tag [a-z]+">{sign}</span> {word.lower()}</li>', rug)


def test_what_follows_from_smaller_areas_is_not_delivered_where_those_are_not() -> None:
    """The gemeente has figures of its wijken in other quarters. Control: what only it counts, no wijk has."""
    whole = made().indicators[JOINT].spans[SpanId(NOT_DELIVERED)].cells[made().whole]
    assert whole.answer == Absent(Why.NOT_DELIVERED)
    other = made().indicators[WHOLE_ONLY].spans[SpanId(NOT_DELIVERED)].cells[made().at(Level.WIJK)[0].code]
    assert other.answer == Absent(Why.NOT_COUNTED)
    rows = reader().get(f"/api/v1/figures?onderwerp={WHOLE_ONLY}").json()["figures"]
    assert {row["reason"] for row in rows if row["level"] == "wijk"} == {"not-counted"}


def test_a_withdrawal_makes_no_level_counted_that_never_was() -> None:
    """A topic of the gemeente alone is no topic of wijken because one of its periods was withdrawn."""
    topic = made().indicators[WHOLE_ONLY]
    assert topic.levels == (Level.GEMEENTE,)
    cells = topic.spans[SpanId(GONE)].cells
    assert cells[made().whole].answer == Absent(Why.WITHDRAWN)
    assert {cells[area.code].answer for area in made().at(Level.WIJK)} == {Absent(Why.NOT_COUNTED)}
    assert topic.id not in re.findall(r"onderwerp=([a-z]+)", text("/overzicht"))
    assert JOINT in re.findall(r"onderwerp=([a-z]+)", text("/overzicht"))  # control


def test_the_matrix_has_the_signs_of_the_other_pages() -> None:
    page = text("/beschikbaarheid")
    for why in (Why.NOT_DELIVERED, Why.WITHDRAWN):
        _, word, sign = SAID[why]
        assert f'<span aria-hidden="true">{sign}</span> {word.lower()}</li>' in page
        assert f'<span aria-hidden="true">{sign}</span><span class="off">{word.lower()}</span>' in page
    assert SAID[Why.TOO_UNCERTAIN][2] not in page


def test_files_and_glossary_explain_every_code_in_the_words_of_the_pages() -> None:
    told = reader().get("/cijfers.json").json()["dictionary"]["reason"]
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    for why, (code, word, _) in SAID.items():
        assert f"{code}: {word.lower()}" in told["nl"]
        assert f"{code}: {WHY[why][Language.ENGLISH].lower()}" in told["en"]
        assert f"`{code}`" in glossary
        assert word.lower().partition(":")[0] in glossary
