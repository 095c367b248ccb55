"""Computes: pair and slot keys in plain Python, slowly, from RFC 7748, RFC 5869 and the formulas of the document.

Shares no code with `protocol/`: X25519 is the Montgomery ladder of RFC 7748 section 5 on Python integers, HKDF and HMAC
are the standard library's. Not constant in time; for tests only.
"""

import hmac
from hashlib import sha256

P = 2**255 - 19
A24 = 121665
BASE_POINT = (9).to_bytes(32, "little")


def x25519(scalar: bytes, point: bytes) -> bytes:
    """Return the u coordinate of scalar times point. Source: RFC 7748 section 5."""
    clamped = bytearray(scalar)
    clamped[0] &= 248
    clamped[31] = clamped[31] & 127 | 64
    k = int.from_bytes(clamped, "little")
    x_1 = int.from_bytes(point, "little") % 2**255 % P
    x_2, z_2, x_3, z_3 = 1, 0, x_1, 1
    swap = 0
    for t in reversed(range(255)):
        k_t = k >> t & 1
        if swap ^ k_t:
            x_2, x_3, z_2, z_3 = x_3, x_2, z_3, z_2
        swap = k_t
        a, b = (x_2 + z_2) % P, (x_2 - z_2) % P
        c, d = (x_3 + z_3) % P, (x_3 - z_3) % P
        aa, bb, da, cb = a * a % P, b * b % P, d * a % P, c * b % P
        e = (aa - bb) % P
        x_3, z_3 = (da + cb) ** 2 % P, x_1 * (da - cb) ** 2 % P
        x_2, z_2 = aa * bb % P, e * (aa + A24 * e) % P
    if swap:
        x_2, z_2 = x_3, z_3
    return (x_2 * pow(z_2, P - 2, P) % P).to_bytes(32, "little")


def hkdf_32(secret: bytes, *, salt: bytes, info: bytes) -> bytes:
    """Return 32 bytes of HKDF-SHA256. Source: RFC 5869; one block, since 32 bytes are one SHA-256."""
    extracted = hmac.new(salt, secret, sha256).digest()
    return hmac.new(extracted, info + b"\x01", sha256).digest()


def pair_info(id_1: str, public_1: bytes, id_2: str, public_2: bytes) -> bytes:
    """Return what binds a pair key to its pair: the same bytes whichever party comes first."""
    if id_1 > id_2:
        id_1, public_1, id_2, public_2 = id_2, public_2, id_1, public_1
    out = b""
    for part in (b"pair", id_1.encode(), public_1, id_2.encode(), public_2):
        out += len(part).to_bytes(8, "big") + part
    return out


def pair_key(private: bytes, own_id: str, peer_id: str, peer_public: bytes, covenant_digest: bytes) -> bytes:
    """Return K_ij as the party with this private key computes it."""
    info = pair_info(own_id, x25519(private, BASE_POINT), peer_id, peer_public)
    return hkdf_32(x25519(private, peer_public), salt=covenant_digest, info=info)


def slot_key(pair: bytes, ctx: bytes) -> bytes:
    """Return the key of one pair for one round context."""
    return hmac.new(pair, ctx, sha256).digest()
