"""Signatures: for exactly these bytes, this purpose and this key; keys that bind nobody are refused."""

import pytest

from protocol.signing import _SMALL_ORDER_Y, BadSignature, Purpose, WeakKey, check_key, sign, verify
from protocol.words.ids import IdentityKey, Signature
from tests import example

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P  # RFC 8032 section 5.1
KEY = IdentityKey(example.public_hex("somebody"))


def test_a_signature_holds_for_its_bytes_purpose_and_key_only() -> None:
    signature = sign(b"body", key=example.signing_key("somebody"), purpose=Purpose.STUDY)
    verify(signature, b"body", key=KEY, purpose=Purpose.STUDY, signer="somebody")
    other_key = IdentityKey(example.public_hex("somebody else"))
    flipped = Signature(("1" if signature[0] == "0" else "0") + signature[1:])
    for wrong_signature, body, key, purpose in (
        (signature, b"body ", KEY, Purpose.STUDY),
        (signature, b"body", KEY, Purpose.APPROVAL),
        (signature, b"body", other_key, Purpose.STUDY),
        (flipped, b"body", KEY, Purpose.STUDY),
    ):
        with pytest.raises(BadSignature):
            verify(wrong_signature, body, key=key, purpose=purpose, signer="somebody")


def test_the_signed_bytes_are_those_of_the_document() -> None:
    """docs/protocol.md section 3, checked with the library alone."""
    signature = sign(b"{}", key=example.signing_key("somebody"), purpose=Purpose.RELEASE)
    public = example.signing_key("somebody").public_key()
    public.verify(bytes.fromhex(signature), b"samenzicht/v1/release\n{}")


def test_the_list_of_weak_keys_is_every_encoding_of_a_point_of_small_order() -> None:
    """Found again by arithmetic on the curve: 8 P = 0, over every y below 2^255 that is congruent to such a point."""
    ys = {y % P for y in _small_order_ys()}
    encodings = {value.to_bytes(32, "little").hex() for y in ys for value in (y, y + P) if value < 2**255}
    assert encodings == _SMALL_ORDER_Y


@pytest.mark.parametrize("sign_bit", [0x00, 0x80])
@pytest.mark.parametrize("y", sorted(_SMALL_ORDER_Y))
def test_a_weak_key_is_refused(y: str, sign_bit: int) -> None:
    raw = bytearray.fromhex(y)
    raw[31] |= sign_bit
    with pytest.raises(WeakKey):
        check_key(IdentityKey(raw.hex()))


def test_under_a_weak_key_one_signature_would_fit_many_messages() -> None:
    """Control: what the refusal is for. With the identity as key, R = identity and s = 0 fit every message."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 - the control only

    identity = bytes([1]) + bytes(31)
    forged = Signature((identity + bytes(32)).hex())
    Ed25519PublicKey.from_public_bytes(identity).verify(bytes.fromhex(forged), b"any message at all")
    with pytest.raises(WeakKey):
        verify(forged, b"any", key=IdentityKey(identity.hex()), purpose=Purpose.STUDY, signer="somebody")


def _small_order_ys() -> list[int]:
    """Y of the points whose order divides 8: (0, 1), (0, -1), (+-i, 0) and the four that double to (+-i, 0)."""
    # Doubling gives y' = (y^2 + x^2) / (1 - d x^2 y^2), which is 0 when x^2 = -y^2;
    # the curve -x^2 + y^2 = 1 + d x^2 y^2 then says d y^4 + 2 y^2 - 1 = 0.
    roots = []
    root = _square_root((1 + D) % P)
    for sign_of_root in (root, -root):
        square = (sign_of_root - 1) * pow(D, -1, P) % P
        if pow(square, (P - 1) // 2, P) == 1:
            y = _square_root(square)
            roots += [y, P - y]
    return [1, P - 1, 0, *roots]


def _square_root(value: int) -> int:
    root = pow(value, (P + 3) // 8, P)
    if root * root % P != value:
        root = root * pow(2, (P - 1) // 4, P) % P
    assert root * root % P == value
    return root
