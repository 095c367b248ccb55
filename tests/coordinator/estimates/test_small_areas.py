"""Small areas: a published example, the stated error, totals, and input that tells nothing."""

import numpy as np
import pytest

from coordinator.estimates.estimate import Estimates, Reason, WrongShape, estimates
from coordinator.estimates.small_areas import LABEL, benchmarked, design, fay_herriot, rate_errors
from tests.coordinator.estimates.milk import COEFFICIENTS, EBLUP, MAJOR_AREA, MSE, SD, SPREAD, YI


def milk() -> tuple[Estimates, np.ndarray[tuple[int, int], np.dtype[np.float64]]]:
    area = np.array(MAJOR_AREA)
    columns = np.column_stack([np.ones(43), *[(area == number).astype(float) for number in (2, 3, 4)]])
    return estimates(YI, np.array(SD) ** 2), columns


def test_the_published_example_is_met() -> None:
    """Values, coefficients and mean squared errors to the printed digits; negative control: without the covariates."""
    direct, columns = milk()
    found = fay_herriot(direct, columns)
    assert found.spread == pytest.approx(SPREAD, abs=2e-6)
    np.testing.assert_allclose(found.coefficients, COEFFICIENTS, atol=2e-6)
    np.testing.assert_allclose(found.estimated.value, EBLUP, atol=1e-5)
    np.testing.assert_allclose(found.estimated.variance, MSE, rtol=2e-4)
    assert found.label == LABEL == "geschat"
    assert fay_herriot(direct, columns[:, :1]).spread > 1.5 * SPREAD


def test_covariates_that_repeat_each_other_or_say_nothing_are_left_out() -> None:
    direct, columns = milk()
    silent = np.column_stack([columns, columns[:, 1] + columns[:, 2], np.zeros(43), np.full(43, 7.0)])
    found = fay_herriot(direct, silent)
    assert found.kept == (0, 1, 2, 3)
    np.testing.assert_allclose(found.estimated.value, EBLUP, atol=1e-5)
    raw = np.column_stack([np.arange(43.0), np.full(43, np.nan), np.full(43, 3.0)])
    made = design(raw)
    np.testing.assert_allclose((made[:, 1].mean(), made[:, 1].std()), (0, 1), atol=1e-12)
    assert not made[:, 2:].any()


def test_an_area_without_a_rate_gets_what_its_kind_has_and_one_without_people_nothing() -> None:
    direct, columns = milk()
    variance = np.array(SD) ** 2
    variance[[0, 1]] = np.inf
    usable = np.ones(43, dtype=bool)
    usable[1] = False
    found = fay_herriot(estimates(YI, variance), columns, usable)
    assert found.own_weight[0] == 0
    assert found.estimated.value[0] == pytest.approx(found.coefficients[0])
    assert found.estimated.variance[0] > found.spread
    assert found.estimated.cell(1) is Reason.NO_DENOMINATOR
    few = fay_herriot(estimates(YI[:5], np.ones(5)), columns[:5, :2])
    assert few.estimated.cell(0) is Reason.TOO_FEW
    with pytest.raises(WrongShape):
        fay_herriot(direct, columns[:5])


def test_the_stated_error_is_the_true_one_and_own_weights_pay() -> None:
    """400 worlds of 60 areas: the true error is below half of the counts', the stated one at most 1.3 times it.

    Coverage of 95 % limits is 94 to 97 %; its standard error over 24,000 areas is below 0.3 points. The stated error is
    too large where noise is many times the spread. Negative control: limits
    without the errors of coefficients and spread (g1 alone) cover less.
    """
    chance = np.random.default_rng(12)
    squares, stated, covered, careless = [], [], [], []
    for _ in range(400):
        x = chance.normal(0, 1, 60)
        truth = 7 + 2 * x + chance.normal(0, 1, 60)
        variance = chance.uniform(1, 12, 60)
        found = fay_herriot(estimates(truth + chance.normal(0, np.sqrt(variance)), variance), design(x[:, None]))
        error = found.estimated.value - truth
        squares.append((error**2).mean())
        stated.append(found.estimated.variance.mean())
        covered.append((np.abs(error) < 1.96 * np.sqrt(found.estimated.variance)).mean())
        first = found.spread * (1 - found.own_weight)
        careless.append((np.abs(error) < 1.96 * np.sqrt(first)).mean())
    assert 0.97 < np.mean(stated) / np.mean(squares) < 1.3
    assert np.mean(squares) < 0.5 * 6.5
    assert 0.94 < np.mean(covered) < 0.97
    assert np.mean(careless) < 0.935


def test_areas_that_do_not_differ_keep_some_doubt() -> None:
    """With no spread at all the restricted likelihood is largest at 0; the adjusted one keeps the error above 0."""
    chance = np.random.default_rng(1)
    found = fay_herriot(estimates(chance.normal(5, 0.2, 40), np.full(40, 4.0)), np.ones((40, 1)))
    assert 0 < found.spread < 4
    assert (found.estimated.variance > 0.05).all()
    zero = fay_herriot(estimates(np.zeros(40), np.full(40, 4.0)), np.ones((40, 1)))
    np.testing.assert_allclose(zero.estimated.value, 0, atol=1e-9)


def test_benchmarked_estimates_add_up_to_the_gemeente() -> None:
    direct, columns = milk()
    people = np.linspace(100, 4_000, 43)
    group = np.repeat([0, 1, 2], [20, 20, 3])
    totals = estimates([40_000.0, 50_000.0, 0.0], [25.0, 25.0, np.inf])
    before = fay_herriot(direct, columns)
    after = benchmarked(before, people, group, totals)
    sums = np.bincount(group, people * after.estimated.value)
    np.testing.assert_allclose(sums[:2], [40_000, 50_000])
    np.testing.assert_array_equal(after.estimated.value[40:], before.estimated.value[40:])
    assert (after.estimated.variance >= before.estimated.variance).all()


def test_chance_in_counts_by_hand_and_one_giant_outlier_crashes_nothing() -> None:
    """Rates 0.01 and 0.03 of 1,000 and 3,000: overall 100 / 4,000 = 0.025; chance 2 * 0.025 / 1,000 = 5e-5."""
    rate = estimates([0.01, 0.03, 0.0], [1e-5, 1e-5, np.inf])
    found = rate_errors(rate, np.array([1_000.0, 3_000.0, 0.0]), 2.0)
    np.testing.assert_allclose(found.variance[:2], [6e-5, 1e-5 + 0.05 / 3_000])
    assert found.cell(2) is Reason.NOT_DELIVERED
    wild = np.array(YI)
    wild[5] = 1e9
    answer = fay_herriot(estimates(wild, np.array(SD) ** 2), milk()[1])
    assert np.isfinite(answer.estimated.value).all()
