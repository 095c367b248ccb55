"""Computes: C2SP cosignatures: a witness's timestamped signature of a checkpoint.

Two kinds: cosignature/v1 (Ed25519, type 0x04) and ML-DSA-44 (type 0x06), which also stands against quantum computers
and which a log may use for its own signature. Both can stand on one note.
Source: https://c2sp.org/tlog-cosignature.
"""

from dataclasses import dataclass
from typing import Self

from protocol.errors import LedgerRefusal
from protocol.ledger.checkpoint import Checkpoint
from protocol.ledger.encoding import check_number
from protocol.ledger.note import Note, NoteSignature, check_ed25519
from protocol.ledger.signing import RAW_SIGNATURE_BYTES, KeyKind, NoteSigner, VerifierKey, check_role

MAX_TIMESTAMP = 2**63 - 1  # the specification's limit
TIMESTAMP_BYTES = 8
MAX_ML_DSA_NAME_BYTES = 255  # names stand behind one length byte

_ML_DSA_LABEL = b"subtree/v1\n\x00"
_WITNESS_ACTS = "the witness must cosign as C2SP tlog-cosignature prescribes"


class WrongCosignatureLength(LedgerRefusal):
    """A cosignature that is not eight bytes of time and one signature of its type."""


class ExtensionNotSigned(LedgerRefusal):
    """A checkpoint with extension lines under an ML-DSA-44 signature, which does not cover them."""


class NameTooLong(LedgerRefusal):
    """A cosigner's or log's name of more than 255 bytes under an ML-DSA-44 signature."""


@dataclass(frozen=True, slots=True)
class Cosignature:
    """When a cosigner signed (POSIX seconds; 0 in ML-DSA-44 means it does not say) and its raw signature."""

    timestamp: int
    raw: bytes

    def __post_init__(self) -> None:
        _check_timestamp(self.timestamp)

    def encode(self) -> bytes:
        """Return the bytes that follow the key id on the signature line."""
        return self.timestamp.to_bytes(TIMESTAMP_BYTES, "big") + self.raw

    @classmethod
    def parse(cls, body: bytes, kind: KeyKind) -> Self:
        """Return the cosignature that `body` encodes.

        Raises: WrongKeyRole, WrongCosignatureLength, NumberOutOfRange.
        """
        wanted = TIMESTAMP_BYTES + RAW_SIGNATURE_BYTES[kind]
        if len(body) != wanted:
            raise WrongCosignatureLength(
                got=f"a cosignature of {len(body)} bytes", wanted=f"{wanted}", act=_WITNESS_ACTS
            )
        return cls(int.from_bytes(body[:TIMESTAMP_BYTES], "big"), body[TIMESTAMP_BYTES:])


def cosign(note: Note, signer: NoteSigner, *, timestamp: int) -> Note:
    """Return the note with one more cosignature; an earlier one by the same key gives way.

    timestamp: POSIX seconds. Not promised: that the cosigner saw only heads consistent with this one; the caller
    must have checked that before it signs.
    Raises: WrongKeyRole, NumberOutOfRange, ExtensionNotSigned, NameTooLong and what `Checkpoint.parse` raises.
    """
    checkpoint = Checkpoint.parse(note.text)
    _check_timestamp(timestamp)
    cosignature = Cosignature(timestamp, signer.sign(_message(signer.key, checkpoint, timestamp)))
    return note.with_signature(NoteSignature(signer.key.name, signer.key.key_id, cosignature.encode()))


def check_signature(key: VerifierKey, text: str, signature: bytes) -> None:
    """Check a signature of any of our three types over a checkpoint; the `note.Check` for checkpoints.

    Raises: BadNoteSignature, WrongCosignatureLength, NumberOutOfRange, ExtensionNotSigned, NameTooLong and what
    `Checkpoint.parse` raises.
    """
    if key.kind == KeyKind.ED25519:
        check_ed25519(key, text, signature)
        return
    cosignature = Cosignature.parse(signature, key.kind)
    key.check(_message(key, Checkpoint.parse(text), cosignature.timestamp), cosignature.raw)


def _message(key: VerifierKey, checkpoint: Checkpoint, timestamp: int) -> bytes:
    check_role(key, KeyKind.COSIGNATURE_V1, KeyKind.ML_DSA_44)
    if key.kind == KeyKind.COSIGNATURE_V1:
        return f"cosignature/v1\ntime {timestamp}\n{checkpoint.encode()}".encode()
    return _ml_dsa_message(key.name, checkpoint, timestamp)


def _ml_dsa_message(cosigner: str, checkpoint: Checkpoint, timestamp: int) -> bytes:
    """Return the `cosigned_message` over leaves 0 to size, which is how the specification signs a checkpoint."""
    # The specification leaves extensions unsigned; we refuse them, so that no unsigned line is ever read as signed.
    if checkpoint.extensions:
        raise ExtensionNotSigned(
            got=f"{len(checkpoint.extensions)} extension lines under ML-DSA-44", wanted="none", act=_WITNESS_ACTS
        )
    parts = (
        _ML_DSA_LABEL,
        _behind_length(cosigner),
        timestamp.to_bytes(TIMESTAMP_BYTES, "big"),
        _behind_length(checkpoint.origin),
        (0).to_bytes(8, "big"),
        checkpoint.size.to_bytes(8, "big"),
        checkpoint.root,
    )
    return b"".join(parts)


def _check_timestamp(timestamp: int) -> None:
    check_number(timestamp, what="cosignature time", limit=MAX_TIMESTAMP)


def _behind_length(name: str) -> bytes:
    body = name.encode()
    if len(body) > MAX_ML_DSA_NAME_BYTES:
        raise NameTooLong(
            got=f"a name of {len(body)} bytes", wanted=f"at most {MAX_ML_DSA_NAME_BYTES}", act=_WITNESS_ACTS
        )
    return bytes([len(body)]) + body
