"""Computes: the (epsilon, delta) that is shown beside a cap. It never decides: what gates is nano-rho, exact.

Nothing that filters, charges or locks may import this file (`tests/privacy/test_gate.py`): a curve or an epsilon that
stops an adaptive analyst is not a valid filter.
"""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, localcontext
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from math import nextafter, sqrt

from privacy.accountant import DeclaredPlan, worst_year
from privacy.errors import PrivacyRefusal
from privacy.shares import MAX_CONTRIBUTORS, MIN_VARIANCE, tau
from protocol.cost import NANO, NanoRho

DEFAULT_DELTA = Fraction(1, 10**6)
MIN_DELTA = Fraction(1, 10**12)  # the library cuts tails of 1e-15 off a privacy loss distribution
SAMPLER_DISTANCE = Fraction(1, 2**100)  # of one draw from the exact discrete Gaussian, see `noise.py`
MAX_DRAWS = 2**40  # a year of noise: 2^24 cells, 256 shares, a repair and 128 rounds
SHARES_PART = Fraction(1, 10**9)  # of delta: a sum of shares multiplies it by exp(tau * cells / 2) at most

_DIGITS = 50
_PLACES = Decimal(1).scaleb(-12)  # epsilon is rounded up here; its own error is below 1e-30
_STEPS = 120  # golden-section steps: 40 * 0.618^120 < 1e-23
_LOG_ORDERS = (-20, 60)  # ln(alpha - 1) is searched here: rho of 1e16 down to 1e-40
_GOLDEN = Decimal("0.6180339887498949")


class DeltaOutOfRange(PrivacyRefusal):
    """A delta below 1e-12 or not below 1, or too small beside the distance of the sampler at this cap."""


class BeyondThePlan(PrivacyRefusal):
    """A plan that may pass the cap, or rounds that ran outside it: only the cap itself may be converted then."""


class Basis(StrEnum):
    """What an epsilon was derived from."""

    CAP = "cap"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Guarantee:
    """One epsilon with all that it means nothing without. cap in nano-rho; epsilon rounded up; delta in full."""

    cap: NanoRho
    epsilon: Decimal
    delta: Fraction
    basis: Basis

    def __str__(self) -> str:
        """One line that never shows epsilon alone."""
        subject = "" if self.basis is Basis.CAP else ", for the declared plan only"
        shown = up(self.epsilon, places=2)
        return f"epsilon {shown} at delta {float(self.delta):.0e} under the cap rho {self.cap / NANO:.9g}{subject}"


def epsilon_of(rho: Fraction, delta: Fraction) -> Decimal:
    """Return the smallest epsilon such that rho-zCDP gives (epsilon, delta), rounded up at the twelfth place.

    It is the infimum over alpha > 1 of alpha rho + ln(1 - 1/alpha) + (ln(1/delta) - ln alpha) / (alpha - 1). Any alpha
    gives a valid epsilon, so a search that stops early is only ever too high.
    Raises: DeltaOutOfRange.
    Source: Canonne, Kamath, Steinke 2020, arXiv:2004.00010v4, proposition 12; Asoodeh et al. 2020, arXiv:2001.05990v1,
    equation 20.
    """
    _check_delta(delta)
    if rho == 0:
        return Decimal(0)
    with localcontext(prec=_DIGITS):
        exact_rho = Decimal(rho.numerator) / rho.denominator
        log_delta = (Decimal(delta.numerator) / delta.denominator).ln()

        def epsilon_at(log_order: Decimal) -> Decimal:
            beyond = log_order.exp()  # alpha - 1
            alpha = 1 + beyond
            # ln(1 - 1/alpha) = ln(alpha - 1) - ln(alpha)
            return alpha * exact_rho + log_order - alpha.ln() - (log_delta + alpha.ln()) / beyond

        low, high = map(Decimal, _LOG_ORDERS)
        for _ in range(_STEPS):
            step = _GOLDEN * (high - low)
            if epsilon_at(high - step) < epsilon_at(low + step):
                high = low + step
            else:
                low = high - step
        return max(Decimal(0), epsilon_at(low).quantize(_PLACES, ROUND_CEILING))


@lru_cache(maxsize=256)  # 80 ms; a page shows the same few caps again and again
def guarantee_of(cap: NanoRho, delta: Fraction = DEFAULT_DELTA) -> Guarantee:
    """Return what a cap means: (epsilon, delta) for whatever studies are run under it, adaptively chosen.

    Raises: DeltaOutOfRange.
    """
    rho = Fraction(cap, NANO)
    return Guarantee(cap, _beside_sampler(lambda rest: epsilon_of(rho, rest), delta), delta, Basis.CAP)


