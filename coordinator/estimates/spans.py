"""Computes: an indicator's figures over some periods together, with intervals and verdicts, and pairs to compare.

Noise is drawn anew in every period, so that the variance of a sum is the sum of the variances. What may not be shown is
taken out here: the value of such a cell goes no further.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from coordinator.estimates.area_funnels import FunnelLimits, funnels, nodes_at
from coordinator.estimates.comparable import ALIKE, with_comparable
from coordinator.estimates.consistency import Consistent, make_consistent
from coordinator.estimates.display import Displayed, displayed
from coordinator.estimates.estimate import Bools, Estimates, Floats, Places, Reason, estimates
from coordinator.estimates.indicators import Indicator
from coordinator.estimates.intervals import (
    Dispersion,
    dispersion_of_repeats,
    dispersion_of_units,
    estimate_dispersion,
    registered,
    two_sided,
    underlying,
)
from coordinator.estimates.rates import LEAST_DENOMINATOR, PER
from coordinator.estimates.relative_areas import relative_areas
from coordinator.estimates.sheet import Context
from coordinator.estimates.small_areas import LEAST_INHABITANTS, design
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
from protocol.words.period import MONTHS_IN

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

    consistent: shape (nodes, 1). inhabitants: float64, shape (nodes,).
    """

    consistent: Consistent
    inhabitants: Floats
    dispersion: Dispersion

    def judge(self, pairs: Sequence[tuple[int, int]]) -> Page:
        """Return for each pair of nodes how the rate of the first is beside that of the second, as one page."""
        first, second = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
        figures, people = self.consistent.figures, np.nan_to_num(self.inhabitants)
        here, there = people[first], people[second]
        times = np.divide(here, there, out=np.zeros(here.shape), where=there > 0)
        common = np.array([self._covariance(*pair) for pair in pairs])
        # The errors of parts of one whole are not independent; with_other takes them for it.
        variance = np.maximum(figures.variance[first, 0] - 2 * times * common, 0.0)
        mine = estimates(np.where(figures.told[first, 0], figures.value[first, 0], np.nan), variance)
        others = estimates(
            np.where(figures.told[second, 0], figures.value[second, 0], np.nan), figures.variance[second, 0]
        )
        return judge([with_other(mine, here, others, there, self.dispersion)])

    def _covariance(self, first: int, second: int) -> float:
        told = self.consistent.figures.told
        return self.consistent.covariance(first, second) if told[first, 0] and told[second, 0] else 0.0


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
    context: Context,
    periods: Sequence[int],
    *,
    before: Sequence[int],
    hidden: Collection[int],
    rule: PrecisionRule,
    once: bool,
) -> SpanFigures:
    """Return the figures over these periods together, beside the whole and beside as many periods before.

    periods, before: places in the indicator's periods; before is empty where there are none. hidden: nodes
    that a release does not show. rule: what is less precise than it wants is not shown either; that follows
    from the noisy value and the plan alone. once: a household counts at most once a period.
    """
    dispersion = _dispersion(indicator, context, len(periods), once=once)
    consistent = _together(indicator, periods)
    figures, people = consistent.figures, context.inhabitants
    values, classes = displayed(consistent), reliability(figures)
    shown = figures.told[:, 0] & _precise(figures, values, rule)
    shown[list(hidden)] = False
    limits, levels = registered(figures), underlying(figures, dispersion)
    verdicts, changes, kin, alarms = _judged(
        indicator, context, consistent, before=before, shown=shown, dispersion=dispersion
    )
    cells = {}
    for node in np.flatnonzero(shown).tolist():
        cells[node] = SpanCell(
            _whole(values, node),
            float(limits.low[node, 0]),
            float(limits.high[node, 0]),
            _rate(
                float(figures.value[node, 0]),
                float(levels.low[node, 0]),
                float(levels.high[node, 0]),
                float(people[node]),
            ),
            classes[node] or Reliability.TOO_UNCERTAIN,
            verdicts[node],
            changes[node],
            kin[node],
        )
    pairs = Pairs(_masked(consistent, shown), people, dispersion)
    return SpanFigures(
        MappingProxyType(cells),
        frozenset(np.flatnonzero(figures.told[:, 0]).tolist()),
        MappingProxyType(alarms),
        MappingProxyType(funnels(indicator, consistent, people, dispersion)),
        pairs,
    )


def small_area_rates(
    indicator: Indicator, context: Context, periods: Sequence[int], *, once: bool
) -> Mapping[int, tuple[float, float, float]]:
    """Return the `geschat` rate per 1,000 of every smallest area that can have one, with its 95 % limits, by node.

    The limits hold for each area by itself (`area_limits`); one without a figure of its own has none and is left out.
    """
    consistent = _together(indicator, periods)
    leaves = np.setdiff1d(np.arange(consistent.tree.size), consistent.tree.parent)
    people, figures = context.inhabitants[leaves], consistent.figures
    usable: Bools = np.nan_to_num(people) >= LEAST_INHABITANTS
    direct = estimates(figures.value[leaves, 0], np.where(usable, figures.variance[leaves, 0], np.inf))
    factor = _dispersion(indicator, context, len(periods), once=once).factor
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


