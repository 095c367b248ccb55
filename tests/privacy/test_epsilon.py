"""The epsilon that is shown: equal to OpenDP and dp-accounting, rounded up, and refused where it would mislead."""

from decimal import Decimal
from fractions import Fraction
from math import sqrt

import opendp.prelude as dp
import pytest
from dp_accounting.pld import privacy_loss_distribution as pld

from privacy.accountant import DeclaredPlan, PlannedRound, PlannedTable, worst_year
from privacy.epsilon import (
    Basis,
    BeyondThePlan,
    DeltaOutOfRange,
    Guarantee,
    epsilon_of,
    guarantee_of,
    guarantee_of_plan,
    up,
)
from protocol.cost import NanoRho, cap_of

MILLIONTH = Fraction(1, 10**6)
QUARTER = NanoRho(250_000_000)


def opendp_epsilon(rho: float, delta: float) -> float:
    """Return OpenDP's epsilon for a Gaussian mechanism with this rho."""
    dp.enable_features("contrib")
    space = dp.atom_domain(T=int), dp.absolute_distance(T=float)
    gaussian = dp.m.make_gaussian(*space, scale=sqrt(1 / (2 * rho)))
    converted = dp.c.make_fix_delta(dp.c.make_zCDP_to_approxDP(gaussian), delta)
    epsilon, _ = converted.map(1.0)  # type: ignore[no-untyped-call]  # OpenDP leaves this method without types
    return float(epsilon)


@pytest.mark.parametrize("delta", ["1e-9", "1e-6", "0.001", "0.1"])
@pytest.mark.parametrize("rho", ["1e-9", "0.0001", "0.01", "0.25", "1", "1.5", "10"])
def test_the_conversion_equals_the_one_of_opendp_to_a_billionth(rho: str, delta: str) -> None:
    ours = epsilon_of(Fraction(rho), Fraction(delta))
    theirs = opendp_epsilon(float(rho), float(delta))
    assert -1e-12 < float(ours) - theirs < 1e-9
    assert float(ours) > theirs - 1e-14 or ours == 0  # ours is rounded up


def test_the_comparison_with_opendp_sees_a_looser_conversion() -> None:
    """The control: the textbook rho + 2 sqrt(rho ln(1/delta)) is half an epsilon off."""
    textbook = 0.25 + 2 * sqrt(0.25 * 13.815510557964274)
    assert textbook - opendp_epsilon(0.25, 1e-6) > 0.4


def test_the_default_cap_is_an_epsilon_of_three_and_a_half_at_a_millionth() -> None:
    guarantee = guarantee_of(QUARTER)
    assert guarantee.basis is Basis.CAP
    assert abs(guarantee.epsilon - Decimal("3.542291300477")) < Decimal("1e-8")
    assert str(guarantee) == "epsilon 3.55 at delta 1e-06 under the cap rho 0.25"


def test_the_guarantee_keeps_a_part_of_delta_for_the_sampler() -> None:
    assert guarantee_of(QUARTER).epsilon > epsilon_of(Fraction(1, 4), MILLIONTH)
    # rho 2: epsilon 11.7 leaves (1 + e^11.7) 2^-60 = 1e-13 of a delta of 1e-6
    spared = guarantee_of(NanoRho(2 * 10**9)).epsilon - epsilon_of(Fraction(2), MILLIONTH - Fraction(1, 10**13))
    assert 0 < spared < Decimal("1e-6")


@pytest.mark.parametrize("delta", [Fraction(0), Fraction(-1, 10), Fraction(1), Fraction(2), Fraction(1, 10**13)])
def test_a_delta_outside_its_range_is_refused(delta: Fraction) -> None:
    with pytest.raises(DeltaOutOfRange):
        epsilon_of(Fraction(1, 4), delta)
    with pytest.raises(DeltaOutOfRange):
        guarantee_of(QUARTER, delta)


def test_a_cap_whose_epsilon_the_sampler_could_spoil_is_refused() -> None:
    # rho 10 is epsilon 32: e^32 * 2^-60 is above a millionth.
    with pytest.raises(DeltaOutOfRange, match="beside the distance of the sampler"):
        guarantee_of(NanoRho(10 * 10**9))


def test_no_cost_is_no_epsilon() -> None:
    assert epsilon_of(Fraction(0), MILLIONTH) == 0


def year_plan() -> DeclaredPlan:
    tables = (PlannedTable("wijk", Fraction(400), amount=2), PlannedTable("kind", Fraction(700), cells=3))
    return DeclaredPlan(tuple(PlannedRound(f"2026-{quarter}", tables) for quarter in range(1, 5)))


def direct_epsilon(delta: float) -> float:
    """Call dp-accounting for the same year: four times one count by 2 and three counts by 1."""
    wijk = pld.from_discrete_gaussian_mechanism(20.0, 2, use_connect_dots=True).self_compose(4)
    kind = pld.from_discrete_gaussian_mechanism(sqrt(700), 1, use_connect_dots=True).self_compose(12)
    return float(wijk.compose(kind).get_epsilon_for_delta(delta))


@pytest.mark.parametrize(("delta", "most"), [(1e-9, 2e-8), (1e-6, 1e-9), (0.001, 1e-9)])
def test_the_loss_distribution_of_a_plan_equals_dp_accounting_called_directly(delta: float, most: float) -> None:
    # The difference is what we keep of delta for the sampler; beside a delta of 1e-9 it just shows.
    ours = guarantee_of_plan(year_plan(), cap=QUARTER, ran=(), delta=Fraction(delta))
    assert 0 <= float(ours.epsilon) - direct_epsilon(delta) < most
    assert ours.basis is Basis.PLAN


def test_a_declared_plan_is_sharper_than_its_cap_and_than_its_own_rho() -> None:
    plan = year_plan()
    spent = worst_year(plan)
    sharp = guarantee_of_plan(plan, cap=QUARTER, ran=("2026-1", "2026-3"))
    assert sharp.epsilon < guarantee_of(spent).epsilon < guarantee_of(QUARTER).epsilon
    assert str(sharp).endswith("under the cap rho 0.25, for the declared plan only")


def test_the_loss_distribution_of_a_plan_is_refused_when_another_round_ran() -> None:
    with pytest.raises(BeyondThePlan, match="ran outside the declared plan"):
        guarantee_of_plan(year_plan(), cap=QUARTER, ran=("2026-1", "2026-extra"))


def test_the_loss_distribution_of_a_plan_is_refused_when_its_worst_case_passes_the_cap_by_one_nano() -> None:
    plan = year_plan()
    exact = worst_year(plan)
    assert guarantee_of_plan(plan, cap=exact, ran=()).cap == exact
    with pytest.raises(BeyondThePlan, match="passes the cap"):
        guarantee_of_plan(plan, cap=NanoRho(exact - 1), ran=())


def test_numbers_for_show_are_rounded_up() -> None:
    assert up(Decimal("3.5401"), places=2) == Decimal("3.55")
    assert up(Decimal("3.54"), places=2) == Decimal("3.54")


def test_a_guarantee_is_never_an_epsilon_alone() -> None:
    """A04, second half: the only text of an epsilon names its cap and delta."""
    text = str(Guarantee(cap_of(Fraction(1, 10)), Decimal("2.1"), MILLIONTH, Basis.CAP))
    assert text == "epsilon 2.10 at delta 1e-06 under the cap rho 0.1"
