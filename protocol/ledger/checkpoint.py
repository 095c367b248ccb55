"""Computes: C2SP checkpoints: the head of a log as the text of a note.

Source: https://c2sp.org/tlog-checkpoint.
"""

from dataclasses import dataclass
from typing import Self

from protocol.errors import LedgerRefusal
from protocol.ledger.encoding import check_number, parse_decimal, parse_hash, to_base64
from protocol.ledger.merkle import MAX_TREE_SIZE, check_hash
from protocol.ledger.note import Note, check_text, sign
from protocol.ledger.signing import NoteSigner

HEAD_LINES = 3  # origin, size, root
MAX_EXTENSIONS = 16  # the specification advises none and we write none; others' must not grow without end

_SENDER_ACTS = "the sender must write the checkpoint as C2SP tlog-checkpoint prescribes"


class CheckpointTooShort(LedgerRefusal):
    """A text with fewer than the three lines origin, size and root."""


class BadCheckpointLine(LedgerRefusal):
    """A checkpoint whose origin or extension is empty, or more than a line."""


class TooManyExtensions(LedgerRefusal):
    """A checkpoint with more than 16 extension lines."""


class WrongOrigin(LedgerRefusal):
    """A checkpoint signed under a key that is named after another log."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's name, its number of entries and its root at that size.

    origin: without newline. root: 32 bytes. extensions: opaque lines without newline; no monitor can check them.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line in (self.origin, *self.extensions):
            check_text(f"{line}\n")
            if not line or "\n" in line:
                raise BadCheckpointLine(
                    got="an origin or extension that is empty or more than a line", wanted="one line", act=_SENDER_ACTS
                )
        if len(self.extensions) > MAX_EXTENSIONS:
            raise TooManyExtensions(
                got=f"{len(self.extensions)} extension lines", wanted=f"at most {MAX_EXTENSIONS}", act=_SENDER_ACTS
            )
        check_number(self.size, what="tree size", limit=MAX_TREE_SIZE)
        check_hash(self.root)

    def encode(self) -> str:
        """Return the note text."""
        lines = (self.origin, str(self.size), to_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the checkpoint whose one encoding is the note text `text`.

        Raises: NoteControlCharacter, NoteWithoutNewline, NoteNotUtf8, CheckpointTooShort, BadCheckpointLine,
        TooManyExtensions, NotDecimal, NumberOutOfRange, NotBase64, WrongHashLength.
        """
        check_text(text)
        lines = text.removesuffix("\n").split("\n")
        if len(lines) < HEAD_LINES:
            raise CheckpointTooShort(
                got=f"{len(lines)} lines", wanted="at least three: origin, size, root", act=_SENDER_ACTS
            )
        origin, size, root, *extensions = lines
        return cls(
            origin,
            parse_decimal(size, what="tree size", limit=MAX_TREE_SIZE),
            parse_hash(root, what="root"),
            tuple(extensions),
        )


def sign_checkpoint(checkpoint: Checkpoint, log: NoteSigner) -> Note:
    """Return the checkpoint as a note under the log's own Ed25519 key, which carries the log's name.

    Not promised: that the log never signed a head that contradicts this one; whoever keeps the log sees to that.
    Raises: WrongOrigin, WrongKeyRole.
    """
    if log.key.name != checkpoint.origin:
        raise WrongOrigin(
            got="a key named after another log", wanted="the checkpoint's origin", act="the log must use its own key"
        )
    return sign(checkpoint.encode(), log)
