"""Computes: a linear regression from one release of bounded sums: z z' with the outcome as the last column of z.

    beta = A^-1 b,   covariance = A^-1 (s^2 A + Sigma) A^-1

A, b, c: the blocks of the released matrix; s^2: the residual variance, (c - 2 b'beta + beta'A beta) / (n - d);
Sigma: the noise of b - A beta, whose cells are independent on and above the diagonal. Row and outcome are clipped
together, so a clipped household weighs less in both and the line does not move.
"""

from collections.abc import Sequence

import numpy as np

from coordinator.models.fitted import (
    FittedModel,
    NotIdentified,
    OneOutcome,
    fitted_model,
    least_eigenvalue,
    spread_of,
)
from coordinator.models.steps import ModelPlan, Noisy, OpenedStep, in_order, missing
from protocol.study.model import Statistic


def fit_linear(plan: ModelPlan, opened: Sequence[OpenedStep]) -> FittedModel:
    """Return the fitted model.

    Raises: StepsMissing, PartnersChanged, NotIdentified, OneOutcome.
    """
    sums = moments_of(plan, opened, held_out=False)
    size, whole = plan.model.columns, sums.value
    square, cross, households = whole[:size, :size], whole[:size, size], float(whole[0, 0])
    values = np.linalg.eigvalsh(square)
    if values[0] < least_eigenvalue(sums):
        raise NotIdentified(
            got="features that these figures cannot tell apart",
            wanted="features that differ between households, each from the others",
            act="the coordinator must leave one out, or take more households or less noise; what was run is spent",
        )
    inverse = np.linalg.inv(square)
    beta = inverse @ cross
    residual = float(whole[size, size] - 2 * cross @ beta + beta @ square @ beta) / max(households - size, 1.0)
    if residual <= 0:
        raise OneOutcome(
            got="an outcome whose spread the noise hides",
            wanted="one that differs between households",
            act="the coordinator must choose another outcome or more households; what was run is spent",
        )
    noise = sums.sd**2 * (np.eye(size) + spread_of(beta))
    return fitted_model(plan, beta, sampling=residual * inverse, noise=inverse @ noise @ inverse, households=households)


def moments_of(plan: ModelPlan, opened: Sequence[OpenedStep], *, held_out: bool) -> Noisy:
    """Return the sums of those fitted on, or of those kept apart.

    Raises: StepsMissing, PartnersChanged.
    """
    steps = in_order(plan, opened)
    found = [each for step in steps for each in plan.found(step, Statistic.MOMENTS, held_out=held_out)]
    if not found:
        raise missing("a linear model without its sums")
    return found[0]
