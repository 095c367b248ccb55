"""Computes: C2SP signed notes: a text and signature lines under it.

A note that parses has one encoding, its own bytes. What the text means is for `checkpoint.py`.
Source: https://c2sp.org/signed-note.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Self

from protocol.errors import LedgerRefusal
from protocol.ledger.encoding import parse_base64, to_base64
from protocol.ledger.signing import KEY_ID_BYTES, KeyKind, NoteSigner, VerifierKey, check_name, check_role

MAX_NOTE_BYTES = 1_000_000  # as x/mod's; 16 post-quantum signatures and a checkpoint need 60 kB
MAX_SIGNATURES = 16  # the least that every C2SP verifier must accept, so no more are ever useful

_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")  # the ASCII control characters without newline
_DASH = "\N{EM DASH} "
_SENDER_ACTS = "the sender must write the note as C2SP signed-note prescribes"

# Checks one signature of one known key over a note's text; raises when it does not hold.
Check = Callable[[VerifierKey, str, bytes], None]


class NoteTooLarge(LedgerRefusal):
    """A note of more than 1 MB."""


class NoteNotUtf8(LedgerRefusal):
    """A note that is not valid UTF-8."""


class NoteControlCharacter(LedgerRefusal):
    """A note with a control character other than newline: a carriage return, a NUL, a tab."""


class NoteWithoutNewline(LedgerRefusal):
    """A note, or the text of one, that does not end in a newline."""


class NoteWithoutSignatures(LedgerRefusal):
    """A note with no blank line, or nothing under it."""


class TooManySignatures(LedgerRefusal):
    """A note with more than 16 signature lines."""


class BadSignatureLine(LedgerRefusal):
    """A line under the text that is not: em dash, space, key name, space, base64 of a key id and a signature."""


class AmbiguousKey(LedgerRefusal):
    """Two known keys of one name and one key id: a signature line could mean either."""


class NoKnownSignature(LedgerRefusal):
    """A note that no known key signed."""


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: who, by which key, and the bytes that the signature type prescribes."""

    name: str
    key_id: bytes
    signature: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.key_id) != KEY_ID_BYTES or not self.signature:
            raise _bad_line()

    def encode(self) -> str:
        """Return the line without newline."""
        return f"{_DASH}{self.name} {to_base64(self.key_id + self.signature)}"

    @classmethod
    def parse(cls, line: str) -> Self:
        """Return the signature that a line without newline writes.

        Raises: BadSignatureLine, BadKeyName, NotBase64.
        """
        name, space, encoded = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not space:
            raise _bad_line()
        body = parse_base64(encoded, what="signature line")
        return cls(name, body[:KEY_ID_BYTES], body[KEY_ID_BYTES:])


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in newline, and one to sixteen signature lines."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def __post_init__(self) -> None:
        check_text(self.text)
        if not self.signatures:
            raise NoteWithoutSignatures(got="no signature line", wanted="a blank line, then one", act=_SENDER_ACTS)
        if len(self.signatures) > MAX_SIGNATURES:
            raise TooManySignatures(
                got=f"{len(self.signatures)} signature lines", wanted=f"at most {MAX_SIGNATURES}", act=_SENDER_ACTS
            )

    def encode(self) -> bytes:
        """Return the note's bytes.

        Raises: NoteTooLarge.
        """
        lines = "".join(f"{signature.encode()}\n" for signature in self.signatures)
        body = f"{self.text}\n{lines}".encode()
        _check_size(body)
        return body

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Return the note whose one encoding is `body`; no signature is checked.

        Raises: NoteTooLarge, NoteNotUtf8, NoteControlCharacter, NoteWithoutNewline, NoteWithoutSignatures,
        TooManySignatures, BadSignatureLine, BadKeyName, NotBase64.
        """
        _check_size(body)
        try:
            whole = body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise NoteNotUtf8(got=f"no UTF-8 at byte {error.start}", wanted="UTF-8", act=_SENDER_ACTS) from None
        check_text(whole)
        # The last blank line is the border: the text may have blank lines of its own.
        text, border, under = whole.rpartition("\n\n")
        lines = under.removesuffix("\n").split("\n") if border and under else []
        if len(lines) > MAX_SIGNATURES:  # before the lines are parsed: a megabyte of them takes a while
            raise TooManySignatures(
                got=f"{len(lines)} signature lines", wanted=f"at most {MAX_SIGNATURES}", act=_SENDER_ACTS
            )
        return cls(f"{text}\n", tuple(NoteSignature.parse(line) for line in lines))

    def with_signature(self, signature: NoteSignature) -> Self:
        """Return the note with one more line; an earlier line of the same key gives way.

        Raises: TooManySignatures.
        """
        key = (signature.name, signature.key_id)
        others = tuple(other for other in self.signatures if (other.name, other.key_id) != key)
        return type(self)(self.text, (*others, signature))


def sign(text: str, signer: NoteSigner) -> Note:
    """Return the text as a note under one plain Ed25519 signature; `cosignature.cosign` adds the timestamped kinds.

    Raises: WrongKeyRole, NoteControlCharacter, NoteWithoutNewline, NoteNotUtf8.
    """
    check_role(signer.key, KeyKind.ED25519)
    check_text(text)
    return Note(text, (NoteSignature(signer.key.name, signer.key.key_id, signer.sign(text.encode())),))


def check_ed25519(key: VerifierKey, text: str, signature: bytes) -> None:
    """Check a plain Ed25519 signature, type 0x01: over the note's text.

    Raises: WrongKeyRole, BadNoteSignature.
    """
    check_role(key, KeyKind.ED25519)
    key.check(text.encode(), signature)


def verified_keys(
    note: Note, keys: Collection[VerifierKey], *, check: Check = check_ed25519
) -> tuple[VerifierKey, ...]:
    """Return the known keys that signed the note, each once; lines of unknown keys are ignored.

    Every line of a known key must hold: one bad signature refuses the whole note.
    Raises: AmbiguousKey, NoKnownSignature, BadNoteSignature and what `check` raises.
    Source: C2SP signed-note, Signatures.
    """
    check_distinct(keys)
    known = {(key.name, key.key_id): key for key in keys}
    verified: dict[VerifierKey, None] = {}
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is not None:
            check(key, note.text, line.signature)
            verified[key] = None
    if not verified:
        raise NoKnownSignature(
            got="a note that no known key signed", wanted="a signature by a known key", act="the signer must sign it"
        )
    return tuple(verified)


def check_distinct(keys: Iterable[VerifierKey]) -> None:
    """Refuse two different keys that a signature line could not tell apart.

    Raises: AmbiguousKey.
    """
    seen: dict[tuple[str, bytes], VerifierKey] = {}
    for key in keys:
        if seen.setdefault((key.name, key.key_id), key) != key:
            raise AmbiguousKey(
                got="two known keys of one name and key id",
                wanted="names or ids that differ",
                act="whoever set the known keys must replace one",
            )


def check_text(text: str) -> None:
    """Refuse a text that no note can carry.

    Raises: NoteControlCharacter, NoteWithoutNewline, NoteNotUtf8.
    """
    if found := _CONTROL.search(text):
        raise NoteControlCharacter(
            got=f"control character {ord(found[0]):#04x} at character {found.start()}",
            wanted="no control character but newline",
            act=_SENDER_ACTS,
        )
    if not text.endswith("\n"):
        raise NoteWithoutNewline(got="a last line without newline", wanted="one with", act=_SENDER_ACTS)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NoteNotUtf8(got=f"no UTF-8 for character {error.start}", wanted="UTF-8", act=_SENDER_ACTS) from None


def _check_size(body: bytes) -> None:
    if len(body) > MAX_NOTE_BYTES:
        raise NoteTooLarge(got=f"a note of {len(body)} bytes", wanted=f"at most {MAX_NOTE_BYTES}", act=_SENDER_ACTS)


def _bad_line() -> BadSignatureLine:
    return BadSignatureLine(
        got="a signature line of another form", wanted="em dash, key name and base64", act=_SENDER_ACTS
    )
