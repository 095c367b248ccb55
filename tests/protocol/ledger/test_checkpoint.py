"""Checkpoints: one text for one head, and each wrong text by its name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import LedgerRefusal
from protocol.ledger.checkpoint import (
    BadCheckpointLine,
    Checkpoint,
    CheckpointTooShort,
    TooManyExtensions,
    WrongOrigin,
    sign_checkpoint,
)
from protocol.ledger.encoding import NotBase64, NotDecimal, NumberOutOfRange
from protocol.ledger.merkle import MAX_TREE_SIZE, WrongHashLength
from protocol.ledger.note import Note, NoteControlCharacter, NoteWithoutNewline, verified_keys
from tests.protocol.ledger.samples import LOG, VECTORS, plain_signer, small_checkpoint, small_tree

ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
SPECIFICATION = f"example.com/behind-the-sofa\n20852163\n{ROOT}\n"


def test_the_example_of_the_specification_reads_and_writes() -> None:
    checkpoint = Checkpoint.parse(SPECIFICATION)
    assert checkpoint == Checkpoint(
        "example.com/behind-the-sofa",
        20852163,
        bytes.fromhex("0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"),
    )
    assert checkpoint.encode() == SPECIFICATION


def test_a_public_log_s_checkpoint_reads() -> None:
    note = Note.parse((VECTORS / "notes" / "witnessed-ct-log.note").read_bytes())
    checkpoint = Checkpoint.parse(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("arche2025h1.staging.ct.transparency.dev", 1432088532)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (f"a\n{ROOT}\n", CheckpointTooShort),
        ("\n", CheckpointTooShort),
        (f"a\n5\n{ROOT}", NoteWithoutNewline),
        (f"a\r\n5\n{ROOT}\n", NoteControlCharacter),
        (f"\n5\n{ROOT}\n", BadCheckpointLine),
        (f"a\n5\n{ROOT}\n\n", BadCheckpointLine),
        (f"a\n5\n{ROOT}\nx\n\ny\n", BadCheckpointLine),
        (f"a\n5\n{ROOT}\n" + "x\n" * 17, TooManyExtensions),
        (f"a\n05\n{ROOT}\n", NotDecimal),
        (f"a\n+5\n{ROOT}\n", NotDecimal),
        (f"a\n-5\n{ROOT}\n", NotDecimal),
        (f"a\n 5\n{ROOT}\n", NotDecimal),
        (f"a\n\n{ROOT}\n", NotDecimal),
        (f"a\n5_0\n{ROOT}\n", NotDecimal),
        (f"a\n0x5\n{ROOT}\n", NotDecimal),
        (f"a\n\N{ARABIC-INDIC DIGIT FIVE}\n{ROOT}\n", NotDecimal),
        (f"a\n{MAX_TREE_SIZE + 1}\n{ROOT}\n", NumberOutOfRange),
        (f"a\n{'9' * 100_000}\n{ROOT}\n", NumberOutOfRange),
        (f"a\n5\n{ROOT[:-1]}\n", NotBase64),
        (f"a\n5\n{ROOT[:-2]}J=\n", NotBase64),
        (f"a\n5\n{ROOT[:-1]} =\n", NotBase64),
        (f"a\n5\n{ROOT.replace('+', '-').replace('/', '_')}\n", NotBase64),
        ("a\n5\nYmFuYW5hcw==\n", WrongHashLength),
    ],
)
def test_a_wrong_checkpoint_is_refused_by_name(text: str, refusal: type[LedgerRefusal]) -> None:
    with pytest.raises(refusal):
        Checkpoint.parse(text)


def test_the_largest_and_the_smallest_tree_and_sixteen_extensions_read() -> None:
    assert Checkpoint.parse(f"a\n{MAX_TREE_SIZE}\n{ROOT}\n").size == 2**62
    assert Checkpoint.parse(f"a\n0\n{ROOT}\n").size == 0
    assert len(Checkpoint.parse(f"a\n0\n{ROOT}\n" + "line\n" * 16).extensions) == 16


@pytest.mark.parametrize(
    ("origin", "size", "root", "extensions"),
    [
        ("", 1, bytes(32), ()),
        ("two\nlines", 1, bytes(32), ()),
        ("a", 1, bytes(32), ("",)),
        ("a", -1, bytes(32), ()),
        ("a", 1, b"", ()),
    ],
)
def test_a_checkpoint_that_could_not_be_read_is_not_made(
    origin: str, size: int, root: bytes, extensions: tuple[str, ...]
) -> None:
    with pytest.raises(LedgerRefusal):
        Checkpoint(origin, size, root, extensions)


def test_a_log_signs_its_own_head_and_no_other_s() -> None:
    note = sign_checkpoint(small_checkpoint(), LOG)
    assert verified_keys(note, [LOG.key]) == (LOG.key,)
    assert Checkpoint.parse(note.text).root == small_tree().root()
    with pytest.raises(WrongOrigin):
        sign_checkpoint(small_checkpoint(), plain_signer("vt-02.example/log", 2))


LINES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1)


@given(
    st.builds(
        Checkpoint,
        LINES,
        st.integers(0, MAX_TREE_SIZE),
        st.binary(min_size=32, max_size=32),
        st.lists(LINES, max_size=16).map(tuple),
    )
)
def test_any_checkpoint_reads_back_as_itself(checkpoint: Checkpoint) -> None:
    assert Checkpoint.parse(checkpoint.encode()) == checkpoint
