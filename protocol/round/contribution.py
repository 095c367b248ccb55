"""Computes: the two vectors that a participant ever sends, masked under the round's context.

    contribution   y_i = x_i + noise_i + sum over j of sgn(j - i) stream(K_ij, ctx)
    correction     c_i = top-up_i - sum over gone j of sgn(j - i) stream(K_ij, ctx)
                               + sum over surviving j of sgn(j - i) stream(K_ij, ctx')
so that over the survivors the y_i + c_i add up to x_i + noise_i + top-up_i, and no other sum of them opens.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from protocol.agreement import AgreementPrivateKey, PartyKey, SlotKey, agree, slot_key
from protocol.covenant.covenant import Covenant
from protocol.digest import digest_of
from protocol.errors import RoundRefusal
from protocol.round.masks import mask
from protocol.round.ring import MaskedVector, Ring, RingVector
from protocol.words.ids import Digest, PartyId


class NoAgreementKey(RoundRefusal):
    """A participant without an agreement key in the covenant."""


def slot_keys(
    private: AgreementPrivateKey, *, covenant: Covenant, own: PartyId, peers: Sequence[PartyId], context: Digest
) -> tuple[SlotKey, ...]:
    """Return the key of each pair for one context; keys come from the covenant and nowhere else.

    Raises: NoAgreementKey, and what `agree` raises.
    """
    digest = digest_of(covenant)
    me = _party_key(covenant, own)
    return tuple(
        slot_key(
            agree(private, own=me, peer=_party_key(covenant, peer), covenant_digest=digest), bytes.fromhex(context)
        )
        for peer in peers
        if peer != own
    )


def contribution(noised: NDArray[np.int64], ring: Ring, keys: tuple[SlotKey, ...]) -> MaskedVector:
    """Return y_i. noised: int64, shape (cells,), x_i + noise_i. keys: of all other participants, under ctx.

    Raises: ValueOverBound, WrongCellCount, NoNeighbours, WrongSlotKeys.
    """
    return mask(ring.encode(noised), keys)


def correction(
    top_up: NDArray[np.int64],
    ring: Ring,
    *,
    gone_keys: tuple[SlotKey, ...],
    survivor_keys: tuple[SlotKey, ...],
    blind: Sequence[tuple[slice, bytes]] = (),
) -> MaskedVector:
    """Return c_i. top_up: int64, shape (cells,), fresh noise, 0 where none is due.

    gone_keys: under ctx. survivor_keys: under ctx'. blind: fresh random residues for the cells of void tables.
    Raises: as `contribution`.
    """
    undone = mask(ring.encode(-top_up), gone_keys)  # -top-up + masks of the gone; its negative is what is wanted
    residues = np.zeros_like(undone.cells)
    np.subtract(residues, undone.cells, out=residues)
    for cells, fresh in blind:
        residues[cells] += np.frombuffer(fresh, dtype=residues.dtype)
    return mask(RingVector(residues), survivor_keys)


def uncover(masked: MaskedVector, ring: Ring, keys: tuple[SlotKey, ...]) -> NDArray[np.int64]:
    """Return the noised counts under this party's own contribution, from its own keys.

    Raises: SumOutOfRange, for a vector that these keys did not mask.
    """
    negative = np.zeros_like(masked.cells)
    np.subtract(negative, masked.cells, out=negative)
    return -ring.decode(RingVector(mask(RingVector(negative), keys).cells.copy()))


def _party_key(covenant: Covenant, party_id: PartyId) -> PartyKey:
    key = covenant.party(party_id).agreement_key
    if key is None:
        raise NoAgreementKey(
            got=f"{party_id} without an agreement key",
            wanted="a partner or witness",
            act="the coordinator must leave it out of the participants",
        )
    return PartyKey(party_id, key)
