"""Computes: the frames of one round as an officer reads them, each step by the checks that the participants make."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from privacy.errors import AuditRefusal
from protocol.bundle import RoundFrames
from protocol.ledger.entry import LockEntry
from protocol.round.context import context_of
from protocol.round.frame import Frame, check_sender, parse_frame, unpack
from protocol.round.member import Reader, check_offer
from protocol.round.memory import SlotMemory
from protocol.round.messages import Commit, Correction, Header, Offer, Propose, Repair, Result, Upload, Verdict
from protocol.round.opening import Opened, check_upload, open_round, parse_parts, void_cells
from protocol.round.participant.commit import parse_readies
from protocol.round.participant.repair import check_aborts, check_gone
from protocol.round.participant.result import check_corrections, check_has_vectors, split
from protocol.round.partner_round import MAX_PAYLOAD_BYTES
from protocol.round.transitions import State
from protocol.round.witness import SeenHead, check_entry, check_head, check_settled
from protocol.words.ids import Digest, PartyId

Kind = TypeVar("Kind", bound=Header)


class WrongFrame(AuditRefusal):
    """A frame of another kind, slot, attempt or context than its place in the bundle says."""


class NotAgreed(AuditRefusal):
    """Verdicts that are missing, of others, or that object: the release should have been withheld."""


@dataclass(frozen=True, slots=True)
class SeenLock:
    """A slot that a party's log shows as locked to one attempt and context."""

    party: PartyId
    slot: Digest
    attempt: int
    context: Digest


@dataclass(frozen=True, slots=True)
class PartyHead:
    """The head of a party's log that one of its messages shows."""

    party: PartyId
    head: SeenHead


@dataclass(frozen=True, slots=True, repr=False)
class ReadResult:
    """A RESULT that holds. corrections: empty without a repair."""

    header: Result
    uploads: tuple[Frame, ...]
    corrections: tuple[Frame, ...]

    @property
    def contributions(self) -> tuple[Digest, ...]:
        """The digest of each survivor's vector."""
        headers = (part.header for part in self.uploads)
        return tuple(header.payload_digest for header in headers if isinstance(header, Upload))


def read_offer(frames: RoundFrames, reader: Reader) -> Offer:
    """Return the offer, with the plan that follows from covenant and study, and enough participants.

    Raises: WrongFrame, WrongSpec, WrongParticipants, and what `parse_frame` and `check_sender` raise.
    """
    header = _header(frames.propose, Propose, reader)
    offer = header.offer
    if (header.slot, header.attempt) != (offer.spec.slot, offer.attempt):
        raise _wrong("a PROPOSE of another slot or attempt than its offer")
    check_offer(offer, reader)
    return offer


def read_readies(frames: RoundFrames, offer: Offer, reader: Reader) -> SlotMemory:
    """Return what a participant that locked would remember: READYs that agree on the offer, and ctx.

    Raises: WrongFrame, IncompleteCommit, and the refusals of heads and proofs in `protocol.round.witness`.
    """
    frame = _frame(frames.commit, Commit, reader)
    _check_place(frame.header, offer)
    bodies = unpack(frame.payload, source="the COMMIT")
    readies = parse_readies(bodies, offer, reader)
    for ready in readies:
        head = check_head(ready.checkpoint, (), covenant=reader.covenant, party=ready.sender, seen=None)
        check_settled(ready.settled, head, party=ready.sender, slots=frozenset())
    return SlotMemory(
        offer.spec.slot,
        State.SENT,
        offer.attempt,
        offer=offer,
        readies=bodies,
        context=context_of(offer, readies),
    )


def read_repair(frames: RoundFrames, memory: SlotMemory, offer: Offer, reader: Reader) -> SlotMemory:
    """Return the memory after the REPAIR: those gone signed an ABORT that stands in their log.

    Raises: WrongFrame, WrongRepair, and what `check_aborts` raises.
    """
    frame = _frame(frames.repair, Repair, reader)
    header = frame.header
    _check_place(header, offer)
    if not isinstance(header, Repair) or header.context != memory.context:
        raise _wrong("a REPAIR of another context")
    check_gone(header.gone, offer, reader)
    check_aborts(unpack(frame.payload, source="the REPAIR"), memory, header.gone, member=reader)
    return replace(memory, gone=header.gone)


