"""What the monitor may claim: no change that is a level, a share of errors as a mean, and nobody safe for sure."""

import re
from dataclasses import replace
from functools import cache
from html import unescape
from importlib.resources import files
from math import ceil
from types import MappingProxyType

import pytest

from coordinator.estimates.verdicts import Verdict
from coordinator.web.address import read_view
from coordinator.web.monitor import Monitor, SpanId
from coordinator.web.profile_file import profile_file
from coordinator.web.signals import SignalKind, false_alarms, ringing_for_nothing, signals
from coordinator.web.site import Site
from coordinator.web.trends import area_trend
from privacy.language import Language
from protocol.words.geography import AreaCode, Level
from protocol.words.period import Period
from tests.coordinator.web.reader import Reader
from tests.coordinator.web.town import BUSY, JOINT, MAIN, QUARTERS, QUIET, town

HERE, THERE = BUSY[0], BUSY[1]
PAGES = (
    *("/", "/wijken", "/overzicht", f"/vergelijken?gebieden={HERE},{THERE}", f"/gebied/{HERE}", "/signalen"),
    *("/signalen?niveau=buurt", "/toelichting", "/beschikbaarheid"),
)
SHARE = re.compile(r"[^.]*\b(?:5 %|1 op de 20|1 in 20)[^.]*\.")
MEAN = re.compile(r"gemiddeld|on average")
TOO_MUCH = (
    *("te herkennen is", "niemand zien", "het echte aantal", "verschuift", "niet kunnen verklaren"),
    *("be recognised", "nobody can see", "the real number", "drifts", "cannot explain"),
)
APART = ("Elk onderwerp is apart bekeken", "Each topic was judged apart")
TWICE = ("Een huishouden dat in meer kwartalen voorkomt, telt vaker mee.", "counts more than once.")


@cache
def shown() -> Monitor:
    return town()


def said(address: str, language: str = "nl", monitor: Monitor | None = None) -> str:
    """Return what a page says, without its marks."""
    made = monitor or shown()
    reader = Reader(Site(load=lambda: made, size=lambda: made.log_size))
    answer = reader.get(f"{address}{'&' if '?' in address else '?'}lang={language}")
    assert answer.status_code == 200, address
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def drifting(area: AreaCode) -> Monitor:
    """Return the town in which the chart of slow drift of one area's main topic rings."""
    made = shown()
    topic = replace(made.indicators[MAIN], drifting=frozenset({area}))
    return replace(made, indicators=MappingProxyType({**made.indicators, MAIN: topic}))


def no_different() -> AreaCode:
    """Return a wijk whose main topic does not differ demonstrably from the gemeente's."""
    cells = shown().indicators[MAIN].spans["jaar"].cells  # type: ignore[index]  # an id is a text
    codes = [area.code for area in shown().at(Level.WIJK)]
    return next(code for code in codes if (f := cells[code].figure) and f.verdict is Verdict.NO_DIFFERENCE)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_share_of_false_differences_is_said_to_be_a_mean_and_nothing_is_said_for_sure(language: str) -> None:
    """Benjamini and Hochberg bound a mean, topic by topic. Control: what the pages said before is caught."""
    before = "Van alle verschillen die we aanwijzen is hooguit 5 % toch toeval."
    assert SHARE.findall(before) == [before]
    assert not MEAN.search(before)
    found = [sentence for address in PAGES for sentence in SHARE.findall(said(address, language))]
    assert len(found) >= 6
    assert [sentence for sentence in found if not MEAN.search(sentence)] == []
    assert [(each, address) for address in PAGES for each in TOO_MUCH if each in said(address, language).lower()] == []


@pytest.mark.parametrize(("place", "language"), [(0, "nl"), (1, "en")])
def test_who_sees_many_topics_is_told_that_each_was_judged_apart(place: int, language: str) -> None:
    """On every page with verdicts of more than one topic; Wijken has those of one map."""
    for address in ("/", "/overzicht", f"/vergelijken?gebieden={HERE},{THERE}", f"/gebied/{HERE}", "/signalen"):
        assert APART[place] in said(address, language), address


@pytest.mark.parametrize(("place", "language"), [(0, "nl"), (1, "en")])
def test_four_quarters_of_households_are_not_called_a_number_of_households(place: int, language: str) -> None:
    """Wherever such a sum stands. Control: a single quarter counts each household once, and needs no such words."""
    for address in PAGES[:-2]:
        assert TWICE[place] in said(address, language), address
    one = f"periode={QUARTERS[0]}"
    for address in ("/wijken", "/overzicht", f"/gebied/{HERE}", "/signalen", "/"):
        assert TWICE[place] not in said(f"{address}?{one}", language), address
    view = read_view(shown(), "/", "", own_language=Language(language))
    assert TWICE[place] in str(profile_file(view, shown().areas[HERE]).data["units"])
    single = read_view(shown(), "/", one, own_language=Language(language))
    assert profile_file(single, shown().areas[HERE]).data["units"] == ""


def test_registrations_are_not_called_violence() -> None:
    """Absence from school or care for an addiction may have to do with it, and need not."""
    assert "kan met huiselijk geweld of kindermishandeling te maken hebben, maar dat hoeft niet." in said("/")
    assert "It may have to do with domestic violence or child abuse, but need not." in said("/", "en")


def test_the_margin_to_compare_by_is_told_apart_from_that_of_what_was_registered() -> None:
    told = said("/toelichting")
    assert "Deze marge is van de ruis." in told
    assert "Vergelijk gebieden alleen daarmee en niet met de aantallen" in told
    assert "Geen aantoonbaar verschil betekent niet dat gebieden gelijk zijn." in told
    for word in ("vrij precies", "redelijk precies", "onzeker", "erg onzeker"):
        assert f"{word}: " in told.lower()


