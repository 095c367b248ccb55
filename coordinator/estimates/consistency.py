"""Computes: one consistent set of figures over a tree of areas, from noisy counts of every level.

Buurten, wijken, gemeenten and the region are counted apart, each with noise of its own; so they do not add up. The
least squares answer uses all of them: it adds up, is unbiased, and no figure in it is less precise than its count.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coordinator.estimates.estimate import Estimates, Floats, Reason, estimates, wrong_shape
from coordinator.estimates.hierarchy import Hierarchy, Layer

MAX_PAIRED = 4_000  # nodes of which every pair has a covariance: a matrix of 128 MB


@dataclass(frozen=True, eq=False, slots=True)
class Consistent:
    """Unbiased values that add up; negative ones occur and are right to sum and compare.

    figures: shape (nodes, tables). below_variance: of each node's estimate from itself and what is below it alone.
    share: how much of an error of its parent's value is in each node's, 0 for a root; float64, (nodes, tables) both.
    """

    tree: Hierarchy
    figures: Estimates
    below_variance: Floats
    share: Floats

    def covariance(self, first: int, second: int, table: int = 0) -> float:
        """Return the exact covariance of the errors of two nodes' values in one table.

        Raises: WrongShape, when one of them is absent.
        """
        if not (self.figures.told[first, table] and self.figures.told[second, table]):
            raise wrong_shape("an absent figure of which a covariance is asked")
        lines = [self._line(first), self._line(second)]
        factor = 1.0
        while len(lines[0]) > 1 and len(lines[1]) > 1 and lines[0][-2] == lines[1][-2]:
            lines = [lines[0][:-1], lines[1][:-1]]
        if lines[0][-1] != lines[1][-1]:
            return 0.0
        meeting = lines[0][-1]
        for line in lines:
            for node in line[:-2]:
                factor *= float(self.share[node, table])
        tops = [line[-2] for line in lines if len(line) > 1]
        if len(tops) == 2:  # noqa: PLR2004 - both lines come from below the meeting
            return factor * self._between(tops[0], tops[1], meeting, table)
        for node in tops:
            factor *= float(self.share[node, table])
        return factor * float(self.figures.variance[meeting, table])

    def covariances(self, table: int = 0) -> Floats:
        """Return the exact covariances of the errors of all nodes in one table, with 0 where one of two is absent.

        Result: float64, shape (nodes, nodes). Of one gemeente or region: its memory grows with the square of the nodes.
        Raises: WrongShape, for more than MAX_PAIRED nodes.
        Source: as `make_consistent`; a node's error is its share of its parent's, and one that is its family's own.
        """
        size = self.tree.size
        if size > MAX_PAIRED:
            raise wrong_shape(f"more than {MAX_PAIRED} areas of which every pair is asked")
        told, found = self.figures.told[:, table], np.zeros((size, size))
        variance = np.where(told, self.figures.variance[:, table], 0.0)
        found[self.tree.roots, self.tree.roots] = variance[self.tree.roots]
        for layer in self.tree.layers:
            nodes, share = layer.nodes, self.share[layer.nodes, table]
            found[nodes] = share[:, None] * found[layer.parents]
            found[:, nodes] = found[nodes].T
            spread = self.below_variance[nodes, table]
            known = np.isfinite(spread)
            finite = np.where(known, spread, 0.0)
            lost = np.where(known[None], share[:, None] * finite[None], share[None] * finite[:, None])
            family = layer.parents[:, None] == layer.parents[None]
            between = share[:, None] * share[None] * found[np.ix_(layer.parents, layer.parents)]
            found[np.ix_(nodes, nodes)] = between - np.where(family, lost, 0.0)
            found[nodes, nodes] = variance[nodes]
        return np.where(told[:, None] & told[None], found, 0.0)

    def _line(self, node: int) -> list[int]:
        """Return the node and all above it, the root last."""
        line = [node]
        while self.tree.parent[line[-1]] >= 0:
            line.append(int(self.tree.parent[line[-1]]))
        return line

    def _between(self, first: int, second: int, parent: int, table: int) -> float:
        """Return the covariance of two children: -w1 w2 / W before the parent is known, and what the parent adds."""
        shares = float(self.share[first, table]), float(self.share[second, table])
        spread = [float(self.below_variance[node, table]) for node in (first, second)]
        # With one absent child W is infinite: w1 / W is its share, 1, and 0 for all others.
        lost = shares[0] * spread[1] if np.isfinite(spread[1]) else shares[1] * spread[0]
        carried = shares[0] * shares[1]
        return (carried * float(self.figures.variance[parent, table]) if carried else 0.0) - lost


def make_consistent(tree: Hierarchy, value: Floats, variance: Floats) -> Consistent:
    """Return the generalised least squares estimate of every node, with its exact variance.

    value, variance: float64, shape (nodes, tables), counts and their noise; infinite variance: not counted or not
    delivered. The noise of all of them is independent. Linear in nodes and tables.
    Not promised: that levels counted the same; a household that moved may stand in two buurten and once in its wijk.
    Raises: WrongShape, also for a variance that is not above 0.
    Source: Hay, Rastogi, Miklau, Suciu 2010, theorem 3, VLDB 3(1), for equal variances; with unequal ones it is the
    Gaussian message passing of Chou, Willsky, Benveniste 1994, IEEE TAC 39(3), eq. 4-15, on a sum constraint.
    """
    if value.shape != variance.shape or value.shape[:1] != (tree.size,) or value.ndim != 2:  # noqa: PLR2004 - a table
        raise wrong_shape("values and variances that are not nodes x tables")
    if not (variance > 0).all() or not np.isfinite(value[np.isfinite(variance)]).all():
        raise wrong_shape("a variance that is not above 0, or a count without a number")
    known = np.where(np.isfinite(variance), value, 0.0)
    spread = variance.copy()
    for number in range(len(tree.layers) - 1, -1, -1):
        above = tree.layers[number - 1].nodes if number else tree.roots
        _gather(tree.layers[number], above, known, spread)
    sweep = _Sweep(known, spread, known.copy(), spread.copy(), np.zeros_like(known))
    for number, layer in enumerate(tree.layers):
        _pass_down(layer, tree.layers[number - 1].nodes if number else tree.roots, sweep)
    return Consistent(tree, estimates(sweep.final, sweep.variance, Reason.NOT_DETERMINED), spread, sweep.share)


@dataclass(frozen=True, eq=False, slots=True)
class _Sweep:
    """What is known of each node from below, and what the way down fills in."""

    known: Floats
    spread: Floats
    final: Floats
    variance: Floats
    share: Floats


def _gather(layer: Layer, above: NDArray[np.int64], known: Floats, spread: Floats) -> None:
    """Combine each parent's count with the sum of its children, by their precisions."""
    parts, parts_variance = layer.summed(known[layer.nodes]), layer.summed(spread[layer.nodes])
    parts_variance[layer.sums.indptr[1:] == layer.sums.indptr[:-1]] = np.inf  # no children: nothing is said
    own, theirs = 1 / spread[above], 1 / parts_variance
    total = own + theirs
    some = total > 0
    safe = np.where(some, total, 1.0)
    known[above] = np.where(some, (own * known[above] + theirs * parts) / safe, 0.0)
    spread[above] = np.where(some, 1 / safe, np.inf)


