"""How indicators of areas go together, with noise in both (ZN-28)."""

import numpy as np
import pytest
from scipy.stats import t as student

from coordinator.estimates.association import Association, Fit, associations, corrected_poisson
from coordinator.estimates.estimate import Estimates, Reason, WrongShape, estimates
from tests.coordinator.estimates.noise import noised

OUTCOME = np.array([3, 7, 4, 12, 9, 15, 22, 18, 31, 25], dtype=float)
PEOPLE = np.array([100, 150, 80, 200, 120, 180, 220, 160, 240, 170], dtype=float)


def test_without_noise_it_is_poisson_regression() -> None:
    """By statsmodels 0.15.0: `GLM(y, add_constant(x), Poisson(), offset=log(n)).fit()`.

    Its covariance with the scores over 1 - h, h from `get_influence().hat_matrix_diag`.
    """
    columns = np.column_stack([np.ones(10), np.linspace(-1.5, 1.5, 10)])
    found = corrected_poisson(OUTCOME, PEOPLE, columns, np.zeros((10, 2)))
    assert isinstance(found, Fit)
    np.testing.assert_allclose(found.coefficients, (-2.575578186391248, 0.46044303341311976), rtol=1e-8)
    wanted = [[0.0004837092044, -0.0004177978119], [-0.0004177978119, 0.0006777471284]]
    np.testing.assert_allclose(found.covariance, wanted, rtol=1e-6)


def world(
    chance: np.random.Generator, slope: float, areas: int = 98
) -> tuple[Estimates, np.ndarray[tuple[int], np.dtype[np.float64]], Estimates]:
    """Return noisy counts, inhabitants and a noisy rate of which two thirds of the variance is real."""
    people = np.geomspace(500, 8_000, areas)
    x = chance.normal(0, 1, areas)
    counts = chance.poisson(people * 0.02 * np.exp(slope * x) * chance.gamma(20, 1 / 20, areas))
    spread = np.full(areas, 0.5)
    return noised(counts, 36, chance), people, estimates(x + chance.normal(0, np.sqrt(spread)), spread)


@pytest.mark.parametrize("slope", [0.0, 0.3])
def test_zn_28_noise_in_the_predictor_does_not_draw_the_association_to_nothing(slope: float) -> None:
    """ZN-28: 600 worlds of 98 areas: no bias beyond 4 standard errors (0.01), limits cover in 93 to 98 %.

    Negative control: as if the predictor had no noise, the slope shrinks by a third.
    """
    chance = np.random.default_rng(61)
    slopes, careless, inside = [], [], 0
    for _ in range(600):
        outcome, people, predictor = world(chance, slope)
        columns = np.column_stack([np.ones(98), predictor.value])
        noise = np.column_stack([np.zeros(98), predictor.variance])
        found = corrected_poisson(outcome.value, people, columns, noise)
        assert isinstance(found, Fit)
        slopes.append(found.coefficients[1])
        inside += abs(found.coefficients[1] - slope) < student.ppf(0.975, found.freedom) * found.covariance[1, 1] ** 0.5
        plain = corrected_poisson(outcome.value, people, columns, np.zeros((98, 2)))
        assert isinstance(plain, Fit)
        careless.append(plain.coefficients[1])
    assert np.median(slopes) == pytest.approx(slope, abs=0.015)
    assert 0.93 < inside / 600 < 0.98
    assert np.mean(careless) < 0.8 * slope + 0.01


def test_zn_28_many_are_tested_and_few_are_found() -> None:
    """ZN-28: of 20 characteristics one is real; over 200 pages it is found in 8 of 10, and 5 % of the found are not.

    The share of false ones has a standard error of 1.2 points; it may be 8 %.
    """
    chance = np.random.default_rng(62)
    right, wrong = 0, []
    for _ in range(200):
        outcome, people, predictor = world(chance, 0.3)
        others = chance.normal(0, 1, (98, 19))
        table = estimates(
            np.column_stack([predictor.value, others]), np.column_stack([predictor.variance, np.zeros((98, 19))])
        )
        answers = associations(tuple(f"k{place}" for place in range(20)), outcome, people, table)
        hits = [answer.found for answer in answers if isinstance(answer, Association)]
        right += hits[0]
        wrong.append(sum(hits[1:]) / max(sum(hits), 1))
    assert right >= 160
    assert np.mean(wrong) < 0.08
    first = answers[0]
    assert isinstance(first, Association)
    assert first.low < first.ratio < first.high
    assert "geen oorzaak" in first.note


def test_what_cannot_be_said_is_named() -> None:
    chance = np.random.default_rng(63)
    outcome, people, predictor = world(chance, 0.3)
    flat, drowned = np.full(98, 3.0), chance.normal(0, 5, 98)
    table = estimates(
        np.column_stack([flat, drowned, predictor.value]),
        np.column_stack([np.zeros(98), np.full(98, 25.0), np.where(np.arange(98) < 85, np.inf, 0.5)]),
    )
    assert associations(("a", "b", "c"), outcome, people, table) == (
        Reason.SINGULAR, Reason.TOO_NOISY, Reason.TOO_FEW,
    )  # fmt: skip
    zero = estimates(np.full(98, -1.0), np.full(98, 36.0))
    one = estimates(predictor.value[:, None], predictor.variance[:, None])
    assert associations(("a",), zero, people, one) == (Reason.UNCERTAIN_DENOMINATOR,)
    with pytest.raises(WrongShape):
        associations(("a", "b"), outcome, people, one)
