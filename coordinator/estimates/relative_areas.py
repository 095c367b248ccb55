"""Computes: small-area estimates whose areas differ by ratios: each is its kind's rate times a factor of its own.

Fay and Herriot's model with a linear kind lets a quiet area differ as much as a busy one, so its limits are too wide
for the first and too narrow for the second. Here a quiet area differs by little and a busy one by more.
"""

from dataclasses import dataclass

import numpy as np

from coordinator.estimates.area_limits import AreaLimits, area_limits, no_limits
from coordinator.estimates.estimate import Bools, Estimates, Floats, Places, Reason, estimates, wrong_shape
from coordinator.estimates.small_areas import LEAST_FREE, LEAST_INHABITANTS, SmallAreas, design
from coordinator.estimates.trend import Break, trend

# What is known before a figure is seen. Areas of one kind differ by about a quarter and seldom by half: the mode of a
# Rayleigh law for the standard deviation of their ratios; a flat prior on the variance at its lower end, so that no
# likelihood that is largest at 0 makes areas equal. Both were chosen on the simulated gemeenten of seeds 0 to 199.
TYPICAL_SPREAD = 0.185
# One standard deviation of a covariate changes a rate by about this share, as published ones do (DOMAIN 2.8: 0.3-0.4).
TYPICAL_EFFECT = 0.4
SPREADS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.8, 1.0, 1.4)
MOST_APART = 3.0  # logarithm: no kind's rate is more than 20 times or less than a twentieth of the mean one
LEAST_SIGMAS = 2.0  # of all counts together above 0; below it there is no mean rate of which areas could have a ratio
VARIES = (0.25, 4.0)  # an area's variance is taken as within these times its kind's: beyond it is noise that says so
MAX_STEPS = 30


@dataclass(frozen=True, eq=False, slots=True)
class Related:
    """Small areas, and what their kind alone has: expected counts, float64, shape (areas,), 0 where not usable.

    areas: `spread` is of ratios, squared; coefficients are of logarithms of rates.
    """

    areas: SmallAreas
    expected: Floats


def local_levels(
    figures: Estimates, people: Floats, covariates: Floats, factor: float, breaks: tuple[Break, ...] = ()
) -> SmallAreas:
    """Return the underlying rate of each area in the last period, from its own course and from its kind.

    figures: shape (areas, periods), unbiased counts with known noise. people: float64, shape (areas,), NaN where nobody
    tells. covariates: float64, (areas, columns), NaN likewise. factor: by which chance is wider than Poisson over all
    periods together. Two steps: what kinds have, from all periods since the last break, gives the scale of chance and
    change; then the level of each area in the last period is drawn to its kind by what remains uncertain.
    Not promised: that the noise of areas is independent; after `make_consistent` it is a little less than that.
    """
    usable = np.nan_to_num(people) >= LEAST_INHABITANTS
    columns, since = design(covariates), max((each.first for each in breaks), default=0)
    told = figures.told[:, since:]
    number = told.sum(axis=1)
    whole = estimates(
        np.where(told, figures.value[:, since:], 0.0).sum(axis=1),
        np.where(number > 0, np.where(told, figures.variance[:, since:], 0.0).sum(axis=1), np.inf),
    )
    counted = usable & (number > 0)
    kinds = relative_areas(whole, np.where(counted, people, 0.0) * number, columns, counted, factor=factor)
    overall = max(float(whole.value[usable].sum()), 0.0) / max(float((people[usable] * number[usable]).sum()), 1.0)
    level = np.where(usable, np.nan_to_num(people), 0.0) * overall
    level = np.where(kinds.expected > 0, kinds.expected / np.maximum(number, 1), level)
    course = trend(figures, level, factor, breaks, for_model=True).later
    last = Estimates(course.value[:, -1].copy(), course.variance[:, -1].copy(), course.reason[:, -1].copy())
    chance = factor * level
    noise = np.where(number > 0, whole.variance, 0.0) / np.maximum(number, 1)
    growing = chance / np.maximum(noise + chance, 1e-300)
    return relative_areas(last, np.where(usable, people, 0.0), columns, usable, growing=growing).areas


