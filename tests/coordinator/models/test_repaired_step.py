"""A repair inside a step of a model: what is released, with how much noise, at what cost, and whether a model goes on.

Six partners and a witness; n_min is five and t is one. Rows, charges and noise are worked out beside the code here.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cache
from math import ceil, isqrt

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from coordinator.models.rounds import next_parameters, opened_steps
from coordinator.models.steps import OpenedStep, PartnersChanged, StepsMissing
from partner_node import session as session_module
from partner_node.pipeline import top_up
from partner_node.records import Records
from partner_node.stepping import count_step, model_rows
from protocol.round.coordinator_round import CoordinatorSlot, Unexpected
from protocol.round.frame import parse_frame
from protocol.round.opening import open_round
from protocol.round.partner_round import MAX_PAYLOAD_BYTES
from protocol.round.ring import SumOutOfRange
from protocol.round.transitions import State
from protocol.study import plan as plan_module
from protocol.study.model import Statistic, StepTable
from protocol.words.ids import Digest, PartyId
from protocol.words.period import step_in
from simulations.models.agreement import PERIOD, ModelAgreed, agree_on
from simulations.models.households import invent, records_of, truth
from simulations.models.with_rounds import ModelParty, model_world, run_step
from simulations.models.without_rounds import ArrayBook
from simulations.round_world import RoundWorld

FEATURES, HOUSEHOLDS, CLIP = 42, 20, 7.0  # 946 moments and 43 sums of a gradient: enough to see how wide noise is
ENOUGH = 1_500  # households a partner, with which a second step can be asked
FALSE_ALARM = 1e-5  # of each judgement of noise; draws are seeded
STEP_ONE = step_in(PERIOD, 1)


class TooLittleNoise(AssertionError):
    """A released step, or what a colluder faces in it, with less noise than promised."""


class WronglyCharged(AssertionError):
    """A household that was charged otherwise than once for what it added."""


@cache
def agreed(contributors: int = 6) -> ModelAgreed:
    """Return a model of six partners, of whom the first so many contribute."""
    chosen = agree_on(truth(FEATURES).codings, partners=6, clip=CLIP)
    some = chosen.partners[:contributors]
    tables = tuple(table.model_copy(update={"contributors": some}) for table in chosen.study.tables)
    return replace(chosen, study=chosen.study.model_copy(update={"tables": tables}))


@cache
def records(party: PartyId, households: int = HOUSEHOLDS) -> Records:
    return records_of(invent(truth(FEATURES), households, seed=agreed().partners.index(party)))


def new_world(chosen: ModelAgreed, households: int = HOUSEHOLDS) -> RoundWorld:
    return model_world(chosen, {party: records(party, households) for party in chosen.partners}, seed=3)


def until_repair(world: RoundWorld, chosen: ModelAgreed, gone: tuple[PartyId, ...], *, step: int = 1) -> Digest:
    """Bring a step to where all but the gone have sent, and those have locked and given up; return its slot."""
    office, period = world.coordinator, step_in(PERIOD, step)
    asked = next_parameters(office.session, chosen.study, period)
    proposed = office.propose(chosen.study_digest, period, tuple(world.parties), world.now_s, asked)
    slot = proposed.slot.slot
    deliver(world, slot, tuple(world.parties), proposed.messages[0][1])
    commit = office.advance(slot).messages[0][1]
    deliver(world, slot, left_of(world, gone), commit)
    for party in gone:
        victim = world.parties[party]
        victim.crash_at = lambda point: (_ for _ in ()).throw(InterruptedError) if point == "before work" else None
        with pytest.raises(InterruptedError):
            victim.receive(commit, world.now_s)
        victim.crash_at = lambda _point: None
        for body in victim.give_up(slot):
            office.take(slot, body)
    return slot


def repair(world: RoundWorld, slot: Digest, gone: tuple[PartyId, ...]) -> CoordinatorSlot:
    """Repair a step and bring it to its end; each REPAIR comes twice."""
    body = world.coordinator.repair(slot).messages[0][1]
    for _ in range(2):
        deliver(world, slot, left_of(world, gone), body)
    deliver(world, slot, left_of(world, gone), world.coordinator.advance(slot).messages[0][1])
    ended = world.coordinator.advance(slot).slot
    assert (ended.state, ended.gone) == (State.DONE, gone)
    return ended


def deliver(world: RoundWorld, slot: Digest, parties: tuple[PartyId, ...], body: bytes) -> None:
    for party in parties:
        for answer in world.parties[party].receive(body, world.now_s):
            world.coordinator.take(slot, answer)


def left_of(world: RoundWorld, gone: tuple[PartyId, ...]) -> tuple[PartyId, ...]:
    return tuple(party for party in world.parties if party not in gone)


def opened_of(world: RoundWorld, chosen: ModelAgreed) -> tuple[OpenedStep, ...]:
    return opened_steps(world.coordinator.session, chosen.study, PERIOD)


def true_sums(chosen: ModelAgreed, party: PartyId) -> NDArray[np.int64]:
    """Return what a partner's households add to the first step."""
    member, known = chosen.member(party), ArrayBook()
    return count_step(
        records(party), member, chosen.study_digest, STEP_ONE, parameters=(0,) * (FEATURES + 1), known=known
    ).cells.values


