"""Computes: limits for the level of one area that lean towards what its kind has, and hold whatever the area is like.

The usual limits of a small-area model hold for 95 of 100 areas and fail for just those that differ most from their
kind. These hold for each area by itself: what is known of its kind only says on which side room can be saved.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from coordinator.estimates.estimate import Bools, Estimates, Floats, wrong_shape

CONFIDENCE = 0.95
STEPS = 60  # halvings of a bracket: to a float's precision
FARTHEST = 8.0  # standard errors: a test whose error is all on the other side refuses nothing beyond
# Shares of the error that lie above, so close to 0 and to 1 that the limits are right to a thousandth.
_ABOVE = expit(np.linspace(-30, 30, 6_001))
_REACH = norm.isf((1 - CONFIDENCE) * _ABOVE)
_LEAN = norm.isf((1 - CONFIDENCE) * (1 - _ABOVE)) - _REACH


@dataclass(frozen=True, eq=False, slots=True)
class AreaLimits:
    """Limits of levels, float64, shape (areas,), from 0; high is infinite for an area without a figure of its own."""

    low: Floats
    high: Floats


def area_limits(direct: Estimates, kind: Floats, spread: float, chance: Floats) -> AreaLimits:
    """Return all levels that a test of 5 % does not reject, a test that has its error on the side of the kind.

    direct: shape (areas,), unbiased counts, with the variance of noise and chance at the level of their kind. kind:
    float64, what areas like it have, above 0, from the figures of others. spread: standard deviation of ratios to it.
    chance: float64, the share of the variance that grows with the level; below the kind none is taken off. A level t is
    kept when y is in t - s a(x) .. t + s a(-x), with standard error s, x = 2 s (t - kind) / (spread * kind)^2, a(x) the
    normal quantile of 1 - 0.05 w, and w such that x = q(0.05 w) - q(0.05 (1 - w)).
    Each area is covered in 95 %, whatever its level. A wrong kind or spread makes limits wider, never less sure. No
    limits that do this are more than 15 % narrower than two-sided ones.
    Source: Pratt 1963, Annals of Mathematical Statistics 34(2); Yu, Hoff 2018, Biometrika 105(2), section 2.
    Raises: WrongShape.
    """
    if not (kind.shape == chance.shape == direct.value.shape and (kind > 0).all() and spread > 0):
        raise wrong_shape("kinds of other areas, or a kind or spread that is not above 0")
    told = direct.told
    y, variance = np.where(told, direct.value, 0.0), np.where(told, direct.variance, 1.0)
    slope = chance * variance / kind

    def error(level: Floats) -> Floats:
        return np.sqrt(variance + slope * np.maximum(level - kind, 0.0))

    def lean(level: Floats) -> Floats:
        return np.asarray(2 * np.sqrt(variance) * (level - kind) / (spread * kind) ** 2)

    above = np.maximum(y, 0.0)
    low = _first(lambda level: level + error(level) * _reach(-lean(level)) >= y, above)
    farthest = above + kind + FARTHEST**2 * slope + FARTHEST * np.sqrt(variance + slope * above)
    high = _first(lambda level: level - error(level) * _reach(lean(level)) > y, farthest)
    return AreaLimits(np.where(told, low, 0.0), np.where(told, high, np.inf))


def no_limits(areas: int) -> AreaLimits:
    """Return the limits of so many areas of which nothing is known."""
    return AreaLimits(np.zeros(areas), np.full(areas, np.inf))


def _reach(lean: Floats) -> Floats:
    """Return how many standard errors below a level a figure may be; above it, that of the opposite lean."""
    return np.interp(lean, _LEAN, _REACH)


def _first(is_there: Callable[[Floats], Bools], high: Floats) -> Floats:
    """Return the first level from 0 to `high` at which this is so; it stays so above."""
    low = np.zeros(high.size)
    at_once = is_there(low)
    for _ in range(STEPS):
        middle = (low + high) / 2
        found = is_there(middle)
        low, high = np.where(found, low, middle), np.where(found, middle, high)
    return np.where(at_once, 0.0, high)
