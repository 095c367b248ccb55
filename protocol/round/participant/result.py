"""Computes: RESULT to VERDICT. Each participant adds up the uploads; its signed objection blocks the release."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from protocol.errors import Contradiction, Refusal
from protocol.round.context import repair_context_of
from protocol.round.frame import Frame, seal, unpack
from protocol.round.member import Member, Reader
from protocol.round.memory import (
    Command,
    KeepEvidence,
    Memory,
    Remember,
    SawHead,
    SettledBy,
    SlotMemory,
    Step,
    saw_head,
)
from protocol.round.messages import Correction, Objection, Offer, Ready, Result, Upload, Verdict
from protocol.round.opening import (
    WrongResult,
    check_own_tables,
    check_upload,
    open_round,
    parse_parts,
    refused_as,
    void_cells,
)
from protocol.round.participant.commit import parse_readies
from protocol.round.transitions import Event, OutOfOrder, Side, next_state
from protocol.round.witness import check_head
from protocol.words.ids import Digest

# This party's own noised counts, which it works out from its upload and the masks only when there are vectors to check.
OwnCounts = Callable[[SlotMemory], NDArray[np.int64]]


def on_result(frame: Frame, header: Result, memory: Memory, member: Member, own_counts: OwnCounts) -> Step:
    """Return the VERDICT on a RESULT: what holds is kept, what does not is objected to.

    Raises: OutOfOrder, for a RESULT of a round that this party did not send to, or with others gone.
    """
    slot = memory.slots.get(header.slot)
    if slot is None or slot.offer is None or (header.attempt, header.context) != (slot.attempt, slot.context):
        raise OutOfOrder(
            got="a RESULT of a round that this party did not lock",
            wanted="its own",
            act="the coordinator must check it",
        )
    if slot.verdict:
        return Step(messages=(slot.verdict,))
    state = next_state(Side.PARTICIPANT, slot.state, Event.RESULT)
    commands: tuple[Command, ...] = ()
    objection: Objection | None = None
    try:
        if header.gone != slot.gone:
            raise WrongResult(Objection.UPLOAD, got="a RESULT with others gone than the REPAIR said")
        commands = _check(frame, header, slot, memory, member=member, own_counts=own_counts)
    except Refusal as refusal:
        objection = refused_as(refusal)
        if isinstance(refusal, Contradiction):
            commands = (KeepEvidence(refusal.evidence),)
    verdict = Verdict(
        sender=member.id, slot=slot.slot, attempt=slot.attempt, context=header.context, objection=objection
    )
    body = seal(verdict, key=member.key).encode()
    return Step((*commands, Remember(replace(slot, state=state, verdict=body))), (body,))


def _check(
    frame: Frame, header: Result, slot: SlotMemory, memory: Memory, *, member: Member, own_counts: OwnCounts
) -> tuple[Command, ...]:
    offer = slot.offer
    assert offer is not None  # noqa: S101 - on_result has seen it
    uploads, corrections = split(unpack(frame.payload, source="a RESULT"), len(slot.survivors))
    vector_bytes = offer.spec.cells * offer.spec.ring_bits // 8
    sent = parse_parts(
        uploads, Upload, slot.survivors, member=member, has_vectors=header.has_vectors, vector_bytes=vector_bytes
    )
    commands = _check_uploads(sent, slot, header, member=member, memory=memory)
    fixes = parse_parts(
        corrections,
        Correction,
        slot.survivors if slot.gone else (),
        member=member,
        has_vectors=header.has_vectors,
        vector_bytes=vector_bytes,
    )
    check_corrections(fixes, slot)
    _check_own_frames(sent, fixes, slot, member, has_vectors=header.has_vectors)
    check_has_vectors(header, (*sent, *fixes), offer, member)
    if header.has_vectors:
        _check_sum(sent, fixes, slot, offer, member=member, own_counts=own_counts)
    coordinator = member.covenant.coordinator.id
    head = check_head(
        header.checkpoint,
        header.consistency,
        covenant=member.covenant,
        party=coordinator,
        seen=memory.heads.get(coordinator),
    )
    return (*commands, SawHead(coordinator, head))


def check_has_vectors(header: Result, parts: Sequence[Frame], offer: Offer, member: Reader) -> None:
    """Refuse vectors that are left out below the study's limit or shown above it.

    Raises: WrongResult.
    """
    # Protocol 10.1: a coordinator that left the vectors out at will could hide what an owner would object to.
    vector_bytes = offer.spec.cells * offer.spec.ring_bits // 8
    whole_bytes = sum(len(part.signed_part()) + vector_bytes for part in parts)
    max_bytes = member.study(offer.spec.study_digest).max_upload_bytes
    if header.has_vectors != (whole_bytes <= max_bytes):
        raise WrongResult(Objection.SUM, got="vectors left out below the study's limit, or shown above it")


def split(frames: Sequence[bytes], survivors: int) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """Return the uploads and the corrections of a RESULT's payload."""
    return tuple(frames[:survivors]), tuple(frames[survivors:])


def _check_uploads(
    parts: Sequence[Frame], slot: SlotMemory, header: Result, *, member: Member, memory: Memory
) -> Sequence[Command]:
    """Check each upload's LOCK and log against the READY that this party locked on."""
    assert slot.offer is not None  # noqa: S101 - on_result has seen it
    ready_of = {ready.sender: ready for ready in parse_readies(slot.readies, slot.offer, member)}
    commands: list[Command] = []
    for part in parts:
        ready: Ready = ready_of[part.header.sender]
        head = check_upload(part, ready, context=header.context, member=member)
        if part.header.sender == member.id:
            continue
        commands += saw_head(memory, part.header.sender, head)
        if (slot.slot, part.header.sender) in memory.unsettled:
            commands.append(SettledBy(slot.slot, part.header.sender))
    return commands


def check_corrections(fixes: Sequence[Frame], slot: SlotMemory) -> None:
    """Refuse a correction of another slot, attempt or repair.

    Raises: WrongResult.
    """
    context = repair_context_of(slot.context or Digest(""), slot.gone)
    for fix in fixes:
        header = fix.header
        if not isinstance(header, Correction) or (header.slot, header.attempt, header.context) != (
            slot.slot,
            slot.attempt,
            context,
        ):
            raise WrongResult(Objection.UPLOAD, got="a correction of another slot, attempt or repair")


def _check_own_frames(
    sent: Sequence[Frame], fixes: Sequence[Frame], slot: SlotMemory, member: Member, *, has_vectors: bool
) -> None:
    for frames, stored in ((sent, slot.upload), (fixes, slot.correction)):
        for frame in frames:
            if frame.header.sender != member.id:
                continue
            body = frame.encode()
            same = body == stored if has_vectors else stored.startswith(frame.signed_part())
            if not same:
                raise WrongResult(Objection.UPLOAD, got="another upload or correction of this party than it sent")


def _check_sum(
    sent: Sequence[Frame],
    fixes: Sequence[Frame],
    slot: SlotMemory,
    offer: Offer,
    *,
    member: Member,
    own_counts: OwnCounts,
) -> None:
    opened = open_round(
        [part.payload for part in sent],
        [fix.payload for fix in fixes],
        member.ring(offer, slot.survivors),
        offer,
        void=void_cells(offer, slot.gone, member),
    )
    grid = member.grid(offer.spec.study_digest, offer.spec.period)
    check_own_tables(opened, own_counts(slot), grid, member=member, study_digest=offer.spec.study_digest)