def variance_of_cells(chosen: ModelAgreed, of: Callable[[StepTable], Fraction]) -> NDArray[np.float64]:
    """Return a variance for each cell of the first step."""
    grid = chosen.member(chosen.partners[0]).grid(chosen.study_digest, STEP_ONE)
    tables = {table.id: table for table in chosen.plan.tables(1)}
    return np.concatenate([np.full(part.size, float(of(tables[part.table]))) for part in grid.segments])


def judge_noise(noise: NDArray[np.int64], variance: NDArray[np.float64]) -> None:
    """Refuse noise that spreads less than promised: the squares over the variance are chi-square, one degree a cell.

    Raises: TooLittleNoise.
    """
    if stats.chi2.cdf(float((noise.astype(np.float64) ** 2 / variance).sum()), noise.size) < FALSE_ALARM:
        raise TooLittleNoise("less noise than promised")


def repaired_noise(gone: tuple[PartyId, ...]) -> tuple[NDArray[np.int64], OpenedStep]:
    """Return the noise in a first step that was repaired, by taking the true sums off it, and the step."""
    chosen = agreed()
    world = new_world(chosen)
    repair(world, until_repair(world, chosen, gone), gone)
    (opened,) = opened_of(world, chosen)
    true = np.sum([true_sums(chosen, party) for party in chosen.partners if party not in gone], axis=0)
    return opened.values - true, opened


TWO_GONE = agreed().partners[:2]


def stated_after(table: StepTable) -> Fraction:
    """Return the variance after two of six left: four survivors, with sigma^2 among any three of them."""
    return Fraction(4, 3) * table.variance.fraction


def test_a_repaired_step_is_of_the_survivors_and_has_the_noise_that_it_states() -> None:
    noise, opened = repaired_noise(TWO_GONE)
    assert opened.contributors == frozenset(agreed().partners[2:])
    assert dict(opened.variances) == {table.id: stated_after(table) for table in agreed().plan.tables(1)}
    variance = variance_of_cells(agreed(), stated_after)
    judge_noise(noise, variance)
    # Nor more, and nothing of the two that left: either would show as a spread that is too wide.
    assert stats.chi2.sf(float((noise.astype(np.float64) ** 2 / variance).sum()), noise.size) > FALSE_ALARM


