"""Computes: the discrete Gaussian as a table of integers, and outcomes from random words.

N_Z(0, variance) gives the integer x with probability exp(-x^2 / (2 variance)) / Z. The table gives every outcome a
whole weight, all weights together 2^128, within 2^-110 of it in total (proven for the tables themselves in
tests/privacy/test_gaussian_table.py). Two stages read it exactly:

1. A 16-bit word below `direct_words` is an outcome by itself: outcome x owns floor(weight / 2^112) such words.
2. The words above stand, one after the other, for what is left of the weights. Such a word and 112 more bits are one
   uniform number, and x is found by where it falls between the running sums of the left-over weights.

For sigma 50 one draw in 300 needs stage 2. Integers only: a float could not hold a weight of 2^-128, and its rounding
would tell neighbours apart (Mironov 2012). This stands in for an alias table: as fast, with less to prove.

Not promised: constant time. What a draw takes depends on the outcome; no reply may be timed by it (DESIGN 6).
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from math import isqrt

import numpy as np
from numpy.typing import NDArray

WEIGHT_BITS = 128  # 110,000 outcomes, each off by at most 2^-128: together below 2^-110
DIRECT_BITS = 16  # one table entry for each 16-bit word: 128 KiB stays in a processor's own cache
REST_BITS = WEIGHT_BITS - DIRECT_BITS
# What 2 * 54,647 multiplications one after the other round away adds up to less than 2^-180, far from the last bit of a
# weight.
FIXED_BITS = 256
# exp(-178 / 2) < 2^-128: an outcome farther out would have weight 0.
REACH_SQUARED_PER_VARIANCE = 178
MAX_TABLE_VARIANCE = Fraction(2**24)  # sigma 4096: at most 109,295 outcomes, 2 MB and 0.2 s to build
MAX_CACHED_TABLES = 16  # 32 MB at most; a study with more variances builds some anew


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class GaussianTable:
    """A discrete Gaussian over -reach .. reach as integers.

    direct: int16, shape (65536,); the outcome of each 16-bit word below `direct_words`, 0 above.
    threshold_high, threshold_low: uint64, shape (2 * reach,); the upper and lower 64 bits of the running sums of the
    left-over weights, from outcome -reach on, the last one left out.
    An outcome with a word of its own is at most 15,858 in size whatever the variance, so int16 holds it.
    """

    reach: int
    direct: NDArray[np.int16]
    direct_words: int
    threshold_high: NDArray[np.uint64]
    threshold_low: NDArray[np.uint64]

    def __post_init__(self) -> None:
        for column in (self.direct, self.threshold_high, self.threshold_low):
            column.setflags(write=False)

    def rare_outcomes(self, words: NDArray[np.uint16], extra: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the outcomes of words from `direct_words` up.

        words: shape (n,). extra: shape (n, 2), uniform; the lowest 16 bits of the first column are not used.
        """
        # The number sought is 128 bits: 16 of rank, 48 of the first extra word (high half), 64 of the second (low).
        rank = words.astype(np.uint64) - self.direct_words
        high = (rank << 48) | (extra[:, 0] >> 16)
        place = np.searchsorted(self.threshold_high, high, side="right")
        # Only where the upper halves are equal, the lower ones decide. (place 0 looks at the last threshold, which
        # then is larger.) By chance that happens once in 2^40 draws, so the loop is not on the path.
        for lane in np.flatnonzero(self.threshold_high[place - 1] == high):
            start = np.searchsorted(self.threshold_high, high[lane], side="left")
            place[lane] = start + np.searchsorted(self.threshold_low[start : place[lane]], extra[lane, 1], side="right")
        return place - self.reach


@lru_cache(maxsize=MAX_CACHED_TABLES)
def gaussian_table(variance: Fraction) -> GaussianTable:
    """Return the table of N_Z(0, variance), for a variance of 1/16 to 2^24.

    Not promised: that the variance is in that range; `noise.py` checks it first.
    """
    half = gaussian_weights(variance)
    weights = (*reversed(half[1:]), *half)
    reach = len(half) - 1
    own_words = np.array([weight >> REST_BITS for weight in weights], dtype=np.int64)
    direct = np.repeat(np.arange(-reach, reach + 1, dtype=np.int64), own_words)
    rest = (1 << REST_BITS) - 1
    thresholds = list(accumulate(weight & rest for weight in weights[:-1]))
    return GaussianTable(
        reach=reach,
        direct=np.concatenate((direct, np.zeros((1 << DIRECT_BITS) - direct.size, dtype=np.int64))).astype(np.int16),
        direct_words=direct.size,
        threshold_high=np.array([threshold >> 64 for threshold in thresholds], dtype=np.uint64),
        threshold_low=np.array([threshold & (2**64 - 1) for threshold in thresholds], dtype=np.uint64),
    )


def gaussian_weights(variance: Fraction) -> tuple[int, ...]:
    """Return the weights of the outcomes 0 .. reach; that of 0 plus twice the others is 2^128.

    Outcome x > 0 weighs floor(2^128 * exp(-x^2 / (2 variance)) / Z), where Z sums over -reach .. reach; outcome 0 takes
    what rounding leaves.
    """
    # exp(-x^2 / 2v) = exp(-(x-1)^2 / 2v) * exp(-(2x-1) / 2v), and the last factor shrinks by exp(-1/v) with each x.
    factor = _exp_of_minus(Fraction(variance.denominator, 2 * variance.numerator))
    shrink = (factor * factor) >> FIXED_BITS
    densities = [1 << FIXED_BITS]
    for _ in range(table_reach(variance)):
        densities.append((densities[-1] * factor) >> FIXED_BITS)
        factor = (factor * shrink) >> FIXED_BITS
    total = 2 * sum(densities) - densities[0]
    sides = [(density << WEIGHT_BITS) // total for density in densities[1:]]
    return ((1 << WEIGHT_BITS) - 2 * sum(sides), *sides)


def table_reach(variance: Fraction) -> int:
    """Return the largest outcome of the table: about 13.3 sigma."""
    return isqrt(REACH_SQUARED_PER_VARIANCE * variance.numerator // variance.denominator)


def _exp_of_minus(exponent: Fraction) -> int:
    """Return exp(-exponent) in units of 2^-256, off by less than 2^20 units, for an exponent of 0 to 8."""
    term = 1 << FIXED_BITS
    total = 0
    index = 0
    while term:  # Taylor; at exponent 8 it ends after 110 terms
        total += -term if index % 2 else term
        index += 1
        term = term * exponent.numerator // (exponent.denominator * index)
    return total
