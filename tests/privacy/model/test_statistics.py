"""The statistics of a step: against a slow reference, and never beyond the stated norm, for any row and coefficient."""

from fractions import Fraction
from itertools import combinations_with_replacement
from math import isqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.counts import UnitCounts
from privacy.filter import charges, charges_of_squares
from privacy.model.rows import RowsOutOfRange, clipped, held_out
from privacy.model.statistics import (
    TooManyUnits,
    UnitParts,
    WrongParameters,
    mean_at,
    slope_at,
    step_parts,
)
from privacy.sensitivity import TableCharge, TablesDoNotFit
from protocol.study.model import MAX_CODED, MAX_PARAMETER, POSITION_BITS, Model, Statistic
from tests.privacy.model.studies import PER_ONE, curve, model, rows_of, table

values = st.integers(-MAX_CODED, MAX_CODED)
small = st.integers(-20, 20)
knots = st.integers(-MAX_PARAMETER, MAX_PARAMETER) | st.integers(-(1 << 20), 1 << 20)


def slow_amounts(statistic: Statistic, chosen: Model, row: list[int], outcome: int, parameters: list[int]) -> list[int]:
    """What one unit adds to each cell, in Python integers, cell by cell."""
    squares = sum(value * value for value in row)
    norm = chosen.clip_norm
    if squares > norm * norm:
        root = isqrt(squares - 1) + 1
        clip = [(1 if value > 0 else -1) * (abs(value) * norm // root) for value in row]
    else:
        clip = row
    assert chosen.curve is not None
    levels, one = chosen.curve.knots, 1 << POSITION_BITS
    place = sum(value * parameter for value, parameter in zip(row, parameters, strict=False))
    moved = min(max(place + len(levels) // 2 * one, 0), (len(levels) - 1) * one)
    left = min(moved // one, len(levels) - 2)
    rise = levels[left + 1] - levels[left]
    mean = levels[left] + (rise * (moved - left * one) + one // 2) // one
    inside = abs(place) < len(levels) // 2 * one
    pairs = list(combinations_with_replacement(range(len(row)), 2))
    kept = min(max(outcome, 0), chosen.outcome.column.most)
    match statistic:
        case Statistic.MOMENTS:
            return [clip[a] * clip[b] for a, b in pairs]
        case Statistic.CURVATURE:
            return [rise * inside * clip[a] * clip[b] for a, b in pairs]
        case Statistic.GRADIENT:
            return [value * (kept * PER_ONE - mean) for value in clip]
        case Statistic.SCORES:
            at = sum(mean >= edge for edge in parameters[len(row) :])
            return [int(cell == at * (chosen.outcome.column.most + 1) + kept) for cell in range(8)]


def parts_of(statistic: Statistic, chosen: Model, row: list[int], outcome: int, parameters: list[int]) -> UnitParts:
    rows = rows_of(np.array([row], dtype=np.int64), np.array([outcome], dtype=np.int64))
    return step_parts((table(statistic),), chosen, rows, tuple(parameters[: chosen.parameters(table(statistic))]))[0]


@pytest.mark.parametrize("statistic", list(Statistic))
@given(
    row=st.lists(small | values, min_size=3, max_size=3),
    outcome=st.integers(0, 3),
    parameters=st.lists(knots, min_size=6, max_size=6),
)
def test_what_a_unit_adds_is_what_a_slow_reference_says_and_within_the_norm(
    statistic: Statistic, row: list[int], outcome: int, parameters: list[int]
) -> None:
    chosen = model()
    part = parts_of(statistic, chosen, row, outcome, parameters)
    wanted = slow_amounts(statistic, chosen, row, outcome, parameters)
    assert part.total(np.ones(1, dtype=np.bool_)).tolist() == wanted
    assert part.squares.tolist() == [sum(value * value for value in wanted)]
    assert sum(value * value for value in wanted) <= chosen.norm_of(statistic) ** 2


def test_a_control_that_does_not_clip_passes_the_norm() -> None:
    """Negative control: the same row, with a clip norm that leaves it whole, adds more than the stated norm."""
    row, loose, tight = [40, -40, 40], model(clip_norm=100), model()
    part = parts_of(Statistic.MOMENTS, loose, row, 1, [])
    assert int(part.squares[0]) > tight.norm_of(Statistic.MOMENTS) ** 2


@given(rows=st.lists(st.lists(values, min_size=4, max_size=4), min_size=1, max_size=8), norm=st.integers(1, 8192))
def test_a_clipped_row_is_never_longer_than_the_norm_and_never_turns(rows: list[list[int]], norm: int) -> None:
    given_rows = np.array(rows, dtype=np.int64)
    result = clipped(given_rows, norm)
    assert all(sum(value**2 for value in row) <= norm**2 for row in result.tolist())
    assert np.all(np.abs(result) <= np.abs(given_rows))
    assert np.all(result * given_rows >= 0)
    short = (given_rows**2).sum(axis=1) <= norm**2
    assert np.array_equal(result[short], given_rows[short])


def test_each_unit_adds_its_own_whatever_the_others_are() -> None:
    rng = np.random.Generator(np.random.PCG64(5))
    coded, outcome = rng.integers(-30, 31, (64, 3)), rng.integers(0, 2, 64)
    asked = (70_000, -12_345_678, 3_000_000)
    gradient, chosen, everyone = (table(Statistic.GRADIENT),), model(), np.ones(64, dtype=np.bool_)
    (whole,) = step_parts(gradient, chosen, rows_of(coded, outcome), asked)
    alone = [
        step_parts(gradient, chosen, rows_of(coded[place : place + 1], outcome[place : place + 1]), asked)[0]
        for place in range(64)
    ]
    assert whole.squares.tolist() == [int(part.squares[0]) for part in alone]
    total = np.sum([part.total(np.ones(1, dtype=np.bool_)) for part in alone], axis=0)
    assert whole.total(everyone).tolist() == total.tolist()


def test_charges_of_squares_are_those_of_the_cells() -> None:
    """The filter's own formula, fed cell by cell, is the reference."""
    rng = np.random.Generator(np.random.PCG64(6))
    coded, outcome = rng.integers(-30, 31, (50, 3)), rng.integers(0, 2, 50)
    chosen, tables = model(), (table(Statistic.MOMENTS), table(Statistic.GRADIENT))
    parts = step_parts(tables, chosen, rows_of(coded, outcome), (1_000, -9_000_000, 2_000_000))
    asked = [1_000, -9_000_000, 2_000_000]
    amounts = [
        slow_amounts(Statistic.MOMENTS, chosen, row, y, []) + slow_amounts(Statistic.GRADIENT, chosen, row, y, asked)
        for row, y in zip(coded.tolist(), outcome.tolist(), strict=True)
    ]
    unit, cell = (column.astype(np.int64).ravel() for column in np.indices((50, 9)))
    counts = UnitCounts(unit, cell, np.abs(np.array(amounts)).ravel(), units=50, cells=9)
    prices = (TableCharge(0, 6, 2, Fraction(40_000)), TableCharge(6, 3, 3, Fraction(10**7, 3)))
    squares = np.stack([part.squares for part in parts], axis=1)
    assert charges_of_squares(squares, prices).tolist() == charges(counts, prices).tolist()


def test_who_adds_nothing_pays_nothing() -> None:
    prices = (TableCharge(0, 6, 1, Fraction(4)), TableCharge(6, 3, 1, Fraction(4)))
    squares = np.array([[0, 0], [0, 8], [4, 4]], dtype=np.int64)
    assert charges_of_squares(squares, prices).tolist() == [0, 10**9 + 1, 10**9 + 1]
    with pytest.raises(TablesDoNotFit):
        charges_of_squares(squares[:, :1], prices)


def test_the_mean_follows_the_knots_and_is_level_beyond_them() -> None:
    one = 1 << POSITION_BITS
    at = np.array([-(10**12), -16 * one, 0, one, one // 2, 16 * one, 10**12], dtype=np.int64)
    #                      64 / (1 + e^4) = 1.15    32   64/(1+e^-0.25)=35.98   half way   62.85
    assert mean_at(at, curve()).tolist() == [1, 1, 32, 36, 34, 63, 63]
    assert slope_at(at, curve()).tolist() == [0, 0, 4, 4, 4, 0, 0]


def test_the_units_kept_apart_are_one_in_five_and_the_same_in_every_step() -> None:
    keys = np.random.Generator(np.random.PCG64(7)).integers(0, 256, (20_000, 16)).astype(np.uint8)
    apart = held_out(keys, model(), "model")
    assert abs(int(apart.sum()) - 4_000) < 300  # five standard deviations of 56
    assert np.array_equal(held_out(keys[:10], model(), "model"), apart[:10])
    assert not np.array_equal(held_out(keys, model(), "ander"), apart)


def test_who_is_kept_apart_is_in_no_sum_of_the_fit_and_the_other_way_round() -> None:
    coded, outcome = np.full((2, 3), 4, dtype=np.int64), np.ones(2, dtype=np.int64)
    apart = np.array([True, False])
    rows = type(rows_of(coded, outcome))(coded, outcome, apart, np.ones(2, dtype=np.bool_))
    for statistic in Statistic:
        for held in (True, False):
            asked = (0,) * model().parameters(table(statistic))
            (part,) = step_parts((table(statistic, held_out=held),), model(), rows, asked)
            assert (part.squares > 0).tolist() == [held, not held]


@pytest.mark.parametrize("parameters", [(0, 0), (0, 0, 0, 0), (0, 0, MAX_PARAMETER + 1)])
def test_parameters_of_another_number_or_size_are_refused(parameters: tuple[int, ...]) -> None:
    rows = rows_of(np.zeros((1, 3), dtype=np.int64), np.zeros(1, dtype=np.int64))
    with pytest.raises(WrongParameters, match="another number or size"):
        step_parts((table(Statistic.GRADIENT),), model(), rows, parameters)


def test_more_units_than_the_sums_have_room_for_are_refused() -> None:
    units = 2**22
    nobody = np.broadcast_to(np.zeros(1, dtype=np.int64), units)
    none = np.broadcast_to(np.zeros(1, dtype=np.bool_), units)
    rows = type(rows_of(np.zeros((1, 3), dtype=np.int64), np.zeros(1, dtype=np.int64)))(
        np.broadcast_to(np.zeros((1, 3), dtype=np.int64), (units, 3)), nobody.copy(), none.copy(), none.copy()
    )
    wide = model(clip_norm=8_192).model_copy(update={"curve": curve().model_copy(update={"per_one": 1 << 16})})
    with pytest.raises(TooManyUnits):
        step_parts((table(Statistic.GRADIENT),), wide.model_copy(update={"clip_norm": 1 << 24}), rows, (0, 0, 0))


@pytest.mark.parametrize("value", [MAX_CODED + 1, -MAX_CODED - 1])
def test_rows_beyond_their_bounds_or_of_another_type_are_refused(value: int) -> None:
    with pytest.raises(RowsOutOfRange, match="out of range"):
        rows_of(np.full((1, 3), value, dtype=np.int64), np.zeros(1, dtype=np.int64))
    with pytest.raises(RowsOutOfRange, match="other types"):
        rows_of(np.zeros((1, 3), dtype=np.int32), np.zeros(1, dtype=np.int64))
