"""Computes: masks that hide one party's vector and cancel in the sum of all.

    y_i = x_i + sum over j != i of sgn(j - i) * stream(slot key of i and j)   mod 2^w

**The stream.** Keystream block b = 0, 1, 2, ... of a 32-byte key is AES-256(key, C_b), where C_b is the number b in 16
bytes, big end first: the first block encrypts sixteen zero bytes, the second 00..01. That is AES-256-CTR with an
all-zero initial counter block over zeros (NIST SP 800-38A section 6.5). The blocks are laid end to end and cut into
words of w / 8 bytes, little end first; cell k takes word k. A key serves one stream, once: it comes from one context
of one pair (`agreement.slot_key`), so the counter may start at zero.

**The fast path.** XTS (IEEE 1619) encrypts block P as AES(k1, P ^ T) ^ T, where T starts as AES(k2, tweak) and doubles
in GF(2^128) from block to block. Under the tweak that AES(k2, .) takes to zero, T is zero throughout, and XTS over the
counter blocks is the stream, through the widest AES instructions, which OpenSSL has for XTS and lacks for CTR. k2 and
the tweak are public constants and guard nothing. `choose` compares both with this machine's library before first use;
on any difference or refusal it takes plain CTR, with the same bytes. (GCM's keystream would do too, but pays for a
tag; CFB decryption is fast only where the processor has VAES, and twelve times slower elsewhere.)
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

import numpy as np
from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from protocol.agreement import SlotKey
from protocol.errors import RoundRefusal
from protocol.round.ring import MAX_PARTIES, MaskedVector, Ring, RingVector, WrongCellCount, aligned_bytes, check_alike

UpdateInto = Callable[[memoryview, memoryview], int]  # the cipher's next blocks: from, to

BLOCK_BYTES = 16
# Counter blocks and keystream of one tile, 88 KiB each, stay in a 1 MiB second-level cache beside the vector's own
# tile, and under the 0.2 MiB that masking may take together; smaller tiles pay more for their calls.
TILE_BYTES = 88 * 1024

_XTS_SECOND_KEY = sha256(b"samenzicht/v1/xts-second-key").digest()


class NoNeighbours(RoundRefusal):
    """A vector without a peer to mask it against: it would leave bare."""


class WrongSlotKeys(RoundRefusal):
    """Slot keys that are not one for each peer of one party."""


class WrongUploads(RoundRefusal):
    """Another number of uploads than the round has participants: their masks would not cancel."""


@dataclass(frozen=True, slots=True)
class Keystream:
    """One way to compute the stream.

    start: key -> the cipher's `update_into`. over_counters: it encrypts the counter blocks (True), or zeros (False).
    """

    start: Callable[[bytes], UpdateInto]
    over_counters: bool


def _start_ctr(key: bytes) -> UpdateInto:
    return Cipher(algorithms.AES(key), modes.CTR(bytes(BLOCK_BYTES))).encryptor().update_into


def _start_xts(key: bytes) -> UpdateInto:
    return Cipher(algorithms.AES(key + _XTS_SECOND_KEY), modes.XTS(_zero_tweak())).encryptor().update_into


@cache
def _zero_tweak() -> bytes:
    """Return the tweak that the second key encrypts to zero: one block of zeros, decrypted."""
    return Cipher(algorithms.AES(_XTS_SECOND_KEY), modes.CBC(bytes(BLOCK_BYTES))).decryptor().update(bytes(BLOCK_BYTES))


PLAIN = Keystream(_start_ctr, over_counters=False)
FAST = Keystream(_start_xts, over_counters=True)


@cache
def choose(candidate: Keystream = FAST) -> Keystream:
    """Return the candidate if it gives the stream of plain CTR with this machine's library, else plain CTR.

    Compared are two keys over three tiles, the last one cut short: counters pass 2^8 and 2^13, and each tile is a call.
    """
    for key in (sha256(b"samenzicht/v1/self-test/1").digest(), sha256(b"samenzicht/v1/self-test/2").digest()):
        try:
            is_equal = _first_blocks(candidate, key) == _first_blocks(PLAIN, key)
        except (ValueError, UnsupportedAlgorithm, InternalError):
            return PLAIN  # this library refuses the candidate; nothing was masked yet
        if not is_equal:
            return PLAIN
    return candidate


class _Tiles:
    """The memory that masking takes, whatever the number of peers: what one tile is encrypted from, and to."""

    def __init__(self, keystream: Keystream) -> None:
        self._over_counters = keystream.over_counters
        self._source = aligned_bytes(TILE_BYTES)
        self._source[:] = 0
        self.stream = aligned_bytes(TILE_BYTES + BLOCK_BYTES)  # the cipher wants room for a block more
        self.target = self.stream.data

    def source_of(self, tile: int, *, stream_bytes: int) -> memoryview:
        """Return what to encrypt for the first `stream_bytes` of a tile, in whole blocks."""
        if self._over_counters:
            blocks = TILE_BYTES // BLOCK_BYTES
            # Counters stay below 2^32, so only the last four bytes of each block change from tile to tile.
            self._source.view(">u4")[3::4] = np.arange(tile * blocks, (tile + 1) * blocks, dtype=np.uint32)
        return self._source.data[: -(-stream_bytes // BLOCK_BYTES) * BLOCK_BYTES]


def _first_blocks(keystream: Keystream, key: bytes) -> bytes:
    """Return two tiles and 17 blocks of the stream of one key."""
    update_into = keystream.start(key)
    tiles = _Tiles(keystream)
    parts = []
    for tile, length in enumerate((TILE_BYTES, TILE_BYTES, 17 * BLOCK_BYTES)):
        update_into(tiles.source_of(tile, stream_bytes=length), tiles.target)
        parts.append(tiles.stream[:length].tobytes())
    return b"".join(parts)


def mask(vector: RingVector, keys: tuple[SlotKey, ...], *, keystream: Keystream | None = None) -> MaskedVector:
    """Return the vector under the masks of all peers, in the vector's own memory; the vector is taken.

    keys: one for each other participant, all of one context. keystream: None for the fastest that `choose` proves.
    Extra memory: below 0.2 MiB and 2 KiB a peer, whatever the length.
    Not promised: that the keys are of one context; the round derives them all from one.
    Raises: NoNeighbours, WrongSlotKeys, VectorTaken.
    """
    _check_keys(keys)
    way = choose() if keystream is None else keystream
    streams = [(way.start(key.reveal()), np.add if key.adds else np.subtract) for key in keys]
    tiles = _Tiles(way)
    cells = vector.take()
    words = tiles.stream[:TILE_BYTES].view(cells.dtype)
    for tile, first in enumerate(range(0, cells.size, words.size)):
        part = cells[first : first + words.size]
        source = tiles.source_of(tile, stream_bytes=part.nbytes)
        stream, target = words[: part.size], tiles.target
        # Every peer over one tile before the next tile: the tile stays in the cache.
        for update_into, combine in streams:
            update_into(source, target)
            combine(part, stream, part)
    return MaskedVector(cells)


def open_sum(uploads: tuple[MaskedVector, ...], ring: Ring) -> RingVector:
    """Return the sum mod 2^w of the uploads of all participants, in which every mask has cancelled.

    Not promised: that each upload is of another participant; the coordinator's round holds that.
    Raises: WrongUploads, WrongCellCount.
    """
    if len(uploads) != ring.parties:
        raise WrongUploads(
            got=f"{len(uploads)} uploads",
            wanted=f"{ring.parties}, one of each participant",
            act="the coordinator must wait for the missing participants, or repair",
        )
    first = uploads[0].cells
    for upload in uploads:
        check_alike(first, upload.cells)
    if uploads[0].word != ring.word:
        raise WrongCellCount(
            got=f"uploads of {uploads[0].word} bits", wanted=f"{ring.word}", act="the parties must mask in this ring"
        )
    total = aligned_bytes(first.nbytes).view(first.dtype)
    np.copyto(total, first)
    for upload in uploads[1:]:  # whole vectors: long reads reach the memory's speed, tiles do not
        np.add(total, upload.cells, total)
    return RingVector(total)


def _check_keys(keys: tuple[SlotKey, ...]) -> None:
    if not keys:
        raise NoNeighbours(
            got="no peer to mask against",
            wanted="at least one, and in a round n_min",
            act="the coordinator must propose a round with more participants",
        )
    owners = {key.own_id for key in keys}
    peers = {key.peer_id for key in keys}
    if len(owners) != 1 or len(peers) != len(keys) or owners & peers or len(keys) >= MAX_PARTIES:
        raise WrongSlotKeys(
            got=f"{len(keys)} slot keys of {len(owners)} parties for {len(peers)} peers",
            wanted=f"one key for each peer of one party, fewer than {MAX_PARTIES}",
            act="the caller must derive one key for each other participant",
        )
