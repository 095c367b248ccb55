"""Computes: what participants see of each other's logs and the coordinator's. A log may grow; nothing else.

Each log is named `samenzicht.log/<covenant>/<party>` and signed with the party's identity key. A smaller or forked
head is refused, and the two signed heads are the evidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from protocol.covenant.covenant import Covenant
from protocol.errors import Contradiction, LedgerRefusal, RoundRefusal
from protocol.ledger.checkpoint import Checkpoint, sign_checkpoint
from protocol.ledger.entry import AbortEntry, LockEntry, parse_entry
from protocol.ledger.merkle import leaf_hash, verify_consistency, verify_inclusion
from protocol.ledger.note import Note, verified_keys
from protocol.ledger.signing import KeyKind, VerifierKey, ed25519_signer
from protocol.ledger.tree import MerkleTree
from protocol.round.messages import MAX_SHOWN, Consistency, Settled
from protocol.signing import SigningKey
from protocol.words.ids import CovenantId, Digest, PartyId


class ForkedLog(Contradiction):
    """A log that went back, or shows two heads of one size: its owner was restored, cloned, or lies."""


class UnprovenHead(RoundRefusal):
    """A head without proof that it grew from the one seen before, or with one that does not hold."""


class UnsettledSlot(RoundRefusal):
    """A peer that has not proved that it locked or aborted an earlier slot it shares with this party."""


@dataclass(frozen=True, slots=True)
class SeenHead:
    """The newest head of a log that this party has seen, with its signed note."""

    size: int
    root: bytes
    note: str


def log_name(covenant_id: CovenantId, party: PartyId) -> str:
    """Return the origin of a party's log."""
    return f"samenzicht.log/{covenant_id}/{party}"


def signed_head(tree: MerkleTree, covenant: Covenant, party: PartyId, key: SigningKey) -> str:
    """Return the signed checkpoint of this party's log as it is now."""
    name = log_name(covenant.id, party)
    note = sign_checkpoint(Checkpoint(name, tree.size, tree.root()), ed25519_signer(name, key))
    return note.encode().decode("utf-8")


def prove_growth(tree: MerkleTree, shown: Sequence[int]) -> tuple[Consistency, ...]:
    """Return proofs that the log grew from each of the sizes that were shown before, the last `MAX_SHOWN` of them."""
    sizes = sorted({size for size in shown if 0 < size < tree.size})[-MAX_SHOWN:]
    return tuple(
        Consistency(older_size=size, hashes=tuple(digest.hex() for digest in tree.prove_consistency(size)))
        for size in sizes
    )


def prove_entry(tree: MerkleTree, entry: bytes, index: int) -> Settled:
    """Return an entry of this party's log with its inclusion proof in the log as it is now."""
    hashes = tuple(digest.hex() for digest in tree.prove_inclusion(index))
    return Settled(entry=entry.decode("utf-8"), index=index, hashes=hashes)


def check_head(
    note_text: str, consistency: Sequence[Consistency], *, covenant: Covenant, party: PartyId, seen: SeenHead | None
) -> SeenHead:
    """Return the head that a party shows, having seen that its log only grew.

    Raises: ForkedLog, UnprovenHead, and the refusals of `protocol.ledger` for a note that does not hold.
    """
    checkpoint = open_note(note_text, covenant, party)
    head = SeenHead(checkpoint.size, checkpoint.root, note_text)
    if seen is None or (seen.size, seen.root) == (head.size, head.root) or seen.size == 0 < head.size:
        return head
    if head.size <= seen.size:
        raise ForkedLog(
            got=f"a log of {party} that went back or forked",
            wanted="a log that only grows",
            act=f"the FG of {party} must find out whether its node was restored or cloned; stop until then",
            evidence=(seen.note, note_text),
        )
    proof = next((item for item in consistency if item.older_size == seen.size), None)
    if proof is None:
        raise UnprovenHead(
            got=f"a head of {party} without proof from the head seen before",
            wanted="a consistency proof from that size",
            act=f"{party} must show its log again, with proofs from its last {MAX_SHOWN} heads",
        )
    try:
        verify_consistency(
            older_size=seen.size,
            older_root=seen.root,
            newer_size=head.size,
            newer_root=head.root,
            proof=[bytes.fromhex(digest) for digest in proof.hashes],
        )
    except LedgerRefusal as refusal:
        raise ForkedLog(
            got=f"a log of {party} that is no continuation of the one seen before ({refusal.code})",
            wanted="a log that only grows",
            act=f"the FG of {party} must find out what happened to its log; stop until then",
            evidence=(seen.note, note_text),
        ) from refusal
    return head


def check_same_root(known: SeenHead | None, head: SeenHead, party: PartyId) -> None:
    """Refuse another root at a size that was seen before.

    Raises: ForkedLog.
    """
    if known is not None and known.size == head.size and known.root != head.root:
        raise ForkedLog(
            got=f"two heads of {party} of one size",
            wanted="a log that only grows",
            act=f"the FG of {party} must find out whether its node was restored or cloned; stop until then",
            evidence=(known.note, head.note),
        )


def check_entry(settled: Settled, head: SeenHead) -> LockEntry | AbortEntry:
    """Return the LOCK or ABORT entry, having seen that the log with this head holds it.

    Raises: UnsettledSlot, and the refusals of `protocol.ledger` and `protocol.wire`.
    """
    body = settled.entry.encode("utf-8")
    verify_inclusion(
        leaf=leaf_hash(body),
        index=settled.index,
        size=head.size,
        proof=[bytes.fromhex(digest) for digest in settled.hashes],
        root=head.root,
    )
    entry = parse_entry(body, source="a peer's log")
    if not isinstance(entry, LockEntry | AbortEntry):
        raise UnsettledSlot(
            got=f"an entry of kind {entry.kind}", wanted="a LOCK or an ABORT", act="its sender must prove the slot"
        )
    return entry


def check_settled(settled: Sequence[Settled], head: SeenHead, *, party: PartyId, slots: frozenset[Digest]) -> None:
    """Refuse unless the party proves a LOCK or ABORT of each of these slots.

    Raises: UnsettledSlot, and what `check_entry` raises.
    """
    proved = {check_entry(item, head).slot for item in settled}
    if slots - proved:
        raise UnsettledSlot(
            got=f"no LOCK or ABORT of {party} for an earlier slot that it shares with this party",
            wanted="a proof for each",
            act=f"the coordinator, or anyone, must relay the COMMIT of that slot to {party}",
        )


def open_note(note_text: str, covenant: Covenant, party: PartyId) -> Checkpoint:
    """Return the checkpoint in a note that a party signed of its own log.

    Raises: UnprovenHead, for another log's, and the refusals of `protocol.ledger`.
    """
    name = log_name(covenant.id, party)
    key = VerifierKey(name, KeyKind.ED25519, bytes.fromhex(covenant.party(party).identity_key))
    note = Note.parse(note_text.encode("utf-8"))
    verified_keys(note, [key])
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != name:
        raise UnprovenHead(
            got=f"a head of another log from {party}", wanted=f"origin {name}", act="it must show its own"
        )
    return checkpoint
