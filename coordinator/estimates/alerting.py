"""Computes: which figures stand out so far that someone should look: funnel limits, slow drift, a buurt in its wijk.

An alarm is a question to people, never a finding: it comes with a checklist and with how often it rings for nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.stats import norm

from coordinator.estimates.estimate import Bools, Estimates, Floats, Places, Reason, estimates, wrong_shape
from coordinator.estimates.intervals import Dispersion, two_sided
from coordinator.estimates.verdicts import Page, judge, with_other

WARNING, ALARM = 0.95, 0.998
CHECKLIST = (
    "Is de registratie of de indeling veranderd?",
    "Liep er een campagne?",
    "Gaat het om één gezin met veel meldingen?",
    "Ontbreekt er een levering, of kwam er een na?",
    "Is het gebied gegroeid of gekrompen?",
)
PERIODS_BETWEEN = 100.0  # two alarms of one chart in which nothing changes
STEPS = 200  # of the chain that stands for a chart: more change its run length by less than 1 %


@dataclass(frozen=True, eq=False, slots=True)
class Funnel:
    """Limits around what is expected, shape (areas,) each.

    outside_warning, outside_alarm: bool; of a hundred areas without anything special 5 and 0.2 fall there. False where
    there is no figure: what is not shown never rings.
    """

    low: Floats
    high: Floats
    alarm_low: Floats
    alarm_high: Floats
    outside_warning: Bools
    outside_alarm: Bools
    checklist: tuple[str, ...] = CHECKLIST


@dataclass(frozen=True, eq=False, slots=True)
class Drift:
    """A chart of slow drift. score: float64, (series, periods), of the side that is further; ringing: bool, as large.

    periods_between: mean number of periods between two alarms of one series in which nothing changes.
    """

    score: Floats
    ringing: Bools
    periods_between: float
    checklist: tuple[str, ...] = CHECKLIST


def funnel(figures: Estimates, expected: Floats, dispersion: Dispersion) -> Funnel:
    """Return limits around the expected counts that know noise, chance and over-dispersion.

    figures, expected: shape (areas,); expected from the gemeente's rate, from 0.
    Source: Spiegelhalter 2005, Statistics in Medicine 24, section 2.3 and appendix A.3 (over-dispersed counts), with
    the noise variance added; skewness by the first term of Cornish, Fisher 1938.
    """
    if expected.shape != figures.value.shape or not (expected >= 0).all():
        raise wrong_shape("expected counts of other areas, or below 0")
    spread = np.where(figures.told, figures.variance, 1.0) + dispersion.factor * expected
    skewness = dispersion.factor**2 * expected / spread**1.5
    sides = {}
    for level in (WARNING, ALARM):
        z = two_sided(level)
        shift = skewness * (z * z - 1) / 6
        sides[level] = expected + np.sqrt(spread) * (shift - z), expected + np.sqrt(spread) * (shift + z)
    outside = [figures.told & ((figures.value < low) | (figures.value > high)) for low, high in sides.values()]
    return Funnel(*sides[WARNING], *sides[ALARM], outside[0], outside[1])


def within_wijk(buurten: Estimates, exposure: Floats, wijk: Places, dispersion: Dispersion) -> Page:
    """Return for every buurt whether it differs from the rest of its wijk, over all buurten of the page.

    All: shape (buurten,); wijk: place of each buurt's wijk. A buurt that is alone in its wijk, or one of whose
    neighbours has no figure, is compared with those that have one; with none, it is not told.
    """
    counted = buurten.told & (exposure > 0)
    number = int(wijk.max()) + 1
    own = [np.where(counted, column, 0.0) for column in (buurten.value, buurten.variance, exposure)]
    rest = [np.asarray(np.bincount(wijk, column, number)[wijk] - column, dtype=np.float64) for column in own]
    # A wijk's rest without a figure keeps rounding dust of 1e-12; fewer than one inhabitant is nobody.
    someone = rest[2] >= 1
    others = estimates(np.where(someone, rest[0], 0.0), np.where(someone, np.maximum(rest[1], 0.0), np.inf))
    return judge([with_other(buurten, exposure, others, rest[2], dispersion)])


def surprises(series: Estimates, expected: Floats, dispersion: Dispersion) -> Estimates:
    """Return how many standard errors each period is from what was expected; variance 1; absent where not told.

    expected: shape (series, periods), from earlier periods or the gemeente; its own error is not in these.
    """
    spread = np.where(series.told, series.variance, 1.0) + dispersion.factor * np.maximum(expected, 0.0)
    value = np.where(series.told, (series.value - expected) / np.sqrt(spread), 0.0)
    return estimates(value, np.where(series.told, 1.0, np.inf), Reason.NOT_DELIVERED)


def cusum(
    surprise: Estimates, *, slack: float = 0.5, periods_between: float = PERIODS_BETWEEN, since: Collection[int] = ()
) -> Drift:
    """Return the two-sided sum chart: sums of what is beyond `slack`, ringing above the limit that gives the rate.

    A period without a figure leaves the sums as they are; after an alarm they start anew, and at the periods in
    `since`, where the series breaks. slack: half of the drift to be found soonest, in standard errors a period.
    Source: Page 1954, Biometrika 41; run length by the chain of Brook, Evans 1972, Biometrika 59.
    """
    limit = _cusum_limit(slack, periods_between)
    count, periods = surprise.value.shape
    score, ringing = np.zeros((count, periods)), np.zeros((count, periods), dtype=bool)
    up, down = np.zeros(count), np.zeros(count)
    for at in range(periods):
        if at in since:
            up, down = np.zeros(count), np.zeros(count)
        told, value = surprise.told[:, at], surprise.value[:, at]
        up = np.where(told, np.maximum(0, up + value - slack), up)
        down = np.where(told, np.maximum(0, down - value - slack), down)
        score[:, at] = np.where(up >= down, up, -down)
        ringing[:, at] = told & (np.abs(score[:, at]) > limit)
        up, down = np.where(ringing[:, at], 0.0, up), np.where(ringing[:, at], 0.0, down)
    return Drift(score, ringing, cusum_run_length(slack, limit) / 2)


def ewma(
    surprise: Estimates, *, weight: float = 0.25, periods_between: float = PERIODS_BETWEEN, since: Collection[int] = ()
) -> Drift:
    """Return the chart of the moving average that forgets, ringing beyond the limit that gives the rate.

    The average starts at 0, also at the periods in `since`, and rings beyond a fixed limit, so at first it rings less.
    Source: Roberts 1959, Technometrics 1; run length by the chain of Lucas, Saccucci 1990, Technometrics 32, appendix.
    """
    limit = _ewma_limit(weight, periods_between)
    count, periods = surprise.value.shape
    score, ringing = np.zeros((count, periods)), np.zeros((count, periods), dtype=bool)
    average, scale = np.zeros(count), np.sqrt(weight / (2 - weight))
    for at in range(periods):
        if at in since:
            average = np.zeros(count)
        told = surprise.told[:, at]
        average = np.where(told, (1 - weight) * average + weight * surprise.value[:, at], average)
        score[:, at] = average / scale
        ringing[:, at] = told & (np.abs(score[:, at]) > limit)
        average = np.where(ringing[:, at], 0.0, average)
    return Drift(score, ringing, ewma_run_length(weight, limit))


@lru_cache(maxsize=256)  # the search for a limit asks for thirty, and every chart for one of them again
def cusum_run_length(slack: float, limit: float, *, drift: float = 0.0) -> float:
    """Return the mean number of periods until a one-sided sum chart rings. drift: in standard errors a period.

    Source: Brook, Evans 1972, section 3.
    """
    width = 2 * limit / (2 * STEPS - 1)
    state = np.arange(STEPS) * width
    edges = state[None, :] - state[:, None] + slack - drift
    chain = norm.cdf(edges + width / 2) - norm.cdf(edges - width / 2)
    chain[:, 0] = norm.cdf(edges[:, 0] + width / 2)
    return float(np.linalg.solve(np.eye(STEPS) - chain, np.ones(STEPS))[0])


@lru_cache(maxsize=256)  # as above
def ewma_run_length(weight: float, limit: float, *, drift: float = 0.0) -> float:
    """Return the mean number of periods until a two-sided moving average rings. limit: in its own standard errors.

    Source: Lucas, Saccucci 1990, appendix A.
    """
    reach = limit * np.sqrt(weight / (2 - weight))
    width = 2 * reach / (STEPS + 1)
    state = (np.arange(STEPS + 1) - STEPS / 2) * width
    edges = (state[None, :] - (1 - weight) * state[:, None]) / weight - drift
    half = width / (2 * weight)
    chain = norm.cdf(edges + half) - norm.cdf(edges - half)
    return float(np.linalg.solve(np.eye(STEPS + 1) - chain, np.ones(STEPS + 1))[STEPS // 2])


@lru_cache(maxsize=64)  # a page has a handful of charts
def _cusum_limit(slack: float, periods_between: float) -> float:
    if not (0 < slack < 3 and 10 <= periods_between <= 10_000):  # noqa: PLR2004 - beyond these no chart is of use
        raise wrong_shape("a chart's slack outside 0 to 3, or periods between alarms outside 10 to 10,000")
    low, high = 0.1, 12.0
    for _ in range(30):  # to 1e-8
        middle = (low + high) / 2
        # Two sides ring twice as often as one.
        low, high = (middle, high) if cusum_run_length(slack, middle) / 2 < periods_between else (low, middle)
    return high


@lru_cache(maxsize=64)
def _ewma_limit(weight: float, periods_between: float) -> float:
    if not (0.05 <= weight <= 1 and 10 <= periods_between <= 10_000):  # noqa: PLR2004 - as above
        raise wrong_shape("a chart's weight outside 0.05 to 1, or periods between alarms outside 10 to 10,000")
    low, high = 0.5, 6.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if ewma_run_length(weight, middle) < periods_between else (low, middle)
    return high
