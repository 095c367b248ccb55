"""Computes: the areas of a row, from a CBS code or from a postcode and house number by an area table of one year."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from partner_node.delivery.addresses import address_key, postcode_of
from partner_node.delivery.faults import Reason
from partner_node.delivery.interned import Judgement
from protocol.words.geography import AreaCode, Geography, Level

LEVELS = tuple(Level)
_CODE = re.compile(r"GM[0-9]{4}|WK[0-9]{4}[0-9A-Z]{2}|BU[0-9]{4}[0-9A-Z]{2}[0-9]{2}|[1-9][0-9]{3}")
_FORM = {8: Level.WIJK, 10: Level.BUURT, 6: Level.GEMEENTE, 4: Level.PC4}


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class AreaTable:
    """Where addresses lie, in the borders of one year, and which of them are institutions.

    buurt_of: by `address_key`, with and without a house number. former: codes of earlier years.
    institutions: by `address_key`; the people at one of them are never one household.
    """

    year: int
    buurt_of: Mapping[str, AreaCode]
    former: frozenset[AreaCode] = frozenset()
    institutions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Place:
    """An area's index at each level of LEVELS, -1 where it is not known."""

    at: tuple[int, int, int, int] = (-1, -1, -1, -1)


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class PlacedAreas(Mapping[Level, NDArray[np.int32]]):
    """The areas of rows by level, looked up when a level is asked for: a study uses few of them.

    at: int32, shape (places, levels), as `Places.indexes` gives it. place: int32, shape (rows,).
    """

    at: NDArray[np.int32]
    place: NDArray[np.int32]

    def __getitem__(self, level: Level) -> NDArray[np.int32]:
        areas = self.at[:, LEVELS.index(level)].take(self.place)
        areas.setflags(write=False)
        return areas

    def __iter__(self) -> Iterator[Level]:
        return iter(LEVELS)

    def __len__(self) -> int:
        return len(LEVELS)


@dataclass(slots=True)
class Places:
    """Every combination of areas that the delivery names, numbered; 0 is nowhere."""

    geography: Geography
    table: AreaTable
    _numbers: dict[_Place, int] = field(default_factory=lambda: {_Place(): 0})
    _index: dict[AreaCode, tuple[Level, int]] = field(init=False)
    _parent: dict[AreaCode, AreaCode | None] = field(init=False)

    def __post_init__(self) -> None:
        self._index = {
            code: (level, place) for level in LEVELS for place, code in enumerate(self.geography.codes_at(level))
        }
        self._parent = {area.code: area.parent for area in self.geography.areas}

    def code_judge(self, values: Mapping[str, str]) -> Callable[[str], Judgement]:
        """Return the judge of an area column. values: the partner's own names of areas, with their codes."""

        def judge(text: str) -> Judgement:
            word = text.strip()
            word = values.get(word, word).upper()
            if not word:
                return Judgement(0, Reason.EMPTY)
            if _CODE.fullmatch(word) is None:
                return Judgement(0, Reason.UNREADABLE_AREA)
            code = AreaCode(word)
            if code in self._index:
                return Judgement(self._number(code))
            return Judgement(0, self._why_not(code))

        return judge

    def address_judge(self, text: str) -> Judgement:
        """Judge a postcode and house number, as `joined_address` writes them."""
        postcode = postcode_of(text)
        if postcode is None:
            return Judgement(0, Reason.UNREADABLE_AREA if text.split("\x1f", maxsplit=1)[0].strip() else Reason.EMPTY)
        buurt = self.table.buurt_of.get(address_key(text)) or self.table.buurt_of.get(postcode)
        pc4 = AreaCode(postcode[:4])
        known = [code for code in (buurt, pc4) if code is not None and code in self._index]
        number = self._number(*known) if known else 0
        if buurt is None:
            return Judgement(number, Reason.UNKNOWN_POSTCODE)
        return Judgement(number, None if buurt in self._index else self._why_not(buurt))

    def indexes(self) -> NDArray[np.int32]:
        """Return the areas of each place by level; int32, shape (places, levels)."""
        return np.array([place.at for place in self._numbers], dtype=np.int32)

    def merged(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the place of each row from two columns: where the first does not know a level, the second says it."""
        both = first * len(self._numbers) + second
        distinct, back = np.unique(both, return_inverse=True)
        places = list(self._numbers)
        made = [self._merge(places[pair // len(places)], places[pair % len(places)]) for pair in distinct.tolist()]
        return np.array(made, dtype=np.int64)[back]

    def _merge(self, first: _Place, second: _Place) -> int:
        gemeente, wijk, buurt, pc4 = (a if a >= 0 else b for a, b in zip(first.at, second.at, strict=True))
        return self._numbers.setdefault(_Place((gemeente, wijk, buurt, pc4)), len(self._numbers))

    def _number(self, *codes: AreaCode) -> int:
        """Return the number of the place that these areas and their parents make; the first code decides."""
        at = [-1] * len(LEVELS)
        for start in codes:
            code: AreaCode | None = start
            while code is not None:
                level, place = self._index[code]
                if at[LEVELS.index(level)] < 0:
                    at[LEVELS.index(level)] = place
                code = self._parent[code]
        gemeente, wijk, buurt, pc4 = at
        return self._numbers.setdefault(_Place((gemeente, wijk, buurt, pc4)), len(self._numbers))

    def _why_not(self, code: AreaCode) -> Reason:
        if code in self.table.former:
            return Reason.OLD_AREA
        if _FORM[len(code)] in {Level.WIJK, Level.BUURT} and AreaCode(f"GM{code[2:6]}") in self._index:
            return Reason.UNKNOWN_AREA
        return Reason.FOREIGN_AREA
