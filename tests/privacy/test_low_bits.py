"""What the last bits of a release tell: everything with floats, nothing with ours."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from diffprivlib.mechanisms import Laplace
from numpy.typing import NDArray
from scipy import stats

from privacy.counts import CellCounts
from privacy.noise import NoiseSegment, add_noise, draw
from simulations.seeded import seeded_source

RELEASES = 200_000
FALSE_ALARM = 1e-6

Release = Callable[[int, int], NDArray[np.float64]]


def share_off_the_grid(releases: NDArray[np.float64]) -> float:
    """Return which part of the releases near 0 is no multiple of 2^-53.

    Near 0 a double has bits far below 2^-53. But 1 + noise near 0 has none: noise near -1 is a multiple of 2^-53, and
    the sum is exact. So for a true value of 1 this is 0, and for a true value of 0 it is not.
    """
    near = releases[np.abs(releases) < 0.25]
    return float(np.mean(np.modf(near * 2.0**53)[0] != 0))


def naive_laplace(true_value: int, count: int) -> NDArray[np.float64]:
    """Return the textbook release: a double plus a Laplace double of scale 1."""
    return true_value + np.random.default_rng(true_value).laplace(0.0, 1.0, count)


def diffprivlib_laplace(true_value: int, count: int) -> NDArray[np.float64]:
    """Return diffprivlib's release at epsilon 1: four uniforms, and still doubles."""
    mechanism = Laplace(epsilon=1.0, sensitivity=1, random_state=true_value)
    return np.array([mechanism.randomise(float(true_value)) for _ in range(count)])


def ours(true_value: int, count: int) -> NDArray[np.float64]:
    """Return our release, as doubles only for the detector."""
    counts = CellCounts(np.full(count, true_value, dtype=np.int64))
    source = seeded_source(13, "low bits", str(true_value))
    return add_noise(counts, (NoiseSegment(Fraction(4), count),), source).values.astype(np.float64)


@pytest.mark.parametrize(
    ("release", "count", "least"),
    [(naive_laplace, RELEASES, 0.8), (diffprivlib_laplace, 20_000, 0.6)],
    ids=["NumPy", "diffprivlib"],
)
def test_low_bits_tell_a_float_release_of_0_from_one_of_1(release: Release, count: int, least: float) -> None:
    """M01: the positive control. 84 % against 0 % for NumPy's Laplace, 67 % against 0 % for diffprivlib's."""
    assert share_off_the_grid(release(0, count)) > least
    assert share_off_the_grid(release(1, count)) == 0


def test_low_bits_tell_nothing_of_ours() -> None:
    """M02: the same detector."""
    assert share_off_the_grid(ours(0, RELEASES)) == share_off_the_grid(ours(1, RELEASES)) == 0


@pytest.mark.parametrize("variance", [Fraction(4), Fraction(2500), Fraction(2**30)], ids=str)
@pytest.mark.parametrize("bits", [1, 3])
def test_low_bits_of_our_releases_of_neighbours_are_equally_spread(variance: Fraction, bits: int) -> None:
    """M02: x and x + 1, a chi-square on the low bits each, where the exact law is even to 1e-8 of a bin."""
    if variance == 4 and bits == 3:
        variance = Fraction(100)  # eight residues of a sigma of 2 are not even by nature
    for true_value in (41, 42):
        noised = true_value + draw(variance, RELEASES, seeded_source(14, "bits", str(true_value)))
        assert noised.dtype == np.int64
        residues = np.bincount(noised % 2**bits, minlength=2**bits)
        assert float(stats.chisquare(residues).pvalue) > FALSE_ALARM


def test_the_spread_of_low_bits_would_show_noise_on_even_numbers() -> None:
    """M02, control: noise of twice a draw leaves the true value's own last bit."""
    noised = 41 + 2 * draw(Fraction(4), RELEASES, seeded_source(14, "even"))
    residues = np.bincount(noised % 2, minlength=2)
    assert float(stats.chisquare(residues).pvalue) < FALSE_ALARM
