"""SipHash-2-4 against its published vectors and against the slow reference."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.keyed_hash import WrongHashInput, keyed_hash
from tests.reference.sip_hash import sip_hash

# `vectors_sip64` of the authors' reference code: key 00 01 .. 0f, message 00 01 .. n-1, for n = 0 .. 63. The value for
# n = 15 is the worked example of the paper's appendix A.
PUBLISHED = (
    0x726FDB47DD0E0E31, 0x74F839C593DC67FD, 0x0D6C8009D9A94F5A, 0x85676696D7FB7E2D,
    0xCF2794E0277187B7, 0x18765564CD99A68D, 0xCBC9466E58FEE3CE, 0xAB0200F58B01D137,
    0x93F5F5799A932462, 0x9E0082DF0BA9E4B0, 0x7A5DBBC594DDB9F3, 0xF4B32F46226BADA7,
    0x751E8FBC860EE5FB, 0x14EA5627C0843D90, 0xF723CA908E7AF2EE, 0xA129CA6149BE45E5,
    0x3F2ACC7F57C29BDB, 0x699AE9F52CBE4794, 0x4BC1B3F0968DD39C, 0xBB6DC91DA77961BD,
    0xBED65CF21AA2EE98, 0xD0F2CBB02E3B67C7, 0x93536795E3A33E88, 0xA80C038CCD5CCEC8,
    0xB8AD50C6F649AF94, 0xBCE192DE8A85B8EA, 0x17D835B85BBB15F3, 0x2F2E6163076BCFAD,
    0xDE4DAAACA71DC9A5, 0xA6A2506687956571, 0xAD87A3535C49EF28, 0x32D892FAD841C342,
    0x7127512F72F27CCE, 0xA7F32346F95978E3, 0x12E0B01ABB051238, 0x15E034D40FA197AE,
    0x314DFFBE0815A3B4, 0x027990F029623981, 0xCADCD4E59EF40C4D, 0x9ABFD8766A33735C,
    0x0E3EA96B5304A7D0, 0xAD0C42D6FC585992, 0x187306C89BC215A9, 0xD4A60ABCF3792B95,
    0xF935451DE4F21DF2, 0xA9538F0419755787, 0xDB9ACDDFF56CA510, 0xD06C98CD5C0975EB,
    0xE612A3CB9ECBA951, 0xC766E62CFCADAF96, 0xEE64435A9752FE72, 0xA192D576B245165A,
    0x0A8787BF8ECB74B2, 0x81B3E73D20B49B6F, 0x7FA8220BA3B2ECEA, 0x245731C13CA42499,
    0xB78DBFAF3A8D83BD, 0xEA1AD565322A1A0B, 0x60E61C23A3795013, 0x6606D7E446282B93,
    0x6CA4ECB15C5F91E1, 0x9F626DA15C9625F3, 0xE51B38608EF25F57, 0x958A324CEB064572,
)  # fmt: skip
KEY = bytes(range(16))


def hashed(key: bytes, message: bytes) -> int:
    """Hash one message with the code under test."""
    whole = len(message) // 8 * 8
    words = tuple(np.frombuffer(message[:whole], dtype="<u8").reshape(-1, 1))
    tail = np.array([int.from_bytes(message[whole:], "little")], dtype=np.uint64)
    return int(keyed_hash(key, words, tail, tail_bytes=len(message) - whole)[0])


@pytest.mark.parametrize("length", range(64))
def test_every_published_vector_is_met(length: int) -> None:
    assert hashed(KEY, bytes(range(length))) == PUBLISHED[length]
    assert sip_hash(KEY, bytes(range(length))) == PUBLISHED[length]


@given(key=st.binary(min_size=16, max_size=16), message=st.binary(max_size=40))
def test_it_equals_the_slow_reference(key: bytes, message: bytes) -> None:
    assert hashed(key, message) == sip_hash(key, message)


def test_a_shared_prefix_gives_the_same_as_whole_messages() -> None:
    units = np.arange(3, dtype=np.uint64)[:, np.newaxis]
    slots = np.arange(8, dtype=np.uint64).reshape(1, 8)
    together = keyed_hash(KEY, (units, units + np.uint64(9)), slots, tail_bytes=7)
    assert together.shape == (3, 8)
    for unit in range(3):
        for slot in range(8):
            message = unit.to_bytes(8, "little") + (unit + 9).to_bytes(8, "little") + slot.to_bytes(7, "little")
            assert int(together[unit, slot]) == sip_hash(KEY, message)


def test_the_messages_are_left_as_they_were() -> None:
    words = np.arange(5, dtype=np.uint64)
    keyed_hash(KEY, (words, words), words, tail_bytes=7)
    assert words.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("key_bytes", [0, 15, 17])
def test_a_key_of_another_length_is_refused(key_bytes: int) -> None:
    with pytest.raises(WrongHashInput, match="16 bytes"):
        keyed_hash(bytes(key_bytes), (), np.zeros(1, dtype=np.uint64), tail_bytes=0)


def test_a_tail_that_does_not_fit_is_refused() -> None:
    with pytest.raises(WrongHashInput, match="zeros above"):
        keyed_hash(KEY, (), np.array([256], dtype=np.uint64), tail_bytes=1)
    with pytest.raises(WrongHashInput, match="tail of 0 to 7"):
        keyed_hash(KEY, (), np.zeros(1, dtype=np.uint64), tail_bytes=8)


def test_words_of_another_type_are_refused() -> None:
    with pytest.raises(WrongHashInput, match="uint64"):
        keyed_hash(KEY, (np.zeros(1, dtype=np.int64),), np.zeros(1, dtype=np.uint64), tail_bytes=0)
