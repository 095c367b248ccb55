"""Computes: whether an area differs from a reference, in three words, over all comparisons that stand on one page.

A verdict is about the underlying level: noise and chance together must not explain the difference. Each answer that is
not `hoger` or `lager` means that nothing could be demonstrated, not that areas are equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.stats import norm

from coordinator.estimates.estimate import Bools, Estimates, Floats, wrong_shape
from coordinator.estimates.intervals import Dispersion

FALSE_DISCOVERIES = 0.05


class Verdict(StrEnum):
    """What a comparison shows, in the words of the page."""

    HIGHER = "hoger"
    NO_DIFFERENCE = "geen aantoonbaar verschil"
    LOWER = "lager"
    NOT_TOLD = "niet te vergelijken"


class Reliability(StrEnum):
    """How large the standard error is beside the figure: A below 10 %, B to 25 %, C to 33.5 %; above it: do not use."""

    A = "A"
    B = "B"
    C = "C"
    TOO_UNCERTAIN = "te onzeker"


@dataclass(frozen=True, eq=False, slots=True)
class Comparisons:
    """How far areas are from a reference; shape (comparisons,) both.

    surprise: float64, about standard normal when nothing differs. told: bool, where there is one.
    """

    surprise: Floats
    told: Bools


@dataclass(frozen=True, slots=True)
class Page:
    """The verdicts of one page in the order of its comparisons.

    p_values: two-sided; 1 where not told. false_alarms: how many of the `hoger` and `lager` are expected to be false at
    most, on average over such pages.
    """

    verdicts: tuple[Verdict, ...]
    p_values: tuple[float, ...]
    false_alarms: float


def with_whole(
    areas: Estimates,
    exposure: Floats,
    whole: Estimates,
    whole_exposure: Floats | float,
    *,
    dispersion: Dispersion,
    covariance: Floats | float = 0.0,
) -> Comparisons:
    """Compare counts of areas with the rate of the gemeente or region that they are part of.

    areas, exposure: shape (areas,), counts and inhabitants; whole: shape (1,), or (areas,) where each has its own, and
    its exposure likewise. covariance: of the errors of each area and the whole. With share f of the inhabitants,
    count - f * whole has noise v + f^2 V - 2 f c and, when all rates are equal, chance factor * level * (1 - f).
    Source: score test with the pooled rate; Breslow, Day 1987, IARC 82, section 3.3; its skewness: see `_surprise`.
    """
    told = areas.told & whole.told & (exposure > 0) & (exposure < whole_exposure)
    share = np.divide(exposure, whole_exposure, out=np.full(exposure.shape, 0.5), where=told)
    total = np.where(told, whole.value, 0.0)
    total_noise = np.where(told, whole.variance, 1.0)
    noise = np.where(told, areas.variance, 1.0) + share**2 * total_noise - 2 * share * np.where(told, covariance, 0.0)
    level = np.maximum(total, 0.0) * share
    spread = noise + dispersion.factor * level * (1 - share)
    third = dispersion.factor**2 * level * ((1 - share) ** 3 - share**2 * (1 - share))
    return Comparisons(_surprise(areas.value - share * total, spread, third, told), told)


def with_other(
    areas: Estimates,
    exposure: Floats,
    others: Estimates,
    other_exposure: Floats,
    dispersion: Dispersion,
    *,
    covariance: Floats | float = 0.0,
) -> Comparisons:
    """Compare counts with those of other areas, or of the same areas in another period; their events are independent.

    All four: shape (comparisons,). covariance: of the errors of each pair, 0 for independent noise. With
    k = exposure / other_exposure, count - k * other has chance factor * rate * (exposure + k^2 * other_exposure) when
    both have one rate, which is estimated from both.
    Source: as `with_whole`.
    """
    usable = (exposure > 0) & (other_exposure > 0) & np.isfinite(exposure) & np.isfinite(other_exposure)
    told = areas.told & others.told & usable
    here, there = np.where(told, exposure, 1.0), np.where(told, other_exposure, 1.0)
    times = here / there
    rate = np.maximum(np.where(told, areas.value + others.value, 0.0) / (here + there), 0.0)
    noise = np.where(told, areas.variance, 1.0) + times**2 * np.where(told, others.variance, 0.0)
    noise = np.maximum(noise - 2 * times * np.where(told, covariance, 0.0), 0.0)
    spread = noise + dispersion.factor * rate * (here + times**2 * there)
    third = dispersion.factor**2 * rate * (here - times**3 * there)
    return Comparisons(_surprise(areas.value - times * others.value, spread, third, told), told)


def judge(page: Sequence[Comparisons], *, rate: float = FALSE_DISCOVERIES) -> Page:
    """Return the verdict of every comparison of a page; of all differences found, at most `rate` are false on average.

    Not promised: this over several pages together, nor under every dependence; neighbours' noise is independent.
    Source: Benjamini, Hochberg 1995, JRSS B 57(1), theorem 1; with positive dependence Benjamini, Yekutieli 2001.
    """
    surprise = np.concatenate([each.surprise for each in page]) if page else np.zeros(0)
    told = np.concatenate([each.told for each in page]) if page else np.zeros(0, dtype=bool)
    p_values = np.where(told, 2 * norm.sf(np.abs(surprise)), 1.0)
    found = discoveries(p_values, told, rate=rate)
    words = np.where(surprise > 0, Verdict.HIGHER, Verdict.LOWER)
    words = np.where(found, words, Verdict.NO_DIFFERENCE)
    words = np.where(told, words, Verdict.NOT_TOLD)
    return Page(tuple(Verdict(str(word)) for word in words), tuple(p_values.tolist()), rate * int(found.sum()))


def discoveries(p_values: Floats, told: Bools, *, rate: float = FALSE_DISCOVERIES) -> Bools:
    """Return which tests are found: the k smallest, for the largest k with p(k) <= rate * k / tests.

    Source: Benjamini, Hochberg 1995, eq. 1.
    """
    if not 0 < rate < 1:
        raise wrong_shape("a false-discovery rate outside 0 to 1")
    ranked = np.sort(p_values[told])
    good = np.flatnonzero(ranked <= rate * np.arange(1, ranked.size + 1) / max(ranked.size, 1))
    return np.asarray(told & (p_values <= (ranked[good[-1]] if good.size else -1.0)))


def reliability(figures: Estimates) -> tuple[Reliability | None, ...]:
    """Return the class of each figure, in order; None where there is none.

    Source: a convention of statistical offices, not a theorem; the limits are the design's (DOMAIN 5.3).
    """
    classes: list[Reliability | None] = []
    flat = zip(figures.value.ravel().tolist(), figures.variance.ravel().tolist(), strict=True)
    for (value, variance), told in zip(flat, figures.told.ravel().tolist(), strict=True):
        limits = ((0.10, Reliability.A), (0.25, Reliability.B), (0.335, Reliability.C))
        error = variance**0.5 if told else 0.0
        found = next((name for limit, name in limits if error < limit * value), Reliability.TOO_UNCERTAIN)
        classes.append(found if told else None)
    return tuple(classes)


def _surprise(difference: Floats, spread: Floats, third: Floats, told: Bools) -> Floats:
    """Return how many standard errors off, corrected for the skewness of counts: z - skewness * (z^2 - 1) / 6.

    Source: Cornish, Fisher 1938, first term. It holds up to |z| = 3 / skewness, where its slope ends; beyond, z is kept
    at that, which errs towards no difference. With noise of variance 4 and more the skewness is below 0.4.
    """
    wide = np.where(told & (spread > 0), spread, 1.0)
    z = np.where(told, difference, 0.0) / np.sqrt(wide)
    skewness = third / wide**1.5
    reach = 3 / np.maximum(np.abs(skewness), 1e-9)
    kept = np.clip(z, -reach, reach)
    return np.where(told, kept - skewness * (kept**2 - 1) / 6, 0.0)