def test_a_build_whose_survivors_add_nothing_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: the coordinator states the whole variance all the same."""
    monkeypatch.setattr(session_module, "top_up_parts", lambda *_arguments: ())
    noise, opened = repaired_noise(TWO_GONE)
    assert set(opened.variances.values()) == {stated_after(table) for table in agreed().plan.tables(1)}
    with pytest.raises(TooLittleNoise):
        judge_noise(noise, variance_of_cells(agreed(), stated_after))


def faced_by_colluders(monkeypatch: pytest.MonkeyPatch) -> Mapping[PartyId, NDArray[np.int64]]:
    """Return for each survivor the noise of a repaired step without its own share and top-up."""
    drawn: list[NDArray[np.int64]] = []

    def recorded(*arguments: object) -> NDArray[np.int64]:
        drawn.append(top_up(*arguments))  # type: ignore[arg-type]  # whatever the session gave
        return drawn[-1]

    chosen = agreed()
    monkeypatch.setattr(session_module, "top_up", recorded)
    world = new_world(chosen)
    slot = until_repair(world, chosen, TWO_GONE)
    repair(world, slot, TWO_GONE)
    (opened,) = opened_of(world, chosen)
    survivors = chosen.partners[2:]
    top_ups = dict(zip(left_of(world, TWO_GONE), drawn, strict=True))
    true = {party: true_sums(chosen, party) for party in survivors}
    noise = opened.values - np.sum(list(true.values()), axis=0)
    shares = {
        party: world.parties[party].own_counts(world.parties[party].durable.memory.slots[slot]) - true[party]
        for party in survivors
    }
    return {party: noise - shares[party] - top_ups[party] for party in survivors}


def judge_colluders(rests: Mapping[PartyId, NDArray[np.int64]]) -> None:
    """Refuse a step in which one survivor faces less than the table's variance. Raises: TooLittleNoise."""
    variance = variance_of_cells(agreed(), lambda table: table.variance.fraction)
    for rest in rests.values():
        judge_noise(rest, variance)


def test_a_survivor_who_knows_its_own_noise_still_faces_the_tables_variance(monkeypatch: pytest.MonkeyPatch) -> None:
    """R15, in a step: t = 1."""
    judge_colluders(faced_by_colluders(monkeypatch))


