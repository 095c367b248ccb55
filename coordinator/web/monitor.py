"""Computes nothing: what all pages of the monitor draw from, one frozen value made of what was published.

A cell that is not shown holds no number, so that no page, chart or file can show one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import NewType

from coordinator.estimates.area_funnels import FunnelLimits
from coordinator.estimates.spans import Pairs
from coordinator.estimates.trend import BreakKind
from coordinator.estimates.verdicts import Reliability, Verdict
from protocol.covenant.party import PartnerType, Role
from protocol.study.measure import MeasureKind
from protocol.words.geography import AreaCode, Level
from protocol.words.period import Period

IndicatorId = NewType("IndicatorId", str)
SpanId = NewType("SpanId", str)
YEAR = SpanId("jaar")  # the last twelve months together; every other span is one period and bears its name
REGION = AreaCode("regio")  # the whole, where there are several gemeenten


class Why(StrEnum):
    """Why a cell has no figure; the first three as in a release. The same on pages, in files and over the API."""

    TOO_UNCERTAIN = "too-uncertain"
    NOT_DELIVERED = "not-delivered"  # nor did those from whose areas it would follow
    WITHDRAWN = "withdrawn"
    NOT_COUNTED = "not-counted"  # nobody counts this at this level of areas, nor does it follow from smaller ones


@dataclass(frozen=True, slots=True)
class Absent:
    """A cell without a figure."""

    why: Why


@dataclass(frozen=True, slots=True)
class Rate:
    """Per 1,000 inhabitants. low, high: 95 %, for noise and chance, around the underlying level."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Published:
    """The release's own figure of one cell, before levels were made to add up; below zero too. margin: 95 %, noise."""

    value: int
    margin: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that is shown.

    value: whole, from 0; areas add up to larger ones. low, high: 95 %, for noise, around what was registered.
    margin: half of that interval. rate: None where nobody tells how many live there. verdict, change, against_alike:
    the rate beside that of the whole, of the stretch before, and of the areas most like it. published: of one period.
    """

    value: int
    low: int
    high: int
    margin: int
    rate: Rate | None
    reliability: Reliability
    verdict: Verdict
    change: Verdict
    against_alike: Verdict
    published: Published | None


@dataclass(frozen=True, slots=True)
class Revised:
    """The release's figure as it was after the round of `counted_in`."""

    counted_in: Period
    answer: Published | Absent


