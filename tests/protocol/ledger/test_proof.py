"""Proof files: byte for byte, verified offline, refused by name."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import LedgerRefusal
from protocol.ledger.checkpoint import CheckpointTooShort, sign_checkpoint
from protocol.ledger.encoding import NotBase64, NotDecimal, NumberOutOfRange, to_base64
from protocol.ledger.merkle import (
    MAX_TREE_SIZE,
    IndexBeyondTree,
    NotIncluded,
    WrongHashLength,
    WrongProofLength,
)
from protocol.ledger.note import Note, NoteWithoutSignatures, sign
from protocol.ledger.proof import (
    MAX_EXTRA_BYTES,
    MAX_PROOF_BYTES,
    BadProofHead,
    EmptyExtra,
    ExtraTooLarge,
    LogProof,
    ProofTooLarge,
    ProofWithoutCheckpoint,
    TooManyHashes,
    open_proof,
)
from tests.protocol.ledger.samples import (
    ENTRIES,
    LOG,
    WITNESSES,
    cosigned,
    small_checkpoint,
    small_policy,
    small_proof,
    small_tree,
)

PROOF = small_proof()
BODY = PROOF.encode()
HEAD, _, NOTE = BODY.partition(b"\n\n")


def test_a_proof_is_written_line_by_line_as_the_specification_says() -> None:
    proof = LogProof(4, (b"\1" * 32, b"\2" * 32), sign_checkpoint(small_checkpoint(), LOG), b"extra data")
    note = sign_checkpoint(small_checkpoint(), LOG).encode()
    assert proof.encode() == (
        b"c2sp.org/tlog-proof@v1\n"
        b"extra ZXh0cmEgZGF0YQ==\n"
        b"index 4\n"
        b"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n"
        b"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n"
        b"\n" + note
    )
    assert LogProof.parse(proof.encode()) == proof
    lone = LogProof(0, (), proof.note)
    assert lone.encode() == b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + note
    assert LogProof.parse(lone.encode()) == lone


def test_every_entry_is_proven_offline_under_the_policy() -> None:
    for index, entry in enumerate(ENTRIES):
        proof = LogProof.parse(small_proof(index).encode())
        assert open_proof(proof, leaf=entry, policy=small_policy()) == small_checkpoint()


def test_a_proof_speaks_for_one_entry_at_one_index() -> None:
    with pytest.raises(NotIncluded):
        open_proof(PROOF, leaf=ENTRIES[5], policy=small_policy())
    with pytest.raises(NotIncluded):
        open_proof(replace(PROOF, index=5), leaf=ENTRIES[4], policy=small_policy())
    with pytest.raises(IndexBeyondTree):
        open_proof(replace(PROOF, index=11), leaf=ENTRIES[4], policy=small_policy())
    with pytest.raises(WrongProofLength):
        open_proof(replace(PROOF, hashes=PROOF.hashes[:-1]), leaf=ENTRIES[4], policy=small_policy())
    with pytest.raises(LedgerRefusal):
        open_proof(replace(PROOF, note=cosigned(*WITNESSES)), leaf=ENTRIES[4], policy=small_policy())


def test_every_single_bit_of_a_proof_matters() -> None:
    """With one signature on the note, every flipped bit of the file is refused."""
    policy, note = small_policy(), sign_checkpoint(small_checkpoint(), LOG)
    body = LogProof(4, small_tree().prove_inclusion(4), note).encode()
    alone = replace(policy, quorum="none")
    for bit in range(8 * len(body)):
        wrong = body[: bit // 8] + bytes([body[bit // 8] ^ 1 << bit % 8]) + body[bit // 8 + 1 :]
        with pytest.raises(LedgerRefusal):
            open_proof(LogProof.parse(wrong), leaf=ENTRIES[4], policy=alone)
    assert open_proof(LogProof.parse(body), leaf=ENTRIES[4], policy=alone) == small_checkpoint()


HASH = to_base64(bytes(32)).encode()


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"", ProofWithoutCheckpoint),
        (HEAD, ProofWithoutCheckpoint),
        (HEAD + b"\n\n", ProofWithoutCheckpoint),
        (b"wrong-header\nindex 0\n\n" + NOTE, BadProofHead),
        (b"c2sp.org/tlog-proof@v2\nindex 0\n\n" + NOTE, BadProofHead),
        (b"c2sp.org/tlog-proof@v1\n\n" + NOTE, BadProofHead),
        (b"c2sp.org/tlog-proof@v1\nextra AA==\n\n" + NOTE, BadProofHead),
        (b"c2sp.org/tlog-proof@v1\nindex 0\xff\n\n" + NOTE, BadProofHead),
        (b"c2sp.org/tlog-proof@v1\nindex 0\nextra AA==\n\n" + NOTE, NotBase64),
        (b"c2sp.org/tlog-proof@v1\nextra AA==\nextra AA==\nindex 0\n\n" + NOTE, BadProofHead),
        (b"c2sp.org/tlog-proof@v1\nextra \nindex 0\n\n" + NOTE, EmptyExtra),
        (b"c2sp.org/tlog-proof@v1\nextra !!\nindex 0\n\n" + NOTE, NotBase64),
        (b"c2sp.org/tlog-proof@v1\nextra " + HASH * 200 + b"\nindex 0\n\n" + NOTE, NotBase64),
        (
            b"c2sp.org/tlog-proof@v1\nextra "
            + to_base64(bytes(MAX_EXTRA_BYTES + 1)).encode()
            + b"\nindex 0\n\n"
            + NOTE,
            ExtraTooLarge,
        ),
        (b"c2sp.org/tlog-proof@v1\nindex x\n\n" + NOTE, NotDecimal),
        (b"c2sp.org/tlog-proof@v1\nindex -5\n\n" + NOTE, NotDecimal),
        (b"c2sp.org/tlog-proof@v1\nindex 05\n\n" + NOTE, NotDecimal),
        (b"c2sp.org/tlog-proof@v1\nindex 4 \n\n" + NOTE, NotDecimal),
        (b"c2sp.org/tlog-proof@v1\nindex 4\r\n\n" + NOTE, NotDecimal),
        (b"c2sp.org/tlog-proof@v1\nindex %d\n\n" % (MAX_TREE_SIZE + 1) + NOTE, NumberOutOfRange),
        (b"c2sp.org/tlog-proof@v1\nindex 0\n!!notbase64!!\n\n" + NOTE, NotBase64),
        (b"c2sp.org/tlog-proof@v1\nindex 0\n" + to_base64(bytes(64)).encode() + b"\n\n" + NOTE, WrongHashLength),
        (b"c2sp.org/tlog-proof@v1\nindex 0\n" + (HASH + b"\n") * 64 + b"\n" + NOTE, TooManyHashes),
        (HEAD + b"\n\n\n" + NOTE, NotDecimal),
        (HEAD + b"\n\n" + NOTE.partition(b"\n\n")[0] + b"\n", NoteWithoutSignatures),
        (b"x" * (MAX_PROOF_BYTES + 1), ProofTooLarge),
    ],
)
def test_a_wrong_proof_file_is_refused_by_name(body: bytes, refusal: type[LedgerRefusal]) -> None:
    with pytest.raises(refusal):
        LogProof.parse(body)


def test_the_limits_are_reached_and_not_passed() -> None:
    """63 hashes, 4 KiB of extra data, and the last byte of a file before it is too large."""
    for full in (LogProof(0, (bytes(32),) * 63, PROOF.note), LogProof(0, (), PROOF.note, bytes(4096))):
        assert LogProof.parse(full.encode()) == full
    with pytest.raises(ProofWithoutCheckpoint):
        LogProof.parse(b"x" * MAX_PROOF_BYTES)


def test_a_proof_that_could_not_be_read_is_not_made() -> None:
    with pytest.raises(CheckpointTooShort):
        LogProof(0, (), sign("a letter\n", LOG))
    with pytest.raises(NumberOutOfRange):
        LogProof(-1, (), PROOF.note)


NOTES = st.sampled_from([PROOF.note, cosigned(), Note.parse(cosigned(WITNESSES[0]).encode())])


@given(
    st.builds(
        LogProof,
        st.integers(0, MAX_TREE_SIZE),
        st.lists(st.binary(min_size=32, max_size=32), max_size=63).map(tuple),
        NOTES,
        st.binary(max_size=200),
    )
)
def test_any_proof_reads_back_as_itself(proof: LogProof) -> None:
    assert LogProof.parse(proof.encode()) == proof
