"""Computes: all estimates of one indicator together, each with the method it was made by.

A sheet is made from an indicator and public context alone, so whoever has both makes the same one.
"""

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from coordinator.estimates.alerting import Drift, cusum, surprises
from coordinator.estimates.consistency import Consistent, make_consistent
from coordinator.estimates.display import Displayed, displayed
from coordinator.estimates.estimate import Bools, Estimates, Floats, Places, Reason, estimates, wrong_shape
from coordinator.estimates.indicators import Indicator
from coordinator.estimates.intervals import (
    Dispersion,
    RegisteredInterval,
    UnderlyingInterval,
    dispersion_of_repeats,
    estimate_dispersion,
    registered,
    underlying,
)
from coordinator.estimates.rates import rates
from coordinator.estimates.small_areas import LEAST_INHABITANTS, SmallAreas, design, fay_herriot
from coordinator.estimates.trend import Break, Trend, trend
from coordinator.estimates.verdicts import Page, judge, with_other, with_whole
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
        "small_areas": "fay-herriot-trend/1",
        "drift": "cusum/1",
    }
)


@dataclass(frozen=True, eq=False, slots=True)
class Context:
    """What is public of the areas, in the order of the tree's nodes.

    inhabitants: float64, shape (nodes,), NaN where nobody tells; covariates: float64, (nodes, columns), NaN likewise.
    returns: events a year of a household in sight, None where nobody published it. breaks: of this indicator.
    """

    inhabitants: Floats
    covariates: Floats
    returns: float | None = None
    breaks: tuple[Break, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Sheet:
    """All estimates of one indicator. Arrays: shape (nodes, periods).

    verdicts: the last period of each node against the rate of the first root, then each against the period before it;
    one page, so that false alarms are counted over both. leaves: places of the nodes that small_areas, shape (leaves,)
    and of the last period, is of. drift: against the rate of all.
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
    dispersion: Dispersion


def make_sheet(indicator: Indicator, context: Context) -> Sheet:
    """Return all estimates of an indicator.

    Raises: WrongShape, when the context is of other areas. Whatever single cells lack is a reason in that cell.
    """
    nodes, periods = indicator.value.shape
    if context.inhabitants.shape != (nodes,) or context.covariates.shape[:1] != (nodes,):
        raise wrong_shape("context of other areas than the indicator's")
    consistent = make_consistent(indicator.tree.tree, indicator.value, indicator.variance)
    figures, people = consistent.figures, context.inhabitants
    years = MONTHS_IN[indicator.length] / 12
    single = dispersion_over(indicator, context, years)
    whole = dispersion_over(indicator, context, years * periods)
    level = _level(figures, people)
    course = trend(figures, level, whole.factor, context.breaks)
    leaves = np.setdiff1d(np.arange(nodes), indicator.tree.tree.parent)
    model = trend(figures, level, whole.factor, context.breaks, for_model=True)
    expected = np.repeat(level[:, None], periods, axis=1)
    return Sheet(
        indicator,
        consistent,
        displayed(consistent),
        registered(figures),
        underlying(figures, single),
        rates(figures, people[:, None]),
        _verdicts(consistent, people, single),
        course,
        leaves,
        _small_areas(model, leaves, context),
        cusum(surprises(figures, expected, single)),
        single,
    )


def dispersion_over(indicator: Indicator, context: Context, years: float) -> Dispersion:
    """Return the larger of what was seen and what households that come back make of it over so many years."""
    seen = estimate_dispersion(estimates(indicator.value, indicator.variance))
    if context.returns is None:
        return seen
    return max(seen, dispersion_of_repeats(context.returns, years), key=lambda found: found.factor)


def _level(figures: Estimates, people: Floats) -> Floats:
    """Return what each node would have a period at the rate of all of them; 0 where nobody lives."""
    counted = np.where(np.isfinite(people) & (people > 0), people, 0.0)
    told = figures.told & (counted[:, None] > 0)
    exposure = float((told * counted[:, None]).sum())
    overall = max(float(np.where(told, figures.value, 0.0).sum()), 0.0) / max(exposure, 1.0)
    return np.asarray(counted * overall)


def _verdicts(consistent: Consistent, people: Floats, dispersion: Dispersion) -> Page:
    figures, top = consistent.figures, int(consistent.tree.roots[0])
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
        page.append(with_other(now, people, _column(figures, last - 1), people, dispersion))
    return judge(page)


def _small_areas(course: Trend, leaves: Places, context: Context) -> SmallAreas:
    people = context.inhabitants[leaves]
    usable: Bools = np.nan_to_num(people) >= LEAST_INHABITANTS
    safe = np.where(usable, people, 1.0)
    last = _column(course.later, course.later.value.shape[1] - 1)
    variance = np.where(usable & last.told[leaves], last.variance[leaves] / safe**2, np.inf)
    return fay_herriot(estimates(last.value[leaves] / safe, variance), design(context.covariates[leaves]), usable)


def _column(figures: Estimates, at: int) -> Estimates:
    return estimates(
        figures.value[:, at],
        figures.variance[:, at],
        np.where(figures.told[:, at], Reason.NOT_DELIVERED, figures.reason[:, at]),
    )
