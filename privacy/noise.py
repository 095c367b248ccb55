"""Computes: noise. The one place where it is drawn: the discrete Gaussian, exact to 2^-100, in integers only.

The same key gives the same noise for ever: a node that crashed after its LOCK expands it again from the frozen seed
and sends the same bytes (DESIGN 6). So which random byte serves which draw is part of the protocol. It is frozen in
tests/vectors/noise/, and to change it is to make a new version of the protocol:

- Up to variance 2^24 a draw comes from one table. Draw number i takes bytes 2i and 2i + 1 of the first lane as one
  little-endian word; if that word is at or above the table's `direct_words`, the draw also takes the next 16 bytes of
  the second lane as two little-endian words. How many draws one call asks for changes nothing.
- Above 2^24 a draw is `fine + 1024 * coarse`: fine, of variance 2^23, comes from the first two lanes; coarse, of
  variance (variance - 2^23) / 2^20, comes by these same rules from the lanes that follow.

Why the second rule is exact enough: the chance of `fine + k * coarse = x` is exp(-x^2 / (2 variance)) times a sum of
exp(-(y - c)^2 / (2 s^2)) over the integers y, where only c depends on x and 1 / s^2 = 1 / var(coarse) + k^2 /
var(fine). Here s^2 >= 4, and by Poisson summation such a sum changes with c by a factor of at most 1 +- 2^-111.
Source: Peikert 2010, theorem 3.1 (convolution), eprint 2010/088, for one dimension.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from privacy.counts import CellCounts, NoisedCounts
from privacy.errors import PrivacyRefusal
from privacy.gaussian_table import MAX_TABLE_VARIANCE, GaussianTable, gaussian_table, table_reach
from privacy.randomness import RandomnessFault, RandomSource

MIN_RELEASE_VARIANCE = Fraction(4)  # DESIGN 4: below it, a sum of shares is not close enough to one Gaussian
MIN_VARIANCE = Fraction(1, 16)  # below sigma 1/4 more than 99.9 % of the draws are 0: a slip of unit, not noise
MAX_VARIANCE = Fraction(2**53 - 1)  # the largest whole number on the wire; its noise stays below 2^31, far from 2^63
MAX_TERM_BITS = 128  # a wire variance has 53 bits; dividing it among participants, twice in a repair, adds at most 16
MAX_DRAWS = 2**24  # the cells of the largest round: 64 MiB at 4 bytes a cell (DESIGN 6)

FINE_VARIANCE = Fraction(2**23)
STRIDE = 2**10
# Draws made at a time, so that words and outcomes stay in the processor's cache. Any number gives the same noise.
CHUNK = 2**16

_AUTHOR_ACTS = "the author of the study must choose another variance"


class UnusableVariance(PrivacyRefusal):
    """A variance that is not an exact rational between 1/16 and 2^53 - 1."""


class VarianceBelowFour(PrivacyRefusal):
    """A variance below 4 for cells that are to be released."""


class UnusableLength(PrivacyRefusal):
    """A number of draws or cells that is not a whole number from 0 to 2^24."""


class PlanMismatch(PrivacyRefusal):
    """A noise plan that was made for another grid."""


class ForeignSource(RandomnessFault):
    """Noise was asked from something that is not the house's source of chance."""


@dataclass(frozen=True, slots=True)
class NoiseSegment:
    """Cells that follow each other in the grid and get noise of one variance, at least 4.

    Raises: UnusableVariance, VarianceBelowFour, UnusableLength.
    """

    variance: Fraction
    cells: int

    def __post_init__(self) -> None:
        check_variance(self.variance)
        _check_length(self.cells)
        if self.variance < MIN_RELEASE_VARIANCE:
            raise VarianceBelowFour(
                got=f"variance {self.variance}", wanted=f"at least {MIN_RELEASE_VARIANCE}", act=_AUTHOR_ACTS
            )


def add_noise(counts: CellCounts, plan: tuple[NoiseSegment, ...], source: RandomSource) -> NoisedCounts:
    """Add discrete Gaussian noise to every cell.

    plan: the grid's segments in order. A refusal comes before anything is drawn.
    Not promised: that the counts were bounded, nor that a sum past 63 bits does not wrap; see `bounding.py`.
    Raises: PlanMismatch, ForeignSource, and what `draw` raises.
    Source: Canonne, Kamath, Steinke 2020, theorem 4 (zCDP of the discrete Gaussian), arXiv:2004.00010.
    """
    cells = sum(segment.cells for segment in plan)
    if cells != counts.values.size:
        raise PlanMismatch(
            got=f"a noise plan for {cells} cells",
            wanted=f"one for the grid's {counts.values.size}",
            act="the caller must make the plan from the grid of these counts",
        )
    _check_source(source)
    noise = [draw(segment.variance, segment.cells, source) for segment in plan]
    return NoisedCounts(counts.values + np.concatenate(noise) if noise else counts.values)


