"""Computes: one turn of a round over a channel, what each party is waiting for, and timeouts from one deadline.

A turn does what is due and returns; after a crash the next one goes on from what is stored. Nothing is asked of a clock
here: the time is an argument.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum

from coordinator.errors import OperatorRefusal
from coordinator.session import Session
from protocol.errors import SamenzichtError
from protocol.round.channel import Channel
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.round.frame import parse_frame
from protocol.round.messages import Decline
from protocol.round.transitions import State
from protocol.words.ids import Digest, PartyId
from protocol.words.period import Period

LEAST_READY_S, MOST_READY_S = 3_600, 14 * 86_400  # a READY holds a partner's node; two weeks is a slow courier
Asked = Callable[[], tuple[int, ...]]


class RoundTooEarly(OperatorRefusal):
    """A round before the day on which it opens."""


class RoundIsOver(OperatorRefusal):
    """A round that was not begun before its due date: the study must schedule it again."""


class PartyState(StrEnum):
    """Where a party stands, for the line on the terminal."""

    READY = "ready"
    WAITING = "waiting"
    REFUSED = "refused"
    LATE = "late"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class PartyLine:
    """One party in a round. reason: the code of a refusal."""

    party: PartyId
    state: PartyState
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Deadlines:
    """What follows from the due date of a round; Unix seconds. expires_s: of a READY asked for now."""

    due_s: int
    expires_s: int


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn left. refused: what a message was refused for; nothing of it was kept but evidence."""

    slot: CoordinatorSlot
    refused: tuple[SamenzichtError, ...]


def deadlines(opens: date, due: date, *, now_s: int) -> Deadlines:
    """Return the timeouts of a round: a READY lives half of what is left.

    Raises: RoundTooEarly.
    """
    due_s = int(datetime.combine(due, time(23, 59, 59), UTC).timestamp())
    opens_s = int(datetime.combine(opens, time(), UTC).timestamp())
    if now_s < opens_s:
        raise RoundTooEarly(
            got=f"a round that opens on {opens}", wanted="that day or later", act="the operator must wait for it"
        )
    left = max(0, due_s - now_s)
    expires_s = now_s + min(max(left // 2, LEAST_READY_S), MOST_READY_S)
    return Deadlines(due_s, expires_s)


def nothing_asked() -> tuple[int, ...]:
    """Return the parameters of a round of counts: none."""
    return ()


def begin(
    session: Session,
    study: Digest,
    period: Period,
    participants: tuple[PartyId, ...],
    *,
    now_s: int,
    asked: Asked = nothing_asked,
) -> CoordinatorSlot:
    """Return the slot of a round: as it is, or proposed now, or proposed again to those who answered in time.

    asked: works out the parameters of a step of a model; only when it is proposed.
    Who did not answer before its READYs ended is left out when enough others did (n_min); else all are asked again.
    Raises: RoundTooEarly, RoundIsOver; what `Session.propose` raises.
    """
    spec = session.member.spec(study, period)
    scheduled = session.member.study(study).round_for(period)
    times = deadlines(scheduled.opens, scheduled.due, now_s=now_s)
    known = session.shelf.slot(spec.slot)
    if known is not None and (known.state is not State.PROPOSED or now_s < known.offer.expires_s):
        return known
    if now_s > times.due_s:
        raise RoundIsOver(
            got=f"a round of {period} that was due on {scheduled.due}",
            wanted="a round within its dates",
            act="the coordinator must propose a study that schedules it again",
        )
    invited = participants
    if known is not None and len(known.readies) >= session.member.covenant.minimum_participants:
        invited = tuple(party for party in participants if party in known.readies)
    expires_s = times.expires_s
    return session.propose(study, period, invited, expires_s=expires_s, parameters=asked()).slot


def turn(session: Session, slot: Digest, channel: Channel, *, taken: Callable[[bytes], None]) -> Turn:
    """Do what is due: take what came in, go on as far as the answers reach, send what is unanswered.

    taken: told of each message that is stored or refused, so that the channel may put it aside.
    """
    refused: list[SamenzichtError] = []
    for body in channel.collect():
        try:
            session.take(slot, body)
        except SamenzichtError as error:
            if error.exit_code != 1:
                raise  # a fault of the store: the message stays where it is
            refused.append(error)
        taken(body)
    known = session.advance(slot).slot
    if may_repair(known, session.member.covenant.minimum_participants):
        known = session.repair(slot).slot
    if known.state is not State.DONE:
        for party, body in session.unanswered(slot):
            channel.send(party, body)
    return Turn(known, tuple(refused))


def may_repair(slot: CoordinatorSlot, least: int) -> bool:
    """Tell whether all have uploaded but those who aborted, and enough are left."""
    left = [party for party in slot.offer.participants if party not in slot.aborts]
    return (
        slot.state is State.COMMITTED
        and bool(slot.aborts)
        and len(left) >= least
        and all(party in slot.uploads for party in left)
    )


def party_lines(
    slot: CoordinatorSlot, everyone: tuple[PartyId, ...], *, now_s: int, due_s: int
) -> tuple[PartyLine, ...]:
    """Return one line a party: ready, waiting, refused and why, late."""
    return tuple(_line(slot, party, late=now_s > due_s) for party in everyone)


def _line(slot: CoordinatorSlot, party: PartyId, *, late: bool) -> PartyLine:
    if party not in slot.offer.participants:
        return PartyLine(party, PartyState.LATE, "left-out")
    if party in slot.objections:
        return PartyLine(party, PartyState.REFUSED, "objection")
    if party in slot.aborts:
        return PartyLine(party, PartyState.REFUSED, "abort")
    match slot.state:
        case State.PROPOSED:
            answered = party in slot.readies
        case State.COMMITTED:
            answered = party in slot.uploads
        case State.REPAIRING:
            answered = party in slot.corrections
        case _:
            answered = party in slot.verdicts
    if answered:
        return PartyLine(party, PartyState.DONE if slot.state is State.DONE else PartyState.READY)
    if slot.state is State.PROPOSED and party in slot.declines:
        header = parse_frame(slot.declines[party], source="store", max_payload_bytes=0).header
        return PartyLine(party, PartyState.REFUSED, header.code.value if isinstance(header, Decline) else None)
    return PartyLine(party, PartyState.LATE if late else PartyState.WAITING)
