"""Computes: a regression with a curve (logistic, Poisson) from its noisy steps: where to ask next, and the fit.

Source: Newton's method on an estimating equation sum of z (y - mean(x beta)) = 0, whose sums are released with noise.
The first step's moments and gradient at 0 give the step from the model with a constant only, at which the curvature is
exactly proportional to the moments. Later ones use the newest released curvature. At the last coefficients beta_T

    beta = beta_T + H^-1 g,     covariance = H^-1 (H + Sigma_g + Sigma_H) H^-1

with g the released gradient, H the curvature, Sigma_g the known noise of g, and Sigma_H that of H times the mean move.
H is the released curvature drawn towards the moments times their mean slope, the more so the less the two differ
beyond their noise (as in the estimator of James and Stein). H stands for the variance of the gradient too, which makes
intervals wider where rows are clipped. Gradients from the curvature's step on are averaged by their precision.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from coordinator.models.fitted import (
    FittedModel,
    NotConverged,
    NotIdentified,
    OneOutcome,
    fitted_model,
    least_eigenvalue,
    spread_of,
)
from coordinator.models.steps import ModelPlan, Noisy, OpenedStep, Vector, in_order, missing
from protocol.study.model import Statistic

FLOOR = 0.5  # eigenvalues below this share of the noise's own are raised to it, to steer by; never in the fit
LONGEST_MOVE = 2.0  # of the linear predictor, root mean square: beyond it a step of Newton's is not believed
SETTLED = 0.35  # the same, of a move that counts, beside its noise: what is left after it is about half its square
SURE = 4.0  # sds by which an outcome must occur, or fail to
_TAIL = 1e-6


@dataclass(frozen=True, eq=False, slots=True)
class _Asked:
    """A gradient, where it was asked, and the curvature that the next move divides by."""

    at: Vector
    gradient: Noisy
    hessian: Vector
    from_curvature: bool


def parameters(plan: ModelPlan, opened: Sequence[OpenedStep], step: int) -> tuple[int, ...]:
    """Return what to ask in a step, from the steps before it.

    Raises: StepsMissing, PartnersChanged, OneOutcome.
    """
    before = in_order(plan, opened)[: plan.steps.index(step)]
    if len(before) < plan.steps.index(step):
        raise missing(f"step {step} without the steps before it")
    beta = _next(plan, before) if before else np.zeros(plan.model.columns)
    asked: list[int] = []
    singles = 0
    for table in plan.tables(step):
        match table.statistic:
            case Statistic.MOMENTS:
                continue
            case Statistic.SCORES:
                chosen = beta if singles == 0 else best_single(plan, before)
                singles += 1
                asked += (*plan.coded(chosen), *_edges(plan, before, chosen, (table.bins or 2)))
            case _:
                asked += plan.coded(beta)
    return tuple(asked)


def fit(plan: ModelPlan, opened: Sequence[OpenedStep]) -> FittedModel:
    """Return the fitted model.

    Raises: StepsMissing, PartnersChanged, OneOutcome, NotIdentified, NotConverged.
    """
    steps = in_order(plan, opened)
    curvatures = [found for each in steps for found in plan.found(each, Statistic.CURVATURE)]
    asked = [each for each in _asked(plan, steps) if each.from_curvature]
    if not curvatures or not asked:
        raise missing("a model without a curvature, and a gradient in its step or later")
    moments = _moments(plan, steps)
    hessian = _drawn_together(curvatures[-1], moments)
    _check_identified(plan, hessian)
    inverse = np.linalg.inv(hessian.value)
    weight = _weights(asked)
    moves = [inverse @ each.gradient.value for each in asked]
    beta, mean_move = _averaged(asked, moves), np.asarray(weight @ np.array(moves))
    households = moments.value[0, 0]
    _check_settled(inverse, _asked(plan, steps), moments.value)
    size = len(beta)
    noise = np.eye(size) * float(np.sum([(w * each.gradient.sd) ** 2 for w, each in zip(weight, asked, strict=True)]))
    noise += hessian.sd**2 * spread_of(mean_move)
    covariance = inverse @ noise @ inverse
    return fitted_model(plan, beta, sampling=inverse, noise=covariance, households=float(households))


@dataclass(frozen=True, eq=False, slots=True)
class Reached:
    """Where the steps so far lead. moved: how far from where the last one was asked, of the linear predictor."""

    coefficients: Vector
    moved: float


def reached(plan: ModelPlan, opened: Sequence[OpenedStep]) -> Reached:
    """Return where the steps so far lead, for the history of a run; no interval belongs to it.

    Raises: StepsMissing, PartnersChanged, OneOutcome.
    """
    steps = in_order(plan, opened)
    beta, asked = _next(plan, steps), _asked(plan, steps)
    return Reached(beta, _moved(beta - asked[-1].at, _moments(plan, steps).value))


def best_single(plan: ModelPlan, opened: Sequence[OpenedStep]) -> Vector:
    """Return the coefficients of the model with the one feature that alone explains most, from the first step.

    Raises: StepsMissing, OneOutcome.
    """
    start, gradient, slope, moments = _start(plan, opened)
    mean = moments[0] / max(moments[0, 0], 1.0)
    spread = np.maximum(np.diag(moments) - moments[0, 0] * mean**2, 1.0)
    with_outcome = gradient - mean * gradient[0]
    gain = with_outcome**2 / spread
    best = 1 + int(np.argmax(gain[1:]))
    result = start.copy()
    result[best] = with_outcome[best] / (slope * spread[best])
    result[0] -= result[best] * mean[best]
    return result


def _next(plan: ModelPlan, steps: Sequence[OpenedStep]) -> Vector:
    """Return where the steps so far lead."""
    asked = _asked(plan, steps)
    if not asked:
        raise missing("a step without a gradient before it")
    last = asked[-1]
    moments = _moments(plan, steps).value
    if len(asked) == 1:
        start, gradient, _, _ = _start(plan, steps)
        return start + _believed(np.linalg.solve(last.hessian, gradient), moments)
    # From the curvature on all gradients count; before it, only where the last was asked is near enough.
    chosen = [each for each in asked if each.from_curvature] or [last]
    moves = [_believed(np.linalg.solve(each.hessian, each.gradient.value), moments) for each in chosen]
    return _averaged(chosen, moves)


def _weights(asked: Sequence[_Asked]) -> Vector:
    """Return what each gradient counts: as much as its noise is precise."""
    precision = np.array([each.gradient.sd**-2 for each in asked])
    return np.asarray(precision / precision.sum())


def _averaged(asked: Sequence[_Asked], moves: Sequence[Vector]) -> Vector:
    """Return where these gradients lead together."""
    return np.asarray(_weights(asked) @ np.array([each.at + move for each, move in zip(asked, moves, strict=True)]))


def _asked(plan: ModelPlan, steps: Sequence[OpenedStep]) -> list[_Asked]:
    result: list[_Asked] = []
    hessian: Vector | None = None
    for each in steps:
        curvatures = plan.found(each, Statistic.CURVATURE)
        if curvatures:
            hessian = _raised(_drawn_together(curvatures[-1], _moments(plan, steps)))
        for gradient in plan.found(each, Statistic.GRADIENT):
            if hessian is None:
                _, _, slope, _ = _start(plan, steps)
                moments = _moments(plan, steps)
                divisor = slope * _raised(moments)
            at = plan.asked(each, Statistic.GRADIENT)
            result.append(_Asked(at, gradient, divisor if hessian is None else hessian, hessian is not None))
    return result


def _start(plan: ModelPlan, steps: Sequence[OpenedStep]) -> tuple[Vector, Vector, float, Vector]:
    """Return the model with a constant only: coefficients, the gradient there, the slope there, and the moments."""
    moments = _moments(plan, steps).value
    gradients = [found for each in steps for found in plan.found(each, Statistic.GRADIENT)]
    if not gradients:
        raise missing("a model without a first gradient")
    first, curve = gradients[0], plan.curve
    knots = np.array(curve.knots, dtype=np.float64) / curve.per_one
    middle = float(knots[len(knots) // 2])
    households = max(moments[0, 0], 1.0)
    mean = middle + first.value[0] / households
    doubt = SURE * first.sd / households
    top = float(plan.model.outcome.column.most)
    if not doubt < mean < top - doubt:
        raise OneOutcome(
            got="an outcome that the noise hides: all households may share it",
            wanted="some with it and some without",
            act="the coordinator must choose another outcome or more households; what was run is spent",
        )
    places = (np.arange(len(knots)) - len(knots) // 2) / curve.knots_per_unit
    # Where the curve is level, as beyond its ends, any place will do.
    place = float(np.interp(np.clip(mean, knots[0] + _TAIL, knots[-1] - _TAIL), knots, places))
    slope = float(np.interp(place, places[:-1], np.diff(knots) * curve.knots_per_unit))
    start = np.zeros(plan.model.columns)
    start[0] = place
    return start, first.value - (mean - middle) * moments[0], max(slope, _TAIL), moments


def _moments(plan: ModelPlan, steps: Sequence[OpenedStep]) -> Noisy:
    found = [moments for each in steps for moments in plan.found(each, Statistic.MOMENTS)]
    if not found:
        raise missing("a model without moments")
    return found[0]


def _edges(plan: ModelPlan, steps: Sequence[OpenedStep], beta: Vector, bins: int) -> tuple[int, ...]:
    """Return edges that put about as many households into each bin, were the predictor normal; any would be safe."""
    moments = _moments(plan, steps).value
    mean = moments[0] / max(moments[0, 0], 1.0)
    spread = moments / max(moments[0, 0], 1.0) - np.outer(mean, mean)
    width = float(np.sqrt(max(beta @ spread @ beta, _TAIL)))
    places = beta @ mean + width * norm.ppf(np.arange(1, bins) / bins)
    knots = np.array(plan.curve.knots, dtype=np.float64)
    at = (np.arange(len(knots)) - len(knots) // 2) / plan.curve.knots_per_unit
    return tuple(np.rint(np.interp(places, at, knots)).astype(np.int64).tolist())


def _drawn_together(curvature: Noisy, moments: Noisy) -> Noisy:
    """Return the curvature, drawn towards the moments times their mean slope."""
    slope = max(float(np.trace(curvature.value) / np.trace(moments.value)), 0.0)
    apart = curvature.value - slope * moments.value
    upper = np.triu_indices(len(apart))
    both = curvature.sd**2 + (slope * moments.sd) ** 2
    beyond = max(0.0, float((apart[upper] ** 2).mean()) - both)
    own = (beyond + (slope * moments.sd) ** 2) / (beyond + both)
    sd = float(np.hypot(own * curvature.sd, (1 - own) * slope * moments.sd))
    return Noisy(slope * moments.value + own * apart, sd)


def _check_settled(inverse: Vector, asked: Sequence[_Asked], moments: Vector) -> None:
    """Refuse a move that counts and that neither the noise of two gradients nor a good start explains."""
    spread = float(np.trace(inverse @ moments @ inverse)) / max(moments[0, 0], 1.0)
    for before, each in zip((asked[0], *asked), asked, strict=False):
        expected = float(np.sqrt((before.gradient.sd**2 + each.gradient.sd**2) * spread))
        limit = SETTLED + 2 * expected
        if each.from_curvature and _moved(inverse @ each.gradient.value, moments) > limit:
            raise NotConverged(
                got=f"a late step that moves the linear predictor by more than {limit:.2g}",
                wanted="a smaller move",
                act="the coordinator must begin anew with more steps or a larger clip norm; what was run is spent",
            )


def _raised(noisy: Noisy) -> Vector:
    """Return a matrix without the small and negative eigenvalues that only noise made."""
    values, vectors = np.linalg.eigh(noisy.value)
    least = max(FLOOR * noisy.sd * np.sqrt(len(values)), _TAIL)
    return np.asarray((vectors * np.maximum(values, least)) @ vectors.T)


def _moved(move: Vector, moments: Vector) -> float:
    """Return by how much a move changes the linear predictor, root mean square."""
    return float(np.sqrt(max(move @ moments @ move, 0.0) / max(moments[0, 0], 1.0)))


def _believed(move: Vector, moments: Vector) -> Vector:
    return move * min(1.0, LONGEST_MOVE / max(_moved(move, moments), _TAIL))


def _check_identified(plan: ModelPlan, hessian: Noisy) -> None:
    values, vectors = np.linalg.eigh(hessian.value)
    if values[0] >= least_eigenvalue(hessian):
        return
    labels = ("constant", *(feature.label for feature in plan.model.features))
    order = np.argsort(-np.abs(vectors[:, 0]))
    named = [str(labels[place]) for place in order[:3] if abs(vectors[place, 0]) > 0.3]  # noqa: PLR2004 - a tenth of it
    raise NotIdentified(
        got=f"features that these figures cannot tell apart: {', '.join(named)}",
        wanted="features that differ between households, each from the others",
        act="the coordinator must leave one out, or take more households or less noise; what was run is spent",
    )
