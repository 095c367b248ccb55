"""Computes nothing: what a participant remembers of its rounds, and the durable effects that change it.

A step's commands are carried out in ONE durable transaction before any of its messages go. The secrets of a slot (x, r,
the seed) stand beside this memory in the vault and never in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from protocol.ledger.entry import AbortEntry, Disclosure, LockEntry
from protocol.round.messages import Attempt, Offer
from protocol.round.transitions import State
from protocol.round.witness import SeenHead, check_same_root
from protocol.words.ids import Digest, PartyId


@dataclass(frozen=True, slots=True, repr=False)
class SlotMemory:
    """One slot. Fields fill up as its state moves on; each message stands as the bytes that were sent.

    propose: the frame that made this party READY. readies: the frames of the COMMIT that locked it.
    charges_commitment: salted, for the LOCK entry. entry, entry_index: this party's LOCK or ABORT in its own log.
    """

    slot: Digest
    state: State
    attempt: Attempt
    propose: bytes = b""
    offer: Offer | None = None
    charges_commitment: Digest | None = None
    ready: bytes = b""
    ready_size: int = 0
    readies: tuple[bytes, ...] = ()
    context: Digest | None = None
    entry: bytes = b""
    entry_index: int = 0
    upload: bytes = b""
    gone: tuple[PartyId, ...] = ()
    correction: bytes = b""
    verdict: bytes = b""
    abort: bytes = b""

    @property
    def survivors(self) -> tuple[PartyId, ...]:
        """The participants without the gone."""
        participants = self.offer.participants if self.offer else ()
        return tuple(party for party in participants if party not in self.gone)


@dataclass(frozen=True, slots=True, repr=False)
class Memory:
    """Everything that a participant's next step depends on.

    heads: the newest log head seen of each party. shown: sizes of the own log in earlier messages. unsettled: slots in
    which this party locked and a peer has not yet proved a LOCK or ABORT.
    """

    slots: Mapping[Digest, SlotMemory] = field(default_factory=lambda: MappingProxyType({}))
    heads: Mapping[PartyId, SeenHead] = field(default_factory=lambda: MappingProxyType({}))
    shown: tuple[int, ...] = ()
    unsettled: frozenset[tuple[Digest, PartyId]] = frozenset()


@dataclass(frozen=True, slots=True)
class Remember:
    """Store what is known of a slot."""

    slot: SlotMemory


@dataclass(frozen=True, slots=True)
class Append:
    """Append an entry to the own log."""

    entry: LockEntry | AbortEntry | Disclosure


@dataclass(frozen=True, slots=True)
class BookCharges:
    """Book the charges and mark the events seen that were worked out when the slot was frozen."""

    slot: Digest


@dataclass(frozen=True, slots=True)
class EraseSecrets:
    """Overwrite the seed of a slot, and with it x and r unless the slot is locked."""

    slot: Digest


@dataclass(frozen=True, slots=True)
class SawHead:
    """Store the newest head of a party's log."""

    party: PartyId
    head: SeenHead


@dataclass(frozen=True, slots=True)
class Showed:
    """Store the size of the own log that a message showed: its reader wants proof of growth from there."""

    size: int


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A peer owes the proof that it locked or aborted this slot."""

    slot: Digest
    party: PartyId


@dataclass(frozen=True, slots=True)
class SettledBy:
    """A peer gave that proof."""

    slot: Digest
    party: PartyId


@dataclass(frozen=True, slots=True)
class KeepEvidence:
    """Store two signed texts or frames that contradict each other."""

    evidence: tuple[str | bytes, ...]


Command = Remember | Append | BookCharges | EraseSecrets | SawHead | Showed | Unsettled | SettledBy | KeepEvidence


@dataclass(frozen=True, slots=True)
class FreezeWork:
    """To do: tabulate x for this offer, draw r, the nonce and the seed; then `freeze`."""

    propose: bytes
    offer: Offer


@dataclass(frozen=True, slots=True)
class ContributeWork:
    """To do: expand the noise, mask under the slot's context; then `contribute`."""

    slot: Digest


@dataclass(frozen=True, slots=True)
class CorrectWork:
    """To do: undo the masks of the gone, top up the noise, mask among the survivors; then `correct`."""

    slot: Digest


@dataclass(frozen=True, slots=True)
class AnnounceWork:
    """To do: `announce_abort`, now that the log with the ABORT entry is durable."""

    slot: Digest


Work = FreezeWork | ContributeWork | CorrectWork | AnnounceWork


@dataclass(frozen=True, slots=True, repr=False)
class Step:
    """What follows from an event: commands in one durable transaction, then messages, then work.

    Every message of a participant goes to the coordinator.
    """

    commands: tuple[Command, ...] = ()
    messages: tuple[bytes, ...] = ()
    work: Work | None = None


def saw_head(memory: Memory, party: PartyId, head: SeenHead) -> tuple[SawHead, ...]:
    """Return the command that stores a head which a party showed beside an UPLOAD or ABORT; none for an older one.

    Its own slots overlap, so that a head newer than this one may be known already.
    Raises: ForkedLog, for another root at the size of the newest.
    """
    known = memory.heads.get(party)
    check_same_root(known, head, party)
    return (SawHead(party, head),) if known is None or head.size > known.size else ()


def applied(memory: Memory, commands: tuple[Command, ...]) -> Memory:
    """Return the memory after the commands; the vault's tables do the same.

    Not promised: the own log, the book, the secrets and the evidence, which are not in this memory.
    """
    slots, heads = dict(memory.slots), dict(memory.heads)
    shown, unsettled = memory.shown, set(memory.unsettled)
    for command in commands:
        match command:
            case Remember(slot):
                slots[slot.slot] = slot
            case SawHead(party, head):
                heads[party] = head
            case Showed(size):
                shown = (*shown, size)
            case Unsettled(digest, party):
                unsettled.add((digest, party))
            case SettledBy(digest, party):
                unsettled.discard((digest, party))
            case Append() | BookCharges() | EraseSecrets() | KeepEvidence():
                pass
    return Memory(MappingProxyType(slots), MappingProxyType(heads), shown, frozenset(unsettled))
