"""Computes: how counts and characteristics of areas go together, with the noise in the characteristics carried along.

An association of areas: not a cause, and nothing about a person or household. Many are tested at once, so what counts
as found is decided over all of them.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from coordinator.estimates.estimate import Estimates, Floats, Reason, estimates, wrong_shape
from coordinator.estimates.verdicts import discoveries

NOTE = "Verband tussen gebieden: geen oorzaak, en het zegt niets over een persoon of gezin."
LEAST_AREAS = 20  # below it the sandwich's own error is larger than what it corrects
LEAST_RELIABILITY = 0.4  # share of a predictor's variance that is not noise; below it the correction is unstable
MAX_STEPS = 50
MAX_LEVERAGE = 0.9  # an area that alone decides a coefficient would divide by zero


@dataclass(frozen=True, slots=True)
class Association:
    """The ratio of rates for one standard deviation more of a characteristic, with 95 % limits.

    found: whether it stands with the false discoveries of all tests held at 5 %.
    """

    name: str
    ratio: float
    low: float
    high: float
    p_value: float
    found: bool
    note: str = NOTE


@dataclass(frozen=True, eq=False, slots=True)
class Fit:
    """Coefficients on the scale of logarithms; the first is the intercept. Shapes (columns,), (columns, columns).

    freedom: degrees of freedom, of as many areas of one size as weigh as much (Kish 1965: (sum n)^2 / sum n^2).
    """

    coefficients: Floats
    covariance: Floats
    freedom: float


def associations(
    names: tuple[str, ...], outcome: Estimates, exposure: Floats, predictors: Estimates
) -> tuple[Association | Reason, ...]:
    """Return for each predictor by itself how it goes with the outcome's rate, or why that cannot be said.

    outcome: shape (areas,), unbiased noisy counts; predictors: shape (areas, names), with the variance of their noise,
    0 for published ones. The noise of outcome and predictors is independent: they are different tables.
    """
    if predictors.value.shape != (outcome.value.size, len(names)):
        raise wrong_shape("predictors that are not areas x names")
    fits = [_one(outcome, exposure, _column(predictors, place)) for place in range(len(names))]
    p_values = np.array([1.0 if isinstance(fit, Reason) else _p_value(fit) for fit in fits])
    told = np.array([not isinstance(fit, Reason) for fit in fits], dtype=bool)
    found = discoveries(p_values, told)
    return tuple(
        fit if isinstance(fit, Reason) else _told(name, fit, float(p_value), found=bool(is_found))
        for name, fit, p_value, is_found in zip(names, fits, p_values, found, strict=True)
    )


def corrected_poisson(outcome: Floats, exposure: Floats, columns: Floats, noise: Floats) -> Fit | Reason:
    """Return the log-linear rate model with noisy columns: the root of the corrected score, with robust covariance.

    outcome, exposure: float64, (areas,); the outcome may be noisy and below 0, for the score is linear in it. columns:
    float64, (areas, columns), the first all 1; noise: variances of the errors in them, independent of each other.
    score_i = y_i w_i - n_i (w_i - S_i b) exp(w_i'b - b'S_i b / 2) has mean 0 at the b of the noise-free columns.
    Source: Nakamura 1990, Biometrika 77(1), section 3 (corrected score, Poisson); the sandwich with each area's score
    over 1 - leverage, HC3 of MacKinnon, White 1985, J. Econometrics 29.
    """
    beta = np.zeros(columns.shape[1])
    rate = float(outcome.sum()) / float(exposure.sum())
    if rate <= 0:
        return Reason.UNCERTAIN_DENOMINATOR
    beta[0] = np.log(rate)
    for _ in range(MAX_STEPS):
        score, slope = _score(beta, outcome, exposure, columns, noise)
        if np.linalg.cond(slope) > 1e12 or not (np.linalg.eigvalsh(slope) > 0).all():  # noqa: PLR2004 - a float's precision
            return Reason.TOO_NOISY
        step = np.linalg.solve(slope, score.sum(axis=0))
        beta = beta + step * min(1.0, 1.0 / float(np.abs(step).max() + 1e-300))
        if float(np.abs(step).max()) < 1e-9:  # noqa: PLR2004 - far below any coefficient's error
            break
    else:
        return Reason.TOO_NOISY
    inverse = np.linalg.inv(slope)
    moved = columns - noise * beta
    mean = _mean(beta, exposure, columns, noise)
    leverage = np.clip(mean * np.einsum("ij,jk,ik->i", moved, inverse, moved), 0.0, MAX_LEVERAGE)
    meat = score / (1 - leverage)[:, None]
    weighing = float(exposure.sum()) ** 2 / float((exposure**2).sum())
    return Fit(beta, inverse @ (meat.T @ meat) @ inverse.T, max(weighing - beta.size, 1.0))


def _mean(beta: Floats, exposure: Floats, columns: Floats, noise: Floats) -> Floats:
    """Return the count to expect from the noise-free columns, on average over the noise in these."""
    return np.asarray(exposure * np.exp(np.clip(columns @ beta - (noise * beta**2).sum(axis=1) / 2, -50, 50)))


def _score(beta: Floats, outcome: Floats, exposure: Floats, columns: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """Return each area's score and minus the slope of their sum."""
    moved = columns - noise * beta
    mean = _mean(beta, exposure, columns, noise)
    score = outcome[:, None] * columns - mean[:, None] * moved
    slope = moved.T @ (mean[:, None] * moved) - np.diag((mean[:, None] * noise).sum(axis=0))
    return score, slope


def _one(outcome: Estimates, exposure: Floats, predictor: Estimates) -> Fit | Reason:
    told = outcome.told & predictor.told & (exposure > 0) & np.isfinite(exposure)
    if told.sum() < LEAST_AREAS:
        return Reason.TOO_FEW
    people, value, noise = exposure[told], predictor.value[told], predictor.variance[told]
    # Known variances alone decide who stays, so that who stays says nothing about the figures.
    middle = float(np.median(noise))
    kept = noise <= max(10 * middle, 1e-300)
    people, value, noise = people[kept], value[kept], noise[kept]
    weight = people / people.sum()
    mean = float((weight * value).sum())
    whole = float((weight * (value - mean) ** 2).sum())
    if whole <= 1e-20 * max(1.0, mean**2):
        return Reason.SINGULAR
    real = whole - float((weight * noise).sum())
    if real < LEAST_RELIABILITY * whole:
        return Reason.TOO_NOISY
    columns = np.column_stack([np.ones(value.size), (value - mean) / np.sqrt(real)])
    errors = np.column_stack([np.zeros(value.size), noise / real])
    return corrected_poisson(outcome.value[told][kept], people, columns, errors)


def _column(table: Estimates, place: int) -> Estimates:
    return estimates(table.value[:, place], table.variance[:, place], table.reason[:, place])


def _p_value(fit: Fit) -> float:
    surprise = abs(float(fit.coefficients[1])) / float(fit.covariance[1, 1]) ** 0.5
    return float(2 * student.sf(surprise, fit.freedom))


def _told(name: str, fit: Fit, p_value: float, *, found: bool) -> Association:
    half = float(student.ppf(0.975, fit.freedom)) * float(fit.covariance[1, 1]) ** 0.5
    middle = float(fit.coefficients[1])
    ratio, low, high = (float(np.exp(each)) for each in (middle, middle - half, middle + half))
    return Association(name, ratio, low, high, p_value, found)
