"""Computes: AES-256 in counter mode, one byte at a time. Written from FIPS 197 and NIST SP 800-38A; slow on purpose."""

BLOCK_BYTES = 16
ROUNDS = 14
KEY_WORDS = 8


def _times_x(byte: int) -> int:
    """Multiply by x in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1 (FIPS 197, section 4.3)."""
    return ((byte << 1) ^ (0x11B if byte & 0x80 else 0)) & 0xFF


def _product(left: int, right: int) -> int:
    total = 0
    while right:
        if right & 1:
            total ^= left
        left, right = _times_x(left), right >> 1
    return total


def _substitute(byte: int) -> int:
    """Invert in the field, then the affine map (FIPS 197, section 5.1.1)."""
    inverse = next((other for other in range(256) if _product(byte, other) == 1), 0)
    result = 0x63
    for turn in range(5):
        result ^= (inverse << turn | inverse >> (8 - turn)) & 0xFF
    return result


S_BOX = tuple(_substitute(byte) for byte in range(256))


def _round_keys(key: bytes) -> list[list[int]]:
    """Return 15 round keys of 16 bytes (FIPS 197, section 5.2)."""
    words = [list(key[4 * index : 4 * index + 4]) for index in range(KEY_WORDS)]
    constant = 1
    for index in range(KEY_WORDS, 4 * (ROUNDS + 1)):
        word = words[-1]
        if index % KEY_WORDS == 0:
            word = [S_BOX[byte] for byte in word[1:] + word[:1]]
            word[0] ^= constant
            constant = _times_x(constant)
        elif index % KEY_WORDS == 4:
            word = [S_BOX[byte] for byte in word]
        words.append([a ^ b for a, b in zip(words[index - KEY_WORDS], word, strict=True)])
    return [[byte for word in words[4 * turn : 4 * turn + 4] for byte in word] for turn in range(ROUNDS + 1)]


def _mixed(column: list[int]) -> list[int]:
    """Mix one column (FIPS 197, section 5.1.3)."""
    a, b, c, d = column
    every = a ^ b ^ c ^ d
    return [
        a ^ every ^ _times_x(a ^ b),
        b ^ every ^ _times_x(b ^ c),
        c ^ every ^ _times_x(c ^ d),
        d ^ every ^ _times_x(d ^ a),
    ]


def encrypt_block(key: bytes, block: bytes) -> bytes:
    """Return the AES-256 encryption of 16 bytes."""
    return _encrypt(_round_keys(key), block)


def _encrypt(keys: list[list[int]], block: bytes) -> bytes:
    state = [byte ^ mask for byte, mask in zip(block, keys[0], strict=True)]
    for turn in range(1, ROUNDS + 1):
        # Bytes stand column by column; row r moves r columns to the left (section 5.1.2).
        state = [S_BOX[state[(place + 4 * (place % 4)) % 16]] for place in range(BLOCK_BYTES)]
        if turn < ROUNDS:
            state = [byte for start in range(0, BLOCK_BYTES, 4) for byte in _mixed(state[start : start + 4])]
        state = [byte ^ mask for byte, mask in zip(state, keys[turn], strict=True)]
    return bytes(state)


def keystream(key: bytes, *, lane: int, n_bytes: int) -> bytes:
    """Return the first bytes of counter blocks (lane, 0), (lane, 1), ..., each half 8 bytes big-endian."""
    keys = _round_keys(key)
    blocks = -(-n_bytes // BLOCK_BYTES)
    return b"".join(_encrypt(keys, lane.to_bytes(8) + count.to_bytes(8)) for count in range(blocks))[:n_bytes]
