"""A model over real rounds, from offer to odds ratios: the same sessions as a node's and the coordinator's."""

import numpy as np

from coordinator.models.curved import fit
from coordinator.models.judged import judge
from coordinator.models.rounds import fitted
from protocol.study.rules import check_study
from simulations.models.agreement import CAP, PERIOD
from simulations.models.with_rounds import ModelParty
from tests.coordinator.models.small import FEATURES, agreed, played, true


def test_the_study_of_a_model_holds_under_its_covenant() -> None:
    check_study(agreed().study, agreed().covenant)


def test_a_model_over_real_rounds_finds_the_coefficients_within_its_intervals() -> None:
    world, opened = played()
    model = fitted(world.coordinator.session, agreed().study, PERIOD)
    assert model is not None
    assert np.array_equal(model.plain, fit(agreed().plan, opened).plain)
    spread = np.sqrt(true().prevalence * (1 - true().prevalence))
    per_one = true().coefficients[1:] / spread  # the coefficients of the truth are per standard deviation
    errors = [(c.value - t) / c.sd for c, t in zip(model.coefficients[1:], per_one, strict=True)]
    assert len(errors) == FEATURES
    assert max(map(abs, errors)) < 4  # one in four thousand for four normal errors
    assert max(c.sd for c in model.coefficients[1:]) < 0.2


def test_the_model_beats_both_naive_ones_on_households_that_it_was_not_fitted_on() -> None:
    _, opened = played()
    judged = judge(agreed().plan, opened, fit(agreed().plan, opened))
    assert judged.skill.value > judged.single.value > 0.5
    assert abs(sum(b.households for b in judged.calibration) - 2_400) < 200


def test_no_unit_pays_more_than_its_cap_and_the_book_is_what_the_steps_charged() -> None:
    world, _ = played()
    spent = [
        amount
        for party in world.parties.values()
        if isinstance(party, ModelParty)
        for amount in party.book_shelf.book.spent[2026].values()
    ]
    assert len(spent) == 12_000
    assert 0 < max(spent) <= CAP * 10**9
