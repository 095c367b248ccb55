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
LEAST_SHARE_VARIANCE = 4
APPROXIMATION_COST = NanoRho(1)  # what each round adds to a charge for that approximation


@dataclass(frozen=True, slots=True)
class TablePlan:
    """What one round does to one table.

    contributors: those of the table who take part. delivered: False for an own table without its owner and for a
    joint one with fewer than t + 2 contributors, among whom nobody could hide; then nobody adds anything.
    share_variance: what each contributor adds; 0 when not delivered.
    """

    table: Table
    contributors: tuple[PartyId, ...]
    delivered: bool
    share_variance: Fraction


def round_plan(
    study: Study, covenant: Covenant, period: Period, participants: Collection[PartyId]
) -> tuple[TablePlan, ...]:
    """Return the plan of every table of the period's round, in the study's order."""
    return tuple(_table_plan(table, covenant.colluders, participants) for table in study.tables_for(period))


def share_variance(table: Table, colluders: int, contributors: int) -> Fraction:
    """Return the variance that each contributor adds, so that the noise of the honest ones is sigma^2 or more.

    Of c contributors t may know their own share; the other c - t shares add up to sigma^2.
    """
    return table.variance.fraction / (contributors - colluders if table.is_joint else 1)


def multiplicity(table: Table, covenant: Covenant) -> int:
    """Return m, the number of partners of this table at which one unit may appear.

    With amounts a_i at m partners, (sum a_i)^2 <= m sum a_i^2 (Cauchy-Schwarz), so charging m a_i^2 at each partner
    covers the joint loss.
    """
    everyone = len(table.contributors)
    return everyone if covenant.partners_per_unit is None else min(everyone, covenant.partners_per_unit)


def worst_case_cost(study: Study, covenant: Covenant, party: PartyId, period: Period) -> NanoRho:
    """Return the largest charge that one unit can get from one round at one party."""
    tables = [table for table in study.tables_for(period) if party in table.contributors]
    if not tables:
        return NanoRho(0)
    rho = sum((_worst_rho(study, covenant, table) for table in tables), Fraction(0))
    return NanoRho(cost_of(rho) + APPROXIMATION_COST)


def least_cost(table: Table, covenant: Covenant) -> NanoRho:
    """Return the charge of a unit that adds one to one cell of one table: the least that taking part can cost."""
    return NanoRho(cost_of(multiplicity(table, covenant) / (2 * table.variance.fraction)) + APPROXIMATION_COST)


def _table_plan(table: Table, colluders: int, participants: Collection[PartyId]) -> TablePlan:
    present = tuple(party for party in table.contributors if party in participants)
    delivered = len(present) >= (colluders + 2 if table.is_joint else 1)
    variance = share_variance(table, colluders, len(present)) if delivered else Fraction(0)
    return TablePlan(table, present, delivered, variance)


def _worst_rho(study: Study, covenant: Covenant, table: Table) -> Fraction:
    squares = table.most_cells * study.measure_of(table).most_per_cell ** 2
    return multiplicity(table, covenant) * squares / (2 * table.variance.fraction)
