"""Computes: another model in one file: Poisson regression, of how often something happens to a household.

A model is a curve and an outcome's bound. The nodes know none of it beforehand: the study carries the knots as data,
and every bound on what a household changes follows from them.
"""

from math import exp

from coordinator.models.curves import curve_of
from protocol.study.model import Curve

MOST = 6  # reports of one household in a year; more count as this many
PER_ONE = 256


def poisson_curve(most: int = MOST) -> Curve:
    """Return the mean exp(x) of a count, level from `most` on."""
    return curve_of(lambda place: min(exp(place), float(most)), reach=6, per_one=PER_ONE)
