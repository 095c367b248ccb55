"""Coverage of both kinds of interval, and what over-dispersion is found."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from coordinator.estimates.estimate import Estimates, WrongShape, estimates
from coordinator.estimates.intervals import (
    Dispersion,
    dispersion_of_repeats,
    estimate_dispersion,
    registered,
    underlying,
)
from privacy.noise import draw
from simulations.seeded import seeded_source
from tests.coordinator.estimates.noise import noised

DRAWS = 40_000  # the standard error of a coverage of 95 % is 0.11 points; the bounds below are at least 5 of them
POISSON = Dispersion(1.0, 0.0)


def spread_counts(level: float, factor: float, chance: np.random.Generator) -> NDArray[np.int64]:
    """Return counts of variance factor * level: Poisson, or negative binomial."""
    if factor == 1:
        return chance.poisson(level, DRAWS)
    return chance.negative_binomial(level / (factor - 1), 1 / factor, DRAWS)


@pytest.mark.parametrize("variance", [4, 100, 2_500])
@pytest.mark.parametrize("level", [0.0, 0.3, 2.0, 10.0, 200.0])
@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_both_intervals_cover_what_they_claim(variance: int, level: float, factor: float) -> None:
    """At least 93 %, and at most 99 %: near 0 the lower limit cannot miss, and whole numbers round a variance of 4 up.

    Negative control: the registered interval does not cover the level where chance matters.
    """
    chance = np.random.default_rng(5)
    counts = spread_counts(level, factor, chance) if level else np.zeros(DRAWS, dtype=np.int64)
    figures = noised(counts, variance, chance)
    kept, wide = registered(figures), underlying(figures, Dispersion(factor, 0.0))
    of_counts = ((kept.low <= counts) & (counts <= kept.high)).mean()
    of_level = ((wide.low <= level) & (level <= wide.high)).mean()
    assert 0.93 <= of_counts <= 0.99
    assert 0.93 <= of_level <= 0.99
    if level * factor > 4 * variance:
        assert ((kept.low <= level) & (level <= kept.high)).mean() < 0.9


def test_by_hand() -> None:
    """A figure of 100 with noise of variance 44: 100 +- (1.959964 * 6.63325 + 0.5) = 86.5 .. 113.5.

    Score limits with chance: 100 + 1.92073 +- 1.959964 * sqrt(144 + 0.96036) = 78.32 .. 125.52.
    """
    figures = estimates([100.0, -50.0], [44.0, 44.0])
    kept, wide = registered(figures), underlying(figures, POISSON)
    assert (kept.low[0], kept.high[0]) == pytest.approx((86.499, 113.501), abs=1e-3)
    assert (wide.low[0], wide.high[0]) == pytest.approx((78.322, 125.519), abs=2e-3)
    assert (wide.low[1], kept.low[1], kept.high[1]) == (0, 0, 0)
    assert wide.high[1] >= 0


def test_without_noise_it_is_the_score_interval_of_a_poisson_count() -> None:
    """10: (5.431986, 18.409473), by statsmodels 0.15.0: `rates.confint_poisson(10, 1, method="score")`."""
    found = underlying(estimates([10.0], [1e-12]), POISSON)
    assert (found.low[0], found.high[0]) == pytest.approx((5.431986, 18.409473), abs=1e-5)


def test_an_absent_figure_has_no_limits() -> None:
    figures = estimates([7.0], [np.inf])
    assert not registered(figures).told.any()
    assert underlying(figures, POISSON).high[0] == 0


@pytest.mark.parametrize("factor", [1.0, 1.8, 3.0])
def test_dispersion_is_found_under_noise(factor: float) -> None:
    """400 areas of level 30, 12 periods, noise 25: within 4 standard errors, which the estimate itself states.

    Negative control: without taking the noise off, Poisson counts would seem (30 + 25) / 30 = 1.83 times too wide.
    """
    chance = np.random.default_rng(8)
    counts = spread_counts(30, factor, chance)[: 400 * 12].reshape(400, 12)
    series = noised(counts, 25, chance)
    found = estimate_dispersion(series)
    assert found.factor == pytest.approx(factor, abs=4 * found.error + 0.02)
    assert found.error < 0.1
    careless = Estimates(series.value, np.full_like(series.variance, 1e-9), series.reason)
    assert estimate_dispersion(careless).factor > factor + 0.6


def test_too_few_pairs_or_no_events_are_taken_as_poisson() -> None:
    assert estimate_dispersion(estimates(np.ones((3, 4)), np.ones((3, 4)))) == POISSON
    assert estimate_dispersion(estimates(np.zeros((30, 4)), np.ones((30, 4)))) == POISSON
    with pytest.raises(WrongShape):
        estimate_dispersion(estimates([1.0], [1.0]))
    with pytest.raises(WrongShape):
        registered(estimates([1.0], [1.0]), confidence=1.0)


def test_the_noise_of_these_tests_is_the_noise_of_the_house() -> None:
    """Mean and variance of 40,000 draws of the exact sampler, within 5 standard errors of what `noised` draws."""
    drawn = draw(Fraction(100), DRAWS, seeded_source(1, "estimates"))
    assert abs(drawn.mean()) < 5 * 10 / DRAWS**0.5
    assert drawn.var() == pytest.approx(100, rel=5 * (2 / DRAWS) ** 0.5)


def test_repeats_last_as_long_as_in_the_simulated_registers() -> None:
    """By hand, 0.56 returns: a quarter 1 + 1.12 * 0.25 * (1 - 0.25 / 8.1) = 1.271; three years 1 + 1.12 * 2.7 * 0.7.

    Measured over 200 gemeenten of seeds 1000 to 1199: 1.26, 1.52, 1.99, 2.68 and 3.05 over 1, 2, 4, 8, 12 quarters.
    """
    assert dispersion_of_repeats(0.56, 0.25).factor == pytest.approx(1.2714, abs=1e-4)
    assert dispersion_of_repeats(0.56, 3.0).factor == pytest.approx(3.1168, abs=1e-4)
    for years, measured in ((0.25, 1.26), (0.5, 1.52), (1.0, 1.99), (2.0, 2.68), (3.0, 3.05)):
        assert dispersion_of_repeats(0.56, years).factor == pytest.approx(measured, rel=0.025)
    assert dispersion_of_repeats(0.56, 2.7).factor == pytest.approx(
        dispersion_of_repeats(0.56, 2.7001).factor, rel=1e-4
    )
