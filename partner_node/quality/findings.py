"""Computes: what a quality report says, as frozen values and as JSON: counts and levels, never a value of a row."""

import json
from dataclasses import asdict, dataclass
from datetime import date

from partner_node.quality.change import Change
from partner_node.quality.coverage import MonthRows
from partner_node.quality.levels import Dimension


@dataclass(frozen=True, slots=True)
class Score:
    """The level of a dimension, 1 to 5; None where there is nothing to judge yet."""

    dimension: Dimension
    level: int | None


@dataclass(frozen=True, slots=True)
class FileRows:
    """Rows of a file. doubled: those for which another row stands. unused: without an id, a date or an area."""

    file: str
    record: str
    read: int
    used: int
    doubled: int
    unused: int


@dataclass(frozen=True, slots=True)
class ColumnRows:
    """Rows of one mapped column. wrong: filled with something that cannot be used as it is."""

    record: str
    column: str
    header: str
    is_code: bool
    rows: int
    empty: int
    wrong: int


@dataclass(frozen=True, slots=True)
class FaultRows:
    """Rows with one fault."""

    file: str
    column: str
    reason: str
    rows: int


@dataclass(frozen=True, slots=True)
class AreaRows:
    """Used rows whose finest known area is at this level."""

    level: str
    rows: int


@dataclass(frozen=True, slots=True)
class UnitRows:
    """Rows read. shared: with a usable unit; the others are units of their own. no_route: of types without a route."""

    rows: int
    shared: int
    empty: int
    dummy: int
    institution: int
    no_route: int


@dataclass(frozen=True, slots=True)
class DelayRows:
    """Used rows between event and delivery: at most so many days, and more than those of the row before."""

    most_days: int | None
    rows: int


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What a partner should know of its delivery. waited_days: from the last covered day to the delivery.

    change: against the last delivery; None for a first one.
    """

    profile: str
    route: str
    delivered_on: date
    first_day: date
    last_day: date
    waited_days: int
    scores: tuple[Score, ...]
    files: tuple[FileRows, ...]
    columns: tuple[ColumnRows, ...]
    faults: tuple[FaultRows, ...]
    areas: tuple[AreaRows, ...]
    units: UnitRows
    delays: tuple[DelayRows, ...]
    months: tuple[MonthRows, ...]
    change: Change | None

    def as_json(self) -> str:
        """Return the report as JSON; days as 2026-07-15."""
        return json.dumps(asdict(self), default=str, ensure_ascii=False, indent=2) + "\n"

    def score(self, dimension: Dimension) -> Score:
        """Return the score of a dimension."""
        return next(score for score in self.scores if score.dimension is dimension)
