"""Parcels: what goes in comes out, of bounded size, and nothing else comes out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.flower.bundle import stub_digest
from protocol.round.carriage import (
    MAX_PARCEL_BYTES,
    MAX_PARTS,
    MESSAGE_TYPE,
    PART_BYTES,
    PARTS,
    STUB_DIGEST,
    Answerless,
    ParcelRefused,
    frames_of,
    parcel,
)
from protocol.round.frame import BadFrame

EIGHT = (3).to_bytes(8, "big")


def test_frames_travel_behind_their_lengths_in_one_part() -> None:
    assert parcel((b"abc", b"")) == (EIGHT + b"abc" + bytes(8),)
    assert frames_of((EIGHT + b"abc" + bytes(8),), source="test") == (b"abc", b"")


def test_no_frame_is_one_empty_part() -> None:
    assert parcel(()) == (b"",)
    assert frames_of((b"",), source="test") == ()


@pytest.mark.parametrize(("size", "parts"), [(PART_BYTES - 8, 1), (PART_BYTES - 7, 2), (2 * PART_BYTES - 8, 2)])
def test_a_frame_is_cut_where_a_part_is_full(size: int, parts: int) -> None:
    made = parcel((bytes(size),))
    assert [len(part) for part in made[:-1]] == [PART_BYTES] * (parts - 1)
    assert len(made) == parts
    assert frames_of(made, source="test") == (bytes(size),)


@given(st.lists(st.binary(max_size=200), max_size=8))
def test_what_goes_in_comes_out(frames: list[bytes]) -> None:
    assert frames_of(parcel(frames), source="test") == tuple(frames)


def test_too_much_is_not_cut_at_all() -> None:
    with pytest.raises(ParcelRefused):
        parcel((bytes(MAX_PARCEL_BYTES - 7),))


@pytest.mark.parametrize(
    "parts",
    [(), (b"abc", b""), (b"",) * (MAX_PARTS + 1), (bytes(PART_BYTES + 1),), (bytes(PART_BYTES), bytes(PART_BYTES + 1))],
    ids=["none", "a short part first", "too many", "too long", "too long at the end"],
)
def test_other_parts_are_refused(parts: tuple[bytes, ...]) -> None:
    with pytest.raises(ParcelRefused):
        frames_of(parts, source="test")


@pytest.mark.parametrize("body", [b"x", EIGHT + b"ab", EIGHT + b"abcd"], ids=["no length", "cut off", "a byte more"])
def test_parts_that_hold_no_frames_are_refused(body: bytes) -> None:
    with pytest.raises(BadFrame):
        frames_of((body,), source="test")


def test_the_names_of_the_carrier_are_what_both_sides_know() -> None:
    assert MESSAGE_TYPE == "query.round"
    assert (PARTS[0], PARTS[-1], len(PARTS)) == ("part-00", "part-31", 32)
    assert sorted(Answerless) == [1_001, 1_002, 1_003, 1_004]


def test_the_pinned_digest_is_that_of_the_bundle_that_the_coordinator_makes() -> None:
    assert stub_digest() == STUB_DIGEST
