"""Computes: the keys under which the vault knows units and events. A stolen vault names nobody.

unit key    HMAC-SHA256(node secret, unit id), its first 16 bytes                     DESIGN 8
event key   the same over H("event", event id), so that no unit id is also an event's

Sixteen bytes: among 10^9 ids the chance that any two share a key is below 2^-68.
"""

from collections.abc import Iterable
from hashlib import sha256
from hmac import digest as hmac_digest

import numpy as np
from numpy.typing import NDArray

from partner_node.errors import VaultRefusal
from protocol.digest import labelled

KEY_BYTES = 16
SECRET_BYTES = 32
_BLOCK_BYTES = 64
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


class WeakNodeSecret(VaultRefusal):
    """A node secret that is not 32 bytes."""


class EmptyId(VaultRefusal):
    """An empty unit or event id: all that have none would be one unit."""


def unit_keys(secret: bytes, unit_ids: Iterable[str]) -> NDArray[np.uint8]:
    """Return the key of each unit.

    secret: the node's, 32 bytes. unit_ids: normalised. Result: uint8, shape (units, 16).
    Raises: WeakNodeSecret, EmptyId.
    """
    return _keys(secret, map(str.encode, unit_ids), empty=b"")


def event_keys(secret: bytes, event_ids: Iterable[str]) -> NDArray[np.uint8]:
    """Return the key of each event; uint8, shape (events, 16).

    Raises: WeakNodeSecret, EmptyId.
    """
    texts = (labelled("event", event_id.encode("utf-8")) for event_id in event_ids)
    return _keys(secret, texts, empty=labelled("event", b""))


def check_value(secret: bytes) -> str:
    """Return what the vault stores to know the node's secret again; lower-case hex, 32 bytes.

    Raises: WeakNodeSecret.
    """
    _check(secret)
    return hmac_digest(secret, labelled("vault-check"), "sha256").hex()


def _keys(secret: bytes, texts: Iterable[bytes], *, empty: bytes) -> NDArray[np.uint8]:
    _check(secret)
    # HMAC as RFC 2104 prints it. What follows from the secret alone is hashed once: four times as fast as asking for
    # each HMAC anew.
    padded = secret.ljust(_BLOCK_BYTES, b"\0")
    copy_inner, copy_outer = (sha256(padded.translate(flips)).copy for flips in (_INNER, _OUTER))
    keys = bytearray()
    for text in texts:
        if text == empty:
            raise EmptyId(got="an empty id", wanted="an id", act="the partner must mend the rows without one")
        inner, outer = copy_inner(), copy_outer()
        inner.update(text)
        outer.update(inner.digest())
        keys += outer.digest()[:KEY_BYTES]
    return np.frombuffer(keys, dtype=np.uint8).reshape(-1, KEY_BYTES)


def _check(secret: bytes) -> None:
    if len(secret) != SECRET_BYTES:
        raise WeakNodeSecret(
            got=f"a node secret of {len(secret)} bytes", wanted=f"{SECRET_BYTES}", act="make it with `keys`"
        )
