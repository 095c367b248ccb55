"""What a node sends has a length that its records do not decide."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from protocol.round.frame import parse_frame
from protocol.round.messages import Offer
from simulations.party import SimulatedParty
from tests import example
from tests.rounds import STUDY_DIGEST, true_counts, world

Counts = Callable[[Offer], NDArray[np.int64]]
PARTY = example.VT


def nothing(offer: Offer) -> NDArray[np.int64]:
    return np.zeros(offer.spec.cells, dtype=np.int64)


def much(offer: Offer) -> NDArray[np.int64]:
    return np.full(offer.spec.cells, 900, dtype=np.int64)


def one_cell(offer: Offer) -> NDArray[np.int64]:
    return np.array([int(cell == 3) for cell in range(offer.spec.cells)], dtype=np.int64)


def usual(offer: Offer) -> NDArray[np.int64]:
    return true_counts(PARTY, offer.spec.cells)


def lengths(counts: Counts) -> list[tuple[str, int]]:
    """Return kind and length of each message that one party sends in a round in which it counts like this."""
    a_world = world()
    party = a_world.parties[PARTY]
    assert isinstance(party, SimulatedParty)
    party.counts = counts
    a_world.run(STUDY_DIGEST, example.QUARTER)
    found = [
        (parse_frame(body, source="a test", max_payload_bytes=1 << 20).header, len(body))
        for body in a_world.channel.seen
    ]
    return [(str(header.model_dump()["kind"]), length) for header, length in found if header.sender == PARTY]


@pytest.mark.parametrize("counts", [much, one_cell, usual])
def test_every_message_is_as_long_as_that_of_a_partner_that_counts_nobody(counts: Counts) -> None:
    """T11, N06: READY, UPLOAD and the verdict, whatever was counted."""
    assert lengths(counts) == lengths(nothing)
    assert [kind for kind, _ in lengths(counts)] == ["ready", "upload", "verdict"]


def test_a_message_that_grows_with_the_counts_would_be_seen() -> None:
    """Negative control: the same vector written as text is longer where there is more."""
    offer = world().coordinator.propose(STUDY_DIGEST, example.QUARTER, tuple(world().parties), 1_770_000_000).slot.offer
    assert len(str(much(offer).tolist())) > len(str(nothing(offer).tolist()))
