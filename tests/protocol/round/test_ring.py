"""Ring vectors: what goes in comes out, nothing wraps, and bytes of another length are refused."""

from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm

from protocol.round.ring import (
    MAX_CELLS,
    MAX_PARTIES,
    MaskedVector,
    NoHeadroom,
    Ring,
    RingVector,
    SumOutOfRange,
    UnknownWord,
    ValueOverBound,
    VectorTaken,
    Word,
    WrongCellCount,
    add,
)
from protocol.study.rules import check_ring

WORDS: tuple[Word, ...] = (32, 64)
SMALL = Ring(32, parties=3, bound=10, variance=Fraction(4))


def integers(*values: int) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


@pytest.mark.parametrize(
    ("word", "body"),
    [
        (32, "00000000 01000000 ffffffff 00e1f505 001f0afa"),
        (64, "0000000000000000 0100000000000000 ffffffffffffffff 00e1f50500000000 001f0afaffffffff"),
    ],
)
def test_cells_travel_as_words_little_end_first(word: Word, body: str) -> None:
    ring = Ring(word, parties=3, bound=100_000_000, variance=Fraction(4))
    vector = ring.encode(integers(0, 1, -1, 100_000_000, -100_000_000))
    assert vector.encode() == bytes.fromhex(body)
    assert ring.decode(vector).tolist() == [0, 1, -1, 100_000_000, -100_000_000]
    assert RingVector.parse(bytes.fromhex(body), word=word, cells=5).encode() == bytes.fromhex(body)
    assert MaskedVector.parse(bytes.fromhex(body), word=word, cells=5).encode() == bytes.fromhex(body)


@given(st.sampled_from(WORDS), st.integers(1, 5), st.integers(4, 900), st.data())
def test_encode_add_and_decode_is_integer_addition(
    word: Word, parties: int, variance: int, data: st.DataObject
) -> None:
    ring = Ring(word, parties=parties, bound=2**28 - 1_000, variance=Fraction(variance))
    cell = st.integers(-ring.share_limit, ring.share_limit)
    rows = data.draw(st.lists(st.lists(cell, min_size=4, max_size=4), min_size=parties, max_size=parties))
    total = ring.encode(integers(*rows[0]))
    for row in rows[1:]:
        total = add(total, ring.encode(integers(*row)))
    assert ring.decode(total).tolist() == [sum(column) for column in zip(*rows, strict=True)]


# Headroom.


@pytest.mark.parametrize(
    ("variance", "twelve_sigma"),
    [
        (Fraction(0), 0),
        (Fraction(1, 10**9), 1),
        (Fraction(2), 17),  # 16.97
        (Fraction(4), 24),
        (4 + Fraction(1, 10**30), 25),
        (Fraction(2500), 600),
        (Fraction(10**30), 12 * 10**15),
        (10**30 + Fraction(1, 10**30), 12 * 10**15 + 1),
    ],
)
def test_twelve_sigma_is_rounded_up_in_integers(variance: Fraction, twelve_sigma: int) -> None:
    assert Ring(64, parties=1, bound=10, variance=variance).share_limit == 10 + twelve_sigma + 64


@pytest.mark.parametrize(("word", "half"), [(32, 2_147_483_648), (64, 9_223_372_036_854_775_808)])
def test_headroom_ends_exactly_at_half_the_ring(word: Word, half: int) -> None:
    """S06: 12 sigma is 24 at variance 4, so that one party may have bound `half` - 24 - 64 - 1 and no more."""
    largest = half - 24 - 64 - 1
    assert Ring(word, parties=1, bound=largest, variance=Fraction(4)).sum_limit == half - 1
    over = [(1, largest + 1, Fraction(4)), (2, largest, Fraction(4)), (1, largest, 4 + Fraction(1, 10**9))]
    for parties, bound, variance in over:
        with pytest.raises(NoHeadroom):
            Ring(word, parties=parties, bound=bound, variance=variance)


