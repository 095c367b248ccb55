"""Computes: the last year of an indicator as one sum: its figures, limits and rates, and how areas compare over it.

One quarter of a wijk is mostly noise and chance. Four together tell four times as much, and whoever looks for one
figure of an area should see these first.
"""

from dataclasses import dataclass

import numpy as np

from coordinator.estimates.comparable import ALIKE, with_comparable
from coordinator.estimates.consistency import MAX_PAIRED, Consistent
from coordinator.estimates.display import Displayed
from coordinator.estimates.estimate import Estimates, Floats, Places
from coordinator.estimates.hierarchy import AreaTree, levels_of
from coordinator.estimates.intervals import Dispersion, RegisteredInterval, UnderlyingInterval, registered, underlying
from coordinator.estimates.rates import rates
from coordinator.estimates.summed import Window, summed
from coordinator.estimates.surroundings import Surroundings
from coordinator.estimates.verdicts import Comparisons, Page, Verdict, judge, with_whole
from protocol.words.period import Period


@dataclass(frozen=True, eq=False, slots=True)
class Year:
    """The periods of the last twelve months together. Arrays: shape (nodes,), of `shown` (nodes, 1).

    periods: those that were summed. complete: whether they are a whole year; a shorter sum is as right, of less time.
    against_whole: of each node against its gemeente, of a gemeente against the region. against_comparable: against the
    areas of its own level most like it, whose places are in alike, shape (nodes, ALIKE), -1 where there is none.
    page: both, in that order. A page of the monitor shows one level, so false alarms are counted over both of a level;
    those of all levels add up in it.
    """

    periods: tuple[Period, ...]
    complete: bool
    figures: Estimates
    shown: Displayed
    registered: RegisteredInterval
    underlying: UnderlyingInterval
    rate: Estimates
    alike: Places
    page: Page
    dispersion: Dispersion

    @property
    def against_whole(self) -> tuple[Verdict, ...]:
        """The verdict of each node against the area that it is a part of."""
        return self.page.verdicts[: self.figures.value.size]

    @property
    def against_comparable(self) -> tuple[Verdict, ...]:
        """The verdict of each node against the areas most like it."""
        return self.page.verdicts[self.figures.value.size :]


def make_year(
    consistent: Consistent, tree: AreaTree, given: Surroundings, window: Window, dispersion: Dispersion
) -> Year:
    """Return the sum over a window of the consistent figures, with its exact covariances, and its verdicts.

    dispersion: of the whole window. A node without one of the periods has no sum. Periods' noise is independent.
    """
    made = summed(consistent, window.places)
    figures, noise = made.figures, made.covariances() if consistent.tree.size <= MAX_PAIRED else None
    comparisons, alike = _comparable(figures, given, tree, dispersion, noise)
    return Year(
        tuple(window.periods[place] for place in window.places),
        window.complete,
        figures,
        made.shown,
        registered(figures),
        underlying(figures, dispersion),
        rates(figures, given.people),
        alike,
        _page(tree, _against_wholes(figures, given.people, tree, dispersion, noise), comparisons),
        dispersion,
    )


def _page(tree: AreaTree, wholes: Comparisons, comparable: Comparisons) -> Page:
    """Return the verdicts of both comparisons of every node, judged level by level."""
    size, false_alarms = wholes.told.size, 0.0
    verdicts, p_values = [Verdict.NOT_TOLD] * (2 * size), [1.0] * (2 * size)
    for nodes in levels_of(tree.tree):
        found = judge([Comparisons(each.surprise[nodes], each.told[nodes]) for each in (wholes, comparable)])
        false_alarms += found.false_alarms
        places = [*nodes.tolist(), *(size + nodes).tolist()]
        for place, verdict, p_value in zip(places, found.verdicts, found.p_values, strict=True):
            verdicts[place], p_values[place] = verdict, p_value
    return Page(tuple(verdicts), tuple(p_values), false_alarms)


def _against_wholes(
    figures: Estimates, people: Floats, tree: AreaTree, dispersion: Dispersion, noise: Floats | None
) -> Comparisons:
    above = tree.wholes
    whole = Estimates(figures.value[above], figures.variance[above], figures.reason[above])
    # Without covariances the whole is taken as exact, which it all but is where there are thousands of areas.
    joint = 0.0 if noise is None else noise[np.arange(above.size), above]
    everyone = np.nan_to_num(people[above])
    return with_whole(figures, people, whole, everyone, dispersion=dispersion, covariance=joint)


def _comparable(
    figures: Estimates, given: Surroundings, tree: AreaTree, dispersion: Dispersion, noise: Floats | None
) -> tuple[Comparisons, Places]:
    """Return the comparison of each node with those of its own level most like it; none where there are too few."""
    size = figures.value.size
    surprise, told, alike = np.zeros(size), np.zeros(size, dtype=bool), np.full((size, ALIKE), -1)
    counted = np.nan_to_num(given.people)
    for nodes in levels_of(tree.tree):
        if nodes.size <= ALIKE or noise is None:
            continue
        level = Estimates(figures.value[nodes], figures.variance[nodes], figures.reason[nodes])
        found = with_comparable(
            level, counted[nodes], given.covariates[nodes], dispersion, covariances=noise[np.ix_(nodes, nodes)]
        )
        surprise[nodes], told[nodes] = found.comparisons.surprise, found.comparisons.told
        alike[nodes] = nodes[found.alike]
    return Comparisons(surprise, told), alike
