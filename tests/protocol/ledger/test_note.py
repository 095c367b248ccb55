"""Signed notes: what others published verifies, what the specification forbids is refused by name."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import LedgerRefusal
from protocol.ledger.cosignature import check_signature
from protocol.ledger.encoding import NotBase64
from protocol.ledger.note import (
    MAX_NOTE_BYTES,
    AmbiguousKey,
    BadSignatureLine,
    NoKnownSignature,
    Note,
    NoteControlCharacter,
    NoteNotUtf8,
    NoteSignature,
    NoteTooLarge,
    NoteWithoutNewline,
    NoteWithoutSignatures,
    TooManySignatures,
    sign,
    verified_keys,
)
from protocol.ledger.signing import (
    BadKeyName,
    BadNoteSignature,
    BadVerifierKey,
    KeyKind,
    UnknownKeyKind,
    VerifierKey,
    WrongKeyId,
    WrongKeyRole,
    ed25519_signer,
)
from tests.protocol.ledger.samples import VECTORS, plain_signer, read_keys, witness_signer

PUBLISHED = sorted((VECTORS / "notes").glob("*.note"))
PETER, ENOCH = read_keys(VECTORS / "notes" / "go-two-signers.vkeys")
TWO_SIGNERS = (VECTORS / "notes" / "go-two-signers.note").read_bytes()
TEXT, _, LINES = TWO_SIGNERS.rpartition(b"\n\n")
TEXT += b"\n"
PETER_LINE, ENOCH_LINE = LINES.splitlines(keepends=True)
ALICE = plain_signer("alice.example", 3)


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_every_published_note_encodes_back_to_its_bytes(path: Path) -> None:
    """L04."""
    assert Note.parse(path.read_bytes()).encode() == path.read_bytes()


@pytest.mark.parametrize(
    ("stem", "signers"),
    [
        ("c2sp-example", ("example.com/foo",)),
        ("go-two-signers", ("PeterNeumann", "EnochRoot")),
        (
            "sigsum-checkpoint",
            ("sigsum.org/v1/tree/e796172b92befd62d9dc67e41c2f5bc9d3100a3023b20b1ca40288dd1c679e69",),
        ),
        ("torchwood-ml-dsa", ("example.com/mldsa-log",)),
        ("witnessed-ct-log", ("arche2025h1.staging.ct.transparency.dev", "remora.n621.de")),
    ],
)
def test_published_signatures_hold_under_their_published_keys(stem: str, signers: tuple[str, ...]) -> None:
    """L04: C2SP's example, x/mod's, sigsum's, torchwood's ML-DSA-44 and a public log with its witness."""
    note = Note.parse((VECTORS / "notes" / f"{stem}.note").read_bytes())
    keys = read_keys(VECTORS / "notes" / f"{stem}.vkeys")
    assert tuple(key.name for key in verified_keys(note, keys, check=check_signature)) == signers


def test_signing_gives_the_bytes_that_go_gives() -> None:
    """L04: x/mod's documented private key (a type byte and the seed) and message."""
    seed = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
    signer = ed25519_signer("PeterNeumann", Ed25519PrivateKey.from_private_bytes(seed))
    assert sign(TEXT.decode(), signer).encode() == TEXT + b"\n" + PETER_LINE


def test_a_line_of_an_unknown_key_is_ignored_even_under_a_known_name_or_id() -> None:
    """L04."""
    note = Note.parse(TWO_SIGNERS)
    assert verified_keys(note, [PETER]) == (PETER,)
    peter, enoch = note.signatures
    same_name = NoteSignature(PETER.name, b"\0\0\0\0", enoch.signature)
    same_id = NoteSignature("Carmen", PETER.key_id, enoch.signature)
    assert verified_keys(Note(note.text, (same_name, same_id, peter)), [PETER, ENOCH]) == (PETER,)
    with pytest.raises(NoKnownSignature):
        verified_keys(Note(note.text, (same_name, same_id)), [PETER, ENOCH])


