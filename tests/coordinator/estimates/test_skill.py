"""A forecast is shown when it beats the naive ones, and hidden when it does not (ZN-03)."""

import numpy as np
import pytest
from numpy.typing import NDArray

from coordinator.estimates.estimate import Estimates, Reason, WrongShape, estimates
from coordinator.estimates.skill import HIDDEN, NAIVE, Skill, last, mean, same_season, skill
from coordinator.estimates.trend import trend
from tests.coordinator.estimates.noise import noised


def by_trend(series: Estimates) -> NDArray[np.float64]:
    return trend(series, np.full(len(series.value), 40.0), 1.0).now.value[:, -1]


def test_naive_forecasts_by_hand() -> None:
    series = estimates(np.array([[4, 8, 6, 2, 0], [1] * 5]), np.array([[1, 1, 1, 1, np.inf], [np.inf] * 5]))
    assert last(series).tolist() == [2, 0]
    assert mean(series).tolist() == [5, 0]
    assert same_season(series).tolist() == [8, 0]
    assert set(NAIVE) == {"laatste cijfer", "gemiddelde", "zelfde periode vorig jaar"}


def test_zn_03_a_forecast_that_is_better_is_shown() -> None:
    """ZN-03: levels that wander by 15 % a quarter under noise: the trend beats the last figure, mean and season."""
    chance = np.random.default_rng(71)
    level = 40 * np.exp(np.cumsum(chance.normal(0, 0.15, (98, 16)), axis=1))
    found = skill(noised(chance.poisson(level), 64, chance), by_trend, first=8)
    assert isinstance(found, Skill)
    assert found.shown
    assert found.gain > 0.1
    assert found.text.startswith("Beter dan")


def test_zn_03_a_forecast_that_is_not_better_is_hidden() -> None:
    """ZN-03: constant levels, where nothing beats the mean: a forecast by chance is shown in at most 5 % of 200 worlds.

    The forecast is the mean with a guess of its own; its words are the ones for a hidden one.
    """
    chance, shown = np.random.default_rng(72), 0
    for _ in range(200):
        series = noised(chance.poisson(np.full((40, 12), 40.0)), 64, chance)
        found = skill(series, lambda before: mean(before) + chance.normal(0, 2, len(before.value)), first=6)
        assert isinstance(found, Skill)
        shown += found.shown
        if not found.shown:
            assert found.text == HIDDEN
    assert shown <= 10
    assert skill(noised(np.full((4, 12), 40), 64, chance), mean, first=6) is Reason.TOO_FEW
    with pytest.raises(WrongShape):
        skill(series, mean, first=12)
