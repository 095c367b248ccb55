"""Computes: the indicators of all studies as the monitor has them: stretches of periods, trends, what is geschat."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from coordinator.combine import NoisyTable, combine
from coordinator.estimates.breaks import breaks_of, origins_of, with_told
from coordinator.estimates.consistency import make_consistent
from coordinator.estimates.estimate import Estimate
from coordinator.estimates.hierarchy import AreaTree
from coordinator.estimates.indicators import Indicator, indicators, tables_of
from coordinator.estimates.intervals import two_sided
from coordinator.estimates.series import Series, joined
from coordinator.estimates.sheet import Context, Sheet, make_sheet
from coordinator.estimates.spans import small_area_rates
from coordinator.estimates.summed import last_year
from coordinator.web import monitor as m
from coordinator.web.make_effects import make_effects
from coordinator.web.make_spans import Counted, make_span
from privacy.precision import half_width
from protocol.covenant.covenant import Covenant
from protocol.study.declaration import SignedDeclaration
from protocol.study.measure import Table
from protocol.study.study import Study
from protocol.words.code_list import CodeList
from protocol.words.geography import AreaCode, Geography, Level, level_of
from protocol.words.period import MONTHS_IN, Period, earlier, first_day, length_of

_MARGIN = two_sided(0.95)
_NOT_COUNTED, _WITHDRAWN = m.Absent(m.Why.NOT_COUNTED), m.Absent(m.Why.WITHDRAWN)
ContextFor = Callable[[Indicator], Context]


@dataclass(frozen=True, eq=False, slots=True)
class Released:
    """What one study released. tables: opened. withdrawn: periods of which nothing is shown any more."""

    study: Study
    covenant: Covenant
    geography: Geography
    code_lists: tuple[CodeList, ...]
    tables: tuple[NoisyTable, ...]
    declared: tuple[SignedDeclaration, ...]
    withdrawn: frozenset[Period]


def make_indicators(
    released: Sequence[Released], tree: AreaTree, context_for: ContextFor
) -> tuple[m.MonitorIndicator, ...]:
    """Return every indicator of which a round was released and stands, in order.

    released: of every study, the oldest first; what one counts on of another is one indicator. tree: of the areas.
    """
    found = [
        Series(indicator, origins_of(indicator, each.study, each.covenant, each.declared), (number,))
        for number, each in enumerate(released)
        for indicator in indicators(each.tables, each.study, each.geography, withdrawn=each.withdrawn)
    ]
    made: list[m.MonitorIndicator] = []
    for series in joined(found, tree):
        counted = _counted(series, [released[number] for number in series.studies], context_for)
        made.append(_indicator(released[series.studies[-1]], counted, frozenset(each.id for each in made)))
    return tuple(made)


def _counted(series: Series, released: Sequence[Released], context_for: ContextFor) -> Counted:
    """Return an indicator with all that its studies released of it. released: of these studies, the oldest first."""
    indicator = series.indicator
    context = context_for(indicator)
    context = replace(context, breaks=with_told(breaks_of(series.origins), context.breaks))
    plans = [tables_of(indicator, each.study) or _other_contributors(indicator, each.study) for each in released]
    parts = [
        part
        for each, plan in zip(released, plans, strict=True)
        for part in combine(each.tables, each.study)
        if part.newest.table in {table.id for table in plan}
    ]
    return Counted(
        indicator=indicator,
        consistent=make_consistent(indicator.tree.tree, indicator.value, indicator.variance),
        context=context,
        tables=plans[-1],
        tables_of={
            entry.period: plan for each, plan in zip(released, plans, strict=True) for entry in each.study.schedule
        },
        parts=tuple(parts),
        declared=tuple(signed for each in released for signed in each.declared),
        study=released[-1].study,
        withdrawn=frozenset(period for each in released for period in each.withdrawn),
    )


def _other_contributors(indicator: Indicator, study: Study) -> tuple[Table, ...]:
    """Return the tables of the same measure in a study in which others contributed to it."""
    return tuple(
        table
        for table in study.tables
        if table.measure == indicator.measure
        and table.period_length is indicator.length
        and table.level is not Level.PC4
        and (table.categories is not None) == (indicator.category is not None)
    )


def _indicator(released: Released, counted: Counted, taken: frozenset[m.IndicatorId]) -> m.MonitorIndicator:
    study, covenant = released.study, released.covenant
    indicator, context, tables = counted.indicator, counted.context, counted.tables
    spans = _spans(counted)
    levels = _levels(spans, tables)
    spans = _at_levels(spans, levels)
    parties = [covenant.party(party) for party in tables[0].contributors]
    measure = study.measure_of(tables[0])
    newest = next((span for span in spans.values() if span.cells), None)
    year = [] if newest is None else [indicator.periods.index(period) for period in newest.periods]
    estimated = small_area_rates(indicator, counted.consistent, context, year) if year else {}
    codes = indicator.tree.codes
    sheet = make_sheet(indicator, context)
    breaks = tuple(m.SeriesBreak(indicator.periods[each.first], each.kind) for each in sheet.trend.breaks)
    return m.MonitorIndicator(
        id=_id(indicator, taken),
        question=str(measure.question),
        definition=str(measure.definition),
        category=_label(indicator, tables[0], released.code_lists),
        kind=measure.kind,
        types=tuple(sorted({party.type for party in parties if party.type is not None})),
        sources=tuple(str(party.name) for party in parties),
        levels=levels,
        periods=indicator.periods,
        spans=MappingProxyType(spans),
        trends=MappingProxyType(_trends(sheet, spans)),
        estimated=MappingProxyType({codes[node] or m.REGION: m.Rate(*rate) for node, rate in estimated.items()}),
        drifting=frozenset(code or m.REGION for node, code in enumerate(codes) if bool(sheet.drift.ringing[node, -1])),
        breaks=breaks,
        margins=MappingProxyType({table.level: half_width(table.variance.fraction) for table in tables}),
        variances=MappingProxyType({table.level: table.variance.fraction for table in tables}),
        effects=make_effects(sheet, spans, breaks),
    )


def _spans(counted: Counted) -> dict[m.SpanId, m.Span]:
    """Return the last twelve months together, and then every period, the newest first.

    Nothing is added over a break, and nothing is compared over one.
    """
    indicator, periods = counted.indicator, counted.indicator.periods
    since = max((each.first for each in counted.context.breaks), default=0)
    told = {period for period, any_cell in zip(periods, indicator.counted.tolist(), strict=True) if any_cell}
    window = last_year(periods, first=since, told=indicator.counted)
    last = tuple(periods[place] for place in window.places) or periods[-1:]
    former = tuple(earlier(period, 12 // MONTHS_IN[indicator.length]) for period in last)
    usable = told.intersection(periods[since:]).issuperset(former)
    spans = {m.YEAR: make_span(m.YEAR, counted, last, before=former if usable else ())}
    for period in sorted({*periods, *_withdrawn(counted)}, key=first_day, reverse=True):
        previous = earlier(period, 1)
        one_series = all(indicator.periods[each.first] != period for each in counted.context.breaks)
        before = (previous,) if previous in told and one_series else ()
        spans[m.SpanId(period)] = make_span(m.SpanId(period), counted, (period,), before=before)
    return spans


def _withdrawn(counted: Counted) -> set[Period]:
    """Return the withdrawn periods of the indicator's own length in which it was to be counted."""
    return {
        period for period in counted.withdrawn & set(counted.tables_of) if length_of(period) is counted.indicator.length
    }


