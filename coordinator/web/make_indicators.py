"""Computes: the indicators of one study as the monitor has them: stretches of periods, trends, and what is geschat."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from coordinator.combine import NoisyTable, combine
from coordinator.estimates.estimate import Estimate
from coordinator.estimates.indicators import Indicator, indicators
from coordinator.estimates.intervals import two_sided
from coordinator.estimates.sheet import Context, Sheet, make_sheet
from coordinator.estimates.spans import small_area_rates
from coordinator.web import monitor as m
from coordinator.web.make_spans import Counted, make_span
from privacy.precision import half_width
from protocol.covenant.covenant import Covenant
from protocol.study.declaration import SignedDeclaration
from protocol.study.measure import Table
from protocol.study.study import Study
from protocol.words.code_list import CodeList
from protocol.words.geography import AreaCode, Geography, Level, level_of
from protocol.words.period import MONTHS_IN, Period, earlier, first_day

_MARGIN = two_sided(0.95)
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


def make_indicators(released: Released, context_for: ContextFor) -> tuple[m.MonitorIndicator, ...]:
    """Return every indicator of a study of which a round was released and stands, in order."""
    study = released.study
    found = indicators(released.tables, study, released.geography, withdrawn=released.withdrawn)
    combined = combine(released.tables, study)
    made: list[m.MonitorIndicator] = []
    for indicator in found:
        tables = tuple(table for table in study.tables if _is_of(table, indicator))
        parts = tuple(each for each in combined if each.newest.table in {table.id for table in tables})
        counted = Counted(indicator, context_for(indicator), tables, parts, released.declared, study)
        made.append(_indicator(released, counted, frozenset(each.id for each in made)))
    return tuple(made)


def _indicator(released: Released, counted: Counted, taken: frozenset[m.IndicatorId]) -> m.MonitorIndicator:
    study, covenant = released.study, released.covenant
    indicator, context, tables = counted.indicator, counted.context, counted.tables
    spans = _spans(counted, released.withdrawn)
    parties = [covenant.party(party) for party in tables[0].contributors]
    measure = study.measure_of(tables[0])
    newest = next((span for span in spans.values() if span.cells), None)
    year = [] if newest is None else [indicator.periods.index(period) for period in newest.periods]
    estimated = small_area_rates(indicator, context, year, once=counted.once) if year else {}
    codes = indicator.tree.codes
    sheet = make_sheet(indicator, context)
    return m.MonitorIndicator(
        id=_id(indicator, taken),
        question=str(measure.question),
        definition=str(measure.definition),
        category=_label(indicator, tables[0], released.code_lists),
        kind=measure.kind,
        types=tuple(sorted({party.type for party in parties if party.type is not None})),
        sources=tuple(str(party.name) for party in parties),
        levels=_levels(spans),
        periods=indicator.periods,
        spans=MappingProxyType(spans),
        trends=MappingProxyType(_trends(sheet, spans)),
        estimated=MappingProxyType({codes[node] or m.REGION: m.Rate(*rate) for node, rate in estimated.items()}),
        drifting=frozenset(code or m.REGION for node, code in enumerate(codes) if bool(sheet.drift.ringing[node, -1])),
        breaks=tuple(m.SeriesBreak(indicator.periods[each.first], each.kind) for each in sheet.trend.breaks),
        margins=MappingProxyType({table.level: half_width(table.variance.fraction) for table in tables}),
        variances=MappingProxyType({table.level: table.variance.fraction for table in tables}),
    )


def _spans(counted: Counted, withdrawn: frozenset[Period]) -> dict[m.SpanId, m.Span]:
    """Return the last twelve months together, and then every period, the newest first."""
    indicator = counted.indicator
    together = 12 // MONTHS_IN[indicator.length]
    newest = indicator.periods[-1]
    last = tuple(period for period in _before(newest, together, 0) if period in indicator.periods)
    former = tuple(period for period in _before(newest, together, together) if period in indicator.periods)
    spans = {m.YEAR: make_span(m.YEAR, counted, last, before=former if len(former) == len(last) else ())}
    scheduled = {entry.period for entry in counted.study.schedule}
    gone = {period for period in withdrawn if period in scheduled and len(period) == len(newest)}
    for period in sorted({*indicator.periods, *gone}, key=first_day, reverse=True):
        previous = tuple(each for each in (earlier(period, 1),) if each in indicator.periods)
        spans[m.SpanId(period)] = make_span(m.SpanId(period), counted, (period,), before=previous)
    return spans


def _before(period: Period, number: int, skipped: int) -> tuple[Period, ...]:
    """Return so many periods, oldest first, the last of them `skipped` before this one."""
    return tuple(earlier(period, skipped + number - 1 - step) for step in range(number))


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


def _levels(spans: Mapping[m.SpanId, m.Span]) -> tuple[Level, ...]:
    """Return the levels at which this is counted, or follows from what is counted, in any period."""
    absent = m.Absent(m.Why.NOT_COUNTED)
    cells = [pair for span in spans.values() for pair in span.cells.items()]
    told = {level_of(code) for code, cell in cells if code != m.REGION and cell.answer != absent}
    return tuple(level for level in (Level.GEMEENTE, Level.WIJK, Level.BUURT) if level in told)


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


def _is_of(table: Table, indicator: Indicator) -> bool:
    """Tell whether a table is one of those that an indicator was made of, which its name says."""
    parts = (table.measure, "+".join(table.contributors), indicator.category or "")
    name = "/".join(each for each in parts if each)
    has_categories = table.categories is not None
    return (
        name == indicator.name
        and table.period_length is indicator.length
        and table.level is not Level.PC4
        and has_categories == (indicator.category is not None)
    )
