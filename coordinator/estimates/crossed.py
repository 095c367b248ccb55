"""Computes: one consistent set of figures where several divisions cross, so that no single tree holds them.

Areas by categories by periods: a wijk's total is a sum over buurten, over answers and over quarters at once. PC4 areas
cross buurten likewise. All counts are sums of the same smallest cells, and least squares finds those cells.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import SuperLU, splu

from coordinator.estimates.estimate import Estimates, Floats, Places, Reason, estimates, wrong_shape
from coordinator.estimates.hierarchy import Hierarchy

MAX_CELLS = 50_000  # smallest cells of one system; its factors take about 1 GB there
_LOOSE = 1e-12  # precision, beside the mean one, of what nothing was counted of; keeps the system solvable
_UNKNOWN = 1e-6  # share of that looseness in a variance by which such a sum is recognised


@dataclass(frozen=True, eq=False, slots=True)
class Crossed:
    """Unbiased figures that add up over all divisions. figures: shape (sums,), in the order they were given.

    `covariance` gives that of any two sums.
    """

    figures: Estimates
    design: sparse.csr_array
    solver: SuperLU

    def covariance(self, first: int, second: int) -> float:
        """Return the exact covariance of the errors of two sums.

        Raises: WrongShape, when one of them is absent.
        """
        if not (self.figures.told[first] and self.figures.told[second]):
            raise wrong_shape("an absent figure of which a covariance is asked")
        row = self.design[[second]].toarray()[0]
        spread = self.solver.solve(row)
        return float((self.design[[first]] @ spread)[0])


def crossing(*divisions: Hierarchy) -> sparse.csr_array:
    """Return which smallest cells each sum holds: all combinations of the nodes of the divisions, the last fastest.

    Shape (product of nodes, product of leaves). Leaves are in order of their nodes.
    """
    design = sparse.csr_array(np.ones((1, 1)))
    for division in divisions:
        design = sparse.csr_array(sparse.kron(design, _holds(division), format="csr"))
    return design


def make_crossed(design: sparse.csr_array, value: Floats, variance: Floats) -> Crossed:
    """Return the generalised least squares estimate of every sum with its exact variance.

    design: shape (sums, cells), 1 where a sum holds a cell. value, variance: float64, shape (sums,); infinite variance:
    not counted. Their noise is independent. What no count determines is absent as NOT_DETERMINED.
    Source: Aitken 1935 (generalised least squares): cells = (A' W A)^-1 A' W y, covariance of sums A (A' W A)^-1 A'.
    Raises: WrongShape.
    """
    sums, cells = design.shape
    if value.shape != (sums,) or variance.shape != (sums,) or not (variance > 0).all() or cells > MAX_CELLS:
        raise wrong_shape("values and variances that are not those of the sums, or too many cells")
    seen = np.isfinite(variance)
    weight = np.where(seen, 1 / np.where(seen, variance, 1.0), 0.0)
    loose = _LOOSE * float(weight[seen].mean()) if seen.any() else _LOOSE
    weighted = sparse.csr_array(design.multiply(weight[:, None]))
    normal = sparse.csc_array(design.T @ weighted + loose * sparse.eye_array(cells))
    solver = splu(normal)
    found = solver.solve(np.asarray(weighted.T @ np.where(seen, value, 0.0), dtype=np.float64))
    spread = _diagonal(design, solver)
    return Crossed(
        estimates(design @ found, np.where(spread > _UNKNOWN / loose, np.inf, spread), Reason.NOT_DETERMINED),
        design,
        solver,
    )


def _diagonal(design: sparse.csr_array, solver: SuperLU) -> Floats:
    """Return the variance of each sum, a block of sums at a time so that memory stays within 100 MB."""
    sums, cells = design.shape
    block = max(1, 12_000_000 // cells)
    spread = np.zeros(sums)
    for first in range(0, sums, block):
        rows = design[first : first + block].toarray()
        spread[first : first + block] = (rows * solver.solve(rows.T).T).sum(axis=1)
    return spread


def _holds(division: Hierarchy) -> sparse.csr_array:
    """Return which leaves each node of one division holds; shape (nodes, leaves)."""
    has_children = np.zeros(division.size, dtype=bool)
    has_children[division.parent[division.parent >= 0]] = True
    leaves: Places = np.flatnonzero(~has_children)
    rows, columns = [], []
    node, leaf = leaves.copy(), np.arange(leaves.size)
    while node.size:
        rows.append(node)
        columns.append(leaf)
        above = division.parent[node]
        node, leaf = above[above >= 0], leaf[above >= 0]
    place = np.concatenate(rows), np.concatenate(columns)
    return sparse.csr_array((np.ones(place[0].size), place), shape=(division.size, leaves.size))


def flat(categories: int) -> Sequence[int]:
    """Return the parents of a total, which is first, and its parts: quarters, or answers of an exclusive list."""
    return (-1, *[0] * categories)
