"""Computes: C2SP proofs: a `.tlog-proof` file that shows offline that an entry is logged.

Source: https://c2sp.org/tlog-proof.
"""

from dataclasses import dataclass
from typing import Self

from protocol.errors import LedgerRefusal
from protocol.ledger.checkpoint import Checkpoint
from protocol.ledger.encoding import check_number, parse_base64, parse_decimal, parse_hash, to_base64
from protocol.ledger.leaf import MAX_LEAF_BYTES
from protocol.ledger.merkle import MAX_PROOF_HASHES, MAX_TREE_SIZE, check_hash, leaf_hash, verify_inclusion
from protocol.ledger.note import MAX_NOTE_BYTES, Note
from protocol.ledger.policy import Policy
from protocol.ledger.quorum import open_checkpoint

MAX_EXTRA_BYTES = MAX_LEAF_BYTES  # enough to carry the entry itself beside its proof
MAX_PROOF_BYTES = MAX_NOTE_BYTES + (1 << 14)  # 63 hashes and the extra data are 9 kB

_HEADER = "c2sp.org/tlog-proof@v1"
_SENDER_ACTS = "the sender must write the proof as C2SP tlog-proof prescribes"


class ProofTooLarge(LedgerRefusal):
    """A proof file larger than any note with its hashes."""


class BadProofHead(LedgerRefusal):
    """A file that is not ASCII lines under the header `c2sp.org/tlog-proof@v1` with an `index` line."""


class ProofWithoutCheckpoint(LedgerRefusal):
    """A proof file without a blank line and a checkpoint after it."""


class TooManyHashes(LedgerRefusal):
    """A proof of more hashes than the deepest tree has levels."""


class ExtraTooLarge(LedgerRefusal):
    """A proof with more than 4 KiB of extra data."""


class EmptyExtra(LedgerRefusal):
    """A proof with an extra line that holds nothing; such a line is left out."""


@dataclass(frozen=True, slots=True)
class LogProof:
    """The place of an entry in a log, the hashes that lead to the root, and the log's signed checkpoint.

    index: from zero. hashes: 32 bytes each, the leaf's neighbour first. extra: opaque, signed by nobody.
    """

    index: int
    hashes: tuple[bytes, ...]
    note: Note
    extra: bytes = b""

    def __post_init__(self) -> None:
        check_number(self.index, what="index", limit=MAX_TREE_SIZE)
        if len(self.hashes) > MAX_PROOF_HASHES:
            raise TooManyHashes(
                got=f"{len(self.hashes)} hashes", wanted=f"at most {MAX_PROOF_HASHES}", act=_SENDER_ACTS
            )
        for digest in self.hashes:
            check_hash(digest)
        if len(self.extra) > MAX_EXTRA_BYTES:
            raise ExtraTooLarge(
                got=f"{len(self.extra)} bytes of extra data", wanted=f"at most {MAX_EXTRA_BYTES}", act=_SENDER_ACTS
            )
        Checkpoint.parse(self.note.text)

    def encode(self) -> bytes:
        """Return the file's bytes.

        Raises: NoteTooLarge.
        """
        extra = [f"extra {to_base64(self.extra)}"] if self.extra else []
        head = [_HEADER, *extra, f"index {self.index}", *map(to_base64, self.hashes), "", ""]
        return "\n".join(head).encode() + self.note.encode()

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Return the proof whose one encoding is `body`; neither its signatures nor its hashes are checked.

        Raises: ProofTooLarge, BadProofHead, ProofWithoutCheckpoint, TooManyHashes, ExtraTooLarge, EmptyExtra,
        NotDecimal, NumberOutOfRange, NotBase64, WrongHashLength and what `Note.parse` and `Checkpoint.parse` raise.
        """
        if len(body) > MAX_PROOF_BYTES:
            raise ProofTooLarge(got=f"{len(body)} bytes", wanted=f"at most {MAX_PROOF_BYTES}", act=_SENDER_ACTS)
        head, border, note = body.partition(b"\n\n")
        if not border or not note:
            raise ProofWithoutCheckpoint(got="no checkpoint", wanted="a blank line, then one", act=_SENDER_ACTS)
        if not head.isascii():
            raise _bad_head()
        header, *lines = head.decode("ascii").split("\n")
        extra = b""
        if lines and lines[0].startswith("extra "):
            extra = _parse_extra(lines.pop(0))
        if header != _HEADER or not lines or not lines[0].startswith("index "):
            raise _bad_head()
        index = parse_decimal(lines[0].removeprefix("index "), what="index", limit=MAX_TREE_SIZE)
        hashes = tuple(parse_hash(line, what="proof hash") for line in lines[1:])
        return cls(index, hashes, Note.parse(note), extra)


def open_proof(proof: LogProof, *, leaf: bytes, policy: Policy) -> Checkpoint:
    """Return the checkpoint under which entry `leaf` is seen to be logged at the proof's index.

    Needs no network: signatures, quorum and hashes are checked against the policy's keys.
    Not promised: anything about `proof.extra`.
    Raises: what `open_checkpoint` and `verify_inclusion` raise.
    """
    checkpoint = open_checkpoint(proof.note, policy)
    verify_inclusion(
        leaf=leaf_hash(leaf), index=proof.index, size=checkpoint.size, proof=proof.hashes, root=checkpoint.root
    )
    return checkpoint


def _parse_extra(line: str) -> bytes:
    extra = parse_base64(line.removeprefix("extra "), what="extra line")
    if not extra:
        raise EmptyExtra(got="an extra line that holds nothing", wanted="no such line", act=_SENDER_ACTS)
    return extra


def _bad_head() -> BadProofHead:
    return BadProofHead(got="a file of another form", wanted=f"{_HEADER}, then an index", act=_SENDER_ACTS)
