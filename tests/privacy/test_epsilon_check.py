"""The two tests against a release function: their bounds are true bounds, and each catches what it says it catches."""

from collections.abc import Callable
from fractions import Fraction
from math import exp

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from privacy.epsilon_check import DrawsOutOfRange, at_least, at_most, epsilon_at_least, noise_too_small
from privacy.shares import VarianceOutOfRange
from tests.reference.gaussian_table import exact_epsilon, seeded

ERROR = 1e-4
FOUR = Fraction(4)


@pytest.mark.parametrize(
    ("hits", "draws", "error"),
    [
        (1, 100, 0.01),
        (50, 100, 0.05),
        (99, 100, 0.01),
        (100, 100, 0.01),
        (5, 10**6, 0.0005),
        (500_000, 10**6, 0.0005),
        (999_000, 10**6, 1e-6),
        (3_000_000, 10**8, 1e-4),
        (70_000_000, 10**8, 1e-9),
    ],
)
def test_clopper_pearson_bounds_equal_the_beta_quantiles_of_scipy(hits: int, draws: int, error: float) -> None:
    lower = stats.beta.ppf(error, hits, draws - hits + 1)
    assert 0 <= (lower - at_least(hits, draws, error=error)) / lower < 2e-5  # never above, and hardly below
    if hits < draws:
        upper = stats.beta.ppf(1 - error, hits + 1, draws - hits)
        assert -1e-12 <= (at_most(hits, draws, error=error) - upper) / (1 - upper) < 2e-5


def test_bounds_at_the_ends() -> None:
    assert at_least(0, 1000, error=0.01) == 0.0
    assert at_most(1000, 1000, error=0.01) == 1.0
    assert abs(at_most(0, 1000, error=0.01) - (1 - 0.01 ** (1 / 1000))) < 1e-7


def test_a_bound_on_a_probability_is_wrong_no_more_often_than_its_error() -> None:
    """Seeded: 2,000 samples of 1,000 at p = 0.3 and error 5 %; at most 5 % expected, six standard errors are 2.9 %."""
    hits = np.random.default_rng(5).binomial(1000, 0.3, size=2000).tolist()
    bound = {hit: at_least(hit, 1000, error=0.05) for hit in set(hits)}
    wrong = sum(bound[hit] > 0.3 for hit in hits)
    assert 0 < wrong < 2000 * 0.079


@pytest.mark.parametrize("sigma", [2, 50])
def test_a_sigma_one_percent_too_small_is_caught_with_a_million_draws(sigma: int) -> None:
    """False alarm: 1e-12 by the bound itself; the correct sigma beside it is the control."""
    variance = Fraction(sigma**2)
    sampler = seeded(sigma)
    assert noise_too_small(sampler(variance, 10**6), variance) > 1e-6
    assert noise_too_small(sampler(variance * Fraction(99, 100) ** 2, 10**6), variance) < 1e-12


def test_the_variance_test_alarms_no_more_often_than_it_says() -> None:
    """Seeded: 400 samples of 2,000 true draws; at a level of 10 % at most 40 alarms expected, some do occur."""
    sampler = seeded(3)
    alarms = sum(noise_too_small(sampler(FOUR, 2000), FOUR) < 0.1 for _ in range(400))
    assert 0 < alarms < 76


def test_the_variance_test_bound_is_the_formula() -> None:
    noise = np.array([-1, 1] * 500)  # mean square 1 against a variance of 4: r = 1/4
    assert noise_too_small(noise, FOUR) == pytest.approx(exp(500 * (0.25 - 1 + 1.3862943611198906) * -1), rel=1e-4)
    # A hundred zeros from sigma 2 have probability (1 / 5.0133)^100; at tilt 1 the bound is (1/2)^100.
    assert (1 / 5.0133) ** 100 < noise_too_small(np.zeros(100, dtype=np.int64), FOUR) < 2.0**-99
    assert noise_too_small(np.array([-3, 3] * 500), FOUR) == 1.0


