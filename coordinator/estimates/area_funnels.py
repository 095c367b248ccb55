"""Computes: funnel limits for areas of every size of a level, as rates, from the figures of one stretch of periods."""

from dataclasses import dataclass

import numpy as np

from coordinator.estimates.alerting import funnel
from coordinator.estimates.estimate import Estimates, Floats, Places, estimates
from coordinator.estimates.indicators import Indicator
from coordinator.estimates.intervals import Dispersion
from coordinator.estimates.rates import LEAST_DENOMINATOR, PER
from protocol.words.geography import Level, level_of

FUNNEL_STEPS = 24  # points of a limit: a smooth line on a screen


@dataclass(frozen=True, slots=True)
class FunnelLimits:
    """Rates per 1,000 between which 95 % (low, high) and 99.8 % of areas of this size lie when nothing is special."""

    inhabitants: float
    low: float
    high: float
    alarm_low: float
    alarm_high: float


def funnels(
    indicator: Indicator, figures: Estimates, people: Floats, dispersion: Dispersion
) -> dict[Level, tuple[FunnelLimits, ...]]:
    """Return limits for areas of every size of a level, with the noise that is usual at it. figures: shape (nodes,)."""
    top = int(indicator.tree.tree.roots[0])
    found: dict[Level, tuple[FunnelLimits, ...]] = {}
    if not figures.told[top] or not people[top] > 0:
        return found
    rate = max(float(figures.value[top]), 0.0) / float(people[top])
    for level in Level:
        nodes = nodes_at(indicator, level)
        nodes = nodes[figures.told[nodes] & (np.nan_to_num(people[nodes]) >= LEAST_DENOMINATOR)]
        if nodes.size < 2:  # noqa: PLR2004 - one area has no place among others
            continue
        sizes = np.geomspace(float(people[nodes].min()), float(people[nodes].max()), FUNNEL_STEPS)
        noise = float(np.median(figures.variance[nodes]))
        lines = funnel(estimates(rate * sizes, np.full(sizes.size, noise)), rate * sizes, dispersion)
        sides = [
            np.maximum(side, 0.0) * PER / sizes for side in (lines.low, lines.high, lines.alarm_low, lines.alarm_high)
        ]
        found[level] = tuple(
            FunnelLimits(*row) for row in zip(sizes.tolist(), *(side.tolist() for side in sides), strict=True)
        )
    return found


def nodes_at(indicator: Indicator, level: Level) -> Places:
    """Return the places of the tree's nodes that are of a level."""
    codes = enumerate(indicator.tree.codes)
    return np.array([node for node, code in codes if code is not None and level_of(code) is level], dtype=np.int64)
