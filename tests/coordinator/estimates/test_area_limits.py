"""Limits of one area: beside a root finder, beside what they become at both ends, and against 20,000 known levels."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm

from coordinator.estimates.area_limits import area_limits
from coordinator.estimates.estimate import Reason, WrongShape, estimates

Floats = NDArray[np.float64]


def limits(y: Floats, sigma: float, kind: float, spread: float, chance: float = 0.0) -> tuple[Floats, Floats]:
    """Return both limits; a chance of 0: the error is the same at every level."""
    direct = estimates(y, np.full(y.shape, sigma**2))
    found = area_limits(direct, np.full(y.shape, kind), spread, np.full(y.shape, chance))
    return found.low, found.high


def by_roots(y: float, sigma: float, kind: float, spread: float) -> tuple[float, float]:
    """Return the limits as the roots of the two tests, each with its own share of the 5 %."""

    def share(level: float) -> float:
        wanted = 2 * sigma * (level - kind) / (spread * kind) ** 2
        at = brentq(
            lambda z: norm.ppf(0.05 * norm.cdf(z)) - norm.ppf(0.05 * norm.sf(z)) - wanted, -6.3, 6.3, xtol=1e-13
        )
        return float(norm.cdf(at))

    high = brentq(lambda t: t - y - sigma * norm.isf(0.05 * share(t)), y, y + 4 * sigma)
    low = brentq(lambda t: y - t - sigma * norm.isf(0.05 * (1 - share(t))), y - 4 * sigma, y)
    return float(low), float(high)


@pytest.mark.parametrize(("y", "spread"), [(118.0, 0.2), (100.0, 0.2), (70.0, 0.2), (118.0, 0.6), (104.0, 0.25)])
def test_they_are_the_roots_of_two_tests(y: float, spread: float) -> None:
    """A kind of 100 with a standard error of 12. Negative control: a spread of twice that gives other limits."""
    wanted = by_roots(y, 12.0, 100.0, spread)
    low, high = limits(np.array([y]), 12.0, 100.0, spread)
    assert (low[0], high[0]) == pytest.approx(wanted, abs=0.02)
    low, high = limits(np.array([y]), 12.0, 100.0, 2 * spread)
    assert (low[0], high[0]) != pytest.approx(wanted, abs=0.02)


def test_one_who_knows_nothing_of_kinds_gets_two_sided_limits_and_one_who_is_sure_one_sided_ones() -> None:
    """Written out: 90 -+ 1.96 * 10; and, sure that areas are like their kind of 100, 90 - 16.449 to 90 + 16.449.

    With 70 counted the kind itself is the upper one of the sure limits: the lowest that no one-sided test refuses.
    """
    low, high = limits(np.array([90.0]), 10.0, 100.0, 50.0)
    assert (low[0], high[0]) == pytest.approx((70.40, 109.60), abs=0.01)
    low, high = limits(np.array([90.0, 70.0]), 10.0, 100.0, 0.001)
    assert low == pytest.approx([73.551, 53.551], abs=0.01)
    assert high == pytest.approx([106.449, 100.0], abs=0.05)


@pytest.mark.parametrize("level", [0.0, 2.0, 4.0, 8.0, 16.0, 40.0])
def test_they_hold_at_every_level_also_where_the_kind_is_wrong(level: float) -> None:
    """A kind of 4, spread 0.25, noise of variance 25 and chance: 20,000 counts at each level, 95 % within 0.6 points.

    Where counts are chance as well, its skewness takes another point. Negative control: the limits of a model's mean
    error, 4 +- 2, never hold at 8 and above.
    """
    chance = np.random.default_rng(int(level) + 3)
    y = level + chance.normal(0, np.sqrt(25 + 1.27 * max(level, 4.0)), 20_000)
    sigma = np.sqrt(25 + 1.27 * 4)
    low, high = limits(y, sigma, 4.0, 0.25, chance=1.27 * 4 / sigma**2)
    held = ((low <= level) & (level <= high)).mean()
    assert held == pytest.approx(0.95, abs=0.006) or (level < 4 and held >= 0.944)
    if level >= 8:
        usual = 4 + (y - 4) * 0.03
        assert (np.abs(usual - level) <= 2).mean() < 0.01


def test_they_are_narrower_than_two_sided_ones_near_the_kind_and_wider_far_from_it() -> None:
    low, high = limits(np.array([100.0, 140.0]), 12.0, 100.0, 0.05)
    two_sided = 2 * 1.96 * 12
    assert 0.83 * two_sided < high[0] - low[0] < 0.87 * two_sided
    assert high[1] - low[1] > two_sided


def test_what_was_not_counted_has_no_limit_and_wild_counts_stay_numbers() -> None:
    y, variance = np.array([5.0, -1e9, 1e12, 0.0]), np.array([np.inf, 30.0, 30.0, 30.0])
    found = area_limits(estimates(y, variance, Reason.NOT_DELIVERED), np.full(4, 4.0), 0.25, np.full(4, 0.2))
    assert found.low[0] == 0
    assert found.high[0] == np.inf
    assert np.isfinite(found.high[1:]).all()
    assert (found.low <= found.high).all()
    assert found.low[2] == pytest.approx(1e12, rel=1e-3)
    for wrong in (np.zeros(4), np.ones(3)):
        with pytest.raises(WrongShape):
            area_limits(estimates(y, variance), wrong, 0.25, np.full(4, 0.2))
