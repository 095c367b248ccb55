"""Alarms: published run lengths, false alarms as stated, and what is planted is found (HB-06, AS-05, AS-14)."""

import numpy as np
import pytest

from coordinator.estimates.alerting import (
    CHECKLIST,
    cusum,
    cusum_run_length,
    ewma,
    ewma_run_length,
    funnel,
    surprises,
    within_wijk,
)
from coordinator.estimates.estimate import Estimates, WrongShape, estimates
from coordinator.estimates.intervals import Dispersion
from coordinator.estimates.verdicts import Verdict
from tests.coordinator.estimates.noise import noised

POISSON = Dispersion(1.0, 0.0)


@pytest.mark.parametrize(("limit", "drift", "periods"), [(4, 0, 336), (5, 0, 930), (4, 1, 8.38), (5, 0.5, 38.0)])
def test_run_lengths_of_sum_charts_are_the_published_ones(limit: float, drift: float, periods: float) -> None:
    """Hawkins, Olwell 1998, table 3.1 (Montgomery 2013, tables 9.3, 9.4): slack 0.5; one side, to 1 %.

    Two sides at limit 4 ring every 168, at limit 5 every 465 periods.
    """
    assert cusum_run_length(0.5, limit, drift=drift) == pytest.approx(periods, rel=0.01)


@pytest.mark.parametrize(
    ("weight", "limit", "drift", "periods"), [(0.25, 2.998, 0, 500), (0.1, 2.814, 0, 500), (0.25, 2.998, 1, 11.0)]
)
def test_run_lengths_of_moving_averages_are_the_published_ones(
    weight: float, limit: float, drift: float, periods: float
) -> None:
    """Lucas, Saccucci 1990, table 3 (Montgomery 2013, table 9.11)."""
    assert ewma_run_length(weight, limit, drift=drift) == pytest.approx(periods, rel=0.015)


def standard(shape: tuple[int, int], chance: np.random.Generator, drift: float = 0.0) -> Estimates:
    return estimates(chance.normal(drift, 1, shape), np.ones(shape))


@pytest.mark.parametrize("chart", [cusum, ewma])
def test_as_14_a_slow_drift_rings_soon_and_nothing_rings_as_rarely_as_stated(chart: object) -> None:
    """AS-14: 400 series of 400 periods without drift: one alarm in 100 periods, within 10 %.

    A drift of half a standard error a period, from the start, rings within 24 periods in 65 % of 2,000 series and more;
    negative control: without drift in 25 % and fewer.
    """
    assert callable(chart)
    chance = np.random.default_rng(41)
    quiet = chart(standard((400, 400), chance), periods_between=100.0)
    assert quiet.periods_between == pytest.approx(100, rel=0.02)
    assert 1 / quiet.ringing.mean() == pytest.approx(100, rel=0.1)
    drifting = chart(standard((2_000, 24), chance, 0.5), periods_between=100.0)
    assert drifting.ringing.any(axis=1).mean() > 0.65
    assert chart(standard((2_000, 24), chance), periods_between=100.0).ringing.any(axis=1).mean() < 0.25
    assert drifting.checklist == CHECKLIST


def test_hb_06_a_funnel_rings_in_five_and_a_fifth_of_a_hundred() -> None:
    """HB-06: 100,000 areas of levels 0 to 200, dispersion 1.5, noise 36: within 0.6 and 0.08 points.

    A level three times what was expected is outside the alarm's limits in 9 of 10; what is absent never rings.
    Negative control: limits without noise ring at every second quiet area.
    """
    chance, draws = np.random.default_rng(42), 100_000
    expected = chance.choice([0.5, 3.0, 20.0, 200.0], draws)
    counts = chance.negative_binomial(expected / 0.5, 1 / 1.5)
    found = funnel(noised(counts, 36, chance), expected, Dispersion(1.5, 0.0))
    assert found.outside_warning.mean() == pytest.approx(0.05, abs=0.006)
    assert found.outside_alarm.mean() == pytest.approx(0.002, abs=0.0008)
    high = noised(chance.poisson(np.full(2_000, 60.0)), 36, chance)
    assert funnel(high, np.full(2_000, 20.0), POISSON).outside_alarm.mean() > 0.9
    bare = estimates(noised(counts, 36, chance).value, np.full(draws, 1e-9))
    assert funnel(bare, expected, POISSON).outside_warning.mean() > 0.3
    lost = funnel(estimates([1e6], [np.inf]), np.array([20.0]), POISSON)
    assert not lost.outside_alarm.any()
    with pytest.raises(WrongShape):
        funnel(high, np.full(2_000, -1.0), POISSON)


def test_funnel_limits_are_near_byars() -> None:
    """Of 100 without noise: Byar's exact-like limits of an observed 80 and 122 just hold 100 (Breslow, Day 1987, 2.13).

    Byar's upper limit of 80 is 99.6 and of 81 is 100.7; so 81 is the least that holds 100. Ours: 80.9 and 120.1.
    """
    found = funnel(estimates([100.0], [1e-12]), np.array([100.0]), POISSON)
    byar_high = 82 * (1 - 1 / (9 * 82) + 1.959964 / (3 * 82**0.5)) ** 3
    assert byar_high == pytest.approx(100.68, abs=0.02)
    assert found.low[0] == pytest.approx(80.9, abs=0.1)
    assert found.high[0] == pytest.approx(120.1, abs=0.1)


def test_as_05_a_planted_buurt_in_a_well_scoring_wijk_is_found() -> None:
    """AS-05: 19 wijken of 4 buurten with 30 a period each, noise 36; one buurt of a quiet wijk (10 each) has 60.

    400 pages: it is found in 9 of 10 and more; another page with any alarm is below 8 %. Negative control: within the
    gemeente, where 60 is twice the mean, its wijk (85 of 120) hides it.
    """
    chance = np.random.default_rng(43)
    wijk, people = np.repeat(np.arange(19), 4), np.full(76, 2_000.0)
    found = quiet = 0
    for _ in range(400):
        level = np.full(76, 30.0)
        level[:4] = 10.0
        nothing = within_wijk(noised(chance.poisson(level), 36, chance), people, wijk, POISSON)
        quiet += any(word is not Verdict.NO_DIFFERENCE for word in nothing.verdicts)
        level[0] = 60.0
        page = within_wijk(noised(chance.poisson(level), 36, chance), people, wijk, POISSON)
        found += page.verdicts[0] is Verdict.HIGHER
    assert found > 360
    assert quiet < 32
    assert level[:4].mean() < level[4:].mean()


def test_a_buurt_alone_or_with_absent_neighbours_is_not_told() -> None:
    figures = estimates([30.0, 30.0, 30.0, 5.0], [36.0, np.inf, 36.0, 36.0])
    page = within_wijk(figures, np.array([100.0, 100.0, 100.0, np.nan]), np.array([0, 0, 1, 1]), POISSON)
    assert set(page.verdicts) == {Verdict.NOT_TOLD}


def test_a_missing_period_leaves_a_chart_as_it_was() -> None:
    series = estimates([[30.0, 0.0, 30.0]], [[36.0, np.inf, 36.0]])
    found = surprises(series, np.full((1, 3), 20.0), POISSON)
    assert found.value[0].tolist() == pytest.approx([10 / 56**0.5, 0, 10 / 56**0.5])
    chart = cusum(found)
    assert chart.score[0, 1] == chart.score[0, 0]
    with pytest.raises(WrongShape):
        cusum(found, slack=0.0)
    with pytest.raises(WrongShape):
        ewma(found, weight=2.0)
