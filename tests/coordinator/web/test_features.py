"""What was asked for in FEATURES, a test each named by its id, on the pages of a town whose counts are written down."""

import re
import zlib
from functools import lru_cache
from html import unescape

import pytest

from coordinator.web.monitor import Monitor
from coordinator.web.signal_words import QUESTIONS
from coordinator.web.site import Site
from protocol.words.geography import Level
from protocol.words.period import Period
from tests.coordinator.web.reader import Reader
from tests.coordinator.web.town import BUSY, HIDDEN, NOT_DELIVERED, QUIET, town

HIGH, LOW = BUSY[0], QUIET
WORSE = ("slechter", "beter", "worse", "better", "veroorzaakt", "causes", "door armoede", "because of")


@lru_cache(maxsize=8)
def reader(rounds: int = 4, *, withdrawn: bool = False) -> tuple[Reader, Monitor]:
    shown = town(rounds=rounds, withdrawn=frozenset({Period("2025-Q4")} if withdrawn else ()))
    return Reader(Site(load=lambda: shown, size=lambda: shown.log_size)), shown


def page(address: str) -> str:
    answer = reader()[0].get(address)
    assert answer.status_code == 200, address
    return answer.text


def words(address: str) -> str:
    """Return what a page says, without its marks."""
    plain = re.sub(r"<(style|script|title)[^>]*>.*?</\1>", " ", page(address), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", plain)).split())


def name(code: str) -> str:
    return reader()[1].areas[code].name  # type: ignore[index]  # a code is a text


def test_zn_01_a_wijk_says_how_often_with_rate_interval_and_period() -> None:
    """ZN-01."""
    figure = reader()[1].indicators["meldingen"].spans["jaar"].cells[HIGH].figure  # type: ignore[index]  # idem
    assert figure is not None
    assert figure.rate is not None
    told = words(f"/gebied/{HIGH}")
    assert f"{figure.value:,}".replace(",", ".") in told
    assert f"{figure.low:,} tot {figure.high:,}".replace(",", ".") in told
    assert f"{figure.rate.value:.1f}".replace(".", ",") in told
    assert "de laatste vier kwartalen" in told.lower()


def test_zn_02_a_wijk_says_what_to_be_alert_to_with_reference_difference_and_margin() -> None:
    """ZN-02."""
    told = words("/")
    story = told[told.index(name(HIGH)) :][:400]
    assert "Let op" in story
    assert "Hoger dan de gemeente: Huishoudens met een melding" in story
    assert re.search(r"tussen [\d.]+ en [\d.]+", story)
    assert "Geen onderwerp is hier aantoonbaar hoger" in told


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_zn_04_no_page_says_that_one_thing_causes_another_or_that_a_wijk_is_worse(lang: str) -> None:
    """ZN-04: and each says that more reports may mean more reporting."""
    for address in (
        "/",
        "/wijken",
        "/overzicht",
        f"/gebied/{HIGH}",
        "/signalen",
        f"/vergelijken?gebieden={HIGH},{LOW}",
    ):
        told = words(address + ("&" if "?" in address else "?") + f"lang={lang}").lower()
        assert not [word for word in WORSE if word in told], address
        assert ("meer meldingen kan" in told) or ("more reports may" in told)


def test_zn_07_one_view_joins_three_sources_on_the_same_area_and_period() -> None:
    """ZN-07: of the gemeente, which all three count."""
    told = words(f"/gebied/{reader()[1].whole}")
    for source in ("vt-noord", "3 scholen", "politie-noord"):
        assert source in told


def test_zn_09_every_page_leads_to_all_others() -> None:
    """ZN-09."""
    body = page("/wijken")
    for path in ("/", "/wijken", "/overzicht", "/vergelijken", "/signalen", "/beschikbaarheid", "/toelichting"):
        assert f'href="{path}"' in body
        assert reader()[0].get(path).status_code == 200


def test_zn_10_wijken_stand_side_by_side_on_one_scale_and_the_difference_is_a_sentence() -> None:
    """ZN-10: no rank numbers."""
    told = words(f"/vergelijken?gebieden={HIGH},{LOW}")
    assert f"In {name(HIGH)} is het aantoonbaar hoger dan in {name(LOW)} ." in told
    scales = re.findall(
        r'<text x="[\d.]+" y="[\d.]+" class="up">([\d.,]+)</text>', page(f"/vergelijken?gebieden={HIGH},{LOW}")
    )
    assert len(scales) % 2 == 0
    assert scales[: len(scales) // 2] == scales[len(scales) // 2 :]


def test_zn_11_the_course_of_a_wijk_has_each_period_and_a_cross_where_nothing_is_shown() -> None:
    """ZN-11."""
    body = page(f"/wijken?gebied={HIDDEN}")
    for label in ("K1 &#39;25", "K2 &#39;25", "K3 &#39;25", "K4 &#39;25"):
        assert label in body
    assert 'class="gap"' in body
    assert "4e kwartaal 2025: geen cijfer, voorlopig" in body


def test_zn_12_buurten_have_the_same_page_with_hidden_cells_marked() -> None:
    """ZN-12."""
    told = words("/wijken?niveau=buurt&periode=2025-Q4")
    assert "Niet getoond: te weinig gevallen" in told
    assert all(area.name in told for area in reader()[1].at(Level.BUURT))


def test_zn_21_a_catalogue_says_who_has_which_information_without_a_figure() -> None:
    """ZN-21, IM-02: topics by source, level and period; no number of the figures stands in it."""
    told = words("/beschikbaarheid")
    assert "Organisatie vt-noord" in told
    assert "gemeente, wijk, buurt" in told
    assert "geen levering" in told
    figures = reader()[1].indicators["meldingen"].spans["jaar"].cells  # type: ignore[index]  # idem
    large = {str(cell.figure.value) for cell in figures.values() if cell.figure and cell.figure.value > 99}
    large -= {"112"}  # the number to call is on every page
    assert not large & set(re.findall(r"\d+", told))


def test_zn_22_the_profile_of_a_wijk_prints_on_one_page_of_a_pdf_that_all_can_read() -> None:
    """ZN-22, AS-12: PDF/UA-1, tagged, with title and language; at most 300 kB."""
    body = reader()[0].get(f"/gebied/{HIGH}.pdf").content
    assert body.startswith(b"%PDF-1.7")
    assert len(body) <= 300_000
    assert b"pdfuaid:part" in body
    for mark in (b"/MarkInfo", b"/StructTreeRoot", b"/Lang", b"/ViewerPreferences"):
        assert mark in body or mark in _unpacked(body), mark
    assert len(re.findall(rb"/Type\s*/Page\b", body + _unpacked(body))) == 1


def test_zn_29_what_cbs_tells_of_the_area_stands_beside_the_figures() -> None:
    """ZN-29."""
    area = reader()[1].areas[HIGH]
    told = words(f"/gebied/{HIGH}")
    assert f"Inwoners {area.inhabitants:,}".replace(",", ".") in told
    assert f"Huishoudens {area.households:,}".replace(",", ".") in told


def test_as_01_the_map_has_topics_levels_periods_and_two_ways_of_looking() -> None:
    """AS-01, VT-13: and a table that says the same."""
    body = page("/wijken?kaart=waarde")
    for part in ('name="onderwerp"', 'name="niveau"', "periode=2025-Q3", "data-map", "<table"):
        assert part in body
    drawn = set(re.findall(r'id="m-(WK\d+)"', body))
    assert drawn == {area.code for area in reader()[1].at(Level.WIJK)}


def test_as_16_every_page_says_which_log_it_was_made_of_and_what_is_newest() -> None:
    """AS-16, IM-10: and when the next comes."""
    shown = reader()[1]
    assert f"logboek {shown.log_size}" in words("/wijken")
    assert "Nieuwste cijfers: 4e kwartaal 2025" in words("/beschikbaarheid")
    early, _ = reader(2)
    assert "Hierna komt 3e kwartaal 2025, uiterlijk 12 februari 2026." in " ".join(
        re.sub(r"<[^>]+>", " ", early.get("/beschikbaarheid").text).split()
    )


def test_vt_14_every_chart_says_in_words_what_it_shows() -> None:
    """VT-14."""
    drawings = re.findall(r"<svg[^>]*>", page(f"/gebied/{HIGH}") + page("/wijken"))
    assert drawings
    for drawing in drawings:
        assert 'aria-hidden="true"' in drawing or "aria-label=" in drawing


def test_vt_15_extremes_are_seen_at_a_glance_without_a_rank() -> None:
    """VT-15: highest first, signs for higher and lower."""
    told = words("/overzicht?alleen=afwijkend")
    assert name(HIGH) in told
    assert "▲" in told
    assert "▼" in told


def test_vt_19_figures_are_open_data() -> None:
    """VT-19: CC BY, as CSV and from an API."""
    assert b"CC BY 4.0" in reader()[0].get("/cijfers.csv").content
    assert reader()[0].get("/api/v1/figures").json()["licence"].startswith("CC BY 4.0")


def test_vt_20_a_provisional_figure_bears_a_star_everywhere() -> None:
    """VT-20."""
    assert re.search(r"\d\*", words("/wijken?periode=2025-Q4"))
    assert {row["status"] for row in reader()[0].get("/api/v1/figures?periode=2025-Q4").json()["figures"]} == {"*"}
    assert {row["status"] for row in reader()[0].get("/api/v1/figures?periode=2025-Q1").json()["figures"]} == {""}


def test_vt_22_what_stands_out_comes_with_questions_that_depend_on_it() -> None:
    """VT-22."""
    high, low = words(f"/signalen?gebied={HIGH}"), words(f"/signalen?gebied={LOW}")
    assert "Herkent u dit in uw werk in deze wijk?" in high
    assert "Gebeurt er hier minder, of wordt er minder gemeld?" in low
    assert "Gebeurt er hier minder" not in high
    assert "Kan dit aan de registratie liggen?" in high
    assert len(set(QUESTIONS.values())) == len(QUESTIONS)


def test_im_04_each_topic_names_its_source() -> None:
    """IM-04, IM-07: and its definition, and its margin."""
    told = words("/toelichting")
    for indicator in reader()[1].indicators.values():
        assert indicator.definition in told
        assert all(source in told for source in indicator.sources)


def test_im_06_regions_and_time_are_compared_in_one_place() -> None:
    """IM-06."""
    told = words(f"/vergelijken?gebieden={HIGH},{reader()[1].whole}")
    assert name(HIGH) in told
    assert "K1 '25" in told


def test_a_withdrawn_period_and_a_lost_delivery_are_named_as_such() -> None:
    """Every state of SCREENS 1.5 that has words."""
    assert "Geen levering" in words(f"/wijken?onderwerp=verzuim&periode={NOT_DELIVERED}")
    at, _ = reader(withdrawn=True)
    assert "Ingetrokken" in at.get("/wijken?periode=2025-Q4").text
    assert "ingetrokken" in at.get("/beschikbaarheid").text


def _unpacked(body: bytes) -> bytes:
    found = []
    for piece in body.split(b"stream\n")[1:]:
        try:
            found.append(zlib.decompressobj().decompress(piece))
        except zlib.error:
            continue
    return b"\n".join(found)
