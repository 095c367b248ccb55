"""Computes: from opened sums to noisy tables, and the figures of a period with what came late added to them.

A round for period p also counts what became known of p-1 .. p-L. A figure is final when all rounds that may add to it
have been opened; until then it is provisional and bears a `*`. Every earlier figure stays readable as a revision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from privacy.counts import NoisedCounts
from privacy.precision import Hidden, Shown, not_delivered, show
from privacy.terms import publishing_rule
from protocol.round.opening import Opened
from protocol.study.grid import Grid
from protocol.study.study import Study
from protocol.words.geography import AreaCode
from protocol.words.ids import Code, TableId
from protocol.words.period import Period, earlier, first_day


@dataclass(frozen=True, eq=False, slots=True)
class NoisyTable:
    """What one round says of one table and period; cells are areas x categories, the areas first.

    counted_in: the round's own period. variance: of the noise in each cell; None: not delivered.
    """

    table: TableId
    period: Period
    counted_in: Period
    areas: tuple[AreaCode, ...]
    categories: tuple[Code | None, ...]
    values: NoisedCounts
    variance: Fraction | None


@dataclass(frozen=True, slots=True)
class Revision:
    """The figures of a period as they were after one round."""

    counted_in: Period
    cells: tuple[Shown | Hidden, ...]


@dataclass(frozen=True, eq=False, slots=True)
class CombinedTable:
    """The figures of one table and period. provisional: late registrations may still come."""

    newest: NoisyTable
    cells: tuple[Shown | Hidden, ...]
    variance: Fraction | None
    provisional: bool
    revisions: tuple[Revision, ...]


def noisy_tables(
    opened: Opened, grid: Grid, variances: Mapping[TableId, Fraction | None], counted_in: Period
) -> tuple[NoisyTable, ...]:
    """Return every table of an opened sum, those of earlier periods too."""
    return tuple(
        NoisyTable(
            segment.table,
            segment.period,
            counted_in,
            segment.areas,
            segment.categories,
            NoisedCounts(opened.values[segment.first : segment.first + segment.size].copy()),
            variances[segment.table],
        )
        for segment in grid.segments
    )


def combine(tables: Sequence[NoisyTable], study: Study) -> tuple[CombinedTable, ...]:
    """Return the figures of every table and period of which the period's own round is there, in order.

    tables: of all opened rounds of one study. A late part that was not delivered leaves the figure provisional.
    """
    found: dict[tuple[TableId, Period], list[NoisyTable]] = {}
    for table in sorted(tables, key=lambda table: (table.table, first_day(table.period), first_day(table.counted_in))):
        found.setdefault((table.table, table.period), []).append(table)
    return tuple(_combined(parts, study) for parts in found.values() if parts[0].counted_in == parts[0].period)


def _combined(parts: Sequence[NoisyTable], study: Study) -> CombinedTable:
    own = parts[0]
    values, variance = own.values.values, own.variance
    revisions = [Revision(own.counted_in, _cells(values, variance, study))]
    waiting = set(_adding(own, study))
    for part in parts[1:]:
        if variance is None or part.variance is None:
            continue
        values, variance = values + part.values.values, variance + part.variance
        waiting.discard(part.counted_in)
        revisions.append(Revision(part.counted_in, _cells(values, variance, study)))
    provisional = variance is not None and bool(waiting)
    return CombinedTable(own, revisions[-1].cells, variance, provisional, tuple(revisions))


def _adding(own: NoisyTable, study: Study) -> tuple[Period, ...]:
    """Return the later periods whose rounds may add to this one."""
    return tuple(earlier(own.period, -step) for step in range(1, study.table(own.table).lateness + 1))


def _cells(values: object, variance: Fraction | None, study: Study) -> tuple[Shown | Hidden, ...]:
    counts = NoisedCounts(values)  # type: ignore[arg-type]  # an array of the sums above
    if variance is None:
        return not_delivered(len(counts.values))
    return show(counts, variance=variance, rule=publishing_rule(study))