@dataclass(frozen=True, slots=True)
class Cell:
    """What is told of one indicator, stretch and area. revisions: oldest first, where it was counted more than once."""

    answer: Figure | Absent
    revisions: tuple[Revised, ...] = ()

    @property
    def figure(self) -> Figure | None:
        """The figure, None where none is shown."""
        return self.answer if isinstance(self.answer, Figure) else None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the partners that count this delivered; partial: of those, how many declared a part."""

    delivered: int
    partial: int
    of: int

    @property
    def is_whole(self) -> bool:
        """Whether every partner delivered everything."""
        return self.delivered == self.of and not self.partial


@dataclass(frozen=True, eq=False, slots=True)
class Span:
    """One indicator over one period, or over the last twelve months together.

    cells: of every area. provisional: late registrations may still be added. false_alarms: how many of the verdicts
    of areas of a level are expected to be false at most. funnels: by level. pairs: compares areas that
    are shown, None where none is.
    """

    id: SpanId
    periods: tuple[Period, ...]
    coverage: Coverage
    provisional: bool
    cells: Mapping[AreaCode, Cell]
    false_alarms: Mapping[Level, float]
    funnels: Mapping[Level, tuple[FunnelLimits, ...]]
    pairs: Pairs | None


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The level of an area in one period, 95 % from low to high, for noise and chance; counts, not rates."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SeriesBreak:
    """Figures from this period on cannot be one series with those before."""

    first: Period
    kind: BreakKind


@dataclass(frozen=True, slots=True)
class Change:
    """How a level after a date compares with what areas alike make one expect: 1 is as there; 95 % from low to high."""

    ratio: float
    low: float
    high: float
    areas: int

    @property
    def verdict(self) -> Verdict:
        """Higher or lower where the margin holds no 1; why is not said."""
        if self.low > 1:
            return Verdict.HIGHER
        return Verdict.LOWER if self.high < 1 else Verdict.NO_DIFFERENCE


@dataclass(frozen=True, slots=True)
class Effect:
    """Something was done in an area. label: what; first: the first period after. change: None where nothing is told.

    alike: the areas that it is compared with, nearest in kind first.
    """

    area: AreaCode
    label: str
    first: Period
    alike: tuple[AreaCode, ...]
    change: Change | None


@dataclass(frozen=True, eq=False, slots=True)
class MonitorIndicator:
    """One thing that is counted by one set of partners.

    sources: names of the partners. spans: the last twelve months first, then single periods, newest first.
    trends: of each area its level in every period, oldest first; None where nothing may be shown.
    estimated: `geschat`, of areas for which a model has one. drifting: areas a little apart from the rate of
    all, period after period, by a chart that rings for nothing once in a hundred periods. margins, variances: of the
    noise in one counted figure, by level. effects: of what the operator told was done somewhere.
    """

    id: IndicatorId
    question: str
    definition: str
    category: str | None
    kind: MeasureKind
    types: tuple[PartnerType, ...]
    sources: tuple[str, ...]
    levels: tuple[Level, ...]
    periods: tuple[Period, ...]
    spans: Mapping[SpanId, Span]
    trends: Mapping[AreaCode, tuple[TrendPoint | None, ...]]
    estimated: Mapping[AreaCode, Rate]
    drifting: frozenset[AreaCode]
    breaks: tuple[SeriesBreak, ...]
    margins: Mapping[Level, int]
    variances: Mapping[Level, Fraction]
    effects: tuple[Effect, ...]


@dataclass(frozen=True, eq=False, slots=True)
class MonitorArea:
    """One area. path: for an SVG, in the map's units, around the point (x, y). context: published by CBS, by its names.

    postcodes: four digits, of the postcode areas in it. alike: areas of its level most like it, nearest first.
    """

    code: AreaCode
    name: str
    level: Level
    parent: AreaCode | None
    inhabitants: int | None
    households: int | None
    context: Mapping[str, float]
    postcodes: tuple[str, ...]
    alike: tuple[AreaCode, ...]
    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Member:
    """An organisation of the covenant."""

    name: str
    role: Role
    type: PartnerType | None
    purpose: str
    legal_ground: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A period of the calendar."""

    period: Period
    opens: date
    due: date
    released: bool
    withdrawn: bool


@dataclass(frozen=True, eq=False, slots=True)
class Monitor:
    """Everything. areas: gemeenten, wijken, buurten. whole: what areas are compared with.

    practice: the figures are invented. english: of texts that were signed in Dutch, where it is told. year: of the
    edition of the areas. width, height: of the map. log_size, log_root: the coordinator's log when this was made.
    """

    title: str
    practice: bool
    whole: AreaCode
    areas: Mapping[AreaCode, MonitorArea]
    indicators: Mapping[IndicatorId, MonitorIndicator]
    members: tuple[Member, ...]
    calendar: tuple[Planned, ...]
    english: Mapping[str, str]
    year: int
    width: int
    height: int
    log_size: int
    log_root: str

    def at(self, level: Level) -> tuple[MonitorArea, ...]:
        """Return the areas of a level, in order of code."""
        return tuple(area for area in self.areas.values() if area.level is level)

    def inside(self, code: AreaCode) -> tuple[MonitorArea, ...]:
        """Return the parts of an area, in order of code."""
        return tuple(area for area in self.areas.values() if area.parent == code)

    def counted(self, level: Level) -> tuple[MonitorIndicator, ...]:
        """Return the indicators that have figures of areas of a level."""
        return tuple(each for each in self.indicators.values() if level in each.levels)


def newest(spans: Iterable[Span]) -> Period | None:
    """Return the newest period of these spans, None where there is none."""
    return max((period for span in spans for period in span.periods), default=None)
