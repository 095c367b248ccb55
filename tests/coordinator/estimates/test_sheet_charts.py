"""What a file also holds: areas by answers that add up, charts of drift, and a forecast where it proved right."""

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from coordinator.estimates.alerting import cusum, ewma
from coordinator.estimates.crossed_year import crossed_years
from coordinator.estimates.estimate import Reason, estimates
from coordinator.estimates.forecast import Forecast, forecast
from coordinator.estimates.indicators import Indicator
from coordinator.estimates.intervals import dispersion_of_repeats, dispersion_of_units
from coordinator.estimates.sheet import Context, Sheet, dispersion_over, make_sheet
from coordinator.estimates.sheet_file import estimates_json
from coordinator.estimates.skill import HIDDEN
from coordinator.estimates.trend import Break, BreakKind
from protocol.words.ids import Code
from tests.coordinator.estimates.test_sheet import context, indicator, town

Floats = NDArray[np.float64]


def up(leaves: Floats) -> Floats:
    """Return all 29 nodes of 24 leaves; shape (nodes, periods)."""
    wijken = leaves.reshape(4, 6, -1).sum(axis=1)
    return np.concatenate([wijken.sum(axis=0, keepdims=True), wijken, leaves])


def part(value: Floats, variance: float, answer: str | None) -> Indicator:
    made = indicator(value, np.full(value.shape, variance))
    name = "x/vt" if answer is None else f"x/vt/{answer}"
    return replace(made, name=name, category=None if answer is None else Code(answer))


def by_answer(seed: int) -> tuple[list[Sheet], Floats]:
    """Return the sheets of a total and two answers, and the registered numbers: (nodes, total and answers, periods)."""
    chance = np.random.default_rng(seed)
    true = np.stack([up(chance.poisson(rate, (24, 8)).astype(float)) for rate in (4, 8)], axis=1)
    true = np.concatenate([true.sum(axis=1, keepdims=True), true], axis=1)
    seen = true + np.rint(chance.normal(0, 5, true.shape))
    made = [part(seen[:, 0], 25.0, None), part(seen[:, 1], 25.0, "01"), part(seen[:, 2], 25.0, "02")]
    return [make_sheet(each, context()) for each in made], true


def test_answers_and_areas_add_up_both_ways_and_err_less_than_counted() -> None:
    """30 towns: each answer's year of a buurt errs by less than 0.95 of what was counted; sums hold to a millionth."""
    ours, counted = [], []
    for seed in range(30):
        sheets, true = by_answer(seed)
        found = crossed_years(sheets)[0]
        value = found.figures.value
        assert found.answers == ("01", "02")
        np.testing.assert_allclose(value[:, 0], value[:, 1:].sum(axis=1), atol=1e-6)
        np.testing.assert_allclose(value[0], value[5:].sum(axis=0), atol=1e-6)
        year = true[:, :, 4:].sum(axis=2)
        ours += (value - year)[5:, 1:].ravel().tolist()
        raw = np.stack([sheet.indicator.value[:, 4:].sum(axis=1) for sheet in sheets], axis=1)
        counted += (raw - year)[5:, 1:].ravel().tolist()
    assert np.std(ours) < 0.95 * np.std(counted)
    assert np.std(counted) == pytest.approx(10, rel=0.05)


def test_they_are_the_dense_least_squares_of_all_counts_of_the_year() -> None:
    """Against `numpy.linalg.lstsq` on the 87 counts of a year; variances against the inverse of its normal matrix."""
    sheets, _ = by_answer(3)
    found = crossed_years(sheets)[0].figures
    holds = up(np.eye(24))
    design = np.stack([np.hstack([holds, holds]), np.hstack([holds, 0 * holds]), np.hstack([0 * holds, holds])], axis=1)
    design = design.reshape(87, 48)
    counts = np.stack([sheet.indicator.value[:, 4:].sum(axis=1) for sheet in sheets], axis=1).ravel()
    cells = np.linalg.lstsq(design, counts, rcond=None)[0]
    np.testing.assert_allclose(found.value.ravel(), design @ cells, atol=1e-6)
    spread = 100 * np.einsum("ij,jk,ik->i", design, np.linalg.inv(design.T @ design), design)
    np.testing.assert_allclose(found.variance.ravel(), spread, rtol=1e-6)


