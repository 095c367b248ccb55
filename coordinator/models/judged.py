"""Computes: what a model is worth on households it was not fitted on, from noisy histograms, beside two naive ones.

The naive models are the same chance for everybody, and the one best feature alone. A model that does not beat both is
not presented. Everything is a function of released sums: no household is scored for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, sqrt

import numpy as np
from scipy.stats import norm

from coordinator.errors import OperatorRefusal
from coordinator.models.fitted import FittedModel
from coordinator.models.linear import moments_of
from coordinator.models.steps import ModelPlan, Noisy, OpenedStep, Vector, in_order, missing
from protocol.study.model import Statistic

ONE_SIDED = float(norm.ppf(0.95))
MODELS = 2  # whose scores a last step has: the whole model's, and the best single feature's


class NoBetterThanNaive(OperatorRefusal):
    """A model that is not shown to do better than the same chance for everybody, or than its one best feature."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure with its standard error: of chance and noise together."""

    value: float
    sd: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Households by predicted mean. predicted: the middle of the bin's edges; observed: the mean outcome there."""

    predicted: float
    observed: Measured
    households: float


@dataclass(frozen=True, slots=True)
class Judged:
    """What a model is worth. skill: AUC (an outcome of 0 or more) or explained share (linear), out of sample.

    naive: of the same chance for everybody. single: of the best feature alone. calibration: empty for a linear model.
    """

    skill: Measured
    naive: float
    single: Measured
    calibration: tuple[Bin, ...]


def judge(plan: ModelPlan, opened: Sequence[OpenedStep], model: FittedModel) -> Judged:
    """Return what a model is worth.

    Raises: NoBetterThanNaive, StepsMissing, PartnersChanged.
    """
    judged = _linear(plan, opened, model) if plan.model.curve is None else _curved(plan, opened)
    ahead = judged.skill.value - judged.single.value
    # The two are measured on the same households, so the difference is surer than this: the refusal errs on its side.
    doubt = hypot(judged.skill.sd, judged.single.sd)
    if judged.skill.value - judged.naive <= ONE_SIDED * judged.skill.sd or ahead <= ONE_SIDED * doubt:
        raise NoBetterThanNaive(
            got="a model that is not shown to beat the same chance for everybody and its best feature alone",
            wanted="one that does, on households that it was not fitted on",
            act="nobody may present it; the coordinator may report that these features do not tell more",
        )
    return judged


def auc_of(counts: Noisy) -> Measured:
    """Return the chance that of two households with different outcomes the one with more is predicted more.

    counts: households by bin, from low to high, and outcome; above 0 counts as having it.
    """
    without = counts.value[:, 0]
    having = counts.value[:, 1:].sum(axis=1)
    outcomes = counts.value.shape[1] - 1
    all_without, all_having = max(float(without.sum()), 1.0), max(float(having.sum()), 1.0)
    below = np.cumsum(without) - without / 2
    above = np.cumsum(having[::-1])[::-1] - having / 2
    auc = float(having @ below) / (all_without * all_having)
    # Delta method: the slope of the AUC in each cell, the cells with Poisson chance and the known noise.
    by_having = (below / all_without - auc) / all_having
    by_without = (above / all_having - auc) / all_without
    noise = counts.sd**2
    variance = float(by_having**2 @ (np.maximum(having, 0) + outcomes * noise))
    variance += float(by_without**2 @ (np.maximum(without, 0) + noise))
    return Measured(auc, sqrt(variance))


def calibration_of(counts: Noisy, edges: Vector) -> tuple[Bin, ...]:
    """Return predicted and observed means by bin. edges: between the bins."""
    outcomes = np.arange(counts.value.shape[1], dtype=np.float64)
    ends = np.concatenate(([edges[0]], edges, [edges[-1]]))
    bins: list[Bin] = []
    for row, low, high in zip(counts.value, ends, ends[1:], strict=False):
        households = max(float(row.sum()), 1.0)
        mean = float(row @ outcomes) / households
        chance = max(float(row @ outcomes**2) / households - mean**2, 0.0) / households
        noise = counts.sd**2 * float(((outcomes - mean) ** 2).sum()) / households**2
        bins.append(Bin(float(low + high) / 2, Measured(mean, sqrt(chance + noise)), households))
    return tuple(bins)


def _curved(plan: ModelPlan, opened: Sequence[OpenedStep]) -> Judged:
    for step in in_order(plan, opened):
        scores = plan.found(step, Statistic.SCORES, held_out=True)
        if len(scores) == MODELS:
            whole, single = scores
            return Judged(auc_of(whole), 0.5, auc_of(single), calibration_of(whole, plan.edges(step)[0]))
    raise missing("a model without the scores of those kept apart")


def _linear(plan: ModelPlan, opened: Sequence[OpenedStep], model: FittedModel) -> Judged:
    """Judge by the share of the outcome's spread that is explained, of those kept apart."""
    apart, fitted_on = moments_of(plan, opened, held_out=True), moments_of(plan, opened, held_out=False).value
    size = plan.model.columns
    whole = _explained(apart, model.plain)
    spread = np.diag(fitted_on)[:size] - fitted_on[0, :size] ** 2 / fitted_on[0, 0]
    cross = fitted_on[:size, size] - fitted_on[0, :size] * fitted_on[0, size] / fitted_on[0, 0]
    gain = cross[1:] ** 2 / np.maximum(spread[1:], 1.0)
    best = 1 + int(np.argmax(gain))
    single = np.zeros(size)
    single[best] = cross[best] / max(spread[best], 1.0)
    single[0] = (fitted_on[0, size] - single[best] * fitted_on[0, best]) / fitted_on[0, 0]
    return Judged(whole, 0.0, _explained(apart, single), ())


def _explained(apart: Noisy, beta: Vector) -> Measured:
    """Return 1 - squared error / spread. Its noise is that of the error, a linear function of independent cells."""
    last = np.append(-beta, 1.0)
    households = max(float(apart.value[0, 0]), 1.0)
    mean = float(apart.value[0, -1]) / households
    spread = max(float(apart.value[-1, -1]) - households * mean**2, 1e-6)
    error = float(last @ apart.value @ last)
    weights = np.outer(last, last)
    of_cells = np.triu(2 * weights, 1) + np.diag(np.diag(weights))
    noise = apart.sd * float(np.sqrt((of_cells**2).sum()))
    chance = abs(error) * sqrt(2 / households)
    return Measured(1 - error / spread, hypot(noise, chance) / spread)
