"""Shares of noise: their variances, what is refused, and that a sum of them costs less than one nano-rho more."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from privacy.shares import (
    MAX_CELLS,
    MAX_CONTRIBUTORS,
    MIN_VARIANCE,
    SHARE_COST,
    ContributorsOutOfRange,
    TooFewContributors,
    VarianceNotExact,
    VarianceOutOfRange,
    check_variance,
    excess,
    joint_share,
    joint_total,
    own_share,
    repaired_total,
    tau,
    top_up,
)
from protocol.study.plan import repair_plan, round_plan
from protocol.words.ids import PartyId
from tests import example
from tests.reference.gaussian_table import pmf

NANO_RHO = Fraction(1, 10**9)


def log_ratio(first: Fraction, second: Fraction) -> Decimal:
    """Return how far the sum of two discrete Gaussians is from the one with the sum of variances, by convolution."""
    reach, digits = 90, 60
    with localcontext(prec=digits):
        one, two = pmf(first, reach, digits), pmf(second, reach, digits)
        whole = pmf(first + second, 2 * reach, digits)
        middle = 2 * reach
        sums = {z: sum(one[k] * two[z + middle - k] for k in range(z, 2 * reach + 1)) for z in range(12)}
        return max(abs((probability / whole[z + middle]).ln()) for z, probability in sums.items())


@pytest.mark.parametrize(
    ("contributors", "colluding", "share", "published"),
    [
        (4, 1, Fraction(100), Fraction(400)),
        (4, 0, Fraction(75), Fraction(300)),
        (3, 2, Fraction(300), Fraction(900)),
        (76, 1, Fraction(4), Fraction(304)),
    ],
)
def test_a_joint_table_of_variance_300_gets_300_over_n_less_t_from_each(
    contributors: int, colluding: int, share: Fraction, published: Fraction
) -> None:
    assert joint_share(Fraction(300), contributors=contributors, colluding=colluding) == share
    assert joint_total(Fraction(300), contributors=contributors, colluding=colluding) == published


def test_the_owner_of_an_own_table_draws_all_of_it() -> None:
    assert own_share(Fraction(17, 2)) == Fraction(17, 2)


@pytest.mark.parametrize(
    ("contributors", "survivors", "added", "published"),
    [
        (7, 6, Fraction(10), 6 * Fraction(60)),  # 300/5 - 300/6
        (7, 3, Fraction(100), 3 * Fraction(150)),  # 300/2 - 300/6
        (31, 30, Fraction(4), 30 * Fraction(14)),  # 300/29 - 300/30 is 0.34, so the least variance
    ],
)
def test_survivors_of_a_repair_add_what_the_formula_says(
    contributors: int, survivors: int, added: Fraction, published: Fraction
) -> None:
    roles = {"contributors": contributors, "survivors": survivors, "colluding": 1}
    assert top_up(Fraction(300), **roles) == added
    assert repaired_total(Fraction(300), **roles) == published


@given(st.fractions(min_value=1000, max_value=10**6), st.integers(2, MAX_CONTRIBUTORS), st.integers(0, 3), st.data())
def test_noise_of_the_honest_never_falls_below_the_table_variance(
    variance: Fraction, contributors: int, colluding: int, data: st.DataObject
) -> None:
    survivors = data.draw(st.integers(1, contributors - 1))
    assume(survivors > colluding and variance >= 4 * (contributors - colluding))
    share = joint_share(variance, contributors=contributors, colluding=colluding)
    added = top_up(variance, contributors=contributors, survivors=survivors, colluding=colluding)
    assert share >= MIN_VARIANCE
    assert added >= MIN_VARIANCE
    assert (contributors - colluding) * share >= variance
    assert (survivors - colluding) * (share + added) >= variance


@pytest.mark.parametrize("variance", [Fraction(0), Fraction(-4), Fraction(399, 100), Fraction(2**40 + 1)])
def test_a_variance_outside_its_range_is_refused(variance: Fraction) -> None:
    with pytest.raises(VarianceOutOfRange):
        check_variance(variance)


@pytest.mark.parametrize("variance", [4.0, 100, float("nan"), float("inf"), Decimal(4), "4", None, True])
def test_a_variance_that_is_not_an_exact_rational_is_refused(variance: object) -> None:
    with pytest.raises(VarianceNotExact):
        check_variance(variance)


def test_a_plan_whose_shares_fall_below_four_is_refused_and_not_changed() -> None:
    assert joint_share(Fraction(300), contributors=76, colluding=1) == 4
    with pytest.raises(VarianceOutOfRange, match=r"variance of about 3\.94737"):
        joint_share(Fraction(300), contributors=77, colluding=1)


@pytest.mark.parametrize(("contributors", "colluding"), [(1, 1), (2, 2), (2, 5), (0, 0)])
def test_fewer_contributors_than_one_more_than_may_collude_are_refused(contributors: int, colluding: int) -> None:
    with pytest.raises(TooFewContributors):
        joint_share(Fraction(300), contributors=contributors, colluding=colluding)


def test_a_repair_that_leaves_nobody_honest_is_refused() -> None:
    with pytest.raises(TooFewContributors):
        top_up(Fraction(300), contributors=7, survivors=1, colluding=1)


@pytest.mark.parametrize("survivors", [7, 8])
def test_a_repair_in_which_nobody_dropped_out_is_refused(survivors: int) -> None:
    with pytest.raises(ContributorsOutOfRange):
        top_up(Fraction(300), contributors=7, survivors=survivors, colluding=1)


@pytest.mark.parametrize(("contributors", "colluding"), [(MAX_CONTRIBUTORS + 1, 1), (5, -1)])
def test_a_number_of_parties_outside_its_range_is_refused(contributors: int, colluding: int) -> None:
    with pytest.raises(ContributorsOutOfRange):
        joint_share(Fraction(10**6), contributors=contributors, colluding=colluding)


def test_the_largest_number_of_contributors_is_allowed() -> None:
    assert joint_share(Fraction(1024), contributors=MAX_CONTRIBUTORS, colluding=0) == 4


@pytest.mark.parametrize("shares", [0, 2 * MAX_CONTRIBUTORS + 1])
def test_tau_of_no_shares_or_too_many_is_refused(shares: int) -> None:
    with pytest.raises(ContributorsOutOfRange):
        tau(Fraction(4), shares)


def test_tau_below_variance_a_quarter_is_refused_since_the_theorem_ends_there() -> None:
    with pytest.raises(VarianceOutOfRange):
        tau(Fraction(24, 100), 2)


def test_tau_is_the_published_formula_rounded_up() -> None:
    # 10 exp(-4 pi^2) and 10 (exp(-pi^2) + exp(-4 pi^2 / 3)), from a pocket calculator of 30 digits.
    with localcontext(prec=30):
        pi = Decimal("3.14159265358979323846264338328")
        two = Fraction(10 * (-4 * pi * pi).exp())
        three = Fraction(10 * ((-pi * pi).exp() + (-4 * pi * pi / 3).exp()))
    assert 0 <= tau(Fraction(4), 2) / two - 1 < Fraction(1, 10**25)
    assert 0 <= tau(Fraction(1), 3) / three - 1 < Fraction(1, 10**25)
    assert tau(Fraction(4), 1) == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Fraction(4), Fraction(4)),
        (Fraction(4), Fraction(8)),
        (Fraction(12), Fraction(9, 2)),
        (Fraction(1), Fraction(1)),
    ],
)
def test_two_shares_are_as_close_to_one_discrete_gaussian_as_the_paper_says(first: Fraction, second: Fraction) -> None:
    """Kairouz, Liu, Steinke 2021: at most 5 exp(-2 pi^2 / (1/v + 1/w)), here with unequal v and w too."""
    with localcontext(prec=60):
        harmonic = 1 / (1 / first + 1 / second)
        pi = Decimal("3.14159265358979323846264338328")
        bound = 5 * (-2 * pi * pi * harmonic.numerator / harmonic.denominator).exp()
    distance = log_ratio(first, second)
    assert bound / 5 < distance <= bound  # and not by a wide margin: the convolution sees the effect


def test_unequal_shares_stay_below_tau_of_the_smallest() -> None:
    """The lemma behind a repair: shares of variance 4 and more, joined one by one, stay within tau / 2."""
    joined, distance = Fraction(4), Decimal(0)
    for share in (Fraction(4), Fraction(21, 2), Fraction(4), Fraction(7)):
        distance += log_ratio(joined, share)
        joined += share
    assert Fraction(distance) <= tau(Fraction(4), 5) / 2


def test_at_variance_four_the_largest_round_costs_less_than_the_nano_rho_that_is_charged() -> None:
    """DESIGN 4: 256 contributors and a repair, 16 million cells, and a unit that spends a cap of 1 rho at once."""
    worst_tau = tau(MIN_VARIANCE, 2 * MAX_CONTRIBUTORS)
    worst = excess(Fraction(1), cells=MAX_CELLS, tau_bound=worst_tau)
    assert worst < Fraction(1, 2000) * NANO_RHO * SHARE_COST
    # The bound tau * cells of the same proposition would not do: this is why the third one is used.
    assert worst_tau * MAX_CELLS > NANO_RHO


def test_at_variance_one_the_nano_rho_would_not_suffice() -> None:
    """The negative control: the limit of 4 is needed, not an ornament."""
    assert excess(Fraction(1, 4), cells=1, tau_bound=tau(Fraction(1), 2)) > 1000 * NANO_RHO


def test_excess_is_the_third_bound_of_proposition_14() -> None:
    # (1/2) (sqrt(2 * 1/2) + 0.01 * sqrt(9))^2 - 1/2 = (1.03^2 - 1) / 2
    exact = (Fraction(103, 100) ** 2 - 1) / 2
    assert 0 <= excess(Fraction(1, 2), cells=9, tau_bound=Fraction(1, 100)) - exact < Fraction(1, 2**100)


@pytest.mark.parametrize(("contributors", "survivors"), [(4, 3), (7, 5), (40, 39)])
def test_what_a_round_and_its_repair_plan_is_what_is_said_here(contributors: int, survivors: int) -> None:
    """A node draws by `protocol/study/plan.py`, which knows no limits of a draw; these functions have them."""
    names = tuple(PartyId(f"school-{number:02d}") for number in range(contributors))
    table = example.study().tables[2].model_copy(update={"contributors": names})
    study, covenant = example.study().model_copy(update={"tables": (table,)}), example.covenant()
    (plan,) = round_plan(study, covenant, example.QUARTER, names)
    (repair,) = repair_plan((plan,), covenant, names[survivors:])
    variance, roles = table.variance.fraction, {"contributors": contributors, "colluding": covenant.colluders}
    assert plan.share_variance == joint_share(variance, **roles)
    assert plan.variance == joint_total(variance, **roles)
    assert repair.top_up == top_up(variance, survivors=survivors, **roles)
    assert repair.variance == repaired_total(variance, survivors=survivors, **roles)
    own = study.model_copy(update={"tables": (table.model_copy(update={"contributors": names[:1]}),)})
    assert round_plan(own, covenant, example.QUARTER, names)[0].variance == own_share(variance)