def relative_areas(
    direct: Estimates,
    exposure: Floats,
    columns: Floats,
    usable: Bools,
    *,
    factor: float = 0.0,
    growing: Floats | float = 0.0,
) -> Related:
    """Return each usable area's rate: exp(columns @ b) times a ratio of mean 1, with its posterior variance.

    direct: shape (areas,), unbiased counts and the variance of their errors. factor: by which chance is wider than
    Poisson, added at the kind's level; 0: the variance has it already, and `growing` is its share of it. exposure:
    float64, inhabitants times periods, above 0 where usable. columns: from `design`; those that repeat others do no
    harm, for effects have a prior.
    With ratio variance s^2, mean count m and error variance V: value m + w (y - m), w = s^2 m^2 / (s^2 m^2 + V),
    variance s^2 m^2 (1 - w) + (1 - w)^2 m^2 x'Cx; both averaged over SPREADS by likelihood and prior. The variance is a
    mean over areas of a kind; for the limits, which hold for each of them, an area's kind is what the others say of it.
    Source: You, Rao 2002, Canadian J. Statistics 30(1), section 2 (linear sampling, log-linear linking model), with the
    ratio to first order; weight s for the spread: Morris, Tang 2011, Statistical Science 26(2), section 2.4; normal
    prior of effects and averaging over s: Gelman 2006, Bayesian Analysis 1(3), section 5.
    """
    size = direct.value.size
    if columns.shape[:1] != (size,) or not np.isfinite(columns).all() or not (exposure[usable] > 0).all():
        raise wrong_shape("covariates of other areas or without a number, or areas without inhabitants")
    told = direct.told & usable
    noise = float(np.where(told, direct.variance, 0.0).sum())
    total = float(np.where(told, direct.value, 0.0).sum())
    if told.sum() < columns.shape[1] + LEAST_FREE:
        return _nothing(size, Reason.TOO_FEW)
    if total <= LEAST_SIGMAS * noise**0.5:
        return _nothing(size, Reason.TOO_NOISY)
    at = np.flatnonzero(usable)
    model = _Model(
        np.where(told, direct.value, 0.0)[at],
        np.where(told, direct.variance, np.inf)[at],
        columns[at],
        exposure[at],
        total / float(exposure[told].sum()),
        factor,
        np.broadcast_to(np.asarray(growing, dtype=np.float64), (size,))[at],
    )
    return _averaged(model, at, usable)


@dataclass(frozen=True, eq=False, slots=True)
class _Model:
    """What was seen of the usable areas. rate: overall."""

    y: Floats
    variance: Floats
    x: Floats
    exposure: Floats
    rate: float
    factor: float
    growing: Floats

    def mean(self, effects: Floats) -> Floats:
        """Return the kinds' counts for each spread; shape (spreads, areas)."""
        return np.asarray(self.exposure * self.rate * np.exp(np.clip(effects @ self.x.T, -MOST_APART, MOST_APART)))

    def error(self, mean: Floats) -> Floats:
        """Return the variance of each count's error, over the square of its kind's count."""
        return np.asarray((self.variance + self.factor * mean) / mean**2)


