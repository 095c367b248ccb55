"""Computes: Ed25519 signatures under a purpose, so that a signature given for one thing never serves another.

What is signed is `samenzicht/v1/<purpose>`, a newline, and the canonical bytes. No purpose holds a newline.
Source: RFC 8032 (Ed25519).
"""

from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol.errors import SignatureRefusal
from protocol.words.ids import ApprovalKey, IdentityKey, Signature

SigningKey = Ed25519PrivateKey  # a party's or officer's private key; who needs the type imports it from here

_PREFIX = "samenzicht/v1/"

# The y coordinates of the eight points of small order, with the encodings that decode to them (y or y + p, any sign).
# Under such a key one signature fits many messages, so nobody could be held to what was signed.
_SMALL_ORDER_Y = frozenset(
    {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    }
)


class Purpose(StrEnum):
    """What a signature is given for."""

    COVENANT = "covenant"
    STUDY = "study"
    APPROVAL = "approval"
    DECLARATION = "declaration"
    RELEASE = "release"
    ROUND = "round"
    REPLAY = "replay"
    LINK = "link"


class BadSignature(SignatureRefusal):
    """The signature does not hold for these bytes, this purpose and this key."""


class WeakKey(SignatureRefusal):
    """A public key of small order, or no point of the curve: its signatures bind nobody."""


def check_key(key: IdentityKey | ApprovalKey) -> None:
    """Refuse a key whose signatures bind nobody.

    Raises: WeakKey.
    """
    raw = bytearray.fromhex(key)
    raw[31] &= 0x7F  # the sign bit of x
    if raw.hex() in _SMALL_ORDER_Y:
        raise WeakKey(
            got="a public key of small order",
            wanted="a key made by the keys command",
            act="the party must make new keys and send the public file again",
        )


def signing_key(raw: bytes) -> SigningKey:
    """Return the private key of 32 secret bytes."""
    return Ed25519PrivateKey.from_private_bytes(raw)


def public_key(key: SigningKey) -> IdentityKey:
    """Return the public half, as a covenant holds it."""
    return IdentityKey(key.public_key().public_bytes_raw().hex())


def sign(body: bytes, *, key: SigningKey, purpose: Purpose) -> Signature:
    """Return the signature of `body` for this purpose."""
    return Signature(key.sign(_signed_bytes(body, purpose)).hex())


def verify(signature: Signature, body: bytes, *, key: IdentityKey | ApprovalKey, purpose: Purpose, signer: str) -> None:
    """Refuse a signature that does not hold. signer: who is said to have signed, for the error.

    Raises: BadSignature, WeakKey.
    """
    check_key(key)
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        public.verify(bytes.fromhex(signature), _signed_bytes(body, purpose))
    except (InvalidSignature, ValueError):
        raise BadSignature(
            got=f"a {purpose} signature of {signer} that does not hold",
            wanted="one made with the key in the covenant over exactly these bytes",
            act=f"{signer} must sign again; if it says it did, keep both files as evidence",
        ) from None


def _signed_bytes(body: bytes, purpose: Purpose) -> bytes:
    return f"{_PREFIX}{purpose.value}\n".encode("ascii") + body