def draw(variance: Fraction, size: int, source: RandomSource) -> NDArray[np.int64]:
    """Return `size` independent draws of N_Z(0, variance), each within statistical distance 2^-100 of it.

    The distance is for uniform source bytes; that AES-256-CTR passes for uniform is the assumption beside it.
    Result: int64, shape (size,). A refusal comes before anything is drawn.
    Raises: UnusableVariance, UnusableLength, ForeignSource, ForeignUse, SourceExhausted.
    """
    check_variance(variance)
    _check_length(size)
    _check_source(source)
    return _draw(variance, size, source, lane=0)


def reach(variance: Fraction) -> int:
    """Return the size that no draw exceeds: 13.4 sigma up to variance 2^24, at most 19 sigma above.

    A ring that holds the counts and this much noise of every participant never wraps.
    Raises: UnusableVariance.
    """
    check_variance(variance)
    return _reach(variance)


def check_variance(variance: Fraction) -> None:
    """Refuse a variance that cannot be drawn exactly.

    Raises: UnusableVariance.
    """
    if type(variance) is not Fraction:  # a float, bool or NumPy number would be converted without a word
        raise UnusableVariance(
            got=f"a variance of type {type(variance).__name__}", wanted="an exact Fraction", act=_AUTHOR_ACTS
        )
    if not MIN_VARIANCE <= variance <= MAX_VARIANCE:
        raise UnusableVariance(
            got="a variance out of range", wanted=f"{MIN_VARIANCE} to {MAX_VARIANCE}", act=_AUTHOR_ACTS
        )
    if max(variance.numerator.bit_length(), variance.denominator.bit_length()) > MAX_TERM_BITS:
        raise UnusableVariance(
            got="a variance with long terms",
            wanted=f"numerator and denominator of at most {MAX_TERM_BITS} bits",
            act=_AUTHOR_ACTS,
        )


def _check_length(length: int) -> None:
    if type(length) is not int or not 0 <= length <= MAX_DRAWS:
        raise UnusableLength(
            got="a number of cells out of range or not a whole number",
            wanted=f"0 to {MAX_DRAWS}",
            act="the author of the study must choose a smaller grid",
        )


def _check_source(source: RandomSource) -> None:
    # Types are hints to Python; noise from anything else would look the same and protect nobody.
    if type(source) is not RandomSource:
        raise ForeignSource(
            got=f"a random source of type {type(source).__name__}",
            wanted="a RandomSource",
            act="the caller must use privacy/randomness.py",
        )


def _draw(variance: Fraction, size: int, source: RandomSource, *, lane: int) -> NDArray[np.int64]:
    if variance <= MAX_TABLE_VARIANCE:
        return _draw_from_table(gaussian_table(variance), size, source, lane=lane)
    fine = _draw_from_table(gaussian_table(FINE_VARIANCE), size, source, lane=lane)
    return fine + STRIDE * _draw(_coarse_variance(variance), size, source, lane=lane + 2)


def _draw_from_table(table: GaussianTable, size: int, source: RandomSource, *, lane: int) -> NDArray[np.int64]:
    outcomes = np.empty(size, dtype=np.int64)
    for start in range(0, size, CHUNK):
        chunk = outcomes[start : start + CHUNK]
        words = np.frombuffer(source.take(2 * chunk.size, lane=lane), dtype="<u2")
        chunk[:] = table.direct.take(words)
        rare = np.flatnonzero(words >= table.direct_words)
        extra = np.frombuffer(source.take(16 * rare.size, lane=lane + 1), dtype="<u8").reshape(-1, 2)
        chunk[rare] = table.rare_outcomes(words[rare], extra)
    return outcomes


def _reach(variance: Fraction) -> int:
    if variance <= MAX_TABLE_VARIANCE:
        return table_reach(variance)
    return table_reach(FINE_VARIANCE) + STRIDE * _reach(_coarse_variance(variance))


def _coarse_variance(variance: Fraction) -> Fraction:
    return (variance - FINE_VARIANCE) * Fraction(1, STRIDE**2)
