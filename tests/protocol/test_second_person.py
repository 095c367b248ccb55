"""The second person's word on a release: one form, one officer, one release."""

import pytest

from protocol.errors import Refusal
from protocol.second_person import (
    NoSecondPerson,
    SecondSignature,
    check_second,
    names_second_person,
    second_signature,
)
from protocol.signing import BadSignature
from protocol.study.approval import UnknownOfficer
from protocol.words.ids import OfficerId
from tests import example

COVENANT = example.covenant_with_second()


def test_a_covenant_says_whether_a_second_person_must_sign() -> None:
    assert names_second_person(COVENANT)
    assert not names_second_person(example.covenant())


def test_the_second_person_is_a_named_officer_with_another_key_than_the_operators() -> None:
    release, word = example.release(), example.second_signature()
    assert SecondSignature.parse(word.encode()) == word
    check_second(word, release, COVENANT)
    with pytest.raises(BadSignature):
        check_second(example.second_signature(signer=example.COORDINATOR), release, COVENANT)
    partners = second_signature(release, officer=OfficerId("fg"), key=example.signing_key(f"{example.VT} fg"))
    with pytest.raises(UnknownOfficer):
        check_second(partners, release, COVENANT)
    with pytest.raises(UnknownOfficer):  # the covenant names nobody
        check_second(word, release, example.covenant())


def test_a_word_on_another_release_is_refused() -> None:
    changed = example.release().model_copy(update={"attempt": 1})
    with pytest.raises(NoSecondPerson, match="another release"):
        check_second(example.second_signature(), changed, COVENANT)


@pytest.mark.parametrize(
    "body",
    [b"{}", b"[]", example.second_signature().encode() + b" ", b'{"officer":1,"release_digest":2,"signature":3}'],
)
def test_bytes_in_another_form_are_refused(body: bytes) -> None:
    with pytest.raises(Refusal):
        SecondSignature.parse(body)
