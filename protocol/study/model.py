"""Computes: a model as a study states it: columns, bounds and coding of a regression, and the statistics of its steps.

Everything here is public and an integer. A unit has one row: each column is a number of its own, made from its own
registrations, cut off at stated bounds and coded as `times * value - minus`. What a step asks of the rows is one of
four statistics; `privacy/model/` says what each costs.
"""

from enum import StrEnum
from itertools import combinations_with_replacement
from typing import Annotated

from pydantic import Field

from protocol.study.measure import MAX_LATENESS, Measure, Table
from protocol.wire import WireValue
from protocol.words.ids import Code, CodeListId, Line, MeasureId

MAX_FEATURES = 42  # with constant and outcome 44 columns: a triangle of 990 cells, below MAX_CELLS_PER_UNIT
MAX_VALUE = 10_000  # of a column before it is coded
MAX_CODED = 1 << 16  # of a coded column, either way
MAX_CLIP = 1 << 13
MAX_KNOTS = 1_025
MAX_PER_ONE = 1 << 16
MAX_BINS = 50
MAX_STEPS = 20
POSITION_BITS = 20  # a linear predictor is counted in 2^-20 of the distance between two knots
MAX_PARAMETER = 1 << 36  # with 44 columns below 2^16 the predictor stays below 2^58


class ColumnKind(StrEnum):
    """How a unit's number is made from its rows of one period."""

    ROWS = "rows"  # the rows that a measure counts; with a code: those that carry it
    AMOUNT = "amount"  # the sum of a measure's amounts
    UNKNOWN = "unknown"  # 1 for a unit that has such rows, none of them with any code of the list


class Statistic(StrEnum):
    """What a step sums over the rows. z: a row clipped to the model's norm."""

    MOMENTS = "moments"  # z z', upper triangle; of a linear model with the outcome as last column
    GRADIENT = "gradient"  # z (outcome - mean), at the step's coefficients
    CURVATURE = "curvature"  # z z' times the slope of the mean, upper triangle, at the step's coefficients
    SCORES = "scores"  # households by bin of the predicted mean and by outcome


class Column(WireValue):
    """One number of a unit, from its own rows of one period.

    periods_back: 0 for the period of the round, 1 for the one before. above: so many are taken off; most: then it is
    cut off at this.
    """

    kind: ColumnKind
    measure: MeasureId
    code_list: CodeListId | None
    code: Code | None
    periods_back: Annotated[int, Field(ge=0, le=MAX_LATENESS)]
    above: Annotated[int, Field(ge=0, le=MAX_VALUE)]
    most: Annotated[int, Field(ge=1, le=MAX_VALUE)]


class Feature(WireValue):
    """A column with its name for readers, and its coding: times * value - minus."""

    label: Line
    column: Column
    times: Annotated[int, Field(ge=1, le=MAX_CODED)]
    minus: Annotated[int, Field(ge=-MAX_CODED, le=MAX_CODED)]

    @property
    def largest(self) -> int:
        """The largest coded value, either way."""
        return max(abs(self.minus), abs(self.times * self.column.most - self.minus))


class Curve(WireValue):
    """The mean as a function of the linear predictor: straight lines between knots, level beyond the last ones.

    per_one: a mean of one, as an integer. knots_per_unit: knots in one unit of the predictor. knots: in order; the
    middle one, of an odd number, is the mean at 0. It is data that every reader may draw: no party runs another's code.
    """

    per_one: Annotated[int, Field(ge=1, le=MAX_PER_ONE)]
    knots_per_unit: Annotated[int, Field(ge=1, le=1_024)]
    knots: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=3, max_length=MAX_KNOTS)]

    @property
    def steepest(self) -> int:
        """The largest rise from one knot to the next."""
        return max(right - left for left, right in zip(self.knots, self.knots[1:], strict=False))


class Model(WireValue):
    """A regression. population: units whose number here is at least 1.

    constant: the coded value of the first column, the same for all. clip_norm: the largest Euclidean norm of a row.
    curve: None for a linear model. holdout: one unit in so many is kept apart, to judge the model by.
    """

    population: Column
    outcome: Feature
    features: Annotated[tuple[Feature, ...], Field(min_length=1, max_length=MAX_FEATURES)]
    constant: Annotated[int, Field(ge=1, le=MAX_CODED)]
    clip_norm: Annotated[int, Field(ge=1, le=MAX_CLIP)]
    curve: Curve | None
    holdout: Annotated[int, Field(ge=2, le=100)]

    @property
    def columns(self) -> int:
        """How many coefficients: one for each feature, and the constant."""
        return 1 + len(self.features)

    def cells(self, table: "StepTable") -> tuple[Code, ...]:
        """Return the names of a table's cells, in order."""
        own = range(self.columns)
        match table.statistic:
            case Statistic.MOMENTS | Statistic.CURVATURE:
                with_outcome = table.statistic is Statistic.MOMENTS and self.curve is None
                pairs = combinations_with_replacement(range(self.columns + with_outcome), 2)
                return tuple(Code(f"{row:02d}.{column:02d}") for row, column in pairs)
            case Statistic.GRADIENT:
                return tuple(Code(f"{column:02d}") for column in own)
            case Statistic.SCORES:
                outcomes = range(self.outcome.column.most + 1)
                return tuple(Code(f"{place:02d}.{value:05d}") for place in range(table.bins or 1) for value in outcomes)

    def parameters(self, table: "StepTable") -> int:
        """Return how many integers a table takes from its step's offer: coefficients, and the edges of bins."""
        match table.statistic:
            case Statistic.MOMENTS:
                return 0
            case Statistic.SCORES:
                return self.columns + (table.bins or 1) - 1
            case _:
                return self.columns

    def norm_of(self, statistic: Statistic) -> int:
        """Return the largest Euclidean norm, over its cells, of what one unit adds to a statistic, for any parameters.

        With |z| <= clip_norm = C: |z r| <= C max|r|; sum over j <= k of (z_j z_k)^2 <= (sum of z_j^2)^2 <= C^4.
        """
        if statistic is Statistic.SCORES:
            return 1
        if statistic is Statistic.MOMENTS or self.curve is None:
            return self.clip_norm**2
        if statistic is Statistic.CURVATURE:
            return self.curve.steepest * self.clip_norm**2
        return self.clip_norm * self.outcome.column.most * self.curve.per_one


class ModelMeasure(Measure):
    """A question that a model answers; its tables are steps."""

    model: Model


class StepTable(Table):
    """One statistic of a model, released in these steps of its period.

    held_out: over the units that are kept apart, else over all others. bins: of scores; None elsewhere.
    """

    statistic: Statistic
    held_out: bool
    bins: Annotated[int, Field(ge=2, le=MAX_BINS)] | None
    steps: Annotated[tuple[Annotated[int, Field(ge=1, le=MAX_STEPS)], ...], Field(min_length=1, max_length=MAX_STEPS)]
