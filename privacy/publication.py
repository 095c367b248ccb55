"""Computes: the tables of a release, from the opened sum and public values alone: what is shown, and how precise it is.

The coordinator makes its release with this, and an officer who audits it computes it again.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from privacy.counts import NoisedCounts
from privacy.precision import Hidden, Shown, not_delivered, show
from privacy.terms import publishing_rule
from protocol.covenant.covenant import Covenant
from protocol.ratio import Ratio
from protocol.release import NotShown, ReleasedCell, ReleasedTable
from protocol.round.opening import Opened
from protocol.study.declaration import Coverage, SignedDeclaration
from protocol.study.grid import Grid, Segment
from protocol.study.model import StepTable
from protocol.study.plan import TablePlan, TableRepair, repair_plan, round_plan
from protocol.study.study import Study
from protocol.words.ids import PartyId, TableId
from protocol.words.period import Period


@dataclass(frozen=True, slots=True)
class Delivery:
    """Who delivered what to a round. participants: S; gone: those of them who aborted and were repaired for."""

    period: Period
    participants: tuple[PartyId, ...]
    gone: tuple[PartyId, ...]
    declarations: tuple[SignedDeclaration, ...]


def variances(study: Study, covenant: Covenant, delivery: Delivery) -> Mapping[TableId, Fraction | None]:
    """Return the variance of the noise in each cell of each table, after a repair too; None where nobody delivered.

    A table is not delivered when the plan says so (DESIGN 6), or when each contributor whose upload is in the sum
    declared that it had nothing: its zeros are no figures.
    """
    plans = round_plan(study, covenant, delivery.period, delivery.participants)
    final: Sequence[TablePlan | TableRepair] = repair_plan(plans, covenant, delivery.gone) if delivery.gone else plans
    nothing = _declared_nothing(delivery.declarations)
    return {
        plan.table.id: plan.variance
        if plan.delivered and not all((party, plan.table.id) in nothing for party in plan.contributors)
        else None
        for plan in final
    }


def released_tables(
    opened: Opened, grid: Grid, *, study: Study, covenant: Covenant, delivery: Delivery
) -> tuple[ReleasedTable, ...]:
    """Return every cell of the grid in order, each with its value or the reason why it is not shown.

    opened: int64, shape (cells of the grid,). Nothing but the sum and public values decides what is shown.
    Raises: what `privacy.precision.show` raises.
    """
    variance_of = variances(study, covenant, delivery)
    return tuple(_table(opened, segment, variance_of[segment.table], study) for segment in grid.segments)


def reasons_not_shown(
    opened: Opened, grid: Grid, *, study: Study, covenant: Covenant, delivery: Delivery
) -> Iterator[NotShown | None]:
    """Yield for every cell of the grid in order the reason why `released_tables` does not show it, or None.

    Raises: what `privacy.precision.show` raises.
    """
    variance_of = variances(study, covenant, delivery)
    for segment in grid.segments:
        for cell in _cells(opened, segment, variance_of[segment.table], study):
            yield cell.reason if isinstance(cell, Hidden) else None


def _cells(opened: Opened, segment: Segment, variance: Fraction | None, study: Study) -> tuple[Shown | Hidden, ...]:
    if variance is None:
        return not_delivered(segment.size)
    values = NoisedCounts(opened.values[segment.first : segment.first + segment.size])
    if isinstance(study.table(segment.table), StepTable):
        return _whole(values)
    return show(values, variance=variance, rule=publishing_rule(study))


def _table(opened: Opened, segment: Segment, variance: Fraction | None, study: Study) -> ReleasedTable:
    cells = _cells(opened, segment, variance, study)
    return ReleasedTable(
        table=segment.table,
        period=segment.period,
        variance=None if variance is None else Ratio.of(variance),
        cells=tuple(_cell(segment.first + place, cell) for place, cell in enumerate(cells)),
    )


def _whole(released: NoisedCounts) -> tuple[Shown, ...]:
    """Return each cell of a model's step as it is: sums for a computation, which says itself how sure its result is."""
    return tuple(Shown(value, 0) for value in released.values.tolist())


def _cell(index: int, cell: Shown | Hidden) -> ReleasedCell:
    if isinstance(cell, Shown):
        return ReleasedCell(index=index, value=cell.value, not_shown=None)
    return ReleasedCell(index=index, value=None, not_shown=cell.reason)


def _declared_nothing(declarations: Collection[SignedDeclaration]) -> frozenset[tuple[PartyId, TableId]]:
    return frozenset(
        (signed.declaration.party, entry.table)
        for signed in declarations
        for entry in signed.declaration.tables
        if entry.coverage is Coverage.NONE
    )
