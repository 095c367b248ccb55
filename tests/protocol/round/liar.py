"""Computes: a coordinator that lies, keeps every frame it ever saw, and tries every sum of every vector it holds."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from protocol.digest import digest_of
from protocol.errors import Refusal
from protocol.ledger.tree import MerkleTree
from protocol.round.context import repair_context_of
from protocol.round.frame import pack
from protocol.round.messages import Abort, Attempt, Commit, Correction, Offer, Propose, Ready, Repair, Result, Upload
from protocol.round.witness import signed_head
from protocol.words.ids import Digest, PartyId
from protocol.words.period import Period
from tests.protocol.round.five_nodes import PARTIES, TABLES, Node, covenant, member, new_node, study
from tests.protocol.round.stages import COORDINATOR, Halt, frame_of, signed
from tests.rounds import START_S

MAX_VECTORS = 16  # of one slot: five uploads and corrections, and what restored nodes add; 65,536 sums


class Broken(AssertionError):
    """A promise of the round did not hold."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Held:
    """A vector that the coordinator holds. counts: what its sender noised; None for a correction."""

    sender: PartyId
    context: Digest
    offer: Offer
    cells: NDArray[np.uint64]
    counts: NDArray[np.int64] | None


@dataclass(slots=True, repr=False)
class Pool:
    """The vectors of one slot, and the sum of every subset of them; row k holds those whose bits k has."""

    vectors: list[Held] = field(default_factory=list)
    sums: NDArray[np.uint64] = field(default_factory=lambda: np.zeros((1, TABLES[-1].stop), dtype=np.uint64))

    def add(self, new: Held) -> list[tuple[tuple[Held, ...], NDArray[np.int64]]]:
        """Return the subsets with the new vector in which any table opens, each with its sum."""
        if len(self.vectors) == MAX_VECTORS:
            raise Broken("more vectors of one slot than this test can add up")
        fresh = self.sums + new.cells
        first = len(self.sums)
        self.vectors.append(new)
        self.sums = np.concatenate((self.sums, fresh))
        limit = member(COORDINATOR).ring(new.offer, PARTIES).sum_limit
        values = fresh.view(np.int64)
        small = (values <= limit) & (values >= -limit)
        found = np.flatnonzero(np.any([small[:, cells].all(axis=1) for cells in TABLES], axis=0))
        return [(self._members(first + int(row)), values[row]) for row in found]

    def _members(self, row: int) -> tuple[Held, ...]:
        return tuple(held for place, held in enumerate(self.vectors) if row >> place & 1)


