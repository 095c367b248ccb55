"""Computes: PROPOSE to READY. The plan and the participants are checked before anything is frozen."""

from datetime import date

from protocol.digest import digest_of
from protocol.errors import Contradiction, RoundRefusal
from protocol.ledger.tree import MerkleTree
from protocol.round.frame import Frame, parse_frame, seal
from protocol.round.member import Member, check_change, check_offer
from protocol.round.memory import (
    Command,
    EraseSecrets,
    FreezeWork,
    Memory,
    Remember,
    SawHead,
    Showed,
    SlotMemory,
    Step,
)
from protocol.round.messages import MAX_SETTLED, Decline, DeclineCode, Offer, Propose, Ready, Settled
from protocol.round.transitions import Event, Side, State, next_state
from protocol.round.witness import SeenHead, check_head, prove_entry, prove_growth, signed_head
from protocol.words.ids import Digest, PartyId
from protocol.words.period import Period, first_day, step_of

MAX_EXPIRY_S = 14 * 24 * 3600  # a READY holds its node for at most two weeks, the longest a round is open


class WrongOffer(RoundRefusal):
    """An offer that has expired, lasts too long, or does not fit the message around it."""


class ContradictingOffer(Contradiction):
    """Two offers that the coordinator signed for one attempt of one slot."""


def on_propose(frame: Frame, header: Propose, memory: Memory, member: Member, now_s: int) -> Step:
    """Return what a PROPOSE asks for: work to freeze, stored bytes again, or a Decline.

    Raises: WrongOffer, ContradictingOffer, OutOfOrder, ForkedLog, UnprovenHead, and what `check_offer` and
    `check_change` raise.
    """
    offer = header.offer
    known = memory.slots.get(header.slot)
    if known is not None and known.state not in {State.FREE, State.READY}:
        return _again(known, member)
    _check_times(header, now_s)
    check_offer(offer, member)
    check_change(offer, member, last_participants(memory, offer))
    if known is not None and known.attempt == offer.attempt:
        return _same_attempt(frame, offer, known)
    if known is not None and known.attempt > offer.attempt:
        raise _wrong_offer("an older attempt than one that was answered", "a newer attempt")
    if is_busy(memory, header.slot, now_s):
        return Step(messages=(_decline(header, member, DeclineCode.BUSY),))
    next_state(Side.PARTICIPANT, known.state if known else State.FREE, Event.PROPOSE)
    check_coordinator(header.offer.checkpoint, header, memory, member)
    return Step(work=FreezeWork(frame.encode(), offer))


def freeze(
    work: FreezeWork,
    *,
    nonce: Digest,
    commitment: Digest,
    charges_commitment: Digest,
    memory: Memory,
    member: Member,
    log: MerkleTree,
    now_s: int,
) -> Step:
    """Return the READY of an offer for which x, r and the seed are at hand; they go into the same transaction.

    Other READYs that have ended are erased first: a node holds one at a time.
    """
    offer = work.offer
    slot = offer.spec.slot
    ready = Ready(
        sender=member.id,
        slot=slot,
        attempt=offer.attempt,
        offer_digest=digest_of(offer),
        nonce=nonce,
        commitment=commitment,
        checkpoint=signed_head(log, member.covenant, member.id, member.key),
        consistency=prove_growth(log, memory.shown),
        settled=_settled(memory, log),
    )
    body = seal(ready, key=member.key).encode()
    propose = parse_frame(work.propose, source="the vault", max_payload_bytes=0).header
    assert isinstance(propose, Propose)  # noqa: S101 - on_propose made this work from one
    commands: list[Command] = list(expired(memory, now_s))
    if slot in memory.slots:
        commands.append(EraseSecrets(slot))
    commands += [
        Remember(
            SlotMemory(
                slot=slot,
                state=State.READY,
                attempt=offer.attempt,
                propose=work.propose,
                offer=offer,
                charges_commitment=charges_commitment,
                ready=body,
                ready_size=log.size,
            )
        ),
        SawHead(member.covenant.coordinator.id, check_coordinator(offer.checkpoint, propose, memory, member)),
        Showed(log.size),
    ]
    return Step(tuple(commands), (body,))


