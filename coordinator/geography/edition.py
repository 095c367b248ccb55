"""Computes: one year's edition of areas from published maps and key figures: borders, names, parents and figures.

The finest area of each place decides the borders; a coarser one is the union of its parts, so that levels share their
borders exactly. A parent that no map names is made from its children.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from shapely import Geometry

from coordinator.errors import GeographyRefusal
from coordinator.geography.areas import Figures
from coordinator.geography.features import Feature, Maps
from coordinator.geography.key_figures import KeyFigures
from coordinator.geography.topology import Drawing, Shapes, fitted, joined
from protocol.errors import Refusal, refuse_all
from protocol.words.geography import Area, AreaCode, Geography, Level, is_area_code, level_of
from protocol.words.ids import GeographyId, Line

MAX_NAMED = 20  # an error names the first faults, not a flood of them
INHABITANT_COLUMNS = ("a_inw", "inwoners", "aantal_inwoners", "aantalInwoners", "inwoners_2024", "population")
HOUSEHOLD_COLUMNS = ("a_hh", "huishoudens", "aantal_huishoudens", "aantalHuishoudens")
_ABROAD = "GM0998"  # CBS draws what lies across the border under this code
_ACT = "the operator must take maps and key figures of one year, as CBS publishes them"


class DoubledArea(GeographyRefusal):
    """One area in two places of the maps."""


class UnknownArea(GeographyRefusal):
    """A code that is none of CBS, or figures of an area that no map has."""


class NothingToImport(GeographyRefusal):
    """Maps without a single area of the gemeenten that were asked for."""


@dataclass(frozen=True, eq=False, slots=True)
class Edition:
    """A year's areas: what a covenant pins, and what maps and rates need beside it. Shapes in metres, EPSG:28992."""

    geography: Geography
    shapes: Shapes
    figures: Mapping[AreaCode, Figures]

    @property
    def counts(self) -> Mapping[Level, int]:
        """The number of areas of each level that has any."""
        return {level: len(codes) for level in Level if (codes := self.geography.codes_at(level))}


def make_edition(
    name: GeographyId,
    year: int,
    maps: Maps,
    key_figures: Mapping[str, KeyFigures],
    *,
    drawing: Drawing,
    only: frozenset[str] = frozenset(),
) -> Edition:
    """Return the edition that these files make. only: gemeente codes to which it is limited; empty for all.

    Raises: DoubledArea, UnknownArea, NothingToImport; OverlappingAreas, GapBetweenAreas; what `Geography` raises.
    """
    features = _features(maps.areas, only)
    codes = _with_parents(features)
    gemeenten = {code[2:6] for code in codes if code.startswith("GM")}
    told = {code: figures for code, figures in key_figures.items() if _belongs(code, gemeenten)}
    _refuse_unknown(told, codes)
    parent_of = {code: _parent(code, features, gemeenten) for code in codes}
    areas = tuple(
        Area(code=code, name=_name(code, features.get(code), told.get(code)), parent=parent_of[code])
        for code in sorted(codes)
    )
    geography = Geography(id=name, year=year, areas=areas)
    return Edition(geography, _shapes(features, parent_of, maps.water, drawing), _figures(geography, features, told))


def _features(areas: Sequence[Feature], only: frozenset[str]) -> dict[AreaCode, Feature]:
    problems: list[Refusal] = []
    found: dict[AreaCode, Feature] = {}
    for feature in areas:
        gemeente = str(feature.columns.get("gemeentecode", "GM" + feature.code[2:6]))
        if gemeente == _ABROAD or (only and gemeente not in only and not feature.code.isdigit()):
            continue
        if not is_area_code(feature.code):
            problems.append(_unknown(f"the code {feature.code[:12]!a}", "codes of CBS: GM, WK, BU or four digits"))
            continue
        code = AreaCode(feature.code)
        if code in found:
            problems.append(DoubledArea(got=f"area {code} twice", wanted="each area once, in one map", act=_ACT))
        found[code] = feature
    refuse_all(tuple(problems[:MAX_NAMED]), subject="maps")
    if not found:
        raise NothingToImport(got="no area", wanted="maps with areas of the gemeenten that were named", act=_ACT)
    return found


def _with_parents(features: Mapping[AreaCode, Feature]) -> frozenset[AreaCode]:
    codes = set(features)
    codes |= {AreaCode("WK" + code[2:8]) for code in features if level_of(code) is Level.BUURT}
    codes |= {AreaCode("GM" + code[2:6]) for code in codes if level_of(code) in {Level.WIJK, Level.BUURT}}
    return frozenset(codes)


