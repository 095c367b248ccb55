"""Computes: small-area estimates that add up to the counted figure of their gemeente, and the same with neighbours.

What is not estimated, such as a buurt of hardly any inhabitants, is taken off the gemeente's figure as it was counted.
"""

import numpy as np

from coordinator.estimates.estimate import Estimates, Floats, Places, Reason, estimates
from coordinator.estimates.hierarchy import AreaTree
from coordinator.estimates.relative_areas import local_levels
from coordinator.estimates.small_areas import LEAST_INHABITANTS, SmallAreas, benchmarked, benchmarked_rates, design
from coordinator.estimates.spatial import MAX_AREAS, SpatialAreas, spatial_fay_herriot
from coordinator.estimates.surroundings import Surroundings
from coordinator.estimates.trend import trend


def estimated_rates(
    figures: Estimates, tree: AreaTree, leaves: Places, given: Surroundings, factor: float
) -> SmallAreas:
    """Return the small-area rates of the last period at these leaves, adding up to what was counted.

    figures: consistent ones, shape (nodes, periods). factor: by which chance is wider than Poisson over all periods.
    """
    own = _rows(figures, leaves)
    people = given.people[leaves]
    made = local_levels(own, people, given.covariates[leaves], factor, given.breaks)
    usable = np.nan_to_num(people) >= LEAST_INHABITANTS
    exposure = np.where(usable, people, 0.0)
    return benchmarked(made, exposure, tree.wholes[leaves], _left(figures, tree, leaves, given.people))


def spatial_rates(
    figures: Estimates, tree: AreaTree, leaves: Places, given: Surroundings, factor: float
) -> SpatialAreas | None:
    """Return the rates that also borrow from neighbours, adding up likewise; None without borders, or of too many."""
    if given.borders is None or leaves.size > MAX_AREAS:
        return None
    people = given.people[leaves]
    usable = np.nan_to_num(people) >= LEAST_INHABITANTS
    exposure = np.where(usable, people, 0.0)
    own = _rows(figures, leaves)
    level = (
        exposure * max(float(own.value[own.told].sum()), 0.0) / max(float((exposure[:, None] * own.told).sum()), 1.0)
    )
    last = _last(trend(own, level, factor, given.breaks, for_model=True).later)
    safe = np.where(usable, people, 1.0)
    rate = estimates(
        np.where(last.told, last.value, 0.0) / safe,
        np.where(usable & last.told, np.where(last.told, last.variance, 0.0) / safe**2, np.inf),
    )
    place = np.full(tree.tree.size, -1)
    place[leaves] = np.arange(leaves.size)
    pairs = place[given.borders]
    made = spatial_fay_herriot(rate, design(given.covariates[leaves]), pairs[(pairs >= 0).all(axis=1)], usable)
    left = _left(figures, tree, leaves, given.people)
    return SpatialAreas(benchmarked_rates(made.estimated, exposure, tree.wholes[leaves], left), made.spread, made.alike)


def _left(figures: Estimates, tree: AreaTree, leaves: Places, people: Floats) -> Estimates:
    """Return of each whole the last figure less those of its leaves that have no estimate; absent where one is lost."""
    last, number = _last(figures), tree.tree.size
    counted = np.nan_to_num(people[leaves])
    small = leaves[counted < LEAST_INHABITANTS]
    group = tree.wholes[small]
    lost = np.bincount(group, (~last.told[small] & (np.nan_to_num(people[small]) > 0)).astype(float), number) > 0
    taken = np.bincount(group, np.where(last.told[small], last.value[small], 0.0), number)
    told = last.told & ~lost
    return estimates(
        np.where(told, last.value - taken, 0.0), np.where(told, last.variance, np.inf), Reason.NOT_DETERMINED
    )


def _rows(figures: Estimates, nodes: Places) -> Estimates:
    return Estimates(figures.value[nodes], figures.variance[nodes], figures.reason[nodes])


def _last(figures: Estimates) -> Estimates:
    return Estimates(figures.value[:, -1].copy(), figures.variance[:, -1].copy(), figures.reason[:, -1].copy())
