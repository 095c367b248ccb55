"""Computes: COMMIT to UPLOAD, or to ABORT. A slot is locked to one attempt, charged, and never opened for another."""

from collections.abc import Sequence
from dataclasses import replace

from protocol.errors import RoundRefusal
from protocol.ledger.entry import AbortEntry, LockEntry
from protocol.ledger.tree import MerkleTree
from protocol.round.frame import Frame, check_sender, digest_of_payload, parse_frame, seal, unpack
from protocol.round.member import Member
from protocol.round.memory import (
    AnnounceWork,
    Append,
    BookCharges,
    Command,
    ContributeWork,
    EraseSecrets,
    Memory,
    Remember,
    Showed,
    SlotMemory,
    Step,
    Unsettled,
)
from protocol.round.messages import Abort, Commit, Ready, Upload
from protocol.round.participant.commit import IncompleteCommit, check_commit, check_same_readies
from protocol.round.participant.ready import expired, holds_ready
from protocol.round.ring import MaskedVector
from protocol.round.transitions import Event, OutOfOrder, Side, State, next_state
from protocol.round.witness import prove_entry, prove_growth, signed_head
from protocol.words.ids import Digest


class ReadyElsewhere(RoundRefusal):
    """A late COMMIT while a READY of another slot is open; it is answered when that READY has ended."""


class NothingToAbort(RoundRefusal):
    """A COMMIT that names no READY of this party: there is nothing that it could abort."""


def on_commit(frame: Frame, header: Commit, memory: Memory, member: Member, *, log: MerkleTree, now_s: int) -> Step:
    """Return the LOCK that a COMMIT asks for; a slot that has moved on answers with its stored bytes.

    Raises: OutOfOrder, and what `check_commit` and `check_same_readies` raise.
    """
    frames = unpack(frame.payload, source="a COMMIT")
    slot = memory.slots.get(header.slot)
    if slot is None or slot.state is State.FREE:
        return _late(frames, header, memory, member, log=log, now_s=now_s)
    if slot.state is not State.READY and not _is_to_lock(slot):
        return _commit_again(frames, header, slot, member)
    if slot.state is State.HALTED:
        _check_no_ready_elsewhere(memory, header.slot, now_s)
    if header.attempt != slot.attempt:
        raise IncompleteCommit(
            got="a COMMIT of another attempt", wanted="the attempt of this READY", act="the coordinator must send it"
        )
    if ended := expired(memory, now_s):
        return Step(ended)  # Protocol 10.2: seed and nonce go first; the COMMIT, if it comes again, is a late one
    checked = check_commit(frames, slot, memory, member)
    state = next_state(Side.PARTICIPANT, slot.state, Event.COMMIT)
    entry = LockEntry(
        slot=slot.slot,
        attempt=slot.attempt,
        context=checked.context,
        charges_commitment=slot.charges_commitment or Digest("0" * 64),
    )
    locked = replace(
        slot, state=state, readies=frames, context=checked.context, entry=entry.encode(), entry_index=log.size
    )
    peers = [party for party in locked.survivors if party != member.id]
    commands: tuple[Command, ...] = (
        *checked.commands,
        *(Unsettled(slot.slot, party) for party in peers),
        BookCharges(slot.slot),
        Append(entry),
        Remember(locked),
    )
    # A halted slot has no seed and may have been sent before the restore; its LOCK only tells peers that it is paid.
    return Step(commands, work=None if state is State.HALTED else ContributeWork(slot.slot))


def contribute(slot: SlotMemory, masked: MaskedVector, *, member: Member, log: MerkleTree) -> Step:
    """Return the UPLOAD of a locked slot; the same transaction stores it and erases the seed.

    Raises: OutOfOrder.
    """
    state = next_state(Side.PARTICIPANT, slot.state, Event.CONTRIBUTE)
    payload = masked.encode()
    header = Upload(
        sender=member.id,
        slot=slot.slot,
        attempt=slot.attempt,
        context=slot.context or Digest(""),
        payload_digest=digest_of_payload(payload),
        checkpoint=signed_head(log, member.covenant, member.id, member.key),
        consistency=prove_growth(log, (slot.ready_size,)),
        lock=prove_entry(log, slot.entry, slot.entry_index),
    )
    body = seal(header, key=member.key, payload=payload).encode()
    stored = Remember(replace(slot, state=state, upload=body))
    return Step((stored, EraseSecrets(slot.slot), Showed(log.size)), (body,))