def expired(memory: Memory, now_s: int) -> tuple[Command, ...]:
    """Return the commands that end every READY whose offer has expired: seed, r and nonce go first."""
    commands: list[Command] = []
    for slot in memory.slots.values():
        if slot.state is State.READY and slot.offer is not None and now_s > slot.offer.expires_s:
            state = next_state(Side.PARTICIPANT, slot.state, Event.EXPIRE)
            # Kept: the attempt (a lower one is never answered again) and the head from which an ABORT proves growth.
            ended = SlotMemory(slot.slot, state, slot.attempt, ready_size=slot.ready_size)
            commands += [EraseSecrets(slot.slot), Remember(ended)]
    return tuple(commands)


def is_busy(memory: Memory, slot: Digest, now_s: int) -> bool:
    """Tell whether another slot of this party is open: a READY that has not ended, or a LOCK that is not sent.

    One at a time, so that no entry joins the own log between the head that a READY shows and the end of that READY:
    a peer that sees a newer head first would take the READY's head for a log that went back.
    """
    return holds_ready(memory, slot, now_s) or any(
        other.slot != slot and other.state is State.LOCKED for other in memory.slots.values()
    )


def holds_ready(memory: Memory, slot: Digest, now_s: int) -> bool:
    """Tell whether this party holds a READY of another slot that has not ended."""
    return any(
        other.slot != slot and other.state is State.READY and other.offer is not None and now_s <= other.offer.expires_s
        for other in memory.slots.values()
    )


def last_participants(memory: Memory, offer: Offer) -> tuple[PartyId, ...] | None:
    """Return the participants of the last earlier period of this study that this party locked; None for the first."""
    earlier = [
        other.offer
        for other in memory.slots.values()
        if other.offer is not None
        and (other.context is not None or other.state is State.HALTED)  # halted: it may have been locked
        and other.slot != offer.spec.slot
        and other.offer.spec.study_digest == offer.spec.study_digest
    ]
    return max(earlier, key=lambda other: _when(other.spec.period)).participants if earlier else None


def _when(period: Period) -> tuple[date, int]:
    return first_day(period), step_of(period) or 0


def check_coordinator(note: str, header: Propose, memory: Memory, member: Member) -> SeenHead:
    """Return the coordinator's head of an offer, having seen that its log only grew."""
    coordinator = member.covenant.coordinator.id
    return check_head(
        note,
        header.consistency,
        covenant=member.covenant,
        party=coordinator,
        seen=memory.heads.get(coordinator),
    )


def _again(known: SlotMemory, member: Member) -> Step:
    """A slot that was locked or aborted: the stored bytes, and never another attempt."""
    stored = known.abort or known.verdict or known.correction or known.upload
    if stored:
        return Step(messages=(stored,))
    used = Decline(sender=member.id, slot=known.slot, attempt=known.attempt, code=DeclineCode.SLOT_USED)
    return Step(messages=(seal(used, key=member.key).encode(),))


def _same_attempt(frame: Frame, offer: Offer, known: SlotMemory) -> Step:
    if known.state is State.FREE:
        raise _wrong_offer("an attempt whose READY has ended", "a newer attempt")
    if known.offer != offer:
        raise ContradictingOffer(
            got="two offers of the coordinator for one attempt",
            wanted="one offer an attempt",
            act="the FG must ask the coordinator why; both offers are kept",
            evidence=(known.propose, frame.encode()),
        )
    return Step(messages=(known.ready,))


def _check_times(header: Propose, now_s: int) -> None:
    offer = header.offer
    if (header.slot, header.attempt) != (offer.spec.slot, offer.attempt):
        raise _wrong_offer("an offer of another slot or attempt than its message", "the same in both")
    if not now_s <= offer.expires_s <= now_s + MAX_EXPIRY_S:
        raise _wrong_offer("an offer that has ended or holds for too long", "an expiry within two weeks from now")


def _settled(memory: Memory, log: MerkleTree) -> tuple[Settled, ...]:
    """The newest LOCKs and ABORTs of this party, for peers that did not get the RESULT that proved them."""
    entries = sorted((slot.entry_index, slot.entry) for slot in memory.slots.values() if slot.entry)
    return tuple(prove_entry(log, entry, index) for index, entry in entries[-MAX_SETTLED:])


def _decline(header: Propose, member: Member, code: DeclineCode) -> bytes:
    answer = Decline(sender=member.id, slot=header.slot, attempt=header.attempt, code=code)
    return seal(answer, key=member.key).encode()


def _wrong_offer(got: str, wanted: str) -> WrongOffer:
    return WrongOffer(got=got, wanted=wanted, act="the coordinator must propose again")
