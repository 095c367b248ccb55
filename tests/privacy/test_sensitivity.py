"""Sensitivity: the largest that a bound allows, its exact price, and plans that are refused."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.bound import Bound, Kind
from privacy.counts import MAX_CELLS
from privacy.sensitivity import TableCharge, TableOutOfRange, TablesDoNotFit, VarianceTooSmall, worst_charge
from protocol.cost import CostOutOfRange
from tests.privacy.households import HASH_KEY, bounds, unit_key
from tests.reference.bounding import Record, bounded

OWN = TableCharge(0, 19, 1, Fraction(50))


@pytest.mark.parametrize(
    ("bound", "cells", "squares"),
    [
        (Bound(Kind.EVENTS, 2, max_amount=3), 19, 2 * 9),
        (Bound(Kind.EVENTS, 30, max_amount=3), 19, 19 * 9),
        (Bound(Kind.UNITS, 4), 19, 4),
        (Bound(Kind.SUM, 2, max_amount=1000), 19, 2_000_000),
        (Bound(Kind.MULTI, 10, categories=5, max_categories=2), 10, 2 * 2),  # two areas, two options in each
        (Bound(Kind.MULTI, 3, categories=5, max_categories=2), 10, 3),
        (Bound(Kind.MULTI, 10, categories=5, max_categories=5), 10, 10),
    ],
)
def test_the_largest_sum_of_squares_is_what_the_bound_allows(bound: Bound, cells: int, squares: int) -> None:
    assert bound.largest_squares(cells) == squares


@given(bound=bounds(12))
def test_a_unit_with_records_everywhere_reaches_the_largest_and_no_more(bound: Bound) -> None:
    everywhere = [Record(cell) for cell in range(12) for _ in range(9)]
    kept = bounded(everywhere, bound, cells=12, unit_key=unit_key(1), hash_key=HASH_KEY)
    squares = sum(amount**2 for amount in kept.values())
    assert squares <= bound.largest_squares(12)
    if bound.kind is not Kind.MULTI:
        assert squares == bound.largest_squares(12)


def test_the_worst_charge_is_the_exact_cost_of_the_plan_rounded_up_and_one() -> None:
    # 18/100 for the own table; 3 * 4 * 7 / (2 * 1234) = 0.0340356564... for the joint one.
    joint = TableCharge(19, 4, 3, Fraction(1234, 7))
    bounds_of = (Bound(Kind.EVENTS, 2, max_amount=3), Bound(Kind.UNITS, 4))
    assert worst_charge(bounds_of[:1], (OWN,)) == 180_000_001
    assert worst_charge(bounds_of, (OWN, joint)) == 180_000_000 + 34_035_657 + 1


def test_a_plan_past_63_bits_is_refused() -> None:
    dear = TableCharge(0, MAX_CELLS, 2**16, Fraction(4))
    with pytest.raises(CostOutOfRange):
        worst_charge((Bound(Kind.SUM, MAX_CELLS, max_amount=2**19),), (dear,))


@pytest.mark.parametrize("variance", [Fraction(0), Fraction(-50), Fraction(399, 100), float("nan"), 50.0, 50])
def test_a_variance_below_four_or_not_exact_is_refused(variance: Fraction) -> None:
    with pytest.raises(VarianceTooSmall, match="a rational of at least 4"):
        TableCharge(0, 1, 1, variance)


@given(variance=st.fractions(max_value=4).filter(lambda variance: variance < 4))
def test_every_variance_below_four_is_refused(variance: Fraction) -> None:
    with pytest.raises(VarianceTooSmall):
        TableCharge(0, 1, 1, variance)


@pytest.mark.parametrize(
    "wrong",
    [{"first_cell": -1}, {"cells": 0}, {"first_cell": MAX_CELLS}, {"multiplicity": 0}, {"multiplicity": 2**16 + 1}],
)
def test_a_table_outside_the_grid_or_at_no_partner_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(TableOutOfRange, match="at least one partner"):
        replace(OWN, **wrong)  # type: ignore[arg-type]  # fields by name


def test_tables_with_a_gap_are_refused_before_any_price_is_named() -> None:
    with pytest.raises(TablesDoNotFit):
        worst_charge((Bound(Kind.UNITS, 1), Bound(Kind.UNITS, 1)), (OWN, replace(OWN, first_cell=20)))
