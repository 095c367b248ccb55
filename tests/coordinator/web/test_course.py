"""The course of an area on its page: breaks, gaps and provisional figures are drawn, and named in words."""

import re
from dataclasses import replace
from functools import cache
from html import unescape
from types import MappingProxyType

import pytest

from coordinator.estimates.trend import BreakKind
from coordinator.web.monitor import Monitor, SeriesBreak
from coordinator.web.site import Site
from protocol.words.period import Period
from tests.coordinator.web.reader import Reader
from tests.coordinator.web.town import BUSY, MAIN, town

HERE, THERE = BUSY[0], BUSY[1]


@cache
def reader(*, broken: bool = False, withdrawn: bool = False) -> Reader:
    made = town(withdrawn=frozenset({Period("2025-Q2")} if withdrawn else ()))
    shown = with_breaks(made, broken=broken)
    return Reader(Site(load=lambda: shown, size=lambda: shown.log_size))


def with_breaks(made: Monitor, *, broken: bool) -> Monitor:
    """Return the town without any break; broken: two things changed in the third quarter and one in the fourth."""
    found = (
        SeriesBreak(Period("2025-Q3"), BreakKind.BOUNDARY),
        SeriesBreak(Period("2025-Q3"), BreakKind.CODE_LIST),
        SeriesBreak(Period("2025-Q4"), BreakKind.LAW),
    )
    topics = {
        name: replace(each, breaks=found if broken and name == MAIN else ()) for name, each in made.indicators.items()
    }
    return replace(made, indicators=MappingProxyType(topics))


def page(address: str, *, broken: bool = False, withdrawn: bool = False) -> str:
    answer = reader(broken=broken, withdrawn=withdrawn).get(address)
    assert answer.status_code == 200
    return unescape(answer.text)


def line(body: str) -> str:
    return str(re.findall(r'<path d="([^"]*)" class="line"/>', body)[0])


@pytest.mark.parametrize(
    "address", [f"/wijken?gebied={HERE}", f"/gebied/{HERE}", f"/vergelijken?gebieden={HERE},{THERE}"]
)
def test_a_break_is_a_mark_that_parts_the_line_and_a_sentence(address: str) -> None:
    """ZN-11: both reasons of one date are told. Control: the same page of a town without breaks has neither."""
    body = page(address, broken=True)
    drawn = re.findall(r'class="break"/><text[^>]*>([^<]*)<', body)
    assert drawn[:2] == ["nieuwe indeling; nieuwe codelijst", "nieuwe regels"]
    assert line(body).count("M") == 3
    told = " ".join(re.sub(r"<[^>]+>", " ", body).split())
    assert "Vanaf 3e kwartaal 2025: nieuwe indeling van gebieden; nieuwe codelijst." in told
    assert "Vanaf 4e kwartaal 2025: nieuwe regels of definities." in told
    assert "vergelijk niet over deze lijn heen" in told
    assert "4e kwartaal 2025: nieuwe regels of definities," in body  # in the words for who cannot see the chart
    plain = page(address)
    assert 'class="break"' not in plain
    assert line(plain).count("M") == 1
    assert "nieuwe codelijst" not in plain


@pytest.mark.parametrize(
    ("kind", "mark", "why"),
    [
        (BreakKind.CODE_LIST, "nieuwe codelijst", "nieuwe codelijst"),
        (BreakKind.BOUNDARY, "nieuwe indeling", "nieuwe indeling van gebieden"),
        (BreakKind.PARTNER, "andere bronnen", "andere organisaties leveren"),
        (BreakKind.LAW, "nieuwe regels", "nieuwe regels of definities"),
        (BreakKind.SOURCE, "nieuwe bron", "een organisatie telt uit een andere bron"),
    ],
)
def test_a_break_of_every_kind_has_a_mark_and_a_sentence(kind: BreakKind, mark: str, why: str) -> None:
    """ZN-11: also what a partner declared itself."""
    made = town()
    topic = replace(made.indicators[MAIN], breaks=(SeriesBreak(Period("2025-Q3"), kind),))
    shown = replace(made, indicators=MappingProxyType({**made.indicators, MAIN: topic}))
    body = unescape(Reader(Site(load=lambda: shown, size=lambda: shown.log_size)).get(f"/wijken?gebied={HERE}").text)
    assert re.findall(r'class="break"/><text[^>]*>([^<]*)<', body) == [mark]
    assert f"Vanaf 3e kwartaal 2025: {why}." in " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_a_withdrawn_period_is_a_gap_over_which_nothing_is_drawn() -> None:
    """ZN-11: it keeps its place on the axis. Control: where it stands, the line is one."""
    body = page(f"/gebied/{HERE}", withdrawn=True)
    assert "K2 '25" in body
    assert "2e kwartaal 2025: geen cijfer" in body
    assert 'class="gap"' in body
    assert line(body).count("M") == 2
    assert line(page(f"/gebied/{HERE}")).count("M") == 1


def test_a_provisional_figure_has_a_star_an_open_dot_and_a_word() -> None:
    """VT-20."""
    body = page(f"/gebied/{HERE}")
    assert "K4 '25*" in body
    assert "K3 '25*" not in body
    assert body.count('class="open"') == 2  # in the chart and in its key
    assert "* voorlopig cijfer" in body
    assert re.search(r"4e kwartaal 2025: [\d,]+ \([\d,]+ tot [\d,]+\), voorlopig", body)
    assert "3e kwartaal 2025: " in body


def test_a_break_is_told_in_english_and_in_the_picture_that_is_taken_along() -> None:
    body = page(f"/wijken?gebied={HERE}&lang=en", broken=True)
    assert "From quarter 4 of 2025: new rules or definitions." in body
    drawing = page(f"/verloop.svg?gebied={HERE}", broken=True)
    assert ">nieuwe regels<" in drawing
    assert "nieuwe regels" not in page(f"/verloop.svg?gebied={HERE}")
