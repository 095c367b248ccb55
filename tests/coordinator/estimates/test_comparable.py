"""An area beside those most like it."""

import numpy as np
import pytest

from coordinator.estimates.comparable import with_comparable
from coordinator.estimates.estimate import WrongShape, estimates
from coordinator.estimates.intervals import Dispersion
from coordinator.estimates.verdicts import Verdict, judge
from tests.coordinator.estimates.noise import noised

POISSON = Dispersion(1.0, 0.0)


def test_the_nearest_are_found_and_absent_ones_are_nobodys_comparison() -> None:
    """On a line of 0, 1, 2, 4, 8 the two nearest of 4 are 2 and 1; without 2 they are 1 and, of a tie with 8, 0."""
    place = np.array([[0.0], [1], [2], [4], [8]])
    figures, people = estimates([10.0] * 5, [4.0] * 5), np.full(5, 100.0)
    assert with_comparable(figures, people, place, POISSON, number=2).alike[3].tolist() == [2, 1]
    lost = estimates([10.0] * 5, [4, 4, np.inf, 4, 4])
    assert with_comparable(lost, people, place, POISSON, number=2).alike[3].tolist() == [1, 0]
    few = with_comparable(estimates([10.0] * 5, [4, np.inf, np.inf, np.inf, 4]), people, place, POISSON, number=2)
    assert not few.comparisons.told.any()
    with pytest.raises(WrongShape):
        with_comparable(figures, people, place, POISSON, number=5)


def test_an_area_that_is_high_for_its_kind_is_found_where_the_gemeente_hides_it() -> None:
    """300 pages of 60 areas whose rate follows a covariate; one of the low end has twice its rate: the mean of all.

    Found in 3 of 4; with nothing planted at most 10 % of the pages have an alarm, for neighbours differ a little.
    """
    chance = np.random.default_rng(95)
    kind = np.linspace(-1.5, 1.5, 60)
    people, found, quiet = np.full(60, 4_000.0), 0, 0
    for _ in range(300):
        level = 60 * np.exp(0.5 * kind)
        for planted in (False, True):
            if planted:
                level[5] *= 2.2
            page = judge(
                [with_comparable(noised(chance.poisson(level), 25, chance), people, kind[:, None], POISSON).comparisons]
            )
            alarms = [word is not Verdict.NO_DIFFERENCE for word in page.verdicts]
            found += planted and page.verdicts[5] is Verdict.HIGHER
            quiet += not planted and any(alarms)
    assert level[5] < 1.1 * level.mean()
    assert found > 225
    assert quiet < 30
