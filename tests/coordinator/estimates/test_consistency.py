"""Counts of every level become one set of figures that adds up, beside a dense least squares of NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from coordinator.estimates.consistency import make_consistent
from coordinator.estimates.estimate import Estimate, Reason, WrongShape
from coordinator.estimates.hierarchy import Hierarchy, hierarchy

Floats = NDArray[np.float64]
# Two gemeenten under a region; the first has two wijken of 2 and 3 buurten, the second one wijk of 2.
PARENTS = (-1, 0, 0, 1, 1, 2, 3, 3, 4, 4, 4, 5, 5)


def dense(tree: Hierarchy, value: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Return the values and covariance of all nodes by generalised least squares over the leaves."""
    leaves = [node for node in range(tree.size) if node not in set(tree.parent.tolist())]
    design = np.zeros((tree.size, len(leaves)))
    for column, leaf in enumerate(leaves):
        node = leaf
        while node >= 0:
            design[node, column] = 1
            node = int(tree.parent[node])
    seen = np.isfinite(variance)
    weight = np.diag(1 / variance[seen])
    inverse = np.linalg.inv(design[seen].T @ weight @ design[seen])
    return design @ inverse @ design[seen].T @ weight @ value[seen], design @ inverse @ design.T


@given(seed=st.integers(0, 2**32 - 1), absent=st.sampled_from([(), (6,), (4, 6), (0, 3, 11), (1, 2, 5)]))
def test_it_is_the_dense_least_squares_with_its_whole_covariance(seed: int, absent: tuple[int, ...]) -> None:
    chance = np.random.default_rng(seed)
    tree = hierarchy(PARENTS)
    value, variance = chance.normal(50, 80, (13, 1)), chance.uniform(4, 900, (13, 1))
    variance[list(absent)] = np.inf
    found = make_consistent(tree, value, variance)
    wanted, covariance = dense(tree, value[:, 0], variance[:, 0])
    assert found.figures.told.all()
    np.testing.assert_allclose(found.figures.value[:, 0], wanted, atol=1e-7)
    np.testing.assert_allclose(found.figures.variance[:, 0], np.diag(covariance), rtol=1e-9)
    ours = [[found.covariance(first, second) for second in range(13)] for first in range(13)]
    np.testing.assert_allclose(ours, covariance, atol=1e-8 * variance[np.isfinite(variance)].max())
    np.testing.assert_allclose(found.covariances(), covariance, atol=1e-8 * variance[np.isfinite(variance)].max())


def test_two_levels_by_hand() -> None:
    """A wijk of 100 (variance 4) over buurten 60 and 50 (variance 4 each).

    The sum of the buurten is 110 with variance 8, so the wijk is (100 / 4 + 110 / 8) / (1/4 + 1/8) = 103 1/3 with
    variance 8/3; each buurt takes half of the gap of -6 2/3, and has variance 4 - 2 + 8/3 / 4 = 8/3.
    """
    found = make_consistent(hierarchy([-1, 0, 0]), np.array([[100.0], [60], [50]]), np.full((3, 1), 4.0))
    np.testing.assert_allclose(found.figures.value[:, 0], [310 / 3, 170 / 3, 140 / 3])
    np.testing.assert_allclose(found.figures.variance[:, 0], [8 / 3] * 3)


def test_one_absent_buurt_is_what_the_others_leave_and_two_are_not_told() -> None:
    """100 less 60, with variance 4 + 4; two absent ones are named as not determined, and the told one is unchanged."""
    value = np.array([[100.0, 100.0], [60, 60], [0, 0], [7, 0]])
    variance = np.array([[4.0, 4], [4, 4], [np.inf, np.inf], [4, np.inf]])
    found = make_consistent(hierarchy([-1, 0, 0, 0]), value, variance).figures
    assert found.cell(2, 0) == Estimate(33.0, 12.0)
    assert found.cell(2, 1) is Reason.NOT_DETERMINED
    assert found.cell(1, 1) == Estimate(60.0, 4.0)
    nothing = make_consistent(hierarchy([-1, 0, 0]), np.zeros((3, 1)), np.full((3, 1), np.inf)).figures
    assert not nothing.told.any()


def test_no_figure_becomes_less_precise_and_the_stated_variance_is_the_true_one() -> None:
    """20,000 draws: the spread of each node within 4 % of its variance (4 standard errors of a variance are 4 %).

    Negative control: the variance of the counts themselves is told apart from it.
    """
    tree, chance = hierarchy(PARENTS), np.random.default_rng(11)
    variance = np.repeat(np.array([[100.0], [100], [100], [150], [150], [150], *[[200]] * 7]), 20_000, axis=1)
    found = make_consistent(tree, chance.normal(0, np.sqrt(variance)), variance).figures
    assert (found.variance <= variance + 1e-9).all()
    spread = found.value.var(axis=1)
    np.testing.assert_allclose(spread, found.variance[:, 0], rtol=0.04)
    assert (np.abs(spread / variance[:, 0] - 1) > 0.04).all()


@pytest.mark.parametrize("parents", [[0], [1, 0], [-1, 5], [-2], []])
def test_a_circle_or_an_unknown_parent_is_refused(parents: list[int]) -> None:
    with pytest.raises(WrongShape):
        hierarchy(parents)


@pytest.mark.parametrize(("value", "variance"), [(1.0, 0.0), (1.0, -1.0), (np.nan, 4.0), (1.0, np.nan)])
def test_a_count_without_number_or_variance_is_refused(value: float, variance: float) -> None:
    with pytest.raises(WrongShape):
        make_consistent(hierarchy([-1]), np.array([[value]]), np.array([[variance]]))
