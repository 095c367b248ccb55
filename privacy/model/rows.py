"""Computes: the rows of a model, one a unit, coded, clipped to a norm, and split into those fitted on and those apart.

All integers. What becomes of a unit's row depends on that row, its key and the study only: a stranger who comes or goes
changes nothing in it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from privacy.errors import PrivacyRefusal
from privacy.keyed_hash import KEY_BYTES, keyed_hash
from protocol.digest import labelled
from protocol.study.model import MAX_CODED, Model

_ROOT_BITS = 20  # a row of 44 columns below 2^16 has a norm below 2^19


class RowsOutOfRange(PrivacyRefusal):
    """Rows of another type or shape than the model's, or with a value outside its bounds."""


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class ModelRows:
    """One row for each unit; never leaves the partner.

    coded: int64, shape (units, columns), the constant first. outcome: int64, shape (units,), cut off and coded.
    held_out, present: bool, shape (units,): kept apart; in the model's population at all.
    Raises: RowsOutOfRange.
    """

    coded: NDArray[np.int64]
    outcome: NDArray[np.int64]
    held_out: NDArray[np.bool_]
    present: NDArray[np.bool_]

    def __post_init__(self) -> None:
        units = self.outcome.shape
        columns = (self.outcome, self.held_out, self.present)
        numbers, marks = (self.coded, self.outcome), (self.held_out, self.present)
        right = all(column.dtype == np.int64 for column in numbers) and all(mark.dtype == np.bool_ for mark in marks)
        if not right or any(column.shape != units for column in columns):
            raise _out_of_range("columns of other types or lengths", "int64 and bool columns, one row a unit")
        if self.coded.ndim != 2 or len(self.coded) != len(self.outcome):  # noqa: PLR2004 - rows and columns
            raise _out_of_range("rows of another shape", "one row a unit")
        if any(np.abs(values).max(initial=0) > MAX_CODED for values in (self.coded, self.outcome)):
            raise _out_of_range("a coded value out of range", f"at most {MAX_CODED} either way")
        for column in (self.coded, *columns):
            column.setflags(write=False)

    @property
    def units(self) -> int:
        """How many units."""
        return len(self.outcome)


def clipped(rows: NDArray[np.int64], norm: int) -> NDArray[np.int64]:
    """Return the rows, those longer than `norm` shortened to it, each coordinate rounded towards zero.

    rows: int64, shape (units, columns), values of at most 2^16 either way. Result: the same shape; the Euclidean norm
    of each is at most `norm`: with s the norm rounded up, |x_j| norm // s is at most |x_j| norm / s, and the squares
    of these add up to norm^2 (sum of x_j^2) / s^2 <= norm^2. The rounding can only shorten.
    """
    squares = (rows * rows).sum(axis=1)
    long = np.flatnonzero(squares > norm * norm)
    if not long.size:
        return rows
    result = rows.copy()
    kept = np.abs(rows[long]) * norm // _root_up(squares[long])[:, np.newaxis]
    result[long] = np.sign(rows[long]) * kept
    return result


def held_out(unit_key: NDArray[np.uint8], model: Model, measure: str) -> NDArray[np.bool_]:
    """Return which units are kept apart: one in `model.holdout`, by a public rule on the unit's own key.

    unit_key: uint8, shape (units, 16), secret to the partner: nobody else can say on which side a household is.
    Not promised: one side at all partners, for a unit that is known at several; its keys differ there.
    """
    words = np.ascontiguousarray(unit_key).view("<u8").astype(np.uint64).reshape(-1, 2)
    rule = labelled("holdout", measure.encode("ascii"))[:KEY_BYTES]
    digest = keyed_hash(rule, (words[:, 0], words[:, 1]), np.zeros(1, dtype=np.uint64), tail_bytes=0)
    return np.asarray(digest % np.uint64(model.holdout) == 0)


def _root_up(squares: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the square roots rounded up, bit by bit: exact, where a float's would have to be checked anyway."""
    root = np.zeros_like(squares)
    for bit in range(_ROOT_BITS - 1, -1, -1):
        tried = root | (1 << bit)
        root = np.where(tried * tried <= squares, tried, root)
    return np.asarray(root + (root * root < squares))


def _out_of_range(got: str, wanted: str) -> RowsOutOfRange:
    return RowsOutOfRange(got=got, wanted=wanted, act="the node must make its rows as the study codes them")