def guarantee_of_plan(
    plan: DeclaredPlan, *, cap: NanoRho, ran: Collection[str], delta: Fraction = DEFAULT_DELTA
) -> Guarantee:
    """Return the sharper epsilon of a plan that was declared beforehand, from its privacy loss distribution.

    ran: the slots that this partner's log shows for the covenant year. The neighbours differ in one unit's records at
    this partner. The unit touches as many cells, by as much, as the plan allows; doing less loses less.
    Not promised: anything for a plan made after the first figures were seen; that is why everything else is refused.
    Raises: BeyondThePlan, if the plan's worst case passes the cap or another slot ran; DeltaOutOfRange.
    Source: Koskela, Jalko, Honkela 2020, arXiv:1906.03049; Doroshenko et al. 2022, arXiv:2207.04380; `dp-accounting`.
    """
    if worst_year(plan) > cap:
        raise _beyond("a plan whose worst case passes the cap")
    if set(ran) - {planned.slot for planned in plan.rounds}:
        raise _beyond("rounds that ran outside the declared plan")
    return Guarantee(cap, _beside_sampler(_plan_epsilon(plan), delta), delta, Basis.PLAN)


def up(value: Decimal, *, places: int) -> Decimal:
    """Return a number for show, rounded up: what is shown is never better than what holds."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_CEILING)


def _plan_epsilon(plan: DeclaredPlan) -> Callable[[Fraction], Decimal]:
    # 0.7 s and 60 MB to load, for a figure that most runs never ask for.
    from dp_accounting.pld import privacy_loss_distribution as pld  # noqa: PLC0415  loaded only where it is asked for

    cells: Counter[tuple[int, Fraction]] = Counter()
    for planned in plan.rounds:
        for table in planned.tables:
            cells[table.amount, table.variance] += table.cells
    whole = pld.identity()
    for (amount, variance), times in sorted(cells.items()):
        sigma = nextafter(sqrt(variance), 0)  # a float below the true sigma
        one = pld.from_discrete_gaussian_mechanism(sigma, amount, use_connect_dots=True)
        whole = whole.compose(one.self_compose(times))
    # A sum of shares has a privacy loss that differs from one discrete Gaussian's by at most tau a cell.
    shares = tau(MIN_VARIANCE, 2 * MAX_CONTRIBUTORS) * cells.total()

    def epsilon_at(delta: Fraction) -> Decimal:
        epsilon = Fraction(float(whole.get_epsilon_for_delta(float(delta)))) + shares
        return (Decimal(epsilon.numerator) / epsilon.denominator).quantize(_PLACES, ROUND_CEILING)

    return epsilon_at


def _beside_sampler(epsilon_at: Callable[[Fraction], Decimal], delta: Fraction) -> Decimal:
    """Return epsilon for what is left of delta beside the sampler.

    Each draw is at most 2^-100 from exact, on both of two neighbours: a year adds (1 + e^epsilon) * draws * 2^-100 to
    delta. (Only draws in cells that the unit changes count, so MAX_DRAWS is generous.)
    Source: the triangle inequality of total variation, applied to both neighbours.
    """
    _check_delta(delta)
    kept = 2 * _sampler_delta(epsilon_at(delta)) + delta * SHARES_PART
    if 2 * kept < delta:
        epsilon = epsilon_at(delta - kept)
        if _sampler_delta(epsilon) + delta * SHARES_PART <= kept:
            return epsilon
    raise DeltaOutOfRange(
        got=f"a delta of about {float(delta):.3g} at epsilon {up(epsilon_at(delta), places=1)}",
        wanted=f"at least {float(2 * kept):.3g}, beside the distance of the sampler",
        act="the reader must ask for a larger delta, or the covenant must set a lower cap",
    )


def _sampler_delta(epsilon: Decimal) -> Fraction:
    return (1 + Fraction(epsilon.exp().next_plus())) * MAX_DRAWS * SAMPLER_DISTANCE


def _check_delta(delta: Fraction) -> None:
    if not MIN_DELTA <= delta < 1:
        raise DeltaOutOfRange(
            got="a delta outside its range", wanted="1e-12 to below 1", act="the caller must choose another delta"
        )


def _beyond(got: str) -> BeyondThePlan:
    return BeyondThePlan(
        got=got,
        wanted="a declared plan within the cap and nothing else",
        act="the reader must use the epsilon of the cap instead",
    )
