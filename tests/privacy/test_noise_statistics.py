"""Noise beside the exact distribution, a slow exact sampler and OpenDP's. Seeded, so each run draws the same.

A chi-square test alarms falsely with probability 1e-6; each control must fall below that in the same run.
"""

from collections.abc import Sequence
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray
from opendp.domains import atom_domain, vector_domain
from opendp.measurements import make_gaussian
from opendp.metrics import l2_distance
from opendp.mod import enable_features
from scipy import stats

from privacy.noise import draw
from simulations.seeded import seeded_source
from tests.reference.discrete_gaussian import discrete_gaussian

FALSE_ALARM = 1e-6
DRAWS = 10_000_000
MIN_EXPECTED = 25  # a bin with fewer would not follow the chi-square law
MAX_BINS = 1_000  # more would hide a wrong sigma in the chance of many bins

SIGMAS_SQUARED = [
    Fraction(1),
    Fraction(4),
    Fraction(25),
    Fraction(400),
    Fraction(2500),
    Fraction(200**2),
    Fraction(1000**2),
    Fraction(10**4) ** 2,
    Fraction(10, 3),
    Fraction(22_222, 7),
]


def p_value(drawn: NDArray[np.int64], variance: float) -> float:
    """Return the chi-square p-value of draws against the discrete Gaussian of a variance."""
    reach = int(12 * variance**0.5) + 3
    outcomes = np.arange(-reach, reach + 1)
    density = np.exp(-(outcomes.astype(float) ** 2) / (2 * variance))
    expected = density / density.sum() * drawn.size
    observed = np.bincount(np.clip(drawn, -reach, reach) + reach, minlength=outcomes.size)
    # Bins follow the draws' order of size: each is filled until it holds its share.
    share = max(MIN_EXPECTED, drawn.size / MAX_BINS)
    label = np.minimum(np.cumsum(expected) // share, drawn.size // share - 1).astype(np.int64)
    _, label = np.unique(label, return_inverse=True)
    wanted, found = np.bincount(label, expected), np.bincount(label, observed)
    return float(stats.chisquare(found, wanted * (found.sum() / wanted.sum())).pvalue)


def two_sample_p_value(left: Sequence[int] | NDArray[np.int64], right: Sequence[int] | NDArray[np.int64]) -> float:
    """Return the chi-square p-value that two samples come from one distribution, over 40 bins of equal size."""
    edges = np.unique(np.quantile(np.concatenate((left, right)), np.linspace(0, 1, 41)[1:-1]))
    table = np.array([np.bincount(np.searchsorted(edges, side), minlength=edges.size + 1) for side in (left, right)])
    return float(stats.chi2_contingency(table[:, table.sum(axis=0) > 0]).pvalue)


@pytest.mark.parametrize("variance", SIGMAS_SQUARED, ids=str)
def test_ten_million_draws_follow_the_exact_probabilities_and_one_percent_of_sigma_is_caught(
    variance: Fraction,
) -> None:
    """M03: chi-square, with sigma * 0.99 as the control, both ways."""
    drawn = draw(variance, DRAWS, seeded_source(3, "chi-square", str(variance)))
    assert p_value(drawn, float(variance)) > FALSE_ALARM
    assert p_value(drawn, float(variance) * 0.99**2) < FALSE_ALARM
    too_small = draw(variance * Fraction(99, 100) ** 2, DRAWS, seeded_source(4, "chi-square", str(variance)))
    assert p_value(too_small, float(variance)) < FALSE_ALARM


@pytest.mark.parametrize("variance", [Fraction(2**24 + 1), Fraction(10**9 + 1, 3)], ids=str)
def test_wide_noise_follows_the_exact_probabilities(variance: Fraction) -> None:
    """M03 above variance 2^24: fine + 1024 * coarse."""
    drawn = draw(variance, 1_000_000, seeded_source(3, "wide", str(variance)))
    assert p_value(drawn, float(variance)) > FALSE_ALARM
    assert p_value(drawn, float(variance) * 0.97**2) < FALSE_ALARM


def test_the_widest_noise_follows_the_continuous_law() -> None:
    """M03 at the largest variance, where one integer is 1e-8 sigma: three tables put together."""
    sigma = float(2**53 - 1) ** 0.5
    drawn = draw(Fraction(2**53 - 1), 1_000_000, seeded_source(3, "widest"))
    for wanted, alike in ((sigma, True), (0.97 * sigma, False)):
        found = np.histogram(stats.norm.cdf(drawn / wanted), bins=100, range=(0, 1))[0]
        assert (float(stats.chisquare(found).pvalue) > FALSE_ALARM) is alike


@pytest.mark.parametrize("variance", [Fraction(2**24 + 1), Fraction(2**53 - 1)], ids=str)
def test_wide_noise_is_even_in_its_low_bits(variance: Fraction) -> None:
    """M03: a seam between fine and coarse would show modulo 1024."""
    drawn = draw(variance, 1_000_000, seeded_source(3, "seam", str(variance)))
    low = np.bincount(drawn % 2048, minlength=2048)
    assert float(stats.chisquare(low).pvalue) > FALSE_ALARM


def test_the_low_bit_check_would_see_a_missing_fine_part() -> None:
    """M03, control: coarse noise alone never has low bits."""
    coarse = 1024 * draw(Fraction(100), 1_000_000, seeded_source(3, "seam"))
    low = np.bincount(coarse % 2048, minlength=2048)
    assert float(stats.chisquare(low).pvalue) < FALSE_ALARM


@pytest.mark.parametrize("variance", [Fraction(4), Fraction(2500), Fraction(10**6)], ids=str)
def test_moments_are_those_of_the_gaussian(variance: Fraction) -> None:
    drawn = draw(variance, DRAWS, seeded_source(5, "moments", str(variance))).astype(float)
    standard = drawn / float(variance) ** 0.5
    # Each is checked to five standard errors (false alarm 6e-7): those of the first four moments of a Gaussian.
    for power, moment, spread in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs(float(np.mean(standard**power)) - moment) < 5 * (spread / DRAWS) ** 0.5


@pytest.mark.parametrize("variance", [Fraction(10, 3), Fraction(2500), Fraction(10**10 + 1, 3)], ids=str)
def test_a_slow_exact_sampler_agrees(variance: Fraction) -> None:
    """Two samples: 10,000 by rejection in fractions, 1,000,000 of ours."""
    below = Random(11).randrange
    slow = [discrete_gaussian(variance, below) for _ in range(10_000)]
    ours = draw(variance, 1_000_000, seeded_source(6, "slow", str(variance)))
    assert two_sample_p_value(slow, ours) > FALSE_ALARM
    wider = draw(variance * Fraction(13, 10), 1_000_000, seeded_source(7, "slow", str(variance)))
    assert two_sample_p_value(slow, wider) < FALSE_ALARM


@pytest.mark.parametrize("sigma", [2, 50, 100_000])
def test_opendp_s_sampler_agrees(sigma: int) -> None:
    """OpenDP cannot be seeded: one run in a million alarms falsely."""
    enable_features("contrib")
    release = make_gaussian(vector_domain(atom_domain(T=int)), l2_distance(T=float), scale=float(sigma))
    theirs = release([0] * 50_000)
    ours = draw(Fraction(sigma**2), 1_000_000, seeded_source(8, "opendp", str(sigma)))
    assert two_sample_p_value(theirs, ours) > FALSE_ALARM
    narrower = draw(Fraction(sigma**2) * Fraction(8, 10), 1_000_000, seeded_source(9, "opendp", str(sigma)))
    assert two_sample_p_value(theirs, narrower) < FALSE_ALARM


def test_draws_do_not_tell_the_next_ones() -> None:
    drawn = draw(Fraction(2500), DRAWS, seeded_source(10, "order")).astype(float)
    standard = drawn / drawn.std()
    for lag in (1, 2, 65_536):
        assert abs(float(np.mean(standard[lag:] * standard[:-lag]))) < 5 / DRAWS**0.5  # false alarm 6e-7


def test_shares_add_up_to_one_gaussian_down_to_variance_four_and_tiny_shares_do_not() -> None:
    """R28: why every variance drawn for a release is at least 4 (Kairouz, Liu, Steinke 2021); control: a quarter."""

    def total_of(shares: int, variance: Fraction) -> NDArray[np.int64]:
        total = np.zeros(1_000_000, dtype=np.int64)
        for party in range(shares):
            total += draw(variance, total.size, seeded_source(12, "share", str(party)))
        return total

    assert p_value(total_of(5, Fraction(20)), 100.0) > FALSE_ALARM
    assert p_value(total_of(8, Fraction(4)), 32.0) > FALSE_ALARM  # the smallest share that a plan may have
    assert p_value(total_of(5, Fraction(1, 4)), 1.25) < FALSE_ALARM
