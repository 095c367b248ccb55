"""Computes: the sum of a round, and what a participant checks in it before it agrees to a RESULT."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocol.errors import LedgerRefusal, Refusal, RoundRefusal
from protocol.ledger.entry import LockEntry
from protocol.round.frame import Frame, check_sender, parse_frame
from protocol.round.masks import open_sum
from protocol.round.member import Member, Reader
from protocol.round.messages import Correction, Objection, Offer, Ready, Upload
from protocol.round.ring import MaskedVector, Ring, RingVector, SumOutOfRange, add
from protocol.round.witness import ForkedLog, SeenHead, UnprovenHead, UnsettledSlot, check_entry, check_head
from protocol.study.grid import Grid
from protocol.study.plan import repair_plan, round_plan
from protocol.words.ids import Digest, PartyId


class WrongResult(RoundRefusal):
    """A RESULT that does not hold; the participant objects, and nothing may be released."""

    def __init__(self, objection: Objection, *, got: str) -> None:
        super().__init__(
            got=got,
            wanted="what each participant signed, and a sum that follows from it",
            act="the coordinator must not release; the parties compare their copies",
        )
        self.objection = objection


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """The opened sum of a round. values: int64, shape (cells,); noisy, so cells may be negative."""

    values: NDArray[np.int64]


def open_round(
    uploads: Sequence[bytes], corrections: Sequence[bytes], ring: Ring, offer: Offer, *, void: Sequence[slice] = ()
) -> Opened:
    """Return the sum of the survivors' uploads and, after a repair, their corrections; payload bytes in.

    ring: of the survivors. void: cells of tables that a repair made undeliverable; they hold random residues and
    come out as 0, which no release shows.
    Raises: WrongCellCount, WrongUploads, SumOutOfRange.
    """
    cells, word = offer.spec.cells, offer.spec.ring_bits
    total = open_sum(tuple(MaskedVector.parse(body, word=word, cells=cells) for body in uploads), ring)
    if corrections:
        fixes = tuple(MaskedVector.parse(body, word=word, cells=cells) for body in corrections)
        total = add(total, open_sum(fixes, ring))
    residues = total.cells.copy()
    for part in void:
        residues[part] = 0
    return Opened(ring.decode(RingVector(residues)))


def check_upload(frame: Frame, ready: Ready, *, context: Digest, member: Reader) -> SeenHead:
    """Return the head that an upload shows, having seen that its sender locked exactly this attempt.

    Raises: WrongResult, and what `check_sender`, `check_head` and `check_entry` raise.
    """
    header = frame.header
    if not isinstance(header, Upload) or (header.sender, header.slot, header.attempt, header.context) != (
        ready.sender,
        ready.slot,
        ready.attempt,
        context,
    ):
        raise WrongResult(Objection.UPLOAD, got="an upload of another party, slot, attempt or context")
    check_sender(frame, member.covenant)
    before = check_head(ready.checkpoint, (), covenant=member.covenant, party=ready.sender, seen=None)
    head = check_head(header.checkpoint, header.consistency, covenant=member.covenant, party=header.sender, seen=before)
    entry = check_entry(header.lock, head)
    if not isinstance(entry, LockEntry) or (entry.slot, entry.attempt, entry.context) != (
        header.slot,
        header.attempt,
        header.context,
    ):
        raise WrongResult(Objection.WITNESS, got=f"an upload of {header.sender} without the LOCK of this attempt")
    return head


def parse_parts(
    frames: Sequence[bytes],
    kind: type[Upload | Correction],
    senders: Sequence[PartyId],
    *,
    member: Reader,
    has_vectors: bool,
    vector_bytes: int,
) -> tuple[Frame, ...]:
    """Return the uploads or corrections of a RESULT, one of each sender in order.

    Raises: WrongResult, BadFrame, PayloadMismatch, BadSignature.
    """
    parts = tuple(
        parse_frame(body, source="a RESULT", max_payload_bytes=vector_bytes, without_payload=not has_vectors)
        for body in frames
    )
    if tuple(part.header.sender for part in parts) != tuple(senders) or not all(
        isinstance(part.header, kind) for part in parts
    ):
        raise WrongResult(Objection.UPLOAD, got=f"{kind.__name__} frames of other parties")
    for part in parts:
        check_sender(part, member.covenant)
        if has_vectors and len(part.payload) != vector_bytes:
            raise WrongResult(Objection.UPLOAD, got=f"a vector of {part.header.sender} of another length")
    return parts


def check_own_tables(
    opened: Opened, own: NDArray[np.int64], grid: Grid, *, member: Member, study_digest: Digest
) -> None:
    """Refuse a sum in which an own table is not exactly what this party contributed to it.

    own: int64, this party's noised counts. Every other participant adds zeros there, so the cells are equal.
    Raises: WrongResult.
    """
    study = member.study(study_digest)
    for segment in grid.segments:
        if study.table(segment.table).contributors != (member.id,):
            continue
        cells = slice(segment.first, segment.first + segment.size)
        if not np.array_equal(opened.values[cells], own[cells]):
            raise WrongResult(Objection.OWN_TABLE, got=f"another figure in own table {segment.table}")


def void_cells(offer: Offer, gone: Sequence[PartyId], member: Reader) -> tuple[slice, ...]:
    """Return the cells of the tables that a repair made undeliverable."""
    if not gone:
        return ()
    spec = offer.spec
    study = member.study(spec.study_digest)
    plans = round_plan(study, member.covenant, spec.period, offer.participants)
    void = {repair.table.id for repair in repair_plan(plans, member.covenant, gone) if repair.void}
    return tuple(
        slice(segment.first, segment.first + segment.size)
        for segment in member.grid(spec.study_digest, spec.period).segments
        if segment.table in void
    )


def refused_as(refusal: Refusal) -> Objection:
    """Return the objection that a refusal while checking a RESULT amounts to."""
    match refusal:
        case WrongResult():
            return refusal.objection
        case SumOutOfRange():
            return Objection.SUM
        case LedgerRefusal() | ForkedLog() | UnprovenHead() | UnsettledSlot():
            return Objection.WITNESS
        case _:
            return Objection.UPLOAD
