"""Computes: which difference, change or association could be found at all, before anyone looks.

With this many areas, periods and noise. What is smaller stays hidden even when it is there, and nobody may then say
that it is not.
"""

from dataclasses import dataclass
from math import sqrt, tanh

import numpy as np
from scipy.stats import norm

from coordinator.estimates.estimate import Floats, wrong_shape

POWER = 0.8
SIGNIFICANCE = 0.05
LEAST_AREAS = 4  # Fisher's variance of a correlation is 1 / (n - 3)


@dataclass(frozen=True, slots=True)
class Detectable:
    """What would be found in `power` of the cases where it is there.

    ratio: the least ratio of rates above 1 that is. association: the least correlation between areas' true rates that
    is; None: none at all, however strong.
    """

    ratio: float
    association: float | None
    power: float


def detectable_ratio(expected: float, noise: float, *, factor: float, tests: int, power: float = POWER) -> float:
    """Return the least ratio by which an area's level must exceed its reference for a verdict.

    expected: count at the reference's rate, over all periods that are added up; noise: variance of the figure and of
    what it is compared with, together; factor: over-dispersion; tests: comparisons on the page, of which it is taken to
    be the only true one, which is the hardest case for the false-discovery rule.
    Solves (r - 1) m = z_a sqrt(noise + f m) + z_b sqrt(noise + f m r).
    Source: Lehmann, Romano 2005, Testing Statistical Hypotheses, section 3.3, for two normal laws; Benjamini, Hochberg
    1995: the only true one is found at 0.05 / tests.
    """
    if not (expected > 0 and noise >= 0 and factor >= 1 and tests >= 1 and SIGNIFICANCE < power < 1):
        raise wrong_shape("an expected count, noise, factor, number of tests or power outside its range")
    z_error, z_power = float(norm.isf(SIGNIFICANCE / tests / 2)), float(norm.ppf(power))
    ratio = 1.0
    for _ in range(200):  # a contraction: the root grows slower than its argument
        ratio = (
            1
            + (z_error * sqrt(noise + factor * expected) + z_power * sqrt(noise + factor * expected * ratio)) / expected
        )
    return ratio


def detectable_association(
    areas: int, reliabilities: tuple[float, float], *, tests: int, power: float = POWER
) -> float | None:
    """Return the least correlation between the true rates of two indicators that would be found; None: not any.

    reliabilities: of each indicator the share of its variance between areas that is not noise or chance; see
    `reliability_of`. Noise draws a correlation to 0 by the root of their product.
    Source: Fisher 1921, Metron 1 (z transform, variance 1 / (n - 3)); Spearman 1904 (attenuation).
    """
    if areas < LEAST_AREAS or tests < 1 or not all(0 <= each <= 1 for each in reliabilities):
        raise wrong_shape("fewer than four areas, no test, or a reliability outside 0 to 1")
    seen = tanh(float(norm.isf(SIGNIFICANCE / tests / 2) + norm.ppf(power)) / sqrt(areas - 3))
    attenuation = sqrt(reliabilities[0] * reliabilities[1])
    return seen / attenuation if seen < attenuation else None


def reliability_of(level: Floats, spread: float, noise: float, factor: float) -> float:
    """Return the share of the variance of rates between areas that is not noise or chance, on average over areas.

    level: float64, (areas,), expected counts; spread: standard deviation of the logarithm of true rates between areas.
    """
    usable = level[level > 0]
    if usable.size == 0:
        return 0.0
    relative = (noise + factor * usable) / usable**2
    weight = usable / usable.sum()
    return spread**2 / (spread**2 + float((weight * relative).sum()))


def what_could_be_found(
    expected: Floats, noise: float, *, factor: float, spread: float, tests: int, power: float = POWER
) -> Detectable:
    """Return what is detectable in the median area and between all areas, for a table with these expected counts."""
    usable = expected[expected > 0]
    if usable.size < LEAST_AREAS:
        raise wrong_shape("fewer than four areas with inhabitants")
    share = reliability_of(usable, spread, noise, factor)
    return Detectable(
        detectable_ratio(float(np.median(usable)), noise, factor=factor, tests=tests, power=power),
        detectable_association(usable.size, (share, share), tests=tests, power=power),
        power,
    )