@pytest.mark.parametrize("delta", [1e-6, 0.01, 0.1])
def test_the_lower_bound_stays_below_the_true_epsilon_and_comes_near_it(delta: float) -> None:
    """Seeded; 2e5 draws, error 1e-4 each."""
    sampler = seeded(17)
    bound = epsilon_at_least(sampler(FOUR, 200_000) + 1, sampler(FOUR, 200_000), delta=delta, error=ERROR)
    true = exact_epsilon(delta, FOUR, 1)
    assert bound.epsilon <= true
    assert bound.epsilon > {1e-6: 0.4, 0.01: 0.8, 0.1: 0.75}[delta] * true


def test_the_lower_bound_is_what_scipy_makes_of_the_second_half_with_half_the_error_each() -> None:
    sampler = seeded(19)
    first, second = sampler(FOUR, 20_001) + 1, sampler(FOUR, 20_001)
    bound = epsilon_at_least(first, second, delta=0.01, error=ERROR)
    hits = [int(np.sum((half >= bound.threshold) == bound.above)) for half in (first[10_000:], second[10_000:])]
    likely, unlikely = (hits[0], hits[1]) if bound.above else (hits[1], hits[0])
    low = stats.beta.ppf(ERROR / 2, likely, 10_001 - likely + 1)
    high = stats.beta.ppf(1 - ERROR / 2, unlikely + 1, 10_001 - unlikely)
    assert bound.epsilon == pytest.approx(np.log((low - 0.01) / high), abs=1e-5)


@pytest.mark.parametrize(
    ("name", "shift", "factor"),
    [("sigma 10 % too small", 1, Fraction(81, 100)), ("twice the sensitivity", 2, Fraction(1))],
)
def test_a_release_that_loses_more_than_it_claims_is_caught(name: str, shift: int, factor: Fraction) -> None:
    """The negative controls of the threshold test; 1e6 draws, error 1e-4."""
    sampler = seeded(len(name))
    first, second = sampler(FOUR * factor, 10**6) + shift, sampler(FOUR * factor, 10**6)
    assert epsilon_at_least(first, second, delta=0.05, error=ERROR).epsilon > exact_epsilon(0.05, FOUR, 1)


def flag(noise: NDArray[np.int64], mark: int) -> NDArray[np.int64]:
    """Mark one release in two hundred with a number that no noise reaches."""
    return np.where(np.arange(noise.size) % 200 == 0, mark, noise)


@pytest.mark.parametrize("mark", [10**6, -(10**6)])
@pytest.mark.parametrize("order", [1, -1])
def test_a_leak_that_is_not_noise_is_caught_by_the_threshold_test_only(order: int, mark: int) -> None:
    sampler = seeded(23)
    samples = [flag(sampler(FOUR, 200_000), mark), sampler(FOUR, 200_000)][::order]
    bound = epsilon_at_least(samples[0], samples[1], delta=1e-6, error=ERROR)
    assert bound.epsilon > 3.0 > exact_epsilon(1e-6, FOUR, 1)
    assert bound.above == (mark > 0)
    assert noise_too_small(flag(sampler(FOUR, 200_000), mark), FOUR) == 1.0


def test_equal_releases_prove_nothing() -> None:
    sampler = seeded(29)
    assert epsilon_at_least(sampler(FOUR, 100_000), sampler(FOUR, 100_000), delta=0.0, error=ERROR).epsilon < 0.05
    same = np.zeros(1000, dtype=np.int64)
    assert epsilon_at_least(same, same, delta=0.0, error=ERROR).epsilon == 0.0


@pytest.mark.parametrize(
    "call",
    [
        lambda: at_least(1, 10, error=0.01),
        lambda: at_least(1, 10**9, error=0.01),
        lambda: at_least(101, 100, error=0.01),
        lambda: at_least(-1, 100, error=0.01),
        lambda: at_least(1, 100, error=0.0),
        lambda: at_least(1, 100, error=0.5),
        lambda: epsilon_at_least(np.zeros(200, int), np.zeros(201, int), delta=0.0, error=0.01),
        lambda: epsilon_at_least(np.zeros((200, 2), int), np.zeros((200, 2), int), delta=0.0, error=0.01),
        lambda: noise_too_small(np.zeros(10, int), FOUR),
    ],
)
def test_samples_outside_their_range_are_refused(call: Callable[[], object]) -> None:
    with pytest.raises(DrawsOutOfRange):
        call()


def test_a_variance_that_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(VarianceOutOfRange):
        noise_too_small(np.zeros(1000, int), Fraction(1))
