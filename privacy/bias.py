"""Computes: which share of events a plan's bounds and cap leave out of the figures, on a public model of households.

A record that is bounded out, and a household that is left out because its cap is full, are missing without a trace: no
figure may depend on how many there were. So the planner says beforehand what the public model expects.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import lcm

from privacy.accountant import PlannedRound, charge_of_events
from privacy.errors import PrivacyRefusal
from protocol.cost import NanoRho

MOST_LEFT_OUT = Fraction(1, 100)  # of the events of any quarter, DESIGN 4
MONTHS_A_QUARTER = 3
PERIODS = (1, 2, 4, 12)  # a year as one, as halves, quarters or months
MAX_EVENTS = 200  # of one household in one period; police registers know a few dozen


class NotADistribution(PrivacyRefusal):
    """A public model whose weights are negative, do not add up to 1, or have more events than the bound."""


class PeriodsDiffer(PrivacyRefusal):
    """A model and a plan with different periods, or a year cut in a way we do not know."""


class TooMuchLeftOut(PrivacyRefusal):
    """A plan whose bounds or cap leave more than 1 % of the events out of some quarter."""


@dataclass(frozen=True, slots=True)
class HouseholdGroup:
    """Households alike. share: of all households. events[period][k]: the probability of k events in that period.

    Within a group periods are independent; households that come back are a group of their own, with more events.
    """

    share: Decimal
    events: tuple[tuple[Decimal, ...], ...]


@dataclass(frozen=True, slots=True)
class EventModel:
    """A public model of how many events a household has in each period of a covenant year.

    Raises: NotADistribution, PeriodsDiffer.
    """

    groups: tuple[HouseholdGroup, ...]

    def __post_init__(self) -> None:
        _check_weights(tuple(group.share for group in self.groups))
        for group in self.groups:
            for weights in group.events:
                _check_weights(weights)
        if {len(group.events) for group in self.groups} - {self.periods} or self.periods not in PERIODS:
            raise _periods_differ("a model whose groups have other periods")

    @property
    def periods(self) -> int:
        """The number of periods in its year."""
        return len(self.groups[0].events)


@dataclass(frozen=True, slots=True)
class PeriodPlan:
    """What one period does with a household. counted: events at most; charges[k]: nano-rho for k counted events."""

    counted: int
    charges: tuple[NanoRho, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The shares of a quarter's expected events that the bounds, and then the cap, leave out; exact."""

    by_bounds: Fraction
    by_cap: Fraction


def period_plan(planned: PlannedRound) -> PeriodPlan:
    """Return what a planned round does with a household whose events all fall in one cell.

    That is the dearest and most bounded case, so the preview errs on the side of too much bias.
    """
    counted = min((MAX_EVENTS, *(table.amount // table.event_amount for table in planned.tables)))
    return PeriodPlan(counted, tuple(charge_of_events(planned, events) for events in range(counted + 1)))


def preview(model: EventModel, periods: tuple[PeriodPlan, ...], *, cap: NanoRho) -> tuple[LeftOut, ...]:
    """Return what is left out of each quarter, or of each period where that is longer.

    The filter is followed exactly: a household whose charge would pass the cap is out of that round with all its events
    and pays nothing; it may be in again later with fewer.
    Raises: PeriodsDiffer.
    """
    if model.periods != len(periods):
        raise _periods_differ(f"a model with {model.periods} and a plan with {len(periods)} periods")
    flows = [_follow(group, periods, cap) for group in model.groups]
    length = MONTHS_A_QUARTER if len(periods) == max(PERIODS) else 1
    return tuple(
        _left_out([period for flow in flows for period in flow[first : first + length]])
        for first in range(0, len(periods), length)
    )


def check_bias(quarters: tuple[LeftOut, ...]) -> None:
    """Refuse a plan that leaves more than 1 % of the events out of any quarter.

    Raises: TooMuchLeftOut.
    """
    for number, quarter in enumerate(quarters, start=1):
        if quarter.by_bounds + quarter.by_cap > MOST_LEFT_OUT:
            raise TooMuchLeftOut(
                got=f"{float(100 * (quarter.by_bounds + quarter.by_cap)):.2f} % of the public model's events left out"
                f" of quarter {number} ({float(100 * quarter.by_bounds):.2f} % by bounds)",
                wanted=f"at most {float(100 * MOST_LEFT_OUT):g} %",
                act="the author of the study must choose wider bounds, larger variances or fewer tables",
            )


@dataclass(frozen=True, slots=True)
class _Expected:
    """What one group adds to one period, per household of the model: events, those bounded out, those capped out."""

    events: Fraction
    bounded: Fraction
    capped: Fraction


def _follow(group: HouseholdGroup, periods: tuple[PeriodPlan, ...], cap: NanoRho) -> list[_Expected]:
    """Follow one group through the year, with the weight of every sum that its households may have spent.

    Weights are whole numbers over a common unit, so that a year of products needs no fraction until the end.
    """
    weight_of_spent: dict[int, int] = {0: 1}
    share = Fraction(group.share)
    flow = []
    for period, weights in zip(periods, map(_whole, group.events), strict=True):
        after: defaultdict[int, int] = defaultdict(int)
        events_sum = bounded_sum = capped_sum = 0
        for spent, weight in weight_of_spent.items():
            for events, chance in enumerate(weights):
                mass = weight * chance
                counted = min(events, period.counted)
                charge = period.charges[counted]
                events_sum += mass * events
                bounded_sum += mass * (events - counted)
                if spent + charge > cap:
                    capped_sum += mass * counted
                    charge = NanoRho(0)
                after[spent + charge] += mass
        weight_of_spent = after
        share /= sum(weights)
        flow.append(_Expected(share * events_sum, share * bounded_sum, share * capped_sum))
    return flow


def _left_out(parts: list[_Expected]) -> LeftOut:
    events = sum((part.events for part in parts), Fraction()) or Fraction(1)  # a quarter without events misses none
    return LeftOut(
        sum((part.bounded for part in parts), Fraction()) / events,
        sum((part.capped for part in parts), Fraction()) / events,
    )


def _whole(weights: tuple[Decimal, ...]) -> tuple[int, ...]:
    fractions = [Fraction(weight) for weight in weights]
    unit = lcm(*(fraction.denominator for fraction in fractions))
    return tuple(int(fraction * unit) for fraction in fractions)


def _check_weights(weights: tuple[Decimal, ...]) -> None:
    exact = all(weight.is_finite() and weight >= 0 for weight in weights)
    if not exact or sum(map(Fraction, weights)) != 1 or len(weights) > MAX_EVENTS + 1:
        raise NotADistribution(
            got="weights that are no distribution",
            wanted=f"decimals of at least 0 that add up to 1, for at most {MAX_EVENTS} events",
            act="the author of the model must mend it",
        )


def _periods_differ(got: str) -> PeriodsDiffer:
    return PeriodsDiffer(
        got=got,
        wanted=f"the same number of periods everywhere, one of {', '.join(map(str, PERIODS))} a year",
        act="the author of the study must choose a model with the plan's periods",
    )
