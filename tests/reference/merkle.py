"""Computes: RFC 6962 section 2.1 word for word: recursive definitions over lists of leaf bodies. Slow on purpose."""

from collections.abc import Sequence
from hashlib import sha256


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """Return MTH(D[n]): the Merkle Tree Hash. Source: RFC 6962 section 2.1."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = largest_power_below(len(leaves))
    return sha256(b"\x01" + tree_hash(leaves[:k]) + tree_hash(leaves[k:])).digest()


def audit_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return PATH(m, D[n]): the inclusion proof of leaf m. Source: RFC 6962 section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = largest_power_below(len(leaves))
    if m < k:
        return [*audit_path(m, leaves[:k]), tree_hash(leaves[k:])]
    return [*audit_path(m - k, leaves[k:]), tree_hash(leaves[:k])]


def consistency_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return PROOF(m, D[n]): the consistency proof from m leaves. Source: RFC 6962 section 2.1.2."""
    return _subproof(m, leaves, b=True)


def turns(index: int, size: int) -> str:
    """Return on which side the neighbour stands at each step from the leaf up: the shape of an inclusion proof.

    A verifier sees nothing of the size but this shape, so two sizes of one shape cannot be told apart by a proof.
    """
    if size == 1:
        return ""
    k = largest_power_below(size)
    return turns(index, k) + "R" if index < k else turns(index - k, size - k) + "L"


def consistency_turns(older: int, size: int) -> str:
    """Return the shape of a consistency proof: as `turns`, with the subtree where both trees part."""
    return _consistency_turns(older, size, b=True)


def largest_power_below(n: int) -> int:
    """Return the largest power of two smaller than n."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def _subproof(m: int, leaves: Sequence[bytes], *, b: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if b else [tree_hash(leaves)]
    k = largest_power_below(len(leaves))
    if m <= k:
        return [*_subproof(m, leaves[:k], b=b), tree_hash(leaves[k:])]
    return [*_subproof(m - k, leaves[k:], b=False), tree_hash(leaves[:k])]


def _consistency_turns(m: int, n: int, *, b: bool) -> str:
    if m == n:
        return "=" if b else "#"
    k = largest_power_below(n)
    return _consistency_turns(m, k, b=b) + "R" if m <= k else _consistency_turns(m - k, n - k, b=False) + "L"
