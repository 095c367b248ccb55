"""Computes: rates for each 1,000 inhabitants or households, ratios of two noisy figures, and shares of cases.

All from released figures and published denominators. What has no usable denominator has a reason, not a number.
"""

from dataclasses import dataclass

import numpy as np

from coordinator.estimates.estimate import Bools, Estimates, Floats, Reason, Reasons, estimates, wrong_shape
from coordinator.estimates.intervals import CONFIDENCE, two_sided

PER = 1_000
LEAST_DENOMINATOR = 50  # CBS itself tells no shares of areas with fewer than 50 inhabitants (Kerncijfers, toelichting)
PERCENT = 100


@dataclass(frozen=True, eq=False, slots=True)
class Ratios:
    """Ratios with their limits. value, low, high: float64, one shape; reason: uint8; where not TOLD all three are 0.

    No variance: a ratio of two noisy figures has none, its limits need not lie evenly around it.
    """

    value: Floats
    low: Floats
    high: Floats
    reason: Reasons

    @property
    def told(self) -> Bools:
        """Which cells have a ratio."""
        return np.asarray(self.reason == Reason.TOLD)


def rates(figures: Estimates, denominator: Floats, *, per: int = PER) -> Estimates:
    """Return figures for each `per` inhabitants or households.

    denominator: float64, of the figures' shape or one that spreads over it; NaN: nobody tells it. It is taken as exact.
    """
    people = np.broadcast_to(denominator, figures.value.shape)
    with np.errstate(invalid="ignore"):
        few, none = people < LEAST_DENOMINATOR, ~(people > 0) | np.isinf(people)
    reason = np.where(few, Reason.SMALL_DENOMINATOR, Reason.TOLD)
    reason = np.where(none, Reason.NO_DENOMINATOR, reason)
    reason = np.where(figures.told, reason, figures.reason).astype(np.uint8)
    told = reason == Reason.TOLD
    factor = np.divide(per, people, out=np.zeros(people.shape), where=told)
    variance = np.where(told, figures.variance, 0.0) * factor**2
    return estimates(figures.value * factor, np.where(told, variance, np.inf), reason)


def ratios(
    numerator: Estimates, denominator: Estimates, covariance: Floats | float = 0.0, *, confidence: float = CONFIDENCE
) -> Ratios:
    """Return numerator / denominator with limits that hold however noisy the denominator is.

    covariance: of the two errors; 0 for tables that were counted apart. A denominator that is not demonstrably above 0
    has no bounded limits and is absent as UNCERTAIN_DENOMINATOR.
    Source: Fieller 1954, JRSS B 16(2), eq. 9: all t for which (a - t b)^2 <= z^2 (va - 2 t c + t^2 vb).
    """
    if numerator.value.shape != denominator.value.shape:
        raise wrong_shape("a numerator and a denominator of different shapes")
    z2 = two_sided(confidence) ** 2
    both = numerator.told & denominator.told
    above, below = np.where(both, numerator.value, 0.0), np.where(both, denominator.value, 1.0)
    above_variance = np.where(both, numerator.variance, 0.0)
    below_variance = np.where(both, denominator.variance, 0.0)
    square = below**2 - z2 * below_variance
    sure = (below > 0) & (square > 0)
    reason = np.where(sure, Reason.TOLD, Reason.UNCERTAIN_DENOMINATOR)
    reason = np.where(denominator.told, reason, denominator.reason)
    reason = np.where(numerator.told, reason, numerator.reason).astype(np.uint8)
    told = reason == Reason.TOLD
    square = np.where(told, square, 1.0)
    linear = above * below - z2 * np.broadcast_to(covariance, above.shape)
    root = np.sqrt(np.maximum(linear**2 - square * (above**2 - z2 * above_variance), 0.0))
    return Ratios(
        np.where(told, above / np.where(told, below, 1.0), 0.0),
        np.where(told, (linear - root) / square, 0.0),
        np.where(told, (linear + root) / square, 0.0),
        reason,
    )


def case_shares(categories: Estimates, cases: Estimates, *, covariance: Floats | float = 0.0) -> Ratios:
    """Return the percentage of cases in each category; of a multi-select list they need not add up to 100.

    categories: shape (areas, categories). cases: shape (areas,), the released number of cases: never the sum of a
    multi-select list, which counts a case as often as it has answers.
    Not promised: limits within 0 to 100; a page cuts them there.
    """
    if categories.value.ndim != 2 or cases.value.shape != categories.value.shape[:1]:  # noqa: PLR2004 - areas x categories
        raise wrong_shape("categories that are not areas x categories, or cases that are not areas")
    return _percent(ratios(categories, _spread(cases, categories.value.shape[1]), covariance))


def exclusive_shares(categories: Estimates) -> Ratios:
    """Return the percentage of each category of a list of which every case has exactly one answer.

    categories: shape (areas, categories), with independent noise. The total is their unbiased sum, so its error holds
    each category's own. An area without one of its categories has none.
    """
    if categories.value.ndim != 2:  # noqa: PLR2004 - areas x categories
        raise wrong_shape("categories that are not areas x categories")
    whole = categories.told.all(axis=1)
    variance = np.where(whole, np.where(categories.told, categories.variance, 0.0).sum(axis=1), np.inf)
    total = _spread(estimates(categories.value.sum(axis=1), variance), categories.value.shape[1])
    return _percent(ratios(categories, total, np.where(categories.told, categories.variance, 0.0)))


def _spread(column: Estimates, number: int) -> Estimates:
    value, variance = (np.repeat(part[:, None], number, axis=1) for part in (column.value, column.variance))
    return Estimates(value, variance, np.repeat(column.reason[:, None], number, axis=1))


def _percent(found: Ratios) -> Ratios:
    return Ratios(PERCENT * found.value, PERCENT * found.low, PERCENT * found.high, found.reason)
