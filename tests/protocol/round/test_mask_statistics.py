"""Mask values are uniform over the whole ring, and every one of the 256 key bits counts.

Keys are fixed, so a test that passes once passes for ever; the false-alarm rate of the choice of key was 1e-6 a test.
"""

import warnings
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import chi2

from protocol.agreement import SlotKey
from protocol.round.masks import mask
from protocol.round.ring import RingVector
from protocol.words.ids import PartyId
from tests.make_round_vectors import TOP_RESIDUE_CELL, TOP_RESIDUE_KEY

DRAWS = 1_000_000
FALSE_ALARM = 1e-6
Mask32 = Callable[[bytes, int], NDArray[np.uint32]]


def our_mask(key: bytes, cells: int) -> NDArray[np.uint32]:
    """Return the mask of one pair: what a vector of zeros becomes."""
    only = SlotKey(key, own_id=PartyId("school-a"), peer_id=PartyId("school-b"))
    return mask(RingVector(np.zeros(cells, dtype=np.uint32)), (only,)).cells.astype(np.uint32)


def flower_mask(key: bytes, cells: int, ring: int = 2**32) -> NDArray[np.uint32]:
    """Return the mask of one pair as Flower's SecAgg+ makes it; its default ring is 2^32."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its command line, imported along, uses old names
        from flwr.common.secure_aggregation.secaggplus_utils import (  # noqa: PLC0415 - a control, slow to import
            pseudo_rand_gen,
        )
    (values,) = pseudo_rand_gen(key, ring, [(cells,)])
    return values.astype(np.uint32)


def key(label: str) -> bytes:
    return sha256(f"samenzicht mask statistics {label}".encode()).digest()


def p_of_uniform(residues: NDArray[np.integer[Any]], buckets: int) -> float:
    """Return the chi-square p-value of uniformity over 0 .. buckets - 1."""
    counts = np.bincount(residues, minlength=buckets)
    expected = residues.size / buckets
    return float(chi2.sf(float(((counts - expected) ** 2).sum() / expected), buckets - 1))


@pytest.mark.parametrize("byte", [0, 1, 2, 3])
def test_every_byte_of_a_million_mask_values_is_uniform(byte: int) -> None:
    """S02: chi-square over 1e6 values, byte 3 is the top residue."""
    assert p_of_uniform(our_mask(key("bytes"), DRAWS) >> 8 * byte & 255, 256) > FALSE_ALARM


def test_sixteen_top_bits_together_and_neighbouring_cells_are_uniform() -> None:
    """S02: pairs of neighbouring top bytes and whole upper halves, 65,536 buckets over 1e7 values."""
    values = our_mask(key("pairs"), 10_000_000)
    assert p_of_uniform(values >> 16, 65_536) > FALSE_ALARM
    top = values >> 24
    assert p_of_uniform(top[::2] << 8 | top[1::2], 65_536) > FALSE_ALARM


@pytest.mark.parametrize(
    "spoil",
    [
        lambda values: values >> 1,
        lambda values: values % np.uint32(2**32 - 2**24),
        lambda values: np.where(values >> 24 == 255, np.uint32(0), values),
        lambda values: values | np.uint32(2**24),
    ],
    ids=["31 bits", "modulo a smaller number", "top residue left out", "one bit stuck"],
)
def test_a_mask_that_is_not_uniform_is_caught(spoil: Callable[[NDArray[np.uint32]], NDArray[np.uint32]]) -> None:
    """S02, negative controls."""
    assert p_of_uniform(spoil(our_mask(key("bytes"), DRAWS)) >> 24, 256) < FALSE_ALARM


def test_the_top_residue_occurs() -> None:
    """S02: 2^32 - 1 is a mask value like any other; under this key it is the one of this cell."""
    values = our_mask(sha256(TOP_RESIDUE_KEY.encode()).digest(), TOP_RESIDUE_CELL + 1)
    assert int(values[TOP_RESIDUE_CELL]) == 2**32 - 1


def test_the_top_residue_never_occurs_in_flower() -> None:
    """S02, control: in a ring of 4 its generator gives 0, 1 and 2 only, a million times."""
    assert set(flower_mask(key("flower"), DRAWS, ring=4).tolist()) == {0, 1, 2}
    assert set((our_mask(key("flower"), DRAWS) >> 30).tolist()) == {0, 1, 2, 3}


def with_equal_fold(first: bytes) -> bytes:
    """Return another 32-byte key whose eight 32-bit words have the same XOR: one bit flipped in two words."""
    second = bytearray(first)
    second[0] ^= 1
    second[4] ^= 1
    return bytes(second)


@pytest.mark.parametrize(("make", "differ"), [(our_mask, True), (flower_mask, False)], ids=["ours", "flower"])
def test_keys_with_equal_xor_fold_give_different_masks(make: Mask32, differ: bool) -> None:  # noqa: FBT001 - a case
    """S01, with Flower's 32-bit seed as the control: there both masks are the same."""
    first = key("fold")
    assert bool(np.any(make(first, 1_000) != make(with_equal_fold(first), 1_000))) is differ


def test_every_key_bit_changes_about_half_of_the_mask() -> None:
    """S01: 256 keys that differ in one bit. 32,000 bits each: within 6 standard deviations of half, 90 bits each."""
    first = key("avalanche")
    base = our_mask(first, 1_000)
    for bit in range(256):
        other = (int.from_bytes(first, "big") ^ 1 << bit).to_bytes(32, "big")
        changed = int(np.bitwise_count(base ^ our_mask(other, 1_000)).sum())
        assert abs(changed - 16_000) < 6 * 90, bit
