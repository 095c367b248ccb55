"""Computes: figures to show, whole and not below zero, that add up; kept apart from the unbiased values.

From the top down: each parent's shown figure is shared out over its children, as near as can be to their unbiased
values. Inference never uses these: cutting off what is below zero biases every sum upwards.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coordinator.estimates.consistency import Consistent
from coordinator.estimates.estimate import Estimates, Floats, wrong_shape
from coordinator.estimates.hierarchy import Hierarchy


@dataclass(frozen=True, eq=False, slots=True)
class Displayed:
    """Whole figures that add up. values: int64, shape (nodes, tables); told: bool, of the same shape.

    Where `told` is false nothing may be shown; the value there is a filler that means nothing.
    """

    values: NDArray[np.int64]
    told: NDArray[np.bool_]

    def __post_init__(self) -> None:
        self.values.setflags(write=False)
        self.told.setflags(write=False)

    def cell(self, node: int, table: int = 0) -> int | None:
        """Return what is shown, None where nothing may be."""
        return int(self.values[node, table]) if self.told[node, table] else None


def displayed(consistent: Consistent) -> Displayed:
    """Return the figures to show of a consistent view; see `shown_figures`."""
    return shown_figures(consistent.tree, consistent.figures)


def shown_figures(tree: Hierarchy, figures: Estimates) -> Displayed:
    """Return the figures to show: children add up to their parent wherever all of them are told.

    figures: shape (nodes, tables), unbiased and adding up.
    Where some are not told, the told ones together are at most their parent.
    Not promised: that a shown figure is unbiased; near zero it is too high, and elsewhere a little too low.
    Source: Abowd et al. 2022, HDSR special issue 2, section 5 (top-down, non-negative least squares, then rounding);
    the projection is that of Held, Wolfe, Crowder 1974, Mathematical Programming 6, with weights.
    """
    told = figures.told
    shown = np.where(told, np.maximum(np.rint(figures.value), 0), 0).astype(np.int64)
    for layer in tree.layers:
        starts = np.flatnonzero(np.append(True, layer.parents[1:] != layer.parents[:-1]))
        for first, last in zip(starts.tolist(), [*starts[1:].tolist(), layer.nodes.size], strict=True):
            children, parent = layer.nodes[first:last], layer.parents[first]
            known = told[children]
            bound = np.flatnonzero(told[parent] & known.any(axis=0))
            slack = ~known.all(axis=0) & (shown[children].sum(axis=0) <= shown[parent])
            bound = bound[~slack[bound]]
            if bound.size:
                columns = np.ix_(children, bound)
                spread = np.where(known[:, bound], figures.variance[columns], 0.0)
                shown[columns] = share_out(shown[parent, bound], figures.value[columns], spread)
    return Displayed(shown, told)


def share_out(total: NDArray[np.int64], value: Floats, variance: Floats) -> NDArray[np.int64]:
    """Return whole numbers from 0 that add up to the total, nearest to the values by their precisions, then rounded.

    total: int64, shape (tables,), from 0. value, variance: float64, shape (children, tables); a variance of 0: this
    child gets nothing. Result: int64, shape (children, tables). Rounding is by largest remainder, ties in order.
    Raises: WrongShape, for a total below 0 or without a child that may get some of it.
    """
    if (total < 0).any() or not (variance > 0).any(axis=0).all():
        raise wrong_shape("a total below 0, or nothing to share it over")
    ratio = np.where(variance > 0, value / np.where(variance > 0, variance, 1.0), -np.inf)
    order = np.argsort(-ratio, axis=0, kind="stable")
    ranked, weight = np.take_along_axis(value, order, 0), np.take_along_axis(variance, order, 0)
    ranked = np.where(weight > 0, ranked, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = (np.cumsum(ranked, axis=0) - total) / np.cumsum(weight, axis=0)
    # The first of the ranking is always above its own level when the total is above 0.
    above = np.take_along_axis(ratio, order, 0) > level
    last = np.maximum(above.shape[0] - 1 - np.argmax(above[::-1], axis=0), 0) * above.any(axis=0)
    cut = np.take_along_axis(level, last[None], 0)
    exact = np.where((total > 0) & (variance > 0), np.maximum(value - cut * variance, 0.0), 0.0)
    return _rounded(total, exact)


def _rounded(total: NDArray[np.int64], exact: Floats) -> NDArray[np.int64]:
    whole = np.floor(exact + 1e-9).astype(np.int64)  # what is a whole number but for rounding error stays it
    missing = total - whole.sum(axis=0)
    rank = np.argsort(np.argsort(-(exact - whole), axis=0, kind="stable"), axis=0, kind="stable")
    return np.asarray(whole + (rank < missing))
