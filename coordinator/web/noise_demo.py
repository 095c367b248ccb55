"""Computes: an example of noise: one number that we chose, released five times with the noise of the study.

The number is no figure of anyone; what a round draws has nothing to do with it.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from coordinator.web.charts.scale import Axis
from coordinator.web.charts.whisker import WIDTH, Whisker
from privacy.noise import draw
from privacy.precision import half_width
from privacy.randomness import fresh_source

DRAWS = 5
EXAMPLE = 40  # households in a quarter: about what a large wijk has
LAST_STEP = 99  # of pressing "again": each has its own address
_EDGE = 8


@dataclass(frozen=True, slots=True)
class Draw:
    """One release of the example. value: with noise; whisker: value with its margin beside the number we chose."""

    value: int
    low: int
    high: int
    holds: bool
    whisker: Whisker


@dataclass(frozen=True, slots=True)
class NoiseDemo:
    """Five releases of one number. step: which five."""

    true: int
    margin: int
    step: int
    draws: tuple[Draw, ...]


def noise_demo(variance: Fraction, *, step: int) -> NoiseDemo:
    """Return the example. step: 0 to LAST_STEP; another step is other noise, the same step the same while we run.

    Raises: UnusableVariance.
    """
    margin = half_width(variance)
    values = [EXAMPLE + noise for noise in _drawn(variance, step % (LAST_STEP + 1))]
    reach = 3 * margin
    axis = Axis(EXAMPLE - reach, EXAMPLE + reach, _EDGE, WIDTH - 2 * _EDGE)
    return NoiseDemo(EXAMPLE, margin, step, tuple(_draw(value, margin, axis) for value in values))


@lru_cache(maxsize=2 * (LAST_STEP + 1))
def _drawn(variance: Fraction, _step: int) -> tuple[int, ...]:
    return tuple(map(int, draw(variance, DRAWS, fresh_source())))


def _draw(value: int, margin: int, axis: Axis) -> Draw:
    low, high = value - margin, value + margin
    beyond = high > axis.high or low < axis.low
    whisker = Whisker(axis.at(low), axis.at(high), axis.at(value), axis.at(EXAMPLE), beyond)
    return Draw(value, max(low, 0), high, low <= EXAMPLE <= high, whisker)
