"""Cosignatures of both kinds on one note, beside other implementations' and the specification's words."""

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from protocol.errors import LedgerRefusal
from protocol.ledger.checkpoint import Checkpoint, sign_checkpoint
from protocol.ledger.cosignature import (
    MAX_TIMESTAMP,
    Cosignature,
    ExtensionNotSigned,
    NameTooLong,
    WrongCosignatureLength,
    check_signature,
    cosign,
)
from protocol.ledger.encoding import NumberOutOfRange
from protocol.ledger.note import Note, NoteSignature, TooManySignatures, verified_keys
from protocol.ledger.policy import Policy, TrustedLog, Witness, WitnessGroup
from protocol.ledger.quorum import QuorumNotMet, open_checkpoint
from protocol.ledger.signing import BadNoteSignature, KeyKind, NoteSigner, WrongKeyRole
from tests.protocol.ledger.samples import (
    LOG,
    NOW,
    ORIGIN,
    QUANTUM,
    VECTORS,
    WITNESSES,
    cosigned,
    plain_signer,
    quantum_signer,
    small_checkpoint,
    witness_signer,
)


def test_a_cosignature_signs_the_two_lines_and_the_checkpoint_that_the_specification_prints() -> None:
    note = sign_checkpoint(replace(small_checkpoint(), extensions=("extension",)), LOG)
    signature = cosign(note, WITNESSES[0], timestamp=1679315147).signatures[-1].signature
    message = b"cosignature/v1\ntime 1679315147\n" + note.text.encode()
    assert signature[:8] == bytes.fromhex("00000000641850cb")
    assert signature[8:] == Ed25519PrivateKey.from_private_bytes(bytes([10]) * 32).sign(message)


def test_an_ml_dsa_cosignature_signs_the_structure_that_the_specification_prints() -> None:
    """L21: written out by hand; torchwood's vector in `test_note.py` is the other witness to it."""
    signature = cosign(cosigned(), QUANTUM, timestamp=NOW).signatures[-1].signature
    message = (
        b"subtree/v1\n\0"
        b"\x0fquantum.example"
        + NOW.to_bytes(8, "big")
        + b"\x11vt-01.example/log"
        + bytes(8)
        + (11).to_bytes(8, "big")
        + small_checkpoint().root
    )
    assert len(signature) == 8 + 2420
    MLDSA44PublicKey.from_public_bytes(QUANTUM.key.public_key).verify(signature[8:], message)


def test_the_time_of_a_published_cosignature_reads() -> None:
    """The specification's example, and one of transparency-dev's: 2023-03-20 and 2024-10-03."""
    note = Note.parse((VECTORS / "notes" / "c2sp-cosigned.note").read_bytes())
    assert Cosignature.parse(note.signatures[1].signature, KeyKind.COSIGNATURE_V1).timestamp == 1679315147
    line = "ZGhGuQAAAABm/qTPeyKXD+R2rzyQsxPiP8mXum7qq/iF0u4vanlqJyocWODBt97w9uL+8qT7S5gxEHWWOworDcFiEBYJXORmnFBOBA=="
    assert Cosignature.parse(base64.b64decode(line)[4:], KeyKind.COSIGNATURE_V1).timestamp == 1727964367


def test_both_kinds_of_cosignature_stand_on_one_note_under_one_policy() -> None:
    """L21: ML-DSA-44 lines of 3.2 kB beside Ed25519 ones; the policy decides which are asked for."""
    note = Note.parse(cosigned(*WITNESSES, QUANTUM).encode())
    assert len(note.signatures[-1].encode()) > 3200
    witnesses = [Witness(f"w{number}", signer.key) for number, signer in enumerate((*WITNESSES, QUANTUM))]
    for group, met_without in (
        (WitnessGroup("g", 4, ("w0", "w1", "w2", "w3")), ()),
        (WitnessGroup("g", 3, ("w0", "w1", "w2", "w3")), ("w3",)),
        (WitnessGroup("g", 1, ("w3",)), ()),
    ):
        policy = Policy.of(logs=[TrustedLog(LOG.key)], witnesses=witnesses, groups=[group], quorum="g")
        assert open_checkpoint(note, policy) == small_checkpoint()
        without = Note(note.text, note.signatures[:-1])
        if met_without:
            assert open_checkpoint(without, policy) == small_checkpoint()
        else:
            with pytest.raises(QuorumNotMet):
                open_checkpoint(without, policy)


def test_a_log_may_sign_with_ml_dsa_alone() -> None:
    """L21: C2SP advises it for new logs; time 0 says that the signer states no time."""
    log = quantum_signer(ORIGIN, 9)
    unsigned = NoteSignature("nobody", b"1234", b"placeholder")
    note = cosign(Note(small_checkpoint().encode(), (unsigned,)), log, timestamp=0)
    policy = Policy.of(logs=[TrustedLog(log.key)])
    assert open_checkpoint(note, policy) == small_checkpoint()


def test_sixteen_ml_dsa_lines_are_accepted_and_a_seventeenth_is_not() -> None:
    """L21: limits hold with the largest signatures: 52 kB of note."""
    signers = [quantum_signer(f"quantum-{number}.example", number) for number in range(16)]
    note = cosigned(*signers[:15])
    assert 48_000 < len(note.encode()) < 60_000
    keys = [LOG.key, *(signer.key for signer in signers[:15])]
    assert len(verified_keys(Note.parse(note.encode()), keys, check=check_signature)) == 16
    with pytest.raises(TooManySignatures):
        cosign(note, signers[15], timestamp=NOW)


