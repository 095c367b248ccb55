"""Computes: the keys under which the vault knows units and events. A stolen vault names nobody.

unit key    AES-256-CMAC(unit secret, unit id)              unit secret   HMAC-SHA256(node secret, H("unit keys"))
event key   AES-256-CMAC(event secret, event id)            event secret  HMAC-SHA256(node secret, H("event keys"))

ADR 8 says why no HMAC for each id. Sixteen bytes: among 10^9 ids the chance that any two share a key is below 2^-60.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hmac import digest as hmac_digest

import numpy as np
from numpy.typing import NDArray

from partner_node.errors import VaultRefusal
from partner_node.vault.cmac import BLOCK_BYTES, cmac
from protocol.digest import labelled

KEY_BYTES = BLOCK_BYTES
NORMALISATION = 1  # of the form of a unit id (`delivery/unit_ids.py`); of another every key is another
SECRET_BYTES = 32


class WeakNodeSecret(VaultRefusal):
    """A node secret that is not 32 bytes."""


class EmptyId(VaultRefusal):
    """An empty unit or event id: all that have none would be one unit."""


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class IdColumn:
    """Ids as one text. body: UTF-8, one id after another. length: shape (ids,), of each in bytes."""

    body: bytes
    length: NDArray[np.integer]


def unit_keys(secret: bytes, unit_ids: Iterable[str] | IdColumn) -> NDArray[np.uint8]:
    """Return the key of each unit.

    secret: the node's, 32 bytes. unit_ids: normalised. Result: uint8, shape (units, 16).
    Raises: WeakNodeSecret, EmptyId.
    """
    return _keys(secret, "unit keys", unit_ids)


def event_keys(secret: bytes, event_ids: Iterable[str] | IdColumn) -> NDArray[np.uint8]:
    """Return the key of each event; uint8, shape (events, 16). Another secret: no unit id is also an event's.

    Raises: WeakNodeSecret, EmptyId.
    """
    return _keys(secret, "event keys", event_ids)


def check_value(secret: bytes) -> str:
    """Return what the vault stores to know the node's secret again; lower-case hex, 32 bytes.

    Raises: WeakNodeSecret.
    """
    _check(secret)
    return hmac_digest(secret, labelled("vault-check"), "sha256").hex()


def _keys(secret: bytes, label: str, ids: Iterable[str] | IdColumn) -> NDArray[np.uint8]:
    _check(secret)
    column = ids if isinstance(ids, IdColumn) else _column(ids)
    if not column.length.all():
        raise EmptyId(got="an empty id", wanted="an id", act="the partner must mend the rows without one")
    return cmac(hmac_digest(secret, labelled(label), "sha256"), column.body, column.length)


def _column(ids: Iterable[str]) -> IdColumn:
    texts = [text.encode() for text in ids]
    return IdColumn(b"".join(texts), np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)))


def _check(secret: bytes) -> None:
    if len(secret) != SECRET_BYTES:
        raise WeakNodeSecret(
            got=f"a node secret of {len(secret)} bytes", wanted=f"{SECRET_BYTES}", act="make it with `keys`"
        )
