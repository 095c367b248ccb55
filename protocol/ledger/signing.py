"""Computes: the keys that sign notes: verifier keys as text, key ids, and the check of a raw signature.

The one home of `cryptography` in the ledger. A private key never comes here as bytes: a signer is a verifier key and
a function that signs, which its keeper hands in.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from protocol.errors import LedgerRefusal
from protocol.ledger.encoding import parse_base64, to_base64

KEY_ID_BYTES = 4

_KEY_ID = re.compile(r"[0-9a-f]{8}")
_OWNER_ACTS = "the owner of the key must hand over its verifier key again"


class KeyKind(IntEnum):
    """The signature types of C2SP signed-note that we use, by their identifier byte."""

    ED25519 = 0x01
    COSIGNATURE_V1 = 0x04  # Ed25519 with a timestamp
    ML_DSA_44 = 0x06  # cosignature with a timestamp


PUBLIC_KEY_BYTES = {KeyKind.ED25519: 32, KeyKind.COSIGNATURE_V1: 32, KeyKind.ML_DSA_44: 1312}
RAW_SIGNATURE_BYTES = {KeyKind.ED25519: 64, KeyKind.COSIGNATURE_V1: 64, KeyKind.ML_DSA_44: 2420}


class BadKeyName(LedgerRefusal):
    """A key name that is empty, or holds a space, a plus or a control character."""


class BadVerifierKey(LedgerRefusal):
    """Text that is not `name+keyid+base64` with a key of the right length behind its type byte."""


class UnknownKeyKind(LedgerRefusal):
    """A verifier key of a signature type that this version does not use."""


class WrongKeyId(LedgerRefusal):
    """A verifier key whose id is not the hash of its name, type and public key."""


class WrongKeyRole(LedgerRefusal):
    """A key of a type that may not sign in this place: a log's for a witness's, or the reverse."""


class BadNoteSignature(LedgerRefusal):
    """A signature under a known key that does not hold for this text."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under a name, for one signature type. Source: C2SP signed-note, verifier keys."""

    name: str
    kind: KeyKind
    public_key: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public_key) != PUBLIC_KEY_BYTES[self.kind]:
            raise BadVerifierKey(
                got=f"a public key of {len(self.public_key)} bytes",
                wanted=f"{PUBLIC_KEY_BYTES[self.kind]} for type {self.kind:#04x}",
                act=_OWNER_ACTS,
            )

    @property
    def key_id(self) -> bytes:
        """The four bytes by which signature lines name this key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public_key).digest()[:KEY_ID_BYTES]

    def encode(self) -> str:
        """Return the key as text, without newline."""
        return f"{self.name}+{self.key_id.hex()}+{to_base64(bytes([self.kind]) + self.public_key)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the key that `text` writes.

        Raises: BadVerifierKey, BadKeyName, NotBase64, UnknownKeyKind, WrongKeyId.
        """
        name, _, rest = text.partition("+")
        key_id, _, material = rest.partition("+")
        typed = parse_base64(material, what="verifier key")
        if not _KEY_ID.fullmatch(key_id) or not typed:
            raise BadVerifierKey(got="text of another form", wanted="name+keyid+base64", act=_OWNER_ACTS)
        if typed[0] not in set(KeyKind):
            wanted = ", ".join(f"{kind:#04x}" for kind in KeyKind)
            raise UnknownKeyKind(got=f"signature type {typed[0]:#04x}", wanted=wanted, act=_OWNER_ACTS)
        key = cls(name, KeyKind(typed[0]), typed[1:])
        if key.key_id.hex() != key_id:
            raise WrongKeyId(got="a key id of another key", wanted="the hash of this one", act=_OWNER_ACTS)
        return key

    def check(self, message: bytes, signature: bytes) -> None:
        """Check a raw signature over the message that the signature type prescribes.

        Raises: BadNoteSignature.
        """
        try:
            if self.kind == KeyKind.ML_DSA_44:
                MLDSA44PublicKey.from_public_bytes(self.public_key).verify(signature, message)
            else:
                Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except InvalidSignature:
            raise BadNoteSignature(
                got="a signature that does not hold",
                wanted="one by the known key that the line names",
                act="the sender must send the note as it was signed; keep what it sent as evidence",
            ) from None


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """A verifier key and the function that signs for it; the private key stays with its keeper."""

    key: VerifierKey
    sign: Callable[[bytes], bytes] = field(repr=False)


def ed25519_signer(name: str, private_key: Ed25519PrivateKey, *, kind: KeyKind = KeyKind.ED25519) -> NoteSigner:
    """Return a signer of notes, or of cosignatures when `kind` says so.

    Raises: BadKeyName, BadVerifierKey.
    """
    return NoteSigner(VerifierKey(name, kind, private_key.public_key().public_bytes_raw()), private_key.sign)


def ml_dsa_signer(name: str, private_key: MLDSA44PrivateKey) -> NoteSigner:
    """Return a signer of ML-DSA-44 cosignatures.

    Raises: BadKeyName.
    """
    key = VerifierKey(name, KeyKind.ML_DSA_44, private_key.public_key().public_bytes_raw())
    return NoteSigner(key, private_key.sign)


def check_name(name: str) -> None:
    """Refuse a name that no signature line could carry.

    Raises: BadKeyName.
    """
    if not name or any(_cannot_name(letter) for letter in name):
        raise BadKeyName(
            got="a key name of another form",
            wanted="one or more characters, none of them a space, a plus or a control character",
            act=_OWNER_ACTS,
        )


def check_role(key: VerifierKey, *allowed: KeyKind) -> None:
    """Refuse a key of another signature type than this place allows.

    Raises: WrongKeyRole.
    """
    if key.kind not in allowed:
        raise WrongKeyRole(
            got=f"a key of type {key.kind:#04x}",
            wanted=" or ".join(f"{kind:#04x}" for kind in allowed),
            act="whoever wrote the key here must use one made for this place",
        )


def _cannot_name(letter: str) -> bool:
    """Tell Unicode spaces (as Go's unicode.IsSpace), plus, control characters and half a surrogate pair."""
    return letter.isspace() or letter == "+" or letter < " " or "\ud800" <= letter <= "\udfff"
