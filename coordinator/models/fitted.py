"""Computes: a fitted model, its coefficients with intervals that include the noise. It is about groups.

There is deliberately nothing here, or anywhere, that takes this and a household's row (`tests/test_no_scoring.py`).
"""

from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from coordinator.errors import OperatorRefusal
from coordinator.models.steps import ModelPlan, Noisy, Vector

CONFIDENCE = 0.95
IDENTIFIED = 4.0  # in a fit, the least eigenvalue in noise sds: noise alone has it in one direction of 1,000


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


def fitted_model(plan: ModelPlan, beta: Vector, *, sampling: Vector, noise: Vector, households: float) -> FittedModel:
    """Return coefficients per one of each feature's own number. sampling, noise: covariances per coded unit."""
    features = plan.model.features
    outcome = plan.model.outcome
    # Of a linear model the outcome is coded too; a curve is about the number itself.
    unit = plan.model.constant / outcome.times if plan.model.curve is None else 1.0
    scale = np.array([1.0, *(feature.times / plan.model.constant for feature in features)])
    offset = np.array([0.0, *(-feature.minus / plan.model.constant for feature in features)])
    turn = np.diag(scale)
    turn[0] += offset  # the constant is what holds where every feature is 0
    turn *= unit
    value, chance, privacy = turn @ beta, turn @ sampling @ turn.T, turn @ noise @ turn.T
    value[0] += 0.0 if plan.model.curve is not None else outcome.minus / outcome.times
    sds = np.sqrt(np.diag(chance) + np.diag(privacy))
    shown = [False, *holm(value[1:], sds[1:]).tolist()]
    labels = ("constant", *(feature.label for feature in features))
    coefficients = tuple(
        Coefficient(str(label), float(v), float(c) ** 0.5, float(p) ** 0.5, demonstrated=bool(d))
        for label, v, c, p, d in zip(labels, value, np.diag(chance), np.diag(privacy), shown, strict=True)
    )
    return FittedModel(coefficients, beta, sampling + noise, households)


def least_eigenvalue(noisy: Noisy) -> float:
    """Return what the least eigenvalue of a noisy matrix must be, for its directions to be told from noise.

    Of a direction in which nothing differs the noise has an sd of at most sqrt(2) sd; of all directions together the
    noise spreads over about sqrt(columns) sd.
    """
    return float(noisy.sd * max(IDENTIFIED, np.sqrt(len(noisy.value))))


def spread_of(move: Vector) -> Vector:
    """Return the covariance of N move, N symmetric with independent cells of variance 1 on and above its diagonal."""
    return np.asarray(np.eye(len(move)) * (move @ move) + np.outer(move, move) - np.diag(move**2))
