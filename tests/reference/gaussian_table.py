"""Computes: the discrete Gaussian from its definition, in decimals, and draws from that table with a seeded generator.

Slow and plain on purpose. Tests that need a sampler take any function of (variance, size); this is the one they use
until the node's own is plugged in.
"""

from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from math import isqrt

import numpy as np
from numpy.typing import NDArray

Sampler = Callable[[Fraction, int], NDArray[np.int64]]

REACH = 12  # sigmas: what lies beyond has a probability of 1e-32


def reach_of(variance: Fraction) -> int:
    """Return how far the tables below go."""
    return REACH * (isqrt(int(variance)) + 1)


def pmf(variance: Fraction, reach: int | None = None, digits: int = 50) -> list[Decimal]:
    """Return the probabilities of -reach .. reach, each proportional to exp(-z^2 / (2 variance))."""
    most = reach_of(variance) if reach is None else reach
    with localcontext(prec=digits):
        rate = Decimal(variance.denominator) / (2 * variance.numerator)
        half = [(-rate * z * z).exp() for z in range(most + 1)]
        whole = half[0] + 2 * sum(half[1:])
        return [half[abs(z)] / whole for z in range(-most, most + 1)]


def floats(variance: Fraction) -> NDArray[np.float64]:
    """Return the probabilities of -reach .. reach as floats."""
    return np.array([float(weight) for weight in pmf(variance)])


def seeded(seed: int) -> Sampler:
    """Return a sampler that draws from the table, by inversion, with numpy's generator."""
    generator = np.random.default_rng(seed)

    def sample(variance: Fraction, size: int) -> NDArray[np.int64]:
        reach = reach_of(variance)
        bounds = np.cumsum(floats(variance))[:-1]
        return np.searchsorted(bounds, generator.random(size), side="right").astype(np.int64) - reach

    return sample


def hockey_stick(epsilon: float, variance: Fraction, shift: int) -> float:
    """Return the exact delta at this epsilon for a count that differs by `shift` between neighbours."""
    weights = floats(variance)
    padding = np.zeros(shift)
    first, second = np.concatenate((padding, weights)), np.concatenate((weights, padding))
    return float(np.maximum(0, first - np.exp(epsilon) * second).sum())


def exact_epsilon(delta: float, variance: Fraction, shift: int) -> float:
    """Return the exact epsilon at this delta, to 1e-9."""
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        if hockey_stick(middle, variance, shift) > delta:
            low = middle
        else:
            high = middle
    return high
