"""Computes: the one table of states and events for both sides of a round. What is not in it is out of order.

A slot's states go one way. `docs/protocol.md` prints this table and `diagram()`; a test holds that they are the same.
"""

from dataclasses import dataclass
from enum import StrEnum

from protocol.errors import RoundRefusal


class OutOfOrder(RoundRefusal):
    """A message or step that the state of this slot does not allow; the state is unchanged."""


class Side(StrEnum):
    """Who has the state."""

    PARTICIPANT = "participant"
    COORDINATOR = "coordinator"


class State(StrEnum):
    """Where a slot stands."""

    FREE = "free"  # nothing frozen
    READY = "ready"  # frozen and committed to one attempt, until its expiry
    LOCKED = "locked"  # charged; this attempt and no other, for ever
    SENT = "sent"  # the upload is stored, the seed is gone
    REPAIRING = "repairing"  # agreed to correct for the gone
    CORRECTED = "corrected"  # the correction is stored
    DONE = "done"
    ABORTED = "aborted"  # given up for ever; nothing was or will be uploaded
    HALTED = "halted"  # open when its vault was restored: it may have been sent, so nothing new is drawn or given up
    PROPOSED = "proposed"  # coordinator: waits for READYs
    COMMITTED = "committed"  # coordinator: COMMIT is stored; waits for uploads, never another attempt
    OPENED = "opened"  # coordinator: the sum is open; waits for verdicts


class Event(StrEnum):
    """What can happen to a slot."""

    PROPOSE = "propose"
    EXPIRE = "expire"
    COMMIT = "commit"
    LATE_COMMIT = "late commit"
    CONTRIBUTE = "contribute"
    GIVE_UP = "give up"
    REPAIR = "repair"
    CORRECT = "correct"
    RESULT = "result"
    RESTORE = "restore"
    ALL_READY = "all ready"
    ALL_SENT = "all sent"
    ALL_CORRECTED = "all corrected"
    ALL_AGREED = "all agreed"


@dataclass(frozen=True, slots=True)
class Transition:
    """From a state by an event to a state; what is made durable first, and what is sent then."""

    side: Side
    state: State
    event: Event
    to: State
    durable: str
    sends: str


_P, _C = Side.PARTICIPANT, Side.COORDINATOR
TABLE: tuple[Transition, ...] = (
    Transition(_P, State.FREE, Event.PROPOSE, State.READY, "freeze x, r, seed, READY", "READY"),
    Transition(_P, State.READY, Event.PROPOSE, State.READY, "erase; freeze the newer attempt", "READY"),
    Transition(_P, State.READY, Event.EXPIRE, State.FREE, "erase seed, r and nonce", ""),
    Transition(_P, State.READY, Event.COMMIT, State.LOCKED, "lock, charges, seen, ledger entry", ""),
    Transition(_P, State.READY, Event.GIVE_UP, State.ABORTED, "erase; ledger entry", "ABORT"),
    Transition(_P, State.FREE, Event.LATE_COMMIT, State.ABORTED, "ledger entry", "ABORT"),
    Transition(_P, State.LOCKED, Event.CONTRIBUTE, State.SENT, "store the upload; erase the seed", "UPLOAD"),
    Transition(_P, State.LOCKED, Event.GIVE_UP, State.ABORTED, "erase; ledger entry", "ABORT"),
    Transition(_P, State.SENT, Event.REPAIR, State.REPAIRING, "store D and a fresh seed", ""),
    Transition(
        _P, State.REPAIRING, Event.CORRECT, State.CORRECTED, "store the correction; erase the seed", "CORRECTION"
    ),
    Transition(_P, State.SENT, Event.RESULT, State.DONE, "keep proofs and verdict", "VERDICT"),
    Transition(_P, State.CORRECTED, Event.RESULT, State.DONE, "keep proofs and verdict", "VERDICT"),
    *(
        Transition(_P, state, Event.RESTORE, State.HALTED, "book what is frozen; ledger entry", "")
        for state in (State.FREE, State.READY, State.LOCKED, State.SENT, State.REPAIRING)
    ),
    Transition(_P, State.HALTED, Event.COMMIT, State.HALTED, "lock, ledger entry", ""),
    Transition(_C, State.FREE, Event.PROPOSE, State.PROPOSED, "store the offer", "PROPOSE"),
    Transition(_C, State.PROPOSED, Event.PROPOSE, State.PROPOSED, "store the newer attempt", "PROPOSE"),
    Transition(_C, State.PROPOSED, Event.ALL_READY, State.COMMITTED, "store COMMIT", "COMMIT"),
    Transition(_C, State.COMMITTED, Event.ALL_SENT, State.OPENED, "store RESULT; ledger entry", "RESULT"),
    Transition(_C, State.COMMITTED, Event.REPAIR, State.REPAIRING, "store REPAIR", "REPAIR"),
    Transition(_C, State.REPAIRING, Event.ALL_CORRECTED, State.OPENED, "store RESULT; ledger entry", "RESULT"),
    Transition(_C, State.OPENED, Event.ALL_AGREED, State.DONE, "keep verdicts", ""),
)
_NEXT = {(row.side, row.state, row.event): row.to for row in TABLE}


def next_state(side: Side, state: State, event: Event) -> State:
    """Return where the event leads.

    Raises: OutOfOrder.
    """
    found = _NEXT.get((side, state, event))
    if found is None:
        allowed = sorted(row.event for row in TABLE if (row.side, row.state) == (side, state))
        raise OutOfOrder(
            got=f"'{event}' in state {state} of the {side}",
            wanted=", ".join(allowed) or "nothing: this state is final",
            act="nobody need do anything; the state is unchanged",
        )
    return found


def diagram(side: Side) -> str:
    """Return one side of the table as a Mermaid state diagram."""
    rows = [row for row in TABLE if row.side is side]
    return "\n".join(["stateDiagram-v2", *(f"    {row.state} --> {row.to}: {row.event}" for row in rows)])


def table_rows() -> tuple[str, ...]:
    """Return the table as Markdown rows, for the document."""
    return tuple(
        f"| {row.side} | {row.state} | {row.event} | {row.to} | {row.durable} | {row.sends or '-'} |" for row in TABLE
    )