def test_one_bad_signature_of_a_known_key_refuses_the_whole_note() -> None:
    """L04."""
    note = Note.parse(TWO_SIGNERS)
    peter, enoch = note.signatures
    forged = NoteSignature(ENOCH.name, ENOCH.key_id, peter.signature)
    assert verified_keys(Note(note.text, (peter, forged)), [PETER]) == (PETER,)
    for lines in ((peter, forged), (forged, peter), (peter, enoch, forged)):
        with pytest.raises(BadNoteSignature):
            verified_keys(Note(note.text, lines), [PETER, ENOCH])
    with pytest.raises(BadNoteSignature):
        verified_keys(Note(note.text + "more\n", (peter,)), [PETER])


def test_a_signature_of_any_other_length_does_not_hold_and_does_not_crash() -> None:
    for length in (1, 63, 65, 4000):
        note = Note("text\n", (NoteSignature(PETER.name, PETER.key_id, bytes(length)),))
        with pytest.raises(BadNoteSignature):
            verified_keys(note, [PETER])


def test_a_repeated_line_counts_once() -> None:
    note = Note.parse(TEXT + b"\n" + PETER_LINE * 3)
    assert verified_keys(note, [PETER, PETER]) == (PETER,)


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (TEXT, NoteWithoutSignatures),
        (TEXT + b"\n", NoteWithoutSignatures),
        (b"\n" + PETER_LINE, NoteWithoutSignatures),
        (b"", NoteWithoutNewline),
        (TEXT + b"\n" + PETER_LINE[:-1], NoteWithoutNewline),
        (b"\x01" + TWO_SIGNERS, NoteControlCharacter),
        (TWO_SIGNERS.replace(b"\n", b"\r\n"), NoteControlCharacter),
        (TWO_SIGNERS[:9] + b"\0" + TWO_SIGNERS[10:], NoteControlCharacter),
        (TWO_SIGNERS[:9] + b"\t" + TWO_SIGNERS[10:], NoteControlCharacter),
        (b"\xff" + TWO_SIGNERS, NoteNotUtf8),
        (b"\xed\xa0\x80" + TWO_SIGNERS, NoteNotUtf8),
        (TWO_SIGNERS + b"Unexpected line.\n", BadSignatureLine),
        (TEXT + b"\n" + PETER_LINE.replace("\N{EM DASH}".encode(), b"-"), BadSignatureLine),
        (TEXT + b"\n" + "\N{EM DASH} PeterNeumann\n".encode(), BadSignatureLine),
        (TEXT + b"\n" + "\N{EM DASH} PeterNeumann x08goA==\n".encode(), BadSignatureLine),
        (TEXT + b"\n" + PETER_LINE.replace(b"PeterNeumann", b"Bad Name"), NotBase64),
        (TEXT + b"\n" + PETER_LINE.replace(b"PeterNeumann", b"Bad+Name"), BadKeyName),
        (TEXT + b"\n" + PETER_LINE.replace(b"PeterNeumann", "Bad\N{NO-BREAK SPACE}Name".encode()), BadKeyName),
        (TEXT + b"\n" + PETER_LINE.replace(b"PeterNeumann", b""), BadKeyName),
        (TEXT + b"\n" + PETER_LINE.replace(b"JnAM=", b"JnAN="), NotBase64),
        (TEXT + b"\n" + PETER_LINE.replace(b"JnAM=", b"JnAM"), NotBase64),
        (TEXT + b"\n" + PETER_LINE * 17, TooManySignatures),
        (b"a" * MAX_NOTE_BYTES + b"\n\n" + PETER_LINE, NoteTooLarge),
    ],
)
def test_a_hostile_note_is_refused_by_name(body: bytes, refusal: type[LedgerRefusal]) -> None:
    """L04: carriage return, NUL, no newline, 17 signatures, a megabyte, and x/mod's malformed notes."""
    with pytest.raises(refusal):
        Note.parse(body)


def test_sixteen_signatures_and_a_note_of_exactly_a_megabyte_are_accepted() -> None:
    """L04."""
    sixteen = Note.parse(TEXT + b"\n" + PETER_LINE * 16)
    assert len(sixteen.signatures) == 16
    rest = b"\n\n" + PETER_LINE
    whole = b"a" * (MAX_NOTE_BYTES - len(rest)) + rest
    assert Note.parse(whole).encode() == whole
    with pytest.raises(NoteTooLarge):
        Note(f"a{Note.parse(whole).text}", Note.parse(whole).signatures).encode()