def test_households_that_may_give_several_answers_are_never_made_to_add_up() -> None:
    sheets, _ = by_answer(1)
    assert len(crossed_years(sheets)) == 1
    assert crossed_years(sheets[:2]) == ()  # one answer is no division
    once = [replace(sheet, indicator=replace(sheet.indicator, once=True)) for sheet in sheets]
    assert crossed_years(once) == ()


def test_the_file_has_both_charts_the_crossed_year_and_what_a_forecast_was_worth() -> None:
    sheets, _ = by_answer(2)
    tree = json.loads(estimates_json([(sheet, context()) for sheet in sheets]))
    first = tree["indicators"][0]
    for name, chart in (("cusum", sheets[0].drift), ("ewma", sheets[0].average)):
        assert first[name]["periods_between"] == pytest.approx(100, rel=0.01)
        assert len(first[name]["areas"]) == 29
        assert first[name]["areas"][3]["score"] == pytest.approx(chart.score[3].tolist(), rel=1e-6)
    assert set(first["forecast"]) == {"shown", "best_naive", "gain", "p_value", "text"}
    assert first["forecast"]["text"] == HIDDEN
    assert tree["crossed"][0]["answers"] == ["01", "02"]
    assert len(tree["crossed"][0]["areas"]) == 29


def test_a_chart_starts_anew_at_a_break() -> None:
    """A level that trebles at a break: without the break scores are more than twice as far off (negative control)."""
    chance = np.random.default_rng(4)
    value = up(np.concatenate([chance.poisson(12, (24, 4)), chance.poisson(36, (24, 4))], axis=1).astype(float))
    made = indicator(value + np.rint(chance.normal(0, 5, value.shape)), np.full(value.shape, 25.0))
    broken = make_sheet(made, replace(context(), breaks=(Break(4, BreakKind.PARTNER),)))
    smooth = make_sheet(made, context())
    for chart in ("drift", "average"):
        scores = [np.abs(getattr(sheet, chart).score[5:, 3]).mean() for sheet in (broken, smooth)]
        assert scores[1] > 2 * scores[0]
        assert getattr(broken, chart).ringing[5:].sum() <= 12
    risen = estimates(np.full((1, 6), 1.5), np.ones((1, 6)))
    assert cusum(risen, since=(3,)).score[0, 3] == pytest.approx(1.0)
    assert ewma(risen, since=(3,)).score[0, 3] == pytest.approx(ewma(risen).score[0, 0])


def test_a_forecast_is_shown_where_levels_stay_and_hidden_in_short_or_moved_series() -> None:
    """300 areas whose levels walk by a tenth a quarter: the trend beats the last figure, the mean and the season.

    Where nothing but chance differs it is hidden: the mean of all quarters is as good.
    """
    chance = np.random.default_rng(6)
    walk = 40 * np.exp(np.cumsum(chance.normal(0, 0.1, (300, 16)), axis=1))
    series = estimates(chance.poisson(walk) + chance.normal(0, 6, walk.shape), np.full(walk.shape, 36.0))
    people = np.full(300, 4_000.0)
    found = forecast(series, people, 1.0)
    assert isinstance(found, Forecast)
    assert found.skill.shown
    assert found.values is not None
    assert np.abs(found.values - walk[:, -1]).mean() < np.abs(series.value[:, -1] - walk[:, -1]).mean()
    assert forecast(series, people, 1.0, since=9) is Reason.TOO_FEW
    flat = estimates(chance.poisson(40, (300, 16)) + chance.normal(0, 3, (300, 16)), np.full((300, 16), 9.0))
    hidden = forecast(flat, people, 1.0)
    assert isinstance(hidden, Forecast)
    assert (hidden.skill.shown, hidden.values) == (False, None)


def test_counts_of_households_spread_as_such_and_counts_of_events_as_those() -> None:
    """The year of a table of households: 1.66 times wider than Poisson, of events 1.98; at 0.56 returns a year."""
    made = indicator(town(np.random.default_rng(5)) * 0 + 40, np.full((29, 8), 25.0))
    given = Context(context().inhabitants, context().covariates, 0.56)
    assert dispersion_over(made, given, 4) == dispersion_of_repeats(0.56, 1.0)
    assert dispersion_over(replace(made, once=True), given, 4) == dispersion_of_units(0.56, 1.0, 4)
    assert dispersion_of_units(0.56, 1.0, 4).factor < 0.97 * dispersion_of_repeats(0.56, 1.0).factor
