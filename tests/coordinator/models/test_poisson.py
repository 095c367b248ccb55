"""Another model, added in one file: Poisson regression finds its rate ratios within its intervals."""

import numpy as np
import pytest
from numpy.typing import NDArray

from coordinator.models.curved import fit
from protocol.study.rules import check_study
from simulations.models.agreement import CONSTANT, Coding, agree_on
from simulations.models.households import Households, invent_with, records_of, truth
from simulations.models.poisson import MOST, poisson_curve
from simulations.models.without_rounds import run_steps

TRUE = truth(3, seed=2, base=-0.7, spread=0.25)


def drawn(seed: int) -> Households:
    def counts(rng: np.random.Generator, predictor: NDArray[np.float64]) -> NDArray[np.int64]:
        return np.asarray(np.minimum(rng.poisson(np.exp(predictor)), MOST), dtype=np.int64)

    return invent_with(TRUE, 8_000, seed=seed, draw=counts)


def test_a_count_is_fitted_with_a_curve_alone() -> None:
    agreed = agree_on(TRUE.codings, partners=3, clip=3.0, curve=poisson_curve(), outcome=Coding(MOST, 0.0, CONSTANT))
    check_study(agreed.study, agreed.covenant)
    some = drawn(1)
    share = len(some.outcome) // 3
    records = {p: records_of(some.part(slice(n * share, (n + 1) * share))) for n, p in enumerate(agreed.partners)}
    model = fit(agreed.plan, run_steps(agreed, records, seed=1))
    spread = np.sqrt(TRUE.prevalence * (1 - TRUE.prevalence))
    for coefficient, wanted in zip(model.coefficients[1:], TRUE.coefficients[1:] / spread, strict=True):
        assert abs(coefficient.value - wanted) < 4 * coefficient.sd
        assert coefficient.sd < 0.15


@pytest.mark.parametrize(("place", "mean"), [(0, 1.0), (1, 2.718), (3, 6.0), (6, 6.0)])
def test_the_curve_is_the_exponential_up_to_its_most(place: int, mean: float) -> None:
    curve = poisson_curve()
    middle = len(curve.knots) // 2
    assert abs(curve.knots[middle + place * curve.knots_per_unit] / curve.per_one - mean) < 0.001
