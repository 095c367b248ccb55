"""Computes: the session behind the node's own rules: an offer that they forbid is declined before anything is read.

A Decline is signed and says no more than its code: the coordinator sees a refusal, not a drop-out, and it is the same
answer whatever the partner's records, quality report or book hold.
"""

from collections.abc import Callable
from dataclasses import dataclass

from partner_node.errors import PolicyRefusal
from partner_node.policy import decline_code
from partner_node.session import Session
from partner_node.vault.keyed_by import OtherUnitKeys
from partner_node.vault.years import YearClosed
from protocol.errors import Refusal
from protocol.round.frame import check_sender, parse_frame, seal
from protocol.round.member import NotApprovedHere, WrongParticipants, check_participants
from protocol.round.messages import Decline, DeclineCode, Propose
from protocol.round.partner_round import MAX_PAYLOAD_BYTES

Allowed = Callable[[Propose], None]


@dataclass(slots=True, repr=False)
class Gate:
    """A session and what may run. allowed: raises a refusal for an offer that this node declines today."""

    session: Session
    allowed: Allowed

    def receive(self, body: bytes, now_s: int) -> tuple[bytes, ...]:
        """Return the answers to a message: a Decline for an offer that is not allowed, else the session's."""
        member = self.session.member
        frame = parse_frame(body, source="the coordinator", max_payload_bytes=MAX_PAYLOAD_BYTES)
        if isinstance(frame.header, Propose):
            check_sender(frame, member.covenant)
            try:
                check_participants(frame.header.offer.participants, member)
                self.allowed(frame.header)
                member.study(frame.header.offer.spec.study_digest)
            except (PolicyRefusal, NotApprovedHere, WrongParticipants, OtherUnitKeys, YearClosed) as refusal:
                return (self._declined(frame.header, refusal),)
        return self.session.receive(body, now_s)

    def _declined(self, header: Propose, refusal: Refusal) -> bytes:
        code = DeclineCode.NOT_APPROVED if isinstance(refusal, NotApprovedHere) else decline_code(refusal)
        answer = Decline(sender=self.session.member.id, slot=header.slot, attempt=header.attempt, code=code)
        return seal(answer, key=self.session.member.key).encode()
