"""Computes: SipHash-2-4 of bytes with Python integers, one message at a time; the slow reference of `keyed_hash`."""

_WORD = 2**64 - 1


def sip_hash(key: bytes, message: bytes) -> int:
    """Return the 64-bit hash of one message, straight from section 2.2 of the paper."""
    k0, k1 = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]
    padded = message + bytes(7 - len(message) % 8) + bytes([len(message) % 256])
    for at in range(0, len(padded), 8):
        word = int.from_bytes(padded[at : at + 8], "little")
        v[3] ^= word
        _round(_round(v))
        v[0] ^= word
    v[2] ^= 0xFF
    for _ in range(4):
        _round(v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _round(v: list[int]) -> list[int]:
    v[0] = (v[0] + v[1]) & _WORD
    v[2] = (v[2] + v[3]) & _WORD
    v[1], v[3] = _rotated(v[1], 13) ^ v[0], _rotated(v[3], 16) ^ v[2]
    v[0] = _rotated(v[0], 32)
    v[2] = (v[2] + v[1]) & _WORD
    v[0] = (v[0] + v[3]) & _WORD
    v[1], v[3] = _rotated(v[1], 17) ^ v[2], _rotated(v[3], 21) ^ v[0]
    v[2] = _rotated(v[2], 32)
    return v


def _rotated(word: int, bits: int) -> int:
    return (word << bits | word >> (64 - bits)) & _WORD
