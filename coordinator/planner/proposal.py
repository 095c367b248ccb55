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
    """The variance of a table that reaches the wish, None where none does; its share of the cost of one event."""

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
    plain = tuple(_propose_table(table, study, reader, world, wished_share) for table in study.tables)
    ideal = _with_variances(study, plain)
    growth, fits = _growth(ideal, reader, world)
    final = _grown(ideal, growth)
    shown = {entry.table: entry.publishable for entry in forecasts(final, reader_of(final, reader), world)}
    costs = {table.id: float(least_cost(table, reader.covenant)) for table in final.tables}
    whole = sum(costs.values())
    tables = tuple(
        TableProposal(entry.table, entry.variance, shown[entry.table], costs[entry.table] / whole, entry.advice)
        for entry in plain
    )
    levels = {table.level for table in final.tables}
    shares = tuple(
        (level, sum(costs[table.id] for table in final.tables if table.level is level) / whole)
        for level in Level
        if level in levels
    )
    factors = (factor for factor in (1, *CAP_FACTORS) if _left_out(ideal, reader, world, cap_factor=factor))
    return Proposal(final, tables, shares, growth, fits, next(factors, None))


def _propose_table(
    table: Table, study: Study, reader: Reader, world: PublicWorld, wished_share: float
) -> TableProposal:
    rule = publishing_rule(study)

    def shown(level: Level, length: PeriodLength, variance: Fraction) -> float:
        changed = table.model_copy(update={"level": level, "period_length": length})
        segment = _segment(changed, study, reader)
        return publishable_share(expected_counts(changed, segment, study, world), variance, rule)

    scale = released_variance(table, reader.covenant) / table.variance.fraction
    least = _least(table, reader.covenant)
    here = shown(table.level, table.period_length, scale * least)
    if here >= wished_share:
        expected = expected_counts(table, _segment(table, study, reader), study, world)
        best = _largest(lambda sigma2: publishable_share(expected, scale * sigma2, rule) >= wished_share, least)
        return TableProposal(table.id, best, 0.0, 0.0, ())
    advice = [
        Advice(Change.LEVEL, level, shown(level, table.period_length, table.variance.fraction * scale))
        for level in _above(table.level)
    ]
    advice += [
        Advice(Change.PERIOD, length, shown(table.level, length, table.variance.fraction * scale))
        for length in _LONGER
        if MONTHS_IN[length] > MONTHS_IN[table.period_length]
    ]
    return TableProposal(table.id, None, here, 0.0, tuple(a for a in advice if a.publishable >= wished_share))


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


def _with_variances(study: Study, proposals: tuple[TableProposal, ...]) -> Study:
    chosen = {entry.table: entry.variance for entry in proposals}
    return _changed(study, lambda table: Fraction(chosen[table.id] or table.variance.fraction))


def _grown(study: Study, growth: int) -> Study:
    return _changed(study, lambda table: min(Fraction(MOST_VARIANCE), table.variance.fraction * growth))


def _changed(study: Study, variance_of: Callable[[Table], Fraction]) -> Study:
    tables = tuple(table.model_copy(update={"variance": Ratio.of(variance_of(table))}) for table in study.tables)
    # A copy keeps what its original has worked out; a parsed value has worked out nothing.
    return Study.parse(study.model_copy(update={"tables": tables}).encode(), source="the planner")
