"""Computes: messages of a round as a parcel for a carrier with its own envelopes (Flower); both nodes go by it.

A parcel is the frames behind their lengths (`frame.pack`), cut in parts of one size, the last one shorter. The carrier
adds nothing that anybody trusts: frames prove by themselves who sent them.
"""

from collections.abc import Sequence
from enum import IntEnum

from protocol.errors import RoundRefusal
from protocol.round.frame import pack, unpack
from protocol.words.ids import Digest

ACTION = "round"  # the only thing that a node does for whoever reaches it
MESSAGE_TYPE = f"query.{ACTION}"  # Flower's name of it
PART_BYTES = 4 << 20  # below the 5 MiB of Flower's own chunks, with room for an envelope
MAX_PARTS = 32  # 128 MiB: twice the largest RESULT of a study that keeps the default size limit
MAX_PARCEL_BYTES = MAX_PARTS * PART_BYTES
PARTS = tuple(f"part-{number:02}" for number in range(MAX_PARTS))

# The empty bundle under which a coordinator starts its runs. A node answers messages of no other run, and never asks
# for the bundle itself. A test holds the digest against the bundle that the coordinator makes.
STUB_PUBLISHER, STUB_NAME, STUB_VERSION = "samenzicht", "rounds", "1.0.0"
STUB_DIGEST = Digest("dbf26f4c97e5746dd967102bfd402f4239c7504e02e0055d66f4de00c1cefb5a")


class ParcelRefused(RoundRefusal):
    """What came over the carrier is no parcel of messages: too large, too many parts, or a part missing."""


class Answerless(IntEnum):
    """Why a node sends no frames. Nothing in it depends on records, on the book, or on why a session refused."""

    NOT_ANSWERED = 1_001  # the session refused, or the node cannot take part now; it knows why, nobody else does
    UNKNOWN_KIND = 1_002  # a message type that this node does not serve
    TOO_LARGE = 1_003
    FOREIGN = 1_004  # of another run, for another node, or no parcel


def parcel(frames: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return the parts in which frames travel; one empty part for none.

    Raises: ParcelRefused.
    """
    body = pack(frames)
    if len(body) > MAX_PARCEL_BYTES:
        raise _refused(f"messages of {len(body)} bytes together")
    return tuple(body[start : start + PART_BYTES] for start in range(0, max(len(body), 1), PART_BYTES))


def frames_of(parts: Sequence[bytes], *, source: str) -> tuple[bytes, ...]:
    """Return the frames of a parcel.

    Raises: ParcelRefused, BadFrame.
    """
    whole = len(parts) <= MAX_PARTS and bool(parts)
    if not whole or any(len(part) != PART_BYTES for part in parts[:-1]) or len(parts[-1]) > PART_BYTES:
        raise _refused(f"{len(parts)} parts of other sizes from {source}")
    return unpack(b"".join(parts), source=source)


def _refused(got: str) -> ParcelRefused:
    return ParcelRefused(
        got=got,
        wanted=f"at most {MAX_PARTS} parts, each but the last of {PART_BYTES} bytes",
        act="the study must ask for fewer cells, or the sender must send messages as the protocol prescribes",
    )
