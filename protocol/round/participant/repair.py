"""Computes: REPAIR to CORRECTION, once a slot. The correction is itself a secure sum; no pair seed is ever shown."""

from collections.abc import Sequence
from dataclasses import replace

from protocol.errors import RoundRefusal
from protocol.ledger.entry import AbortEntry
from protocol.round.context import repair_context_of
from protocol.round.frame import Frame, check_sender, digest_of_payload, parse_frame, seal, unpack
from protocol.round.member import Member, Reader
from protocol.round.memory import (
    Command,
    CorrectWork,
    EraseSecrets,
    Memory,
    Remember,
    SettledBy,
    SlotMemory,
    Step,
    saw_head,
)
from protocol.round.messages import Abort, Correction, Offer, Repair
from protocol.round.participant.commit import parse_readies
from protocol.round.ring import MaskedVector
from protocol.round.transitions import Event, Side, State, next_state
from protocol.round.witness import SeenHead, check_entry, check_head
from protocol.words.ids import Digest, PartyId


class WrongRepair(RoundRefusal):
    """A REPAIR for parties that did not abort, for too many, or for others than an earlier REPAIR of this slot."""


def on_repair(frame: Frame, header: Repair, memory: Memory, member: Member) -> Step:
    """Return the work to correct a sum for those who provably aborted.

    Raises: WrongRepair, OutOfOrder, and what `check_sender`, `check_head`, `saw_head` and `check_entry` raise.
    """
    slot = memory.slots.get(header.slot)
    if slot is None or slot.offer is None or header.context != slot.context or header.attempt != slot.attempt:
        raise _wrong("a REPAIR of a round that this party did not lock")
    if slot.state in {State.REPAIRING, State.CORRECTED, State.DONE} and slot.gone:
        if header.gone != slot.gone:
            raise _wrong("a second REPAIR with other parties gone")
        if slot.state is State.REPAIRING:
            return Step(work=CorrectWork(slot.slot))
        return Step(messages=(slot.correction,))
    state = next_state(Side.PARTICIPANT, slot.state, Event.REPAIR)
    gone = header.gone
    check_gone(gone, slot.offer, member)
    commands: list[Command] = []
    for sender, head in check_aborts(unpack(frame.payload, source="a REPAIR"), slot, gone, member=member):
        commands += saw_head(memory, sender, head)
        if (slot.slot, sender) in memory.unsettled:
            commands.append(SettledBy(slot.slot, sender))
    return Step((*commands, Remember(replace(slot, state=state, gone=gone))), work=CorrectWork(slot.slot))


def correct(slot: SlotMemory, masked: MaskedVector, *, member: Member) -> Step:
    """Return the CORRECTION of a slot under repair; the same transaction stores it and erases the fresh seed.

    Raises: OutOfOrder.
    """
    state = next_state(Side.PARTICIPANT, slot.state, Event.CORRECT)
    payload = masked.encode()
    header = Correction(
        sender=member.id,
        slot=slot.slot,
        attempt=slot.attempt,
        context=repair_context_of(slot.context or Digest(""), slot.gone),
        payload_digest=digest_of_payload(payload),
    )
    body = seal(header, key=member.key, payload=payload).encode()
    return Step((Remember(replace(slot, state=state, correction=body)), EraseSecrets(slot.slot)), (body,))


def check_gone(gone: tuple[PartyId, ...], offer: Offer, member: Reader) -> None:
    """Refuse gone parties that are strangers, doubled, out of order, this party, or so many that too few are left.

    Raises: WrongRepair.
    """
    named = tuple(party for party in offer.participants if party in gone)
    left = len(offer.participants) - len(named)
    if named != gone or member.id in gone or left < member.covenant.minimum_participants:
        raise _wrong("gone parties that are strangers, doubled, this party, or too many")


def check_abort(header: Abort, slot: SlotMemory, *, member: Reader) -> SeenHead:
    """Return the head that an ABORT shows, having seen its entry for this slot and that the log grew from its READY.

    Raises: WrongRepair, and what `check_head` and `check_entry` raise.
    """
    if slot.offer is None or (header.slot, header.attempt) != (slot.slot, slot.attempt):
        raise _wrong("an ABORT of another slot or attempt")
    readies = parse_readies(slot.readies, slot.offer, member)
    ready = next(item for item in readies if item.sender == header.sender)
    before = check_head(ready.checkpoint, (), covenant=member.covenant, party=header.sender, seen=None)
    head = check_head(header.checkpoint, header.consistency, covenant=member.covenant, party=header.sender, seen=before)
    entry = check_entry(header.abort, head)
    if not isinstance(entry, AbortEntry) or (entry.slot, entry.attempt) != (slot.slot, slot.attempt):
        raise _wrong("an ABORT without the entry in its log")
    return head


def check_aborts(
    frames: Sequence[bytes], slot: SlotMemory, gone: tuple[PartyId, ...], *, member: Reader
) -> tuple[tuple[PartyId, SeenHead], ...]:
    """Return the head that each of the gone shows beside its ABORT of this attempt, in order.

    Raises: WrongRepair, and what `check_sender` and `check_abort` raise.
    """
    parsed = tuple(parse_frame(body, source="a REPAIR", max_payload_bytes=0) for body in frames)
    if tuple(frame.header.sender for frame in parsed) != gone:
        raise _wrong("ABORTs of other parties than the gone")
    heads: list[tuple[PartyId, SeenHead]] = []
    for frame in parsed:
        if not isinstance(frame.header, Abort):
            raise _wrong(f"a {type(frame.header).__name__} in place of an ABORT")
        check_sender(frame, member.covenant)
        heads.append((frame.header.sender, check_abort(frame.header, slot, member=member)))
    return tuple(heads)


def _wrong(got: str) -> WrongRepair:
    return WrongRepair(
        got=got,
        wanted="signed ABORTs of this attempt, at least n_min survivors, one REPAIR a slot",
        act="the coordinator must wait for the missing parties, or send their ABORTs",
    )
