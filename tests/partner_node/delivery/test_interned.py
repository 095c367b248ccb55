"""Numbers of texts: one text, one number, over all batches, with and without the table of texts last seen."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner_node.delivery import interned
from partner_node.delivery.interned import Interned, Remembered

BATCHES = st.lists(st.lists(st.none() | st.text("ab", max_size=3), max_size=8), max_size=6)


def numbered(numbers: Interned | Remembered, batches: list[list[str | None]]) -> dict[str, int]:
    """Return the number of each text, and check that no batch says otherwise."""
    found = {"": 0}
    for batch in batches:
        column = pl.Series(batch, dtype=pl.String)
        known = len(found)
        of_rows, fresh = numbers.numbers(column)
        found |= {text: known + at for at, text in enumerate(fresh.to_list())}
        assert of_rows.tolist() == [found[text or ""] for text in batch]
    assert sorted(found.values()) == list(range(len(found)))
    return found


@given(BATCHES)
def test_each_text_has_one_number_and_an_absent_one_is_empty(batches: list[list[str | None]]) -> None:
    texts = {text or "" for batch in batches for text in batch} | {""}
    assert set(numbered(Interned(), batches)) == texts


@pytest.mark.parametrize("slots", [1, 2, 1 << 10])
def test_a_table_that_forgets_changes_no_number(monkeypatch: pytest.MonkeyPatch, slots: int) -> None:
    """With one slot nearly every row is a text that was forgotten."""
    monkeypatch.setattr(interned, "_SLOTS", slots)
    batches: list[list[str | None]] = [[f"h{(row * 7 + batch) % 40}" for row in range(100)] for batch in range(9)]
    batches[3][5] = None
    assert len(numbered(Remembered(), batches)) == 41


def test_two_texts_of_one_number_would_be_seen() -> None:
    """Negative control of `numbered`."""

    class Broken(Interned):
        def numbers(self, column: pl.Series):  # type: ignore[no-untyped-def] # noqa: ANN202 - a broken double
            of_rows, fresh = super().numbers(column)
            return of_rows * 0, fresh

    with pytest.raises(AssertionError):
        numbered(Broken(), [["a", "b"]])
