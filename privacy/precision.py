"""Computes: how wide a released figure's interval is, and whether it is precise enough to be shown.

Both follow from the plan's variance and the released value alone. A rule that looked at the true count would tell it.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil, isqrt

import numpy as np

from privacy.counts import NoisedCounts
from privacy.errors import PrivacyRefusal
from privacy.shares import check_variance
from protocol.release import NotShown

CONFIDENCE = Fraction(95, 100)
MIN_CONFIDENCE, MAX_CONFIDENCE = Fraction(1, 2), Fraction(999, 1000)
REACH = 6  # sigmas: the mass beyond is 2e-9, far less than what MAX_CONFIDENCE leaves out
_SLACK = 1e-12  # above the rounding error of the sums below, so that a tie goes to the wider interval


class PrecisionOutOfRange(PrivacyRefusal):
    """A confidence or a wanted precision outside its range."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A released value with its interval for noise: value - half_width to value + half_width."""

    value: int
    half_width: int


@dataclass(frozen=True, slots=True)
class Hidden:
    """A cell without a number. It holds none, so that no output can print it as zero."""

    reason: NotShown

    def __bool__(self) -> bool:
        """Refuse to be taken for nothing: `value or 0` is how a hidden cell becomes zero."""
        raise TypeError("a cell that is not shown is neither true nor false: look at its reason")


@dataclass(frozen=True, slots=True)
class PrecisionRule:
    """The least precision that a study publishes: half-width <= relative * max(value, reference).

    relative: above 0. reference: at least 1; small counts are judged as if they were this large, so that a quiet area
    is not hidden for being quiet.
    Raises: PrecisionOutOfRange.
    """

    relative: Fraction
    reference: int

    def __post_init__(self) -> None:
        if self.relative <= 0 or self.reference < 1:
            raise PrecisionOutOfRange(
                got="a relative precision or reference that is not positive",
                wanted="a precision above 0 and a reference of 1 or more",
                act="the author of the study must mend the rule",
            )


@lru_cache(maxsize=256)  # a study has a few dozen variances
def half_width(variance: Fraction, confidence: Fraction = CONFIDENCE) -> int:
    """Return the smallest h such that discrete Gaussian noise is within -h .. h with at least this probability.

    variance: of the whole noise in the figure; for a sum of cells, of all of them. Sums of shares agree to 1e-16.
    Not promised: that the interval covers what was left out before the noise, late records, or chance itself.
    Raises: PrecisionOutOfRange, VarianceNotExact, VarianceOutOfRange.
    """
    check_variance(variance)
    if not MIN_CONFIDENCE <= confidence <= MAX_CONFIDENCE:
        raise PrecisionOutOfRange(
            got=f"a confidence of about {float(confidence):.6g}",
            wanted=f"{MIN_CONFIDENCE} to {MAX_CONFIDENCE}",
            act="the caller must choose another confidence",
        )
    steps = np.arange(REACH * (isqrt(int(variance)) + 1) + 1, dtype=np.float64)
    weights = np.exp(-steps * steps / (2 * float(variance)))
    within = 2 * np.cumsum(weights) - 1  # weights[0] is 1 and stands once
    # By Poisson summation the sum over all integers is sqrt(2 pi) sigma, to 1e-34 at variance 4.
    whole = np.sqrt(2 * np.pi * float(variance))
    return int(np.searchsorted(within, (float(confidence) + _SLACK) * whole))


def show(released: NoisedCounts, *, variance: Fraction, rule: PrecisionRule) -> tuple[Shown | Hidden, ...]:
    """Return each released cell with its interval, or the reason why it is not shown.

    variance: of the whole noise in a cell, which the release states.
    Raises: as `half_width`.
    """
    width = half_width(variance)
    least = ceil(width / rule.relative)  # of max(value, reference), which is whole: exactly width <= relative * that
    too_uncertain = Hidden(NotShown.TOO_UNCERTAIN)
    return tuple(
        Shown(value, width) if value >= least or rule.reference >= least else too_uncertain
        for value in released.values.tolist()
    )


def not_delivered(cells: int) -> tuple[Hidden, ...]:
    """Return the cells of a table that its owner did not deliver: not zeros."""
    return (Hidden(NotShown.NOT_DELIVERED),) * cells
