"""Computes: densities of the discrete Gaussian between exact bounds, in whole units of 2^-320.

Each exp is computed on its own (halve the exponent, Taylor, square back), every rounding outward, so that the true
value lies between the two integers. Slow on purpose; shares no step with `privacy/gaussian_table.py`.
"""

from dataclasses import dataclass
from fractions import Fraction

UNIT_BITS = 320
ONE = 1 << UNIT_BITS


@dataclass(frozen=True, slots=True)
class Bounds:
    """A real number between two integers, both in units of 2^-320."""

    low: int
    high: int


def exp_of_minus(exponent: Fraction) -> Bounds:
    """Return bounds of exp(-exponent) for an exponent of at least 0."""
    halvings = (2 * exponent.numerator // exponent.denominator).bit_length()  # then the rest is below 1/2
    small = (exponent.numerator << UNIT_BITS) // (exponent.denominator << halvings)
    term, total, index = ONE, 0, 0
    while term:
        total += -term if index % 2 else term
        index += 1
        term = (term * small // index) >> UNIT_BITS
    # `small` is at most one unit too low, each of the terms at most two units, what was cut off less than one.
    assert index < 100
    low, high = total - 256, total + 256
    for _ in range(halvings):
        low, high = (low * low) >> UNIT_BITS, -((-high * high) >> UNIT_BITS)
    return Bounds(max(low, 0), min(high, ONE))


def density(variance: Fraction, outcome: int) -> Bounds:
    """Return bounds of exp(-outcome^2 / (2 variance))."""
    return exp_of_minus(Fraction(outcome**2) / (2 * variance))


def tail_density(variance: Fraction, beyond: int) -> int:
    """Return an upper bound of the densities of all outcomes larger than `beyond` in size, in units of 2^-320.

    From x on, each density is at most exp(-x / variance) times the one before: a geometric series.
    """
    first = density(variance, beyond + 1).high
    shrink = exp_of_minus((beyond + 1) / variance).high
    return -(-2 * first * ONE // (ONE - shrink))


def half_densities(variance: Fraction, reach: int) -> list[Bounds]:
    """Return the densities of outcomes 0 .. reach."""
    return [density(variance, outcome) for outcome in range(reach + 1)]


def exact_weights(variance: Fraction, reach: int, bits: int) -> list[int]:
    """Return floor(2^bits * p) for outcomes 1 .. reach, p relative to the outcomes -reach .. reach.

    The bounds must agree on the floor, else this raises: then the weight is not decided at this precision.
    """
    half = half_densities(variance, reach)
    total_low = half[0].low + 2 * sum(bounds.low for bounds in half[1:])
    total_high = half[0].high + 2 * sum(bounds.high for bounds in half[1:])
    weights = []
    for bounds in half[1:]:
        weight = (bounds.low << bits) // total_high
        if weight != (bounds.high << bits) // total_low:
            raise ArithmeticError("a weight is not decided at this precision")
        weights.append(weight)
    return weights
