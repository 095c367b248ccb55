"""Numbers of texts: one text, one number, over all batches, however full the table and wherever its hash leads."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from partner_node.delivery import interned
from partner_node.delivery.interned import Interned

BATCHES = st.lists(st.lists(st.none() | st.text("ab", max_size=3), max_size=8), max_size=6)


def numbered(numbers: Interned, batches: list[list[str | None]]) -> dict[str, int]:
    """Return the number of each text, and check that it is its place in the order in which texts were first seen."""
    found = {"": 0}
    for batch in batches:
        of_rows, fresh = numbers.numbers(pl.Series(batch, dtype=pl.String))
        before = len(found)
        for text in batch:
            found.setdefault(text or "", len(found))
        assert of_rows.tolist() == [found[text or ""] for text in batch]
        assert fresh.to_list() == list(found)[before:]
    return found


def many(texts: int) -> list[list[str | None]]:
    """Return nine batches in which most texts stand several times, some in the batch where they are first seen."""
    return [[f"h{(row * 7 + batch * texts // 9) % texts}" for row in range(2 * texts)] for batch in range(9)]


@given(BATCHES)
def test_each_text_has_one_number_and_an_absent_one_is_empty(batches: list[list[str | None]]) -> None:
    texts = {text or "" for batch in batches for text in batch} | {""}
    assert set(numbered(Interned(), batches)) == texts


@pytest.mark.parametrize("texts", [255, 256, 257, 511, 512, 513, 3_000])
def test_a_table_that_grows_changes_no_number(texts: int) -> None:
    """1,024 slots hold 256 texts, the empty one among them."""
    assert len(numbered(Interned(), many(texts))) == texts + 1


@pytest.mark.parametrize("bits", [0, 1, 3])
def test_texts_that_want_the_same_slots_have_numbers_of_their_own(monkeypatch: pytest.MonkeyPatch, bits: int) -> None:
    """With 0 bits every search begins at the last slot, goes round the end and passes all other texts."""
    whole = interned.hashes

    def crowded(texts: pl.Series) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        first, second = whole(texts)
        return first | np.uint64(2**64 - 1 << bits & 2**64 - 1), second

    monkeypatch.setattr(interned, "hashes", crowded)
    assert len(numbered(Interned(), many(200))) == 201


def test_texts_with_one_hash_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control of `numbered`."""
    monkeypatch.setattr(interned, "hashes", lambda texts: 2 * (np.ones(len(texts), dtype=np.uint64),))
    with pytest.raises(AssertionError):
        numbered(Interned(), [["a", "b"]])
