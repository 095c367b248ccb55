"""Computes: whether bytes may be an entry of a log: small canonical JSON of integers and strings that names its kind.

Which kinds there are is not known here. Here: one encoding, and nothing that two languages could read differently.
Booleans and null are refused with the fractions: an entry that needs one writes a word or leaves the field out.
"""

import json

from protocol.errors import LedgerRefusal
from protocol.wire import NotCanonical, canonical, check_json

MAX_LEAF_BYTES = 4096  # entries are hashes and names; what needs more is logged by its digest

_AUTHOR_ACTS = "the party that keeps this log must write the entry as the protocol prescribes"


class LeafNotAnObject(LedgerRefusal):
    """An entry that is JSON but no object."""


class LeafWithoutKind(LedgerRefusal):
    """An entry without a `kind` (text) or a `version` (an integer of at least 1)."""


class LeafKeyNotAscii(LedgerRefusal):
    """An entry with a key outside ASCII: languages sort such keys differently."""


class LeafValueRefused(LedgerRefusal):
    """An entry that holds a boolean, null or half a surrogate pair: only integers and text may stand in a log."""


def check_leaf(body: bytes, *, source: str = "leaf") -> None:
    """Refuse bytes that no log of ours may hold.

    source: where the bytes came from, for the error.
    Not promised: that the kind is known, or that its fields are right.
    Raises: TooLarge, TooDeep, NotJson, DoubledKey, NotAnInteger, NotCanonical (protocol/wire.py), LeafNotAnObject,
    LeafWithoutKind, LeafKeyNotAscii, LeafValueRefused.
    """
    check_json(body, source=source, max_bytes=MAX_LEAF_BYTES)
    entry = json.loads(body.decode("utf-8"))
    if not isinstance(entry, dict):
        raise LeafNotAnObject(got=f"no JSON object from {source}", wanted="an object", act=_AUTHOR_ACTS)
    _check_value(entry, source)
    if canonical(entry) != body:
        raise NotCanonical(
            got=f"{len(body)} bytes from {source} in another encoding",
            wanted="RFC 8785 canonical JSON",
            act=_AUTHOR_ACTS,
        )
    kind, version = entry.get("kind"), entry.get("version")
    if not (isinstance(kind, str) and kind and isinstance(version, int) and version >= 1):
        raise LeafWithoutKind(
            got=f"an entry from {source} without kind or version", wanted="kind and version", act=_AUTHOR_ACTS
        )


def _check_value(value: object, source: str) -> None:
    """Walk the tree; `check_json` has bounded its depth."""
    if isinstance(value, dict):
        if not all(key.isascii() for key in value):
            raise LeafKeyNotAscii(got=f"a key outside ASCII from {source}", wanted="ASCII keys", act=_AUTHOR_ACTS)
        for inner in value.values():
            _check_value(inner, source)
    elif isinstance(value, list):
        for inner in value:
            _check_value(inner, source)
    elif not _is_integer_or_text(value):
        raise LeafValueRefused(
            got=f"a value from {source} that is no integer or text", wanted="integers and text", act=_AUTHOR_ACTS
        )


def _is_integer_or_text(value: object) -> bool:
    if isinstance(value, str):
        return not any("\ud800" <= letter <= "\udfff" for letter in value)
    return isinstance(value, int) and not isinstance(value, bool)
