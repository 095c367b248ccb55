"""Computes: masks, noise and sums of a round in plain integers, from sections 10.3 and 10.4 of docs/protocol.md.

AES is the library's, one block in, one block out. Nothing is shared with the house's code. Slow on purpose.
"""

import hmac
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import sha256

from tests.reference.aes256 import keystream
from tests.reference.agreement import pair_key, slot_key
from tests.reference.honest_round import Agreement
from tests.reference.honest_wire import labelled_hash
from tests.reference.masks import block
from tests.reference.noise_expansion import columns


def stream(key: bytes, cells: int, word_bits: int) -> list[int]:
    """Return the first words of a key's stream."""
    blocks = -(-cells * word_bits // 128)
    return words_of(b"".join(block(key, number) for number in range(blocks)), word_bits)[:cells]


def words_of(body: bytes, word_bits: int) -> list[int]:
    """Return bytes cut into words."""
    step = word_bits // 8
    return [int.from_bytes(body[at : at + step], "little") for at in range(0, len(body), step)]


def bytes_of(cells: Sequence[int], word_bits: int) -> bytes:
    """Return cells as they travel."""
    return b"".join((cell % 2**word_bits).to_bytes(word_bits // 8, "little") for cell in cells)


def sign_of(own: str, peer: str) -> int:
    """Return sgn(j - i) for i's own id and a peer j."""
    return 1 if own < peer else -1


def pair_key_of(agreement: Agreement, own: str, private: bytes, peer: str) -> bytes:
    """Return K_ij as `own` computes it."""
    return pair_key(private, own, peer, agreement.keys("agreement_key")[peer], agreement.covenant_digest)


def mask(agreement: Agreement, own: str, private: bytes, peers: Sequence[str], context: bytes, cells: int) -> list[int]:
    """Return the sum of the signed streams with each peer for one context."""
    total = [0] * cells
    for peer in peers:
        key = slot_key(pair_key_of(agreement, own, private, peer), context)
        words = stream(key, cells, agreement.study["ring_bits"])
        total = [have + sign_of(own, peer) * word for have, word in zip(total, words, strict=True)]
    return total


def centred_sum(vectors: Sequence[Sequence[int]], word_bits: int) -> list[int]:
    """Return the sum of all vectors; residues of 2^(w-1) and above are negative."""
    half, whole = 2 ** (word_bits - 1), 2**word_bits
    return [(sum(cells) + half) % whole - half for cells in zip(*vectors, strict=True)]


@dataclass(slots=True)
class Noise:
    """The draws of one key, going on where the last ones ended."""

    key: bytes
    used: dict[int, int] = field(default_factory=dict)

    def draw(self, variance: Fraction, size: int, lane: int = 0) -> list[int]:
        """Return draws by the rules that privacy/noise.py states."""
        if variance > 2**24:
            fine = self.draw(Fraction(2**23), size, lane)
            coarse = self.draw((variance - 2**23) / 2**20, size, lane + 2)
            return [small + 1024 * large for small, large in zip(fine, coarse, strict=True)]
        table = columns(variance)
        outcomes = []
        for word in words_of(self._take(2 * size, lane), 16):
            place = bisect_right(table.words, word)
            if word >= table.words[-1]:
                high, low = words_of(self._take(16, lane + 1), 64)
                rest = (word - table.words[-1]) * 2**112 + (high >> 16) * 2**64 + low
                place = bisect_right(table.rests, rest)
            outcomes.append(place - table.reach)
        return outcomes

    def _take(self, n_bytes: int, lane: int) -> bytes:
        start = self.used.get(lane, 0)
        self.used[lane] = start + n_bytes
        return keystream(self.key, lane=lane, n_bytes=start + n_bytes)[start:]


def noise_of(seed: bytes, slot_id: str, attempt: int, bound_to: bytes) -> Noise:
    """Return the noise of a seed in one attempt, bound to com or, in a repair, to ctx'."""
    text = labelled_hash("noise", bytes.fromhex(slot_id), attempt.to_bytes(8, "big"), bound_to)
    return Noise(hmac.new(seed, text, sha256).digest())
