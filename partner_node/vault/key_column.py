"""Computes: columns of 16-byte keys, as SQLite orders and compares them."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from partner_node.errors import VaultRefusal
from partner_node.vault.unit_key import KEY_BYTES


class WrongCharges(VaultRefusal):
    """Charges or marks that are no columns of one length, name a unit twice, or are below nothing."""


def find(joined: bytes, width: int, wanted: NDArray[np.bytes_]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return where each wanted key stands among the joined, sorted ones, and whether it does."""
    known = np.frombuffer(joined, dtype=f"S{width}")
    if not len(known):
        return np.zeros(len(wanted), dtype=np.intp), np.zeros(len(wanted), dtype=np.bool_)
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return place, known[place] == wanted


def as_text(keys: NDArray[np.uint8]) -> NDArray[np.bytes_]:
    """Return each row of bytes as one value that sorts as SQLite sorts it.

    Trailing zero bytes are padding in numpy, on both sides of each comparison.
    """
    result: NDArray[np.bytes_] = np.ascontiguousarray(keys).view(f"S{keys.shape[1]}").reshape(-1)
    return result


def all_differ(keys: NDArray[np.uint8]) -> bool:
    """Tell whether no two rows are the same key."""
    first = np.sort(np.ascontiguousarray(keys).view(np.uint64)[:, 0])
    # Equal first halves are rare (2^-64 a pair): only then are whole keys compared.
    return not np.any(first[1:] == first[:-1]) or len(np.unique(as_text(keys))) == len(keys)


def blobs(keys: NDArray[np.uint8]) -> Iterator[bytes]:
    """Return each key as bytes."""
    body = keys.tobytes()
    return (body[start : start + KEY_BYTES] for start in range(0, len(body), KEY_BYTES))


def check_keys(keys: NDArray[np.uint8], rows: int) -> None:
    """Refuse keys of another type or shape than uint8, (rows, 16).

    Raises: WrongCharges.
    """
    if keys.dtype != np.uint8 or keys.shape != (rows, KEY_BYTES):
        raise wrong_charges("keys of another type or shape")


def wrong_charges(got: str) -> WrongCharges:
    """Return the refusal of charges or marks."""
    return WrongCharges(got=got, wanted="one key of 16 bytes and one charge for each unit", act="mend the caller")
