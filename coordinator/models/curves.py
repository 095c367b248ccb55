"""Computes: the curve of logistic regression, as a study carries it. Another model brings its own curve as data."""

from collections.abc import Callable
from math import exp

from protocol.study.model import Curve

PER_ONE = 2_048  # a residual is rounded to 1/4096 at most: less than a tenth of a standard error at 100,000 households
KNOTS_PER_UNIT = 16  # straight lines stay within 5e-5 of the logistic curve
REACH = 8  # units of the predictor to either side: a mean of 0.0003


def logistic_curve(*, per_one: int = PER_ONE) -> Curve:
    """Return the mean of an outcome of 0 or 1: 1 / (1 + exp(-x)). per_one: as `curve_of` has it."""
    return curve_of(lambda place: 1 / (1 + exp(-place)), per_one=per_one)


def curve_of(mean: Callable[[float], float], *, reach: int = REACH, per_one: int = PER_ONE) -> Curve:
    """Return a mean as knots. mean: rises, 0 or more; it is only asked from -reach to reach.

    per_one: a mean of one; fewer for an outcome of several, or little rho: noise, counted in it, has a largest size.
    """
    places = range(-reach * KNOTS_PER_UNIT, reach * KNOTS_PER_UNIT + 1)
    knots = tuple(round(per_one * mean(place / KNOTS_PER_UNIT)) for place in places)
    return Curve(per_one=per_one, knots_per_unit=KNOTS_PER_UNIT, knots=knots)
