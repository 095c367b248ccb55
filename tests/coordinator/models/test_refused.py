"""What a model refuses by name, and what it answers instead: odd data, partners that leave, nodes that restart."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from coordinator.models.curved import fit, parameters
from coordinator.models.fitted import NotConverged, NotIdentified, OneOutcome
from coordinator.models.judged import NoBetterThanNaive, judge
from coordinator.models.rounds import fitted, opened_steps
from coordinator.models.steps import OpenedStep, PartnersChanged, StepsMissing
from protocol.errors import Fault
from protocol.round.member import WrongParticipants, WrongSpec
from protocol.study.model import MAX_PARAMETER, StepTable
from protocol.words.ids import PartyId
from protocol.words.period import step_in
from simulations.models.agreement import CAP, PERIOD, agree_on
from simulations.models.households import Households, invent, records_of, truth
from simulations.models.with_rounds import ModelParty, model_world, run_step
from simulations.models.without_rounds import ArrayBook, open_step, run_steps
from simulations.round_world import RoundWorld
from tests.coordinator.models.small import CLIP, agreed, households, played, records, true


def steps_of(some: Households, *, seed: int = 1) -> tuple[OpenedStep, ...]:
    return run_steps(agreed(), records(some, agreed().partners), seed=seed)


def changed(features: NDArray[np.int64]) -> Households:
    return replace(households(), features=features)


def test_collinear_features_are_named() -> None:
    twice = households().features.copy()
    twice[:, 1] = twice[:, 0]
    with pytest.raises(NotIdentified, match=r"Kenmerk [12], Kenmerk [12]"):
        fit(agreed().plan, steps_of(changed(twice)))


def test_a_constant_feature_is_named() -> None:
    same = households().features.copy()
    same[:, 2] = 0
    with pytest.raises(NotIdentified, match="Kenmerk 3"):
        fit(agreed().plan, steps_of(changed(same)))


@pytest.mark.parametrize("label", [0, 1])
def test_one_outcome_for_all_is_refused_at_the_second_step(label: int) -> None:
    alike = replace(households(), outcome=np.full_like(households().outcome, label))
    with pytest.raises(OneOutcome):
        steps_of(alike)


def test_an_outcome_that_a_feature_decides_is_refused_or_has_a_wide_interval() -> None:
    """Separation: the coefficient has no finite value."""
    decided = replace(households(), outcome=households().features[:, 0].copy())
    with pytest.raises((NotIdentified, NotConverged)):
        fit(agreed().plan, steps_of(decided))


def test_an_outcome_without_any_relation_is_fitted_and_not_presented() -> None:
    rng = np.random.Generator(np.random.PCG64(8))
    chance = replace(households(), outcome=rng.integers(0, 2, len(households().outcome)))
    opened = steps_of(chance)
    model = fit(agreed().plan, opened)
    assert not any(each.demonstrated for each in model.coefficients)
    with pytest.raises(NoBetterThanNaive):
        judge(agreed().plan, opened, model)


def test_numbers_outside_their_bounds_are_cut_off_to_them() -> None:
    """A household with ten rows where one counts is as one with one."""
    some = invent(true(), 300, seed=3)
    more = records_of(some)
    again = replace(
        more,
        unit=np.concatenate((more.unit, more.unit)),
        day=np.concatenate((more.day, more.day)),
        counted={name: np.concatenate((rows, rows)) for name, rows in more.counted.items()},
    )
    first, second = (
        open_step(agreed(), dict.fromkeys(agreed().partners, each), books(), 1, (0,) * 5, seed=1).values
        for each in (more, again)
    )
    assert first.tolist() == second.tolist()


def books() -> dict[PartyId, ArrayBook]:
    return {party: ArrayBook() for party in agreed().partners}


def test_a_model_is_not_fitted_before_its_steps_are_open() -> None:
    _, opened = played()
    with pytest.raises(StepsMissing):
        fit(agreed().plan, opened[:2])
    with pytest.raises(StepsMissing):
        parameters(agreed().plan, opened[:1], 3)


def test_a_partner_that_leaves_between_steps_ends_the_model_and_books_what_was_run() -> None:
    world = model_world(agreed(), records(invent(true(), 900, seed=5), agreed().partners), seed=5)
    run_step(world, agreed(), 1)
    gone = agreed().partners[0]
    left = world.parties[gone]
    assert isinstance(left, ModelParty)
    spent = dict(left.book_shelf.book.spent[2026])
    with pytest.raises(WrongParticipants):
        run_step(world, agreed(), 2, without=frozenset({gone}))  # three partners and a witness: n_min is all four
    assert left.book_shelf.book.spent[2026] == spent
    opened = opened_steps(world.coordinator.session, agreed().study, PERIOD)
    fewer = replace(opened[0], period=step_in(PERIOD, 2), contributors=frozenset(agreed().partners[1:]))
    with pytest.raises(PartnersChanged):
        parameters(agreed().plan, (opened[0], fewer), 3)


def test_where_enough_others_stay_a_partner_that_leaves_ends_the_model_after_one_step_of_other_households() -> None:
    """Six partners and a witness, of whom five may go on with a round of counts. Who left paid for one step."""
    chosen = agree_on(true().codings, partners=6, clip=CLIP)
    world = model_world(chosen, records(invent(true(), 6_000, seed=5), chosen.partners), seed=5)
    run_step(world, chosen, 1)
    gone, before = chosen.partners[0], spent_in(world)
    run_step(world, chosen, 2, without=frozenset({gone}))
    with pytest.raises(PartnersChanged):
        run_step(world, chosen, 3)
    session = world.coordinator.session
    opened = opened_steps(session, chosen.study, PERIOD)
    assert [len(each.contributors) for each in opened] == [6, 5]
    with pytest.raises(PartnersChanged):
        fitted(session, chosen.study, PERIOD)
    after = spent_in(world)
    assert after[gone] == before[gone]
    assert sum(before[gone].values()) > 0
    for party in chosen.partners[1:]:
        assert sum(after[party].values()) > sum(before[party].values())
        assert max(after[party].values()) <= CAP * 10**9


def spent_in(world: RoundWorld) -> dict[PartyId, dict[bytes, int]]:
    """Return what the units of each partner have spent."""
    return {
        party: dict(held.book_shelf.book.spent[2026])
        for party, held in world.parties.items()
        if isinstance(held, ModelParty)
    }


def test_a_household_with_a_missing_value_is_fitted_on_with_a_feature_of_its_own_for_that() -> None:
    """A third has no second feature registered: 0 there and 1 in `unknown`; its effect is found."""
    some, rng = households(), np.random.Generator(np.random.PCG64(4))
    unknown = rng.random(len(some.outcome)) < 0.3
    features = some.features.copy()
    features[unknown, 1] = 0
    features[:, 3] = unknown
    more = replace(some, features=features, outcome=some.outcome | (unknown & (rng.random(len(unknown)) < 0.5)))
    model = fit(agreed().plan, steps_of(more))
    assert model.coefficients[4].demonstrated
    assert model.coefficients[4].value > 0.5
    assert all(np.isfinite(each.sd) and each.sd < 0.3 for each in model.coefficients)


@pytest.mark.parametrize("asked", [(), (0,) * 4, (0,) * 6])
def test_an_offer_with_another_number_of_parameters_is_refused_before_anything_is_read(asked: tuple[int, ...]) -> None:
    world = model_world(agreed(), records(invent(true(), 90, seed=7), agreed().partners), seed=7)
    everyone, period = agreed().covenant.participants, step_in(PERIOD, 1)
    step = world.coordinator.propose(agreed().study_digest, period, everyone, world.now_s, asked)
    party = world.parties[agreed().partners[0]]
    with pytest.raises(WrongSpec, match="parameters"):
        party.receive(step.messages[0][1], world.now_s)
    assert not party.durable.memory.slots


def test_parameters_that_nobody_should_believe_are_answered_and_cost_no_more_than_the_plan_says() -> None:
    """The largest that an offer may hold: every mean is at an end of the curve."""
    world = model_world(agreed(), records(invent(true(), 900, seed=8), agreed().partners), seed=8)
    asked = (MAX_PARAMETER, -MAX_PARAMETER, MAX_PARAMETER, 0, MAX_PARAMETER)
    world.run(agreed().study_digest, step_in(PERIOD, 1), parameters=asked)
    party = world.parties[agreed().partners[0]]
    assert isinstance(party, ModelParty)
    tables = [agreed().study.table(table.id) for table in agreed().plan.tables(1)]
    model, steps = agreed().plan.model, [table for table in tables if isinstance(table, StepTable)]
    assert len(steps) == len(tables)
    worst = sum(Fraction(model.norm_of(table.statistic) ** 2) / (2 * table.variance.fraction) for table in steps)
    assert 0 < max(party.book_shelf.book.spent[2026].values()) <= worst * 10**9 + 2


class Stopped(Fault):
    """A simulated machine that stops."""


def test_a_node_that_stops_in_a_step_goes_on_with_the_same_bytes_and_pays_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def story(*, stops: bool) -> tuple[OpenedStep, dict[bytes, int]]:
        world = model_world(agreed(), records(invent(true(), 900, seed=6), agreed().partners), seed=6)
        party = world.parties[agreed().partners[0]]
        assert isinstance(party, ModelParty)
        fuse = [2]

        def crash(point: str) -> None:
            if stops and point == "before work":
                fuse[0] -= 1
                if fuse[0] == 0:
                    raise Stopped(got="no power", wanted="an upload", act="the test goes on")

        def receive(body: bytes, now_s: int) -> tuple[bytes, ...]:
            try:
                return ordinary(body, now_s)
            except Stopped:
                return party.restart(now_s)

        ordinary = party.receive
        monkeypatch.setattr(party, "receive", receive)
        party.crash_at = crash
        run_step(world, agreed(), 1)
        assert not stops or fuse[0] <= 0
        (opened,) = opened_steps(world.coordinator.session, agreed().study, PERIOD)
        return opened, dict(party.book_shelf.book.spent[2026])

    calm, stopped = story(stops=False), story(stops=True)
    assert calm[0].values.tolist() == stopped[0].values.tolist()
    assert calm[1] == stopped[1]
    assert sum(calm[1].values()) > 0


def test_a_model_without_effects_is_no_worse_for_many_features() -> None:
    """Holm: with no effect at all, no coefficient of four is called demonstrated in 19 models of 20."""
    flat = truth(4, spread=0.0, base=-1.0)
    found = 0
    for seed in range(20):
        model = fit(agreed().plan, steps_of(invent(flat, 6_000, seed=seed), seed=seed))
        found += any(each.demonstrated for each in model.coefficients)
    assert found <= 5  # of 20 at 5 %: more than 5 has a chance of 3e-4
