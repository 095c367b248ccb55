"""Computes: one indicator over one stretch of periods: each area's cell or why it has none, coverage, what may come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from coordinator.combine import CombinedTable
from coordinator.estimates.consistency import Consistent
from coordinator.estimates.indicators import Indicator
from coordinator.estimates.sheet import Context
from coordinator.estimates.spans import SpanCell, SpanFigures, span_figures
from coordinator.web import monitor as m
from privacy.precision import Hidden, Shown
from privacy.terms import publishing_rule
from protocol.study.declaration import Coverage, SignedDeclaration
from protocol.study.measure import Table
from protocol.study.study import Study
from protocol.words.geography import AreaCode, level_of
from protocol.words.ids import PartyId, TableId
from protocol.words.period import Period


@dataclass(frozen=True, eq=False, slots=True)
class Counted:
    """An indicator with its figures by period, and what partners declared of them.

    consistent: its figures of all periods. study: the newest of those that counted it, tables: its own in that one, and
    tables_of: of the study of each round. withdrawn: periods of which nothing is shown any more.
    """

    indicator: Indicator
    consistent: Consistent
    context: Context
    tables: tuple[Table, ...]
    tables_of: Mapping[Period, tuple[Table, ...]]
    parts: tuple[CombinedTable, ...]
    declared: tuple[SignedDeclaration, ...]
    study: Study
    withdrawn: frozenset[Period]


def make_span(name: m.SpanId, counted: Counted, periods: tuple[Period, ...], *, before: tuple[Period, ...]) -> m.Span:
    """Return the stretch. before: as many periods that it is compared with; none where there are none."""
    indicator = counted.indicator
    codes = [code or m.REGION for code in indicator.tree.codes]
    parts = [part for part in counted.parts if part.newest.period in periods]
    coverage, provisional = _coverage(counted, periods), any(part.provisional for part in parts)
    if counted.withdrawn.intersection(periods):
        gone = dict.fromkeys(codes, m.Cell(m.Absent(m.Why.WITHDRAWN)))
        return m.Span(name, periods, coverage, False, MappingProxyType(gone), {}, {}, None)  # noqa: FBT003 - not provisional
    released = _released(counted, parts) if len(periods) == 1 else {}
    place = {code: node for node, code in enumerate(codes)}
    figures = span_figures(
        indicator,
        counted.consistent,
        counted.context,
        [indicator.periods.index(period) for period in periods],
        before=[indicator.periods.index(period) for period in before],
        hidden=[
            place[code] for code, found in released.items() if code in place and isinstance(found[-1].answer, m.Absent)
        ],
        rule=publishing_rule(counted.study),
    )
    levels = {table.level for period in periods for table in counted.tables_of.get(period, counted.tables)}
    cells = {}
    for node, code in enumerate(codes):
        history = released.get(code, ())
        is_counted = code != m.REGION and level_of(code) in levels
        answer = _answer(figures, node, history, is_counted=is_counted)
        cells[code] = m.Cell(answer, history if len(history) > 1 else ())
    return m.Span(
        name,
        periods,
        coverage,
        provisional,
        MappingProxyType(cells),
        figures.false_alarms,
        figures.funnels,
        figures.pairs,
    )


def _answer(figures: SpanFigures, node: int, history: Sequence[m.Revised], *, is_counted: bool) -> m.Figure | m.Absent:
    cell = figures.cells.get(node)
    newest = history[-1].answer if history else None
    if cell is not None:
        return _figure(cell, newest if isinstance(newest, m.Published) else None)
    if isinstance(newest, m.Absent):
        return newest
    if node in figures.known:
        return m.Absent(m.Why.TOO_UNCERTAIN)
    return m.Absent(m.Why.NOT_DELIVERED if is_counted else m.Why.NOT_COUNTED)


def _figure(cell: SpanCell, published: m.Published | None) -> m.Figure:
    low, high = round(cell.low), round(cell.high)
    return m.Figure(
        value=cell.value,
        low=min(low, cell.value),
        high=max(high, cell.value),
        margin=round((cell.high - cell.low) / 2) if cell.low else high - cell.value,
        rate=None if cell.rate is None else m.Rate(*cell.rate),
        reliability=cell.reliability,
        verdict=cell.verdict,
        change=cell.change,
        against_alike=cell.against_alike,
        published=published,
    )


def _released(counted: Counted, parts: Sequence[CombinedTable]) -> dict[AreaCode, tuple[m.Revised, ...]]:
    """Return each area's figures as the release has them, one after each round that added to them."""
    found: dict[AreaCode, tuple[m.Revised, ...]] = {}
    for part in parts:
        width, at = len(part.newest.categories), part.newest.categories.index(counted.indicator.category)
        for place, area in enumerate(part.newest.areas):
            found[area] = tuple(
                m.Revised(revision.counted_in, _as_released(revision.cells[place * width + at]))
                for revision in part.revisions
            )
    return found


def _as_released(cell: Shown | Hidden) -> m.Published | m.Absent:
    if isinstance(cell, Hidden):
        return m.Absent(m.Why(cell.reason.value))
    return m.Published(cell.value, cell.half_width)


def _coverage(counted: Counted, periods: Sequence[Period]) -> m.Coverage:
    """Return how many partners delivered, in the period in which the fewest did."""
    found = []
    for period in periods:
        planned = counted.tables_of.get(period, counted.tables)
        tables, contributors = (
            {table.id for table in planned},
            {party for each in planned for party in each.contributors},
        )
        newest = _declared(counted.declared, period)
        told = [_least(newest.get(party, {}), tables) for party in contributors]
        delivered = [each for each in told if each is not Coverage.NONE]
        found.append(m.Coverage(len(delivered), delivered.count(Coverage.PARTIAL), len(contributors)))
    return min(found, key=lambda each: (each.delivered, -each.partial))


def _declared(declared: Sequence[SignedDeclaration], period: Period) -> Mapping[PartyId, Mapping[TableId, Coverage]]:
    """Return what each partner declared last of each table of a period."""
    return {
        signed.declaration.party: {entry.table: entry.coverage for entry in signed.declaration.tables}
        for signed in declared
        if signed.declaration.period == period
    }


def _least(told: Mapping[TableId, Coverage], tables: set[TableId]) -> Coverage:
    """Return the least that a partner declared of these tables; a partner that declared nothing delivered nothing."""
    order = (Coverage.NONE, Coverage.PARTIAL, Coverage.COMPLETE)
    return min((told[table] for table in tables if table in told), key=order.index, default=Coverage.NONE)
