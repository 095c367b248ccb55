"""Computes: the stream and the masks in plain Python integers, one AES block at a time, from the written definition.

Shares no code with `protocol/`. AES itself is the library's: one block in, one block out.
"""

from collections.abc import Mapping, Sequence

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def block(key: bytes, number: int) -> bytes:
    """Return keystream block `number`: the AES-256 encryption of that number in 16 bytes, big end first."""
    one_block = modes.ECB()  # noqa: S305 - AES as a function of one block; the counter is written out here
    return Cipher(algorithms.AES256(key), one_block).encryptor().update(number.to_bytes(16, "big"))


def word_at(key: bytes, cell: int, word_bits: int) -> int:
    """Return the keystream word that masks one cell."""
    first = cell * word_bits // 8
    inside = first % 16
    return int.from_bytes(block(key, first // 16)[inside : inside + word_bits // 8], "little")


def masked(values: Sequence[int], own_id: str, slot_keys: Mapping[str, bytes], word_bits: int) -> list[int]:
    """Return y of the party `own_id`, given its values and its slot key with each peer."""
    y = []
    for cell, value in enumerate(values):
        total = value
        for peer_id, key in slot_keys.items():
            word = word_at(key, cell, word_bits)
            total = total + word if own_id < peer_id else total - word
        y.append(total % 2**word_bits)
    return y


def opened(uploads: Sequence[Sequence[int]], word_bits: int) -> list[int]:
    """Return the centred sum of all uploads."""
    half, whole = 2 ** (word_bits - 1), 2**word_bits
    return [(sum(cells) + half) % whole - half for cells in zip(*uploads, strict=True)]


def to_bytes(cells: Sequence[int], word_bits: int) -> bytes:
    """Return the cells as they travel."""
    return b"".join(cell.to_bytes(word_bits // 8, "little") for cell in cells)
