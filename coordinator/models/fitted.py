"""Computes nothing: a fitted model, its coefficients with intervals that include the noise. It is about groups.

There is deliberately nothing here, or anywhere, that takes this and a household's row (`tests/test_no_scoring.py`).
"""

from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from coordinator.errors import OperatorRefusal
from coordinator.models.steps import Vector

CONFIDENCE = 0.95


class NotIdentified(OperatorRefusal):
    """Features that cannot be told apart in these figures: collinear, constant, or too few households for the noise."""


class OneOutcome(OperatorRefusal):
    """An outcome that cannot be told from one that all households share."""


class NotConverged(OperatorRefusal):
    """Coefficients that still moved in the last step: the schedule is too short, or the rows are clipped too hard."""


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One coefficient, per one of the feature's own number, with its 95 % interval.

    sampling_sd, noise_sd: the parts of its uncertainty that come of chance and of the privacy noise. demonstrated:
    whether it differs from 0 when all features are judged together (Holm, 5 %).
    """

    label: str
    value: float
    sampling_sd: float
    noise_sd: float
    demonstrated: bool

    @property
    def sd(self) -> float:
        """The whole standard error."""
        return sqrt(self.sampling_sd**2 + self.noise_sd**2)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval, noise included."""
        width = float(norm.ppf((1 + CONFIDENCE) / 2)) * self.sd
        return self.value - width, self.value + width

    @property
    def odds_ratio(self) -> tuple[float, float, float]:
        """Odds ratio (logistic) or rate ratio (Poisson) with its interval."""
        low, high = self.interval
        return exp(min(low, 700.0)), exp(min(self.value, 700.0)), exp(min(high, 700.0))


@dataclass(frozen=True, eq=False, slots=True)
class FittedModel:
    """A fitted model. coefficients: the constant first. plain: float64, per coded unit, for what follows.

    households: about how many the fit rests on, from the noisy sums.
    """

    coefficients: tuple[Coefficient, ...]
    plain: Vector
    covariance: Vector
    households: float


def holm(values: Vector, sds: Vector, *, level: float = 0.05) -> NDArray[np.bool_]:
    """Return which values differ from 0 with a chance of at most `level` that any one of them does so wrongly.

    Source: Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    p = 2 * norm.sf(np.abs(values) / sds)
    order = np.argsort(p)
    passed = np.cumprod(p[order] <= level / np.arange(len(p), 0, -1)).astype(np.bool_)
    result = np.zeros(len(p), dtype=np.bool_)
    result[order] = passed
    return result
