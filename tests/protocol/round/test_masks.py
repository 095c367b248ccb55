"""Masks: they cancel in the sum, equal the slow reference, and cannot be left off."""

from collections.abc import Iterator
from fractions import Fraction
from hashlib import sha256
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.agreement import PairKey, PartyKey, SlotKey, agree, slot_key
from protocol.round.masks import (
    NoNeighbours,
    WrongSlotKeys,
    WrongUploads,
    mask,
    open_sum,
)
from protocol.round.ring import (
    MaskedVector,
    Ring,
    RingVector,
    SumOutOfRange,
    VectorTaken,
    Word,
    WrongCellCount,
    add,
)
from protocol.words.ids import AgreementKey, Digest, PartyId
from tests import example
from tests.make_round_vectors import mask_vectors
from tests.reference import masks as reference

VECTORS = mask_vectors()
WORDS: tuple[Word, ...] = (32, 64)


def key_of(own: str, peer: str, label: str = "") -> SlotKey:
    """Return a slot key that both sides of a pair get."""
    raw = sha256(f"{label} {min(own, peer)} {max(own, peer)}".encode()).digest()
    return SlotKey(raw, own_id=PartyId(own), peer_id=PartyId(peer))


def zeros(cells: int, word: Word) -> RingVector:
    return RingVector(np.zeros(cells, dtype=f"<u{word // 8}"))


# A whole round.


@pytest.mark.parametrize("vector", VECTORS["rounds"], ids=lambda vector: f"{vector['word_bits']} bits")
def test_uploads_and_sum_are_those_of_the_vectors(vector: dict[str, Any]) -> None:
    ring = Ring(vector["word_bits"], parties=3, bound=700_000_000, variance=Fraction(4))
    uploads = []
    for own in vector["values"]:
        keys = tuple(
            SlotKey(
                bytes.fromhex(pair["key"]),
                own_id=PartyId(own["id"]),
                peer_id=PartyId(pair["high"] if own["id"] == pair["low"] else pair["low"]),
            )
            for pair in vector["slot_keys"]
            if own["id"] in (pair["low"], pair["high"])
        )
        uploads.append(mask(ring.encode(np.array(own["cells"], dtype=np.int64)), keys))
    assert [upload.encode().hex() for upload in uploads] == [upload["body"] for upload in vector["uploads"]]
    assert ring.decode(open_sum(tuple(uploads), ring)).tolist() == vector["sum"]
    assert vector["sum"] == [15, 0, -1, 1, 0]


def masked_round(names: list[str], rows: list[list[int]], ring: Ring, label: str = "") -> tuple[MaskedVector, ...]:
    """Return every party's upload."""
    return tuple(
        mask(
            ring.encode(np.array(row, dtype=np.int64)),
            tuple(key_of(own, peer, label) for peer in names if peer != own),
        )
        for own, row in zip(names, rows, strict=True)
    )


@st.composite
def rounds(draw: st.DrawFn) -> tuple[list[str], list[list[int]], Ring]:
    names = draw(st.lists(st.from_regex(r"[a-z][a-z0-9]{0,3}", fullmatch=True), min_size=3, max_size=20, unique=True))
    word = draw(st.sampled_from(WORDS))
    most = (2 ** (word - 1) - 1) // len(names) - 64 - 24
    ring = Ring(word, parties=len(names), bound=most, variance=Fraction(4))
    cell = st.integers(-ring.share_limit, ring.share_limit)
    cells = draw(st.integers(1, 6))
    row = st.lists(cell, min_size=cells, max_size=cells)
    return names, draw(st.lists(row, min_size=len(names), max_size=len(names))), ring


def check_that_masks_cancel(names: list[str], rows: list[list[int]], ring: Ring) -> None:
    uploads = masked_round(names, rows, ring)
    assert ring.decode(open_sum(uploads, ring)).tolist() == [sum(column) for column in zip(*rows, strict=True)]


@given(rounds())
def test_masks_cancel_for_three_to_twenty_parties_in_both_rings(case: tuple[list[str], list[list[int]], Ring]) -> None:
    """S04, the masks: the opened sum is the integer sum, up to the very edge of the headroom."""
    check_that_masks_cancel(*case)


@pytest.mark.nightly
@settings(max_examples=10_000)
@given(rounds())
def test_masks_cancel_ten_thousand_times(case: tuple[list[str], list[list[int]], Ring]) -> None:
    """S04, the masks."""
    check_that_masks_cancel(*case)


@given(rounds(), st.data())
def test_uploads_equal_those_of_the_slow_reference(
    case: tuple[list[str], list[list[int]], Ring], data: st.DataObject
) -> None:
    names, rows, ring = case
    who = data.draw(st.integers(0, len(names) - 1))
    keys = {peer: key_of(names[who], peer).reveal() for peer in names if peer != names[who]}
    expected = reference.masked(rows[who], names[who], keys, ring.word)
    assert masked_round(names, rows, ring)[who].cells.tolist() == expected


NAMES = ["politie-c", "school-a", "school-b", "vt-d"]
ROWS = [[1, -2, 3], [10, 20, 30], [-5, 0, 5], [100, 100, 100]]
RING = Ring(32, parties=4, bound=100, variance=Fraction(4))


def missing_or_foreign(uploads: tuple[MaskedVector, ...]) -> Iterator[tuple[MaskedVector, ...]]:
    """Yield sets of four uploads of which one is not that of this round: doubled, of another context, or bare."""
    others = masked_round(NAMES, ROWS, RING, label="another attempt")
    bare = MaskedVector(RING.encode(np.array(ROWS[3], dtype=np.int64)).cells)
    for replaced in (uploads[0], others[3], bare):
        yield (*uploads[:3], replaced)


