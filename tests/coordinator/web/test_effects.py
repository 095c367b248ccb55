"""Before and after: a page of policy readers says what changed after a date beside areas alike, and never why."""

import re
from dataclasses import replace
from functools import cache
from html import unescape
from types import MappingProxyType

import pytest

from coordinator.estimates.before_after import CHECKLIST as ESTIMATES
from coordinator.estimates.context_file import parse_context
from coordinator.estimates.verdicts import Verdict
from coordinator.web import effect_words
from coordinator.web.monitor import Change, Effect, Monitor
from coordinator.web.site import Site
from privacy.language import Language
from protocol.words.geography import Level
from protocol.words.period import Period
from tests.coordinator.web.reader import Reader
from tests.coordinator.web.town import BUSY, HIDDEN, MAIN, town

HERE, THERE = BUSY[0], BUSY[1]
CONTEXT = f"""
[[intervention]]
area = "{HERE}"
first_after = "2025-Q3"
label = "Nieuw wijkteam"

[[intervention]]
area = "{HIDDEN}"
first_after = "2025-Q3"
label = "Training <b>scholen</b>"
"""
CAUSE = re.compile(r"\b(dankzij|veroorzaakt|effect van|werkt het beleid|thanks to|caused by|because of)\b")


@cache
def made(*, with_dates: bool = True) -> Monitor:
    return town(told=parse_context(CONTEXT if with_dates else "", source="context.toml"))


def with_change(change: Change | None) -> Monitor:
    """Return the town in which one change is written out here."""
    effect = Effect(HERE, "Nieuw wijkteam", Period("2025-Q3"), (THERE,), change)
    shown = made(with_dates=False)
    topics = {**shown.indicators, MAIN: replace(shown.indicators[MAIN], effects=(effect,))}
    return replace(shown, indicators=MappingProxyType(topics))


def words(monitor: Monitor, address: str = "/vergelijken") -> str:
    answer = Reader(Site(load=lambda: monitor, size=lambda: monitor.log_size)).get(address)
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_a_date_of_the_operator_stands_beside_areas_alike_that_had_none() -> None:
    """The town grew nowhere: what was done shows no demonstrable difference, from its own real estimates."""
    effects = made().indicators[MAIN].effects
    assert [(each.area, each.label, each.first) for each in effects] == [
        (HERE, "Nieuw wijkteam", "2025-Q3"),
        (HIDDEN, "Training <b>scholen</b>", "2025-Q3"),
    ]
    change = effects[0].change
    assert change is not None
    assert change.low < 1 < change.high
    assert 5 <= change.areas <= 15
    assert not set(effects[0].alike) & {HERE, HIDDEN}
    assert {made().areas[code].level for code in effects[0].alike} == {Level.WIJK}
    assert "Nieuw wijkteam, " in words(made())
    assert "geen aantoonbaar verschil met hoe het in" in words(made())


def test_nothing_is_said_of_an_area_with_a_figure_that_is_not_shown() -> None:
    """W14: a change would tell what is hidden."""
    assert made().indicators[MAIN].effects[1].change is None
    told = words(made(), f"/vergelijken?gebieden={HIDDEN},{THERE}")
    assert "hier is niets over te zeggen" in told
    assert "Nieuw wijkteam" not in told  # of the compared areas only
    assert "<b>scholen</b>" in told  # as it was written, not as a mark


def test_without_dates_the_page_has_no_such_part() -> None:
    assert "Voor en na" not in words(made(with_dates=False))
    assert "Voor en na" in words(made())


@pytest.mark.parametrize(
    ("change", "verdict", "dutch", "english"),
    [
        (Change(1.3, 1.1, 1.54, 9), Verdict.HIGHER, "aantoonbaar 30 % hoger dan", "demonstrably 30 % higher than"),
        (Change(0.6, 0.4, 0.9, 9), Verdict.LOWER, "aantoonbaar 40 % lager dan", "demonstrably 40 % lower than"),
        (Change(1.3, 0.9, 1.88, 9), Verdict.NO_DIFFERENCE, "geen aantoonbaar verschil", "no demonstrable difference"),
        (None, None, "hier is niets over te zeggen", "nothing can be said"),
    ],
)
def test_a_sentence_says_how_much_and_with_which_margin_and_never_why(
    change: Change | None, verdict: Verdict | None, dutch: str, english: str
) -> None:
    """Written out for each outcome, in both languages. Control: a sentence with a cause is caught."""
    monitor = with_change(change)
    effect = monitor.indicators[MAIN].effects[0]
    assert (None if change is None else change.verdict) == verdict
    told = effect_words.effect_sentence(effect, monitor, Language.DUTCH)
    told_en = effect_words.effect_sentence(effect, monitor, Language.ENGLISH)
    assert told.startswith(f", {monitor.areas[HERE].name}, ")  # after its label
    assert dutch in told
    assert english in told_en
    assert "vanaf 3e kwartaal 2025" in told
    assert change is None or f"{abs(100 * (change.low - 1)):.0f} %" in told
    page = words(monitor) + words(monitor, "/vergelijken?lang=en")
    assert f"Nieuw wijkteam{told}" in page
    assert f"Nieuw wijkteam {told_en}" in page  # marked as Dutch, which here is a blank
    assert not CAUSE.search(page.lower())
    assert CAUSE.search("dankzij het wijkteam")


def test_the_questions_are_those_of_the_estimates_in_both_languages() -> None:
    for language in Language:
        assert len(effect_words.CHECKLIST[language]) == len(ESTIMATES)
    for mine, theirs in zip(effect_words.CHECKLIST[Language.DUTCH], ESTIMATES, strict=True):
        assert mine.startswith(theirs)


def test_a_break_that_the_operator_tells_is_on_the_page() -> None:
    """ZN-11: the whole way from the file to the mark in the chart."""
    file = '[[break]]\nperiod = "2025-Q3"\nkind = "boundary"\n'
    body = words(town(told=parse_context(file, source="context.toml")), f"/wijken?gebied={HERE}")
    assert "Vanaf 3e kwartaal 2025: nieuwe indeling van gebieden." in body
