"""Computes: how much noise each contributor draws, and what a sum of such shares costs beyond one discrete Gaussian.

Variances are exact rationals. A joint table with variance sigma^2 gets sigma^2 / (n - t) from each of its n
contributors, so that the noise of any n - t of them, who do not show it to the others, adds up to sigma^2. The owner of
an own table draws sigma^2. Every variance drawn is at least 4; a plan below is refused, never silently changed.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from math import isqrt

from privacy.errors import PrivacyRefusal
from protocol.study.plan import APPROXIMATION_COST, LEAST_SHARE_VARIANCE
from protocol.study.plan import joint_share as planned_share
from protocol.study.plan import joint_top_up as planned_top_up

MIN_VARIANCE = LEAST_SHARE_VARIANCE  # at 4 a sum of shares costs less than one nano-rho more, see `excess`
MAX_VARIANCE = Fraction(2**40)  # sigma about a million; a count that needs more noise tells nothing
MAX_CONTRIBUTORS = 256  # the round is measured with 255 neighbours
MAX_CELLS = 2**24  # a contribution of 64 MiB at 4 bytes a cell, the default size limit of a study
SHARE_COST = APPROXIMATION_COST  # added to every charge; tests/privacy/test_shares.py proves that it suffices

_PI_BELOW = Decimal("3.141592653589793238462643383279")  # cut off, so below pi
_DIGITS = 40
_ROOT_BITS = 128


class VarianceNotExact(PrivacyRefusal):
    """A variance that is not an exact rational: a float has neighbours that print alike."""


class VarianceOutOfRange(PrivacyRefusal):
    """A noise variance below 4, where a sum of shares is no longer one discrete Gaussian, or above 2^40."""


class TooFewContributors(PrivacyRefusal):
    """Fewer contributors than t + 1: whoever colludes would know all the noise."""


class ContributorsOutOfRange(PrivacyRefusal):
    """A number of contributors, survivors or colluding parties outside its range."""


def check_variance(variance: object) -> Fraction:
    """Return a variance that may be drawn.

    Raises: VarianceNotExact, VarianceOutOfRange.
    """
    if not isinstance(variance, Fraction):
        raise VarianceNotExact(
            got=f"a variance of type {type(variance).__name__}",
            wanted="an exact rational",
            act="the author of the study must write it as two integers",
        )
    if not MIN_VARIANCE <= variance <= MAX_VARIANCE:
        raise VarianceOutOfRange(
            got=f"a noise variance of about {float(variance):.6g}",
            wanted=f"{MIN_VARIANCE} to {MAX_VARIANCE} for every single draw",
            act="the author of the study must choose another variance or fewer contributors",
            hint="a joint table's variance is divided by its contributors less t",
        )
    return variance


def own_share(table_variance: Fraction) -> Fraction:
    """Return what the owner of an own table draws: the whole variance.

    Raises: VarianceNotExact, VarianceOutOfRange.
    """
    return check_variance(table_variance)


def joint_share(table_variance: Fraction, *, contributors: int, colluding: int) -> Fraction:
    """Return what each contributor to a joint table draws: sigma^2 / (n - t).

    contributors: n, the participants that add noise to this table, not all participants of the round.
    colluding: t, how many of them may pool what they know.
    Raises: VarianceNotExact, VarianceOutOfRange, TooFewContributors, ContributorsOutOfRange.
    """
    check_variance(table_variance)
    _check_honest(contributors, colluding)
    return check_variance(planned_share(table_variance, contributors=contributors, colluders=colluding))


def joint_total(table_variance: Fraction, *, contributors: int, colluding: int) -> Fraction:
    """Return the variance that the published sum of a joint table has: all n shares, n sigma^2 / (n - t).

    Raises: as `joint_share`.
    """
    return contributors * joint_share(table_variance, contributors=contributors, colluding=colluding)


def top_up(table_variance: Fraction, *, contributors: int, survivors: int, colluding: int) -> Fraction:
    """Return the fresh variance that each survivor of a joint table adds in a repair.

    It is max(4, sigma^2 / (n' - t) - sigma^2 / (n - t)) with n contributors before and n' after.
    Raises: as `joint_share`; ContributorsOutOfRange also when nobody dropped out.
    Source: DESIGN 6, REPAIR.
    """
    joint_share(table_variance, contributors=contributors, colluding=colluding)
    _check_honest(survivors, colluding)
    if survivors >= contributors:
        raise _out_of_range(f"a repair with {survivors} of {contributors} contributors", "fewer survivors")
    counts = {"contributors": contributors, "survivors": survivors, "colluders": colluding}
    return check_variance(planned_top_up(table_variance, **counts))


def repaired_total(table_variance: Fraction, *, contributors: int, survivors: int, colluding: int) -> Fraction:
    """Return the variance that the published sum of a repaired joint table has: first shares and top-ups of survivors.

    Raises: as `top_up`.
    """
    added = top_up(table_variance, contributors=contributors, survivors=survivors, colluding=colluding)
    return survivors * (joint_share(table_variance, contributors=contributors, colluding=colluding) + added)


@lru_cache(maxsize=256)  # a study has a few dozen variances and sizes
def tau(least_variance: Fraction, shares: int) -> Fraction:
    """Return an upper bound of tau, which says how far a sum of shares is from one discrete Gaussian.

    tau = 10 * sum over k = 1 .. shares - 1 of exp(-2 pi^2 s^2 k / (k + 1)), with s^2 the smallest variance of a share.
    For unequal shares the bound holds too: each step of the proof joins a sum of variance V >= k s^2 to a share of
    variance v >= s^2, and its term 5 exp(-2 pi^2 / (1/V + 1/v)) only falls when V or v grows.
    Raises: VarianceOutOfRange below 1/4, where the theorem does not hold; ContributorsOutOfRange.
    Source: Kairouz, Liu, Steinke 2021, arXiv:2102.06387: tau of theorem 1. The term of two shares is Poisson summation,
    as in `noise.py`; the note in `proof_notes.toml` has it.
    """
    if least_variance < Fraction(1, 4):
        raise VarianceOutOfRange(
            got="shares of variance below 1/4", wanted="at least 1/4", act="the author of the study must add noise"
        )
    if not 1 <= shares <= 2 * MAX_CONTRIBUTORS:
        raise _out_of_range(f"{shares} shares", f"1 to {2 * MAX_CONTRIBUTORS}, a repair included")
    total = Decimal(0)
    with localcontext(prec=_DIGITS) as context:
        for k in range(1, shares):
            # All factors are positive: rounding down here and up below keeps the whole above the true value.
            context.rounding = ROUND_FLOOR
            exponent = 2 * _PI_BELOW * _PI_BELOW * least_variance.numerator * k / (least_variance.denominator * (k + 1))
            context.rounding = ROUND_CEILING
            total += (-exponent).exp().next_plus()  # `exp` itself rounds half even
        return Fraction(10 * total)


def excess(rho: Fraction, *, cells: int, tau_bound: Fraction) -> Fraction:
    """Return an upper bound of the zCDP that a sum of shares adds to the rho of one discrete Gaussian.

    The sum satisfies (1/2) (a + tau sqrt(d))^2 with a = sqrt(2 rho) and d the cells that one unit changes. So it adds
    a tau sqrt(d) + tau^2 d / 2. (The bound tau d of the same proposition would pass one nano-rho at 14 million cells.)
    Source: Kairouz, Liu, Steinke 2021, arXiv:2102.06387, proposition 14, third bound.
    """
    return _root_above(2 * rho * cells) * tau_bound + tau_bound * tau_bound * cells / 2


def _check_honest(contributors: int, colluding: int) -> None:
    if colluding < 0:
        raise _out_of_range(f"{colluding} colluding parties", "at least 0")
    if contributors > MAX_CONTRIBUTORS:
        raise _out_of_range(f"{contributors} contributors", f"at most {MAX_CONTRIBUTORS}")
    if contributors - colluding < 1:
        raise TooFewContributors(
            got=f"{contributors} contributors of whom {colluding} may collude",
            wanted=f"at least {colluding + 1}",
            act="the round must wait for more contributors, or leave this table out",
        )


def _root_above(square: Fraction) -> Fraction:
    """Return an upper bound of a square root, above by less than 2^-128."""
    return Fraction(isqrt(square.numerator * 4**_ROOT_BITS // square.denominator) + 1, 2**_ROOT_BITS)


def _out_of_range(got: str, wanted: str) -> ContributorsOutOfRange:
    return ContributorsOutOfRange(got=got, wanted=wanted, act="the author of the plan must mend the number of parties")
