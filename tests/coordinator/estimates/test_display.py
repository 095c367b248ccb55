"""What is shown is whole, not below zero and adds up; the projection is checked against SciPy's own optimiser."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import nnls

from coordinator.estimates.consistency import make_consistent
from coordinator.estimates.display import displayed, share_out
from coordinator.estimates.estimate import WrongShape
from coordinator.estimates.hierarchy import hierarchy

PARENTS = (-1, 0, 0, 1, 1, 2, 3, 3, 4, 4, 4, 5, 5)


@given(seed=st.integers(0, 2**32 - 1), level=st.sampled_from([-30.0, 0.0, 3.0, 200.0]))
def test_children_add_up_to_their_parent_and_none_is_below_zero(seed: int, level: float) -> None:
    chance, tree = np.random.default_rng(seed), hierarchy(PARENTS)
    value = chance.normal(level, 60, (13, 5))
    shown = displayed(make_consistent(tree, value, chance.uniform(4, 900, (13, 5)))).values
    assert (shown >= 0).all()
    for parent in (0, 1, 2, 3, 4, 5):
        children = [node for node, above in enumerate(PARENTS) if above == parent]
        np.testing.assert_array_equal(shown[children].sum(axis=0), shown[parent])


@given(seed=st.integers(0, 2**32 - 1))
def test_the_share_is_the_nearest_point_that_adds_up(seed: int) -> None:
    """Within a rounding of the weighted least squares on the simplex, by Lawson and Hanson's `nnls`."""
    chance = np.random.default_rng(seed)
    value, variance, total = chance.normal(10, 15, 6), chance.uniform(4, 90, 6), int(chance.integers(1, 90))
    heavy = 1e5  # makes the sum hold to 1e-7
    design = np.vstack([np.diag(variance**-0.5), np.full(6, heavy)])
    wanted, _ = nnls(design, np.append(value * variance**-0.5, heavy * total))
    found = share_out(np.array([total]), value[:, None], variance[:, None])[:, 0]
    assert found.sum() == total
    assert np.abs(found - wanted).max() <= 1 + 1e-4


def test_by_hand() -> None:
    """10 over 8, 5 and -4 of equal variance: 3 too many, 1.5 off each of the first two, and the last gets nothing.

    Largest remainder: 6.5 and 3.5 tie, so the first gets the one that is left.
    """
    found = share_out(np.array([10]), np.array([[8.0], [5.0], [-4.0]]), np.ones((3, 1)))
    assert found[:, 0].tolist() == [7, 3, 0]


def test_a_sum_of_clipped_cells_would_be_biased_and_ours_is_not() -> None:
    """100 empty buurten with noise of variance 100 under a wijk with the same: clipping makes about 399 of nothing.

    E max(0, N(0, 100)) = 10 / sqrt(2 pi) = 3.989 for each. Ours shows the wijk's own figure: below 40 (4 sigma).
    """
    chance, tree = np.random.default_rng(3), hierarchy([-1, *[0] * 100])
    value = chance.normal(0, 10, (101, 50))
    found = make_consistent(tree, value, np.full((101, 50), 100.0))
    shown = displayed(found).values
    assert (shown[1:].sum(axis=0) == shown[0]).all()
    assert shown[0].max() < 40
    assert abs(found.figures.value[0].mean()) < 6
    assert np.maximum(value[1:], 0).sum(axis=0).mean() == pytest.approx(398.9, rel=0.05)


def test_an_absent_buurt_shows_nothing_and_the_others_stay_below_the_wijk() -> None:
    value = np.array([[10.0], [25], [0], [0]])
    variance = np.array([[4.0], [4], [np.inf], [np.inf]])
    shown = displayed(make_consistent(hierarchy([-1, 0, 0, 0]), value, variance))
    assert [shown.cell(node) for node in range(4)] == [10, 10, None, None]
    with pytest.raises(WrongShape):
        share_out(np.array([-1]), np.ones((2, 1)), np.ones((2, 1)))
