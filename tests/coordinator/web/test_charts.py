"""The charts: places that are written out, gaps that stay open, and classes that a figure can bear."""

import re

import pytest

from coordinator.estimates.area_funnels import FunnelLimits
from coordinator.estimates.verdicts import Reliability, Verdict
from coordinator.web.charts.area_map import Look, Named, classes, difference_map, quartiles, value_map
from coordinator.web.charts.funnel import Place, funnel_chart
from coordinator.web.charts.scale import Axis, round_ticks
from coordinator.web.charts.trend import Moment, trend_chart
from coordinator.web.charts.whisker import spine_whisker, whisker_scale
from coordinator.web.monitor import Absent, Cell, Figure, MonitorArea, Rate, Why
from protocol.words.geography import AreaCode, Level


def cell(rate: Rate, verdict: Verdict = Verdict.NO_DIFFERENCE) -> Cell:
    return Cell(Figure(10, 5, 15, 5, rate, Reliability.B, verdict, verdict, verdict, None))


def named(number: int, found: Cell) -> Named:
    code = AreaCode(f"WK99010{number}")
    area = MonitorArea(code, f"Wijk {number}", Level.WIJK, None, 1_000, 400, {}, (), (), "M0 0l9 0 0 9z", 30.0, 40.0)
    return Named(area, found, f"Wijk {number}: words", f"/wijken?gebied={code}")


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [(5.9, (0.0, 2.0, 4.0, 6.0)), (100, (0.0, 25.0, 50.0, 75.0, 100.0)), (0.3, (0.0, 0.1, 0.2, 0.3)), (1e-9, None)],
)
def test_ticks_are_round_and_hold_the_highest(highest: float, ticks: tuple[float, ...] | None) -> None:
    made = round_ticks(highest, number=4)
    assert made[-1] >= highest
    assert len(made) <= 7
    if ticks is not None:
        assert made == ticks


def test_a_value_beyond_an_axis_is_at_its_end() -> None:
    axis = Axis(0, 10, 100, -50)
    assert (axis.at(0), axis.at(5), axis.at(10), axis.at(99), axis.at(-1)) == (100, 75, 50, 50, 100)


def test_a_map_of_differences_has_a_triangle_a_cross_or_nothing() -> None:
    rate = Rate(8, 7, 9)
    areas = [
        named(1, cell(rate, Verdict.HIGHER)),
        named(2, cell(rate, Verdict.LOWER)),
        named(3, cell(rate)),
        named(4, Cell(Absent(Why.TOO_UNCERTAIN))),
        named(5, Cell(Absent(Why.NOT_DELIVERED))),
    ]
    made = difference_map("x", areas, size=(100, 80), chosen="WK990102")
    assert [area.look for area in made.areas] == ["hi", "lo", "no", "sup", "nd"]
    assert [area.mark for area in made.areas] == [
        "M21 49h18l-9-18z", "M21 31h18l-9 18z", "", "M24 34l12 12m0-12l-12 12", "",
    ]  # fmt: skip
    assert [area.is_chosen for area in made.areas] == [False, True, False, False, False]
    assert made.edges == ()


@pytest.mark.parametrize(
    ("rate", "number"),
    [(Rate(8, 6, 10), 4), (Rate(8, 4, 12), 2), (Rate(8, 3.9, 12.2), 1), (Rate(0.1, 0, 1.5), 4), (Rate(0.1, 0, 9), 1)],
)
def test_a_figure_bears_as_many_classes_as_it_is_precise(rate: Rate, number: int) -> None:
    assert classes(rate, reference=6.0) == number


def test_a_value_map_gives_less_certain_figures_fewer_classes() -> None:
    rates = [Rate(value, value * 0.9, value * 1.1) for value in (2.0, 4.0, 6.0, 8.0)]
    cells = [*(cell(rate) for rate in rates), cell(Rate(7, 4, 10)), cell(Rate(7, 1, 13))]
    made = value_map("x", [named(number, each) for number, each in enumerate(cells)], size=(9, 9), chosen=None)
    assert made.edges == quartiles([2.0, 4.0, 6.0, 7.0, 7.0, 8.0]) == (4.0, 7.0, 7.0)
    assert [area.look for area in made.areas] == ["c4-0", "c4-1", "c4-1", "c4-3", "c2-1", "q"]
    assert {Look.UNCERTAIN.value} <= made.looks