@dataclass(slots=True, repr=False)
class Liar:
    """The coordinator with all its keys, every frame it saw, and the nodes at the other end of its wires."""

    nodes: list[Node] = field(default_factory=lambda: [new_node(party) for party in PARTIES])
    suspects: set[PartyId] = field(default_factory=set)  # restored or cloned
    now_s: int = START_S
    offers: list[Offer] = field(default_factory=list)
    said: list[bytes] = field(default_factory=list)
    heard: dict[tuple[type, Digest, Attempt, PartyId], list[bytes]] = field(default_factory=dict)
    contexts: list[tuple[Offer, Digest]] = field(default_factory=list)
    pools: dict[Digest, Pool] = field(default_factory=dict)
    opened: dict[Digest, list[tuple[frozenset[PartyId], bytes]]] = field(default_factory=dict)

    # --- what it says

    def offer(
        self, period: Period, attempt: int, participants: tuple[PartyId, ...], lifetime_s: int, log: int
    ) -> Offer:
        """Return a new offer; log: which of its two ledgers it shows."""
        tree = MerkleTree()
        for entry in range(log):
            tree.append(f'{{"kind":"other","version":{entry + 1}}}'.encode())
        desk = member(COORDINATOR)
        made = Offer(
            spec=desk.spec(digest_of(study()), period),
            attempt=Attempt(attempt),
            participants=participants,
            expires_s=self.now_s + lifetime_s,
            checkpoint=signed_head(tree, covenant(), COORDINATOR, desk.key),
        )
        self.offers.append(made)
        return made

    def propose(self, offer: Offer, nodes: Sequence[Node]) -> None:
        """Show an offer to some nodes."""
        header = Propose(sender=COORDINATOR, slot=offer.spec.slot, attempt=offer.attempt, offer=offer, consistency=())
        self.say(signed(header), nodes)

    def commit(self, offer: Offer, choice: int, nodes: Sequence[Node]) -> None:
        """Show some nodes a COMMIT of READYs of this slot and attempt, whichever offer they were given for."""
        readies = self.choose(Ready, offer, offer.participants, choice)
        header = Commit(
            sender=COORDINATOR, slot=offer.spec.slot, attempt=offer.attempt, payload_digest=Digest("0" * 64)
        )
        if readies:
            self.say(signed(header, pack(readies)), nodes)

    def repair(
        self, offer: Offer, context: Digest, gone: tuple[PartyId, ...], choice: int, nodes: Sequence[Node]
    ) -> None:
        """Ask some nodes to correct for those whose ABORT it has."""
        aborts = self.choose(Abort, offer, gone, choice)
        header = Repair(
            sender=COORDINATOR,
            slot=offer.spec.slot,
            attempt=offer.attempt,
            context=context,
            gone=gone or PARTIES[:1],
            payload_digest=Digest("0" * 64),
        )
        if aborts:
            self.say(signed(header, pack(aborts)), nodes)

    def result(
        self, offer: Offer, context: Digest, gone: tuple[PartyId, ...], choice: int, nodes: Sequence[Node]
    ) -> None:
        """Show some nodes a RESULT of whichever uploads and corrections it likes."""
        left = tuple(party for party in offer.participants if party not in gone)
        uploads = self.choose(Upload, offer, left, choice)
        corrections = self.choose(Correction, offer, left, choice) if gone else ()
        header = Result(
            sender=COORDINATOR,
            slot=offer.spec.slot,
            attempt=offer.attempt,
            context=context,
            gone=gone,
            has_vectors=True,
            payload_digest=Digest("0" * 64),
            checkpoint=offer.checkpoint,
            consistency=(),
        )
        if uploads:
            self.say(signed(header, pack((*uploads, *corrections))), nodes)

    def choose(self, kind: type, offer: Offer, parties: Sequence[PartyId], choice: int) -> tuple[bytes, ...]:
        """Return one frame of each party that it heard for this slot and attempt; none if one is missing."""
        found = [self.heard.get((kind, offer.spec.slot, offer.attempt, party), ()) for party in parties]
        if not all(found):
            return ()
        return tuple(frames[(choice >> place) % len(frames)] for place, frames in enumerate(found))

    def say(self, body: bytes, nodes: Sequence[Node]) -> None:
        """Send a message to some nodes and hear what they answer; a node that is down starts again first."""
        self.said.append(body)
        for node in nodes:
            self.hear(node, body)

    # --- what it hears

    def hear(self, node: Node, body: bytes | None) -> None:
        """Let a node start again if it is down, receive a message if there is one, and keep its answers."""
        now_s = self.now_s + node.clock_s
        answers: tuple[bytes, ...] = ()
        try:
            if node.is_down:
                node.is_down = False
                answers += node.party.restart(now_s)
            if body is not None:
                answers += node.party.receive(body, now_s)
        except Halt:
            node.is_down = True
            node.party.crash_at = lambda _point: None
        except Refusal:
            pass
        for answer in answers:
            self.keep(node, answer)

    def keep(self, node: Node, body: bytes) -> None:
        """Store an answer; add a new vector to all sums of its slot."""
        frame = frame_of(body)
        header = frame.header
        frames = self.heard.setdefault((type(header), header.slot, header.attempt, header.sender), [])
        if body in frames:
            return
        frames.append(body)
        if not isinstance(header, Upload | Correction):
            return
        slot = node.party.durable.memory.slots[header.slot]
        offer, context = slot.offer, slot.context
        if offer is None or context is None:
            raise Broken("a vector of a slot without an offer")
        if (offer, context) not in self.contexts:
            self.contexts.append((offer, context))
        cells = np.frombuffer(frame.payload, dtype="<u8")
        counts = node.party.own_counts(slot) if isinstance(header, Upload) else None
        held = Held(header.sender, header.context, offer, cells, counts)
        pool = self.pools.setdefault(header.slot, Pool())
        alike = [other for other in pool.vectors if (other.sender, other.context) == (held.sender, held.context)]
        if any(np.array_equal(other.cells, cells) for other in alike):
            return
        if alike and counts is not None:
            raise Broken("two different uploads of one party under one context")
        for subset, total in pool.add(held):
            self.check_opening(header.slot, subset, total)

    # --- what must hold

    def check_opening(self, slot: Digest, subset: tuple[Held, ...], total: NDArray[np.int64]) -> None:
        """Raise unless this is the agreed sum, and the only one of its slot."""
        uploads = [held for held in subset if held.counts is not None]
        corrections = [held for held in subset if held.counts is None]
        if not uploads or len({(held.context, digest_of(held.offer)) for held in uploads}) != 1:
            raise Broken(f"a sum opened of {len(subset)} vectors that were not given for one context and offer")
        offer, context = uploads[0].offer, uploads[0].context
        left = [held.sender for held in uploads]
        gone = tuple(party for party in offer.participants if party not in left)
        aborted = all((Abort, slot, offer.attempt, party) in self.heard for party in gone)
        corrected = sorted(held.sender for held in corrections) == (sorted(left) if gone else [])
        agreed = {held.context for held in corrections} <= {repair_context_of(context, gone)}
        enough = len(left) >= covenant().minimum_participants
        if len(set(left)) != len(left) or not (aborted and corrected and agreed and enough):
            raise Broken(f"a sum opened of {len(left)} of {len(offer.participants)} parties that was not agreed")
        expected = np.sum([held.counts for held in uploads if held.counts is not None], axis=0)
        exact = TABLES[0] if gone else slice(None)  # a repair tops up joint tables, or voids them
        if not np.array_equal(total[exact], expected[exact]):
            raise Broken("the agreed sum is not the sum of what its parties noised")
        self.check_once(slot, frozenset(left), total)

    def check_once(self, slot: Digest, parties: frozenset[PartyId], total: NDArray[np.int64]) -> None:
        """Raise if the slot opened before to something else, unless a suspect contradicts itself under its own key."""
        openings = self.opened.setdefault(slot, [])
        opening = (parties, total.tobytes())
        if (
            openings
            and opening not in openings
            and not any(self.contradicts_itself(slot, who) for who in self.suspects)
        ):
            raise Broken("one slot opened to two sums")
        openings.append(opening)

    def contradicts_itself(self, slot: Digest, party: PartyId) -> bool:
        """Whether it signed an UPLOAD and an ABORT of one slot, or two CORRECTIONs."""
        signed_by = {kind: frames for (kind, of, _, who), frames in self.heard.items() if (of, who) == (slot, party)}
        return (Upload in signed_by and Abort in signed_by) or len(signed_by.get(Correction, ())) > 1
