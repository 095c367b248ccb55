"""Computes: CBS's Kerncijfers wijken en buurten, a CSV text, as figures by area.

CBS's own column names are known; other names are read through a mapping. A dot, an empty cell and CBS's negative codes
mean that CBS does not tell, which is not zero.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from coordinator.errors import GeographyRefusal

CODE, NAME, INHABITANTS, HOUSEHOLDS = "gwb_code_10", "regio", "a_inw", "a_hh"
NEEDED = (CODE, INHABITANTS, HOUSEHOLDS)
TEXT_COLUMNS = (CODE, NAME, "gm_naam", "recs", "gwb_code", "gwb_code_8")
MAX_COLUMNS = 250  # CBS publishes about 130
NOT_TOLD_BELOW = -90_000  # CBS writes -99995, -99997 and -99999999
_ACT = "the operator must mend the file or give the mapping of its columns"


class WrongKeyFigures(GeographyRefusal):
    """Key figures without the columns that an import needs, with a doubled area, or with a number that is none."""


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """What is published of one area; None: CBS does not tell. context: all other numbers, by CBS's column name."""

    name: str | None
    inhabitants: int | None
    households: int | None
    context: Mapping[str, float]


def read_key_figures(text: str, *, columns: Mapping[str, str], source: str) -> Mapping[str, KeyFigures]:
    """Return the figures by code.

    columns: the file's own name for each of CBS's names that it calls otherwise. source: for errors.
    Raises: WrongKeyFigures.
    """
    header = text.partition("\n")[0]
    separator = ";" if header.count(";") > header.count(",") else ","
    reader = csv.DictReader(text.removeprefix("\ufeff").splitlines(), delimiter=separator)
    own = {name.strip(): name for name in reader.fieldnames or ()}
    place = {name: own[columns.get(name, name)] for name in (*NEEDED, NAME) if columns.get(name, name) in own}
    if missing := [name for name in NEEDED if name not in place]:
        raise _wrong(source, f"no column {columns.get(missing[0], missing[0])}", f"the columns {', '.join(NEEDED)}")
    if len(own) > MAX_COLUMNS:
        raise _wrong(source, f"{len(own)} columns", f"at most {MAX_COLUMNS}")
    back = {theirs: ours for ours, theirs in columns.items()}
    context = {back.get(name, name): raw for name, raw in own.items()}
    context = {name: raw for name, raw in context.items() if name not in {*TEXT_COLUMNS, INHABITANTS, HOUSEHOLDS}}
    found: dict[str, KeyFigures] = {}
    for number, row in enumerate(reader, start=2):
        code = (row[place[CODE]] or "").strip()
        if code in found:
            raise _wrong(source, f"area {code} twice, at line {number}", "each area once")
        name = (row[place[NAME]] or "").strip() if NAME in place else None
        numbers = ((name_, _number(row[raw])) for name_, raw in context.items())
        found[code] = KeyFigures(
            name,
            _whole(row[place[INHABITANTS]], source, number),
            _whole(row[place[HOUSEHOLDS]], source, number),
            MappingProxyType({name_: value for name_, value in numbers if value is not None}),
        )
    return MappingProxyType(found)


def _whole(cell: str | None, source: str, line: int) -> int | None:
    if not (cell or "").strip(" ."):
        return None
    value = _number(cell)
    if value is None:
        if _told_nothing(cell):
            return None
        raise _wrong(source, f"a number that is none at line {line}", "whole numbers of inhabitants and households")
    if value < 0 or value != int(value):
        raise _wrong(source, f"a number that is negative or broken at line {line}", "whole numbers")
    return int(value)


def _told_nothing(cell: str | None) -> bool:
    try:
        return float((cell or "").replace(",", ".")) <= NOT_TOLD_BELOW
    except ValueError:
        return False


def _number(cell: str | None) -> float | None:
    """Return a number with a decimal comma or point; None for a text and for what CBS does not tell."""
    try:
        value = float((cell or "").strip().replace(",", "."))
    except ValueError:
        return None
    return value if NOT_TOLD_BELOW < value < float("inf") else None


def _wrong(source: str, got: str, wanted: str) -> WrongKeyFigures:
    return WrongKeyFigures(got=f"{got} in {source}", wanted=wanted, act=_ACT)
