"""The public file of a party and the outcome of a replay: one encoding each, nothing behind it, signed by its party."""

import pytest

from protocol.covenant.party import Officer
from protocol.covenant.public_keys import PublicKeys
from protocol.errors import WireRefusal
from protocol.replay import Replay, SignedReplay, check_replay, sign_replay
from protocol.signing import BadSignature, Purpose, sign
from protocol.wire import WireValue
from protocol.words.ids import AgreementKey, ApprovalKey, Digest, IdentityKey, Line, OfficerId
from tests import example

PUBLIC = PublicKeys(
    party=example.VT,
    identity_key=IdentityKey("ab" * 32),
    agreement_key=AgreementKey("cd" * 32),
    officers=(Officer(id=OfficerId("fg"), name=Line("F. Gees"), key=ApprovalKey("ef" * 32)),),
)
OUTCOME = Replay(
    covenant_digest=Digest("01" * 32),
    party=example.VT,
    log_size=3,
    log_root=Digest("23" * 32),
    holds=False,
    failed=("book",),
)
SIGNED = sign_replay(OUTCOME, example.signing_key(example.VT))
PUBLIC_BYTES = (
    '{"agreement_key":"' + "cd" * 32 + '","format":1,"identity_key":"' + "ab" * 32 + '","kind":"public-keys",'
    '"officers":[{"id":"fg","key":"' + "ef" * 32 + '","name":"F. Gees"}],"party":"vt-noord"}'
).encode()


def test_the_bytes_of_a_public_file_are_these() -> None:
    assert PUBLIC.encode() == PUBLIC_BYTES


@pytest.mark.parametrize("value", [PUBLIC, OUTCOME, SIGNED])
def test_a_value_comes_back_and_a_trailing_byte_is_refused(value: WireValue) -> None:
    assert type(value).parse(value.encode()) == value
    for body in (value.encode() + b" ", value.encode() + b"\n", value.encode()[:-1]):
        with pytest.raises(WireRefusal):
            type(value).parse(body)


def test_an_outcome_holds_under_its_own_partys_key_and_purpose_only() -> None:
    check_replay(SIGNED, example.covenant())
    key = example.signing_key(example.VT)
    wrong = (
        SIGNED.model_copy(update={"replay": OUTCOME.model_copy(update={"holds": True})}),
        SIGNED.model_copy(update={"replay": OUTCOME.model_copy(update={"party": example.POLICE})}),
        sign_replay(OUTCOME, example.signing_key(example.POLICE)),
        SignedReplay(replay=OUTCOME, signature=sign(OUTCOME.encode(), key=key, purpose=Purpose.ROUND)),
    )
    for signed in wrong:
        with pytest.raises(BadSignature):
            check_replay(signed, example.covenant())