def _trends(sheet: Sheet, spans: Mapping[m.SpanId, m.Span]) -> dict[AreaCode, tuple[m.TrendPoint | None, ...]]:
    periods = [spans[m.SpanId(period)] for period in sheet.indicator.periods]
    found = {}
    for node, named in enumerate(sheet.indicator.tree.codes):
        code = named or m.REGION
        points = [
            _point(sheet.trend.later.cell(node, at)) if span.cells[code].figure is not None else None
            for at, span in enumerate(periods)
        ]
        found[code] = tuple(points)
    return found


def _point(level: object) -> m.TrendPoint | None:
    if not isinstance(level, Estimate):
        return None
    half = _MARGIN * level.variance**0.5
    return m.TrendPoint(max(level.value, 0.0), max(level.value - half, 0.0), max(level.value + half, 0.0))


def _levels(spans: Mapping[m.SpanId, m.Span], tables: Sequence[Table]) -> tuple[Level, ...]:
    """Return the levels at which this is counted, or follows from what is counted, in any period."""
    cells = [pair for span in spans.values() for pair in span.cells.items() if pair[0] != m.REGION]
    told = {level_of(code) for code, cell in cells if cell.answer not in {_NOT_COUNTED, _WITHDRAWN}}
    told |= {table.level for table in tables}
    return tuple(level for level in (Level.GEMEENTE, Level.WIJK, Level.BUURT) if level in told)


def _at_levels(spans: Mapping[m.SpanId, m.Span], levels: Collection[Level]) -> dict[m.SpanId, m.Span]:
    """Return the stretches with one reason for one state: at these levels a cell was not delivered or was withdrawn.

    levels: at which it is counted or follows; at every other it is not counted, whatever happened to the release.
    """

    def answered(code: AreaCode, cell: m.Cell) -> m.Cell:
        is_counted = (Level.GEMEENTE if code == m.REGION else level_of(code)) in levels
        if cell.answer == _NOT_COUNTED and is_counted:
            return replace(cell, answer=m.Absent(m.Why.NOT_DELIVERED))
        return replace(cell, answer=_NOT_COUNTED) if cell.answer == _WITHDRAWN and not is_counted else cell

    return {
        name: replace(span, cells=MappingProxyType({code: answered(code, cell) for code, cell in span.cells.items()}))
        for name, span in spans.items()
    }


def _id(indicator: Indicator, taken: frozenset[m.IndicatorId]) -> m.IndicatorId:
    """Return a name for an address: the measure and category, with the contributors and period only where it must."""
    short = ".".join(each for each in (indicator.measure, indicator.category) if each)
    names = (short, indicator.name.replace("/", ".").replace("+", "-"))
    free = [name for name in names if name not in taken]
    return m.IndicatorId(free[0] if free else f"{names[1]}.{indicator.length}")


def _label(indicator: Indicator, table: Table, code_lists: Sequence[CodeList]) -> str | None:
    for each in code_lists:
        if each.id == table.categories:
            return next((str(item.label_nl) for item in each.items if item.code == indicator.category), None)
    return None if indicator.category is None else str(indicator.category)
