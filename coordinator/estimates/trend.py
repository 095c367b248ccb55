"""Computes: the trend of each area's level over the periods, with known noise, never smoothed over a break.

A level walks: from one period to the next it changes by a share of itself that all areas have in common. Counts lie
around it by chance and noise. What the data do not say, such as a period nobody delivered, gets a wider interval.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import logsumexp

from coordinator.estimates.estimate import Bools, Estimates, Floats, Reason, estimates, wrong_shape

# Shares by which a level changes in a period, standard deviation: from steady to halved or doubled in one step.
CHANGES = (0.0, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4, 0.56)


class BreakKind(StrEnum):
    """Why figures before and after cannot be one series, in the words of the page."""

    CODE_LIST = "nieuwe codelijst"
    BOUNDARY = "gewijzigde gebiedsgrenzen"
    PARTNER = "andere leverende organisaties"
    LAW = "gewijzigde regels of definities"
    SOURCE = "andere bron bij een organisatie"


@dataclass(frozen=True, slots=True)
class Break:
    """The first period after a break, as its place in the series, and why."""

    first: int
    kind: BreakKind


@dataclass(frozen=True, eq=False, slots=True)
class Trend:
    """Levels of series over periods, shape (series, periods).

    now: what was known at each period. later: from all periods up to the next break. breaks: for the page to mark.
    change: the common share by which levels change from period to period, standard deviation.
    """

    now: Estimates
    later: Estimates
    breaks: tuple[Break, ...]
    change: float


def trend(
    series: Estimates, level: Floats, factor: float, breaks: tuple[Break, ...] = (), *, for_model: bool = False
) -> Trend:
    """Return the level of every series at every period, with the share of change that makes the series likeliest.

    series: shape (series, periods), unbiased counts or rates with noise of known variance. level: float64, shape
    (series,), about how high each is, from its inhabitants say, not below 0. factor: by which chance is wider than
    Poisson over the whole series (`dispersion_of_repeats`), for what persists does not average out.
    for_model: the result goes into a model over areas; its variances then come from `level` alone, for figures that are
    more certain where they happen to be low would bias it.
    Source: Durbin, Koopman 2012, Time Series Analysis by State Space Methods, sections 2.2-2.4 (filter, smoother,
    diffuse start), 2.7 (missing periods), 7.2 (likelihood); the share of change is averaged over CHANGES by it.
    """
    if series.value.ndim != 2 or level.shape != series.value.shape[:1] or (level < 0).any():  # noqa: PLR2004 - a table
        raise wrong_shape("a series that is not series x periods, or a level below 0")
    starts = np.zeros(series.value.shape[1], dtype=bool)
    for each in breaks:
        if not 0 < each.first < starts.size:
            raise wrong_shape("a break outside the series")
        starts[each.first] = True
    first = _fitted(series, level, factor, starts, breaks)
    if for_model:
        return first
    # Once more with chance and change in proportion to what was found: an area far above its kind has more of both.
    told = first.later.told
    found = np.where(told, first.later.value, 0.0).sum(axis=1) / np.maximum(told.sum(axis=1), 1)
    return _fitted(series, np.clip(found, level / 4, 4 * level), factor, starts, breaks)


def _fitted(series: Estimates, level: Floats, factor: float, starts: Bools, breaks: tuple[Break, ...]) -> Trend:
    seen = Estimates(series.value.copy(), series.variance + (factor * level)[:, None], series.reason.copy())
    scores = np.array([float(_filtered(seen, (share * level) ** 2, starts).likelihood.sum()) for share in CHANGES])
    weights = np.exp(scores - logsumexp(scores))
    change = float(np.sqrt((weights * np.square(CHANGES)).sum()))
    return known_trend(seen, (change * level) ** 2, starts, breaks, change=change)


def known_trend(
    seen: Estimates, walk: Floats, starts: Bools, breaks: tuple[Break, ...] = (), *, change: float = 0.0
) -> Trend:
    """Return the levels when the variance of their change is known.

    seen: shape (series, periods), variance of noise and chance together. walk: float64, shape (series,), from 0.
    starts: bool, shape (periods,), where a new series begins.
    """
    passed = _filtered(seen, walk, starts)
    value, variance = passed.value.copy(), passed.variance.copy()
    for at in range(starts.size - 2, -1, -1):
        if starts[at + 1]:
            continue
        before = passed.variance[:, at]
        certain = np.isfinite(before)
        sure = np.where(certain, before, 0.0)
        ahead = sure + walk
        gain = np.where(certain & (ahead > 0), sure / np.where(ahead > 0, ahead, 1.0), 1.0)
        value[:, at] = passed.value[:, at] + gain * (value[:, at + 1] - passed.value[:, at])
        own = np.where(certain, (1 - gain) * sure, walk)
        variance[:, at] = own + gain**2 * variance[:, at + 1]
        unknown = ~np.isfinite(variance[:, at + 1])
        value[unknown, at], variance[unknown, at] = passed.value[unknown, at], before[unknown]
    absent = Reason.NOT_DELIVERED
    return Trend(estimates(passed.value, passed.variance, absent), estimates(value, variance, absent), breaks, change)


def one_ahead(series: Estimates, level: Floats, factor: float) -> Floats:
    """Return for every period, and for the next, the level to expect from the periods before it alone.

    level, factor: as `trend`. Result: float64, shape (series, periods + 1), 0 where nothing was told before. The shares
    of change are weighed anew at each period by how likely they made what was seen until then.
    """
    seen = Estimates(series.value.copy(), series.variance + (factor * level)[:, None], series.reason.copy())
    starts = np.zeros(series.value.shape[1], dtype=bool)
    passed = [_filtered(seen, (share * level) ** 2, starts) for share in CHANGES]
    scores = np.cumsum([each.likelihood for each in passed], axis=1)
    weights = np.exp(scores - logsumexp(scores, axis=0))
    levels = np.einsum("st,sat->at", weights, np.stack([each.value for each in passed]))
    return np.concatenate([np.zeros((len(levels), 1)), levels], axis=1)


@dataclass(frozen=True, eq=False, slots=True)
class _Filtered:
    """value, variance: shape (series, periods). likelihood: its logarithm, of each period, shape (periods,)."""

    value: Floats
    variance: Floats
    likelihood: Floats


def _filtered(seen: Estimates, walk: Floats, starts: Bools) -> _Filtered:
    """Go forward through the periods; an infinite variance is a level of which nothing is known yet."""
    count, periods = seen.value.shape
    value, variance = np.zeros((count, periods)), np.full((count, periods), np.inf)
    likelihood = np.zeros(periods)
    level, error = np.zeros(count), np.full(count, np.inf)
    for at in range(periods):
        error = np.full(count, np.inf) if starts[at] else error + walk
        told, fresh = seen.told[:, at], np.isinf(error)
        noise = np.where(told, seen.variance[:, at], 1.0)
        known = np.where(fresh, 0.0, error)
        total = known + noise
        surprise = seen.value[:, at] - level
        counted = told & ~fresh
        likelihood[at] = -float(np.where(counted, 0.5 * (np.log(total) + surprise**2 / total), 0.0).sum())
        gain = np.where(told, np.where(fresh, 1.0, known / total), 0.0)
        level = level + gain * np.where(told, surprise, 0.0)
        error = np.where(told, np.where(fresh, noise, known * noise / total), error)
        value[:, at], variance[:, at] = level, error
    return _Filtered(value, variance, likelihood)
