"""Computes: what every estimate is: a value with its variance, or a named reason why there is none.

What is absent has an infinite variance, so that by its weight of 1 / variance it never enters a sum by mistake, and no
number at all where a reader could take it for zero.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coordinator.errors import EstimateRefusal

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Bools = NDArray[np.bool_]
Reasons = NDArray[np.uint8]


class WrongShape(EstimateRefusal):
    """Figures, variances or areas of different numbers, or a number that is none."""


class Reason(IntEnum):
    """Why a cell has no estimate; TOLD: it has one."""

    TOLD = 0
    NOT_DELIVERED = 1  # nobody delivered what it needs
    NOT_DETERMINED = 2  # several cells of one sum are absent: only their sum is known
    NO_DENOMINATOR = 3  # nobody tells how many live there, or nobody does
    SMALL_DENOMINATOR = 4  # too few for a rate
    UNCERTAIN_DENOMINATOR = 5  # a noisy denominator that is not demonstrably above zero
    TOO_FEW = 6  # too few areas or periods for the model
    SINGULAR = 7  # a covariate that says what others say, or nothing
    TOO_NOISY = 8  # the noise in a predictor is larger than what areas differ by


@dataclass(frozen=True, slots=True)
class Estimate:
    """One value and the variance of its error."""

    value: float
    variance: float


@dataclass(frozen=True, eq=False, slots=True)
class Estimates:
    """Values with their variances, and why some are absent.

    value, variance: float64, any one shape; reason: uint8, of the same shape. Where the reason is not TOLD the variance
    is infinite and the value is a filler that means nothing.
    Raises: WrongShape.
    """

    value: Floats
    variance: Floats
    reason: Reasons

    def __post_init__(self) -> None:
        told = self.told
        if self.value.shape != self.variance.shape or self.value.shape != self.reason.shape:
            raise wrong_shape("values, variances and reasons of different shapes")
        if not (np.isfinite(self.value).all() and np.array_equal(np.isfinite(self.variance), told)):
            raise wrong_shape("a told estimate without a number, or a number that is not told")
        for column in (self.value, self.variance, self.reason):
            column.setflags(write=False)

    @property
    def told(self) -> Bools:
        """Which cells have an estimate."""
        return np.asarray(self.reason == Reason.TOLD)

    def cell(self, *place: int) -> Estimate | Reason:
        """Return one cell: its estimate, or the reason why there is none."""
        why = Reason(int(self.reason[place]))
        return Estimate(float(self.value[place]), float(self.variance[place])) if why is Reason.TOLD else why


def estimates(value: ArrayLike, variance: ArrayLike, absent: Reason | Reasons = Reason.NOT_DELIVERED) -> Estimates:
    """Return values with variances as estimates; those without a finite value and variance are absent.

    absent: why, for all of them or for each.
    Raises: WrongShape, also for a variance below 0.
    """
    values, variances = np.array(value, dtype=np.float64), np.array(variance, dtype=np.float64)
    if values.shape != variances.shape or (variances < 0).any():
        raise wrong_shape("values and variances of different shapes, or a variance below 0")
    told = np.isfinite(values) & np.isfinite(variances)
    values[~told], variances[~told] = 0.0, np.inf
    why = np.where(told, np.uint8(Reason.TOLD), np.asarray(absent, dtype=np.uint8))
    return Estimates(values, variances, why)


def wrong_shape(got: str) -> WrongShape:
    """Return the refusal of input that does not fit together."""
    return WrongShape(got=got, wanted="one finite number or one reason for each cell", act="the caller must mend them")
