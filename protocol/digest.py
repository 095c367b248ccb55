"""Computes: SHA-256 with a label, so that bytes hashed for one use never pass for another."""

from hashlib import sha256

from protocol.wire import WireValue
from protocol.words.ids import Digest

LENGTH_BYTES = 8  # each part is preceded by its length, so that no two lists of parts give the same bytes


def labelled(label: str, *parts: bytes) -> bytes:
    """Return H(label, parts) of DESIGN 6: 32 bytes, injective in the label and the parts."""
    state = sha256()
    for part in (label.encode("ascii"), *parts):
        state.update(len(part).to_bytes(LENGTH_BYTES, "big"))
        state.update(part)
    return state.digest()


def digest_of(value: WireValue) -> Digest:
    """Return the SHA-256 of a value's canonical bytes: what `sha256sum FILE` prints for the file that holds it.

    No label is needed: the bytes themselves name their kind and format.
    """
    return digest_of_bytes(value.encode())


def digest_of_bytes(body: bytes) -> Digest:
    """Return what `digest_of` returns for the value whose canonical bytes these are."""
    return Digest(sha256(body).hexdigest())
