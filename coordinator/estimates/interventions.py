"""Computes: for each date on which something was done somewhere: what changed there, beside areas like it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coordinator.estimates.before_after import BeforeAfter, before_after
from coordinator.estimates.comparable import with_comparable
from coordinator.estimates.consistency import Consistent
from coordinator.estimates.estimate import Bools, Estimates, Places, Reason, estimates
from coordinator.estimates.hierarchy import levels_of
from coordinator.estimates.intervals import Dispersion
from coordinator.estimates.surroundings import Surroundings

COMPARED = 15  # areas at most: nearest in kind, more are not alike; from fewer their own spread is not known well


@dataclass(frozen=True, slots=True)
class Intervention:
    """What was done. node: of the area; first: place of the first period after; label: what it is called."""

    node: int
    first: int
    label: str


@dataclass(frozen=True, eq=False, slots=True)
class Effect:
    """What changed after an intervention beside comparable areas, or why nothing can be said.

    compared: int64, places of the areas of its level that it was compared with, nearest in kind first.
    """

    intervention: Intervention
    compared: Places
    answer: BeforeAfter | Reason


def effects(
    consistent: Consistent,
    interventions: Sequence[Intervention],
    given: Surroundings,
    dispersion: Dispersion,
) -> tuple[Effect, ...]:
    """Return what changed after each intervention; areas with one of their own are nobody's comparison.

    dispersion: of a whole side of the date, in which repeats go on. Nothing before the last break is looked at.
    Not promised: that areas alike in their covariates would have gone the same way.
    """
    taken = {each.node for each in interventions}
    return tuple(_effect(consistent, each, taken, given, dispersion) for each in interventions)


def _effect(
    consistent: Consistent, intervention: Intervention, taken: set[int], given: Surroundings, dispersion: Dispersion
) -> Effect:
    level = _level_of(consistent, intervention.node)
    others = np.array(
        [node for node in level.tolist() if node not in taken or node == intervention.node], dtype=np.int64
    )
    first = given.since
    after = intervention.first - first
    periods = consistent.figures.value.shape[1] - first
    if others.size < 3 or not 0 < after < periods:  # noqa: PLR2004 - itself and two
        return Effect(intervention, others[:0], Reason.TOO_FEW)
    figures = consistent.figures
    at = int(np.flatnonzero(others == intervention.node)[0])
    whole: Bools = np.all(figures.told[others, first:], axis=1)
    told = estimates(np.zeros(others.size), np.where(whole, 1.0, np.inf))
    counted = np.nan_to_num(given.people[others])
    number = min(COMPARED, others.size - 1)
    alike = with_comparable(told, counted, given.covariates[others], dispersion, number=number).alike[at]
    alike = alike[whole[alike] & (counted[alike] > 0)]
    own = others[at]
    return Effect(
        intervention,
        others[alike],
        before_after(_series(figures, own, first), _series(figures, others[alike], first), after, dispersion),
    )


def _series(figures: Estimates, nodes: Places | np.int64, first: int) -> Estimates:
    return Estimates(
        figures.value[nodes, first:].copy(),
        figures.variance[nodes, first:].copy(),
        figures.reason[nodes, first:].copy(),
    )


def _level_of(consistent: Consistent, node: int) -> Places:
    return next(nodes for nodes in levels_of(consistent.tree) if node in nodes)
