"""What may be an entry of a log: small canonical JSON of integers and text that names its kind."""

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import Refusal
from protocol.ledger.leaf import (
    MAX_LEAF_BYTES,
    LeafKeyNotAscii,
    LeafNotAnObject,
    LeafValueRefused,
    LeafWithoutKind,
    check_leaf,
)
from protocol.wire import MAX_INTEGER, DoubledKey, NotAnInteger, NotCanonical, NotJson, TooDeep, TooLarge


def test_an_entry_of_integers_and_text_is_accepted() -> None:
    check_leaf(b'{"commitment":"9f86d081","kind":"lock","slot":"2025-07","version":1}')
    check_leaf('{"kind":"lock","parties":["vt-01","politie"],"version":1,"where":{"naam":"één"}}'.encode())


def padded(size: int) -> bytes:
    """Return a well-formed entry of exactly `size` bytes."""
    head = b'{"kind":"lock","padding":"'
    tail = b'","version":1}'
    return head + b"x" * (size - len(head) - len(tail)) + tail


def test_4096_bytes_fit_and_one_more_does_not() -> None:
    check_leaf(padded(MAX_LEAF_BYTES))
    with pytest.raises(TooLarge, match="4097 bytes"):
        check_leaf(padded(MAX_LEAF_BYTES + 1))


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b'{"kind":"lock","kind":"lock","version":1}', DoubledKey),
        (b'{"kind":"lock","version":1,"within":{"a":1,"a":1}}', DoubledKey),
        (b'{"kind":"lock","share":1.5,"version":1}', NotAnInteger),
        (b'{"kind":"lock","share":1e3,"version":1}', NotAnInteger),
        (b'{"kind":"lock","share":1.0,"version":1}', NotAnInteger),
        (b'{"kind":"lock","share":NaN,"version":1}', NotAnInteger),
        (b'{"kind":"lock","share":9007199254740992,"version":1}', NotAnInteger),
        (padded(5 * 1024), TooLarge),
        (b'{"deep":' + b"[" * 30 + b"]" * 30 + b',"kind":"lock","version":1}', TooDeep),
        (b"", NotJson),
        (b'{"kind":"lock","version":1}\n{}', NotJson),
        ('{"kind":"lock","version":1}'.encode("utf-16"), NotJson),
        (b'{"kind":"l\xffck","version":1}', NotJson),
        (b'{"kind":"lock","version":1} ', NotCanonical),
        (b'{"kind": "lock","version":1}', NotCanonical),
        (b'{"version":1,"kind":"lock"}', NotCanonical),
        (b'{"kind":"l\\u006fck","version":1}', NotCanonical),
        (b'{"a":-0,"kind":"lock","version":1}', NotCanonical),
        (b'["kind","version"]', LeafNotAnObject),
        (b'"lock"', LeafNotAnObject),
        (b"null", LeafNotAnObject),
        (b'{"done":true,"kind":"lock","version":1}', LeafValueRefused),
        (b'{"kind":"lock","reason":null,"version":1}', LeafValueRefused),
        (b'{"kind":"lock","list":[1,["two",false]],"version":1}', LeafValueRefused),
        (b'{"kind":"lock","text":"half \\ud800 pair","version":1}', LeafValueRefused),
        ('{"kind":"lock","straße":1,"version":1}'.encode(), LeafKeyNotAscii),
        (b'{"version":1}', LeafWithoutKind),
        (b'{"kind":"lock"}', LeafWithoutKind),
        (b'{"kind":"","version":1}', LeafWithoutKind),
        (b'{"kind":1,"version":1}', LeafWithoutKind),
        (b'{"kind":"lock","version":"1"}', LeafWithoutKind),
        (b'{"kind":"lock","version":0}', LeafWithoutKind),
    ],
)
def test_what_no_log_may_hold_is_refused_by_name(body: bytes, refusal: type[Refusal]) -> None:
    """L22, leaf bytes: doubled keys, fractions, 5 KiB, and whatever two languages could read differently."""
    with pytest.raises(refusal):
        check_leaf(body)


VALUES = st.recursive(
    st.integers(-MAX_INTEGER, MAX_INTEGER) | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="ascii")), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.text(st.characters(codec="ascii"), max_size=9), VALUES, max_size=5))
def test_whatever_another_canonical_encoder_writes_is_accepted(fields: dict[str, object]) -> None:
    body = rfc8785.dumps({**fields, "kind": "lock", "version": 1})  # type: ignore[dict-item]  # their type is narrower
    if len(body) > MAX_LEAF_BYTES:
        return
    check_leaf(body)
    assert rfc8785.dumps(json.loads(body)) == body