def test_a_sum_without_one_of_its_uploads_opens_nothing() -> None:
    """S04, control: masks that do not all cancel leave residues beyond every honest sum."""
    uploads = masked_round(NAMES, ROWS, RING)
    assert RING.decode(open_sum(uploads, RING)).tolist() == [106, 118, 138]
    for four in missing_or_foreign(uploads):
        with pytest.raises(SumOutOfRange):
            RING.decode(open_sum(four, RING))
    three = Ring(32, parties=3, bound=100, variance=Fraction(4))
    with pytest.raises(SumOutOfRange):
        three.decode(open_sum(uploads[:3], three))


def test_a_whole_round_from_private_keys_to_the_sum() -> None:
    """Six parties of the example covenant's kind agree, derive, mask and open; each pair agrees on its own."""
    names = ["ggd-a", "ggz-b", "politie-c", "school-d", "vt-e", "witness-f"]
    private = {name: X25519PrivateKey.from_private_bytes(example.secret(f"agree {name}")) for name in names}
    public = {name: PartyKey(PartyId(name), AgreementKey(example.agreement_hex(name))) for name in names}
    ring = Ring(64, parties=6, bound=1_000, variance=Fraction(4))
    uploads = []
    for place, own in enumerate(names):
        keys = tuple(
            slot_key(
                agree(private[own], own=public[own], peer=public[peer], covenant_digest=Digest("ab" * 32)), b"c" * 32
            )
            for peer in names
            if peer != own
        )
        uploads.append(mask(ring.encode(np.full(20_000, place, dtype=np.int64)), keys))
    assert ring.decode(open_sum(tuple(uploads), ring)).tolist() == [15] * 20_000


# What masking and opening refuse.


def test_a_vector_without_peers_never_becomes_a_masked_one() -> None:
    with pytest.raises(NoNeighbours):
        mask(zeros(4, 32), ())


@pytest.mark.parametrize(
    "pairs",
    [
        [("school-a", "school-b"), ("school-a", "school-b")],
        [("school-a", "school-b"), ("school-c", "school-d")],
        [("school-a", "school-a")],
    ],
    ids=["a peer twice", "keys of two parties", "itself"],
)
def test_keys_that_are_not_one_for_each_peer_are_refused_and_the_vector_stays(pairs: list[tuple[str, str]]) -> None:
    vector = zeros(4, 32)
    with pytest.raises(WrongSlotKeys):
        mask(vector, tuple(key_of(own, peer) for own, peer in pairs))
    assert vector.cells.tolist() == [0, 0, 0, 0]


def test_a_vector_is_masked_once() -> None:
    """A second mask over the first would be a second payload; the vector is gone instead."""
    vector, keys = zeros(4, 32), (key_of("school-a", "school-b"),)
    masked = mask(vector, keys)
    with pytest.raises(VectorTaken):
        mask(vector, keys)
    with pytest.raises(ValueError, match="read-only"):
        masked.cells[0] = np.uint32(0)


def test_the_mask_goes_into_the_memory_of_the_vector() -> None:
    cells = np.zeros(40_000, dtype=np.uint32)
    assert mask(RingVector(cells), (key_of("school-a", "school-b"),)).cells is cells


@pytest.mark.parametrize("count", [0, 3, 5])
def test_another_number_of_uploads_than_participants_is_refused(count: int) -> None:
    uploads = (masked_round(NAMES, ROWS, RING) * 2)[:count]
    with pytest.raises(WrongUploads):
        open_sum(uploads, RING)


def test_uploads_of_another_length_or_word_are_refused() -> None:
    uploads = masked_round(NAMES, ROWS, RING)
    shorter = MaskedVector(np.zeros(2, dtype=np.uint32))
    wider = MaskedVector(np.zeros(3, dtype=np.uint64))
    for four in ((*uploads[:3], shorter), (*uploads[:3], wider), (wider,) * 4):
        with pytest.raises(WrongCellCount):
            open_sum(four, RING)


def test_opening_leaves_the_uploads_as_they_were() -> None:
    uploads = masked_round(NAMES, ROWS, RING)
    before = [upload.encode() for upload in uploads]
    open_sum(uploads, RING)
    assert [upload.encode() for upload in uploads] == before


def test_addition_wraps_at_the_word_and_not_before() -> None:
    """The arithmetic that everything here rests on, written out: (2^w - 1) + 2 = 1 mod 2^w, in place and not."""
    for word in WORDS:
        top = RingVector(np.array([2**word - 1], dtype=f"<u{word // 8}"))
        two = RingVector(np.array([2], dtype=f"<u{word // 8}"))
        assert add(top, two).cells.tolist() == [1]
        ring = Ring(word, parties=2, bound=1, variance=Fraction(4))
        assert open_sum((MaskedVector(top.cells), MaskedVector(two.cells)), ring).cells.tolist() == [1]


def test_each_peer_masks_with_its_own_stream() -> None:
    """The masks of one party against 20 peers, one at a time, all differ; so do those under two contexts."""
    pairs = [PairKey(bytes([number] * 32), own_id=PartyId("a"), peer_id=PartyId(f"b{number}")) for number in range(20)]
    heads = [mask(zeros(4, 64), (slot_key(pair, ctx),)).encode() for pair in pairs for ctx in (b"1" * 32, b"2" * 32)]
    assert len(set(heads)) == 40
    assert all(left != right for left, right in pairwise(heads))
