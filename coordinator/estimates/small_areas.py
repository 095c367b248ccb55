"""Computes: estimates for small areas that borrow from what CBS publishes of them: Fay and Herriot's model.

An estimate is a weighted mean of the area's own noisy rate and what areas of its kind have; the noisier the own rate,
the less it weighs. It stands beside the counted figure and is labelled `geschat`, never instead of it.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize

from coordinator.estimates.area_limits import AreaLimits, no_limits
from coordinator.estimates.estimate import Bools, Estimates, Floats, Places, Reason, estimates, wrong_shape

LABEL = "geschat"
LEAST_INHABITANTS = 200  # below it who happens to live there makes more difference than what kind of area it is
LEAST_FREE = 5  # areas beyond the number of coefficients: fewer tell nothing of how areas differ
_RANK = 1e-8  # a column that is this small beside the largest, after the others are taken out, says nothing new


@dataclass(frozen=True, eq=False, slots=True)
class SmallAreas:
    """Estimates of rates. estimated: shape (areas,), its variance is the mean squared error.

    own_weight: float64, shape (areas,), how much of each is the area's own figure, 0 to 1. coefficients: of the kept
    columns; kept: their places in the design. spread: variance between areas beyond the covariates. limits: of each
    area's rate, 95 % for each of them whatever it is like; of the linear model there are none.
    """

    estimated: Estimates
    own_weight: Floats
    coefficients: Floats
    kept: tuple[int, ...]
    spread: float
    limits: AreaLimits
    label: str = LABEL


def design(covariates: Floats) -> Floats:
    """Return an intercept and the covariates at mean 0 and spread 1; what CBS does not tell (NaN) is at the mean.

    covariates: float64, shape (areas, covariates). A covariate that nobody tells becomes a column of zeros, which the
    model leaves out.
    """
    told = np.isfinite(covariates)
    number = np.maximum(told.sum(axis=0), 1)
    filled = np.where(told, covariates, 0.0)
    mean = filled.sum(axis=0) / number
    centred = np.where(told, filled - mean, 0.0)
    spread = np.sqrt((centred**2).sum(axis=0) / number)
    return np.column_stack([np.ones(len(covariates)), centred / np.where(spread > 0, spread, 1.0)])


def fay_herriot(direct: Estimates, columns: Floats, usable: Bools | None = None) -> SmallAreas:
    """Return the empirical best linear unbiased predictor of each area's rate, with its mean squared error.

    direct: shape (areas,), rates with known variance of noise and chance (see `rate_errors`). columns: float64, shape
    (areas, columns), from `design`. usable: where an estimate is wanted; an area there without a rate of its own gets
    what the covariates say. Too few areas: all are absent. Columns that repeat others are left out.
    Source: Fay, Herriot 1979, JASA 74; variance between areas by restricted likelihood, and mean squared error
    g1 + g2 + 2 g3, of Datta, Lahiri 2000, Statistica Sinica 10, eq. 3.2-3.5; where the likelihood is largest at 0, the
    penalised likelihood of Chung et al. 2013, Psychometrika 78(4), section 3 (plus the logarithm of the standard
    deviation), so that no area is taken as average with certainty.
    """
    if columns.shape[:1] != direct.value.shape or not np.isfinite(columns).all():
        raise wrong_shape("covariates of other areas, or without a number")
    wanted = np.ones(direct.value.size, dtype=bool) if usable is None else usable
    told = np.flatnonzero(direct.told & wanted)
    kept = independent_columns(columns[told])
    if told.size < len(kept) + LEAST_FREE or not kept:
        nothing = estimates(np.zeros(wanted.size), np.full(wanted.size, np.inf), Reason.TOO_FEW)
        return SmallAreas(nothing, np.zeros(wanted.size), np.zeros(0), (), 0.0, no_limits(wanted.size))
    all_x = columns[:, list(kept)]
    x, y, noise = all_x[told], direct.value[told], direct.variance[told]
    spread = _spread(y, x, noise)
    precision = 1 / (spread + noise)
    covariance = np.linalg.inv(x.T @ (precision[:, None] * x))
    coefficients = covariance @ (x.T @ (precision * y))
    weight = np.zeros(wanted.size)
    weight[told] = spread * precision
    own = np.where(direct.told, direct.value, 0.0)
    value = weight * own + (1 - weight) * (all_x @ coefficients)
    leverage = np.einsum("ij,jk,ik->i", all_x, covariance, all_x)
    uncertain = 2 / float((precision**2).sum())  # variance of the estimated spread
    third = np.zeros(wanted.size)
    third[told] = noise**2 * precision**3 * uncertain
    error = spread * (1 - weight) + (1 - weight) ** 2 * leverage + 2 * third
    found = estimates(np.where(wanted, value, np.nan), np.where(wanted, error, np.inf), Reason.NO_DENOMINATOR)
    return SmallAreas(found, weight, coefficients, kept, spread, no_limits(wanted.size))


def rate_errors(rate: Estimates, exposure: Floats, factor: float) -> Estimates:
    """Return noisy rates with the chance in their counts added to their variance: factor * overall rate / exposure.

    rate: shape (areas,), per inhabitant. The overall rate stands in for each own one, which is not known; an own noisy
    rate there would weigh low figures more and bias the model.
    """
    told = rate.told
    people = np.where(told, exposure, 0.0)
    overall = max(float((np.where(told, rate.value, 0.0) * people).sum()) / max(float(people.sum()), 1.0), 0.0)
    chance = np.where(told, factor * overall / np.where(people > 0, people, 1.0), 0.0)
    return Estimates(rate.value.copy(), rate.variance + chance, rate.reason.copy())


def benchmarked(areas: SmallAreas, exposure: Floats, group: Places, totals: Estimates) -> SmallAreas:
    """Return small areas whose estimates are `benchmarked_rates`; a limit only moves where an estimate went past it."""
    found = benchmarked_rates(areas.estimated, exposure, group, totals)
    value = np.where(found.told, np.maximum(found.value, 0.0), areas.limits.low)
    limits = AreaLimits(np.minimum(areas.limits.low, value), np.maximum(areas.limits.high, value))
    return SmallAreas(found, areas.own_weight, areas.coefficients, areas.kept, areas.spread, limits)


def benchmarked_rates(rate: Estimates, exposure: Floats, group: Places, totals: Estimates) -> Estimates:
    """Return the rates moved as little as may be so that they add up to the totals of their groups.

    exposure: inhabitants, float64, shape (areas,). group: int64, shape (areas,), place of each area's total, shape
    (groups,), unbiased counts. What an area moves by, squared, is added to its mean squared error. A group whose total
    or one of whose areas is absent is left as it is: a part cannot add up to a whole.
    Source: Datta, Ghosh, Steorts, Maples 2011, TEST 20, theorem 1, with weights 1 / mean squared error.
    """
    told = rate.told
    whole = totals.told.copy()
    np.logical_and.at(whole, group[(exposure > 0) & ~told], False)  # noqa: FBT003 - a value, not a switch
    people = np.where(told, exposure, 0.0)
    value = np.where(told, rate.value, 0.0)
    error = np.where(told, rate.variance, 0.0)
    gap = np.where(whole, totals.value, 0.0) - np.bincount(group, people * value, totals.value.size)
    room = np.bincount(group, people**2 * error, totals.value.size)
    step = np.where(whole & (room > 0), gap / np.where(room > 0, room, 1.0), 0.0)
    moved = error * people * step[group]
    return Estimates(rate.value + moved, rate.variance + moved**2, rate.reason.copy())


def _spread(y: Floats, x: Floats, noise: Floats) -> float:
    """Return the variance between areas; scaled, so that the tolerance means the same for every unit."""
    scale = float(np.median(noise))
    residual = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    top = 4 * float((residual**2).mean()) / scale + 1  # far above any maximum: it explains all residuals four times
    bounds = (np.log(1e-6), np.log(top))

    def loss(log_spread: float, penalty: float) -> float:
        return -_restricted_likelihood(float(np.exp(log_spread)) * scale, y, x, noise) - penalty * log_spread

    found = optimize.minimize_scalar(loss, bounds=bounds, args=(0.0,), method="bounded", options={"xatol": 1e-10})
    if float(np.exp(found.x)) < 1e-5 * top:  # at the lower bound: the likelihood is largest at 0
        found = optimize.minimize_scalar(loss, bounds=bounds, args=(0.5,), method="bounded", options={"xatol": 1e-10})
    return float(np.exp(found.x)) * scale


def _restricted_likelihood(spread: float, y: Floats, x: Floats, noise: Floats) -> float:
    precision = 1 / (spread + noise)
    information = x.T @ (precision[:, None] * x)
    coefficients = linalg.solve(information, x.T @ (precision * y), assume_a="pos")
    residual = y - x @ coefficients
    log_determinant = float(np.linalg.slogdet(information)[1])
    return 0.5 * float(np.log(precision).sum() - log_determinant - (precision * residual**2).sum())


def independent_columns(columns: Floats) -> tuple[int, ...]:
    """Return the places of columns that say something the ones before them do not."""
    kept: list[int] = []
    for place in range(columns.shape[1]):
        column = columns[:, place]
        rest = column
        if kept:
            basis = columns[:, kept]
            rest = column - basis @ np.linalg.lstsq(basis, column, rcond=None)[0]
        if np.linalg.norm(rest) > _RANK * max(1.0, float(np.linalg.norm(column))):
            kept.append(place)
    return tuple(kept)
