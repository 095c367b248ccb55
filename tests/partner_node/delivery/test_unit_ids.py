"""Unit ids in their one form: what is the same household, and what is nobody."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner_node.delivery.addresses import normalised_address
from partner_node.delivery.unit_ids import dummies, normalised_id, normalised_ids
from tests.reference.delivery import is_nobody, one_form

# Signs that the form must handle, and any others.
SIGNS = st.text(
    st.sampled_from("0123456789.ABz -\t\n\x00\x7f\xa0\xad\u200b\ufeff\u00c9E\u0301\u00df\u212a\u0130x_")
    | st.characters(codec="utf-8")
)


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (("H12", " h12", "h 12", "H\u200b12", "\ufeffH12"), "h12"),
        (("123", "00123", "123.0", " 123 "), "123"),
        (("\u00c9-7", "E\u0301-7", "\u00e9-7"), "\u00e9-7"),
        (("0", "000", "0.0"), "0"),
        (("A0", "a0"), "a0"),
        (("123.50",), "123.50"),
        (("STRASSE", "stra\u00dfe"), "strasse"),
    ],
)
def test_variants_of_an_id_are_one(texts: tuple[str, ...], form: str) -> None:
    """D02: case, spaces, zero-width, NFC and NFD, leading zeros, whole numbers written as fractions."""
    assert {normalised_id(text) for text in texts} == {form}
    assert set(normalised_ids(pl.Series(texts)).to_list()) == {form}


@given(st.lists(SIGNS, max_size=6))
def test_many_ids_at_once_get_the_form_of_each_alone(texts: list[str]) -> None:
    assert normalised_ids(pl.Series(texts, dtype=pl.String)).to_list() == [one_form(text) for text in texts]
    assert [normalised_id(text) for text in texts] == [one_form(text) for text in texts]


@given(SIGNS)
def test_the_form_of_a_form_is_itself(text: str) -> None:
    once = normalised_id(text)
    # One pair of zeros can be left: "1.0.0" is no number, so nothing of it is taken off.
    assert normalised_id(once) == once


def test_ids_that_differ_stay_different() -> None:
    """Negative control of the rule: zeros matter in ids with letters, and so do signs."""
    texts = ["H1", "H01", "H-1", "H.1", "1", "10", "1.5", "1.00"]
    assert len(set(normalised_ids(pl.Series(texts)).to_list())) == len(texts)


@pytest.mark.parametrize(
    "text",
    ["0", "000000000", "999999999", "11111111", "onbekend", "ONBEKEND", "n.v.t.", "-", "?", "x", "XXX", "1.2E+05"],
)
def test_what_stands_for_nobody_is_a_dummy(text: str) -> None:
    """D03."""
    form = normalised_ids(pl.Series([text]))
    assert dummies(form).to_list() == [True]
    assert is_nobody(form[0])


@pytest.mark.parametrize("text", ["1", "7777777", "123456789", "H0", "xy", "\u00e9", "12e4", "onbekend1"])
def test_an_id_is_no_dummy(text: str) -> None:
    assert dummies(normalised_ids(pl.Series([text]))).to_list() == [False]


def test_a_partner_can_name_its_own_dummies() -> None:
    assert dummies(pl.Series(["leeggoed", "h1"]), more=frozenset({"leeggoed"})).to_list() == [True, False]


@pytest.mark.parametrize(
    "text",
    [
        "1501AB\x1f12\x1fA-HOOG",
        "1501 ab\x1f 12a hoog\x1f",
        "1501ab\x1f012\x1fa hoog",
        " 1501  AB \x1f12 A\x1fHOOG",
    ],
)
def test_variants_of_an_address_are_one(text: str) -> None:
    assert normalised_address(text) == "1501AB\x1f12\x1fAHOOG"


@pytest.mark.parametrize(
    "text", ["", "\x1f12\x1f", "1501AB\x1f\x1f", "0501AB\x1f1\x1f", "1501\x1f1\x1f", "1501AB\x1f0\x1f"]
)
def test_half_an_address_is_none(text: str) -> None:
    assert normalised_address(text) is None


@given(SIGNS)
def test_the_one_form_of_a_one_form_is_itself(text: str) -> None:
    """So a text and its one form may stand in one table (`units.py`)."""
    assert normalised_id(normalised_id(text)) == normalised_id(text)
    address = normalised_address(f"{text}1501 ab\x1f0012{text}\x1f{text}")
    assert address is None or normalised_address(address) == address


def test_the_one_form_of_every_single_sign_is_itself() -> None:
    signs = [chr(number) for number in range(0x110000) if not 0xD800 <= number < 0xE000]
    forms = [normalised_id(sign) for sign in signs]
    assert [normalised_id(form) for form in forms] == forms