def _pass_down(layer: Layer, above: NDArray[np.int64], sweep: _Sweep) -> None:
    """Share what a parent's final value differs from the sum of its children out by their variances.

    One absent child takes all of it: it is the parent less the others. Two absent children cannot be told apart.
    """
    own = sweep.spread[layer.nodes]
    absent = np.isinf(own)
    finite = np.where(absent, 0.0, own)
    missing = layer.summed(absent.astype(np.float64))[layer.parent_at]
    whole = layer.summed(finite)[layer.parent_at]
    alone = absent & (missing == 1)
    top_variance = sweep.variance[above][layer.parent_at]
    told = np.isfinite(top_variance)
    part = np.where(missing == 0, finite / np.where(whole > 0, whole, 1.0), alone.astype(np.float64))
    part = np.where(told, part, 0.0)
    gap = (sweep.final[above] - layer.summed(sweep.known[layer.nodes]))[layer.parent_at]
    sweep.final[layer.nodes] = sweep.known[layer.nodes] + part * np.where(told, gap, 0.0)
    carried = part * part * np.where(told, top_variance, 0.0)
    rest = np.where(absent, np.where(alone & told, whole, np.inf), finite * (1 - np.where(absent, 0.0, part)))
    sweep.variance[layer.nodes] = rest + carried
    sweep.share[layer.nodes] = part