def _dispersion(indicator: Indicator, context: Context, periods: int, *, once: bool) -> Dispersion:
    """Return the larger of what was seen and what households that come back make of so many periods."""
    seen = estimate_dispersion(estimates(indicator.value, indicator.variance))
    if context.returns is None:
        return seen
    years = MONTHS_IN[indicator.length] * periods / 12
    units = dispersion_of_units(context.returns, years, periods)
    return max(seen, units if once else dispersion_of_repeats(context.returns, years), key=lambda found: found.factor)


def _alike(areas: int) -> int:
    """Return how many areas each of so many is compared with: none where there are too few, or too many to pair."""
    return min(ALIKE, areas - 1) if areas <= MOST_PAIRED else 0


def _together(indicator: Indicator, periods: Sequence[int]) -> Consistent:
    value, variance = indicator.value[:, periods], indicator.variance[:, periods]
    return make_consistent(indicator.tree.tree, value.sum(axis=1)[:, None], variance.sum(axis=1)[:, None])


def _precise(figures: Estimates, values: Displayed, rule: PrecisionRule) -> Bools:
    """Tell which figures are as precise as the rule wants, judged by the lower of the unbiased and the shown one."""
    lower = np.minimum(np.rint(figures.value[:, 0]), values.values[:, 0])
    half = two_sided(0.95) * np.sqrt(np.where(figures.told, figures.variance, np.inf))[:, 0]
    return np.asarray(half <= float(rule.relative) * np.maximum(lower, rule.reference))


def _judged(
    indicator: Indicator,
    context: Context,
    consistent: Consistent,
    *,
    before: Sequence[int],
    shown: Bools,
    dispersion: Dispersion,
) -> tuple[list[Verdict], list[Verdict], list[Verdict], dict[Level, float]]:
    """Return the three verdicts of every node, level by level, each level and question a page of its own."""
    size, people = consistent.tree.size, context.inhabitants
    now = _column(consistent.figures, shown)
    earlier = _column(_together(indicator, before).figures, shown) if before else None
    made = [[Verdict.NOT_TOLD] * size for _ in range(3)]
    alarms = {}
    for level in Level:
        nodes = nodes_at(indicator, level)
        if not nodes.size:
            continue
        here, exposure = _at(now, nodes), np.nan_to_num(people[nodes])
        pages: list[Comparisons | None] = [_beside_whole(consistent, now, nodes, people=people, dispersion=dispersion)]
        pages.append(with_other(here, exposure, _at(earlier, nodes), exposure, dispersion) if earlier else None)
        number = _alike(nodes.size)
        kind = with_comparable(here, exposure, context.covariates[nodes], dispersion, number=number) if number else None
        pages.append(None if kind is None else kind.comparisons)
        for words, page in zip(made, pages, strict=True):
            if page is not None:
                judged = judge([page])
                for node, verdict in zip(nodes.tolist(), judged.verdicts, strict=True):
                    words[node] = verdict
                if page is pages[0]:
                    alarms[level] = judged.false_alarms
    return made[0], made[1], made[2], alarms


def _beside_whole(
    consistent: Consistent, now: Estimates, nodes: Places, *, people: Floats, dispersion: Dispersion
) -> Comparisons:
    top, told = int(consistent.tree.roots[0]), now.told
    covariance = np.array(
        [consistent.covariance(node, top) if told[node] and told[top] else 0.0 for node in nodes.tolist()]
    )
    whole, everyone = _at(now, np.array([top])), float(np.nan_to_num(people[top]))
    return with_whole(_at(now, nodes), people[nodes], whole, everyone, dispersion=dispersion, covariance=covariance)


def _column(figures: Estimates, shown: Bools) -> Estimates:
    return estimates(figures.value[:, 0], np.where(shown, figures.variance[:, 0], np.inf))


def _at(figures: Estimates, nodes: Places) -> Estimates:
    return Estimates(figures.value[nodes], figures.variance[nodes], figures.reason[nodes])


def _masked(consistent: Consistent, shown: Bools) -> Consistent:
    """Return the same without the values of what is not shown; variances come from the plan and stay."""
    variance = np.where(shown[:, None], consistent.figures.variance, np.inf)
    figures = estimates(consistent.figures.value, variance, Reason.NOT_DETERMINED)
    return Consistent(consistent.tree, figures, consistent.below_variance, consistent.share)


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
