"""Computes: what a declared plan can cost one unit at one partner, as exact rational zCDP. Nothing here is a float.

These are the sums that a study is approved on. What a unit really spends is charged by the filter, on its final cells.
"""

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

from privacy.errors import PrivacyRefusal
from privacy.shares import MAX_CELLS, MAX_CONTRIBUTORS, SHARE_COST, check_variance
from protocol.cost import NanoRho, cost_of, times, total

MAX_ROUNDS = 512  # a covenant year of daily rounds, and some
MAX_AMOUNT = 2**31 - 1  # the largest amount that a clamped sum may have


class PlanOutOfRange(PrivacyRefusal):
    """A declared table or plan with a bound outside its range, or a slot named twice."""


@dataclass(frozen=True, slots=True)
class PlannedTable:
    """What one unit can change, at most, in one table of one round.

    name: of the table in its study; an event counts in one round of a name, so each step of a model has its own.
    variance: sigma^2 that protects the table. partners: m, the partners at which one unit may appear in it (1 for an
    own table). cells: the cells that one unit may touch; amount: by how much each.
    event_cells, event_amount: the cells that one event touches at most, and by how much; above 1 for a multi-select
    measure and for a sum.
    Raises: PlanOutOfRange, VarianceNotExact, VarianceOutOfRange.
    """

    name: str
    variance: Fraction
    cells: int = 1
    amount: int = 1
    partners: int = 1
    event_cells: int = 1
    event_amount: int = 1

    def __post_init__(self) -> None:
        check_variance(self.variance)
        _check("cells that a unit touches", self.cells, MAX_CELLS)
        _check("amount in a cell", self.amount, MAX_AMOUNT)
        _check("partners of a table", self.partners, MAX_CONTRIBUTORS)
        _check("cells that an event touches", self.event_cells, self.cells)
        _check("amount of an event", self.event_amount, self.amount)


@dataclass(frozen=True, slots=True)
class PlannedRound:
    """One slot of the covenant year and the tables that it fills."""

    slot: str
    tables: tuple[PlannedTable, ...]


@dataclass(frozen=True, slots=True)
class DeclaredPlan:
    """All rounds that one partner approved for one covenant year.

    Raises: PlanOutOfRange.
    """

    rounds: tuple[PlannedRound, ...]

    def __post_init__(self) -> None:
        _check("rounds in a covenant year", len(self.rounds), MAX_ROUNDS)
        if len({planned.slot for planned in self.rounds}) != len(self.rounds):
            raise PlanOutOfRange(
                got="a plan that names a slot twice",
                wanted="each slot once: it is opened at most once, ever",
                act="the author of the study must mend the schedule",
            )


def rho_of(squared_amounts: int, variance: Fraction, *, partners: int = 1) -> Fraction:
    """Return the exact rho of changing cells that get discrete Gaussian noise: m * sum of amount^2 / (2 sigma^2).

    squared_amounts: the sum over cells of amount^2. Each of the m partners of a joint table charges this: with their
    changes d_1 .. d_m, |d_1 + .. + d_m|^2 <= m (|d_1|^2 + .. + |d_m|^2) by Cauchy-Schwarz.
    Source: Canonne, Kamath, Steinke 2020, arXiv:2004.00010, theorem 4.
    """
    return Fraction(partners * squared_amounts) / (2 * variance)


def worst_charge(planned: PlannedRound) -> NanoRho:
    """Return the most that one unit can be charged in a round: rounded up, and one nano-rho for the sums of shares."""
    rho = sum((rho_of(t.cells * t.amount**2, t.variance, partners=t.partners) for t in planned.tables), Fraction())
    return total((cost_of(rho), SHARE_COST))


def worst_year(plan: DeclaredPlan) -> NanoRho:
    """Return the most that one unit can be charged by the whole plan: zCDP adds up.

    Source: Bun, Steinke 2016, arXiv:1605.02065, lemma 1.7.
    """
    return total(worst_charge(planned) for planned in plan.rounds)


def charge_of_events(planned: PlannedRound, events: int) -> NanoRho:
    """Return the most that a unit with so many events in this round can be charged; 0 for a unit without any."""
    if events == 0:
        return NanoRho(0)
    return total((cost_of(_rho_of_events(Counter(planned.tables), events)), SHARE_COST))


def year_of_events(plan: DeclaredPlan, events: int) -> NanoRho:
    """Return the most that a unit with so many events in the year can be charged, however they fall over the rounds.

    Each event is counted in one round of each table. A round adds at most one nano-rho by rounding up and one for the
    sums of shares.
    """
    if events == 0:
        return NanoRho(0)
    tables = Counter(table for planned in plan.rounds for table in planned.tables)
    per_round = total((NanoRho(1), SHARE_COST))
    return total((cost_of(_rho_of_events(tables, events)), times(per_round, len(plan.rounds))))


def _rho_of_events(tables: Counter[PlannedTable], events: int) -> Fraction:
    """Sum over tables, each as often as it is filled, with the events as bunched as the bounds allow.

    Squares are convex: filling one cell as far as may be, before the next gets anything, costs the most.
    """
    rho = Fraction()
    for table, filled in tables.items():
        spread = events * table.event_cells * table.event_amount
        most = min(table.amount, events * table.event_amount)  # one event touches a cell once
        full, rest = divmod(spread, most)
        bunched = min(full * most**2 + rest**2, filled * table.cells * table.amount**2)
        rho += rho_of(bunched, table.variance, partners=table.partners)
    return rho


def _check(what: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise PlanOutOfRange(
            got=f"{value} {what}", wanted=f"1 to {most}", act="the author of the study must mend the bounds"
        )