def test_a_top_up_that_forgets_the_colluder_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: sigma^2 among all four survivors in place of any three."""

    def short(variance: Fraction, *, contributors: int, survivors: int, colluders: int) -> Fraction:
        return variance / survivors - variance / (contributors - colluders)

    monkeypatch.setattr(plan_module, "joint_top_up", short)
    rests = faced_by_colluders(monkeypatch)
    with pytest.raises(TooLittleNoise):
        judge_colluders(rests)


def charges_by_hand(chosen: ModelAgreed, party: PartyId) -> dict[bytes, int]:
    """Return what each household of a partner owes for the first step, at coefficients of 0, cell by cell."""
    model, owed = chosen.plan.model, {}
    rows = model_rows(records(party), model, chosen.plan.measure, STEP_ONE, {})
    for place in range(rows.units):
        row = rows.coded[place].tolist()
        length = sum(value * value for value in row)
        if length > model.clip_norm**2:
            root = isqrt(length - 1) + 1
            row = [abs(value) * model.clip_norm // root * (1 if value > 0 else -1) for value in row]
        residual = (
            int(rows.outcome[place]) * chosen.plan.curve.per_one
            - chosen.plan.curve.knots[len(chosen.plan.curve.knots) // 2]
        )
        squares = {
            Statistic.MOMENTS: sum((row[j] * row[k]) ** 2 for j in range(len(row)) for k in range(j, len(row))),
            Statistic.GRADIENT: sum((value * residual) ** 2 for value in row),
        }
        rho = sum(Fraction(squares[table.statistic]) / (2 * table.variance.fraction) for table in chosen.plan.tables(1))
        if not rows.held_out[place]:
            owed[bytes(records(party).unit_key[place])] = ceil(rho * 10**9) + 1
    return owed


def judge_charges(world: RoundWorld, chosen: ModelAgreed) -> None:
    """Refuse unless every household of every contributor, gone or not, paid once for the first step.

    Raises: WronglyCharged.
    """
    for party in chosen.study.tables[0].contributors:
        held = world.parties[party]
        assert isinstance(held, ModelParty)
        if held.book_shelf.book.spent[2026] != charges_by_hand(chosen, party):
            raise WronglyCharged(party)


def test_everybody_pays_once_for_a_repaired_step_also_at_those_who_left_and_other_books_are_caught() -> None:
    """A LOCK charges, before anybody can leave; a repair charges nothing and refunds nothing."""
    chosen = agreed()
    world = new_world(chosen)
    slot = until_repair(world, chosen, TWO_GONE)
    judge_charges(world, chosen)
    repair(world, slot, TWO_GONE)
    judge_charges(world, chosen)
    left, stayed = (world.parties[party] for party in (TWO_GONE[0], chosen.partners[-1]))
    assert isinstance(left, ModelParty)
    assert isinstance(stayed, ModelParty)
    spent, paid = left.book_shelf.book.spent, dict(stayed.book_shelf.book.spent[2026])
    before = dict(spent[2026])
    spent[2026] = {}  # negative control: a refund to who left
    with pytest.raises(WronglyCharged):
        judge_charges(world, chosen)
    spent[2026] = before
    stayed.book_shelf.book.spent[2026] = {key: 2 * amount for key, amount in paid.items()}  # and a second charge
    with pytest.raises(WronglyCharged):
        judge_charges(world, chosen)


def test_a_repair_in_the_middle_ends_the_model() -> None:
    """The first step has six partners' households and the second, repaired, five's."""
    chosen, gone = agreed(), agreed().partners[:1]
    world = new_world(chosen, ENOUGH)
    run_step(world, chosen, 1)
    repair(world, until_repair(world, chosen, gone, step=2), gone)
    assert [len(each.contributors) for each in opened_of(world, chosen)] == [6, 5]
    with pytest.raises(PartnersChanged):
        next_parameters(world.coordinator.session, chosen.study, step_in(PERIOD, 3))


def test_after_a_repair_in_the_first_step_the_model_goes_on_with_those_who_stayed() -> None:
    """Both steps are of the same four partners' households; the second has its noise without a repair."""
    chosen = agreed()
    world = new_world(chosen, ENOUGH)
    repair(world, until_repair(world, chosen, TWO_GONE), TWO_GONE)
    run_step(world, chosen, 2, without=frozenset(TWO_GONE))
    first, second = opened_of(world, chosen)
    assert first.contributors == second.contributors == frozenset(chosen.partners[2:])
    assert any(second.parameters)
    (gradient,) = second.variances
    assert second.variances[gradient] == first.variances[gradient]  # 4/3 of sigma^2, either way


def payload_of(body: bytes) -> bytes:
    return parse_frame(body, source="a test", max_payload_bytes=MAX_PAYLOAD_BYTES).payload


def test_a_step_that_loses_one_of_three_contributors_is_void_says_nothing_and_is_paid() -> None:
    """Two are left, t = 1: nobody could hide. The sum of the cells is residues, and the model cannot go on."""
    chosen = agreed(contributors=3)
    gone = chosen.partners[:1]
    world = new_world(chosen)
    slot = repair(world, until_repair(world, chosen, gone), gone)
    (opened,) = opened_of(world, chosen)
    assert set(opened.variances.values()) == {None}
    assert not opened.values.any()
    judge_charges(world, chosen)
    left = left_of(world, gone)
    uploads, corrections = ([payload_of(sent[party]) for party in left] for sent in (slot.uploads, slot.corrections))
    with pytest.raises(SumOutOfRange):  # negative control of "says nothing": without leaving the cells out
        open_round(uploads, corrections, world.coordinator.member.ring(slot.offer, left), slot.offer)
    with pytest.raises(StepsMissing, match="not delivered"):
        next_parameters(world.coordinator.session, chosen.study, step_in(PERIOD, 2))


def test_a_step_with_fewer_than_n_min_left_is_not_repaired_and_stays_paid() -> None:
    chosen = agreed()
    world = new_world(chosen)
    slot = until_repair(world, chosen, chosen.partners[:3])
    with pytest.raises(Unexpected):
        world.coordinator.repair(slot)
    assert opened_of(world, chosen) == ()
    judge_charges(world, chosen)