def read_result(frames: RoundFrames, memory: SlotMemory, offer: Offer, reader: Reader) -> ReadResult:
    """Return the RESULT: every UPLOAD's LOCK names slot, attempt and ctx and stands in a log that grew from its READY.

    Raises: WrongFrame, WrongResult, and what `parse_parts` and `check_upload` raise.
    """
    frame = _frame(frames.result, Result, reader, max_payload_bytes=MAX_PAYLOAD_BYTES)
    header = frame.header
    _check_place(header, offer)
    if not isinstance(header, Result) or (header.context, header.gone) != (memory.context, memory.gone):
        raise _wrong("a RESULT of another context, or with others gone than the REPAIR said")
    uploads, corrections = split(unpack(frame.payload, source="the RESULT"), len(memory.survivors))
    form = _Form(reader, header.has_vectors, offer.spec.cells * offer.spec.ring_bits // 8)
    sent = form.parts(uploads, Upload, memory.survivors)
    ready_of = {ready.sender: ready for ready in parse_readies(memory.readies, offer, reader)}
    for part in sent:
        check_upload(part, ready_of[part.header.sender], context=header.context, member=reader)
    fixes = form.parts(corrections, Correction, memory.survivors if memory.gone else ())
    check_corrections(fixes, memory)
    check_has_vectors(header, (*sent, *fixes), offer, reader)
    return ReadResult(header, sent, fixes)


def recomputed_sum(result: ReadResult, memory: SlotMemory, offer: Offer, reader: Reader) -> Opened:
    """Return the sum of the uploads and corrections of a RESULT that has vectors.

    Raises: SumOutOfRange.
    """
    return open_round(
        [part.payload for part in result.uploads],
        [part.payload for part in result.corrections],
        reader.ring(offer, memory.survivors),
        offer,
        void=void_cells(offer, memory.gone, reader),
    )


def check_verdicts(frames: RoundFrames, memory: SlotMemory, offer: Offer, reader: Reader) -> None:
    """Refuse unless every survivor, and nobody else, signed that it has no objection.

    Raises: WrongFrame, NotAgreed, and what `parse_frame` and `check_sender` raise.
    """
    headers = [_header(body, Verdict, reader) for body in frames.verdicts]
    for header in headers:
        _check_place(header, offer)
    if tuple(header.sender for header in headers) != memory.survivors:
        raise NotAgreed(got="verdicts of others, or not of all", wanted="one of each survivor, in order")
    for header in headers:
        if header.context != memory.context or header.objection is not None:
            raise NotAgreed(
                got=f"an objection of {header.sender}, or its verdict on another context", wanted="no objection"
            )


def seen_locks(memory: SlotMemory, result: ReadResult, offer: Offer, reader: Reader) -> tuple[SeenLock, ...]:
    """Return every LOCK that the round's messages show, of this slot and of earlier ones."""
    shown = [(part.header, part.header.lock) for part in result.uploads if isinstance(part.header, Upload)]
    settled = [(ready, item) for ready in parse_readies(memory.readies, offer, reader) for item in ready.settled]
    entries = [(header.sender, check_entry(item, _head(header, reader))) for header, item in (*shown, *settled)]
    return tuple(
        SeenLock(party, entry.slot, entry.attempt, entry.context)
        for party, entry in entries
        if isinstance(entry, LockEntry)
    )


def seen_heads(memory: SlotMemory, result: ReadResult, offer: Offer, reader: Reader) -> tuple[PartyHead, ...]:
    """Return every head of a participant's log that the round's messages show."""
    headers = [*(part.header for part in result.uploads), *parse_readies(memory.readies, offer, reader)]
    return tuple(PartyHead(header.sender, _head(header, reader)) for header in headers)


@dataclass(frozen=True, slots=True)
class _Form:
    reader: Reader
    has_vectors: bool
    vector_bytes: int

    def parts(
        self, bodies: Sequence[bytes], kind: type[Upload | Correction], senders: tuple[PartyId, ...]
    ) -> tuple[Frame, ...]:
        return parse_parts(
            bodies,
            kind,
            senders,
            member=self.reader,
            has_vectors=self.has_vectors,
            vector_bytes=self.vector_bytes,
        )


def _frame(body: bytes, kind: type[Header], reader: Reader, *, max_payload_bytes: int = 1 << 27) -> Frame:
    frame = parse_frame(body, source=f"the {kind.__name__}", max_payload_bytes=max_payload_bytes)
    check_sender(frame, reader.covenant)
    if not isinstance(frame.header, kind):
        raise _wrong(f"a {type(frame.header).__name__} in the place of a {kind.__name__}")
    return frame


def _header(body: bytes, kind: type[Kind], reader: Reader) -> Kind:
    header = _frame(body, kind, reader).header
    assert isinstance(header, kind)  # noqa: S101 - _frame has seen it
    return header


def _head(header: Header, reader: Reader) -> SeenHead:
    note = getattr(header, "checkpoint", "")
    return check_head(note, (), covenant=reader.covenant, party=header.sender, seen=None)


def _check_place(header: Header, offer: Offer) -> None:
    if (header.slot, header.attempt) != (offer.spec.slot, offer.attempt):
        raise _wrong(f"a {type(header).__name__} of another slot or attempt than the offer")


def _wrong(got: str) -> WrongFrame:
    return WrongFrame(got=got, wanted="the frames of one round, each in its own file")
