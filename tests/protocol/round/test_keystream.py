"""The keystream: plain AES-256-CTR by definition, and the fast path only where it gives the same bytes."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from hypothesis import given
from hypothesis import strategies as st

from protocol.agreement import SlotKey
from protocol.round import masks
from protocol.round.masks import FAST, PLAIN, TILE_BYTES, Keystream, UpdateInto, choose, mask, open_sum
from protocol.round.ring import MAX_CELLS, Ring, RingVector, Word
from protocol.words.ids import PartyId
from tests import example
from tests.make_round_vectors import mask_vectors
from tests.protocol.round.test_masks import WORDS, key_of, zeros
from tests.reference import masks as reference

STREAMS = mask_vectors()["streams"]
BOTH = pytest.mark.parametrize("keystream", [FAST, PLAIN], ids=["fast", "plain"])


def stream(key: bytes, *, cells: int, word: Word, keystream: Keystream) -> list[int]:
    """Return the first words of a stream: what masks a vector of zeros against one later peer."""
    only = SlotKey(key, own_id=PartyId("a"), peer_id=PartyId("b"))
    words: list[int] = mask(zeros(cells, word), (only,), keystream=keystream).cells.tolist()
    return words


# The stream.


@BOTH
def test_the_stream_of_the_zero_key_begins_with_what_nist_printed(keystream: Keystream) -> None:
    """AES-256 of blocks 0, 1 and 2 under the zero key: H, the tag and the ciphertext of GCM test cases 13 and 14."""
    printed = "dc95c078a2408989ad48a21492842087 530f8afbc74536b9a963b4f1c4cb738b cea7403d4d606b6e074ec5d3baf39d18"
    words = stream(bytes(32), cells=12, word=32, keystream=keystream)
    assert b"".join(word.to_bytes(4, "little") for word in words) == bytes.fromhex(printed)
    assert STREAMS[0]["first_blocks"] == printed.replace(" ", "")


@BOTH
@pytest.mark.parametrize("vector", STREAMS, ids=["zero key", "some key", "top residue key"])
@pytest.mark.parametrize("word", WORDS)
def test_the_stream_has_the_words_of_the_vectors_up_to_the_longest_vector(
    vector: dict[str, Any], word: Word, keystream: Keystream
) -> None:
    expected = {case["cell"]: case["word"] for case in vector["words"] if case["word_bits"] == word}
    only = SlotKey(bytes.fromhex(vector["key"]), own_id=PartyId("a"), peer_id=PartyId("b"))
    masked = mask(zeros(MAX_CELLS, word), (only,), keystream=keystream).cells
    assert {cell: int(masked[cell]) for cell in expected} == expected


@given(st.binary(min_size=32, max_size=32), st.sampled_from(WORDS), st.integers(1, 70))
def test_the_stream_equals_the_slow_reference_at_any_length(key: bytes, word: Word, cells: int) -> None:
    expected = [reference.word_at(key, cell, word) for cell in range(cells)]
    assert stream(key, cells=cells, word=word, keystream=FAST) == expected
    assert stream(key, cells=cells, word=word, keystream=PLAIN) == expected


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("around", [-1, 0, 1])
@pytest.mark.parametrize("tiles", [1, 2, 13])
def test_the_fast_path_gives_the_bytes_of_plain_ctr_around_the_end_of_a_tile(
    tiles: int, around: int, word: Word
) -> None:
    cells = tiles * TILE_BYTES * 8 // word + around
    key = example.secret("stream")
    fast = stream(key, cells=cells, word=word, keystream=FAST)
    assert fast == stream(key, cells=cells, word=word, keystream=PLAIN)


# The choice of the path.


def flipped(bit_of_block: int) -> Keystream:
    """Return a fast path with one wrong bit, in one block of each call."""

    def start(key: bytes) -> UpdateInto:
        update_into = FAST.start(key)

        def wrong(source: memoryview, target: memoryview) -> int:
            done = update_into(source, target)
            if bit_of_block * 16 < len(source):
                target[bit_of_block * 16] ^= 1
            return done

        return wrong

    return Keystream(start, over_counters=True)


def refusing(error: Exception) -> Keystream:
    def start(_key: bytes) -> UpdateInto:
        raise error

    return Keystream(start, over_counters=True)


def test_on_this_machine_the_fast_path_is_proven_and_taken() -> None:
    """R27."""
    assert choose() is FAST
    assert choose(PLAIN) is PLAIN


@pytest.mark.parametrize(
    "broken",
    [
        flipped(0),
        flipped(256),
        flipped(5_000),
        Keystream(FAST.start, over_counters=False),
        Keystream(PLAIN.start, over_counters=True),
        refusing(ValueError("no XTS here")),
        refusing(UnsupportedAlgorithm("no XTS here")),
        refusing(InternalError("no XTS here", [])),
    ],
    ids=["first block", "block 256", "late block", "no counters", "counters twice", "value", "unsupported", "internal"],
)
def test_a_path_that_differs_or_refuses_falls_back_to_ctr_with_equal_bytes(
    broken: Keystream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R27: forced failure. The masked vector is the one that the fast path gives."""
    assert choose(broken) is PLAIN
    keys = (key_of("school-a", "school-b"), key_of("school-a", "politie-c"))
    values = np.arange(50_000, dtype=np.uint32)
    expected = mask(RingVector(values.copy()), keys).encode()
    monkeypatch.setattr(masks, "choose", lambda: choose(broken))
    assert mask(RingVector(values.copy()), keys).encode() == expected


def test_a_wrong_path_would_not_cancel() -> None:
    """R27, control: why equal bytes matter. One party on a path that flips one bit spoils the sum."""
    ring = Ring(32, parties=2, bound=10, variance=Fraction(4))
    for way, opens in ((FAST, True), (flipped(0), False)):
        uploads = (
            mask(zeros(8, 32), (key_of("school-a", "school-b"),), keystream=way),
            mask(zeros(8, 32), (key_of("school-b", "school-a"),), keystream=PLAIN),
        )
        assert (open_sum(uploads, ring).cells.tolist() == [0] * 8) is opens