def test_what_is_a_little_apart_each_time_is_not_said_to_move() -> None:
    """The chart rings for a level apart from the gemeente's, which may be as it always was."""
    area = no_different()
    told = said(f"/signalen?gebied={area}", monitor=drifting(area))
    assert "lijkt telkens iets af te wijken" in told
    assert "Dat verschil kan toeval of ruis zijn." in told
    assert "zonder reden: hier is dat nu naar verwachting hoogstens 1 keer." in told
    assert "zonder reden" not in said(f"/signalen?gebied={area}")


def test_a_chart_that_rings_now_is_no_signal_of_a_quarter_long_ago() -> None:
    area = no_different()
    for period, rings in ((None, True), (QUARTERS[-1], True), (QUARTERS[0], False)):
        query = f"gebied={area}" + (f"&periode={period}" if period else "")
        view = read_view(drifting(area), "/signalen", query, own_language=Language.DUTCH)
        cell = view.monitor.indicators[MAIN].spans[view.span.id].cells[area]  # type: ignore[union-attr]  # it has one
        assert cell.figure is not None
        assert cell.figure.verdict is Verdict.NO_DIFFERENCE
        assert any(each.kind is SignalKind.DRIFTING for each in signals(view)) == rings


def test_false_alarms_are_counted_over_all_questions_of_the_signals() -> None:
    """Beside the gemeente, the stretch before and areas alike. Control: with two of three left out it is fewer."""
    view = read_view(shown(), "/signalen", "niveau=buurt", own_language=Language.DUTCH)
    topics = [each for each in shown().indicators.values() if Level.BUURT in each.levels]
    figures = [
        figure
        for topic in topics
        for code, cell in topic.spans["jaar"].cells.items()  # type: ignore[index]  # an id is a text
        if code.startswith("BU") and (figure := cell.figure)
    ]
    sides = [[each.verdict for each in figures], [each.against_alike for each in figures]]
    differ = [sum(word in {"hoger", "lager"} for word in side) for side in sides]
    assert all(each > 0 for each in differ)
    assert false_alarms(view) == ceil(sum(differ) / 20) > ceil(differ[0] / 20)
    assert ringing_for_nothing(view) == ceil(sides[0].count(Verdict.NO_DIFFERENCE) / 100) == 1
    assert JOINT not in {topic.id for topic in topics}
    assert QUIET.startswith("WK")


def test_the_page_of_a_release_claims_no_more() -> None:
    """Counts beside one another do not say which wijk has more of it for its inhabitants."""
    told = (files("coordinator") / "templates" / "table.html").read_text(encoding="utf-8")
    assert "Zo kan niemand zeker weten of een huishouden meetelt." in told
    assert "Overlappen ze niet? Dan kan het nog toeval zijn, of wonen er gewoon meer mensen." in told
    assert "groter dan het cijfer" not in told  # how wide a margin may be is for each study to say


@pytest.mark.parametrize(("to", "language"), [("tussen {} en {}", "nl"), ("between {} and {}", "en")])
def test_every_rate_has_its_margin_beside_it_in_words(to: str, language: str) -> None:
    """Also where a drawing of it is hidden, as on a telephone, or not heard. Control: another margin is not found."""
    figure = shown().indicators[MAIN].spans["jaar"].cells[HERE].figure  # type: ignore[index]  # an id is a text
    assert figure is not None
    assert figure.rate is not None
    shown_as = [f"{each:.1f}" for each in (figure.rate.value, figure.rate.low, figure.rate.high)]
    value, low, high = (each.replace(".", ",") if language == "nl" else each for each in shown_as)
    in_tables, in_sentences = f"{value} {low}\u2013{high}", f"{value} ({to.format(low, high)}"
    for address in ("/wijken", "/overzicht", f"/gebied/{HERE}", f"/vergelijken?gebieden={HERE},{THERE}"):
        told = said(address, language).replace("* ", " ")  # a provisional one has a star
        assert in_tables in told, address
        assert f"{value} {high}\u2013{low}" not in told
    assert f"({to.format(low, high)};" in said(f"/wijken?gebied={HERE}", language)
    for address in ("/", f"/signalen?gebied={HERE}"):
        assert in_sentences in said(address, language), address
    file = str(profile_file(read_view(shown(), "/", "", own_language=Language(language)), shown().areas[HERE]).data)
    assert f"{value} ({low} {'tot' if language == 'nl' else 'to'} {high})" in file


@pytest.mark.parametrize(("place", "language"), [(0, "nl"), (1, "en")])
def test_less_than_two_years_are_not_called_a_change(place: int, language: str) -> None:
    """As the worked example says of four quarters. Control: a chart of eight says nothing of the kind."""
    told = ("seizoen en verandering niet uit elkaar", "season and change cannot be told apart")[place]
    for address in (f"/wijken?gebied={HERE}", f"/gebied/{HERE}", f"/vergelijken?gebieden={HERE},{THERE}"):
        assert told in said(address, language), address
    view = read_view(shown(), "/", "", own_language=Language(language))
    assert told in str(profile_file(view, shown().areas[HERE]).data["trends_note"])
    topic, longer = (
        shown().indicators[MAIN],
        [Period(f"{year}-Q{part}") for year in (2024, 2025) for part in range(1, 5)],
    )
    spans = {SpanId(period): topic.spans[SpanId(longer[4 + at % 4])] for at, period in enumerate(longer)}
    trends = {code: points + points for code, points in topic.trends.items()}
    made = replace(topic, periods=tuple(longer), spans=MappingProxyType(spans), trends=MappingProxyType(trends))
    assert area_trend(topic, shown().areas[HERE], view).note
    assert area_trend(made, shown().areas[HERE], view).note == ""
