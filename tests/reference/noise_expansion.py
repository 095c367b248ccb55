"""Computes: the noise that a key stands for, by the rules in the docstring of `privacy/noise.py`, in plain integers.

Nothing is shared with the house's code: AES, weights and table reading are second implementations, no NumPy.
`python -m tests.reference.noise_expansion` prints the frozen vectors of tests/vectors/noise/.
"""

import json
import sys
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from hashlib import sha256
from itertools import accumulate
from math import isqrt

from tests.reference.aes256 import keystream
from tests.reference.gaussian_mass import exact_weights

CASES = (
    # Key, numerator, denominator, number of draws. 70,000 passes the place where the house starts a new chunk, and with
    # the key of 06 the last direct word, the first rare one and the last word of all occur (a test holds this).
    ("00" * 32, 1, 16, 32),
    ("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 4, 1, 32),
    ("ff" * 32, 10, 3, 32),
    ("06" * 32, 2500, 1, 70_000),
    ("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", 1_000_000, 7, 2_000),
    ("a5" * 32, 2**24 + 1, 1, 2_000),
    ("5a" * 32, 2**53 - 1, 1, 500),
)
LISTED = 32


@dataclass(frozen=True, slots=True)
class Columns:
    """Running counts of words, and running sums of left-over weights, from outcome -reach on."""

    reach: int
    words: tuple[int, ...]
    rests: tuple[int, ...]


@cache
def columns(variance: Fraction) -> Columns:
    """Return the two columns of a variance."""
    reach = isqrt(178 * variance.numerator // variance.denominator)
    sides = exact_weights(variance, reach, 128)
    weights = [*reversed(sides), 2**128 - 2 * sum(sides), *sides]
    return Columns(
        reach,
        tuple(accumulate(weight // 2**112 for weight in weights)),
        tuple(accumulate(weight % 2**112 for weight in weights)),
    )


def expand(key: bytes, variance: Fraction, size: int, *, lane: int = 0) -> list[int]:
    """Return the first `size` draws of a key."""
    if variance > 2**24:
        fine = expand(key, Fraction(2**23), size, lane=lane)
        coarse = expand(key, (variance - 2**23) / 2**20, size, lane=lane + 2)
        return [small + 1024 * large for small, large in zip(fine, coarse, strict=True)]
    table = columns(variance)
    first = keystream(key, lane=lane, n_bytes=2 * size)
    words = [int.from_bytes(first[2 * index : 2 * index + 2], "little") for index in range(size)]
    rare = sum(word >= table.words[-1] for word in words)
    second = keystream(key, lane=lane + 1, n_bytes=16 * rare)
    outcomes, used = [], 0
    for word in words:
        if word < table.words[-1]:
            place = bisect_right(table.words, word)
        else:
            low = int.from_bytes(second[used + 8 : used + 16], "little")
            high = int.from_bytes(second[used : used + 8], "little") // 2**16
            used += 16
            place = bisect_right(table.rests, (word - table.words[-1]) * 2**112 + high * 2**64 + low)
        outcomes.append(place - table.reach)
    return outcomes


def digest(outcomes: list[int]) -> str:
    """Return the SHA-256 of the outcomes written in decimal with commas between."""
    return sha256(",".join(map(str, outcomes)).encode()).hexdigest()


def vectors() -> list[dict[str, object]]:
    """Return the vectors, computed here."""
    found: list[dict[str, object]] = []
    for key, numerator, denominator, size in CASES:
        outcomes = expand(bytes.fromhex(key), Fraction(numerator, denominator), size)
        found.append(
            {
                "key": key,
                "variance": [numerator, denominator],
                "size": size,
                "first": outcomes[:LISTED],
                "sha256_of_all_in_decimal": digest(outcomes),
            }
        )
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(vectors(), indent=1) + "\n")
