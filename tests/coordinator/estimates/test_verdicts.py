"""Verdicts: the procedure by a published example, its false alarms, and what it finds."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from coordinator.estimates.estimate import estimates
from coordinator.estimates.intervals import Dispersion
from coordinator.estimates.verdicts import (
    Comparisons,
    Reliability,
    Verdict,
    discoveries,
    judge,
    reliability,
    with_other,
    with_whole,
)
from tests.coordinator.estimates.noise import noised

POISSON = Dispersion(1.0, 0.0)
# Benjamini, Hochberg 1995, section 4.1: fifteen tests of a myocardial infarction trial; theirs finds four.
TRIAL = (
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590,
    1.0,
)  # fmt: skip


def test_the_published_example_finds_four_of_fifteen() -> None:
    """SciPy's own adjustment finds the same in any order. Negative control: 9 are below 5 % by themselves."""
    p_values = np.random.default_rng(1).permutation(np.array(TRIAL))
    found = discoveries(p_values, np.ones(15, dtype=bool))
    assert found.sum() == 4
    np.testing.assert_array_equal(found, stats.false_discovery_control(p_values) <= 0.05)
    assert (p_values <= 0.05).sum() == 9


def page_of(level: NDArray[np.float64], people: NDArray[np.float64], chance: np.random.Generator) -> tuple[str, ...]:
    """Return verdicts of areas with these levels against their whole; noise variance 64 for each of both."""
    counts = chance.poisson(level)
    figures = noised(counts, 64, chance)
    whole = noised(np.array([counts.sum()]), 64, chance)
    compared = with_whole(figures, people, whole, float(people.sum()), dispersion=POISSON)
    return judge([compared]).verdicts


def test_with_nothing_planted_a_page_alarms_in_five_of_a_hundred() -> None:
    """2,000 pages of 80 areas with equal rates and levels of 0.2 to 100: a page with any alarm is at most 5 % + 2 %.

    Negative control: without the page's multiplicity nearly every page has one.
    """
    chance = np.random.default_rng(6)
    people = np.geomspace(100, 50_000, 80)
    verdicts = [page_of(people * 0.002, people, chance) for _ in range(2_000)]
    alarmed = np.mean([any(word is not Verdict.NO_DIFFERENCE for word in page) for page in verdicts])
    assert 0.02 < alarmed < 0.07
    single = 0.05
    assert 1 - (1 - single) ** 80 > 0.98


@pytest.mark.parametrize(("level", "factor"), [(0.5, 1.0), (3.0, 1.0), (3.0, 2.0), (50.0, 1.0)])
def test_a_single_comparison_of_periods_is_false_as_often_as_it_says(level: float, factor: float) -> None:
    """40,000 comparisons at noise 9: at 5 % between 4 and 5.7 %; at 0.1 % at most 0.2 %."""
    chance, draws = np.random.default_rng(9), 40_000
    if factor == 1:
        counts = chance.poisson(level, (2, draws))
    else:
        counts = chance.negative_binomial(level / (factor - 1), 1 / factor, (2, draws))
    now, before = (noised(row, 9, chance) for row in counts)
    ones = np.ones(draws)
    found = with_other(now, ones, before, ones, Dispersion(factor, 0.0))
    p_values = 2 * stats.norm.sf(np.abs(found.surprise))
    assert 0.035 < (p_values < 0.05).mean() < 0.057
    assert (p_values < 0.001).mean() < 0.002


def test_by_hand_against_the_whole() -> None:
    """60 in a tenth of a gemeente with 400: expected 40, noise 25 + 0.01 * 25, chance 40 * 0.9 = 36.

    The skewness is 40 (0.729 - 0.009) / 61.25^1.5 = 0.060, z = 20 / 7.826 = 2.5555, corrected 2.5555 - 0.0554.
    """
    found = with_whole(
        estimates([60.0], [25.0]), np.array([10.0]), estimates([400.0], [25.0]), 100.0, dispersion=POISSON
    )
    assert found.surprise[0] == pytest.approx(2.5555 - 0.06008 * (2.5555**2 - 1) / 6, abs=1e-3)


def test_planted_differences_get_their_words_and_the_absent_theirs() -> None:
    people = np.array([1_000.0, 1_000, 1_000, 1_000, np.nan, 0])
    figures = estimates([400.0, 20, 110, 0, 100, 100], [64.0, 64, 64, np.inf, 64, 64])
    page = judge([with_whole(figures, people, estimates([10_000.0], [64.0]), 100_000, dispersion=POISSON)])
    absent = Verdict.NOT_TOLD
    assert page.verdicts == (Verdict.HIGHER, Verdict.LOWER, Verdict.NO_DIFFERENCE, absent, absent, absent)
    assert page.false_alarms == pytest.approx(0.1)
    assert judge([]).verdicts == ()


def test_all_zero_and_negative_totals_are_compared_by_their_noise_alone() -> None:
    zero = estimates(np.zeros(3), np.full(3, 16.0))
    people = np.full(3, 500.0)
    for total in (0.0, -40.0):
        page = judge([with_whole(zero, people, estimates([total], [16.0]), 1_500, dispersion=POISSON)])
        assert set(page.verdicts) <= {Verdict.NO_DIFFERENCE, Verdict.HIGHER}
        assert all(0 <= value <= 1 for value in page.p_values)
    outlier = estimates([1e12], [16.0])
    found = with_other(outlier, np.ones(1), estimates([3.0], [16.0]), np.ones(1), POISSON)
    assert isinstance(found, Comparisons)
    assert np.isfinite(found.surprise).all()


def test_reliability_by_the_standard_error() -> None:
    figures = estimates([100.0, 100, 100, 100, -5, 0], [81.0, 400, 1_000, 1_200, 4, np.inf])
    assert reliability(figures) == (
        Reliability.A, Reliability.B, Reliability.C, Reliability.TOO_UNCERTAIN, Reliability.TOO_UNCERTAIN, None,
    )  # fmt: skip
