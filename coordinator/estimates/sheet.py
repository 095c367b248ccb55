"""Computes: all estimates of one indicator together, each with the method it was made by.

A sheet is made from an indicator and public context alone, so whoever has both makes the same one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from coordinator.estimates.alerting import Drift, Funnel, cusum, ewma, funnel, surprises, within_wijk
from coordinator.estimates.consistency import Consistent, make_consistent
from coordinator.estimates.display import Displayed, displayed
from coordinator.estimates.estimate import Bools, Estimates, Floats, Places, Reason, estimates, wrong_shape
from coordinator.estimates.forecast import Forecast, forecast
from coordinator.estimates.gemeente_total import estimated_rates, spatial_rates
from coordinator.estimates.indicators import Indicator
from coordinator.estimates.intervals import (
    Dispersion,
    RegisteredInterval,
    UnderlyingInterval,
    dispersion_of_repeats,
    dispersion_of_units,
    estimate_dispersion,
    registered,
    underlying,
)
from coordinator.estimates.interventions import Effect, Intervention, effects
from coordinator.estimates.late import Final, final_figures
from coordinator.estimates.power import LEAST_AREAS, Detectable, what_could_be_found
from coordinator.estimates.prevalence import Prevalence, Strata, dark_number, synthetic
from coordinator.estimates.rates import Ratios, rates
from coordinator.estimates.small_areas import SmallAreas
from coordinator.estimates.spatial import SpatialAreas
from coordinator.estimates.summed import last_year
from coordinator.estimates.surroundings import Surroundings
from coordinator.estimates.trend import Break, Trend, trend
from coordinator.estimates.verdicts import Page, judge, with_other, with_whole
from coordinator.estimates.year import Year, make_year
from protocol.words.period import MONTHS_IN

# A method whose answers change gets a new number; a figure is cited with it.
METHODS = MappingProxyType(
    {
        "consistent": "gls-tree/1",
        "shown": "top-down/1",
        "registered": "noise-interval/1",
        "underlying": "score-interval/1",
        "rate": "per-1000/1",
        "verdict": "score-bh/1",
        "trend": "local-level/1",
        "area_limits": "leaning-tests/1",
        "small_areas": "relative-fay-herriot-trend-benchmarked/3",
        "drift": "cusum/1",
        "average": "ewma/1",
        "forecast": "local-level-skill/1",
        "crossed": "gls-crossed/1",
        "year": "sum-exact-covariance/1",
        "year_verdict": "score-bh-whole-and-comparable/1",
        "comparable": "nearest-covariates/1",
        "funnel": "noise-funnel/1",
        "within": "rest-of-wijk-bh/1",
        "spatial": "leroux-fay-herriot-benchmarked/1",
        "nowcast": "reverse-time/1",
        "before_after": "log-ratio-random-effects/1",
        "prevalence": "synthetic-strata/1",
        "dark_number": "log-delta/1",
        "power": "one-true-difference/1",
        "association": "corrected-poisson-bh/1",
    }
)
TYPICAL_RATES = 0.35  # standard deviation of the logarithm of rates between wijken (DOMAIN 2.8: 0.30-0.40)


@dataclass(frozen=True, eq=False, slots=True)
class Context:
    """What is public of the areas, in the order of the tree's nodes.

    inhabitants: float64, shape (nodes,), NaN where nobody tells; covariates: float64, (nodes, columns), NaN likewise.
    returns: events a year of a household in sight, None where nobody published it. breaks, interventions: of this
    indicator. borders: int64, shape (pairs, 2), nodes that share one, when a spatial term is wanted. strata: of whom a
    published prevalence is, when this indicator counts what that estimates.
    """

    inhabitants: Floats
    covariates: Floats
    returns: float | None = None
    breaks: tuple[Break, ...] = ()
    borders: Places | None = None
    interventions: tuple[Intervention, ...] = ()
    strata: Strata | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Sheet:
    """All estimates of one indicator. Arrays: shape (nodes, periods).

    verdicts: the last period of each node against the rate of the first root, then each against the period before it;
    one page, so that false alarms are counted over both. leaves: places of the finest nodes of which anything is told;
    small_areas, shape (leaves,) and of the last period, is of these and adds up to the gemeente's figure. drift,
    average: two charts against the rate of all since a break. forecast: of the leaves. year: the last four quarters
    together. funnel: of the year, around what each node would have at the rate of its whole. within: each leaf over the
    year against the rest of what it is part of. power: what a comparison of the leaves over the year could find.
    effects, spatial, final (of periods that are not finished),
    prevalence, dark_number (over the year): where the context or the indicator has what they need.
    """

    indicator: Indicator
    consistent: Consistent
    shown: Displayed
    registered: RegisteredInterval
    underlying: UnderlyingInterval
    rate: Estimates
    verdicts: Page
    trend: Trend
    leaves: Places
    small_areas: SmallAreas
    drift: Drift
    average: Drift
    forecast: Forecast | Reason
    dispersion: Dispersion
    year: Year
    funnel: Funnel
    within: Page
    power: Detectable | None
    effects: tuple[Effect, ...] = ()
    spatial: SpatialAreas | None = None
    final: Final | None = None
    prevalence: Prevalence | None = None
    dark_number: Ratios | None = None


def make_sheet(indicator: Indicator, context: Context) -> Sheet:
    """Return all estimates of an indicator.

    Raises: WrongShape, when the context is of other areas. Whatever single cells lack is a reason in that cell.
    """
    nodes, periods = indicator.value.shape
    if context.inhabitants.shape != (nodes,) or context.covariates.shape[:1] != (nodes,):
        raise wrong_shape("context of other areas than the indicator's")
    consistent = make_consistent(indicator.tree.tree, indicator.value, indicator.variance)
    figures, people = consistent.figures, context.inhabitants
    single = dispersion_over(indicator, context, 1)
    whole = dispersion_over(indicator, context, periods)
    level = _level(figures, people)
    leaves = _finest(consistent)
    given = Surroundings(people, context.covariates, context.breaks, context.borders)
    window = last_year(indicator.periods, first=given.since, told=indicator.counted)
    annual = dispersion_over(indicator, context, max(window.places.size, 1))
    year = make_year(consistent, indicator.tree, given, window, annual)
    expected = _at_rate_of_whole(year, people, indicator.tree.wholes)
    side = dispersion_over(indicator, context, max(periods // 2, 1))
    prevalence = _prevalence(context)
    starts = sorted({each.first for each in context.breaks})
    surprise = surprises(figures, _usual(figures, people, starts), single)
    own = Estimates(figures.value[leaves], figures.variance[leaves], figures.reason[leaves])
    return Sheet(
        indicator,
        consistent,
        displayed(consistent),
        registered(figures),
        underlying(figures, single),
        rates(figures, people[:, None]),
        _verdicts(consistent, given, single),
        trend(figures, level, whole.factor, context.breaks),
        leaves,
        estimated_rates(figures, indicator.tree, leaves, given, whole.factor),
        cusum(surprise, since=starts),
        ewma(surprise, since=starts),
        forecast(own, people[leaves], whole.factor, since=given.since),
        single,
        year,
        funnel(year.figures, expected, annual),
        _within(indicator, leaves, people, window.used, annual),
        _power(year, expected[leaves], leaves, annual),
        effects(consistent, context.interventions, given, side),
        spatial_rates(figures, indicator.tree, leaves, given, whole.factor),
        None if indicator.added is None else final_figures(figures, indicator.added, indicator.tree.tree, single),
        prevalence,
        None if prevalence is None else dark_number(prevalence, year.figures),
    )


def _finest(consistent: Consistent) -> Places:
    """Return the nodes below which nothing is told in any period; of a table of wijken these are the wijken."""
    told, parent = consistent.figures.told.any(axis=1), consistent.tree.parent
    has_parts = np.zeros(told.size, dtype=bool)
    has_parts[parent[told & (parent >= 0)]] = True
    found = np.flatnonzero(told & ~has_parts)
    return found if found.size else np.setdiff1d(np.arange(told.size), parent)


def _prevalence(context: Context) -> Prevalence | None:
    strata = context.strata
    return None if strata is None else synthetic(strata.model, strata.inhabitants, strata.shares)


def _at_rate_of_whole(year: Year, people: Floats, wholes: Places) -> Floats:
    """Return what each node would have over the year at the rate of its whole; 0 where that is not known."""
    everyone, counted = np.nan_to_num(people[wholes]), np.nan_to_num(people)
    total = np.where(year.figures.told[wholes], np.maximum(year.figures.value[wholes], 0.0), 0.0)
    return np.asarray(counted * total / np.maximum(everyone, 1.0))


def _within(indicator: Indicator, leaves: Places, people: Floats, used: Bools, dispersion: Dispersion) -> Page:
    """Return of each leaf over the year whether it differs from the rest of its parent, by its own counts.

    The consistent figures of one family share noise; what was counted of each leaf does not.
    """
    value, variance = indicator.value[leaves][:, used], indicator.variance[leaves][:, used]
    whole = np.isfinite(variance).all(axis=1)
    own = estimates(np.where(whole, value.sum(axis=1), 0.0), np.where(whole, variance.sum(axis=1), np.inf))
    _, family = np.unique(indicator.tree.tree.parent[leaves], return_inverse=True)
    return within_wijk(own, np.nan_to_num(people[leaves]), family, dispersion)


def _power(year: Year, expected: Floats, leaves: Places, dispersion: Dispersion) -> Detectable | None:
    """Return what a page of the leaves could find over the year; None where too few areas have inhabitants."""
    noise = year.figures.variance[leaves][year.figures.told[leaves]]
    if (expected > 0).sum() < LEAST_AREAS or not noise.size:
        return None
    middle, tests = float(np.median(noise)), 2 * leaves.size  # against the whole and against comparable areas
    return what_could_be_found(expected, middle, factor=dispersion.factor, spread=TYPICAL_RATES, tests=tests)


def dispersion_over(indicator: Indicator, context: Context, periods: int) -> Dispersion:
    """Return the larger of what was seen and what households that come back make of the sum of so many periods."""
    seen = estimate_dispersion(estimates(indicator.value, indicator.variance))
    if context.returns is None:
        return seen
    years = MONTHS_IN[indicator.length] * periods / 12
    repeats = dispersion_of_repeats(context.returns, years)
    known = dispersion_of_units(context.returns, years, periods) if indicator.once else repeats
    return max(seen, known, key=lambda found: found.factor)


def _level(figures: Estimates, people: Floats) -> Floats:
    """Return what each node would have a period at the rate of all of them; 0 where nobody lives."""
    counted = np.where(np.isfinite(people) & (people > 0), people, 0.0)
    told = figures.told & (counted[:, None] > 0)
    exposure = float((told * counted[:, None]).sum())
    overall = max(float(np.where(told, figures.value, 0.0).sum()), 0.0) / max(exposure, 1.0)
    return np.asarray(counted * overall)


def _usual(figures: Estimates, people: Floats, starts: Sequence[int]) -> Floats:
    """Return `_level` of every period, from the periods between the same breaks."""
    edges = [0, *starts, figures.value.shape[1]]
    parts = []
    for first, last in pairwise(edges):
        part = slice(first, last)
        seen = Estimates(figures.value[:, part], figures.variance[:, part], figures.reason[:, part])
        parts.append(np.repeat(_level(seen, people)[:, None], last - first, axis=1))
    return np.concatenate(parts, axis=1)


def _verdicts(consistent: Consistent, given: Surroundings, dispersion: Dispersion) -> Page:
    """Return the last period against the whole, and against the period before where no break is between them."""
    figures, top, people = consistent.figures, int(consistent.tree.roots[0]), given.people
    last = figures.value.shape[1] - 1
    now = _column(figures, last)
    covariance = np.array(
        [
            consistent.covariance(node, top, last) if now.told[node] and now.told[top] else 0.0
            for node in range(consistent.tree.size)
        ]
    )
    whole = estimates(now.value[[top]], now.variance[[top]])
    everyone = float(np.nan_to_num(people[top]))
    page = [with_whole(now, people, whole, everyone, dispersion=dispersion, covariance=covariance)]
    if last:
        former = _column(figures, last - 1)
        one_series = given.since < last
        former = former if one_series else estimates(former.value, np.full(former.value.shape, np.inf))
        page.append(with_other(now, people, former, people, dispersion))
    return judge(page)


def _column(figures: Estimates, at: int) -> Estimates:
    return estimates(
        figures.value[:, at],
        figures.variance[:, at],
        np.where(figures.told[:, at], Reason.NOT_DELIVERED, figures.reason[:, at]),
    )
