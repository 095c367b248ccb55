"""The course of levels: the Nile by another implementation, gaps and breaks, and what borrowing over time is worth."""

import numpy as np
import pytest

from coordinator.estimates.estimate import Estimates, Reason, WrongShape, estimates
from coordinator.estimates.trend import Break, BreakKind, known_trend, trend
from tests.coordinator.estimates.noise import noised

# Annual flow of the Nile at Aswan, 1871-1970 (Durbin, Koopman 2012, section 2.2.5).
NILE = (
    1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799, 958, 1140,
    1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020, 1050, 969,
    831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040, 759, 781,
    865, 845, 944, 984, 897, 822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890, 744, 749, 838,
    1050, 918, 986, 797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740,
)  # fmt: skip
NOISE, WALK = 15_098.5, np.array([1_469.1])
NO_STARTS = np.zeros(100, dtype=bool)


def nile(absent: slice = slice(0)) -> Estimates:
    variance = np.full((1, 100), NOISE)
    variance[0, absent] = np.inf
    return estimates(np.array([NILE], dtype=float), variance)


def test_the_nile_is_smoothed_as_statsmodels_does() -> None:
    """Smoothed state and its variance at places 0, 1, 27, 28 and 99; the second half without years 20 to 39.

    By statsmodels 0.15.0: `UnobservedComponents(y, "local level", use_exact_diffuse=True).smooth([15098.5, 1469.1])`.
    """
    found = known_trend(nile(), WALK, NO_STARTS)
    wanted = (1111.6684610896775, 1110.857793552296, 999.5854911419735, 950.9295336169491, 798.3691084812892)
    np.testing.assert_allclose(found.later.value[0, [0, 1, 27, 28, 99]], wanted, rtol=1e-9)
    np.testing.assert_allclose(found.later.variance[0, [0, 27, 99]], (4032.080891, 2326.717518, 4032.080891), rtol=1e-8)
    gap = known_trend(nile(slice(20, 40)), WALK, NO_STARTS).later
    np.testing.assert_allclose(gap.value[0, [25, 30, 39]], (941.9490352762807, 893.809444358988, 807.1581807078612))
    np.testing.assert_allclose(gap.variance[0, [25, 30]], (8605.760103056351, 9714.959197962135))


def test_a_break_is_never_smoothed_over() -> None:
    """The dam of 1899 as a break: each side is as if the other did not exist. Negative control: without it, not."""
    starts = NO_STARTS.copy()
    starts[28] = True
    found = known_trend(nile(), WALK, starts).later
    before = known_trend(estimates(np.array([NILE[:28]], dtype=float), np.full((1, 28), NOISE)), WALK, NO_STARTS[:28])
    np.testing.assert_allclose(found.value[0, :28], before.later.value[0])
    assert found.value[0, 27] - found.value[0, 28] > 200
    smooth = known_trend(nile(), WALK, NO_STARTS).later.value[0]
    assert smooth[27] - smooth[28] < 60


def test_a_partner_absent_at_the_start_for_a_year_or_always() -> None:
    late = known_trend(nile(slice(0, 12)), WALK, NO_STARTS)
    assert late.now.cell(0, 5) is Reason.NOT_DELIVERED
    first = late.later.variance[0, 12]
    np.testing.assert_allclose(late.later.variance[0, 11], first + WALK[0], rtol=1e-12)
    never = known_trend(nile(slice(0, 100)), WALK, NO_STARTS)
    assert not never.later.told.any()
    flat = known_trend(nile(), np.zeros(1), NO_STARTS)
    np.testing.assert_allclose(flat.later.value[0], np.mean(NILE))
    np.testing.assert_allclose(flat.later.variance[0], NOISE / 100)


def test_the_level_is_covered_and_time_takes_the_noise_down() -> None:
    """200 areas of level 2 to 60, 12 periods, noise 100, changes of 5 %: limits of 95 % cover 93 to 97 %.

    Their error is below half of the counts'. Standard error of the coverage: below 0.5 points. Negative control: told
    that levels jump by a half each period, little is gained.
    """
    chance = np.random.default_rng(21)
    start = np.geomspace(2, 60, 200)
    truth = start[:, None] * np.exp(np.cumsum(chance.normal(0, 0.05, (200, 12)), axis=1))
    series = noised(chance.poisson(truth), 100, chance)
    found = trend(series, start, 1.0)
    error = found.later.value - truth
    assert 0.93 < (np.abs(error) < 1.96 * np.sqrt(found.later.variance)).mean() < 0.97
    assert np.sqrt((error**2).mean()) < 0.5 * np.sqrt(((series.value - truth) ** 2).mean())
    assert found.change < 0.12
    jumpy = known_trend(series, np.full(200, 900.0), np.zeros(12, dtype=bool)).later
    assert np.sqrt(((jumpy.value - truth) ** 2).mean()) > 0.8 * np.sqrt(((series.value - truth) ** 2).mean())


def test_the_breaks_stay_with_the_trend_and_wrong_ones_are_refused() -> None:
    moved = Break(6, BreakKind.CODE_LIST)
    series = noised(np.full((4, 12), 30), 25, np.random.default_rng(1))
    assert trend(series, np.full(4, 30.0), 1.0, (moved,)).breaks == (moved,)
    assert BreakKind.CODE_LIST.value == "nieuwe codelijst"
    for wrong in (0, 12):
        with pytest.raises(WrongShape):
            trend(series, np.full(4, 30.0), 1.0, (Break(wrong, BreakKind.LAW),))
    with pytest.raises(WrongShape):
        trend(series, np.full(3, 30.0), 1.0)
    zero = trend(estimates(np.zeros((4, 6)), np.full((4, 6), 9.0)), np.zeros(4), 1.0)
    assert np.isfinite(zero.later.value).all()
