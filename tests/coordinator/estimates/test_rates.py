"""Rates, ratios and shares: by hand, by another route, and what has no denominator."""

import numpy as np
import pytest

from coordinator.estimates.estimate import Estimate, Reason, WrongShape, estimates
from coordinator.estimates.rates import case_shares, exclusive_shares, rates, ratios
from tests.coordinator.estimates.noise import noised


def test_a_rate_by_hand_and_every_denominator_that_is_none() -> None:
    """12 of 4,000 is 3 a 1,000, with variance 16 / 4^2 = 1."""
    people = np.array([4_000.0, np.nan, 0, 49, 4_000, -5, np.inf])
    figures = estimates([12.0] * 7, [16.0, 16, 16, 16, np.inf, 16, 16])
    found = rates(figures, people)
    assert found.cell(0) == Estimate(3.0, 1.0)
    none = Reason.NO_DENOMINATOR
    wanted = [none, none, Reason.SMALL_DENOMINATOR, Reason.NOT_DELIVERED, none, none]
    assert [found.cell(place) for place in range(1, 7)] == wanted


def test_fieller_limits_are_the_roots_of_his_equation() -> None:
    """10 / 20 with variances 4 and 4: t for which (10 - 20 t)^2 = 3.841459 (4 + 4 t^2), by NumPy's roots."""
    found = ratios(estimates([10.0], [4.0]), estimates([20.0], [4.0]))
    wanted = np.sort(np.roots([400 - 4 * 3.841459, -400, 100 - 4 * 3.841459]))
    assert (found.low[0], found.high[0]) == pytest.approx(tuple(wanted), abs=1e-6)
    assert found.value[0] == 0.5


@pytest.mark.parametrize(("top", "bottom"), [(5, 40), (60, 30), (0, 30)])
def test_ratios_of_two_noisy_figures_cover_the_true_ratio(top: int, bottom: int) -> None:
    """40,000 draws: 95 % within 0.8 points (7 standard errors), the absent ones left out only where they are few.

    Negative control: limits from the delta method with a fixed denominator do not cover.
    """
    chance, draws = np.random.default_rng(2), 40_000
    above = noised(np.full(draws, top), 25, chance)
    below = noised(np.full(draws, bottom), 25, chance)
    found = ratios(above, below)
    assert found.told.mean() > 0.99
    inside = (found.low <= top / bottom) & (top / bottom <= found.high)
    assert inside[found.told].mean() == pytest.approx(0.95, abs=0.008)
    careless = 1.96 * 5 / below.value
    if top > bottom:
        assert (np.abs(found.value - top / bottom) < careless)[found.told].mean() < 0.75


def test_a_denominator_that_may_be_zero_gives_no_ratio() -> None:
    found = ratios(estimates([10.0, 1, 1], [4.0, 4, 4]), estimates([3.0, -30, 0], [4.0, 4, np.inf]))
    assert [Reason(why) for why in found.reason.tolist()] == [Reason.UNCERTAIN_DENOMINATOR] * 2 + [Reason.NOT_DELIVERED]
    assert not found.value.any()
    with pytest.raises(WrongShape):
        ratios(estimates([1.0], [1.0]), estimates([1.0, 2.0], [1.0, 1.0]))


def test_shares_of_a_multi_select_list_need_not_add_up_and_those_of_an_exclusive_one_do() -> None:
    """Of 200 cases 120 and 110 answers are 60 % and 55 %; of an exclusive list of 30, 50 and 20 they are the shares."""
    answers = estimates([[120.0, 110.0]], [[9.0, 9.0]])
    assert case_shares(answers, estimates([200.0], [9.0])).value[0].tolist() == pytest.approx([60, 55])
    parts = exclusive_shares(estimates([[30.0, 50, 20]], [[9.0] * 3]))
    assert parts.value[0].tolist() == pytest.approx([30, 50, 20])
    lost = exclusive_shares(estimates([[30.0, 50, 20]], [[9.0, np.inf, 9.0]]))
    assert not lost.told.any()
    with pytest.raises(WrongShape):
        case_shares(answers, estimates([200.0, 3.0], [9.0, 9.0]))


def test_exclusive_shares_cover_because_they_know_the_total_holds_the_part() -> None:
    """40,000 draws: within 0.8 points of 95 %. Negative control: with no covariance it is 97 % and more."""
    chance, draws = np.random.default_rng(4), 40_000
    figures = noised(np.tile([150, 30, 20], (draws, 1)), 64, chance)
    found = exclusive_shares(figures)
    assert ((found.low[:, 0] <= 75) & (found.high[:, 0] >= 75)).mean() == pytest.approx(0.95, abs=0.008)
    total = estimates(figures.value.sum(axis=1), np.full(draws, 192.0))
    apart = case_shares(figures, total)
    assert ((apart.low[:, 0] <= 75) & (apart.high[:, 0] >= 75)).mean() > 0.97
