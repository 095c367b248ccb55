"""Computes: SipHash-2-4, a keyed hash for short messages, over whole arrays at once.

It decides what is kept of a unit that has more than its bound. A hash of our own makes that choice equal on every
machine and version, independent of the order of rows and of all other units.
"""

import numpy as np
from numpy.typing import NDArray

from privacy.errors import PrivacyRefusal

KEY_BYTES = 16
MAX_TAIL_BYTES = 7  # the eighth byte of the last word holds the length

# "somepseudorandomlygeneratedbytes", as the paper spells it.
_START = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
_State = tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]]


class WrongHashInput(PrivacyRefusal):
    """A hash key that is not 16 bytes, or a message that is not words and a tail of at most 7 bytes."""


def keyed_hash(
    key: bytes, words: tuple[NDArray[np.uint64], ...], tail: NDArray[np.uint64], *, tail_bytes: int
) -> NDArray[np.uint64]:
    """Return SipHash-2-4 of many messages of one length.

    key: 16 bytes. words: uint64 arrays, each the next 8 bytes of every message, little-endian. tail: uint64, the last
    `tail_bytes` (0 to 7) bytes. The arrays broadcast, so that a prefix shared by many messages is absorbed once.
    Result: uint64, the broadcast shape.
    Not promised: constant time. Key and messages stay inside the node.
    Raises: WrongHashInput.
    Source: Aumasson, Bernstein 2012, "SipHash: a fast short-input PRF", section 2.
    """
    if len(key) != KEY_BYTES or not 0 <= tail_bytes <= MAX_TAIL_BYTES:
        raise _wrong(f"a key of {len(key)} bytes and a tail of {tail_bytes}", "16 bytes and a tail of 0 to 7")
    if any(word.dtype != np.uint64 for word in (*words, tail)):
        raise _wrong("words of another type", "uint64")
    if tail.size and int(tail.max()) >> (8 * tail_bytes):
        raise _wrong("a tail of more bytes than it says", "zeros above the tail's bytes")
    halves = tuple(int.from_bytes(key[at : at + 8], "little") for at in (0, 8))
    # Arrays of one element, not scalars: numpy warns when a scalar wraps, and wrapping is meant here.
    v0, v1, v2, v3 = (np.array([start ^ halves[at % 2]], dtype=np.uint64) for at, start in enumerate(_START))
    state: _State = (v0, v1, v2, v3)
    length = 8 * len(words) + tail_bytes
    for word in (*words, tail | np.uint64((length % 256) << 56)):
        state = _absorb(state, word)
    state[2][...] ^= np.uint64(0xFF)
    _rounds(state, 4)
    v0, v1, v2, v3 = state
    return v0 ^ v1 ^ v2 ^ v3


def _absorb(state: _State, word: NDArray[np.uint64]) -> _State:
    """Mix in one word of each message; the state grows to the word's shape and is changed in place."""
    shape = np.broadcast_shapes(state[3].shape, word.shape)
    if shape != state[3].shape:
        v0, v1, v2, v3 = (np.broadcast_to(part, shape).copy() for part in state)
        state = (v0, v1, v2, v3)
    state[3][...] ^= word
    _rounds(state, 2)
    state[0][...] ^= word
    return state


def _rounds(state: _State, count: int) -> None:
    """Apply SipRound `count` times, in place (the paper's figure 2.1)."""
    v0, v1, v2, v3 = state
    spare = np.empty_like(v0)
    for _ in range(count):
        v0 += v1
        _rotate(v1, 13, spare)
        v1 ^= v0
        _rotate(v0, 32, spare)
        v2 += v3
        _rotate(v3, 16, spare)
        v3 ^= v2
        v0 += v3
        _rotate(v3, 21, spare)
        v3 ^= v0
        v2 += v1
        _rotate(v1, 17, spare)
        v1 ^= v2
        _rotate(v2, 32, spare)


def _rotate(word: NDArray[np.uint64], bits: int, spare: NDArray[np.uint64]) -> None:
    np.right_shift(word, np.uint64(64 - bits), out=spare)
    word <<= np.uint64(bits)
    word |= spare


def _wrong(got: str, wanted: str) -> WrongHashInput:
    return WrongHashInput(got=got, wanted=wanted, act="the caller must give a key and messages of that form")
