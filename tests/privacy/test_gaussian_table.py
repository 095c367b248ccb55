"""The proof that a draw is within 2^-100 of the discrete Gaussian: exact arithmetic on the tables that are drawn from.

Weights are read back from the arrays themselves; true probabilities lie between exact bounds of a second computation.
"""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from privacy.gaussian_table import GaussianTable, gaussian_table
from privacy.noise import FINE_VARIANCE, MAX_VARIANCE, STRIDE
from tests.reference.gaussian_mass import ONE, exact_weights, exp_of_minus, half_densities, tail_density

PROVEN = [
    Fraction(1, 16),
    Fraction(1),
    Fraction(10, 3),
    Fraction(4),
    Fraction(25),
    Fraction(2500),
    Fraction(355, 113),
    Fraction(10**6),
    FINE_VARIANCE,
    Fraction(2**24),
]


def weights_in(table: GaussianTable) -> list[int]:
    """Return the weight of each outcome from -reach on, of 2^128, as the arrays hold it."""
    words = np.bincount(
        table.direct[: table.direct_words].astype(np.int64) + table.reach, minlength=2 * table.reach + 1
    )
    thresholds = [
        0,
        *((int(high) << 64) + int(low) for high, low in zip(table.threshold_high, table.threshold_low, strict=True)),
        (2**16 - table.direct_words) << 112,
    ]
    rests = [after - before for before, after in pairwise(thresholds)]
    assert min(rests) >= 0
    return [(int(count) << 112) + rest for count, rest in zip(words, rests, strict=True)]