def test_thirty_parties_of_three_thousand_do_not_fit_sixteen_bits() -> None:
    """R17: 30 x 3,000 passes 2^15, and there is no such ring; 32 bits hold it, but not 10^5 times as much."""
    with pytest.raises(UnknownWord):
        Ring(16, parties=30, bound=3_000, variance=Fraction(4))  # type: ignore[arg-type]  # the refused case
    assert Ring(32, parties=30, bound=3_000, variance=Fraction(4)).sum_limit == 30 * 3_088
    with pytest.raises(NoHeadroom):
        Ring(32, parties=30, bound=300_000_000, variance=Fraction(4))
    # Control: what 16 bits would have published.
    assert np.full(30, 3_000, dtype=np.uint16).sum(dtype=np.uint16).astype(np.int16) == 90_000 - 65_536


@pytest.mark.parametrize("value", [3_089, -3_089, 2**31, 2**32 + 5, -(2**63), 2**63 - 1])
def test_a_cell_over_bound_and_noise_is_refused_and_not_wrapped(value: int) -> None:
    """R17: bound 3,000 + 24 + 64 = 3,088 still goes in. Control: 2^32 + 5 would have gone in as 5."""
    ring = Ring(32, parties=30, bound=3_000, variance=Fraction(4))
    assert ring.decode(ring.encode(integers(3_088, -3_088))).tolist() == [3_088, -3_088]
    with pytest.raises(ValueOverBound) as caught:
        ring.encode(integers(0, value))
    assert str(abs(value)) not in str(caught.value)
    assert integers(2**32 + 5).astype(np.uint32).tolist() == [5]


@pytest.mark.parametrize(
    ("parties", "bound", "variance"),
    [(0, 1, 4), (-1, 1, 4), (MAX_PARTIES + 1, 1, 4), (3, -1, 4), (3, 1, -4)],
)
def test_a_ring_without_sense_is_refused(parties: int, bound: int, variance: int) -> None:
    with pytest.raises(NoHeadroom):
        Ring(32, parties=parties, bound=bound, variance=Fraction(variance))


def test_noise_wraps_the_largest_round_with_a_chance_below_1e_12() -> None:
    """S06: 4,096 parties of 2^24 cells; the Gaussian tail is scipy's. Control: 6 sigma would not do."""
    draws = MAX_PARTIES * MAX_CELLS
    assert draws * 2 * norm.sf(12) < 1e-12
    assert draws * 2 * norm.sf(6) > 1e-12


def test_an_injection_of_half_the_ring_is_seen_in_the_sum() -> None:
    """S06: 3 + 5 + 2^31 opens as -2^31 + 8, to which no two honest parties add up; 3 + 5 alone opens."""
    ring = Ring(32, parties=2, bound=100, variance=Fraction(4))
    honest = add(ring.encode(integers(3)), ring.encode(integers(5)))
    assert ring.decode(honest).tolist() == [8]
    with pytest.raises(SumOutOfRange):
        ring.decode(add(honest, RingVector(np.array([2**31], dtype=np.uint32))))


@pytest.mark.parametrize("over", [377, 2**64 - 377])
def test_a_sum_at_its_limit_opens_and_one_more_does_not(over: int) -> None:
    """Two parties of 100 + 24 + 64 are 376."""
    ring = Ring(64, parties=2, bound=100, variance=Fraction(4))
    assert ring.decode(RingVector(np.array([376, 2**64 - 376], dtype=np.uint64))).tolist() == [376, -376]
    with pytest.raises(SumOutOfRange):
        ring.decode(RingVector(np.array([over], dtype=np.uint64)))


