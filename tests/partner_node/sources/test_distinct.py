"""Distinct texts: numbered once, exactly, beside a plain dictionary."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner_node.sources import distinct
from partner_node.sources.distinct import DistinctTexts

TEXTS = st.lists(st.none() | st.text(max_size=3) | st.sampled_from(["a" * 16, "a" * 15 + "b", "é" * 20]), max_size=30)


def check_as_a_dictionary(batches: list[list[str | None]]) -> DistinctTexts:
    found = DistinctTexts()
    for batch in batches:
        numbers = found.numbers(pl.Series(batch, dtype=pl.String))
        texts = found.texts.to_list()
        assert [texts[number] if number >= 0 else None for number in numbers] == batch
    assert sorted(found.texts) == sorted({text for batch in batches for text in batch if text is not None})
    return found


@given(st.lists(TEXTS, max_size=12))
def test_each_text_has_one_number(batches: list[list[str | None]]) -> None:
    check_as_a_dictionary(batches)


def test_the_table_grows_and_numbers_stay() -> None:
    found, rng = DistinctTexts(), np.random.default_rng(5)
    ids = pl.Series([f"HH{number:014X}" for number in range(100_000)])
    for _ in range(20):
        numbers = found.numbers(ids.gather(rng.integers(0, 100_000, 20_000)))
        assert numbers.min() >= 0
    first = found.numbers(ids)
    assert np.array_equal(np.sort(first), np.arange(100_000))
    assert np.array_equal(found.numbers(ids), first)
    assert found.texts.gather(first).equals(ids)


def test_texts_with_one_hash_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """All texts look in one slot first; control: a list that trusts the hash takes them for one."""
    monkeypatch.setattr(pl.Series, "hash", lambda series: pl.Series(np.full(len(series), 2**63, dtype=np.uint64)))
    monkeypatch.setattr(distinct, "FIRST_SLOTS", 16)
    batch: list[str | None] = ["a" * 16, "b" * 16, None, "c", "b" * 16, "d"]
    check_as_a_dictionary([batch, batch[::-1], ["e", "a" * 16]])
    assert len(set(pl.Series(batch).hash())) == 1
