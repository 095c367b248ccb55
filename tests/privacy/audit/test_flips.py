"""A byte of a bundle cannot change unseen: not in any file, and not when the index is made to fit it."""

from collections.abc import Iterator
from random import Random

import pytest

from privacy.audit.report import Check
from privacy.audit.verify import verify
from protocol.bundle import INDEX, check_index
from protocol.errors import Refusal
from tests import bundles
from tests.privacy.audit.forging import Files, caught, reindexed

REPAIRED = bundles.honest_files(repaired=True)
TWICE_SIGNED = bundles.twice_signed_files()
NAMES = sorted(REPAIRED)


def flipped(files: Files, name: str, place: int, bit: int) -> dict[str, bytes]:
    """Return the files with one bit of one byte changed."""
    body = bytearray(files[name])
    body[place] ^= 1 << bit
    return {**files, name: bytes(body)}


def places(name: str, most: int) -> Iterator[tuple[int, int]]:
    """Yield positions and bits: every position of a small file, a seeded sample of a larger one."""
    chance, size = Random(name), len(REPAIRED[name])
    chosen = range(size) if size <= most else sorted(chance.sample(range(size), min(most, 200)))
    return ((place, chance.randrange(8)) for place in chosen)


def is_refused(files: Files) -> bool:
    try:
        check_index(files)
    except Refusal:
        return True
    return False


def test_the_unchanged_bundle_is_not_refused() -> None:
    """The negative control of the flips."""
    assert not is_refused(REPAIRED)
    assert verify(reindexed(REPAIRED)).holds
    assert verify(reindexed(TWICE_SIGNED)).holds


@pytest.mark.parametrize("name", NAMES)
def test_a_flipped_byte_is_refused_at_every_position(name: str) -> None:
    unseen = [place for place, bit in places(name, 2000) if not is_refused(flipped(REPAIRED, name, place, bit))]
    assert unseen == []
    assert caught(flipped(REPAIRED, name, 0, 0)) == {Check.INDEX}


@pytest.mark.parametrize("name", [name for name in NAMES if name != INDEX])
def test_a_flipped_byte_is_refused_when_the_index_fits_it(name: str) -> None:
    chosen = Random(name).sample(range(len(REPAIRED[name])), 20)
    unseen = [place for place in chosen if verify(reindexed(flipped(REPAIRED, name, place, place % 8))).holds]
    assert unseen == []


def test_a_flipped_byte_of_the_second_signature_is_refused_when_the_index_fits_it() -> None:
    (name,) = (name for name in TWICE_SIGNED if name.endswith("/second.json"))
    chosen = range(0, len(TWICE_SIGNED[name]), 8)  # all of it is refused as well; this takes seconds
    unseen = [place for place in chosen if verify(reindexed(flipped(TWICE_SIGNED, name, place, place % 8))).holds]
    assert unseen == []


@pytest.mark.nightly
@pytest.mark.parametrize("name", [name for name in NAMES if name != INDEX])
def test_every_position_flipped_is_refused_when_the_index_fits_it(name: str) -> None:
    unseen = [
        place
        for place in range(len(REPAIRED[name]))
        if verify(reindexed(flipped(REPAIRED, name, place, place % 8))).holds
    ]
    assert unseen == []


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_refused(name: str) -> None:
    assert caught({kept: body for kept, body in REPAIRED.items() if kept != name}) == {Check.INDEX}
