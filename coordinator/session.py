"""Computes: the coordinator's session: one slot from offer to opened sum; the shelf does what is durable.

Every step is on the shelf before its messages exist for anybody else, and a message that goes again is the same bytes.
The shelf is the store (`store/store.py`); in a simulated world it may be memory.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from protocol.errors import Contradiction
from protocol.ledger.tree import MerkleTree
from protocol.round.coordinator_round import (
    CoordinatorSlot,
    CoordinatorStep,
    advance,
    open_slot,
    propose,
    receive,
    repair,
)
from protocol.round.member import Member
from protocol.round.opening import Opened
from protocol.round.transitions import State
from protocol.words.ids import Digest, PartyId
from protocol.words.period import Period


class Shelf(Protocol):
    """Where everything durable of a coordinator's rounds stands."""

    @property
    def log(self) -> MerkleTree:
        """Its own log."""
        ...

    def transaction(self) -> AbstractContextManager[object]:
        """Hold a transaction: all that is kept within it is durable together."""
        ...

    def shown(self) -> Sequence[int]:
        """Return the sizes of the own log that messages showed."""
        ...

    def slot(self, slot: Digest) -> CoordinatorSlot | None:
        """Return what is known of a slot."""
        ...

    def keep_slot(self, slot: CoordinatorSlot, *, showed: int | None = None) -> None:
        """Make a slot durable, and the size of the log that its next message shows."""
        ...

    def keep_evidence(self, evidence: tuple[str | bytes, ...]) -> None:
        """Keep signed texts that contradict each other."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Session:
    """The coordinator of one covenant. member: who it is and the studies that it signed."""

    member: Member
    shelf: Shelf

    def propose(
        self,
        study_digest: Digest,
        period: Period,
        participants: tuple[PartyId, ...],
        *,
        expires_s: int,
        parameters: Sequence[int] = (),
    ) -> CoordinatorStep:
        """Store and return a first or newer attempt of a slot. expires_s: Unix seconds at which its READYs end.

        parameters: of a step of a model.
        """
        slot = self.member.spec(study_digest, period).slot
        step = propose(
            study_digest=study_digest,
            period=period,
            participants=participants,
            expires_s=expires_s,
            member=self.member,
            log=self.shelf.log,
            shown=self.shelf.shown(),
            before=self.shelf.slot(slot),
            parameters=parameters,
        )
        self.shelf.keep_slot(step.slot, showed=self.shelf.log.size)
        return step

    def take(self, slot: Digest, body: bytes) -> None:
        """Store a participant's message; a refusal raises and keeps nothing but the evidence."""
        try:
            step = receive(body, slot=self._known(slot), member=self.member)
        except Contradiction as refusal:
            self.shelf.keep_evidence(refusal.evidence)
            raise
        self.shelf.keep_slot(step.slot)

    def advance(self, slot: Digest) -> CoordinatorStep:
        """Store and return the next step, if all answers are in."""
        before = self._known(slot)
        step = advance(before, member=self.member, log=self.shelf.log, shown=self.shelf.shown())
        if step.slot is not before:
            opened = step.slot.state is State.OPENED  # a RESULT shows the log
            self.shelf.keep_slot(step.slot, showed=self.shelf.log.size if opened else None)
        return step

    def repair(self, slot: Digest) -> CoordinatorStep:
        """Store and return a repair for those who aborted."""
        step = repair(self._known(slot), member=self.member)
        self.shelf.keep_slot(step.slot)
        return step

    def opened(self, slot: Digest) -> Opened:
        """Return the noisy sum of a slot that is open."""
        return open_slot(self._known(slot), self.member)

    def unanswered(self, slot: Digest) -> tuple[tuple[PartyId, bytes], ...]:
        """Return what to send again to those whose answer is missing: the same bytes."""
        known = self._known(slot)
        match known.state:
            case State.COMMITTED:
                body, answered = known.commit, {**known.uploads, **known.aborts}
            case State.REPAIRING:
                body, answered = known.repair, dict(known.corrections)
            case State.OPENED:
                body, answered = known.result, dict(known.verdicts)
            case _:
                body, answered = known.proposed, dict(known.readies)
        return tuple((party, body) for party in known.survivors if party not in answered)

    def _known(self, slot: Digest) -> CoordinatorSlot:
        known = self.shelf.slot(slot)
        if known is None:
            raise AssertionError("a slot is proposed before anything is done with it")
        return known
