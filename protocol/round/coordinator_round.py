"""Computes: the coordinator's side of a round. It collects, combines and opens sums; it does no keystream work.

Nothing here touches the world. The caller stores the slot that a step returns before it sends the step's messages. What
a lying coordinator could do with other code is what the participants' side is written against.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from protocol.digest import digest_of
from protocol.errors import Contradiction, RoundRefusal
from protocol.ledger.tree import MerkleTree
from protocol.round.context import context_of, repair_context_of
from protocol.round.frame import Frame, check_sender, digest_of_payload, pack, parse_frame, seal
from protocol.round.member import Member, check_participants
from protocol.round.messages import (
    Abort,
    Attempt,
    Commit,
    Correction,
    Decline,
    Header,
    Offer,
    Propose,
    Ready,
    Repair,
    Result,
    Upload,
    Verdict,
)
from protocol.round.opening import Opened, open_round, void_cells
from protocol.round.transitions import Event, OutOfOrder, Side, State, next_state
from protocol.round.witness import prove_growth, signed_head
from protocol.words.ids import Digest, PartyId
from protocol.words.period import Period

_SIDE = Side.COORDINATOR
Frames = Mapping[PartyId, bytes]


class Unexpected(RoundRefusal):
    """A message of another round, context or party than the coordinator waits for."""


class ContradictingMessage(Contradiction):
    """A party that signed two different messages of one kind for one attempt."""


@dataclass(frozen=True, slots=True, repr=False)
class CoordinatorSlot:
    """One slot at the coordinator; every frame as the bytes that came or went."""

    slot: Digest
    state: State
    attempt: Attempt
    offer: Offer
    proposed: bytes = b""
    context: Digest | None = None
    commit: bytes = b""
    repair: bytes = b""
    result: bytes = b""
    gone: tuple[PartyId, ...] = ()
    declines: Frames = field(default_factory=lambda: MappingProxyType({}))
    readies: Frames = field(default_factory=lambda: MappingProxyType({}))
    uploads: Frames = field(default_factory=lambda: MappingProxyType({}))
    aborts: Frames = field(default_factory=lambda: MappingProxyType({}))
    corrections: Frames = field(default_factory=lambda: MappingProxyType({}))
    verdicts: Frames = field(default_factory=lambda: MappingProxyType({}))

    @property
    def survivors(self) -> tuple[PartyId, ...]:
        """The participants without the gone."""
        return tuple(party for party in self.offer.participants if party not in self.gone)

    @property
    def objections(self) -> tuple[PartyId, ...]:
        """Who objected to the RESULT."""
        return tuple(party for party, body in self.verdicts.items() if _objects(body))


@dataclass(frozen=True, slots=True, repr=False)
class CoordinatorStep:
    """The slot to store, and then what to send to whom."""

    slot: CoordinatorSlot
    messages: tuple[tuple[PartyId, bytes], ...] = ()


def propose(
    *,
    study_digest: Digest,
    period: Period,
    participants: tuple[PartyId, ...],
    expires_s: int,
    member: Member,
    log: MerkleTree,
    shown: Sequence[int],
    before: CoordinatorSlot | None,
    parameters: Sequence[int] = (),
) -> CoordinatorStep:
    """Return a first or newer attempt of a slot. shown: sizes of the own log that parties may have seen before.

    parameters: of a step of a model.

    Raises: OutOfOrder, once a COMMIT of the slot is stored; NotApprovedHere, UnknownPeriod, WrongParticipants.
    """
    state = next_state(_SIDE, before.state if before else State.FREE, Event.PROPOSE)
    check_participants(participants, member)
    attempt = Attempt(before.attempt + 1 if before else 0)
    offer = Offer(
        spec=member.spec(study_digest, period, parameters),
        attempt=attempt,
        participants=participants,
        expires_s=expires_s,
        checkpoint=signed_head(log, member.covenant, member.id, member.key),
    )
    slot = CoordinatorSlot(offer.spec.slot, state, attempt, offer)
    body = _sealed(Propose, slot, member, offer=offer, consistency=prove_growth(log, shown))
    return CoordinatorStep(replace(slot, proposed=body), _to(participants, body))


def receive(body: bytes, *, slot: CoordinatorSlot, member: Member) -> CoordinatorStep:
    """Return the slot with a participant's message in it; `advance` says whether the round goes on.

    Raises: Unexpected, ContradictingMessage, and what `parse_frame` and `check_sender` raise.
    """
    limit = slot.offer.spec.cells * slot.offer.spec.ring_bits // 8
    frame = parse_frame(body, source="a participant", max_payload_bytes=limit)
    check_sender(frame, member.covenant)
    header = frame.header
    _check_expected(frame, slot, limit)
    match header:
        case Ready() if header.offer_digest == digest_of(slot.offer):
            return CoordinatorStep(replace(slot, readies=_with(slot.readies, header, body)))
        case Upload() if header.context == slot.context:
            _check_contradiction(slot.aborts, header, body)
            return CoordinatorStep(replace(slot, uploads=_with(slot.uploads, header, body)))
        case Correction() if slot.gone and header.context == repair_context_of(slot.context or Digest(""), slot.gone):
            return CoordinatorStep(replace(slot, corrections=_with(slot.corrections, header, body)))
        case Verdict() if header.context == slot.context and slot.result:
            return CoordinatorStep(replace(slot, verdicts=_with(slot.verdicts, header, body)))
        case Abort():
            _check_contradiction(slot.uploads, header, body)
            return CoordinatorStep(replace(slot, aborts=_latest(slot.aborts, header, body)))
        case Decline():
            return CoordinatorStep(replace(slot, declines=_latest(slot.declines, header, body)))
        case _:
            raise _unexpected(f"a {type(header).__name__} of {header.sender} for another offer or context")


def advance(slot: CoordinatorSlot, *, member: Member, log: MerkleTree, shown: Sequence[int]) -> CoordinatorStep:
    """Return the next step once all answers are in; the same slot and no message while some are missing."""
    offer = slot.offer
    if slot.state is State.PROPOSED and set(slot.readies) == set(offer.participants):
        return _commit(slot, member)
    if slot.state is State.COMMITTED and set(slot.uploads) == set(offer.participants):
        return _result(slot, Event.ALL_SENT, member=member, log=log, shown=shown)
    if slot.state is State.REPAIRING and set(slot.corrections) == set(slot.survivors):
        return _result(slot, Event.ALL_CORRECTED, member=member, log=log, shown=shown)
    if slot.state is State.OPENED and set(slot.verdicts) >= set(slot.survivors) and not slot.objections:
        return CoordinatorStep(replace(slot, state=next_state(_SIDE, slot.state, Event.ALL_AGREED)))
    return CoordinatorStep(slot)


def repair(slot: CoordinatorSlot, *, member: Member) -> CoordinatorStep:
    """Return a REPAIR for those who aborted, when all others have uploaded and n_min of them are left.

    Raises: OutOfOrder, Unexpected.
    """
    state = next_state(_SIDE, slot.state, Event.REPAIR)
    gone = tuple(party for party in slot.offer.participants if party in slot.aborts)
    left = [party for party in slot.offer.participants if party not in gone]
    if not gone or len(left) < member.covenant.minimum_participants or set(left) - set(slot.uploads):
        raise _unexpected("no ABORT, too few survivors, or a survivor that has not uploaded")
    payload = pack([slot.aborts[party] for party in gone])
    body = _sealed(Repair, slot, member, payload=payload, context=slot.context, gone=gone)
    return CoordinatorStep(replace(slot, state=state, gone=gone, repair=body), _to(left, body))


def open_slot(slot: CoordinatorSlot, member: Member) -> Opened:
    """Return the noisy sum of an opened slot.

    Raises: OutOfOrder, SumOutOfRange.
    """
    if slot.state not in {State.OPENED, State.DONE}:
        raise OutOfOrder(got=f"a sum in state {slot.state}", wanted="an opened slot", act="the coordinator must wait")
    limit = slot.offer.spec.cells * slot.offer.spec.ring_bits // 8
    vectors = {
        kind: [parse_frame(frames[party], source="store", max_payload_bytes=limit).payload for party in slot.survivors]
        for kind, frames in (("uploads", slot.uploads), ("corrections", slot.corrections))
        if frames
    }
    return open_round(
        vectors["uploads"],
        vectors.get("corrections", ()),
        member.ring(slot.offer, slot.survivors),
        slot.offer,
        void=void_cells(slot.offer, slot.gone, member),
    )


def _commit(slot: CoordinatorSlot, member: Member) -> CoordinatorStep:
    frames = [slot.readies[party] for party in slot.offer.participants]
    readies = [parse_frame(body, source="store", max_payload_bytes=0).header for body in frames]
    context = context_of(slot.offer, [ready for ready in readies if isinstance(ready, Ready)])
    state = next_state(_SIDE, slot.state, Event.ALL_READY)
    body = _sealed(Commit, slot, member, payload=pack(frames))
    return CoordinatorStep(replace(slot, state=state, context=context, commit=body), _to(slot.offer.participants, body))


def _result(
    slot: CoordinatorSlot, event: Event, *, member: Member, log: MerkleTree, shown: Sequence[int]
) -> CoordinatorStep:
    study = member.study(slot.offer.spec.study_digest)
    whole = [slot.uploads[party] for party in slot.survivors]
    whole += [slot.corrections[party] for party in slot.survivors] if slot.gone else []
    has_vectors = sum(map(len, whole)) <= study.max_upload_bytes
    frames = whole if has_vectors else [_without_payload(body) for body in whole]
    body = _sealed(
        Result,
        slot,
        member,
        payload=pack(frames),
        context=slot.context,
        gone=slot.gone,
        has_vectors=has_vectors,
        checkpoint=signed_head(log, member.covenant, member.id, member.key),
        consistency=prove_growth(log, shown),
    )
    opened = replace(slot, state=next_state(_SIDE, slot.state, event), result=body)
    return CoordinatorStep(opened, _to(slot.survivors, body))


def _without_payload(body: bytes) -> bytes:
    return parse_frame(body, source="store", max_payload_bytes=len(body)).signed_part()


def _sealed(
    kind: type[Header], slot: CoordinatorSlot, member: Member, *, payload: bytes = b"", **fields: object
) -> bytes:
    if kind in {Commit, Repair, Result}:
        fields["payload_digest"] = digest_of_payload(payload)
    header = kind.model_validate(
        {"kind": kind.model_fields["kind"].default, "sender": member.id, "slot": slot.slot, "attempt": slot.attempt}
        | fields
    )
    return seal(header, key=member.key, payload=payload).encode()


def _check_expected(frame: Frame, slot: CoordinatorSlot, limit: int) -> None:
    header = frame.header
    if (header.slot, header.attempt) != (slot.slot, slot.attempt) or header.sender not in slot.offer.participants:
        raise _unexpected(
            f"a {type(header).__name__} of {header.sender} for another slot, attempt or set of participants"
        )
    if isinstance(header, Upload | Correction) and len(frame.payload) != limit:
        raise _unexpected(f"a vector of {header.sender} of another length")


def _with(frames: Frames, header: Header, body: bytes) -> Frames:
    old = frames.get(header.sender)
    if old is not None and old != body:
        raise ContradictingMessage(
            got=f"two different {type(header).__name__} messages of {header.sender} for one attempt",
            wanted="the same bytes on a retry",
            act=f"the FG of {header.sender} must find out whether its node was cloned or restored; both are kept",
            evidence=(old, body),
        )
    return _latest(frames, header, body)


def _check_contradiction(others: Frames, header: Header, body: bytes) -> None:
    """Refuse an UPLOAD after an ABORT, or the other way round: after a repair the slot would open a second time."""
    if header.sender in others:
        raise ContradictingMessage(
            got=f"both an UPLOAD and an ABORT of {header.sender} for one attempt",
            wanted="one of the two",
            act=f"the FG of {header.sender} must find out whether its node was cloned or restored; both are kept",
            evidence=(others[header.sender], body),
        )


def _latest(frames: Frames, header: Header, body: bytes) -> Frames:
    return MappingProxyType({**frames, header.sender: body})


def _to(parties: Sequence[PartyId], body: bytes) -> tuple[tuple[PartyId, bytes], ...]:
    return tuple((party, body) for party in parties)


def _objects(body: bytes) -> bool:
    header = parse_frame(body, source="store", max_payload_bytes=0).header
    return isinstance(header, Verdict) and header.objection is not None


def _unexpected(got: str) -> Unexpected:
    return Unexpected(got=got, wanted="an answer of this round", act="the sender must wait for its own round")
