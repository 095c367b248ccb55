"""Trust policies: what the file says, which files are refused and why, and who meets a quorum."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import LedgerRefusal
from protocol.ledger.checkpoint import Checkpoint, WrongOrigin
from protocol.ledger.encoding import NotDecimal
from protocol.ledger.note import NoKnownSignature, Note, sign
from protocol.ledger.policy import (
    MAX_POLICY_BYTES,
    BadStatement,
    BadThreshold,
    DoubledMember,
    DoubledName,
    DoubledPolicyKey,
    NotOneQuorum,
    Policy,
    PolicyOctetRefused,
    PolicyTooLarge,
    PolicyWithoutNewline,
    ReservedName,
    TrustedLog,
    UnknownPolicyName,
    UnknownStatement,
    Witness,
    WitnessGroup,
)
from protocol.ledger.quorum import NoLogSignature, QuorumNotMet, check_quorum, open_checkpoint
from protocol.ledger.signing import BadKeyName, BadNoteSignature, BadVerifierKey, VerifierKey, WrongKeyId, WrongKeyRole
from tests.protocol.ledger.samples import (
    LOG,
    ORIGIN,
    QUANTUM,
    WITNESSES,
    cosigned,
    plain_signer,
    small_checkpoint,
    small_policy,
    witness_signer,
)

SIX = tuple(witness_signer(f"w{number}.example", 30 + number).key for number in range(6))
V = [key.encode() for key in SIX]
L = LOG.key.encode()
EXAMPLE = f"""log {L}

witness X1 {V[0]}
witness X2 {V[1]}
witness X3 {V[2]}
group X-witnesses 2 X1 X2 X3

witness Y1 {V[3]}
witness Y2 {V[4]}
witness Y3 {V[5]}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def test_the_example_of_the_specification_reads() -> None:
    names = ("X1", "X2", "X3", "Y1", "Y2", "Y3")
    policy = Policy.parse(EXAMPLE.encode())
    assert policy.logs == (TrustedLog(LOG.key),)
    assert policy.witnesses == tuple(Witness(name, key) for name, key in zip(names, SIX, strict=True))
    assert policy.groups == (
        WitnessGroup("X-witnesses", 2, ("X1", "X2", "X3")),
        WitnessGroup("Y-witnesses", 1, ("Y1", "Y2", "Y3")),
        WitnessGroup("X-and-Y", 2, ("X-witnesses", "Y-witnesses")),
    )
    assert policy.quorum == "X-and-Y"
    assert policy.encode() == EXAMPLE.encode()


def test_the_quorum_of_the_example_is_two_of_x_and_one_of_y() -> None:
    """All 64 sets of witnesses, beside the rule in words."""
    policy = Policy.parse(EXAMPLE.encode())
    for size in range(7):
        for signed in combinations(range(6), size):
            keys = [SIX[number] for number in signed]
            if sum(number < 3 for number in signed) >= 2 and any(number >= 3 for number in signed):
                check_quorum(policy, keys)
            else:
                with pytest.raises(QuorumNotMet):
                    check_quorum(policy, keys)


def test_spacing_comments_and_addresses_are_free() -> None:
    text = f"\n# comment\n\t # another\n\twitness \t w1  {V[0]}   https://w1.example/  \n\n  quorum\tw1 \n"
    policy = Policy.parse(text.encode())
    assert policy == Policy.of(witnesses=[Witness("w1", SIX[0], "https://w1.example/")], quorum="w1")
    assert policy.encode() == text.encode()


def test_names_are_octets_and_keywords_may_be_names() -> None:
    kelvin = "\N{KELVIN SIGN}".encode()
    text = b"witness K %b\nwitness %b\x80 %b\nwitness all %b\ngroup group 2 K %b\x80 all\nquorum group\n"
    policy = Policy.parse(text % (V[0].encode(), kelvin, V[1].encode(), V[2].encode(), kelvin))
    assert len({witness.name for witness in policy.witnesses}) == 3
    assert Policy.of(witnesses=policy.witnesses, groups=policy.groups, quorum=policy.quorum) == policy
    check_quorum(policy, SIX[:2])


