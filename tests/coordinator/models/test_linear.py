"""A linear model from one step: the line that made the outcome, within its intervals, and judged on who is apart."""

import numpy as np
import pytest
from numpy.typing import NDArray

from coordinator.models.fitted import NotIdentified, OneOutcome, holm
from coordinator.models.judged import NoBetterThanNaive, judge
from coordinator.models.linear import fit_linear
from coordinator.models.steps import OpenedStep
from protocol.study.rules import check_study
from simulations.models.agreement import CAP, Coding, ModelAgreed, agree_on
from simulations.models.households import Households, Truth, invent_with, records_of
from simulations.models.without_rounds import run_steps

TRUE = Truth(np.array([4.0, 0.8, -0.7, 0.5]), np.array([0.4, 0.3, 0.2]))
MOST = 12
CODED = Coding(MOST, 4.0, 1.7)  # what everybody may know of the outcome: its mean and spread


def drawn(seed: int, *, most: int = MOST) -> Households:
    def rounded(rng: np.random.Generator, predictor: NDArray[np.float64]) -> NDArray[np.int64]:
        return np.clip(np.rint(predictor + rng.normal(size=len(predictor))), 0, most).astype(np.int64)

    return invent_with(TRUE, 9_000, seed=seed, draw=rounded)


def agreement() -> ModelAgreed:
    return agree_on(TRUE.codings, partners=3, clip=4.0, curve=None, outcome=CODED)


def opened(some: Households, agreed: ModelAgreed) -> tuple[OpenedStep, ...]:
    share = len(some.outcome) // 3
    parts = (some.part(slice(n * share, (n + 1) * share)) for n in range(3))
    return run_steps(agreed, dict(zip(agreed.partners, map(records_of, parts), strict=True)), seed=1)


def test_the_line_is_found_in_one_step_and_beats_both_naive_models() -> None:
    agreed, some = agreement(), drawn(1)
    check_study(agreed.study, agreed.covenant)
    steps = opened(some, agreed)
    assert len(steps) == 1
    model = fit_linear(agreed.plan, steps)
    spread = np.sqrt(TRUE.prevalence * (1 - TRUE.prevalence))
    for coefficient, wanted in zip(model.coefficients[1:], TRUE.coefficients[1:] / spread, strict=True):
        assert abs(coefficient.value - wanted) < 4 * coefficient.sd
        assert coefficient.sd < 0.1
    judged = judge(agreed.plan, steps, model)
    # The share of the spread that the features explain is 1.38 of 2.38, and 0.64 of 2.38 by the best of them.
    assert 0.2 < judged.single.value < 0.4 < judged.skill.value < 0.7


def test_the_interval_has_the_noise_in_it_and_grows_with_it() -> None:
    """The same households, with a tenth of the budget: the part of the noise is about three times as wide."""
    some = drawn(2)
    wide, narrow = (
        fit_linear(agreed.plan, opened(some, agreed))
        for agreed in (
            agree_on(TRUE.codings, partners=3, clip=4.0, curve=None, outcome=CODED, rho=CAP / 10),
            agree_on(TRUE.codings, partners=3, clip=4.0, curve=None, outcome=CODED, rho=CAP),
        )
    )
    for much, little in zip(wide.coefficients[1:], narrow.coefficients[1:], strict=True):
        assert 2.0 < much.noise_sd / little.noise_sd < 5.0


def test_a_feature_twice_is_refused_and_an_outcome_of_one_value_too() -> None:
    agreed, some = agreement(), drawn(3)
    twice = some.features.copy()
    twice[:, 1] = twice[:, 0]
    with pytest.raises(NotIdentified):
        fit_linear(agreed.plan, opened(Households(twice, some.outcome, 3), agreed))
    flat = Households(some.features, np.zeros_like(some.outcome), 3)
    steps = opened(flat, agreed)
    with pytest.raises((OneOutcome, NoBetterThanNaive)):
        judge(agreed.plan, steps, fit_linear(agreed.plan, steps))


def test_holm_judges_all_together() -> None:
    """Two-sided p of 0.0027, 0.0455 and 0.0455 against 0.05 / 3, 0.05 / 2: the second stops it."""
    assert holm(np.array([3.0, 2.0, -2.0]), np.ones(3)).tolist() == [True, False, False]
    assert holm(np.array([3.0, 2.3, -2.3]), np.ones(3)).tolist() == [True, True, True]
