"""Computes: wrong claims about a tree, each made from a true one: what no verifier may accept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from protocol.errors import LedgerRefusal
from protocol.ledger.merkle import leaf_hash, verify_consistency, verify_inclusion
from protocol.ledger.tree import MerkleTree


@dataclass(frozen=True, slots=True)
class Inclusion:
    """The claim that a leaf stands at an index of a tree."""

    leaf: bytes
    index: int
    size: int
    root: bytes
    proof: tuple[bytes, ...]

    def verify(self) -> None:
        verify_inclusion(leaf=self.leaf, index=self.index, size=self.size, proof=self.proof, root=self.root)


@dataclass(frozen=True, slots=True)
class Consistency:
    """The claim that one tree begins with another."""

    older: int
    older_root: bytes
    size: int
    root: bytes
    proof: tuple[bytes, ...]

    def verify(self) -> None:
        verify_consistency(
            older_size=self.older,
            older_root=self.older_root,
            newer_size=self.size,
            newer_root=self.root,
            proof=self.proof,
        )


Claim = Inclusion | Consistency


def inclusion_of(tree: MerkleTree, leaf: bytes, index: int, size: int) -> Inclusion:
    """Return the true claim that `leaf` stands at `index` among the first `size` leaves."""
    return Inclusion(leaf_hash(leaf), index, size, tree.root(size), tree.prove_inclusion(index, size))


def consistency_of(tree: MerkleTree, older: int, size: int) -> Consistency:
    """Return the true claim that the first `size` leaves begin with the first `older`."""
    return Consistency(older, tree.root(older), size, tree.root(size), tree.prove_consistency(older, size))


def flip(body: bytes, bit: int) -> bytes:
    """Return the bytes with one bit flipped."""
    place = bit % (8 * len(body))
    return body[: place // 8] + bytes([body[place // 8] ^ 1 << place % 8]) + body[place // 8 + 1 :]


def wrong_proofs(claim: Claim) -> Iterator[Claim]:
    """Yield the claim with its proof dropped from, swapped, flipped, extended or emptied, or with a wrong root."""
    proof, bit = claim.proof, claim.size
    yield replace(claim, proof=(*proof, claim.root))
    yield replace(claim, proof=(claim.root, *proof))
    yield replace(claim, root=flip(claim.root, bit))
    for place, digest in enumerate(proof):
        yield replace(claim, proof=(*proof[:place], flip(digest, bit + place), *proof[place + 1 :]))
    if proof:
        yield replace(claim, proof=proof[1:])
        yield replace(claim, proof=proof[:-1])
        yield replace(claim, proof=())
        yield replace(claim, proof=(*proof, proof[-1]))
    if len(proof) > 1:
        yield replace(claim, proof=(proof[1], proof[0], *proof[2:]))
        yield replace(claim, proof=(*proof[:-2], proof[-1], proof[-2]))


def wrong_inclusions(claim: Inclusion, tree: MerkleTree) -> Iterator[Claim]:
    """Yield what `wrong_proofs` yields, and wrong leaves, indexes and sizes with their true roots."""
    yield from wrong_proofs(claim)
    yield replace(claim, leaf=flip(claim.leaf, claim.size))
    for index in (claim.index - 1, claim.index + 1, claim.index ^ 2, claim.size):
        if index != claim.index:
            yield replace(claim, index=index)
    for size in (claim.size - 1, claim.size + 1, claim.size // 2, claim.size * 2, 0):
        if size != claim.size:
            yield replace(claim, size=size, root=tree.root(size))


def wrong_consistencies(claim: Consistency, tree: MerkleTree) -> Iterator[Claim]:
    """Yield what `wrong_proofs` yields, and wrong older roots and sizes, and newer sizes with their true roots.

    Every tree begins with the empty one, so from size 0 no newer root or size is a lie.
    """
    yield from (wrong for wrong in wrong_proofs(claim) if claim.older or wrong.root == claim.root)
    yield replace(claim, older_root=flip(claim.older_root, claim.size))
    if claim.older_root != claim.root:
        yield replace(claim, older_root=claim.root, root=claim.older_root)
    for older in (claim.older - 1, claim.older + 1, claim.older ^ 2, claim.size + 1):
        if older != claim.older:
            yield replace(claim, older=older)
    for size in (claim.size - 1, claim.size + 1, claim.size // 2, claim.size * 2):
        if size != claim.size and claim.older:
            yield replace(claim, size=size, root=tree.root(size))


def accepts(verify: Callable[[Claim], None], claim: Claim) -> bool:
    """Tell whether a verifier lets a claim pass."""
    try:
        verify(claim)
    except LedgerRefusal:
        return False
    return True
