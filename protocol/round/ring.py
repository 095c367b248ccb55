"""Computes: vectors of integers mod 2^w, w = 32 or 64, and the headroom that keeps their sum from wrapping.

A cell is w / 8 bytes, little end first, in memory and on the wire. numpy's unsigned addition and subtraction keep the
lowest w bits and nothing else, and that is the arithmetic of the ring. A sum that fits is read back centred: residues
of 2^(w-1) and more stand for negative numbers.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, isqrt
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from protocol.errors import RoundRefusal

Word = Literal[32, 64]
Cells = NDArray[np.unsignedinteger[Any]]

MAX_CELLS = 2**24  # 64 MiB at 4 bytes a cell: what a RESULT carries by default, and 16 times the largest grid we know
MAX_PARTIES = 4096  # four times the largest round that is simulated
SIGMAS = 12  # one cell's noise passes 12 sigma with a chance below 2^-100
SLACK = 64  # covers the rounding of small noise
CACHE_LINE_BYTES = 64  # a vector instruction that straddles two lines costs twice

_UNSIGNED: dict[int, np.dtype[Any]] = {32: np.dtype("<u4"), 64: np.dtype("<u8")}
_SIGNED: dict[int, np.dtype[Any]] = {32: np.dtype("<i4"), 64: np.dtype("<i8")}
_RELOAD = "the party must make the vector from the study of this round"


class UnknownWord(RoundRefusal):
    """A ring whose word is neither 32 nor 64 bits."""


class NoHeadroom(RoundRefusal):
    """A round whose sum could wrap: too many parties, too large a bound, or too much noise for the word."""


class ValueOverBound(RoundRefusal):
    """A cell beyond bound and noise; it is never wrapped into the ring."""


class SumOutOfRange(RoundRefusal):
    """An opened sum that no honest contributions can have."""


class WrongCellCount(RoundRefusal):
    """A vector of another length, word or type than this round's."""


class VectorTaken(RoundRefusal):
    """A vector that was masked already: its memory now holds the masked one."""


