"""Computes: what opened steps of a model say, in plain units: noisy sums as vectors and matrices with their variance.

Units: a row is divided by the coded constant, so that its first column is 1; a mean by `per_one`. Coefficients are per
such unit. What a released sum holds is an integer; everything after it is post-processing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coordinator.errors import OperatorRefusal
from protocol.study.grid import Grid
from protocol.study.model import MAX_PARAMETER, POSITION_BITS, Curve, Model, Statistic, StepTable
from protocol.study.study import Study
from protocol.words.ids import MeasureId, PartyId, TableId
from protocol.words.period import Period, days_of, step_in, step_of

Vector = NDArray[np.floating[Any]]


class StepsMissing(OperatorRefusal):
    """A step that cannot be asked, or a model that cannot be fitted, before an earlier step is open."""


class PartnersChanged(OperatorRefusal):
    """Steps of one model to which different partners contributed: their sums are of different households."""


@dataclass(frozen=True, eq=False, slots=True)
class Noisy:
    """A noisy sum. value: float64, a vector, or a symmetric matrix. sd: of the noise in each of its cells."""

    value: Vector
    sd: float


@dataclass(frozen=True, eq=False, slots=True)
class OpenedStep:
    """One step whose sum was opened. variances: of the noise in each table, None where it was not delivered.

    parameters: at which it was asked. contributors: whose rows are in it.
    """

    period: Period
    parameters: tuple[int, ...]
    contributors: frozenset[PartyId]
    grid: Grid
    values: NDArray[np.int64]
    variances: Mapping[TableId, Fraction | None]


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """A model of a study with its steps over one period."""

    study: Study
    measure: MeasureId
    model: Model
    period: Period

    def tables(self, step: int) -> tuple[StepTable, ...]:
        """Return the tables of this model in a step, in the order in which they take parameters."""
        tables = self.study.tables_for(step_in(self.period, step))
        return tuple(table for table in tables if isinstance(table, StepTable) and table.measure == self.measure)

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps of its schedule, in order."""
        found = (step_of(entry.period) for entry in self.study.schedule if days_of(entry.period) == self.period)
        return tuple(step for step in found if step is not None and self.tables(step))

    @property
    def curve(self) -> Curve:
        """The curve of a model that has one."""
        if self.model.curve is None:
            raise AssertionError("a linear model has no curve")
        return self.model.curve

    @property
    def unit(self) -> float:
        """A coefficient of one, in the integers that an offer carries."""
        return float(self.curve.knots_per_unit << POSITION_BITS) / self.model.constant

    def coded(self, coefficients: Vector) -> tuple[int, ...]:
        """Return coefficients as an offer carries them."""
        return tuple(
            np.clip(np.rint(coefficients * self.unit), -MAX_PARAMETER, MAX_PARAMETER).astype(np.int64).tolist()
        )

    def coefficients(self, coded: Sequence[int]) -> Vector:
        """Return the coefficients that an offer carried."""
        return np.array(coded, dtype=np.float64) / self.unit

    def asked(self, opened: OpenedStep, statistic: Statistic) -> Vector:
        """Return the coefficients at which a statistic was asked, the first of its kind."""
        first = 0
        for table in self.tables(step_of(opened.period) or 0):
            if table.statistic is statistic:
                return self.coefficients(opened.parameters[first : first + self.model.columns])
            first += self.model.parameters(table)
        raise AssertionError("a statistic of this step")

    def found(self, opened: OpenedStep, statistic: Statistic, *, held_out: bool = False) -> tuple[Noisy, ...]:
        """Return every table of a statistic in a step, in order of id."""
        step = step_of(opened.period) or 0
        return tuple(
            self._noisy(opened, table)
            for table in self.tables(step)
            if table.statistic is statistic and table.held_out == held_out
        )

    def edges(self, opened: OpenedStep) -> tuple[Vector, ...]:
        """Return the edges of the bins of each table of scores of a step, as means."""
        first, edges = 0, []
        for table in self.tables(step_of(opened.period) or 0):
            end = first + self.model.parameters(table)
            if table.statistic is Statistic.SCORES:
                own = opened.parameters[first + self.model.columns : end]
                edges.append(np.array(own, dtype=np.float64) / self.curve.per_one)
            first = end
        return tuple(edges)

    def _noisy(self, opened: OpenedStep, table: StepTable) -> Noisy:
        variance = opened.variances[table.id]
        if variance is None:
            raise missing(f"table {table.id} of {opened.period}, which was not delivered")
        segment = opened.grid.segment(table.id, opened.period)
        cells = opened.values[segment.first : segment.first + segment.size].astype(np.float64)
        scale = self._scale(table.statistic)
        noisy = Noisy(cells / scale, float(variance) ** 0.5 / scale)
        match table.statistic:
            case Statistic.MOMENTS | Statistic.CURVATURE:
                return Noisy(_symmetric(noisy.value), noisy.sd)
            case Statistic.SCORES:
                return Noisy(noisy.value.reshape(-1, self.model.outcome.column.most + 1), noisy.sd)
            case Statistic.GRADIENT:
                return noisy

    def _scale(self, statistic: Statistic) -> float:
        """Return what a cell's one is, in plain units."""
        constant = self.model.constant
        match statistic:
            case Statistic.MOMENTS:
                return float(constant**2)
            case Statistic.GRADIENT:
                return float(constant * self.curve.per_one)
            case Statistic.CURVATURE:
                return constant**2 * self.curve.per_one / self.curve.knots_per_unit
            case Statistic.SCORES:
                return 1.0


def in_order(plan: ModelPlan, opened: Sequence[OpenedStep]) -> tuple[OpenedStep, ...]:
    """Return the open steps of a model as far as they follow each other without a gap.

    Raises: PartnersChanged.
    """
    by_step = {step_of(each.period): each for each in opened if days_of(each.period) == plan.period}
    found: list[OpenedStep] = []
    for step in plan.steps:
        if step not in by_step:
            break
        found.append(by_step[step])
    if len({each.contributors for each in found}) > 1:
        raise PartnersChanged(
            got="steps to which different partners contributed",
            wanted="the same in every step of a model",
            act="the coordinator must begin the model anew, in a study with those who stay; what was run is spent",
        )
    return tuple(found)


def missing(got: str) -> StepsMissing:
    """Return the refusal of a model without a step that it needs."""
    return StepsMissing(got=got, wanted="that step, opened", act="the operator must run the steps in order")


def _symmetric(upper: Vector) -> Vector:
    """Return the symmetric matrix of an upper triangle, row by row."""
    size = int((np.sqrt(8 * upper.size + 1) - 1) / 2 + 0.5)
    matrix = np.zeros((size, size))
    matrix[np.triu_indices(size)] = upper
    return np.asarray(matrix + np.triu(matrix, 1).T)
