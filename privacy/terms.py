"""Computes: from an approved study to what bounding, filter and account take: its public terms for one party."""

from fractions import Fraction

from privacy.accountant import PlannedRound, PlannedTable, rho_of
from privacy.bound import Bound
from privacy.precision import PrecisionRule
from privacy.sensitivity import TableCharge
from protocol.covenant.covenant import Covenant
from protocol.study.grid import Grid
from protocol.study.measure import MeasureKind, Table
from protocol.study.model import StepTable
from protocol.study.plan import multiplicity
from protocol.study.study import Study, slot_of
from protocol.words.ids import PartyId, TableId
from protocol.words.period import Period


def bound_of(study: Study, table: Table, *, categories: int) -> Bound:
    """Return the contribution bound of a table. categories: how many it has, 1 without a code list."""
    measure = study.measure_of(table)
    multi = measure.kind is MeasureKind.MULTI
    return Bound(
        measure.kind,
        table.most_cells,
        max_amount=measure.most_per_cell,
        categories=categories if multi else 1,
        max_categories=min(measure.most_options or 1, categories) if multi else 1,
    )


def publishing_rule(study: Study) -> PrecisionRule:
    """Return the least precision with which a cell of this study is shown.

    The margin is a share of the figure itself; a figure below one is judged as one, so that zero and negative noise
    have a margin to be measured against.
    """
    return PrecisionRule(Fraction(study.publish_margin_percent, 100), reference=1)


def table_charges(study: Study, covenant: Covenant, grid: Grid) -> tuple[TableCharge, ...]:
    """Return the price of every segment of the grid, in its order; they tile it."""
    return tuple(
        TableCharge(
            segment.first,
            segment.size,
            multiplicity(study.table(segment.table), covenant),
            study.table(segment.table).variance.fraction,
        )
        for segment in grid.segments
    )


def planned_round(study: Study, covenant: Covenant, grid: Grid, *, period: Period, party: PartyId) -> PlannedRound:
    """Return what one unit can change at most in a round at one party: the tables to which it contributes.

    Of a model's steps only those that a unit on its dearer side pays for, so that the rounds of a covenant year add up
    to its worst case. Not promised: that a unit on the cheaper side pays no more in a single round.
    """
    spared = _cheaper_side(study, covenant, year=study.round_for(period).covenant_year, party=party)
    tables = tuple(
        _planned_table(study, covenant, table, grid, period)
        for table in study.tables_for(period)
        if party in table.contributors and table.id not in spared
    )
    return PlannedRound(slot_of(study, period), tables)


def _cheaper_side(study: Study, covenant: Covenant, *, year: int, party: PartyId) -> frozenset[TableId]:
    """Return the steps of a covenant year that a unit on the dearer side of a model pays this party nothing for.

    A unit is kept apart or fitted on, in all steps the same, so the worst case is the dearer of the two and never both.
    """
    rounds = (scheduled.period for scheduled in study.schedule if scheduled.covenant_year == year)
    tables = (table for period in rounds for table in study.tables_for(period))
    steps = [table for table in tables if isinstance(table, StepTable) and party in table.contributors]
    cost = {True: Fraction(0), False: Fraction(0)}
    for table in steps:
        squares = study.model_of(table).norm_of(table.statistic) ** 2
        cost[table.held_out] += rho_of(squares, table.variance.fraction, partners=multiplicity(table, covenant))
    cheaper = cost[True] <= cost[False]
    return frozenset(table.id for table in steps if table.held_out is cheaper)


def _planned_table(study: Study, covenant: Covenant, table: Table, grid: Grid, period: Period) -> PlannedTable:
    if isinstance(table, StepTable):
        norm = study.model_of(table).norm_of(table.statistic)
        partners = multiplicity(table, covenant)
        # An event counts in one round of a table, but a unit's row in every step: each step is a table of its own here.
        name = f"{table.id} of {period}"
        return PlannedTable(name, table.variance.fraction, amount=norm, partners=partners, event_amount=norm)
    segments = [segment for segment in grid.segments if segment.table == table.id]
    listed = len(segments[0].categories)
    bound = bound_of(study, table, categories=listed)
    # Late events share the bound with what was counted before, so the deltas of a table are one table here.
    cells = bound.largest_squares(sum(segment.size for segment in segments)) // bound.max_amount**2
    # A record may list several codes whatever the kind, and only `multi` bounds how many of them count.
    event_cells = min(bound.max_categories if bound.kind is MeasureKind.MULTI else listed, cells)
    return PlannedTable(
        table.id,
        table.variance.fraction,
        cells=cells,
        amount=bound.max_amount,
        partners=multiplicity(table, covenant),
        event_cells=event_cells,
        event_amount=bound.max_amount if bound.kind is MeasureKind.SUM else 1,
    )