def _parent(code: AreaCode, features: Mapping[AreaCode, Feature], gemeenten: set[str]) -> AreaCode | None:
    match level_of(code):
        case Level.GEMEENTE:
            return None
        case Level.WIJK:
            return AreaCode("GM" + code[2:6])
        case Level.BUURT:
            return AreaCode("WK" + code[2:8])
        case Level.PC4:
            named = str(features[code].columns.get("gemeentecode", ""))[2:6]
            if named not in gemeenten and len(gemeenten) != 1:
                raise _unknown(f"postcode area {code} of an unnamed gemeente", "a column gemeentecode beside it")
            return AreaCode("GM" + (named if named in gemeenten else next(iter(gemeenten))))


def _belongs(code: str, gemeenten: set[str]) -> bool:
    """Tell whether figures are of an area within the map: rows of the country and of other gemeenten are not ours."""
    return code[:2] in {"GM", "WK", "BU"} and code[2:6] in gemeenten


def _refuse_unknown(told: Mapping[str, KeyFigures], codes: frozenset[AreaCode]) -> None:
    levels = {code[:2] for code in codes}
    strange = sorted(code for code in told if code[:2] in levels and code not in codes)
    problems = tuple(
        _unknown(f"key figures of area {code[:12]!a}", "areas that a map has") for code in strange[:MAX_NAMED]
    )
    refuse_all(problems, subject="key figures")


def _name(code: AreaCode, feature: Feature | None, told: KeyFigures | None) -> Line:
    names = (feature.name if feature is not None else None, told.name if told is not None else None, code)
    return Line(next(name for name in names if name))


def _shapes(
    features: Mapping[AreaCode, Feature],
    parent_of: Mapping[AreaCode, AreaCode | None],
    water: Sequence[Geometry],
    drawing: Drawing,
) -> Shapes:
    parts: defaultdict[AreaCode, list[AreaCode]] = defaultdict(list)
    for code, parent in parent_of.items():
        if parent is not None and level_of(code) is not Level.PC4:
            parts[parent].append(code)
    leaves = sorted(code for code in features if code not in parts and level_of(code) is not Level.PC4)
    shapes: dict[AreaCode, Geometry] = {}
    if leaves:
        shapes |= fitted({code: features[code].shape for code in leaves}, water, drawing)
    for level in (Level.WIJK, Level.GEMEENTE):
        for code in sorted(code for code in parts if level_of(code) is level):
            shapes[code] = joined([shapes[part] for part in parts[code]])
    postcodes = {code: features[code].shape for code in sorted(features) if level_of(code) is Level.PC4}
    if postcodes:
        shapes |= fitted(postcodes, water, drawing)
    return MappingProxyType(shapes)


def _figures(
    geography: Geography, features: Mapping[AreaCode, Feature], told: Mapping[str, KeyFigures]
) -> Mapping[AreaCode, Figures]:
    """Return the figures of each area: its own, else the sum over its parts when all of them have one."""
    found: dict[AreaCode, Figures] = {}
    for area in geography.areas:
        own, columns = told.get(area.code), _columns(features.get(area.code))
        inhabitants = own.inhabitants if own else _first(columns, INHABITANT_COLUMNS)
        households = own.households if own else _first(columns, HOUSEHOLD_COLUMNS)
        found[area.code] = Figures(inhabitants, households, own.context if own else MappingProxyType({}))
    for level in (Level.WIJK, Level.GEMEENTE):
        parts: defaultdict[AreaCode, list[Figures]] = defaultdict(list)
        for area in geography.areas:
            if area.parent is not None and level_of(area.code) is not Level.PC4 and level_of(area.parent) is level:
                parts[area.parent].append(found[area.code])
        for code, inside in parts.items():
            before = found[code]
            people = _sum(part.inhabitants for part in inside) if before.inhabitants is None else before.inhabitants
            homes = _sum(part.households for part in inside) if before.households is None else before.households
            found[code] = Figures(people, homes, before.context)
    return MappingProxyType(found)


def _columns(feature: Feature | None) -> Mapping[str, object]:
    return {} if feature is None else feature.columns


def _first(columns: Mapping[str, object], names: Sequence[str]) -> int | None:
    """Return the first of these columns that holds a count; CBS's negative codes and NaN tell nothing."""
    for name in names:
        try:
            value = float(str(columns[name]))
        except (KeyError, ValueError):
            continue
        if value >= 0:
            return round(value)
    return None


def _sum(values: Iterable[int | None]) -> int | None:
    """Return the sum; None when there is nothing to add, or when one of them is not told."""
    every = list(values)
    told = [value for value in every if value is not None]
    return sum(told) if told and len(told) == len(every) else None


def _unknown(got: str, wanted: str) -> UnknownArea:
    return UnknownArea(got=got, wanted=wanted, act=_ACT)
