"""AES-CMAC over columns: RFC 4493's examples, NIST's for 256 bits, and the one of `cryptography`, text by text."""

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given
from hypothesis import strategies as st

from partner_node.vault.cmac import cmac

KEY_128 = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
KEY_256 = bytes.fromhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")
MESSAGE = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)


def of(key: bytes, texts: list[bytes]) -> list[str]:
    found = cmac(key, b"".join(texts), np.array([len(text) for text in texts], dtype=np.int64))
    return [row.tobytes().hex() for row in found]


def one_by_one(key: bytes, texts: list[bytes]) -> list[str]:
    found = []
    for text in texts:
        mac = CMAC(AES(key))
        mac.update(text)
        found.append(mac.finalize().hex())
    return found


@pytest.mark.parametrize(
    ("key", "size", "wanted"),
    [
        (KEY_128, 0, "bb1d6929e95937287fa37d129b756746"),
        (KEY_128, 16, "070a16b46b4d4144f79bdd9dd04a287c"),
        (KEY_128, 40, "dfa66747de9ae63030ca32611497c827"),
        (KEY_128, 64, "51f0bebf7e3b9d92fc49741779363cfe"),
        (KEY_256, 0, "028962f61b7bf89efc6b551f4667d983"),
        (KEY_256, 16, "28a7023f452e8f82bd4bf28d8c37c35c"),
        (KEY_256, 40, "aaf3d8f1de5640c232f5b169b9c911e6"),
        (KEY_256, 64, "e1992190549f6ed5696a2c056c315410"),
    ],
)
def test_the_published_examples_are_met(key: bytes, size: int, wanted: str) -> None:
    """RFC 4493, section 4; NIST SP 800-38B, appendix D.3 (AES-256)."""
    assert of(key, [MESSAGE[:size]]) == [wanted]


@given(st.binary(min_size=32, max_size=32), st.lists(st.binary(max_size=70), max_size=12))
def test_a_column_equals_its_texts_one_by_one(key: bytes, texts: list[bytes]) -> None:
    assert of(key, texts) == one_by_one(key, texts)


@given(st.integers(0, 49), st.integers(1, 9), st.randoms(use_true_random=False))
def test_texts_of_one_length_equal_their_texts_one_by_one(size: int, many: int, chance: object) -> None:
    assert hasattr(chance, "randbytes")
    texts = [chance.randbytes(size) for _ in range(many)]
    assert of(KEY_256, texts) == one_by_one(KEY_256, texts)


def test_more_texts_than_are_done_at_once_keep_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partner_node.vault.cmac._MOST_AT_ONCE", 3)
    texts = [b"x" * (number % 37) + bytes([number]) for number in range(50)]
    assert of(KEY_256, texts) == one_by_one(KEY_256, texts)


def test_a_text_that_lost_its_end_would_be_seen() -> None:
    """Negative control: padding tells "a" from "a" with the padding's own bytes written out."""
    assert of(KEY_256, [b"a"]) != one_by_one(KEY_256, [b"a\x80" + bytes(14)])
