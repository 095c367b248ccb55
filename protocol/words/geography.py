"""Computes: areas with CBS codes, their levels and parents, and the geography that a covenant pins by digest.

GM0000 is a gemeente, WK000000 a wijk, BU00000000 a buurt, 0000 a four-digit postcode area; Amsterdam's wijken have
letters, WK0363AA. A wijk's code begins with its gemeente's digits and a buurt's with its wijk's (CBS, Toelichting
Wijk- en Buurtkaart).
"""

import re
from enum import StrEnum
from functools import cached_property
from typing import Annotated, ClassVar, Literal, NewType, Self

from pydantic import Field, StringConstraints, model_validator

from protocol.errors import AgreementRefusal, refuse_all
from protocol.wire import WireValue
from protocol.words.ids import Digest, GeographyId, Line
from protocol.words.order import is_strictly_ascending

_FORM = r"^(GM[0-9]{4}|WK[0-9]{4}[0-9A-Z]{2}|BU[0-9]{4}[0-9A-Z]{2}[0-9]{2}|[1-9][0-9]{3})$"
AreaCode = NewType("AreaCode", Annotated[str, StringConstraints(pattern=_FORM)])

MAX_AREAS = 60_000  # the Netherlands has 14,729 buurten, 3,423 wijken, 342 gemeenten and about 4,100 PC4 (2025)
_ACT = "the coordinator must mend the geography before it goes into a covenant"


class Level(StrEnum):
    """How fine an area is."""

    GEMEENTE = "gemeente"
    WIJK = "wijk"
    BUURT = "buurt"
    PC4 = "pc4"


# A parent is one level up, and its digits begin the child's: the number of digits that must agree.
_PARENT_OF = {Level.WIJK: (Level.GEMEENTE, 4), Level.BUURT: (Level.WIJK, 6), Level.PC4: (Level.GEMEENTE, 0)}


def is_area_code(text: str) -> bool:
    """Tell whether the text has the form of an area's code."""
    return re.fullmatch(_FORM, text) is not None


class UnsortedAreas(AgreementRefusal):
    """Areas out of order of their code, or one named twice."""


class WrongParent(AgreementRefusal):
    """An area whose parent is absent, of the wrong level, or does not begin its code."""


def level_of(code: AreaCode) -> Level:
    """Return the level of an area."""
    match code[:2]:
        case "GM":
            return Level.GEMEENTE
        case "WK":
            return Level.WIJK
        case "BU":
            return Level.BUURT
        case _:
            return Level.PC4


class Area(WireValue):
    """One area. parent: None for a gemeente only."""

    code: AreaCode
    name: Line
    parent: AreaCode | None


class Geography(WireValue):
    """Every area that a grid may name, in order of code; a year's edition of the borders.

    Raises: UnsortedAreas, WrongParent.
    """

    max_bytes: ClassVar[int] = 16 << 20  # 60,000 areas of about 120 bytes, with room for long names

    kind: Literal["geography"] = "geography"
    format: Literal[1] = 1
    id: GeographyId
    year: Annotated[int, Field(ge=1990, le=2199)]
    areas: Annotated[tuple[Area, ...], Field(min_length=1, max_length=MAX_AREAS)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        codes = [area.code for area in self.areas]
        if not is_strictly_ascending(codes):
            raise UnsortedAreas(got="areas out of order or named twice", wanted="ascending codes, each once", act=_ACT)
        known = set(codes)
        refuse_all(
            tuple(_wrong_parent(area) for area in self.areas if not _parent_holds(area, known)), subject="geography"
        )
        return self

    @cached_property
    def _by_level(self) -> dict[Level, tuple[AreaCode, ...]]:
        return {level: tuple(a.code for a in self.areas if level_of(a.code) is level) for level in Level}

    def codes_at(self, level: Level) -> tuple[AreaCode, ...]:
        """Return the codes of one level in order."""
        return self._by_level[level]


class GeographyReference(WireValue):
    """The geography that a covenant pins."""

    id: GeographyId
    digest: Digest


def _parent_holds(area: Area, known: set[AreaCode]) -> bool:
    level = level_of(area.code)
    if area.parent is None:
        return level is Level.GEMEENTE
    if level is Level.GEMEENTE or area.parent not in known:
        return False
    parent_level, digits = _PARENT_OF[level]
    return level_of(area.parent) is parent_level and area.code[2 : 2 + digits] == area.parent[2 : 2 + digits]


def _wrong_parent(area: Area) -> WrongParent:
    return WrongParent(
        got=f"area {area.code} under {area.parent or 'nothing'}",
        wanted="a parent one level up whose digits begin its code (a gemeente has none)",
        act=_ACT,
    )
