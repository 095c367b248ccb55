"""Computes: exact draws of the discrete Gaussian by rejection, in Python integers and fractions. Slow on purpose.

Written from Canonne, Kamath, Steinke 2020, algorithms 1 to 3, arXiv:2004.00010. `below(n)` gives a uniform integer
from 0 to n - 1.
"""

from collections.abc import Callable
from fractions import Fraction
from math import floor, isqrt

Uniform = Callable[[int], int]


def _happens(chance: Fraction, below: Uniform) -> bool:
    return below(chance.denominator) < chance.numerator


def _happens_exp(gamma: Fraction, below: Uniform) -> bool:
    """Return True with probability exp(-gamma): algorithm 1."""
    for _ in range(floor(gamma) if gamma > 1 else 0):
        if not _happens_exp(Fraction(1), below):
            return False
    rest = gamma - floor(gamma) if gamma > 1 else gamma
    count = 1
    while _happens(rest / count, below):
        count += 1
    return count % 2 == 1


def discrete_laplace(scale: int, below: Uniform) -> int:
    """Return an integer x with probability proportional to exp(-|x| / scale): algorithm 2 with s = 1."""
    while True:
        low = below(scale)
        if not _happens_exp(Fraction(low, scale), below):
            continue
        high = 0
        while _happens_exp(Fraction(1), below):
            high += 1
        size = low + scale * high
        negative = below(2) == 1
        if negative and size == 0:
            continue
        return -size if negative else size


def discrete_gaussian(variance: Fraction, below: Uniform) -> int:
    """Return an integer x with probability proportional to exp(-x^2 / (2 variance)): algorithm 3."""
    scale = isqrt(floor(variance)) + 1
    while True:
        outcome = discrete_laplace(scale, below)
        if _happens_exp((abs(outcome) - variance / scale) ** 2 / (2 * variance), below):
            return outcome