def _averaged(model: _Model, at: Places, usable: Bools) -> Related:
    spread = np.array(SPREADS)
    effects, information = _fit(model, spread[:, None] ** 2)
    mean = model.mean(effects)
    error = model.error(mean)
    ratio, total = model.y / mean, error + spread[:, None] ** 2
    own = spread[:, None] ** 2 / total
    uncertain = np.linalg.inv(information)
    leverage = np.einsum("ai,sij,aj->sa", model.x, uncertain, model.x)
    value = mean * (1 + own * (ratio - 1))
    variance = mean**2 * (spread[:, None] ** 2 * (1 - own) + (1 - own) ** 2 * leverage)
    seen = np.isfinite(model.variance)
    fit = np.log(total * mean**2) + (ratio - 1) ** 2 / total
    score = -0.5 * fit[:, seen].sum(axis=1) - 0.5 * (effects[:, 1:] ** 2).sum(axis=1) / TYPICAL_EFFECT**2
    score += 0.5 * np.linalg.slogdet(uncertain)[1] + np.log(spread) - 0.5 * (spread / TYPICAL_SPREAD) ** 2
    weight = np.exp(score - score.max()) * np.gradient(spread)
    weight /= weight.sum()
    middle = weight @ value
    kind = weight @ mean
    # An area above its kind varies by as much more: so it is when ratios follow a gamma law (Clayton, Kaldor 1987).
    above = np.clip(middle / kind, *VARIES)
    spare = above * (weight @ variance + weight @ (value - middle) ** 2)
    taken = weight @ spread**2
    limits = _limits(model, leverage / total, mean, weight, float(np.sqrt(taken)))
    rate, rate_error, share, expected, low = (np.zeros(usable.size) for _ in range(5))
    high = np.full(usable.size, np.inf)
    rate[at], rate_error[at] = middle / model.exposure, spare / model.exposure**2
    share[at], expected[at] = weight @ own, kind
    low[at] = np.minimum(limits.low, np.maximum(middle, 0.0)) / model.exposure
    high[at] = np.maximum(limits.high, middle) / model.exposure
    told = estimates(rate, np.where(usable, rate_error, np.inf), Reason.NO_DENOMINATOR)
    kept = tuple(range(model.x.shape[1]))
    return Related(SmallAreas(told, share, weight @ effects, kept, float(taken), AreaLimits(low, high)), expected)


def _limits(model: _Model, own: Floats, mean: Floats, weight: Floats, spread: float) -> AreaLimits:
    """Return the limits of counts. own: how much of each area's kind is its own figure; shape (spreads, areas)."""
    ratio = model.y / mean - 1
    others = weight @ (mean * np.exp(np.clip(-own / np.maximum(1 - own, 0.1) * ratio, -1.0, 1.0)))
    chance = model.factor * others
    variance = model.variance + chance
    growing = np.where(np.isfinite(variance), model.growing * model.variance + chance, 0.0) / variance
    return area_limits(estimates(model.y, variance), others, spread, growing)


def _fit(model: _Model, spread: Floats) -> tuple[Floats, Floats]:
    """Return for each spread the effects, shape (spreads, columns), and the information on them.

    spread: of ratios, squared, shape (spreads, 1). Scoring with steps of at most 1, as a rate changes by a factor of e.
    """
    prior = np.eye(model.x.shape[1]) / TYPICAL_EFFECT**2
    prior[0, 0] = 0.0  # nothing is known of the mean rate
    effects = np.zeros((spread.size, model.x.shape[1]))
    for _ in range(MAX_STEPS):
        mean = model.mean(effects)
        weight = 1 / (model.error(mean) + spread)
        information = np.einsum("ai,sa,aj->sij", model.x, weight, model.x) + prior
        score = (weight * (model.y / mean - 1)) @ model.x - effects @ prior
        step = np.linalg.solve(information, score[:, :, None])[:, :, 0]
        longest = np.abs(step).max(axis=1, keepdims=True)
        effects = effects + step / np.maximum(longest, 1.0)
        if float(longest.max()) < 1e-7:  # noqa: PLR2004 - far below any effect's error
            break
    return effects, information


def _nothing(size: int, why: Reason) -> Related:
    absent = estimates(np.zeros(size), np.full(size, np.inf), why)
    return Related(SmallAreas(absent, np.zeros(size), np.zeros(0), (), 0.0, no_limits(size)), np.zeros(size))
