"""The model of the monitor: each state as the release has it, and nothing that the release does not show."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache

import numpy as np
import pytest

from coordinator.estimates.estimate import Estimates
from coordinator.estimates.intervals import dispersion_of_repeats, dispersion_of_units
from coordinator.estimates.trend import BreakKind
from coordinator.estimates.verdicts import Verdict
from coordinator.web.monitor import (
    YEAR,
    Absent,
    Coverage,
    Figure,
    Monitor,
    Published,
    SeriesBreak,
    SpanId,
    Why,
)
from protocol.words.geography import Level
from tests.coordinator.web import town as t
from tests.coordinator.web.town import BUSY, HIDDEN, JOINT, LOW, MAIN, QUARTERS, QUIET, STRIKING, WHOLE_ONLY


@cache
def monitor(low: int = LOW) -> Monitor:
    return t.town(low=low)


def numbers(value: object, seen: set[int] | None = None) -> Iterator[float]:
    """Yield every number anywhere in a value."""
    seen = set() if seen is None else seen
    if id(value) in seen or isinstance(value, str | bytes | bool) or value is None:
        return
    if isinstance(value, int | float):
        yield float(value)
        return
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        yield from (float(number) for number in value.ravel().tolist())
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from numbers(getattr(value, field.name), seen)
    elif hasattr(value, "values"):
        for each in value.values():
            yield from numbers(each, seen)
    elif isinstance(value, tuple | list | frozenset):
        for each in value:
            yield from numbers(each, seen)


def holds_number(value: object, number: int) -> bool:
    return any(abs(abs(found) - abs(number)) < 0.5 for found in numbers(value))


def test_what_a_release_does_not_show_is_nowhere_in_the_model() -> None:
    """W14: not as a figure, an estimate, an array or a limit; with its control in the same run."""
    made = monitor(STRIKING)
    cell = made.indicators[MAIN].spans[SpanId(QUARTERS[-1])].cells[HIDDEN]
    assert cell.answer == Absent(Why.TOO_UNCERTAIN)
    assert not holds_number(made, STRIKING)
    told = monitor().indicators[MAIN].spans[YEAR].cells[BUSY[0]].figure
    assert told is not None
    assert holds_number(monitor(), told.value)  # control: a number that is there is found
    planted = Estimates(np.array([float(STRIKING)]), np.array([1.0]), np.zeros(1, dtype=np.uint8))
    assert holds_number((made, {"x": planted}), STRIKING)


def test_the_year_is_the_sum_of_its_quarters_with_a_margin_of_twice_a_quarters() -> None:
    indicator = monitor().indicators[MAIN]
    year = indicator.spans[YEAR]
    assert year.periods == QUARTERS
    area = BUSY[0]
    quarters = [indicator.spans[SpanId(period)].cells[area].figure for period in QUARTERS]
    total = year.cells[area].figure
    assert total is not None
    values = [figure.value for figure in quarters if figure is not None]
    assert len(values) == 4
    assert abs(total.value - sum(values)) <= 4  # each is rounded so that its own level adds up
    margins = [figure.margin for figure in quarters if figure is not None]
    assert abs(total.margin - 2 * margins[0]) <= 3


def test_areas_that_are_three_times_as_high_are_found_and_the_quiet_one_is_lower() -> None:
    made = monitor()
    span = made.indicators[MAIN].spans[YEAR]
    verdicts = {
        area.code: cell.figure.verdict for area in made.at(Level.WIJK) if (cell := span.cells[area.code]).figure
    }
    assert {code for code, verdict in verdicts.items() if verdict is Verdict.HIGHER} == set(BUSY)
    assert span.false_alarms[Level.WIJK] < 1
    lower = made.indicators[JOINT].spans[SpanId(QUARTERS[0])].cells[QUIET]
    assert lower.figure is None or lower.figure.verdict is Verdict.LOWER
    assert span.pairs is not None
    nodes = {code: node for node, code in enumerate(span.cells)}
    page = span.pairs.judge([(nodes[BUSY[0]], nodes[BUSY[1]]), (nodes[BUSY[0]], nodes[made.at(Level.WIJK)[1].code])])
    assert page.verdicts == (Verdict.NO_DIFFERENCE, Verdict.HIGHER)


def test_what_was_not_delivered_not_counted_or_withdrawn_says_so() -> None:
    made = monitor()
    lost = made.indicators[JOINT].spans[SpanId("2025-Q2")]
    answers = {level: {lost.cells[area.code].answer for area in made.at(level)} for level in Level if made.at(level)}
    assert answers == {
        Level.GEMEENTE: {Absent(Why.NOT_DELIVERED)},  # it follows from the wijken, which were not delivered
        Level.WIJK: {Absent(Why.NOT_DELIVERED)},
        Level.BUURT: {Absent(Why.NOT_COUNTED)},
    }
    whole = made.indicators[WHOLE_ONLY]
    assert whole.levels == (Level.GEMEENTE,)
    assert whole.spans[YEAR].cells[HIDDEN].answer == Absent(Why.NOT_COUNTED)
    withdrawn = t.town(withdrawn=frozenset({QUARTERS[1]}))
    span = withdrawn.indicators[MAIN].spans[SpanId(QUARTERS[1])]
    assert {cell.answer for cell in span.cells.values()} == {Absent(Why.WITHDRAWN)}
    assert withdrawn.indicators[MAIN].spans[YEAR].periods == (QUARTERS[0], *QUARTERS[2:])
    assert [entry.withdrawn for entry in withdrawn.calendar] == [False, True, False, False]


def test_a_school_that_stays_away_is_a_break_that_nothing_is_added_or_compared_over() -> None:
    """Two of three schools deliver the last quarter: it stands alone; what all deliver has a year of four."""
    made = monitor()
    joint, main = made.indicators[JOINT], made.indicators[MAIN]
    assert joint.breaks == (SeriesBreak(QUARTERS[-1], BreakKind.PARTNER),)
    assert joint.spans[YEAR].periods == QUARTERS[-1:]
    changes = {cell.figure.change for cell in joint.spans[SpanId(QUARTERS[-1])].cells.values() if cell.figure}
    assert changes <= {Verdict.NOT_TOLD}
    assert main.breaks == ()
    assert main.spans[YEAR].periods == QUARTERS


def test_a_quarter_that_was_not_released_has_a_place_without_figures() -> None:
    """Nothing is drawn across it: it is a period of the trend, and every area says that there is nothing."""
    made = t.town(unreleased=frozenset({QUARTERS[1]}))
    indicator = made.indicators[MAIN]
    assert indicator.periods == QUARTERS
    cells = indicator.spans[SpanId(QUARTERS[1])].cells.values()
    assert {cell.answer for cell in cells} <= {Absent(Why.NOT_DELIVERED), Absent(Why.NOT_COUNTED)}
    assert {points[1] for points in indicator.trends.values()} == {None}
    assert indicator.spans[YEAR].periods == (QUARTERS[0], *QUARTERS[2:])
    changes = {cell.figure.change for cell in indicator.spans[SpanId(QUARTERS[2])].cells.values() if cell.figure}
    assert changes == {Verdict.NOT_TOLD}
    assert [entry.released for entry in made.calendar] == [True, False, True, True]


def test_two_studies_of_one_measure_are_one_indicator() -> None:
    """The first half of the year by one study and the second by the next: one series, as by one study."""
    made, whole = t.town(studies=2), monitor()
    assert set(made.indicators) == set(whole.indicators)
    assert made.indicators[MAIN].periods == QUARTERS
    assert made.indicators[MAIN].spans[YEAR].periods == QUARTERS
    assert made.indicators[MAIN].breaks == ()
    for code in BUSY:
        ours, theirs = (each.indicators[MAIN].spans[YEAR].cells[code].figure for each in (made, whole))
        assert ours is not None
        assert theirs is not None
        assert (ours.value, ours.verdict) == (theirs.value, theirs.verdict)


def test_coverage_provisional_figures_and_revisions_are_told() -> None:
    made = monitor()
    spans = made.indicators[JOINT].spans
    assert spans[SpanId(QUARTERS[-1])].coverage == Coverage(delivered=2, partial=0, of=3)
    assert spans[SpanId(QUARTERS[0])].coverage.is_whole
    main = made.indicators[MAIN].spans
    assert [main[SpanId(period)].provisional for period in QUARTERS] == [False, False, False, True]
    revised = main[SpanId(QUARTERS[0])].cells[BUSY[0]].revisions
    assert [each.counted_in for each in revised] == list(QUARTERS[:2])
    assert all(isinstance(each.answer, Published) for each in revised)
    assert main[SpanId(QUARTERS[-1])].cells[BUSY[0]].revisions == ()


def test_nothing_released_is_a_monitor_with_areas_and_a_calendar() -> None:
    made = t.town(rounds=0)
    assert not made.indicators
    assert len(made.areas) == 99
    assert [entry.released for entry in made.calendar] == [False] * 4


def test_one_round_is_enough_for_a_year_and_has_nothing_before_it() -> None:
    made = t.town(rounds=1)
    year = made.indicators[MAIN].spans[YEAR]
    assert year.periods == QUARTERS[:1]
    changes = {cell.figure.change for cell in year.cells.values() if cell.figure}
    assert changes == {Verdict.NOT_TOLD}


def test_parts_add_up_to_their_whole_where_all_are_shown() -> None:
    """W15: figures that are shown add up, and the release's own figure stands beside them unchanged."""
    made = monitor()
    cells = made.indicators[JOINT].spans[SpanId(QUARTERS[0])].cells
    wijken = [cells[area.code].answer for area in made.at(Level.WIJK)]
    shown = [answer.value for answer in wijken if isinstance(answer, Figure)]
    whole = cells[made.whole].figure
    assert whole is not None
    if len(shown) == len(wijken):
        assert sum(shown) == whole.value
    else:
        assert sum(shown) <= whole.value
    assert all(answer.published is not None for answer in wijken if isinstance(answer, Figure))