def give_up(slot: SlotMemory, log: MerkleTree) -> Step:
    """Return the first half of an ABORT: erase, and log it; the message is work for when that is durable.

    A slot whose upload is stored cannot be given up: its sum may still open.
    Raises: OutOfOrder.
    """
    state = next_state(Side.PARTICIPANT, slot.state, Event.GIVE_UP)
    return _aborting(replace(slot, state=state), log)


def announce_abort(slot: SlotMemory, *, member: Member, log: MerkleTree) -> Step:
    """Return the ABORT message of a slot whose ABORT entry is in the log.

    Raises: OutOfOrder.
    """
    if slot.state is not State.ABORTED:
        raise OutOfOrder(got=f"an ABORT in state {slot.state}", wanted="an aborted slot", act="nobody need do anything")
    header = Abort(
        sender=member.id,
        slot=slot.slot,
        attempt=slot.attempt,
        checkpoint=signed_head(log, member.covenant, member.id, member.key),
        consistency=prove_growth(log, (slot.ready_size,)),
        abort=prove_entry(log, slot.entry, slot.entry_index),
    )
    body = seal(header, key=member.key).encode()
    return Step((Remember(replace(slot, abort=body)), Showed(log.size)), (body,))


def _aborting(slot: SlotMemory, log: MerkleTree) -> Step:
    entry = AbortEntry(slot=slot.slot, attempt=slot.attempt)
    aborted = replace(slot, entry=entry.encode(), entry_index=log.size)
    return Step((EraseSecrets(slot.slot), Append(entry), Remember(aborted)), work=AnnounceWork(slot.slot))


def _commit_again(frames: Sequence[bytes], header: Commit, slot: SlotMemory, member: Member) -> Step:
    if slot.abort:
        return Step(messages=(slot.abort,))
    if slot.state is State.ABORTED:
        return Step(work=AnnounceWork(slot.slot))
    if header.attempt == slot.attempt:
        check_same_readies(frames, slot, member)
    stored = slot.verdict or slot.correction or slot.upload
    return Step(messages=(stored,) if stored else ())


def _late(
    frames: Sequence[bytes], header: Commit, memory: Memory, member: Member, *, log: MerkleTree, now_s: int
) -> Step:
    """A COMMIT for a READY that has ended, or that this vault never held: nothing can be contributed any more."""
    own = [_own_ready(body, member) for body in frames]
    named = [
        ready for ready in own if ready is not None and (ready.slot, ready.attempt) == (header.slot, header.attempt)
    ]
    known = memory.slots.get(header.slot)
    if len(named) != 1 or known is None or known.attempt < header.attempt:
        # Protocol 10.2: a vault without any trace of this READY was restored or replaced; it cannot abort.
        raise NothingToAbort(
            got="a COMMIT with no READY that this vault remembers",
            wanted="a READY of this party that has ended",
            act="the FG must ask whether this node was restored or cloned",
        )
    _check_no_ready_elsewhere(memory, header.slot, now_s)
    state = next_state(Side.PARTICIPANT, State.FREE, Event.LATE_COMMIT)
    return _aborting(SlotMemory(header.slot, state, known.attempt, ready_size=known.ready_size), log)


def _is_to_lock(slot: SlotMemory) -> bool:
    """Tell whether a restore halted this slot between its READY and its LOCK, as far as this vault knows."""
    return slot.state is State.HALTED and not slot.entry


def _check_no_ready_elsewhere(memory: Memory, slot: Digest, now_s: int) -> None:
    if holds_ready(memory, slot, now_s):
        raise ReadyElsewhere(
            got="a late COMMIT while a READY of another slot is open",
            wanted="the same COMMIT after that READY has ended or locked",
            act="the coordinator must send it again later",
        )


def _own_ready(body: bytes, member: Member) -> Ready | None:
    frame = parse_frame(body, source="a COMMIT", max_payload_bytes=0)
    if not isinstance(frame.header, Ready) or frame.header.sender != member.id:
        return None
    check_sender(frame, member.covenant)
    return frame.header
