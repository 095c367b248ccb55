"""Computes: the noise that reaches a wished precision at least cost, and what to change where none does.

A smaller variance costs more, so the cheapest that reaches a wish is the largest that does, table by table. Whether the
caps allow them together is the bias of the cap; if they do not, the factor by which all must grow is found.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from coordinator.planner.forecast import PublicWorld, expected_counts, publishable_share, released_variance
from coordinator.planner.loss import biases, year_plans
from coordinator.planner.plan import forecasts, reader_of
from privacy.bias import MOST_LEFT_OUT
from privacy.terms import publishing_rule
from protocol.covenant.covenant import Covenant
from protocol.ratio import Ratio
from protocol.round.member import Reader
from protocol.study.grid import Segment
from protocol.study.measure import Table
from protocol.study.model import StepTable
from protocol.study.plan import LEAST_SHARE_VARIANCE, least_cost
from protocol.study.study import Study
from protocol.words.geography import Level
from protocol.words.ids import TableId
from protocol.words.period import MONTHS_IN, PeriodLength

MOST_VARIANCE = 10**6  # sigma 1000: no figure of a wijk is worth showing with a margin of 2000
CAP_FACTORS = (2, 4, 8)  # rho 2 is epsilon about 11: beyond it there is nothing left to promise
_COARSER = {Level.BUURT: Level.WIJK, Level.WIJK: Level.GEMEENTE, Level.PC4: Level.GEMEENTE}
_LONGER = (PeriodLength.MONTH, PeriodLength.QUARTER, PeriodLength.HALF_YEAR, PeriodLength.YEAR)


class Change(StrEnum):
    """What may be changed of a table to reach a precision; a larger cap is `Proposal.cap_factor`."""

    LEVEL = "level"
    PERIOD = "period"


@dataclass(frozen=True, slots=True)
class Advice:
    """One change that reaches the wish with the variance as it is: to which level or period."""

    change: Change
    to: str
    publishable: float


@dataclass(frozen=True, slots=True)
class TableProposal:
    """One table. variance: the largest that reaches the wish, before any growth; None where none does.

    publishable: with the proposed study. cost_share: of the cost of one event. advice: where the wish is not reached.
    """

    table: TableId
    variance: int | None
    publishable: float
    cost_share: float
    advice: tuple[Advice, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What reaches the wish. level_shares: of the cost of one event, by level, adding up to 1.

    study: with the proposed variances, grown by `growth` (1 when they fit) so that the caps leave out at most 1 %.
    fits: whether any growth up to the largest variance does. cap_factor: by how much larger caps would take them as
    they are; None beyond the factors that we consider.
    """

    study: Study
    tables: tuple[TableProposal, ...]
    level_shares: tuple[tuple[Level, float], ...]
    growth: int
    fits: bool
    cap_factor: int | None


def propose(study: Study, reader: Reader, world: PublicWorld, *, wished_share: float) -> Proposal:
    """Return the variances with which at least this share of each table's areas stays publishable, at least cost.

    The width of an interval that still counts as precise is the study's own, `publish_margin_percent`.
    Raises: as `precision`.
    """
    counted = [table for table in study.tables if not isinstance(table, StepTable)]
    chosen = {table.id: _largest_variance(table, study, reader, world, wished_share) for table in counted}
    ideal = _changed(study, lambda table: Fraction(chosen[table.id] or table.variance.fraction))
    growth, fits = _growth(ideal, reader, world)
    final = _grown(ideal, growth)
    shown = {entry.table: entry.publishable for entry in forecasts(final, reader_of(final, reader), world)}
    counted = [table for table in final.tables if not isinstance(table, StepTable)]
    costs = {table.id: float(least_cost(table, reader.covenant)) for table in counted}
    whole = sum(costs.values())
    tables = tuple(
        TableProposal(
            table.id,
            chosen[table.id],
            shown[table.id],
            costs[table.id] / whole,
            () if shown[table.id] >= wished_share else _advice(table, study, reader, world, wished_share),
        )
        for table in counted
    )
    levels = {table.level for table in counted}
    shares = tuple(
        (level, sum(costs[table.id] for table in counted if table.level is level) / whole)
        for level in Level
        if level in levels
    )
    factors = (factor for factor in (1, *CAP_FACTORS) if _left_out(ideal, reader, world, cap_factor=factor))
    return Proposal(final, tables, shares, growth, fits, next(factors, None))