def test_a_key_signs_again_in_its_own_place_only() -> None:
    note = sign("text\n", ALICE)
    again = note.with_signature(NoteSignature(ALICE.key.name, ALICE.key.key_id, b"newer"))
    assert [line.signature for line in again.signatures] == [b"newer"]
    for number in range(15):
        note = note.with_signature(NoteSignature(f"key-{number}", b"1234", b"signature"))
    assert len(note.signatures) == 16
    with pytest.raises(TooManySignatures):
        note.with_signature(NoteSignature("one-too-many", b"1234", b"signature"))


def test_a_witness_key_cannot_sign_a_plain_note_or_check_one() -> None:
    witness = witness_signer("alice.example", 3)
    with pytest.raises(WrongKeyRole, match="type 0x04, wanted 0x01"):
        sign("text\n", witness)
    signature = sign("text\n", ALICE).signatures[0].signature
    note = Note("text\n", (NoteSignature(witness.key.name, witness.key.key_id, signature),))
    with pytest.raises(WrongKeyRole):
        verified_keys(note, [witness.key])


def test_two_known_keys_of_one_name_and_id_are_refused() -> None:
    """A 32-bit id has collisions: two of 2^17 keys usually share one."""
    seen: dict[bytes, VerifierKey] = {}
    for number in range(1 << 20):
        key = VerifierKey("k", KeyKind.ED25519, number.to_bytes(32, "big"))
        twin = seen.setdefault(key.key_id, key)
        if twin is not key:
            break
    else:
        pytest.fail("no two ids met")
    with pytest.raises(AmbiguousKey):
        verified_keys(Note.parse(TWO_SIGNERS), [key, twin, PETER])


@pytest.mark.parametrize("text", ["", "no newline", "bell\x07\n", "half \ud800 pair\n"])
def test_a_text_that_no_note_can_carry_is_not_signed(text: str) -> None:
    with pytest.raises((NoteWithoutNewline, NoteControlCharacter, NoteNotUtf8)):
        sign(text, ALICE)


def test_a_verifier_key_reads_back_and_every_mangling_of_it_is_refused() -> None:
    """L04: x/mod's own test of keys: every piece, every letter turned into the next."""
    text = PETER.encode()
    assert VerifierKey.parse(text) == PETER
    pieces = {text[start:end] for start in range(len(text)) for end in range(start, len(text) + 1)} - {text}
    letters = {f"{text[:at]}{chr(ord(text[at]) + 1)}{text[at + 1 :]}" for at in range(len(text))}
    for mangled in pieces | letters:
        with pytest.raises(LedgerRefusal):
            VerifierKey.parse(mangled)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==", NotBase64),
        ("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEQ==", BadVerifierKey),
        ("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", UnknownKeyKind),
        ("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", WrongKeyId),
        ("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", BadVerifierKey),
        ("Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", BadKeyName),
        ("PeterNeumann+c74f20a3+", BadVerifierKey),
    ],
)
def test_a_wrong_verifier_key_is_refused_by_name(text: str, refusal: type[LedgerRefusal]) -> None:
    with pytest.raises(refusal):
        VerifierKey.parse(text)


def test_a_signer_shows_no_key_material_but_its_public_key() -> None:
    assert "sign" not in repr(ALICE).replace("NoteSigner", "")


NOTE_LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc"], include_characters="\n")
KEY_NAMES = st.text(st.characters(codec="ascii", categories=["L", "N", "P"], exclude_characters="+"), min_size=1)


@given(
    st.text(NOTE_LETTERS),
    st.lists(
        st.builds(NoteSignature, KEY_NAMES, st.binary(min_size=4, max_size=4), st.binary(min_size=1)),
        min_size=1,
        max_size=16,
    ),
)
def test_any_note_reads_back_as_itself(text: str, signatures: list[NoteSignature]) -> None:
    note = Note(f"{text}\n", tuple(signatures))
    assert Note.parse(note.encode()) == note