@dataclass(frozen=True, slots=True)
class Ring:
    """The ring of one round, with room for the sum of all its participants.

    parties: |S|. bound: B, the largest size of one party's cell before noise. variance: of the noise that one party
    adds to a cell, or anything above it. For several tables: the largest bound and the largest variance.
    Raises: UnknownWord, NoHeadroom.
    """

    word: Word
    parties: int
    bound: int
    variance: Fraction

    def __post_init__(self) -> None:
        check_word(self.word)
        fits = 1 <= self.parties <= MAX_PARTIES and self.bound >= 0 and self.variance >= 0
        if not fits or self.sum_limit >= 2 ** (self.word - 1):
            raise NoHeadroom(
                got=f"{self.parties} parties, bound {self.bound}, variance {self.variance} in {self.word} bits",
                wanted=f"1 to {MAX_PARTIES} parties and parties x (bound + 12 sigma + 64) below half the ring",
                act="the coordinator must lower the cell bound or take 64 bits",
            )

    @property
    def share_limit(self) -> int:
        """B + 12 sigma + 64 with 12 sigma rounded up: the largest size of a cell that one party contributes."""
        return self.bound + _root_above(SIGMAS**2 * self.variance) + SLACK

    @property
    def sum_limit(self) -> int:
        """The largest size of a cell of the sum."""
        return self.parties * self.share_limit

    def encode(self, values: NDArray[np.int64]) -> "RingVector":
        """Return noised counts as a fresh vector of the ring.

        values: int64, shape (cells,), each at most `share_limit` in size; honest ones pass it with a chance below
        2^-100 a cell, so that a refusal says nothing about the data.
        Raises: ValueOverBound, WrongCellCount.
        """
        if values.dtype != np.int64 or values.ndim != 1 or not 1 <= values.size <= MAX_CELLS:
            raise _wrong_cells(f"{values.dtype} values of shape {values.shape}", f"int64, 1 to {MAX_CELLS} cells")
        if not _is_within(values, self.share_limit):
            raise ValueOverBound(
                got="a cell beyond bound and noise",
                wanted="cells clamped to the bound of the study before noise",
                act="the party must report this fault of its node",
            )
        cells = aligned_bytes(values.size * self.word // 8).view(_UNSIGNED[self.word])
        np.copyto(cells, values, casting="unsafe")  # the lowest w bits of two's complement: exactly mod 2^w
        return RingVector(cells)

    def decode(self, total: "RingVector") -> NDArray[np.int64]:
        """Return an opened sum centred on zero; int64, shape (cells,).

        Not promised: to see a contribution beyond its bound that moves a cell by less than `sum_limit`.
        Raises: SumOutOfRange, WrongCellCount.
        """
        if total.word != self.word:
            raise _wrong_cells(f"a sum of {total.word} bits", f"{self.word} bits")
        values = total.cells.view(_SIGNED[self.word])
        if not _is_within(values, self.sum_limit):
            raise SumOutOfRange(
                got="an opened cell to which no honest contributions add up",
                wanted=f"cells within {self.parties} times bound and noise",
                act="the coordinator must withhold the release and find the faulty contribution",
            )
        return values.astype(np.int64)


class RingVector:
    """A party's own numbers in the ring, or an opened sum: not masked, so no message takes it.

    cells: unsigned 32 or 64 bit, shape (cells,); becomes read-only and belongs to the vector.
    Raises: WrongCellCount.
    """

    __slots__ = ("_cells",)

    def __init__(self, cells: Cells) -> None:
        _check_cells(cells)
        self._cells: Cells | None = cells

    @property
    def cells(self) -> Cells:
        """The cells. Raises: VectorTaken."""
        if self._cells is None:
            raise VectorTaken(
                got="a vector that was masked already",
                wanted="one that was not",
                act="the caller must encode the counts again",
            )
        return self._cells

    @property
    def word(self) -> int:
        """Bits a cell."""
        return self.cells.dtype.itemsize * 8

    def encode(self) -> bytes:
        """Return the cells as bytes, little end first, for the vault; no message takes them."""
        return self.cells.tobytes()

    @classmethod
    def parse(cls, body: bytes, *, word: Word, cells: int) -> Self:
        """Return the vector whose bytes these are. Raises: UnknownWord, WrongCellCount."""
        return cls(_parse_cells(body, word=word, cells=cells).copy())

    def take(self) -> Cells:
        """Return the cells, writable, and leave this vector empty: the mask goes into the same memory, once."""
        cells = self.cells
        self._cells = None
        cells.setflags(write=True)
        return cells


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class MaskedVector:
    """What may leave: a party's vector under the masks of all its peers.

    cells: unsigned 32 or 64 bit, shape (cells,). Made by `masks.mask`, or parsed by who receives it.
    Raises: WrongCellCount.
    """

    cells: Cells

    def __post_init__(self) -> None:
        _check_cells(self.cells)

    @property
    def word(self) -> int:
        """Bits a cell."""
        return self.cells.dtype.itemsize * 8

    def encode(self) -> bytes:
        """Return the cells as bytes, little end first: w / 8 a cell, nothing before or after."""
        return self.cells.tobytes()

    @classmethod
    def parse(cls, body: bytes, *, word: Word, cells: int) -> Self:
        """Return the vector whose bytes these are, without copying. Raises: UnknownWord, WrongCellCount."""
        return cls(_parse_cells(body, word=word, cells=cells))


def add(left: RingVector, right: RingVector) -> RingVector:
    """Return the sum mod 2^w of two vectors of one word and length. Raises: WrongCellCount."""
    check_alike(left.cells, right.cells)
    return RingVector(left.cells + right.cells)


def check_alike(left: Cells, right: Cells) -> None:
    """Refuse two vectors of different word or length. Raises: WrongCellCount."""
    if left.dtype != right.dtype or left.size != right.size:
        raise _wrong_cells(f"{right.size} cells of {right.dtype}", f"{left.size} cells of {left.dtype}")


def check_word(word: int) -> None:
    """Refuse a word of another size than 32 or 64 bits. Raises: UnknownWord."""
    if word not in _UNSIGNED:
        raise UnknownWord(got=f"a ring of {word} bits", wanted="32 or 64", act="the coordinator must mend the study")


def aligned_bytes(count: int) -> NDArray[np.uint8]:
    """Return `count` bytes, not initialised, that start on a cache line; uint8, shape (count,)."""
    memory = np.empty(count + CACHE_LINE_BYTES, dtype=np.uint8)
    start = -memory.ctypes.data % CACHE_LINE_BYTES
    return memory[start : start + count]


def _parse_cells(body: bytes, *, word: Word, cells: int) -> Cells:
    check_word(word)
    if len(body) * 8 != cells * word:
        raise _wrong_cells(f"{len(body)} bytes", f"{cells} cells of {word} bits")
    return np.frombuffer(body, dtype=_UNSIGNED[word])


def _check_cells(cells: Cells) -> None:
    if cells.dtype not in _UNSIGNED.values() or cells.ndim != 1 or not 1 <= cells.size <= MAX_CELLS:
        raise _wrong_cells(f"{cells.dtype} cells of shape {cells.shape}", f"unsigned words, 1 to {MAX_CELLS} cells")
    cells.setflags(write=False)


def _is_within(values: NDArray[np.signedinteger[Any]], limit: int) -> bool:
    return -limit <= int(values.min()) and int(values.max()) <= limit


def _root_above(square: Fraction) -> int:
    """Return the smallest integer whose square is at least `square`, in exact integers."""
    whole = ceil(square)
    return isqrt(whole - 1) + 1 if whole > 0 else 0


def _wrong_cells(got: str, wanted: str) -> WrongCellCount:
    return WrongCellCount(got=got, wanted=wanted, act=_RELOAD)