def _largest_variance(
    table: Table, study: Study, reader: Reader, world: PublicWorld, wished_share: float
) -> int | None:
    """Return the largest variance with which enough areas stay publishable; None when the least is too large."""
    rule, scale = publishing_rule(study), released_variance(table, reader.covenant) / table.variance.fraction
    expected = expected_counts(table, _segment(table, study, reader), study, world)

    def holds(variance: int) -> bool:
        return publishable_share(expected, scale * variance, rule) >= wished_share

    least = _least(table, reader.covenant)
    return _largest(holds, least) if holds(least) else None


def _advice(table: Table, study: Study, reader: Reader, world: PublicWorld, wished_share: float) -> tuple[Advice, ...]:
    """Return each level and each period that reaches the wish with the table's variance as it is."""
    rule, variance = publishing_rule(study), released_variance(table, reader.covenant)

    def advised(change: Change, to: Level | PeriodLength) -> Advice:
        field = "level" if change is Change.LEVEL else "period_length"
        other = table.model_copy(update={field: to})
        expected = expected_counts(other, _segment(other, study, reader), study, world)
        return Advice(change, to.value, publishable_share(expected, variance, rule))

    longer = [length for length in _LONGER if MONTHS_IN[length] > MONTHS_IN[table.period_length]]
    found = [advised(Change.LEVEL, level) for level in _above(table.level)]
    found += [advised(Change.PERIOD, length) for length in longer]
    return tuple(advice for advice in found if advice.publishable >= wished_share)


def _above(level: Level) -> tuple[Level, ...]:
    return () if level not in _COARSER else (_COARSER[level], *_above(_COARSER[level]))


def _segment(table: Table, study: Study, reader: Reader) -> Segment:
    """Return the cells that a table would have at its level, whichever period it is."""
    lists = {code_list.id: code_list for code_list in reader.code_lists}
    categories = (None,) if table.categories is None else lists[table.categories].codes
    return Segment(table.id, study.schedule[0].period, 0, reader.geography.codes_at(table.level), categories)


def _least(table: Table, covenant: Covenant) -> int:
    """Return the smallest whole variance of which each share is large enough."""
    others = len(table.contributors) - covenant.colluders if table.is_joint else 1
    return int(LEAST_SHARE_VARIANCE) * others


def _largest(holds: Callable[[int], bool], low: int) -> int:
    """Return the largest whole number up to MOST_VARIANCE for which this holds; it holds for `low`."""
    high = MOST_VARIANCE
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _growth(study: Study, reader: Reader, world: PublicWorld) -> tuple[int, bool]:
    """Return the smallest whole factor for all variances with which the caps leave out at most 1 %."""
    growth = 1
    while growth <= MOST_VARIANCE:
        if _left_out(_grown(study, growth), reader, world):
            low = growth // 2 + 1
            while low < growth:
                middle = (low + growth) // 2
                if _left_out(_grown(study, middle), reader, world):
                    growth = middle
                else:
                    low = middle + 1
            return growth, True
        growth *= 2
    return 1, False


def _left_out(study: Study, reader: Reader, world: PublicWorld, *, cap_factor: int = 1) -> bool:
    """Tell whether the caps leave out at most 1 % everywhere; what the bounds leave out no noise can mend."""
    under = reader_of(study, reader)
    found = biases(study, under, year_plans(study, under), world, cap_factor=cap_factor)
    return all(quarter.by_cap <= MOST_LEFT_OUT for bias in found for quarter in bias.quarters)


def _grown(study: Study, growth: int) -> Study:
    return _changed(study, lambda table: min(Fraction(MOST_VARIANCE), table.variance.fraction * growth))


def _changed(study: Study, variance_of: Callable[[Table], Fraction]) -> Study:
    tables = tuple(
        # The noise of a model is chosen with its budget, not with the areas of a map.
        table if isinstance(table, StepTable) else table.model_copy(update={"variance": Ratio.of(variance_of(table))})
        for table in study.tables
    )
    # A copy keeps what its original has worked out; a parsed value has worked out nothing.
    return Study.parse(study.model_copy(update={"tables": tables}).encode(), source="the planner")
