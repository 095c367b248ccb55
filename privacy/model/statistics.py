"""Computes: the statistics of a step, bounded whatever the coefficients: what each unit adds, and their sums.

Each statistic is one of three forms, which say both the sum of the squares of what a unit adds to its cells (what the
personal filter charges) and the total over those who stay, without ever making a table of units by cells:

linear      cell j gets        w z_j                  GRADIENT                 sum of squares  w^2 |z|^2
quadratic   cell (j, k) gets   w z_j z_k, j <= k      MOMENTS, CURVATURE       w^2 (|z|^4 + sum of z_j^4) / 2
placed      one cell gets      1                      SCORES                   1

z is a clipped row, so |z| <= C whatever the records say; the residual and the slope are cut off by the curve, so the
norm is bounded for every coefficient that the coordinator may name. All integers, exact: nothing is rounded but the
mean itself, which is a public function of the row.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from privacy.errors import PrivacyRefusal
from privacy.model.rows import ModelRows, clipped
from protocol.study.model import MAX_PARAMETER, POSITION_BITS, Curve, Model, Statistic, StepTable

MAX_TOTAL = 2**62


class WrongParameters(PrivacyRefusal):
    """Parameters of a step that are too many, too few, or out of range."""


class TooManyUnits(PrivacyRefusal):
    """More units than the sums of a statistic have room for."""


@dataclass(frozen=True, repr=False)
class UnitParts:
    """What units add to one statistic; never leaves the partner.

    rows: int64, shape (units, columns), z; None for scores. weight: int64, shape (units,), w; 0 for those who add
    nothing. place: int64, shape (units,), the cell of a score.
    """

    cells: int
    weight: NDArray[np.int64]
    rows: NDArray[np.int64] | None = None
    place: NDArray[np.int64] | None = None

    def nothing(self) -> "UnitParts":
        """Return the same statistic to which nobody adds anything."""
        return UnitParts(self.cells, np.zeros_like(self.weight), self.rows, self.place)

    @cached_property
    def squares(self) -> NDArray[np.int64]:
        """Sum over the cells of the squares of what each unit adds; int64, shape (units,)."""
        if self.rows is None:
            return self.weight * self.weight
        squares = self.rows * self.rows
        length = squares.sum(axis=1)
        if self.rows.shape[1] == self.cells:
            return np.asarray(self.weight * self.weight * length)
        return np.asarray(self.weight * self.weight * ((length * length + (squares * squares).sum(axis=1)) // 2))

    def total(self, stays: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the sum over the units that stay; int64, shape (cells,)."""
        weight = self.weight * stays
        if self.place is not None:
            return np.bincount(self.place[weight > 0], minlength=self.cells).astype(np.int64)
        if self.rows is None:
            raise AssertionError("a statistic has rows or places")
        if self.rows.shape[1] == self.cells:
            return np.asarray(weight @ self.rows)
        chosen = np.flatnonzero(weight)
        rows = self.rows[chosen]
        upper = np.triu_indices(self.rows.shape[1])
        return np.asarray((rows.T @ (rows * weight[chosen, np.newaxis]))[upper])


def step_parts(
    tables: tuple[StepTable, ...], model: Model, rows: ModelRows, parameters: tuple[int, ...]
) -> tuple[UnitParts, ...]:
    """Return what the units add to each table of a step, in order.

    parameters: those of the tables, one after another (`Model.parameters`).
    Not promised: anything about the parameters; for any of them a unit adds at most `Model.norm_of`.
    Raises: WrongParameters, TooManyUnits.
    """
    ends = np.cumsum([0, *(model.parameters(table) for table in tables)]).tolist()
    if ends[-1] != len(parameters) or any(abs(value) > MAX_PARAMETER for value in parameters):
        raise WrongParameters(
            got="parameters of another number or size",
            wanted=f"{ends[-1]}, each at most 2^36 either way",
            act="the coordinator must propose the step again",
        )
    if any(rows.units * model.norm_of(table.statistic) >= MAX_TOTAL for table in tables):
        raise TooManyUnits(
            got="more units than the sums have room for", wanted="fewer", act="the author of the study must clip lower"
        )
    own = (np.array(parameters[start:end], dtype=np.int64) for start, end in pairwise(ends))
    return tuple(_parts(table, model, rows, mine) for table, mine in zip(tables, own, strict=True))


def mean_at(position: NDArray[np.int64], curve: Curve) -> NDArray[np.int64]:
    """Return the mean, in 1 / per_one, at linear predictors counted in 2^-20 of a knot's distance, from the middle."""
    left, beyond = _knot(position, curve)
    knots = np.array(curve.knots, dtype=np.int64)
    half = 1 << (POSITION_BITS - 1)
    return np.asarray(knots[left] + ((knots[left + 1] - knots[left]) * beyond + half >> POSITION_BITS))


def slope_at(position: NDArray[np.int64], curve: Curve) -> NDArray[np.int64]:
    """Return the rise of the mean over the piece of the curve at these predictors; 0 beyond its ends."""
    left, _ = _knot(position, curve)
    inside = np.abs(position) < (len(curve.knots) // 2) << POSITION_BITS
    return np.asarray(np.diff(np.array(curve.knots, dtype=np.int64))[left] * inside)


def _knot(position: NDArray[np.int64], curve: Curve) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the knot to the left, and how far beyond it, in 2^-20; never beyond the last piece."""
    last = len(curve.knots) - 1
    moved = np.clip(position + ((last // 2) << POSITION_BITS), 0, last << POSITION_BITS)
    left = np.minimum(moved >> POSITION_BITS, last - 1)
    return left, moved - (left << POSITION_BITS)


def _parts(table: StepTable, model: Model, rows: ModelRows, parameters: NDArray[np.int64]) -> UnitParts:
    weight = (rows.present & (rows.held_out == table.held_out)).astype(np.int64)
    cells = len(model.cells(table))
    if model.curve is None:
        both = np.column_stack((rows.coded, rows.outcome))
        return UnitParts(cells, weight, clipped(both, model.clip_norm))
    if table.statistic is Statistic.SCORES:
        return UnitParts(cells, weight, place=_places(model, model.curve, rows, parameters))
    row = clipped(rows.coded, model.clip_norm)
    if table.statistic is Statistic.MOMENTS:
        return UnitParts(cells, weight, row)
    # The whole row decides the mean, and the clipped one how much of the residual counts: an estimating equation with
    # any z(x) holds at the true coefficients, so that clipping widens intervals and moves nothing.
    position = rows.coded @ parameters
    if table.statistic is Statistic.CURVATURE:
        return UnitParts(cells, weight * slope_at(position, model.curve), row)
    outcome = np.clip(rows.outcome, 0, model.outcome.column.most)
    return UnitParts(cells, weight * (outcome * model.curve.per_one - mean_at(position, model.curve)), row)


def _places(model: Model, curve: Curve, rows: ModelRows, parameters: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each unit's cell: its bin of the mean, and its outcome; edges out of order put it into a bin as well."""
    mean = mean_at(rows.coded @ parameters[: model.columns], curve)
    edges = parameters[model.columns :]
    found = np.zeros(rows.units, dtype=np.int64)
    for edge in edges.tolist():
        found += mean >= edge
    most = model.outcome.column.most
    return np.asarray(found * (most + 1) + np.clip(rows.outcome, 0, most))
