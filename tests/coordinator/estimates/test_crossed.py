"""Divisions that cross: areas by categories by periods, beside a dense least squares and the tree's own answer."""

import numpy as np
import pytest

from coordinator.estimates.consistency import make_consistent
from coordinator.estimates.crossed import crossing, flat, make_crossed
from coordinator.estimates.estimate import Reason, WrongShape
from coordinator.estimates.hierarchy import hierarchy

AREAS = hierarchy([-1, 0, 0, 1, 1, 2, 2, 2])
ANSWERS, QUARTERS = hierarchy(flat(3)), hierarchy(flat(4))


def test_areas_by_answers_by_quarters_are_the_dense_least_squares() -> None:
    chance = np.random.default_rng(91)
    design = crossing(AREAS, ANSWERS, QUARTERS)
    assert design.shape == (8 * 4 * 5, 5 * 3 * 4)
    cells = chance.poisson(20, 60)
    variance = chance.uniform(4, 400, 160)
    variance[chance.random(160) < 0.2] = np.inf
    variance[0] = 9.0
    value = design @ cells + chance.normal(0, np.sqrt(np.where(np.isfinite(variance), variance, 0)))
    found = make_crossed(design, value, variance)
    seen = np.isfinite(variance)
    a, w = design.toarray()[seen], 1 / variance[seen]
    inverse = np.linalg.inv(a.T @ (w[:, None] * a))
    np.testing.assert_allclose(found.figures.value, design @ (inverse @ (a.T @ (w * value[seen]))), atol=1e-6)
    covariance = design.toarray() @ inverse @ design.toarray().T
    np.testing.assert_allclose(found.figures.variance, np.diag(covariance), rtol=1e-7)
    assert found.covariance(3, 77) == pytest.approx(covariance[3, 77], rel=1e-6, abs=1e-9)
    assert (found.figures.variance[seen] <= variance[seen] * (1 + 1e-9)).all()


def test_one_division_is_the_tree() -> None:
    """Negative control: with another count it is not."""
    chance = np.random.default_rng(92)
    value, variance = chance.normal(40, 20, 8), chance.uniform(4, 90, 8)
    tree = make_consistent(AREAS, value[:, None], variance[:, None]).figures
    found = make_crossed(crossing(AREAS), value, variance).figures
    np.testing.assert_allclose(found.value, tree.value[:, 0], rtol=1e-8)
    np.testing.assert_allclose(found.variance, tree.variance[:, 0], rtol=1e-8)
    value[3] += 10
    assert np.abs(make_crossed(crossing(AREAS), value, variance).figures.value - tree.value[:, 0]).max() > 0.1


def test_what_nothing_determines_is_named_and_its_sum_still_told() -> None:
    """Only the total of three answers and the first answer were counted."""
    found = make_crossed(crossing(ANSWERS), np.array([30.0, 10, 0, 0]), np.array([4.0, 4, np.inf, np.inf])).figures
    assert [found.cell(place) for place in (2, 3)] == [Reason.NOT_DETERMINED] * 2
    assert found.value[:2] == pytest.approx([30, 10])
    assert found.variance[:2] == pytest.approx([4, 4])
    nothing = make_crossed(crossing(ANSWERS), np.zeros(4), np.full(4, np.inf))
    assert not nothing.figures.told.any()
    with pytest.raises(WrongShape):
        nothing.covariance(0, 1)
    with pytest.raises(WrongShape):
        make_crossed(crossing(ANSWERS), np.zeros(3), np.ones(3))
