"""Computes: what a participant checks in a COMMIT before it locks: each READY, each log, its own READY."""

from collections.abc import Sequence
from dataclasses import dataclass

from protocol.digest import digest_of
from protocol.errors import Contradiction, RoundRefusal
from protocol.round.context import context_of
from protocol.round.frame import Frame, check_sender, parse_frame
from protocol.round.member import Member, Reader
from protocol.round.memory import Command, Memory, SawHead, SettledBy, SlotMemory
from protocol.round.messages import Offer, Ready
from protocol.round.witness import check_head, check_settled
from protocol.words.ids import Digest, PartyId


class IncompleteCommit(RoundRefusal):
    """A COMMIT without exactly one READY of each participant, for this attempt and this offer."""


class OwnReadyChanged(RoundRefusal):
    """A COMMIT whose READY of this party is not the one it stored, byte for byte."""


class ContradictingReady(Contradiction):
    """Two READYs of one party for one attempt: its node was cloned or restored, or it lies."""


@dataclass(frozen=True, slots=True)
class CheckedCommit:
    """The context of a COMMIT that holds, and what it teaches of the peers' logs."""

    context: Digest
    commands: tuple[Command, ...]


def parse_readies(frames: Sequence[bytes], offer: Offer, member: Reader) -> tuple[Ready, ...]:
    """Return the READYs of a COMMIT, one of each participant in order, all signed and for this offer.

    Raises: IncompleteCommit, BadFrame, PayloadMismatch, WrongSender, BadSignature.
    """
    readies: list[Ready] = []
    offered = digest_of(offer)
    for body in frames:
        frame = parse_frame(body, source="a COMMIT", max_payload_bytes=0)
        header = frame.header
        if not isinstance(header, Ready) or (header.slot, header.attempt, header.offer_digest) != (
            offer.spec.slot,
            offer.attempt,
            offered,
        ):
            raise _incomplete("a READY of another slot, attempt or offer")
        check_sender(frame, member.covenant)
        readies.append(header)
    if tuple(ready.sender for ready in readies) != offer.participants:
        raise _incomplete("READYs of other parties")
    return tuple(readies)


def check_commit(frames: Sequence[bytes], slot: SlotMemory, memory: Memory, member: Member) -> CheckedCommit:
    """Refuse a COMMIT unless all of S agree on it and every log among them only grew.

    Raises: what `parse_readies`, `check_head` and `check_settled` raise; OwnReadyChanged, ContradictingReady.
    """
    offer = slot.offer
    if offer is None:
        raise _incomplete("no offer to compare it with")
    readies = parse_readies(frames, offer, member)
    commands: list[Command] = []
    for body, ready in zip(frames, readies, strict=True):
        if ready.sender == member.id:
            _check_own(body, slot)
            continue
        head = check_head(
            ready.checkpoint,
            ready.consistency,
            covenant=member.covenant,
            party=ready.sender,
            seen=memory.heads.get(ready.sender),
        )
        owed = frozenset(digest for digest, party in memory.unsettled if party == ready.sender)
        check_settled(ready.settled, head, party=ready.sender, slots=owed)
        commands.append(SawHead(ready.sender, head))
        commands += [SettledBy(digest, ready.sender) for digest in sorted(owed)]
    return CheckedCommit(context_of(offer, readies), tuple(commands))


def check_same_readies(frames: Sequence[bytes], slot: SlotMemory, member: Member) -> None:
    """Refuse a second COMMIT for a locked attempt in which a party signed another READY.

    Raises: ContradictingReady with both frames, and what `parse_readies` raises.
    """
    if slot.offer is None or tuple(frames) == slot.readies:
        return
    parse_readies(frames, slot.offer, member)
    for old, new in zip(slot.readies, frames, strict=True):
        if old != new:
            sender = _sender(new)
            raise ContradictingReady(
                got=f"two READYs of {sender} for one attempt",
                wanted="one",
                act=f"the FG of {sender} must find out whether its node was cloned; stop until then",
                evidence=(old, new),
            )


def _check_own(body: bytes, slot: SlotMemory) -> None:
    # Protocol 10.2: after a restore this READY is another one, and an old COMMIT must not lock the new values.
    if body != slot.ready:
        raise OwnReadyChanged(
            got="a COMMIT with a READY of this party that it does not hold",
            wanted="its own READY, byte for byte",
            act="nobody need do anything; if it comes again, the FG must ask whether this node was restored or cloned",
        )


def _sender(body: bytes) -> PartyId:
    frame: Frame = parse_frame(body, source="a COMMIT", max_payload_bytes=0)
    return frame.header.sender


def _incomplete(got: str) -> IncompleteCommit:
    return IncompleteCommit(
        got=got, wanted="one READY of each participant for this offer", act="the coordinator must send the COMMIT again"
    )