@given(st.integers(1, 10**6), st.integers(1, 10**4), st.integers(1, 60), st.integers(-3, 3))
def test_what_the_plan_accepts_the_ring_accepts_too(
    numerator: int, denominator: int, parties: int, offset: int
) -> None:
    """`check_ring` of the study is at most one stricter; bounds close to the edge."""
    variance = Fraction(numerator, denominator)
    bound = (2**31 - 1) // parties - 64 - ceil(12 * float(variance) ** 0.5) + offset
    accepted = not list(check_ring(ring_bits=32, parties=parties, cell_bound=bound, variance=variance, subject="t"))
    if accepted:
        assert Ring(32, parties=parties, bound=bound, variance=variance).sum_limit < 2**31


# Shapes, lengths and types.


@pytest.mark.parametrize("kind", [RingVector, MaskedVector])
@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("extra", [-1, 1, 4, -4])
def test_bytes_of_another_length_are_refused(kind: type[RingVector | MaskedVector], word: Word, extra: int) -> None:
    with pytest.raises(WrongCellCount):
        kind.parse(bytes(10 * word // 8 + extra), word=word, cells=10)


def test_bytes_of_another_word_are_refused() -> None:
    with pytest.raises(WrongCellCount):
        MaskedVector.parse(bytes(40), word=64, cells=10)
    with pytest.raises(UnknownWord):
        MaskedVector.parse(bytes(20), word=16, cells=10)  # type: ignore[arg-type]  # the refused case


@pytest.mark.parametrize("kind", [RingVector, MaskedVector])
@pytest.mark.parametrize(
    "cells",
    [
        np.zeros(0, dtype=np.uint32),
        np.zeros((2, 2), dtype=np.uint32),
        np.zeros(4, dtype=np.int32),
        np.zeros(4, dtype=np.uint16),
        np.zeros(4, dtype=np.float64),
        np.zeros(4, dtype=">u4"),
        np.zeros(MAX_CELLS + 1, dtype=np.uint32),
    ],
    ids=["empty", "two dimensions", "signed", "16 bit", "float", "big end first", "too long"],
)
def test_an_array_that_is_no_vector_is_refused(
    kind: type[RingVector | MaskedVector], cells: NDArray[np.uint32]
) -> None:
    with pytest.raises(WrongCellCount):
        kind(cells)


@pytest.mark.parametrize(
    "values",
    [
        np.zeros(0, dtype=np.int64),
        np.zeros((2, 2), dtype=np.int64),
        np.zeros(4, dtype=np.float64),
        np.full(4, np.nan),
        np.zeros(4, dtype=np.int32),
        np.zeros(MAX_CELLS + 1, dtype=np.int64),
    ],
    ids=["empty", "two dimensions", "float", "NaN", "32 bit", "too long"],
)
def test_values_of_another_type_or_shape_are_refused(values: NDArray[np.int64]) -> None:
    with pytest.raises(WrongCellCount):
        SMALL.encode(values)


def test_vectors_of_two_rings_or_lengths_do_not_add_or_decode() -> None:
    three = RingVector(np.zeros(3, dtype=np.uint32))
    wide = RingVector(np.zeros(3, dtype=np.uint64))
    for other in (wide, RingVector(np.zeros(4, dtype=np.uint32))):
        with pytest.raises(WrongCellCount):
            add(three, other)
    with pytest.raises(WrongCellCount):
        SMALL.decode(wide)


def test_a_taken_vector_says_so() -> None:
    vector = SMALL.encode(integers(1, 2))
    cells = vector.take()
    cells += np.uint32(1)
    assert cells.tolist() == [2, 3]
    for use in (vector.take, vector.encode, lambda: vector.cells, lambda: vector.word):
        with pytest.raises(VectorTaken):
            use()


def test_cells_are_read_only_and_no_vector_prints_them() -> None:
    vector = RingVector(np.array([123_456_789], dtype=np.uint32))
    masked = MaskedVector(np.array([123_456_789], dtype=np.uint32))
    for cells in (vector.cells, masked.cells):
        with pytest.raises(ValueError, match="read-only"):
            cells[0] = np.uint32(1)
    assert "123456789" not in repr(vector) + repr(masked)
