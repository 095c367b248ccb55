"""Sensitivity: the largest that a bound allows, its exact price, and plans that are refused."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.bound import Bound
from privacy.counts import MAX_CELLS
from privacy.sensitivity import TableCharge, TableOutOfRange, TablesDoNotFit, check_tables
from privacy.shares import VarianceNotExact, VarianceOutOfRange
from protocol.study.measure import MeasureKind
from tests.privacy.households import HASH_KEY, bounds, unit_key
from tests.reference.bounding import Record, bounded

OWN = TableCharge(0, 19, 1, Fraction(50))


@pytest.mark.parametrize(
    ("bound", "cells", "squares"),
    [
        (Bound(MeasureKind.EVENTS, 2, max_amount=3), 19, 2 * 9),
        (Bound(MeasureKind.EVENTS, 30, max_amount=3), 19, 19 * 9),
        (Bound(MeasureKind.UNITS, 4), 19, 4),
        (Bound(MeasureKind.SUM, 2, max_amount=1000), 19, 2_000_000),
        (Bound(MeasureKind.MULTI, 10, categories=5, max_categories=2), 10, 2 * 2),  # two areas, two options in each
        (Bound(MeasureKind.MULTI, 3, categories=5, max_categories=2), 10, 3),
        (Bound(MeasureKind.MULTI, 10, categories=5, max_categories=5), 10, 10),
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
    if bound.kind is not MeasureKind.MULTI:
        assert squares == bound.largest_squares(12)


def test_the_price_of_a_table_is_exact() -> None:
    # One count in a joint table of three partners at variance 1234 / 7: 3 * 7 / (2 * 1234) rho.
    assert TableCharge(19, 4, 3, Fraction(1234, 7)).nano_rho == Fraction(21 * 10**9, 2468)
    assert OWN.nano_rho * 9 * 2 == 180_000_000


@pytest.mark.parametrize("variance", [Fraction(0), Fraction(-50), Fraction(399, 100), float("nan"), 50.0, 50])
def test_a_variance_below_four_or_not_exact_is_refused(variance: Fraction) -> None:
    with pytest.raises((VarianceNotExact, VarianceOutOfRange)):
        TableCharge(0, 1, 1, variance)


@given(variance=st.fractions(max_value=4).filter(lambda variance: variance < 4))
def test_every_variance_below_four_is_refused(variance: Fraction) -> None:
    with pytest.raises(VarianceOutOfRange):
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
        check_tables((OWN, replace(OWN, first_cell=20)), cells=39)
