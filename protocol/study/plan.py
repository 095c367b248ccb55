"""Computes: what a round does to each table, from public values only: who contributes, with what noise, at what cost.

Deviation from DESIGN 4, which divides the variance by |S| - t: an observer adds no noise, so with |S| participants of
whom c contribute to a table, c shares of sigma^2 / (|S| - t) would add up to less than sigma^2. The divisor is c - t.
"""

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

from protocol.cost import NanoRho, cost_of
from protocol.covenant.covenant import Covenant
from protocol.study.measure import Table
from protocol.study.study import Study
from protocol.words.ids import PartyId
from protocol.words.period import Period

# A sum of shares of at least this variance passes for one discrete Gaussian (Kairouz, Liu, Steinke 2021).
LEAST_SHARE_VARIANCE = Fraction(4)
APPROXIMATION_COST = NanoRho(1)  # what each round adds to a charge for that approximation


@dataclass(frozen=True, slots=True)
class TablePlan:
    """What one round does to one table.

    contributors: those of the table who take part. delivered: False for an own table without its owner and for a
    joint one with fewer than t + 2 contributors, among whom nobody could hide; then nobody adds anything.
    share_variance: what each contributor adds; 0 when not delivered. variance: of the noise in each released cell.
    """

    table: Table
    contributors: tuple[PartyId, ...]
    delivered: bool
    share_variance: Fraction

    @property
    def variance(self) -> Fraction:
        """The variance of the noise in each released cell, of all shares together."""
        return self.share_variance * len(self.contributors)


@dataclass(frozen=True, slots=True)
class TableRepair:
    """What a repair does to one table.

    delivered: whether it still is. void: it was to be delivered and is not any more, though survivors contributed; each
    survivor blinds its cells with fresh residues, so that their sum says nothing. top_up: the variance that each
    surviving contributor adds. variance: of the noise in each released cell afterwards.
    """

    table: Table
    contributors: tuple[PartyId, ...]
    delivered: bool
    void: bool
    top_up: Fraction
    variance: Fraction


def round_plan(
    study: Study, covenant: Covenant, period: Period, participants: Collection[PartyId]
) -> tuple[TablePlan, ...]:
    """Return the plan of every table of the period's round, in the study's order."""
    return tuple(_table_plan(table, covenant.colluders, participants) for table in study.tables_for(period))


def repair_plan(plans: Collection[TablePlan], covenant: Covenant, gone: Collection[PartyId]) -> tuple[TableRepair, ...]:
    """Return what the repair of a planned round does to each table (DESIGN 6, REPAIR)."""
    return tuple(_table_repair(plan, covenant.colluders, gone) for plan in plans)


def share_variance(table: Table, colluders: int, contributors: int) -> Fraction:
    """Return the variance that each contributor to this table adds."""
    if not table.is_joint:
        return table.variance.fraction
    return joint_share(table.variance.fraction, contributors=contributors, colluders=colluders)


def joint_share(variance: Fraction, *, contributors: int, colluders: int) -> Fraction:
    """Return sigma^2 / (c - t): of c contributors t may know their own share; the other c - t add up to sigma^2."""
    return variance / (contributors - colluders)


def joint_top_up(variance: Fraction, *, contributors: int, survivors: int, colluders: int) -> Fraction:
    """Return max(4, sigma^2 / (c' - t) - sigma^2 / (c - t)): what each of c' survivors adds in a repair (DESIGN 6)."""
    before = joint_share(variance, contributors=contributors, colluders=colluders)
    return max(LEAST_SHARE_VARIANCE, joint_share(variance, contributors=survivors, colluders=colluders) - before)


def multiplicity(table: Table, covenant: Covenant) -> int:
    """Return m, the number of partners of this table at which one unit may appear.

    With amounts a_i at m partners, (sum a_i)^2 <= m sum a_i^2 (Cauchy-Schwarz), so charging m a_i^2 at each partner
    covers the joint loss.
    """
    everyone = len(table.contributors)
    return everyone if covenant.partners_per_unit is None else min(everyone, covenant.partners_per_unit)


def least_cost(table: Table, covenant: Covenant) -> NanoRho:
    """Return the charge of a unit that adds one to one cell of one table: the least that taking part can cost."""
    return NanoRho(cost_of(multiplicity(table, covenant) / (2 * table.variance.fraction)) + APPROXIMATION_COST)


def _table_plan(table: Table, colluders: int, participants: Collection[PartyId]) -> TablePlan:
    present = tuple(party for party in table.contributors if party in participants)
    delivered = len(present) >= (colluders + 2 if table.is_joint else 1)
    variance = share_variance(table, colluders, len(present)) if delivered else Fraction(0)
    return TablePlan(table, present, delivered, variance)


def _table_repair(plan: TablePlan, colluders: int, gone: Collection[PartyId]) -> TableRepair:
    left = tuple(party for party in plan.contributors if party not in gone)
    changed = len(left) < len(plan.contributors)
    delivered = plan.delivered and len(left) >= (colluders + 2 if plan.table.is_joint else 1)
    if not delivered:
        return TableRepair(
            plan.table,
            left,
            delivered=False,
            void=plan.delivered and bool(left),
            top_up=Fraction(0),
            variance=Fraction(0),
        )
    top_up = Fraction(0)
    if changed:  # an own table has one contributor, who is still there
        counts = {"contributors": len(plan.contributors), "survivors": len(left), "colluders": colluders}
        top_up = joint_top_up(plan.table.variance.fraction, **counts)
    variance = len(left) * (plan.share_variance + top_up)
    return TableRepair(plan.table, left, delivered=True, void=False, top_up=top_up, variance=variance)
