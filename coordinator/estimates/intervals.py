"""Computes: the two kinds of interval, which answer different questions and so are different types.

`RegisteredInterval`: what was registered, which the noise hides. `UnderlyingInterval`: the level that a count of chance
events came from. The second is the wider one, and the one to compare areas and periods by.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from coordinator.estimates.estimate import Bools, Estimates, Floats, wrong_shape

CONFIDENCE = 0.95
MAX_DISPERSION = 10.0  # above it the counts follow something that is no chance around one level
# How long the repeats of a household go on at most: nobody publishes it. Measured on 200 simulated gemeenten: counts of
# 1, 2, 4, 8 and 12 quarters spread 1.26, 1.52, 1.99, 2.68 and 3.05 times wider than Poisson; so here 1.27 to 3.12.
MEMORY_YEARS = 2.7
LEAST_PAIRS = 20  # below it a variance ratio is worth nothing: its error is about sqrt(2 / pairs)


@dataclass(frozen=True, eq=False, slots=True)
class RegisteredInterval:
    """Limits between which the number lies that the partners registered and counted.

    low, high: float64, from 0; NaN-free, both 0 where `told` is false.
    Not covered: what bounds and cap left out, late registrations, and chance.
    """

    low: Floats
    high: Floats
    told: Bools


@dataclass(frozen=True, eq=False, slots=True)
class UnderlyingInterval:
    """Limits between which the level lies around which such counts fall by chance; fields as `RegisteredInterval`.

    Not covered: what bounds and cap left out, late registrations, and what nobody reports.
    """

    low: Floats
    high: Floats
    told: Bools


@dataclass(frozen=True, slots=True)
class Dispersion:
    """How many times wider than Poisson counts spread, at least 1. error: the standard error of the estimate."""

    factor: float
    error: float


def registered(figures: Estimates, *, confidence: float = CONFIDENCE) -> RegisteredInterval:
    """Return the interval for the registered number: value +- z times the root of the noise variance + 1/2, from 0.

    The half is for what is registered being whole: without it the interval of one cell of variance 4 would hold 92 %.
    Source: Canonne, Kamath, Steinke 2020, proposition 25 (tails of the discrete Gaussian are below the normal's).
    """
    z = two_sided(confidence)
    half = z * np.sqrt(np.where(figures.told, figures.variance, 0.0)) + 0.5
    value = np.where(figures.told, figures.value, 0.0)
    return RegisteredInterval(np.maximum(value - half, 0), np.maximum(value + half, 0), figures.told)


def underlying(figures: Estimates, dispersion: Dispersion, *, confidence: float = CONFIDENCE) -> UnderlyingInterval:
    """Return the interval for the underlying level: all levels that a score test does not reject.

    A level m is kept when (value - m)^2 <= z^2 (noise + factor * m). A value so far below 0 that no level is kept is
    taken as -z times the noise's root, so that 0 always is.
    Source: Rao 1948, score test, on a count of variance factor * m plus noise; Wilson's interval is its special case.
    """
    z = two_sided(confidence)
    noise = np.where(figures.told, figures.variance, 0.0)
    value = np.maximum(np.where(figures.told, figures.value, 0.0), -z * np.sqrt(noise))
    middle = value + z * z * dispersion.factor / 2
    half = z * np.sqrt(np.maximum(noise + dispersion.factor * value + (z * dispersion.factor) ** 2 / 4, 0.0))
    low, high = np.maximum(middle - half, 0), np.maximum(middle + half, 0)
    return UnderlyingInterval(np.where(figures.told, low, 0.0), np.where(figures.told, high, 0.0), figures.told)


def dispersion_of_repeats(returns: float, years: float) -> Dispersion:
    """Return how much wider than Poisson counts over some years spread because households come back.

    returns: events a year of a household in sight, as `PublicRate` has it. The events of such a household over w years
    are geometric with mean m = returns * w, so a count has variance over mean E[N^2] / E[N] = 1 + 2 m. What persists
    makes sums over many periods spread wider than single periods; `years` is that of the whole sum. A household stays
    in sight for a time: of two of its moments t years apart both count with a chance of 1 - t / MEMORY_YEARS, whose
    mean over all pairs of moments stands in for 1. That is an assumption; where counts show more, the sheet takes that.
    Source: Feller 1968, An Introduction to Probability Theory, volume 1, section XII.2 (compound Poisson); Cox, Isham
    1980, Point Processes, section 2.5 (variance of counts by the autocorrelation of the intensity).
    """
    if not (returns >= 0 and years > 0):
        raise wrong_shape("returns below 0, or no time")
    short = min(years, MEMORY_YEARS)
    lasting = short * (1 - short / (3 * MEMORY_YEARS)) if years <= MEMORY_YEARS else short * (1 - short / (3 * years))
    return Dispersion(min(1 + 2 * returns * lasting, MAX_DISPERSION), 0.0)


def dispersion_of_units(returns: float, years: float, periods: int) -> Dispersion:
    """Return the same where a household counts at most once in each of the periods that are summed.

    Given how often it comes, a household's events in a period are Poisson; how often is exponential over households,
    which makes their number over all periods geometric, as above. A household then counts in K of the P periods, and
    with a the mean a period E[K] = P (1 - 1/(1+a)) and E[K (K-1)] = P (P-1) (1 - 2/(1+a) + 1/(1+2a)).
    Raises: WrongShape.
    Source: as `dispersion_of_repeats`; the moments are those of the exponential's Laplace transform.
    """
    if not (returns >= 0 and years > 0 and periods > 0):
        raise wrong_shape("returns below 0, or no time")
    mean = returns * min(years, MEMORY_YEARS) / periods
    if mean == 0:
        return Dispersion(1.0, 0.0)
    in_two, in_one = 1 - 2 / (1 + mean) + 1 / (1 + 2 * mean), 1 - 1 / (1 + mean)
    return Dispersion(min(1 + (periods - 1) * in_two / in_one, MAX_DISPERSION), 0.0)


def estimate_dispersion(*tables: Estimates) -> Dispersion:
    """Return how much wider than Poisson counts spread, from each area's successive periods.

    tables: each of shape (areas, periods), of independent noise; several levels and indicators of one source together
    tell more. A difference of two periods has variance factor * (m1 + m2) + noise1 + noise2, so what its square has
    beyond the noise, over the sum of both, estimates the factor; tables are weighted by how much each tells. Real
    changes between periods make it larger; repeats that go on over several periods are in both and are missed, so take
    the larger of this and `dispersion_of_repeats`. It is kept within 1 .. MAX_DISPERSION;
    from fewer than LEAST_PAIRS pairs, or when their sum is not above 0, it is 1 with error 0.
    Raises: WrongShape.
    Source: McCullagh, Nelder 1989, section 9.2.4 (moment estimator), with known noise taken off.
    """
    above = below = 0.0
    pairs: list[tuple[float, Floats, Floats]] = []
    for table in tables:
        if table.value.ndim != 2:  # noqa: PLR2004 - areas and periods
            raise wrong_shape("a series that is not areas x periods")
        both = table.told[:, 1:] & table.told[:, :-1]
        noise = (table.variance[:, 1:] + table.variance[:, :-1])[both]
        level = (table.value[:, 1:] + table.value[:, :-1])[both]
        beyond = (table.value[:, 1:] - table.value[:, :-1])[both] ** 2 - noise
        if level.sum() <= 0:
            continue
        weight = float(level.mean()) / float(noise.mean() + level.mean()) ** 2
        above, below = above + weight * float(beyond.sum()), below + weight * float(level.sum())
        pairs.append((weight, noise, np.maximum(level, 0)))
    if sum(level.size for _, _, level in pairs) < LEAST_PAIRS:
        return Dispersion(1.0, 0.0)
    factor = float(np.clip(above / below, 1.0, MAX_DISPERSION))
    # The variance of a squared normal is twice the square of its mean; pairs that share a period add half as much.
    square = sum(3 * weight**2 * float(((noise + factor * level) ** 2).sum()) for weight, noise, level in pairs)
    return Dispersion(factor, float(np.sqrt(square)) / below)


def two_sided(confidence: float) -> float:
    """Return how many standard errors hold this share of a normal error, half of the rest on each side.

    Raises: WrongShape, for a confidence outside 0.5 to 0.999.
    """
    if not 0.5 <= confidence <= 0.999:  # noqa: PLR2004 - as privacy.precision
        raise wrong_shape("a confidence outside 0.5 to 0.999")
    return NormalDist().inv_cdf((1 + confidence) / 2)
