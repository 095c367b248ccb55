"""Computes: the Merkle tree of RFC 6962 over SHA-256: roots, inclusion proofs and consistency proofs.

The tree is never held as such. What is kept is the hash of every complete subtree, by level and index: node (l, i)
covers leaves i * 2^l to (i + 1) * 2^l - 1 and never changes once it exists, so a table of rows (level, index, hash)
that only grows is a whole log. Every function here reads it through one callable, `Node`; a proof reads about
2 log2(n) nodes. `tree.MerkleTree` keeps them in memory; a store keeps them as rows.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

from protocol.errors import LedgerRefusal

HASH_BYTES = 32
MAX_TREE_SIZE = 2**62  # the largest that Go's tlog computes with; ten years of ours are 2^20
MAX_PROOF_HASHES = 63  # an inclusion proof in a tree of 2^62 leaves has 62, a consistency proof one more

Node = Callable[[int, int], bytes]  # (level, index) -> hash of that complete subtree, 32 bytes

_SENDER_ACTS = "the sender must prove its log again; keep what it sent as evidence"


class WrongHashLength(LedgerRefusal):
    """A hash that is not 32 bytes."""


class IndexBeyondTree(LedgerRefusal):
    """A leaf index or a size that the tree does not have."""


class WrongProofLength(LedgerRefusal):
    """A proof with fewer or more hashes than its index and sizes ask for."""


class NotIncluded(LedgerRefusal):
    """An inclusion proof that leads to another root: the entry is not at that index of that log."""


class NotConsistent(LedgerRefusal):
    """A consistency proof that leads to other roots: the newer log does not begin with the older one."""


class TreeShrank(LedgerRefusal):
    """A newer log with fewer entries than the older one."""


class ForkedTree(LedgerRefusal):
    """Two logs of one size with different roots."""


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf body. Source: RFC 9162 section 2.1.1."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees side by side. Source: RFC 9162 section 2.1.1."""
    return sha256(b"\x01" + left + right).digest()


def root_of(node: Node, size: int) -> bytes:
    """Return the root over the first `size` leaves. Source: RFC 9162 section 2.1.1."""
    return _range_root(node, 0, size) if size else sha256().digest()


def prove_inclusion(node: Node, *, index: int, size: int) -> tuple[bytes, ...]:
    """Return the hashes beside the way from leaf `index` up to the root over `size` leaves, the lowest first.

    Raises: IndexBeyondTree.
    Source: RFC 9162 section 2.1.3.1.
    """
    _check_index(index, size)
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = _split(start, end)
        if index < middle:
            proof.append(_range_root(node, middle, end))
            end = middle
        else:
            proof.append(_range_root(node, start, middle))
            start = middle
    return tuple(reversed(proof))


