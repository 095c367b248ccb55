"""Computes: the codes of one column, cell by cell, by the list that was valid on the row's day."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from partner_node.delivery.faults import REASONS, FaultTally, Reason
from partner_node.delivery.interned import Interned
from partner_node.delivery.values import EPOCH
from partner_node.records import Marks
from protocol.words.code_list import CodeList
from protocol.words.ids import Code, CodeListId


@dataclass(frozen=True, slots=True)
class _Cell:
    """What a cell says in one era: places in lists, each once, and what is wrong with it."""

    marks: tuple[tuple[CodeListId, int], ...]
    fault: Reason | None


class CodeColumn:
    """The distinct cells of one column. An era is a stretch of days in which the same lists are valid.

    A row's cell number is (distinct text) * eras + era.
    """

    def __init__(self, lists: Sequence[CodeList], *, values: Mapping[str, str], separator: str | None) -> None:
        self._lists = tuple(lists)
        self._values = values
        self._separator = separator
        starts = {each.valid_from.toordinal() for each in lists}
        ends = {each.valid_until.toordinal() + 1 for each in lists if each.valid_until is not None}
        self._starts = np.array(sorted(starts | ends), dtype=np.int64) - EPOCH
        self._places = [_places(each) for each in lists]
        self._interned = Interned()
        self._cells: list[_Cell] = []
        self._faults = np.empty(0, dtype=np.int8)
        self._extend([""])

    def numbers(self, column: pl.Series) -> NDArray[np.int32]:
        """Return the number of each row's text, which does not yet know its day."""
        numbers, fresh = self._interned.numbers(column)
        if len(fresh):
            self._extend(fresh.to_list())
        return numbers

    def cells(self, numbers: NDArray[np.int32], day: NDArray[np.int32]) -> NDArray[np.uint32]:
        """Return the cell number of each row."""
        era = np.searchsorted(self._starts, day, side="right")
        return (numbers * np.int64(self._eras) + era).astype(np.uint32)

    def tally(self, cells: NDArray[np.uint32], tally: FaultTally, *, file: str, column: str) -> None:
        """Count the faults of these rows."""
        tally.add_each(file, column, self._faults.take(cells))

    def has_any(self, codes: frozenset[Code]) -> NDArray[np.bool_]:
        """Tell of each cell whether it carries one of these codes; bool, shape (cells,)."""
        by_id = {each.id: each for each in self._lists}
        return np.array(
            [any(by_id[name].items[place].code in codes for name, place in cell.marks) for cell in self._cells],
            dtype=bool,
        )

    def ranks(self) -> NDArray[np.int64]:
        """Return for each cell its place in an order that depends on the codes only; int64, shape (cells,)."""
        rank = {marks: place for place, marks in enumerate(sorted({cell.marks for cell in self._cells}))}
        return np.array([rank[cell.marks] for cell in self._cells], dtype=np.int64)

    def marks(self, cells: NDArray[np.uint32]) -> dict[CodeListId, Marks]:
        """Return the codes of these rows, by list; rows are numbered from 0."""
        return {each.id: self._marks_of(each.id, cells) for each in self._lists}

    @property
    def _eras(self) -> int:
        return len(self._starts) + 1

    def _marks_of(self, name: CodeListId, cells: NDArray[np.uint32]) -> Marks:
        of_cell = [[place for listed, place in cell.marks if listed == name] for cell in self._cells]
        many = np.array([len(places) for places in of_cell], dtype=np.int64)
        first = np.cumsum(many) - many
        flat = np.array([place for places in of_cell for place in places], dtype=np.int64)
        row_many = many[cells]
        row = np.repeat(np.arange(len(cells), dtype=np.int64), row_many)
        within = np.arange(len(row), dtype=np.int64) - np.repeat(np.cumsum(row_many) - row_many, row_many)
        return Marks(row=row, code=flat[np.repeat(first[cells], row_many) + within])

    def _extend(self, texts: list[str]) -> None:
        fresh = [cell for text in texts for cell in self._judge(text)]
        self._cells.extend(fresh)
        faults = [-1 if cell.fault is None else REASONS.index(cell.fault) for cell in fresh]
        self._faults = np.append(self._faults, np.array(faults, dtype=np.int8))

    def _judge(self, text: str) -> Iterator[_Cell]:
        """Yield what a text says in each era."""
        whole = self._values.get(text.strip(), text)
        parts = [whole] if self._separator is None else whole.split(self._separator)
        words = [self._values.get(part.strip(), part.strip()) for part in parts if part.strip()]
        for era in range(self._eras):
            yield self._judge_words(words, era)

    def _judge_words(self, words: list[str], era: int) -> _Cell:
        if not words:
            return _Cell((), Reason.EMPTY)
        marks: set[tuple[CodeListId, int]] = set()
        fault = None
        for word in words:
            valid = [
                (each.id, places[word])
                for each, places in zip(self._lists, self._places, strict=True)
                if word in places and self._is_valid(each, era)
            ]
            marks.update(valid)
            if not valid and fault is not Reason.UNKNOWN_CODE:
                known = any(word in places for places in self._places)
                fault = Reason.CODE_NOT_VALID if known else Reason.UNKNOWN_CODE
        return _Cell(tuple(sorted(marks)), fault)

    def _is_valid(self, each: CodeList, era: int) -> bool:
        if era == 0:
            return False
        first = int(self._starts[era - 1]) + EPOCH
        return each.valid_from.toordinal() <= first and (
            each.valid_until is None or first <= each.valid_until.toordinal()
        )


def _places(codes: CodeList) -> dict[str, int]:
    """Return the place of each code. "1" is also "01": spreadsheets drop the zeros."""
    places: dict[str, int] = {}
    for place, code in enumerate(codes.codes):
        if code.isdecimal() and code.lstrip("0"):
            places.setdefault(code.lstrip("0"), place)
    return places | {str(code): place for place, code in enumerate(codes.codes)}
