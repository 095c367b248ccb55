"""Computes: a region from published maps and key figures of real areas, under fictional names and codes or its own.

The shapes and the people are taken over. Under fictional names the whole map is moved to where invented regions lie, in
the North Sea: no map then shows it on land. Not promised: that nobody knows a town by its shape.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import shapely

from coordinator.geography.edition import Edition
from protocol.errors import Refusal
from protocol.words.geography import Area, AreaCode, Geography, Level
from protocol.words.ids import GeographyId, Line
from simulations.chance import seeded_generator
from simulations.region.addresses import make_addresses
from simulations.region.buurten import FROM_65, HOUSEHOLD_SIZE, INCOME_LOW_MEAN, Buurten
from simulations.region.names import MAX_NAMES, POSTCODE_AREAS, buurt_code, gemeente_code, invented_names, wijk_code
from simulations.region.region import YEAR, Region
from simulations.region.shapes import ORIGIN_M, Point, Shape

MAX_A_LEVEL = 99  # two digits of a code
# Key figures beside inhabitants and households, by CBS's name, other files' and our own: people of 65 or older; the
# percentage of persons with an income in the lowest 40 % of the country.
OLDER_COLUMNS = ("a_65_oo", "inwoners65plus")
INCOME_COLUMNS = ("p_ink_li", "income_low", "inkomen_laag")
_WHERE_IT_LIES = (0.0, 0.0)


class UnfitAreas(Refusal):
    """Real areas of which no region can be made: without buurten or inhabitants, or more than it can hold."""


def import_region(edition: Edition, *, seed: int, real_names: bool = False) -> Region:
    """Return a region with the shapes and inhabitants of real buurten.

    The addresses are invented, under postcodes that are not in use. CBS leaves figures out nearly always where hardly
    anybody lives: such a buurt is empty.
    Raises: UnfitAreas.
    """
    real = edition.geography.codes_at(Level.BUURT)
    wijken = sorted({code[2:8] for code in real})
    homes = sorted({code[2:6] for code in real})
    _check(edition, real, wijken)
    codes = _codes(real, wijken, homes, real=real_names)
    names = {area.code: str(area.name) for area in edition.geography.areas}
    if not real_names:
        invented = invented_names(len(codes), seeded_generator(seed, "region", "names"))
        names = dict(zip(codes, invented, strict=True))
    buurten = _buurten(edition, codes, wijken, homes)
    return Region(
        seed,
        _geography(codes, wijken, names, seed),
        buurten,
        make_addresses(buurten.households, buurten.wijk),
        _shapes(edition, codes, moved=not real_names),
        (),
    )


def _check(edition: Edition, buurten: Sequence[AreaCode], wijken: Sequence[str]) -> None:
    gemeenten = edition.geography.codes_at(Level.GEMEENTE)
    if bare := sorted({code[2:] for code in edition.geography.codes_at(Level.WIJK)} - set(wijken)):
        raise _unfit(f"wijk WK{bare[0]} without buurten", "a map of the buurten of every wijk")
    if bare := sorted(set(gemeenten) - {f"GM{code[2:6]}" for code in buurten}):
        raise _unfit(f"gemeente {bare[0]} without buurten", "a map of the buurten of every gemeente")
    if not any(edition.figures[code].inhabitants for code in buurten):
        raise _unfit("buurten in which nobody lives", "inhabitants in the map or in key figures of buurten")
    if len(wijken) > MAX_A_LEVEL or len(gemeenten) + len(wijken) + len(buurten) > MAX_NAMES:
        raise _unfit("more areas than there are fictional codes and names for", "fewer gemeenten")


def _codes(
    buurten: Sequence[AreaCode], wijken: Sequence[str], gemeenten: Sequence[str], *, real: bool
) -> dict[AreaCode, AreaCode]:
    """Return the code that each real code of gemeente, wijk and buurt gets."""
    codes: dict[AreaCode, AreaCode] = {}
    for number, digits in enumerate(gemeenten):
        codes[AreaCode("GM" + digits)] = gemeente_code(number)
        for place, wijk in enumerate([each for each in wijken if each.startswith(digits)]):
            codes[AreaCode("WK" + wijk)] = wijk_code(number, place)
            for at, buurt in enumerate([each for each in buurten if each[2:8] == wijk]):
                codes[buurt] = buurt_code(number, place, at)
    return {code: code for code in codes} if real else codes


def _buurten(
    edition: Edition, codes: Mapping[AreaCode, AreaCode], wijken: Sequence[str], gemeenten: Sequence[str]
) -> Buurten:
    real = edition.geography.codes_at(Level.BUURT)
    people = [edition.figures[code].inhabitants or 0 for code in real]
    households = []
    for code, inhabitants in zip(real, people, strict=True):
        told = edition.figures[code].households or -(-inhabitants * 10 // int(10 * HOUSEHOLD_SIZE))
        households.append(min(told, inhabitants))
    older = [_told(edition, code, OLDER_COLUMNS) for code in real]
    income = [
        _told(edition, code, INCOME_COLUMNS) or _told(edition, AreaCode("WK" + code[2:8]), INCOME_COLUMNS)
        for code in real
    ]
    return Buurten(
        tuple(codes[code] for code in real),
        np.array([wijken.index(code[2:8]) for code in real]),
        np.array([gemeenten.index(code[2:6]) for code in real]),
        np.array(people),
        np.array(households),
        np.array([FROM_65 if n is None or not of else min(n / of, 1.0) for n, of in zip(older, people, strict=True)]),
        np.array([INCOME_LOW_MEAN if share is None else share for share in income]),
    )


def _told(edition: Edition, code: AreaCode, names: Sequence[str]) -> float | None:
    context = edition.figures[code].context
    return next((context[name] for name in names if name in context), None)


def _geography(
    codes: Mapping[AreaCode, AreaCode], wijken: Sequence[str], names: Mapping[AreaCode, str], seed: int
) -> Geography:
    areas = []
    for real, code in codes.items():
        above = {"WK": "GM" + real[2:6], "BU": "WK" + real[2:8]}.get(real[:2])
        parent = None if above is None else codes[AreaCode(above)]
        areas.append(Area(code=code, name=Line(names[real]), parent=parent))
    for place, wijk in enumerate(wijken):
        area = AreaCode(str(POSTCODE_AREAS[place]))
        parent = codes[AreaCode("GM" + wijk[:4])]
        areas.append(Area(code=area, name=Line(f"Postcodegebied {area}"), parent=parent))
    ordered = tuple(sorted(areas, key=lambda area: area.code))
    return Geography(id=GeographyId(f"verzonnen-{seed}"), year=YEAR, areas=ordered)


def _shapes(edition: Edition, codes: Mapping[AreaCode, AreaCode], *, moved: bool) -> Mapping[AreaCode, Shape]:
    """Return the shape of every area; the lower left corner of them all comes to that of the invented regions."""
    step = _WHERE_IT_LIES
    if moved:
        left, bottom = shapely.total_bounds([edition.shapes[code] for code in codes])[:2].tolist()
        step = (ORIGIN_M[0] - left, ORIGIN_M[1] - bottom)
    return MappingProxyType({code: _shape(edition.shapes[real], step) for real, code in codes.items()})


def _shape(polygons: shapely.Geometry, step: Point) -> Shape:
    """Return the rings of polygons, rounded to 0.1 m: equal points of neighbours stay equal."""
    rings = []
    for part in shapely.get_parts(shapely.orient_polygons(polygons)):  # outer rings anticlockwise, holes clockwise
        for ring in shapely.get_rings(part):
            points = shapely.get_coordinates(ring).tolist()
            rings.append(tuple((round(x + step[0], 1), round(y + step[1], 1)) for x, y in points))
    return Shape(tuple(rings))


def _unfit(got: str, wanted: str) -> UnfitAreas:
    return UnfitAreas(got=got, wanted=wanted, act="give CBS's map of buurten, its key figures, or fewer gemeenten")
