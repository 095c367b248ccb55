"""The bias preview: worked by hand, equal to a simulation, and a refusal by name above one percent."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from privacy.accountant import PlannedRound, PlannedTable
from privacy.bias import (
    EventModel,
    HouseholdGroup,
    LeftOut,
    NotADistribution,
    PeriodPlan,
    PeriodsDiffer,
    TooMuchLeftOut,
    check_bias,
    period_plan,
    preview,
)
from protocol.cost import NanoRho


def weights(*decimals: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, decimals))


def model(*groups: tuple[str, tuple[tuple[Decimal, ...], ...]]) -> EventModel:
    return EventModel(tuple(HouseholdGroup(Decimal(share), events) for share, events in groups))


def plan(counted: int, *charges: int) -> PeriodPlan:
    return PeriodPlan(counted, tuple(map(NanoRho, charges)))


def test_bounds_leave_out_what_is_above_them() -> None:
    # Half of the households has 1 event a quarter, half has 3, and 2 count: 1 of every 4 events is bounded out.
    public = model(("1", (weights("0", "0.5", "0", "0.5"),) * 4))
    quarters = preview(public, (plan(2, 0, 1, 4),) * 4, cap=NanoRho(100))
    assert quarters == (LeftOut(Fraction(1, 4), Fraction(0)),) * 4


def test_a_full_cap_leaves_a_household_out_with_all_its_events_and_charges_nothing() -> None:
    # One group, 2 events in every quarter but 1 in the last, at 4 and 1 nano-rho; the cap is 9.
    public = model(("1", (*(weights("0", "0", "1"),) * 3, weights("0", "1"))))
    quarters = preview(public, (plan(2, 0, 1, 4),) * 4, cap=NanoRho(9))
    # 4, 8, 12 is too much and not charged, 9 fits again.
    assert [quarter.by_cap for quarter in quarters] == [0, 0, 1, 0]


def test_groups_and_periods_are_weighed_by_their_expected_events() -> None:
    # 90 %: no event or one, evenly: 0.45 a quarter. 10 %: three events, of which two count: 0.3, a third left out.
    public = model(("0.9", (weights("0.5", "0.5"),) * 4), ("0.1", (weights("0", "0", "0", "1"),) * 4))
    quarters = preview(public, (plan(2, 0, 1, 4),) * 4, cap=NanoRho(8))
    # The second group spends 4 and 4 and is then out; the first never spends more than 4.
    assert quarters[0] == LeftOut(Fraction(1, 10) / Fraction(75, 100), Fraction(0))
    assert quarters[2] == LeftOut(Fraction(1, 10) / Fraction(75, 100), Fraction(2, 10) / Fraction(75, 100))


def test_months_are_joined_to_quarters_and_longer_periods_stand_alone() -> None:
    one = weights("0", "1")
    assert len(preview(model(("1", (one,) * 12)), (plan(1, 0, 1),) * 12, cap=NanoRho(99))) == 4
    assert len(preview(model(("1", (one,) * 2)), (plan(1, 0, 1),) * 2, cap=NanoRho(99))) == 2
    # Of twelve months the first seven fit: the third quarter loses two of three.
    left = preview(model(("1", (one,) * 12)), (plan(1, 0, 1),) * 12, cap=NanoRho(7))
    assert [quarter.by_cap for quarter in left] == [0, 0, Fraction(2, 3), 1]


def test_the_preview_equals_a_simulation_of_the_filter() -> None:
    """Seeded; 4e5 households; the shares differ by less than six standard errors of about 0.2 %."""
    chances = ("0.80", "0.10", "0.05", "0.03", "0.02")
    public = model(("1", (weights(*chances),) * 12))
    charges, counted, cap = np.array([0, 10, 40, 90]), 3, 150
    quarters = preview(public, (plan(3, 0, 10, 40, 90),) * 12, cap=NanoRho(cap))
    generator = np.random.default_rng(7)
    events = generator.choice(5, size=(400_000, 12), p=[float(chance) for chance in chances])
    spent = np.zeros(400_000, dtype=np.int64)
    lost = np.zeros(12)
    for month in range(12):
        kept = np.minimum(events[:, month], counted)
        stays = spent + charges[kept] <= cap
        spent += np.where(stays, charges[kept], 0)
        lost[month] = (events[:, month] - np.where(stays, kept, 0)).sum()
    simulated = lost.reshape(4, 3).sum(axis=1) / events.sum(axis=0).reshape(4, 3).sum(axis=1)
    exact = [float(quarter.by_bounds + quarter.by_cap) for quarter in quarters]
    assert exact[3] > 0.1  # the cap bites, so the comparison says something
    assert np.abs(simulated - exact).max() < 0.012


def test_a_planned_round_counts_and_charges_the_events_of_one_cell() -> None:
    tables = (
        PlannedTable("wijk", Fraction(400), amount=3),
        PlannedTable("hours", Fraction(800), amount=8, event_amount=4),
    )
    # 1/800 + 16/1600 and 4/800 + 64/1600, each and one nano for the shares; the second table counts two events.
    assert period_plan(PlannedRound("2026-1", tables)) == PeriodPlan(
        2, (NanoRho(0), NanoRho(11_250_001), NanoRho(45_000_001))
    )


def test_a_round_without_tables_leaves_nothing_out_by_bounds() -> None:
    assert period_plan(PlannedRound("2026-1", ())).counted == 200


def test_one_percent_left_out_passes_and_a_little_more_is_refused_by_name() -> None:
    check_bias((LeftOut(Fraction(1, 200), Fraction(1, 200)),))
    with pytest.raises(TooMuchLeftOut, match=r"1\.01 % .* left out of quarter 2 \(0\.50 % by bounds\)"):
        check_bias((LeftOut(Fraction(0), Fraction(0)), LeftOut(Fraction(1, 200), Fraction(51, 10_000))))


def test_a_quarter_without_events_misses_none() -> None:
    quiet = model(("1", (weights("1"),) * 4))
    assert preview(quiet, (plan(1, 0, 1),) * 4, cap=NanoRho(9)) == (LeftOut(Fraction(0), Fraction(0)),) * 4


@pytest.mark.parametrize(
    "wrong",
    [
        weights("0.5", "0.4"),
        weights("1.5", "-0.5"),
        weights("NaN", "1"),
        weights("Infinity"),
        (),
        weights("1", *["0"] * 201),
    ],
)
def test_a_model_that_is_no_distribution_is_refused(wrong: tuple[Decimal, ...]) -> None:
    with pytest.raises(NotADistribution):
        model(("1", (wrong,) * 4))


def test_shares_of_groups_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(NotADistribution):
        model(("0.9", (weights("1"),) * 4))


@pytest.mark.parametrize("periods", [3, 5, 52])
def test_a_year_cut_in_an_unknown_way_is_refused(periods: int) -> None:
    with pytest.raises(PeriodsDiffer):
        model(("1", (weights("1"),) * periods))


def test_a_model_and_a_plan_with_other_periods_are_refused() -> None:
    with pytest.raises(PeriodsDiffer):
        model(("0.5", (weights("1"),) * 4), ("0.5", (weights("1"),) * 12))
    with pytest.raises(PeriodsDiffer):
        preview(model(("1", (weights("1"),) * 4)), (plan(1, 0, 1),) * 12, cap=NanoRho(9))
