"""What late registrations will still add, with an interval that covers it."""

import numpy as np
import pytest

from coordinator.estimates.estimate import Reason, WrongShape, estimates
from coordinator.estimates.intervals import Dispersion
from coordinator.estimates.nowcast import delays, nowcast
from tests.coordinator.estimates.noise import noised

POISSON = Dispersion(1.0, 0.0)


def test_shares_by_hand() -> None:
    """700, 200 and 100 of 1,000, noise 50 in each: the first has (0.09 * 50 + 0.49 * 100) / 1e6 + 0.21 / 1e3."""
    found = delays(estimates([[400.0, 100.0, 60.0], [300.0, 100.0, 40.0]], np.full((2, 3), 25.0)))
    assert not isinstance(found, Reason)
    np.testing.assert_allclose(found.shares, [0.7, 0.9, 1.0])
    np.testing.assert_allclose(found.variances[0], 53.5e-6 + 0.21e-3)
    assert found.variances[2] == 0


@pytest.mark.parametrize(("level", "lag"), [(20, 0), (20, 1), (200, 0), (0, 0)])
def test_the_final_count_is_covered(level: int, lag: int) -> None:
    """4,000 areas and delays learnt from 8 noisy periods of 3,000: 95 % within 93 to 97.5 %.

    Negative control: the figure so far, with the interval of its noise, misses the final count of 200.
    """
    chance = np.random.default_rng(13)
    shares = np.array([0.75, 0.17, 0.08])
    past = noised(chance.poisson(3_000 * shares, (8, 3)), 400, chance)
    known = delays(past)
    assert not isinstance(known, Reason)
    parts = chance.poisson(level * shares, (4_000, 3))
    final = parts.sum(axis=1)
    so_far = noised(parts[:, : lag + 1].sum(axis=1), 36, chance)
    found = nowcast(so_far, lag, known, POISSON)
    inside = np.abs(found.value - final) < 1.96 * np.sqrt(found.variance) + 0.5
    assert 0.93 < inside.mean() < 0.98
    if level == 200:
        assert (np.abs(so_far.value - final) < 1.96 * 6).mean() < 0.05


def test_without_completed_periods_or_events_there_is_no_nowcast() -> None:
    assert delays(estimates([[5.0, 1.0]], [[4.0, np.inf]])) is Reason.TOO_FEW
    assert delays(estimates([[5.0, 1.0]], [[400.0, 400.0]])) is Reason.UNCERTAIN_DENOMINATOR
    late = delays(estimates([[1.0, 999.0]], [[4.0, 4.0]]))
    assert not isinstance(late, Reason)
    assert nowcast(estimates([3.0], [4.0]), 0, late, POISSON).cell(0) is Reason.UNCERTAIN_DENOMINATOR
    with pytest.raises(WrongShape):
        nowcast(estimates([3.0], [4.0]), 2, late, POISSON)
