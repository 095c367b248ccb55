"""Computes: whether a forecast is worth showing: only when it beats every naive one on periods it has not seen.

All forecasts are judged against the same noisy figures. The noise adds the same to each one's error, so differences
between them are fair.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from coordinator.estimates.estimate import Estimates, Floats, Reason, estimates, wrong_shape

HIDDEN = "Geen voorspelling: zij was in het verleden niet beter dan de eenvoudigste schattingen."
LEAST_AREAS = 10  # differences of fewer areas decide nothing
SIGNIFICANCE = 0.05

Forecaster = Callable[[Estimates], Floats]


@dataclass(frozen=True, slots=True)
class Skill:
    """How a forecast did against the best naive one. gain: share of its squared error, beyond noise, that is less.

    shown: whether it may be shown. p_value: one-sided, that the best naive one is as good.
    """

    shown: bool
    best_naive: str
    gain: float
    p_value: float
    text: str


def last(series: Estimates) -> Floats:
    """Forecast the last figure that was delivered; 0 where none was."""
    periods = np.arange(series.value.shape[1])
    at = np.where(series.told, periods, -1).max(axis=1)
    return np.where(at >= 0, np.take_along_axis(series.value, np.maximum(at, 0)[:, None], 1)[:, 0], 0.0)


def mean(series: Estimates) -> Floats:
    """Forecast the mean of all figures; 0 where none was delivered."""
    number = series.told.sum(axis=1)
    return np.asarray(np.where(series.told, series.value, 0.0).sum(axis=1) / np.maximum(number, 1))


def same_season(series: Estimates, *, periods_a_year: int = 4) -> Floats:
    """Forecast the figure of a year before; the mean where it was not delivered."""
    if series.value.shape[1] < periods_a_year:
        return mean(series)
    return np.where(series.told[:, -periods_a_year], series.value[:, -periods_a_year], mean(series))


NAIVE: Mapping[str, Forecaster] = {"laatste cijfer": last, "gemiddelde": mean, "zelfde periode vorig jaar": same_season}


def skill(series: Estimates, forecast: Forecaster, *, first: int) -> Skill | Reason:
    """Return whether the forecast, made for each period from `first` on from what was before it, beats all naive ones.

    series: shape (areas, periods), unbiased counts. It is tested against each naive one by its mean gain in squared
    error an area, and must win from all of them; so the chance to show a useless one is below 5 %.
    Not promised: that areas are independent; a shock that hits all in one period counts as many areas' evidence.
    Source: Diebold, Mariano 1995, JBES 13(3), with areas in place of periods; intersection-union test, Berger 1982.
    """
    periods = series.value.shape[1]
    if not 1 <= first < periods:
        raise wrong_shape("a first period to forecast outside the series")
    losses = {name: np.zeros(len(series.value)) for name in ("own", *NAIVE)}
    judged, noise = np.zeros(len(series.value)), 0.0
    for at in range(first, periods):
        before = estimates(series.value[:, :at], series.variance[:, :at], series.reason[:, :at])
        told = series.told[:, at]
        judged += told
        noise += float(series.variance[told, at].sum())
        for name, make in (("own", forecast), *NAIVE.items()):
            losses[name] += np.where(told, (series.value[:, at] - make(before)) ** 2, 0.0)
    if (judged > 0).sum() < LEAST_AREAS:
        return Reason.TOO_FEW
    used = judged > 0
    best = min(NAIVE, key=lambda name: float(losses[name].sum()))
    p_value = max(_p_value((losses[name] - losses["own"])[used] / judged[used]) for name in NAIVE)
    beyond_noise = max(float(losses[best].sum()) - noise, 1e-300)
    gain = float((losses[best] - losses["own"]).sum()) / beyond_noise
    shown = p_value < SIGNIFICANCE
    told_text = f"Beter dan {best} op perioden die de voorspelling niet kende." if shown else HIDDEN
    return Skill(shown, best, float(np.clip(gain, -1.0, 1.0)), p_value, told_text)


def _p_value(gains: Floats) -> float:
    spread = float(gains.std(ddof=1)) / gains.size**0.5
    if spread == 0:
        return 1.0
    return float(student.sf(float(gains.mean()) / spread, gains.size - 1))
