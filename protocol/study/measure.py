"""Computes nothing: a measure is one question with its bounds; a table is a measure at one level, length and noise."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from protocol.ratio import Ratio
from protocol.wire import WireValue
from protocol.words.geography import Level
from protocol.words.ids import CodeListId, Line, MeasureId, PartyId, TableId
from protocol.words.period import PeriodLength

MAX_PER_CELL = 1_000_000  # a clamped sum of cents or minutes; a count needs far less
MAX_CELLS_PER_UNIT = 1_000  # the widest multi-select list times the areas one household can be registered in
MAX_LATENESS = 12  # a year of months
MAX_CELL_BOUND = 2**40  # with 1,000 parties still inside a 64-bit ring


class MeasureKind(StrEnum):
    """What is counted."""

    EVENTS = "events"  # events, at most `most_per_cell` of one unit in one cell
    UNITS = "units"  # distinct units
    SUM = "sum"  # an integer amount, clamped per unit and cell to 0 .. most_per_cell
    MULTI = "multi"  # distinct units by categories of which one unit may have several, at most `most_options`
    MODEL_STEP = "model_step"  # a statistic of a regression over one row a unit (`model.py`)


class Measure(WireValue):
    """One question to one or more partners, with what one unit may add to one cell.

    most_options: categories that one unit may fill in one table, for `multi`; None for the other kinds.
    """

    id: MeasureId
    kind: MeasureKind
    question: Line
    definition: Line
    most_per_cell: Annotated[int, Field(ge=1, le=MAX_PER_CELL)]
    most_options: Annotated[int, Field(ge=1, le=MAX_CELLS_PER_UNIT)] | None


class Table(WireValue):
    """A measure at one area level, one period length and one set of categories.

    contributors: one partner for an own table, several for a joint one. lateness: L, how many earlier periods get
    delta cells. most_cells: cells of this table that one unit may touch in one round, deltas included.
    variance: sigma squared of the whole table. cell_bound: B, to which each cell is clamped.
    joined_types_reason: why partners of different types are summed; None where they are of one type.
    """

    id: TableId
    measure: MeasureId
    level: Level
    period_length: PeriodLength
    categories: CodeListId | None
    lateness: Annotated[int, Field(ge=0, le=MAX_LATENESS)]
    contributors: Annotated[tuple[PartyId, ...], Field(min_length=1, max_length=1_000)]
    most_cells: Annotated[int, Field(ge=1, le=MAX_CELLS_PER_UNIT)]
    variance: Ratio
    cell_bound: Annotated[int, Field(ge=1, le=MAX_CELL_BOUND)]
    joined_types_reason: Line | None

    @property
    def is_joint(self) -> bool:
        """Whether several partners sum into this table."""
        return len(self.contributors) > 1