def test_a_gap_breaks_line_and_band_and_has_a_cross() -> None:
    told = (4.0, 2.0, 6.0)
    moments = [
        Moment("a", told, 4.0, 3.0),
        Moment("b", told, 4.0, 3.0),
        Moment("c", None, None, 3.0),
        Moment("d", told, 5.0, 3.0, provisional=True, before="new list"),
    ]
    made = trend_chart("x", "y", moments)
    assert made.line.count("M") == 2
    assert made.band.count("M") == 2
    assert len(made.gaps) == 1
    assert made.gaps[0] == made.names[2][0]
    assert [dot.provisional for dot in made.dots] == [False, False, True]
    assert made.breaks[0].why == "new list"
    assert made.names[2][0] < made.breaks[0].x < made.names[3][0]
    assert [label for _, label in made.names] == ["a", "b", "c", "d*"]
    assert made.has_provisional
    assert made.whole.count("M") == 1
    steady = trend_chart("x", "y", [Moment("a", told, 4.0, None)] * 3)  # control: no gap, no break, one line
    assert (steady.line.count("M"), steady.gaps, steady.breaks, steady.whole) == (1, (), (), "")


def test_a_break_parts_a_series_even_without_a_gap() -> None:
    told = (4.0, 2.0, 6.0)
    made = trend_chart("x", "y", [Moment("a", told, None, None), Moment("b", told, None, None, before="law")])
    assert made.line.count("M") == 2
    assert not made.has_provisional


def test_the_reasons_of_two_breaks_stand_on_lines_of_their_own_within_the_chart() -> None:
    told = (4.0, 2.0, 6.0)
    whys = ("", "law", "", "", "", "list")
    made = trend_chart("x", "y", [Moment(str(at), told, None, None, before=why) for at, why in enumerate(whys)])
    assert [(each.why, each.y, each.is_left) for each in made.breaks] == [("law", 18.0, False), ("list", 32.0, True)]


def test_whiskers_share_a_scale_and_a_spine_has_its_middle_at_the_whole() -> None:
    rates = [Rate(5, 2, 9), Rate(1, 0, 3)]
    scale = whisker_scale(rates, 4.0)
    assert [tick for tick, _ in scale.ticks] == [0.0, 2.5, 5.0, 7.5, 10.0]
    row = scale.whisker(rates[0])
    assert (row.low, row.dot, row.high, row.reference, row.beyond) == (52.8, 120.0, 209.6, 97.6, False)
    middle = spine_whisker(Rate(4, 2, 8), 4.0)
    assert middle is not None
    assert (middle.low, middle.dot, middle.high, middle.beyond) == (64.0, 120.0, 176.0, False)
    far = spine_whisker(Rate(40, 30, 50), 4.0)
    assert far is not None
    assert (far.dot, far.beyond) == (232.0, True)
    assert spine_whisker(Rate(4, 2, 8), 0.0) is None


def test_a_funnel_needs_limits_and_holds_every_area() -> None:
    limits = [
        FunnelLimits(size, 6 - 400 / size, 6 + 400 / size, 5 - 400 / size, 7 + 400 / size) for size in (100.0, 2_000.0)
    ]
    place = Place(1_000, 9.0, "hi", "words", "/x", is_chosen=False)
    made = funnel_chart("x", [place], limits, whole=6.0)
    assert made is not None
    assert made.inner.count("M") == made.outer.count("M") == 2
    assert made.dots[0].y < made.whole
    assert made.left <= made.dots[0].x <= made.right
    assert funnel_chart("x", [place], [], whole=6.0) is None
    assert funnel_chart("x", [], limits, whole=6.0) is None


def test_a_limit_above_the_chart_is_not_drawn_along_its_top() -> None:
    """It would look like a limit there. It begins where it crosses the top, 30 per 1,000: halfway from 50 to 10."""
    steep = enumerate((50.0, 10.0, 10.0, 10.0), start=1)
    limits = [FunnelLimits(1_000.0 * at, 0.0, high, 0.0, 99.0) for at, high in steep]
    made = funnel_chart("x", [Place(4_000, 20.0, "hi", "words", "/x", is_chosen=False)], limits, whole=12.0)
    assert made is not None
    assert made.up[-1] == (30.0, 36.0)
    assert re.findall(r"[ML]([0-9.]+ 36)(?=[ML]|$)", made.inner) == ["262.5 36"]
    assert made.outer.count("M") == 1  # the upper one is above the chart as a whole
