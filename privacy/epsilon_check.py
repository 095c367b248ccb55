"""Computes: what draws of a release function prove against it, whatever its code says: a lower bound on its epsilon.

Two tests. The threshold test takes any release of two neighbours and needs to know nothing of the mechanism. From a
million draws it finds noise that is a few percent too small, sensitivities that are too low, and leaks that have
nothing to do with noise. The variance test takes noise alone; from a million draws it finds a sigma that is 1 % too
small, and nothing else. Neither proves that a function is private: both can only catch one that is not.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import exp, inf, lgamma, log, log1p, pi

import numpy as np
from numpy.typing import NDArray

from privacy.errors import PrivacyRefusal
from privacy.shares import check_variance

MAX_DRAWS = 10**8  # lgamma still has seven good digits of the exponent there
MIN_DRAWS = 100
THRESHOLDS, TAIL_THRESHOLDS = 1000, 50  # quantiles that the first half of the draws may choose from

_SAFETY = 1e-5  # relative, above the rounding error of `_log_tail` at MAX_DRAWS
_BISECTIONS = 60
_TINY = 1e-300
_CONVERGED = 1e-15
_MAX_TERMS = 200_000  # the continued fraction needs some sqrt(draws) terms


class DrawsOutOfRange(PrivacyRefusal):
    """Too few or too many draws, samples of different length, or an error probability outside 0 to 1/2."""


@dataclass(frozen=True, slots=True)
class EpsilonBound:
    """Proven, but for the error probability: no (epsilon', delta) with epsilon' below `epsilon` holds.

    epsilon: 0 when nothing is proven. threshold, above: the event that proves it, output >= or < threshold.
    """

    epsilon: float
    threshold: int
    above: bool


@dataclass(frozen=True, slots=True)
class _Event:
    threshold: int
    above: bool
    first_likelier: bool

    def hits(self, sample: NDArray[np.int64]) -> int:
        return int(np.count_nonzero((sample >= self.threshold) == self.above))


def epsilon_at_least(
    first: NDArray[np.int64], second: NDArray[np.int64], *, delta: float, error: float
) -> EpsilonBound:
    """Return a lower bound on epsilon from draws of a release function on two neighbours.

    first, second: int64, one shape (draws,), independent draws of one number; a vector is first projected, on the
    direction in which the neighbours differ. Half of the draws choose the event, the other half prove it.
    error: the probability that the bound is above the true epsilon.
    Raises: DrawsOutOfRange.
    Source: for every event P(E) <= e^epsilon Q(E) + delta; Clopper, Pearson 1934 for both probabilities.
    """
    _check_draws(first.size, error)
    if first.shape != second.shape or first.ndim != 1:
        raise _out_of_range("samples of different shapes", "two of one length")
    half = first.size // 2
    draws = first.size - half
    event = _best_event(np.sort(first[:half]), np.sort(second[:half]), delta)
    likely, unlikely = (first[half:], second[half:]) if event.first_likelier else (second[half:], first[half:])
    low = at_least(event.hits(likely), draws, error=error / 2)
    high = at_most(event.hits(unlikely), draws, error=error / 2)
    epsilon = max(0.0, log((low - delta) / high)) if low > delta else 0.0
    return EpsilonBound(epsilon, event.threshold, event.above)


def noise_too_small(noise: NDArray[np.int64], variance: Fraction) -> float:
    """Return a bound on the probability that true discrete Gaussian noise spreads as little as these draws did.

    noise: int64, independent draws around 0. 1.0 when they spread at least as much as they should.
    The sum of squares decides: for sigma it is the most powerful statistic there is. With r = mean square / sigma^2 < 1
    the bound is exp(-(n/2) (r - 1 - ln r)): 1e-43 for a sigma 1 % too small and a million draws.
    Not promised: anything about the shape, or about noise that is too large.
    Raises: DrawsOutOfRange, VarianceNotExact, VarianceOutOfRange.
    Source: Chernoff's bound; E exp(-a X^2) is a ratio of the normalisers of two discrete Gaussians, and that of
    variance s^2 is sqrt(2 pi) s (1 + 2 exp(-2 pi^2 s^2) + ..) by Poisson summation; Neyman, Pearson for the power.
    """
    check_variance(variance)
    _check_draws(noise.size, 0.25)
    values, counts = np.unique(noise, return_counts=True)
    squares = sum(value**2 * count for value, count in zip(values.tolist(), counts.tolist(), strict=True))
    mean_square, true = squares / noise.size, float(variance)
    if mean_square >= true:
        return 1.0
    # Any tilt is valid; below 1 the best one would need more terms of the normaliser than the next line has.
    tilted = max(mean_square, 1.0)
    normaliser = 2.001 * exp(-2 * pi**2 * tilted)
    exponent = (mean_square / tilted - mean_square / true + log(tilted / true)) / 2 + normaliser
    return min(1.0, exp(noise.size * exponent))


def at_least(hits: int, draws: int, *, error: float) -> float:
    """Return a lower bound on a probability, wrong with probability `error` at most.

    Raises: DrawsOutOfRange.
    Source: Clopper, Pearson 1934: the p at which `hits` or more have probability `error`.
    """
    _check_draws(draws, error)
    if not 0 <= hits <= draws:
        raise _out_of_range("more hits than draws", "at most as many")
    if hits == 0:
        return 0.0
    wanted = log(error) + log1p(-_SAFETY)
    low, high = 0.0, hits / draws
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if _log_tail(hits, draws, middle) <= wanted:
            low = middle
        else:
            high = middle
    return low


def at_most(hits: int, draws: int, *, error: float) -> float:
    """Return an upper bound on a probability, wrong with probability `error` at most.

    Raises: DrawsOutOfRange.
    """
    return 1 - at_least(draws - hits, draws, error=error)


def _best_event(first: NDArray[np.int64], second: NDArray[np.int64], delta: float) -> _Event:
    """Choose, from sorted samples, the half-line that promises the largest bound; any choice is valid."""
    pooled = np.concatenate((first, second))
    draws = first.size
    tail = np.geomspace(1 / draws, 1 / THRESHOLDS, TAIL_THRESHOLDS)
    levels = np.concatenate((np.linspace(0, 1, THRESHOLDS), tail, 1 - tail))
    values = np.quantile(pooled, levels, method="nearest")
    thresholds = np.unique(np.concatenate((values, values + 1)))  # each value as the first above and the last below
    shares = [1 - np.searchsorted(sample, thresholds) / draws for sample in (first, second)]
    best, best_score = _Event(int(thresholds[0]), above=True, first_likelier=True), -inf
    for above in (True, False):
        one, other = shares if above else [1 - share for share in shares]
        for first_likelier in (True, False):
            likely, unlikely = (one, other) if first_likelier else (other, one)
            # Four standard errors and a few hits to either side: about what Clopper and Pearson will take.
            low = likely - delta - 4 * np.sqrt(likely * (1 - likely) / draws) - 8 / draws
            high = unlikely + 4 * np.sqrt(unlikely * (1 - unlikely) / draws) + 8 / draws
            scores = np.log(np.maximum(low, _TINY) / high)
            if scores.max() > best_score:
                best_score = float(scores.max())
                best = _Event(int(thresholds[scores.argmax()]), above=above, first_likelier=first_likelier)
    return best


def _log_tail(hits: int, draws: int, chance: float) -> float:
    """Return ln P(X >= hits) for X binomial: the regularised incomplete beta function, by its continued fraction.

    Source: DLMF 8.17.5 and 8.17.22, evaluated by the modified Lentz method.
    """
    a, b, x = hits, draws - hits + 1, chance
    if x <= 0:
        return -inf
    front = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x) - log(a)
    upper, lower = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    fraction = lower
    for m in range(1, _MAX_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            lower = 1 / (1 + term * lower or _TINY)
            upper = 1 + term / upper or _TINY
            fraction *= upper * lower
        if abs(upper * lower - 1) < _CONVERGED:
            break
    return front + log(fraction)


def _check_draws(draws: int, error: float) -> None:
    if not MIN_DRAWS <= draws <= MAX_DRAWS or not 0 < error < 1 / 2:
        raise _out_of_range(
            "a number of draws or an error probability outside its range",
            f"{MIN_DRAWS} to {MAX_DRAWS} draws and an error above 0 and below 1/2",
        )


def _out_of_range(got: str, wanted: str) -> DrawsOutOfRange:
    return DrawsOutOfRange(got=got, wanted=wanted, act="the auditor must draw other samples")
