"""What CBS tells of an area stands beside the figures with noise, and is told apart from them."""

import re
from dataclasses import replace
from functools import cache
from html import unescape
from types import MappingProxyType

from coordinator.web import words
from coordinator.web.monitor import Monitor
from coordinator.web.site import Site
from privacy.language import Language
from tests.coordinator.web.reader import Reader
from tests.coordinator.web.town import BUSY, town

HERE = BUSY[0]
OF_AREA = {"p_hh_osm": 9.4, "a_00_14": 1_213.0, "bev_dich": 3_456.0, "ongevraagd": 66_666.6}
OF_WHOLE = {"p_hh_osm": 6.1, "a_00_14": 28_000.0, "bev_dich": 2_100.0}


@cache
def made() -> Monitor:
    """Return the town with key figures that are written out here."""
    shown = town(rounds=2, title="Meting 2026")
    areas = dict(shown.areas)
    areas[HERE] = replace(areas[HERE], context=OF_AREA)
    areas[shown.whole] = replace(areas[shown.whole], context=OF_WHOLE)
    return replace(shown, areas=MappingProxyType(areas))


def told(address: str) -> str:
    answer = Reader(Site(load=made, size=lambda: made().log_size)).get(address)
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_key_figures_stand_on_profile_and_map_with_those_of_the_gemeente() -> None:
    """ZN-29: shares and densities beside the gemeente's, people not, for a wijk always has fewer."""
    for address in (f"/gebied/{HERE}", f"/wijken?gebied={HERE}"):
        body = told(address)
        assert "Huishoudens rond het sociaal minimum (%) 9,4 gemeente 6,1" in body
        assert "Inwoners op een vierkante kilometer 3.456 gemeente 2.100" in body
        assert re.search(r"Kinderen tot 15 jaar 1\.213 (?!gemeente)", body)
        assert not re.search(r"66[.,]?66", body)  # what nobody asked for is not shown
        assert "Kerncijfers: CBS, indeling 2024. Hier zit geen ruis in." in body


def test_they_are_told_in_english_too_and_never_as_a_cause() -> None:
    body = told(f"/gebied/{HERE}?lang=en")
    assert "Households around the social minimum (%) 9.4 municipality 6.1" in body
    assert "They do not say why a figure is higher or lower." in body


def test_each_key_figure_has_words_in_both_languages() -> None:
    assert not words.COMPARABLE - set(words.CONTEXT)
    for name, text in words.CONTEXT.items():
        assert text[Language.DUTCH] != text[Language.ENGLISH], name
    assert words.context("a_65_oo", 12_345.4, Language.DUTCH) == "12.345"
    assert words.context("g_hhgro", 2.04, Language.DUTCH) == "2,0"