def test_no_figure_is_shown_whose_margin_is_larger_than_itself() -> None:
    """The study's rule is 100 %; the half that makes a whole figure's interval whole may be on top."""
    found = [
        (figure.value, figure.margin)
        for indicator in monitor().indicators.values()
        for span in indicator.spans.values()
        for cell in span.cells.values()
        if (figure := cell.figure)
    ]
    assert len(found) > 100
    assert all(margin <= max(value, 1) + 1 for value, margin in found)


def test_a_practice_study_marks_the_whole_monitor() -> None:
    assert monitor().practice
    assert not t.town(rounds=1, title="Meting 2026").practice


def test_every_area_has_lines_a_place_within_the_map_and_areas_like_it() -> None:
    made = monitor()
    for area in made.areas.values():
        assert area.path.startswith("M")
        assert 0 <= area.x <= made.width
        assert 0 <= area.y <= made.height
        if area.level is not Level.GEMEENTE:
            assert len(area.alike) == 5
            assert area.code not in area.alike


@pytest.mark.parametrize(("periods", "factor"), [(1, 1.0), (4, 1.656)])
def test_households_that_count_once_a_period_spread_less_than_their_events(periods: int, factor: float) -> None:
    """Against 200,000 simulated households with an exponential rate; at one period each counts once: Poisson."""
    chance = np.random.default_rng(3)
    mean = 0.56 / 4 * periods
    rates = chance.exponential(mean, 200_000)
    hits = (chance.poisson(rates[:, None] / periods, (200_000, periods)) > 0).sum(axis=1)
    simulated = float((hits**2).sum() / hits.sum())
    made = dispersion_of_units(0.56, periods / 4, periods)
    assert made.factor == pytest.approx(factor, abs=0.001)
    assert made.factor == pytest.approx(simulated, rel=0.02)
    assert made.factor <= dispersion_of_repeats(0.56, periods / 4).factor
