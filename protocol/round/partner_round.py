"""Computes: a participant's side of a round, as steps from a message to durable commands, then messages, then work.

Nothing here touches the world. The caller carries out a step's commands in one durable transaction and only then sends
its messages; after a crash `pending` says what is still to be done, and a repeated message gets the stored bytes.
"""

from protocol.errors import RoundRefusal
from protocol.ledger.tree import MerkleTree
from protocol.round.frame import check_sender, parse_frame
from protocol.round.member import Member
from protocol.round.memory import AnnounceWork, ContributeWork, CorrectWork, Memory, Step, Work
from protocol.round.messages import Commit, Propose, Repair, Result
from protocol.round.participant.lock import on_commit
from protocol.round.participant.ready import on_propose
from protocol.round.participant.repair import on_repair
from protocol.round.participant.result import OwnCounts, on_result
from protocol.round.transitions import State

MAX_PAYLOAD_BYTES = 1 << 30  # the largest RESULT that a study may ask for (Study.max_upload_bytes)


class NotForParticipants(RoundRefusal):
    """A message that only the coordinator receives."""


def receive(body: bytes, *, memory: Memory, member: Member, log: MerkleTree, now_s: int, own_counts: OwnCounts) -> Step:
    """Return what follows from a message of the coordinator (or one that somebody relays).

    own_counts: works out this party's noised counts of a slot, for the check of a RESULT.
    Raises: a refusal by name; then nothing has changed. One with `evidence` carries signed bytes that contradict each
    other; the caller must store them.
    """
    frame = parse_frame(body, source="the coordinator", max_payload_bytes=MAX_PAYLOAD_BYTES)
    check_sender(frame, member.covenant)
    match frame.header:
        case Propose() as header:
            return on_propose(frame, header, memory, member, now_s)
        case Commit() as header:
            return on_commit(frame, header, memory, member, log=log, now_s=now_s)
        case Repair() as header:
            return on_repair(frame, header, memory, member)
        case Result() as header:
            return on_result(frame, header, memory, member, own_counts)
        case header:
            raise NotForParticipants(
                got=f"a {type(header).__name__}",
                wanted="PROPOSE, COMMIT, REPAIR or RESULT",
                act="the sender must address the coordinator",
            )


def pending(memory: Memory) -> tuple[Work, ...]:
    """Return the work that a crash interrupted: locked slots to send, repairs to correct, aborts to announce."""
    work: list[Work] = []
    for slot in memory.slots.values():
        if slot.state is State.LOCKED:
            work.append(ContributeWork(slot.slot))
        elif slot.state is State.REPAIRING:
            work.append(CorrectWork(slot.slot))
        elif slot.state is State.ABORTED and not slot.abort:
            work.append(AnnounceWork(slot.slot))
    return tuple(work)
