"""The accountant: exact sums of a declared plan, integer costs that are never too low, and plans that are refused."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from privacy.accountant import (
    MAX_ROUNDS,
    DeclaredPlan,
    PlannedRound,
    PlannedTable,
    PlanOutOfRange,
    charge_of_events,
    rho_of,
    worst_charge,
    worst_year,
    year_of_events,
)
from privacy.shares import VarianceNotExact, VarianceOutOfRange
from protocol.cost import NANO, CostOutOfRange, cap_of, cost_of

WIJK = PlannedTable("wijk", Fraction(400), amount=3)
BUURT = PlannedTable("buurt", Fraction(900), cells=2, amount=3, partners=4)


def test_integer_costs_are_never_below_the_exact_rational_and_over_by_less_than_one_nano() -> None:
    """A02: 1e5 random (Delta, sigma^2), seeded; control: rounding to nearest is below the truth about half the time."""
    generator = np.random.default_rng(2025)
    amounts = generator.integers(1, 1000, 100_000).tolist()
    numerators = generator.integers(4 * 10**6, 10**12, 100_000).tolist()
    denominators = generator.integers(1, 10**6, 100_000).tolist()
    too_low = 0
    for amount, numerator, denominator in zip(amounts, numerators, denominators, strict=True):
        exact = Fraction(amount * amount * denominator, 2 * numerator)
        cost = cost_of(rho_of(amount**2, Fraction(numerator, denominator)))
        assert 0 <= Fraction(cost, NANO) - exact < Fraction(1, NANO)
        assert 0 <= exact - Fraction(cap_of(exact), NANO) < Fraction(1, NANO)
        too_low += Fraction(round(exact * NANO), NANO) < exact
    assert 40_000 < too_low < 60_000


def test_rho_of_a_count_is_its_square_over_twice_the_variance() -> None:
    assert rho_of(1, Fraction(2)) == Fraction(1, 4)
    assert rho_of(3**2 + 4**2, Fraction(50)) == Fraction(1, 4)
    assert rho_of(1, Fraction(20), partners=5) == Fraction(1, 8)


def test_the_worst_charge_of_a_round_adds_its_tables_and_one_nano_for_the_shares() -> None:
    # 9/800 + 4 * 2 * 9/1800 = 0.01125 + 0.04
    assert worst_charge(PlannedRound("2026-01", (WIJK, BUURT))) == 51_250_000 + 1
    # 9/1400 is 0.006428571428..., rounded up
    odd = PlannedRound("2026-01", (PlannedTable("odd", Fraction(700), amount=3),))
    assert worst_charge(odd) == 6_428_572 + 1


def test_the_worst_year_is_the_sum_over_its_rounds() -> None:
    plan = DeclaredPlan(tuple(PlannedRound(f"2026-{month:02}", (WIJK, BUURT)) for month in range(1, 13)))
    assert worst_year(plan) == 12 * 51_250_001


@pytest.mark.parametrize(
    ("events", "charge"), [(0, 0), (1, 1_250_001), (2, 5_000_001), (3, 11_250_001), (9, 11_250_001)]
)
def test_a_unit_is_charged_for_the_events_it_has_up_to_the_bound(events: int, charge: int) -> None:
    assert charge_of_events(PlannedRound("2026-01", (WIJK,)), events) == charge


def test_a_joint_table_charges_each_of_its_partners_m_times() -> None:
    # 4 * 1/1800 is 0.00222.., in one round and in a year of one round
    joint = PlannedRound("2026", (BUURT,))
    assert charge_of_events(joint, 1) == 2_222_223 + 1
    assert year_of_events(DeclaredPlan((joint,)), 1) == 2_222_223 + 2


def costliest(events: int, table: PlannedTable, rounds: int) -> int:
    """Try every way to put events into cells; return the largest sum of squares after bounding."""
    cells = range(rounds * table.cells)
    places = list(itertools.combinations(cells, table.event_cells))
    best = 0
    for chosen in itertools.product(places, repeat=events):
        counts = [min(table.amount, sum(cell in place for place in chosen)) for cell in cells]
        best = max(best, sum(count**2 for count in counts))
    return best


@pytest.mark.parametrize("events", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("table", "rounds"),
    [
        (PlannedTable("plain", Fraction(8), amount=2), 3),
        (PlannedTable("two cells", Fraction(8), cells=2, amount=3), 2),
        (PlannedTable("multi-select", Fraction(8), cells=3, amount=2, event_cells=2), 1),
        (PlannedTable("multi-select", Fraction(8), cells=2, amount=1, event_cells=2), 2),
    ],
)
def test_no_way_to_spread_events_over_a_year_costs_more_than_is_said(
    events: int, table: PlannedTable, rounds: int
) -> None:
    plan = DeclaredPlan(tuple(PlannedRound(f"{number}", (table,)) for number in range(rounds)))
    said = Fraction(year_of_events(plan, events) - 2 * rounds, NANO)
    assert said >= Fraction(costliest(events, table, rounds), 16)
    assert year_of_events(plan, events) <= worst_year(plan) + rounds


def test_the_brute_force_finds_the_case_that_a_simpler_formula_misses() -> None:
    """The control: three events of two cells each reach 12 squares; two cells with 2 and two with 1 would say 10."""
    assert costliest(3, PlannedTable("multi-select", Fraction(8), cells=3, amount=2, event_cells=2), 1) == 12


def test_a_year_without_events_costs_nothing() -> None:
    assert year_of_events(DeclaredPlan((PlannedRound("2026", (WIJK,)),)), 0) == 0


def test_a_sum_is_charged_for_the_amount_that_one_event_may_have() -> None:
    hours = PlannedTable("hours", Fraction(800), amount=40, event_amount=16)
    # 16, 32 and then the clamp at 40: 256, 1024 and 1600 over 1600
    charges = [charge_of_events(PlannedRound("2026", (hours,)), events) - 1 for events in (1, 2, 3)]
    assert charges == [160_000_000, 640_000_000, 1_000_000_000]


@pytest.mark.parametrize(
    "bounds",
    [
        {"cells": 0},
        {"cells": 2**24 + 1},
        {"amount": 0},
        {"amount": 2**31},
        {"partners": 0},
        {"partners": 257},
        {"event_cells": 2},
        {"event_amount": 2},
        {"event_amount": 0},
    ],
)
def test_a_table_with_a_bound_outside_its_range_is_refused(bounds: dict[str, int]) -> None:
    with pytest.raises(PlanOutOfRange):
        PlannedTable("wijk", Fraction(400), **bounds)


def test_a_table_with_a_variance_that_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(VarianceOutOfRange):
        PlannedTable("wijk", Fraction(3))
    with pytest.raises(VarianceNotExact):
        PlannedTable("wijk", 400.0)  # type: ignore[arg-type]  # a float is what is refused here


def test_a_plan_that_names_a_slot_twice_is_refused() -> None:
    with pytest.raises(PlanOutOfRange, match="names a slot twice"):
        DeclaredPlan((PlannedRound("2026-01", (WIJK,)), PlannedRound("2026-01", (BUURT,))))


@pytest.mark.parametrize("rounds", [0, MAX_ROUNDS + 1])
def test_a_plan_without_rounds_or_with_too_many_is_refused(rounds: int) -> None:
    with pytest.raises(PlanOutOfRange):
        DeclaredPlan(tuple(PlannedRound(f"{number}", (WIJK,)) for number in range(rounds)))


def test_a_plan_past_63_bits_is_refused_and_never_wraps() -> None:
    dear = PlannedRound("2026", (PlannedTable("sum", Fraction(4), cells=2**24, amount=2**31 - 1),))
    with pytest.raises(CostOutOfRange):
        worst_charge(dear)
