"""Computes: a region from CBS's key figures of real buurten, under fictional names and codes unless told otherwise.

Shapes are not taken over: an imported region has none, and a map needs the areas' own file.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from protocol.errors import Refusal
from protocol.words.geography import Area, AreaCode, Geography
from protocol.words.ids import GeographyId, Line
from simulations.chance import seeded_generator
from simulations.region.addresses import make_addresses
from simulations.region.buurten import FROM_65, HOUSEHOLD_SIZE, INCOME_LOW_MEAN, Buurten
from simulations.region.names import MAX_NAMES, POSTCODE_AREAS, buurt_code, gemeente_code, invented_names, wijk_code
from simulations.region.region import YEAR, Region

COLUMNS = ("code", "naam", "gemeentecode", "inwoners", "inwoners65plus", "huishoudens")
MAX_A_LEVEL = 99  # two digits of a code


class WrongKeyFigures(Refusal):
    """A file of key figures without the columns or rows that an import needs, or with more than it can hold."""


@dataclass(frozen=True, slots=True)
class _Row:
    code: AreaCode
    name: str
    inhabitants: int
    households: int
    from_65: float


def import_region(
    buurten_csv: str,
    *,
    gemeenten: Sequence[str],
    names: Mapping[str, str],
    income_low: Mapping[str, float],
    seed: int,
    real_names: bool = False,
) -> Region:
    """Return a region with the inhabitants of real buurten.

    buurten_csv: CBS's key figures of buurten, with a header. gemeenten: codes of those to take, such as GM0479. names:
    of gemeenten and wijken by code, needed for real names only. income_low: by code of a wijk, percentage of persons in
    the lowest 40 %; the mean of Zaanstad stands in for one that is missing.
    Raises: WrongKeyFigures.
    """
    rows = _rows(buurten_csv, frozenset(gemeenten))
    wijken = sorted({row.code[2:8] for row in rows})
    homes = sorted({row.code[2:6] for row in rows})
    if max(len(homes), len(wijken)) > MAX_A_LEVEL or len(homes) + len(wijken) + len(rows) > MAX_NAMES:
        raise _wrong("more areas than there are fictional codes and names for", "fewer gemeenten")
    wijk = np.array([wijken.index(row.code[2:8]) for row in rows])
    gemeente = np.array([homes.index(row.code[2:6]) for row in rows])
    codes = _codes(rows, wijken, homes, real=real_names)
    if real_names:
        chosen = dict(names)
        chosen.update((row.code, row.name) for row in rows)
    else:
        invented = invented_names(len(codes), seeded_generator(seed, "region", "names"))
        chosen = dict(zip(codes.values(), invented, strict=True))
    households = np.array([row.households for row in rows])
    buurten = Buurten(
        tuple(codes[row.code] for row in rows),
        wijk,
        gemeente,
        np.array([row.inhabitants for row in rows]),
        households,
        np.array([row.from_65 for row in rows]),
        np.array([income_low.get("WK" + row.code[2:8], INCOME_LOW_MEAN) for row in rows]),
    )
    return Region(seed, _geography(codes, wijken, chosen, seed), buurten, make_addresses(households, wijk), {}, ())


def _rows(buurten_csv: str, gemeenten: frozenset[str]) -> tuple[_Row, ...]:
    reader = csv.DictReader(buurten_csv.splitlines())
    if missing := [column for column in COLUMNS if column not in (reader.fieldnames or ())]:
        raise _wrong(f"no column {missing[0]}", ", ".join(COLUMNS))
    rows = sorted((_row(row) for row in reader if row["gemeentecode"] in gemeenten), key=lambda row: row.code)
    if {row.code[2:6] for row in rows} != {code[2:] for code in gemeenten}:
        raise _wrong("a gemeente without buurten", "key figures of every gemeente that is asked for")
    return tuple(rows)


def _row(row: Mapping[str, str]) -> _Row:
    """Read one buurt; CBS leaves cells empty where it does not tell, nearly always where hardly anybody lives."""
    try:
        inhabitants = int(row["inwoners"] or 0)
        told = int(row["huishoudens"] or 0) or -(-inhabitants * 10 // int(10 * HOUSEHOLD_SIZE))
        older = int(row["inwoners65plus"]) / inhabitants if row["inwoners65plus"] and inhabitants else FROM_65
    except ValueError as exc:
        raise _wrong("a number that is none", "whole numbers of inhabitants and households") from exc
    return _Row(AreaCode(row["code"]), row["naam"], inhabitants, min(told, inhabitants), min(older, 1.0))


def _codes(rows: Sequence[_Row], wijken: Sequence[str], gemeenten: Sequence[str], *, real: bool) -> dict[str, AreaCode]:
    """Return the code that each real code of gemeente, wijk and buurt gets."""
    codes: dict[str, AreaCode] = {}
    for number, digits in enumerate(gemeenten):
        codes["GM" + digits] = gemeente_code(number)
        for place, wijk in enumerate([each for each in wijken if each.startswith(digits)]):
            codes["WK" + wijk] = wijk_code(number, place)
            for at, row in enumerate([each for each in rows if each.code[2:8] == wijk]):
                codes[row.code] = buurt_code(number, place, at)
    return {code: AreaCode(code) for code in codes} if real else codes


def _geography(codes: Mapping[str, AreaCode], wijken: Sequence[str], names: Mapping[str, str], seed: int) -> Geography:
    areas = []
    for real, code in codes.items():
        above = codes.get({"WK": "GM" + real[2:6], "BU": "WK" + real[2:8]}.get(real[:2], ""))
        areas.append(Area(code=code, name=Line(names.get(code, code)), parent=above))
    for place, wijk in enumerate(wijken):
        area = AreaCode(str(POSTCODE_AREAS[place]))
        areas.append(Area(code=area, name=Line(f"Postcodegebied {area}"), parent=codes["GM" + wijk[:4]]))
    ordered = tuple(sorted(areas, key=lambda area: area.code))
    return Geography(id=GeographyId(f"verzonnen-{seed}"), year=YEAR, areas=ordered)


def _wrong(got: str, wanted: str) -> WrongKeyFigures:
    return WrongKeyFigures(got=got, wanted=wanted, act="give the key figures of CBS and fewer gemeenten if need be")
