"""Computes: the monitor from what an office released: opened tables, declarations, areas and public context."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from coordinator.estimates.context_file import NOTHING_TOLD, ContextFile, with_file
from coordinator.estimates.hierarchy import area_tree
from coordinator.estimates.indicators import Indicator
from coordinator.estimates.sheet import Context
from coordinator.estimates.sheet_file import context_of
from coordinator.figures_file import PRACTICE
from coordinator.geography.drawing import Drawing
from coordinator.geography.edition import Edition
from coordinator.planner.public_model import PublicRate
from coordinator.web.make_areas import make_areas
from coordinator.web.make_indicators import Released, make_indicators
from coordinator.web.monitor import REGION, Member, Monitor, MonitorIndicator, Planned
from protocol.covenant.covenant import Covenant
from protocol.covenant.party import PartnerType
from protocol.words.geography import Level
from protocol.words.ids import MeasureId
from protocol.words.period import Period, first_day


@dataclass(frozen=True, eq=False, slots=True)
class ReleasedStudy:
    """A study with what it released. rates: published, by measure. periods: of which a release stands."""

    released: Released
    rates: Mapping[MeasureId, PublicRate]
    periods: frozenset[Period]


@dataclass(frozen=True, slots=True)
class LogHead:
    """The size and root of the coordinator's log. root: hex."""

    size: int
    root: str


def make_monitor(
    covenant: Covenant,
    edition: Edition,
    drawing: Drawing,
    studies: Sequence[ReleasedStudy],
    head: LogHead,
    *,
    told: ContextFile = NOTHING_TOLD,
) -> Monitor:
    """Return the monitor. edition: with the areas of the covenant. drawing: of it. studies: the oldest first.

    told: breaks, dates and English of the operator. Without a released round there are areas and a calendar, and no
    indicators.
    """
    geography = edition.geography
    tree = area_tree(geography, region=len(geography.codes_at(Level.GEMEENTE)) > 1)
    rates = {measure: rate for each in studies for measure, rate in each.rates.items()}
    made = make_indicators([each.released for each in studies], tree, partial(_context, edition, rates, told))
    found = {indicator.id: indicator for indicator in reversed(made)}
    ordered = dict(sorted(found.items(), key=lambda pair: _rank(pair[1])))
    areas = make_areas(edition, drawing, tree, context_of(edition, tree))
    titles = [str(each.released.study.title) for each in studies]
    return Monitor(
        title=titles[-1] if titles else str(covenant.coordinator.name),
        practice=any(PRACTICE in title.lower() for title in titles),
        whole=tree.codes[int(tree.tree.roots[0])] or REGION,
        areas=areas,
        indicators=MappingProxyType(ordered),
        members=tuple(
            Member(str(party.name), party.role, party.type, str(party.purpose), str(party.legal_ground))
            for party in covenant.parties
        ),
        calendar=_calendar(studies),
        english=MappingProxyType(_english(studies, told)),
        year=geography.year,
        width=drawing.width,
        height=drawing.height,
        log_size=head.size,
        log_root=head.root,
    )


def _rank(indicator: MonitorIndicator) -> tuple[int, int, str]:
    """Return the place of an indicator: what has figures of wijken first; Veilig Thuis, then police, then others."""
    kinds = tuple(PartnerType)
    type_place = min(map(kinds.index, indicator.types), default=len(kinds))
    return Level.WIJK not in indicator.levels, type_place, indicator.id


def _context(
    edition: Edition, rates: Mapping[MeasureId, PublicRate], told: ContextFile, indicator: Indicator
) -> Context:
    rate = rates.get(indicator.measure)
    context = context_of(edition, indicator.tree, returns=None if rate is None else rate.returns)
    return with_file(context, told, indicator, edition)


def _english(studies: Sequence[ReleasedStudy], told: ContextFile) -> dict[str, str]:
    """Return the English of texts in Dutch: of code lists, which have both, and what the operator told."""
    items = [item for each in studies for codes in each.released.code_lists for item in codes.items]
    return {str(item.label_nl): str(item.label_en) for item in items} | {each.nl: each.en for each in told.english}


def _calendar(studies: Sequence[ReleasedStudy]) -> tuple[Planned, ...]:
    planned = [
        Planned(
            entry.period,
            entry.opens,
            entry.due,
            entry.period in each.periods,
            entry.period in each.released.withdrawn,
        )
        for each in studies
        for entry in each.released.study.schedule
    ]
    return tuple(sorted(planned, key=lambda entry: first_day(entry.period)))
