"""Computes: the last year of an indicator as one sum: its figures, limits and rates, and how areas compare over it.

One quarter of a wijk is mostly noise and chance. Four together tell four times as much, and whoever looks for one
figure of an area should see these first.
"""

from dataclasses import dataclass

import numpy as np

from coordinator.estimates.comparable import ALIKE, with_comparable
from coordinator.estimates.consistency import MAX_PAIRED, Consistent
from coordinator.estimates.display import Displayed, shown_figures
from coordinator.estimates.estimate import Bools, Estimates, Floats, Places, Reason, estimates
from coordinator.estimates.hierarchy import AreaTree, levels_of
from coordinator.estimates.intervals import Dispersion, RegisteredInterval, UnderlyingInterval, registered, underlying
from coordinator.estimates.rates import rates
from coordinator.estimates.surroundings import Surroundings
from coordinator.estimates.verdicts import Comparisons, Page, Verdict, judge, with_whole
from protocol.words.period import MONTHS_IN, Period, first_day, length_of

MONTHS_A_YEAR = 12


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


@dataclass(frozen=True, eq=False, slots=True)
class Window:
    """Which periods of a series are summed. used: bool, shape (periods,)."""

    periods: tuple[Period, ...]
    used: Bools
    complete: bool

    @property
    def years(self) -> float:
        """How long the summed periods are together."""
        return int(self.used.sum()) * MONTHS_IN[length_of(self.periods[0])] / MONTHS_A_YEAR


def last_year(periods: tuple[Period, ...], *, first: int = 0) -> Window:
    """Return the periods within the twelve months that end with the last one.

    first: place of the first period after the last break; what is before it is never added to what is after.
    """
    end = first_day(periods[-1])
    length = MONTHS_IN[length_of(periods[0])]
    months = [(end.year - day.year) * 12 + end.month - day.month for day in map(first_day, periods)]
    used = np.array([month <= MONTHS_A_YEAR - length for month in months]) & (np.arange(len(periods)) >= first)
    return Window(periods, used, int(used.sum()) * length == MONTHS_A_YEAR)


def make_year(
    consistent: Consistent, tree: AreaTree, given: Surroundings, window: Window, dispersion: Dispersion
) -> Year:
    """Return the sum over a window of the consistent figures, with its exact covariances, and its verdicts.

    dispersion: of the whole window. A node without one of the periods has no sum. Periods' noise is independent.
    """
    places = np.flatnonzero(window.used)
    parts = consistent.figures
    whole: Bools = np.all(parts.told[:, places], axis=1)
    lost = parts.reason[:, places].max(axis=1)
    value = np.where(whole, parts.value[:, places].sum(axis=1), 0.0)
    variance = np.where(whole, np.where(whole[:, None], parts.variance[:, places], 0.0).sum(axis=1), np.inf)
    figures = estimates(value, variance, np.where(whole, np.uint8(Reason.NOT_DELIVERED), lost))
    noise = _noise(consistent, places, whole)
    comparisons, alike = _comparable(figures, given, tree, dispersion, noise)
    return Year(
        tuple(window.periods[place] for place in places),
        window.complete,
        figures,
        shown_figures(consistent.tree, _table(figures)),
        registered(figures),
        underlying(figures, dispersion),
        rates(figures, given.people),
        alike,
        _page(tree, _against_wholes(figures, given.people, tree, dispersion, noise), comparisons),
        dispersion,
    )


def _noise(consistent: Consistent, places: Places, whole: Bools) -> Floats | None:
    """Return the covariances of the sums; None for more areas than have one."""
    if consistent.tree.size > MAX_PAIRED:
        return None
    found = sum((consistent.covariances(int(place)) for place in places), np.zeros((whole.size, whole.size)))
    return np.where(whole[:, None] & whole[None], found, 0.0)


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


def _table(figures: Estimates) -> Estimates:
    return Estimates(figures.value[:, None], figures.variance[:, None], figures.reason[:, None])
