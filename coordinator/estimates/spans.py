"""Computes: an indicator's figures over some periods together, with intervals and verdicts, and pairs to compare.

The sums are those of `summed.py`. What may not be shown is taken out here: the value of such a cell goes no further.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from coordinator.estimates.area_funnels import FunnelLimits, funnels, nodes_at
from coordinator.estimates.comparable import ALIKE, with_comparable
from coordinator.estimates.consistency import Consistent
from coordinator.estimates.display import Displayed
from coordinator.estimates.estimate import Bools, Estimates, Floats, Places, estimates
from coordinator.estimates.indicators import Indicator
from coordinator.estimates.intervals import Dispersion, registered, two_sided, underlying
from coordinator.estimates.rates import LEAST_DENOMINATOR, PER
from coordinator.estimates.relative_areas import relative_areas
from coordinator.estimates.sheet import Context, dispersion_over
from coordinator.estimates.small_areas import LEAST_INHABITANTS, design
from coordinator.estimates.summed import Summed, summed
from coordinator.estimates.verdicts import (
    Comparisons,
    Page,
    Reliability,
    Verdict,
    judge,
    reliability,
    with_other,
    with_whole,
)
from privacy.precision import PrecisionRule
from protocol.words.geography import Level

MOST_PAIRED = 1_000  # areas of a level of which every pair is looked at: the largest gemeente has 480 buurten


@dataclass(frozen=True, slots=True)
class SpanCell:
    """One area that is shown. rate: per 1,000 inhabitants with its limits for noise and chance; None: nobody tells."""

    value: int
    low: float
    high: float
    rate: tuple[float, float, float] | None
    reliability: Reliability
    verdict: Verdict
    change: Verdict
    against_alike: Verdict


@dataclass(frozen=True, eq=False, slots=True)
class Pairs:
    """Areas of one stretch to compare with one another; those that are not shown are absent from it.

    sums: without what is not shown. inhabitants: float64, shape (nodes,).
    """

    sums: Summed
    inhabitants: Floats
    dispersion: Dispersion

    def judge(self, pairs: Sequence[tuple[int, int]]) -> Page:
        """Return for each pair of nodes how the rate of the first is beside that of the second, as one page."""
        first, second = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
        people = np.nan_to_num(self.inhabitants)
        common = np.array([self.sums.covariance(*pair) for pair in pairs])
        here, there = _at(self.sums.figures, first), _at(self.sums.figures, second)
        return judge([with_other(here, people[first], there, people[second], self.dispersion, covariance=common)])


@dataclass(frozen=True, eq=False, slots=True)
class SpanFigures:
    """All areas over some periods. cells: of the nodes that are shown. known: nodes of which there is an estimate.

    funnels: of each level, from few inhabitants to many; empty where the whole has no figure.
    """

    cells: Mapping[int, SpanCell]
    known: frozenset[int]
    false_alarms: Mapping[Level, float]
    funnels: Mapping[Level, tuple[FunnelLimits, ...]]
    pairs: Pairs


def span_figures(
    indicator: Indicator,
    consistent: Consistent,
    context: Context,
    periods: Sequence[int],
    *,
    before: Sequence[int],
    hidden: Collection[int],
    rule: PrecisionRule,
) -> SpanFigures:
    """Return the figures over these periods together, beside the whole and beside as many periods before.

    consistent: of all periods. periods, before: places in them; before is empty where there are none. hidden: nodes
    that a release does not show. rule: what is less precise than it wants is not shown either; that follows from the
    noisy value and the plan alone.
    """
    dispersion = dispersion_over(indicator, context, max(len(periods), 1))
    sums, people = summed(consistent, np.array(periods, dtype=np.int64)), context.inhabitants
    figures, values = sums.figures, sums.shown
    shown = figures.told & _precise(figures, values, rule)
    shown[list(hidden)] = False
    kept = sums.hiding(shown)
    former = summed(consistent, np.array(before, dtype=np.int64)).hiding(shown) if before else None
    judged = _judged(indicator, context, kept, former, dispersion)
    limits, levels, classes = registered(figures), underlying(figures, dispersion), reliability(figures)
    cells = {
        node: SpanCell(
            _whole(values, node),
            float(limits.low[node]),
            float(limits.high[node]),
            _rate(float(figures.value[node]), float(levels.low[node]), float(levels.high[node]), float(people[node])),
            classes[node] or Reliability.TOO_UNCERTAIN,
            *(words[node] for words in judged.words),
        )
        for node in np.flatnonzero(shown).tolist()
    }
    return SpanFigures(
        MappingProxyType(cells),
        frozenset(np.flatnonzero(figures.told).tolist()),
        MappingProxyType(judged.false_alarms),
        MappingProxyType(funnels(indicator, figures, people, dispersion)),
        Pairs(kept, people, dispersion),
    )


def small_area_rates(
    indicator: Indicator, consistent: Consistent, context: Context, periods: Sequence[int]
) -> Mapping[int, tuple[float, float, float]]:
    """Return the `geschat` rate per 1,000 of every smallest area that can have one, with its 95 % limits, by node.

    The limits hold for each area by itself (`area_limits`); one without a figure of its own has none and is left out.
    """
    sums = summed(consistent, np.array(periods, dtype=np.int64)).figures
    leaves = np.setdiff1d(np.arange(consistent.tree.size), consistent.tree.parent)
    people = context.inhabitants[leaves]
    usable: Bools = np.nan_to_num(people) >= LEAST_INHABITANTS
    direct = estimates(sums.value[leaves], np.where(usable, sums.variance[leaves], np.inf))
    factor = dispersion_over(indicator, context, max(len(periods), 1)).factor
    columns = design(context.covariates[leaves])
    found = relative_areas(direct, np.where(usable, people, 0.0), columns, usable, factor=factor).areas
    low, high = found.limits.low * PER, found.limits.high * PER
    return {
        int(leaves[place]): (max(float(found.estimated.value[place]) * PER, 0.0), float(low[place]), float(high[place]))
        for place in np.flatnonzero(found.estimated.told & np.isfinite(high)).tolist()
    }


def areas_alike(context: Context, nodes: Sequence[int]) -> Mapping[int, tuple[int, ...]]:
    """Return for each of these nodes, all of one level, those of them most like it, nearest first."""
    number = _alike(len(nodes))
    if not number:
        return {}
    people = np.nan_to_num(context.inhabitants[nodes])
    any_figure = estimates(np.zeros(len(nodes)), np.ones(len(nodes)))
    found = with_comparable(any_figure, people, context.covariates[nodes], Dispersion(1.0, 0.0), number=number).alike
    return {node: tuple(nodes[place] for place in row) for node, row in zip(nodes, found.tolist(), strict=True)}


def _alike(areas: int) -> int:
    """Return how many areas each of so many is compared with: none where there are too few, or too many to pair."""
    return min(ALIKE, areas - 1) if areas <= MOST_PAIRED else 0


def _precise(figures: Estimates, values: Displayed, rule: PrecisionRule) -> Bools:
    """Tell which figures are as precise as the rule wants, judged by the lower of the unbiased and the shown one."""
    lower = np.minimum(np.rint(figures.value), values.values[:, 0])
    half = two_sided(0.95) * np.sqrt(np.where(figures.told, figures.variance, np.inf))
    return np.asarray(half <= float(rule.relative) * np.maximum(lower, rule.reference))


@dataclass(frozen=True, eq=False, slots=True)
class _Judged:
    """Three verdicts of every node: beside the whole, the stretch before and areas alike; false alarms by level."""

    words: tuple[list[Verdict], list[Verdict], list[Verdict]]
    false_alarms: dict[Level, float]


def _judged(
    indicator: Indicator, context: Context, now: Summed, before: Summed | None, dispersion: Dispersion
) -> _Judged:
    """Return the verdicts, level by level, each level and question a page of its own."""
    size, people = now.figures.value.size, context.inhabitants
    made = _Judged(([Verdict.NOT_TOLD] * size, [Verdict.NOT_TOLD] * size, [Verdict.NOT_TOLD] * size), {})
    noise = now.covariances() if size <= MOST_PAIRED else None
    for level in Level:
        nodes = nodes_at(indicator, level)
        if not nodes.size:
            continue
        here, exposure = _at(now.figures, nodes), np.nan_to_num(people[nodes])
        pages: list[Comparisons | None] = [_beside_whole(now, nodes, people=people, dispersion=dispersion)]
        former = None if before is None else _at(before.figures, nodes)
        pages.append(with_other(here, exposure, former, exposure, dispersion) if former else None)
        number = _alike(nodes.size)
        joint = None if noise is None else noise[np.ix_(nodes, nodes)]
        pages.append(
            with_comparable(
                here, exposure, context.covariates[nodes], dispersion, number=number, covariances=joint
            ).comparisons
            if number
            else None
        )
        for words, page in zip(made.words, pages, strict=True):
            if page is not None:
                judged = judge([page])
                for node, verdict in zip(nodes.tolist(), judged.verdicts, strict=True):
                    words[node] = verdict
                if page is pages[0]:
                    made.false_alarms[level] = judged.false_alarms
    return made


def _beside_whole(now: Summed, nodes: Places, *, people: Floats, dispersion: Dispersion) -> Comparisons:
    top = int(now.consistent.tree.roots[0])
    covariance = np.array([now.covariance(node, top) for node in nodes.tolist()])
    whole, everyone = _at(now.figures, np.array([top])), float(np.nan_to_num(people[top]))
    return with_whole(
        _at(now.figures, nodes), people[nodes], whole, everyone, dispersion=dispersion, covariance=covariance
    )


def _at(figures: Estimates, nodes: Places) -> Estimates:
    return Estimates(figures.value[nodes], figures.variance[nodes], figures.reason[nodes])


def _whole(values: Displayed, node: int) -> int:
    found = values.cell(node)
    if found is None:
        raise AssertionError("a shown node is told")
    return found


def _rate(value: float, low: float, high: float, people: float) -> tuple[float, float, float] | None:
    if not people >= LEAST_DENOMINATOR:  # NaN too
        return None
    scale = PER / people
    return max(value, 0.0) * scale, low * scale, high * scale
