"""Computes: what the next period would count if levels go on, told only where such forecasts proved right."""

from dataclasses import dataclass

import numpy as np

from coordinator.estimates.estimate import Estimates, Floats, Reason, estimates
from coordinator.estimates.skill import Skill, skill
from coordinator.estimates.trend import one_ahead

LEAST_PERIODS = 8  # two years of quarters: to judge the last of them by those before
JUDGED = 4  # periods that each forecast is made for without having seen them


@dataclass(frozen=True, eq=False, slots=True)
class Forecast:
    """What a forecast was worth, and its values for the next period: float64, shape (areas,); None when hidden."""

    skill: Skill
    values: Floats | None


def forecast(series: Estimates, people: Floats, factor: float, *, since: int = 0) -> Forecast | Reason:
    """Return the level at the end of each area's trend as a forecast, if it beats every naive one.

    series: shape (areas, periods), unbiased counts. people: float64, shape (areas,), NaN where nobody tells. factor: by
    which chance is wider than Poisson. since: place of the first period after the last break; earlier ones say nothing.
    Source: as `trend` and `skill`.
    """
    used = estimates(series.value[:, since:], np.where(series.told, series.variance, np.inf)[:, since:])
    periods = used.value.shape[1]
    if periods < LEAST_PERIODS:
        return Reason.TOO_FEW

    first = periods - JUDGED
    known = Estimates(used.value[:, :first], used.variance[:, :first], used.reason[:, :first])
    ahead = one_ahead(used, _usual(known, people), factor)
    found = skill(used, lambda before: ahead[:, before.value.shape[1]], first=first)
    if isinstance(found, Reason):
        return found
    return Forecast(found, ahead[:, periods] if found.shown else None)


def _usual(before: Estimates, people: Floats) -> Floats:
    """Return what each area would have a period at the rate of all of them, from these periods alone."""
    counted = np.where(people > 0, np.nan_to_num(people), 0.0)
    exposure = float((before.told * counted[:, None]).sum())
    total = float(np.where(before.told & (counted[:, None] > 0), before.value, 0.0).sum())
    return np.asarray(counted * max(total, 0.0) / max(exposure, 1.0))
