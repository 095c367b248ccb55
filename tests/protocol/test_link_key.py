"""A party's word on its key of the carrier: for this party, this use, this long, and by its identity key only."""

from base64 import b64encode
from datetime import date

import pytest

from protocol.covenant.link_key import ForeignLinkKey, LinkKey, LinkUse, SignedLinkKey, check_link_key, sign_link_key
from protocol.errors import WireRefusal
from protocol.signing import BadSignature, Purpose, sign
from tests import example

COVENANT = example.covenant()
PARTY, OTHER = COVENANT.participants[0], COVENANT.participants[1]
LAST = date(2027, 1, 31)
KEY = LinkKey(party=PARTY, use=LinkUse.NODE, key=b64encode(b"a key in DER").decode(), valid_until=LAST)
SIGNED = sign_link_key(KEY, example.signing_key(PARTY))


def test_a_key_that_its_party_signed_for_holds_until_its_last_day() -> None:
    check_link_key(SIGNED, COVENANT, party=PARTY, use=LinkUse.NODE, on=LAST)
    assert SignedLinkKey.parse(SIGNED.encode()) == SIGNED


def test_it_does_not_hold_a_day_longer() -> None:
    with pytest.raises(ForeignLinkKey):
        check_link_key(SIGNED, COVENANT, party=PARTY, use=LinkUse.NODE, on=date(2027, 2, 1))


def test_it_does_not_serve_another_use() -> None:
    with pytest.raises(ForeignLinkKey):
        check_link_key(SIGNED, COVENANT, party=PARTY, use=LinkUse.AUTHORITY, on=LAST)


def test_it_does_not_serve_another_party_even_with_that_partys_signature() -> None:
    """T03 in part."""
    with pytest.raises(BadSignature):
        check_link_key(SIGNED, COVENANT, party=OTHER, use=LinkUse.NODE, on=LAST)
    borrowed = sign_link_key(KEY, example.signing_key(OTHER))
    with pytest.raises(ForeignLinkKey):
        check_link_key(borrowed, COVENANT, party=OTHER, use=LinkUse.NODE, on=LAST)


def test_a_signature_for_another_purpose_is_none() -> None:
    made = sign(KEY.encode(), key=example.signing_key(PARTY), purpose=Purpose.ROUND)
    with pytest.raises(BadSignature):
        check_link_key(SignedLinkKey(link_key=KEY, signature=made), COVENANT, party=PARTY, use=LinkUse.NODE, on=LAST)


@pytest.mark.parametrize("key", ["", "not base64!", "AA==\n", "A" * 4_097])
def test_a_key_of_another_form_is_refused(key: str) -> None:
    body = KEY.encode().replace(KEY.key.encode(), key.replace("\n", "\\n").encode())
    with pytest.raises(WireRefusal):
        LinkKey.parse(body)


def test_a_trailing_byte_is_refused() -> None:
    with pytest.raises(WireRefusal):
        SignedLinkKey.parse(SIGNED.encode() + b"\n")