def distance_bound(weights: list[int], variance: Fraction) -> Fraction:
    """Return an upper bound of the statistical distance between weights / 2^128 and N_Z(0, variance)."""
    reach = len(weights) // 2
    half = half_densities(variance, reach)
    tail = tail_density(variance, reach)
    total_low = half[0].low + 2 * sum(bounds.low for bounds in half[1:])
    total_high = half[0].high + 2 * sum(bounds.high for bounds in half[1:]) + tail
    bits = 256
    distance = -(-(tail << bits) // total_low)  # what the table cannot give
    for place, weight in enumerate(weights):
        bounds = half[abs(place - reach)]
        ours = weight << (bits - 128)
        distance += max(abs(ours - (bounds.low << bits) // total_high), abs(ours + (-bounds.high << bits) // total_low))
    return Fraction(distance, 2 << bits)


@pytest.mark.parametrize("variance", PROVEN, ids=str)
def test_a_table_is_within_two_to_the_minus_110_of_the_discrete_gaussian(variance: Fraction) -> None:
    weights = weights_in(gaussian_table(variance))
    assert sum(weights) == 2**128
    assert weights == weights[::-1]
    assert distance_bound(weights, variance) < Fraction(1, 2**110)


@pytest.mark.parametrize("variance", [Fraction(1, 16), Fraction(10, 3), Fraction(2500), FINE_VARIANCE], ids=str)
def test_a_table_holds_the_very_weights_of_its_definition(variance: Fraction) -> None:
    """Not only near: every party must expand the same noise, so each weight is the exact floor, to its last bit."""
    table = gaussian_table(variance)
    sides = exact_weights(variance, table.reach, 128)
    assert weights_in(table) == [*reversed(sides), 2**128 - 2 * sum(sides), *sides]


@pytest.mark.parametrize("fault", ["one word moved", "2^30 of 2^128 moved", "other variance"])
def test_the_proof_catches_a_wrong_table(fault: str) -> None:
    """Control: a table that is off by little more than 2^-100 is not proven."""
    variance = Fraction(2500)
    weights = weights_in(gaussian_table(variance))
    if fault == "other variance":
        variance += Fraction(1, 10**20)
    else:
        moved = 2**112 if fault == "one word moved" else 2**30
        weights[700] -= moved
        weights[701] += moved
    assert distance_bound(weights, variance) > Fraction(1, 2**100)


def test_outcomes_with_words_of_their_own_fit_16_bits_whatever_the_variance() -> None:
    # p(x) <= exp(-x^2 / 2v) / sqrt(2 pi v) must be at least 2^-16; over all v the largest such x is at x^2 = v:
    # x <= 2^16 / sqrt(2 pi e) = 15,858.
    variances = [Fraction(sigma**2) for sigma in (1, 100, 2000, 4096)]
    assert max(int(abs(gaussian_table(variance).direct).max()) for variance in variances) <= 15_858
    widest = gaussian_table(Fraction(4096**2))
    # 4096 * sqrt(2 ln(2^16 / (4096 sqrt(2 pi)))) = 7,886.7
    assert int(widest.direct.max()) == 7_886
    assert not widest.direct.flags.writeable


@pytest.mark.parametrize("variance", [Fraction(1, 16), Fraction(10, 3), Fraction(2500)], ids=str)
def test_every_threshold_divides_its_two_outcomes_at_the_last_bit(variance: Fraction) -> None:
    """The number just below a running sum belongs to the outcome before it, the sum itself to a later one.

    This reaches the rule for equal upper halves, which chance would reach once in 2^40 draws.
    """
    table = gaussian_table(variance)
    weights = weights_in(table)
    rests = [weight % 2**112 for weight in weights]
    sums = [sum(rests[: place + 1]) for place in range(len(rests))]
    asked, expected = [], []
    for number in {bound + step for bound in sums for step in (-1, 0, 1)}:
        if 0 <= number < sums[-1]:
            asked.append(number)
            expected.append(next(place for place, bound in enumerate(sums) if number < bound) - table.reach)
    words = np.array([(number >> 112) + table.direct_words for number in asked], dtype=np.uint16)
    # The low 16 bits of the first extra word are not part of the number: set, they must change nothing.
    extra = np.array(
        [[(number >> 64 & (2**48 - 1)) << 16 | 0xFFFF, number & (2**64 - 1)] for number in asked], dtype=np.uint64
    )
    found = table.rare_outcomes(words, extra)
    assert found.dtype == np.int64
    assert found.tolist() == expected
    assert set(expected) == {place - table.reach for place, rest in enumerate(rests) if rest}  # each one was met


# --- variances above 2^24: fine + 1024 * coarse ---


def spread(variance: Fraction) -> Fraction:
    """Return s^2 of the sum over y that must be nearly the same for every x (docstring of `noise.py`)."""
    coarse = (variance - FINE_VARIANCE) / STRIDE**2
    return 1 / (1 / coarse + STRIDE**2 / FINE_VARIANCE)


def theta(squared: Fraction, shift: Fraction) -> tuple[int, int]:
    """Return bounds of sum over integers y of exp(-(y - shift)^2 / (2 s^2)), in units of 2^-320."""
    ends = 60
    terms = [exp_of_minus((y - shift) ** 2 / (2 * squared)) for y in range(-ends, ends + 1)]
    beyond = 2 * exp_of_minus((ends - 1) ** 2 / (2 * squared)).high  # each further term is below half of the one before
    return sum(term.low for term in terms), sum(term.high for term in terms) + 2 * beyond


def test_the_sum_over_y_has_spread_of_at_least_four_for_every_wide_variance() -> None:
    wide = Fraction(2**24)
    assert spread(wide) == 4  # it grows with the variance, so this is the smallest
    samples = [wide + Fraction(1, 10**9), wide + 1, Fraction(2**30), Fraction(2**44), MAX_VARIANCE]
    assert [spread(variance) > 4 for variance in samples] == [True] * 5
    assert (MAX_VARIANCE - FINE_VARIANCE) / STRIDE**2 > 2**24  # the widest needs the rule twice ...
    assert ((MAX_VARIANCE - FINE_VARIANCE) / STRIDE**2 - FINE_VARIANCE) / STRIDE**2 < 2**24  # ... and never thrice


def test_poisson_summation_bounds_the_change_of_that_sum_by_two_to_the_minus_111() -> None:
    # Poisson: the sum is s sqrt(2 pi) (1 + 2 sum_j exp(-2 pi^2 s^2 j^2) cos(2 pi j c)); pi^2 > 9.8696.
    first = Fraction(exp_of_minus(2 * Fraction("9.8696") * 4).high, ONE)
    assert 2 * first / (1 - first) < Fraction(1, 2**112)
    # The same seen directly: largest at a whole shift, smallest in the middle, and no farther apart.
    low_at_half, high_at_half = theta(Fraction(4), Fraction(1, 2))
    low_at_zero, high_at_zero = theta(Fraction(4), Fraction(0))
    assert Fraction(high_at_zero - low_at_half, low_at_half) < Fraction(1, 2**111)
    assert low_at_zero > high_at_half
    # Control: with spread 1 instead of 4 the same measure sees a change that would matter.
    assert Fraction(theta(Fraction(1), Fraction(0))[0] - theta(Fraction(1), Fraction(1, 2))[1], ONE) > Fraction(
        1, 2**28
    )


@pytest.mark.parametrize("stride", [STRIDE, 4 * STRIDE], ids=["ours", "control: too wide a stride"])
def test_a_wide_draw_has_the_shape_of_its_gaussian_to_the_last_bits(stride: int) -> None:
    """The exact probabilities of fine + 1024 * coarse, from the tables, against exp(-x^2 / 2v): ratios to that of 0."""
    variance = Fraction(2**24 + 1)
    coarse_variance = (variance - FINE_VARIANCE) / stride**2
    fine, coarse = weights_in(gaussian_table(FINE_VARIANCE)), weights_in(gaussian_table(coarse_variance))
    fine_reach, coarse_reach = len(fine) // 2, len(coarse) // 2

    def chance(outcome: int) -> int:
        total = 0
        for y in range(-coarse_reach, coarse_reach + 1):
            rest = outcome - stride * y
            if abs(rest) <= fine_reach:
                total += coarse[y + coarse_reach] * fine[rest + fine_reach]
        return total

    at_zero = chance(0)
    outcomes = [*range(1, 1024, 97), *range(1024, 12_288, 1001)]
    gaps = [
        abs(Fraction(chance(outcome), at_zero) - Fraction(exp_of_minus(Fraction(outcome**2) / (2 * variance)).low, ONE))
        for outcome in outcomes
    ]
    if stride == STRIDE:
        assert max(gaps) < Fraction(1, 2**100)
    else:
        assert max(gaps) > Fraction(1, 2**20)