def test_a_policy_without_witnesses_asks_for_none() -> None:
    assert Policy.parse(b"quorum none\n") == Policy.of()
    check_quorum(Policy.of(), [])


ONE = f"witness w1 {V[0]}\n"
TWO = f"{ONE}witness w2 {V[1]}\n"
IMPOSTOR = VerifierKey("impostor.example", SIX[0].kind, SIX[0].public_key).encode()


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("quorum none\n\x01", PolicyOctetRefused),
        ("quorum none\r\n", PolicyOctetRefused),
        ("quorum none\n# \x7f\n", PolicyOctetRefused),
        ("quorum none", PolicyWithoutNewline),
        ("", PolicyWithoutNewline),
        ("#" * MAX_POLICY_BYTES + "\n", PolicyTooLarge),
        ("quibble w1\nquorum none\n", UnknownStatement),
        ("Quorum none\n", UnknownStatement),
        (f"witness w1 {V[0]} https://w1.example # no comment\nquorum w1\n", BadStatement),
        ("log\nquorum none\n", BadStatement),
        ("log garbage\nquorum none\n", BadVerifierKey),
        (f"log {L.replace(ORIGIN, 'other')}\nquorum none\n", WrongKeyId),
        (f"log {L}\nlog {L} https://log.example\nquorum none\n", DoubledPolicyKey),
        (f"log {V[0]}\nquorum none\n", WrongKeyRole),
        ("witness w1\nquorum none\n", BadStatement),
        (f"witness w1 {L}\nquorum w1\n", WrongKeyRole),
        (f"witness none {V[0]}\nquorum none\n", ReservedName),
        (f"{ONE}witness w1 {V[1]}\nquorum w1\n", DoubledName),
        (f"{ONE}witness w2 {IMPOSTOR}\nquorum w1\n", DoubledPolicyKey),
        (f"{ONE}group w1 any w1\nquorum w1\n", DoubledName),
        (f"{ONE}group g 1\nquorum w1\n", BadStatement),
        (f"{ONE}group none any w1\nquorum none\n", ReservedName),
        (f"{ONE}group g 0 w1\nquorum g\n", BadThreshold),
        (f"{ONE}group g 2 w1\nquorum g\n", BadThreshold),
        (f"{ONE}group g -1 w1\nquorum g\n", NotDecimal),
        (f"{ONE}group g 01 w1\nquorum g\n", NotDecimal),
        (f"{ONE}group g ALL w1\nquorum g\n", NotDecimal),
        (f"{ONE}group g any w2\nquorum g\n", UnknownPolicyName),
        (f"group g any w1\n{ONE}quorum g\n", UnknownPolicyName),
        (f"{ONE}group g any none w1\nquorum g\n", UnknownPolicyName),
        (f"{ONE}group g any g\nquorum g\n", UnknownPolicyName),
        (f"{ONE}group a any b\ngroup b any a\nquorum a\n", UnknownPolicyName),
        (f"{ONE}group g all w1 w1\nquorum g\n", DoubledMember),
        (f"{TWO}group g any w1 w2\ngroup h any w1\nquorum g\n", DoubledMember),
        (ONE, NotOneQuorum),
        (f"{ONE}quorum w1\nquorum w1\n", NotOneQuorum),
        ("quorum unknown\n", UnknownPolicyName),
        (f"quorum w1\n{ONE}", UnknownPolicyName),
        ("quorum\n", BadStatement),
        ("quorum none none\n", BadStatement),
    ],
)
def test_a_wrong_policy_is_refused_by_name(text: str, refusal: type[LedgerRefusal]) -> None:
    """The specification's musts; duplicates, unknown names and circles of groups among them."""
    with pytest.raises(refusal):
        Policy.parse(text.encode())