@pytest.mark.parametrize("signer", [WITNESSES[0], QUANTUM], ids=["ed25519", "ml-dsa-44"])
def test_a_cosignature_holds_for_nothing_else(signer: NoteSigner) -> None:
    note = cosigned(signer)
    assert verified_keys(note, [signer.key], check=check_signature) == (signer.key,)
    line = note.signatures[-1]
    checkpoint = small_checkpoint()
    for other in (
        replace(checkpoint, size=checkpoint.size + 1),
        replace(checkpoint, root=bytes(32)),
        replace(checkpoint, origin="vt-02.example/log"),
    ):
        with pytest.raises(BadNoteSignature):
            verified_keys(Note(other.encode(), (line,)), [signer.key], check=check_signature)
    later = replace(line, signature=(NOW + 1).to_bytes(8, "big") + line.signature[8:])
    flipped = replace(line, signature=line.signature[:-1] + bytes([line.signature[-1] ^ 1]))
    for wrong in (later, flipped):
        with pytest.raises(BadNoteSignature):
            verified_keys(Note(note.text, (wrong,)), [signer.key], check=check_signature)


def test_an_ml_dsa_cosignature_names_its_cosigner() -> None:
    """One key under two names: the name is inside what is signed, unlike with Ed25519."""
    other = quantum_signer("impostor.example", 20)
    body = cosigned(QUANTUM).signatures[-1].signature
    stolen = NoteSignature(other.key.name, other.key.key_id, body)
    with pytest.raises(BadNoteSignature):
        verified_keys(Note(small_checkpoint().encode(), (stolen,)), [other.key], check=check_signature)


def test_a_plain_signature_is_no_cosignature_of_the_same_key() -> None:
    """The type byte is in the key id, and the header line is in what is signed."""
    witness = witness_signer(ORIGIN, 1)
    assert witness.key.public_key == LOG.key.public_key
    assert witness.key.key_id != LOG.key.key_id
    plain = cosigned().signatures[0].signature
    dressed = NoteSignature(witness.key.name, witness.key.key_id, bytes(8) + plain)
    with pytest.raises(BadNoteSignature):
        verified_keys(Note(small_checkpoint().encode(), (dressed,)), [witness.key], check=check_signature)


@pytest.mark.parametrize(
    ("signer", "body", "refusal"),
    [
        (WITNESSES[0], bytes(71), WrongCosignatureLength),
        (WITNESSES[0], bytes(73), WrongCosignatureLength),
        (WITNESSES[0], bytes(2428), WrongCosignatureLength),
        (QUANTUM, bytes(72), WrongCosignatureLength),
        (WITNESSES[0], b"\xff" * 72, NumberOutOfRange),
        (QUANTUM, b"\x80" + bytes(2427), NumberOutOfRange),
        (QUANTUM, bytes(2428), BadNoteSignature),
        (LOG, bytes(72), BadNoteSignature),
    ],
)
def test_a_wrong_cosignature_is_refused_by_name(signer: NoteSigner, body: bytes, refusal: type[LedgerRefusal]) -> None:
    note = Note(small_checkpoint().encode(), (NoteSignature(signer.key.name, signer.key.key_id, body),))
    with pytest.raises(refusal):
        verified_keys(note, [signer.key], check=check_signature)


def test_what_ml_dsa_would_leave_unsigned_is_refused() -> None:
    """Extension lines are not in its signed structure; we let nobody read an unsigned line as signed."""
    extended = sign_checkpoint(replace(small_checkpoint(), extensions=("extension",)), LOG)
    with pytest.raises(ExtensionNotSigned):
        cosign(extended, QUANTUM, timestamp=NOW)
    smuggled = Note(extended.text, cosigned(QUANTUM).signatures)
    with pytest.raises(ExtensionNotSigned):
        verified_keys(smuggled, [QUANTUM.key], check=check_signature)


def test_a_name_that_does_not_fit_one_length_byte_is_refused() -> None:
    long_log = plain_signer("x" * 256, 1)
    note = sign_checkpoint(replace(small_checkpoint(), origin="x" * 256), long_log)
    with pytest.raises(NameTooLong, match="256 bytes"):
        cosign(note, QUANTUM, timestamp=NOW)
    with pytest.raises(NameTooLong, match="260 bytes"):
        cosign(cosigned(), quantum_signer("é" * 130, 1), timestamp=NOW)
    assert len(cosign(note, WITNESSES[0], timestamp=NOW).signatures) == 2


def test_a_time_out_of_range_is_not_signed() -> None:
    for signer in (WITNESSES[0], QUANTUM):
        last = cosign(cosigned(), signer, timestamp=2**63 - 1)
        assert verified_keys(last, [signer.key], check=check_signature) == (signer.key,)
    for timestamp in (-1, MAX_TIMESTAMP + 1):
        with pytest.raises(NumberOutOfRange):
            cosign(cosigned(), WITNESSES[0], timestamp=timestamp)


def test_only_a_cosigner_s_key_cosigns_and_only_checkpoints() -> None:
    with pytest.raises(WrongKeyRole):
        cosign(cosigned(), LOG, timestamp=NOW)
    letter = Note("a letter\n", cosigned().signatures)
    with pytest.raises(LedgerRefusal):
        cosign(letter, WITNESSES[0], timestamp=NOW)


def test_a_cosigner_that_signs_again_replaces_its_line() -> None:
    note = cosign(cosigned(WITNESSES[0]), WITNESSES[0], timestamp=NOW + 60)
    assert len(note.signatures) == 2
    assert Cosignature.parse(note.signatures[1].signature, KeyKind.COSIGNATURE_V1).timestamp == NOW + 60
    assert Checkpoint.parse(note.text) == small_checkpoint()