def prove_consistency(node: Node, *, older: int, newer: int) -> tuple[bytes, ...]:
    """Return the hashes that rebuild the roots over `older` and over `newer` leaves, the lowest first.

    Raises: TreeShrank.
    Source: RFC 9162 section 2.1.4.1; from an empty tree, which the RFC leaves out, the proof is empty.
    """
    _check_order(older, newer)
    if older == 0:
        return ()
    proof: list[bytes] = []
    start, end = 0, newer
    while end != older:
        middle = _split(start, end)
        if older <= middle:
            proof.append(_range_root(node, middle, end))
            end = middle
        else:
            proof.append(_range_root(node, start, middle))
            start = middle
    if start:  # else this subtree is the whole older tree, whose root the verifier has
        proof.append(_range_root(node, start, end))
    return tuple(reversed(proof))


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the tree with this size and root holds leaf hash `leaf` at `index`.

    Not promised: that `size` belongs to `root`. Some proofs fit several sizes; only a signed checkpoint binds the two.
    Raises: IndexBeyondTree, WrongHashLength, WrongProofLength, NotIncluded.
    Source: RFC 9162 section 2.1.3.2.
    """
    _check_index(index, size)
    _check_hashes(leaf, root, *proof)
    first, last, digest = index, size - 1, leaf
    for beside in proof:
        if last == 0:
            raise _wrong_length(proof)
        if first & 1 or first == last:
            digest = node_hash(beside, digest)
            first, last = _to_odd(first, last)
        else:
            digest = node_hash(digest, beside)
        first, last = first >> 1, last >> 1
    if last:
        raise _wrong_length(proof)
    if digest != root:
        raise NotIncluded(
            got=f"an inclusion proof for index {index} of {size} that ends at another root",
            wanted="the root of the checkpoint",
            act=_SENDER_ACTS,
        )


def verify_consistency(
    *, older_size: int, older_root: bytes, newer_size: int, newer_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the newer tree begins with all leaves of the older one.

    Not promised: that sizes belong to their roots; see `verify_inclusion`.
    Raises: TreeShrank, ForkedTree, WrongHashLength, WrongProofLength, NotConsistent.
    Source: RFC 9162 section 2.1.4.2; an empty older tree has one root and an empty proof.
    """
    _check_order(older_size, newer_size)
    _check_hashes(older_root, newer_root, *proof)
    if older_size in (0, newer_size):
        _verify_without_proof(older_size, older_root, newer_size, newer_root, proof)
        return
    # Step 2: a complete older tree is itself a node of the newer one, and is left out of the proof.
    steps = [older_root, *proof] if older_size.bit_count() == 1 else list(proof)
    if not steps:
        raise _wrong_length(proof)
    first, last = older_size - 1, newer_size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    older = newer = steps[0]
    for beside in steps[1:]:
        if last == 0:
            raise _wrong_length(proof)
        if first & 1 or first == last:
            older, newer = node_hash(beside, older), node_hash(beside, newer)
            first, last = _to_odd(first, last)
        else:
            newer = node_hash(newer, beside)
        first, last = first >> 1, last >> 1
    if last:
        raise _wrong_length(proof)
    if (older, newer) != (older_root, newer_root):
        raise _not_consistent(older_size, newer_size)


def check_hash(digest: bytes) -> None:
    """Refuse what is not 32 bytes.

    Raises: WrongHashLength.
    """
    if len(digest) != HASH_BYTES:
        raise WrongHashLength(got=f"a hash of {len(digest)} bytes", wanted=f"{HASH_BYTES}", act=_SENDER_ACTS)


def _verify_without_proof(
    older_size: int, older_root: bytes, newer_size: int, newer_root: bytes, proof: Sequence[bytes]
) -> None:
    if proof:
        raise _wrong_length(proof)
    if older_size == newer_size and older_root != newer_root:
        raise ForkedTree(
            got=f"two roots for {newer_size} entries", wanted="one", act="keep both signed checkpoints as evidence"
        )
    if older_size == 0 and older_root != sha256().digest():
        raise _not_consistent(older_size, newer_size)


def _range_root(node: Node, start: int, end: int) -> bytes:
    """Return the root over leaves start to end; start is a multiple of every power of two below the width."""
    digests: list[bytes] = []
    while start < end:
        level = (end - start).bit_length() - 1
        digests.append(node(level, start >> level))
        start += 1 << level
    root = digests.pop()
    for left in reversed(digests):
        root = node_hash(left, root)
    return root


def _split(start: int, end: int) -> int:
    """Return where the left subtree ends: the largest power of two below the width."""
    return start + (1 << (end - start - 1).bit_length() - 1)


def _to_odd(first: int, last: int) -> tuple[int, int]:
    """Skip the levels at which the last node has no right neighbour and so goes up unchanged."""
    while first and not first & 1:
        first, last = first >> 1, last >> 1
    return first, last


def _check_index(index: int, size: int) -> None:
    if not 0 <= index < size:
        raise IndexBeyondTree(got=f"leaf index {index}", wanted=f"an index in a tree of {size}", act=_SENDER_ACTS)


def _check_order(older: int, newer: int) -> None:
    if not 0 <= older <= newer:
        raise TreeShrank(got=f"{newer} entries after {older}", wanted="as many or more", act=_SENDER_ACTS)


def _check_hashes(*digests: bytes) -> None:
    for digest in digests:
        check_hash(digest)


def _wrong_length(proof: Sequence[bytes]) -> WrongProofLength:
    return WrongProofLength(
        got=f"a proof of {len(proof)} hashes", wanted="as many as its index and sizes ask for", act=_SENDER_ACTS
    )


def _not_consistent(older_size: int, newer_size: int) -> NotConsistent:
    return NotConsistent(
        got=f"a consistency proof from {older_size} to {newer_size} that ends at other roots",
        wanted="the roots of both checkpoints",
        act=_SENDER_ACTS,
    )