def test_a_policy_of_exactly_256_kib_reads() -> None:
    rest = b"\nquorum none\n"
    assert Policy.parse(b"#" * ((1 << 18) - len(rest)) + rest) == Policy.of()


def test_a_key_name_outside_utf8_is_refused() -> None:
    with pytest.raises(BadKeyName):
        Policy.parse(b"log \xff" + L.encode() + b"\nquorum none\n")


def test_a_checkpoint_is_believed_when_log_and_quorum_signed() -> None:
    policy = small_policy()
    assert open_checkpoint(cosigned(*WITNESSES[:2], QUANTUM), policy) == small_checkpoint()
    for too_few in ((), WITNESSES, (WITNESSES[0], QUANTUM), (QUANTUM,)):
        with pytest.raises(QuorumNotMet):
            open_checkpoint(cosigned(*too_few), policy)


def test_one_witness_that_signs_twice_counts_once() -> None:
    note = cosigned(WITNESSES[0])
    twice = Note(note.text, (*note.signatures, note.signatures[-1]))
    with pytest.raises(QuorumNotMet):
        open_checkpoint(twice, small_policy("two"))


def test_strangers_are_ignored_and_do_not_count() -> None:
    strangers = [witness_signer(f"stranger-{number}.example", 50 + number) for number in range(3)]
    with pytest.raises(QuorumNotMet):
        open_checkpoint(cosigned(WITNESSES[0], *strangers), small_policy("two"))
    assert open_checkpoint(cosigned(*WITNESSES[:2], *strangers), small_policy("two")) == small_checkpoint()


def test_a_checkpoint_without_its_log_is_not_believed() -> None:
    note = cosigned(*WITNESSES, QUANTUM)
    with pytest.raises(NoLogSignature):
        open_checkpoint(Note(note.text, note.signatures[1:]), small_policy())
    with pytest.raises(NoKnownSignature):
        open_checkpoint(Note(note.text, note.signatures[:1]), Policy.of(logs=[TrustedLog(plain_signer("o", 5).key)]))
    with pytest.raises(NoLogSignature):
        open_checkpoint(note, Policy.of(witnesses=small_policy().witnesses))


def test_a_log_s_key_speaks_for_its_own_origin_only() -> None:
    text = Checkpoint("vt-02.example/log", 1, bytes(32)).encode()
    other = plain_signer("vt-02.example/log", 2)
    policy = Policy.of(logs=[TrustedLog(LOG.key), TrustedLog(other.key)])
    assert open_checkpoint(sign(text, other), policy).origin == "vt-02.example/log"
    with pytest.raises(WrongOrigin):
        open_checkpoint(sign(text, LOG), policy)


def test_one_bad_witness_signature_refuses_a_checkpoint_whose_quorum_is_met_without_it() -> None:
    note = cosigned(*WITNESSES)
    last = note.signatures[-1]
    bad = Note(note.text, (*note.signatures[:-1], type(last)(last.name, last.key_id, last.signature[:-1] + b"\0")))
    with pytest.raises(BadNoteSignature):
        open_checkpoint(bad, small_policy("two"))


@given(st.sets(st.integers(0, 5)), st.integers(1, 6), st.permutations(range(6)))
def test_k_of_n_counts_members_in_any_order(signed: set[int], threshold: int, order: list[int]) -> None:
    policy = Policy.of(
        witnesses=[Witness(f"w{number}", key) for number, key in enumerate(SIX)],
        groups=[WitnessGroup("g", threshold, tuple(f"w{number}" for number in order))],
        quorum="g",
    )
    keys = [SIX[number] for number in signed]
    if len(signed) >= threshold:
        check_quorum(policy, keys)
    else:
        with pytest.raises(QuorumNotMet):
            check_quorum(policy, keys)
