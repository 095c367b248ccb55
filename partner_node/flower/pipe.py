"""Touches the world: bodies over a pipe between the node's two processes, each behind its length in eight bytes."""

from typing import BinaryIO

from protocol.round.carriage import MAX_PARCEL_BYTES

LENGTH_BYTES = 8
OPEN, ASK, LEAVE = b"o", b"q", b"l"  # how a body to the vault's process begins: open the vault, answer, let go of it
ANSWERED, NOT_ANSWERED, READY = b"a", b"n", b"r"  # how a body from it begins


def read_body(stream: BinaryIO) -> bytes | None:
    """Return what stands behind a length; None at the end of the stream."""
    length = int.from_bytes(stream.read(LENGTH_BYTES), "big")
    body = stream.read(length) if 0 < length <= MAX_PARCEL_BYTES else b""
    return body if length and len(body) == length else None


def write_body(stream: BinaryIO, body: bytes) -> None:
    """Write a body behind its length."""
    stream.write(len(body).to_bytes(LENGTH_BYTES, "big"))
    stream.write(body)
    stream.flush()
