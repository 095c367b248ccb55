"""Touches the world: reads published maps, GeoJSON or GeoPackage, as areas in metres of the national grid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataSourceError

from coordinator.errors import GeographyRefusal
from coordinator.geography.rijksdriehoek import to_metres
from protocol.words.geography import MAX_AREAS

SUFFIXES = (".geojson", ".json", ".gpkg", ".geojson.gz", ".json.gz")  # a format that loads others is not read
MAX_MAP_BYTES = 1 << 30  # the national wijk and buurt map, three levels in full detail, is 250 MB
DEGREES, METRES = ("EPSG:4326", "OGC:CRS84"), "EPSG:28992"
CODE_COLUMNS = (
    "buurtcode",
    "wijkcode",
    "postcode4",
    "postcode",
    "gemeentecode",
    "statcode",
)  # the finest that is there
NAME_COLUMNS = ("buurtnaam", "wijknaam", "gemeentenaam", "statnaam")
_ACT = "the operator must take the file as CBS or PDOK publishes it, or mend it"


class UnreadableMap(GeographyRefusal):
    """A file that is no GeoJSON or GeoPackage, is too large, or has no polygons with codes."""


class OtherProjection(GeographyRefusal):
    """A map in another projection than EPSG:28992 or EPSG:4326, or in an unnamed one."""


class BrokenShape(GeographyRefusal):
    """An area without a shape, or with one that crosses itself beyond mending."""


@dataclass(frozen=True, eq=False, slots=True)
class Feature:
    """One area of a map. shape: polygons in metres. columns: what the map says of it beside its code and name."""

    code: str
    name: str | None
    shape: shapely.Geometry
    columns: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Maps:
    """All areas of several files, and the water that lies between them."""

    areas: tuple[Feature, ...]
    water: tuple[shapely.Geometry, ...]


def read_maps(paths: Sequence[Path]) -> Maps:
    """Return the areas of all layers of all files.

    Raises: UnreadableMap, OtherProjection, BrokenShape.
    """
    areas: list[Feature] = []
    water: list[shapely.Geometry] = []
    for path in paths:
        for layer in _layers(path):
            for feature in _read(path, layer):
                if str(feature.columns.get("water", "NEE")).upper() in {"JA", "1", "TRUE"}:
                    water.append(feature.shape)
                else:
                    areas.append(feature)
    return Maps(tuple(areas), tuple(water))


def _layers(path: Path) -> tuple[str, ...]:
    if not path.name.lower().endswith(SUFFIXES):
        raise _unreadable(path, "a file of another kind")
    try:
        if path.stat().st_size > MAX_MAP_BYTES:
            raise _unreadable(path, "a larger file")
        return tuple(str(name) for name, kind in pyogrio.list_layers(_place(path)) if kind is not None)
    except OSError as error:
        raise _unreadable(path, f"a file that cannot be read ({error.strerror})") from None
    except DataSourceError:
        raise _unreadable(path, "a file that is no map") from None


def _read(path: Path, layer: str) -> tuple[Feature, ...]:
    try:
        meta, _, shapes, columns = pyogrio.raw.read(
            _place(path), layer=layer, force_2d=True, max_features=2 * MAX_AREAS
        )
    except DataSourceError:
        raise _unreadable(path, "a layer that cannot be read") from None
    fields = dict(zip((str(name) for name in meta["fields"]), columns, strict=True))
    found = _metres(path, shapely.from_wkb(shapes), meta["crs"])
    codes = next((fields[name] for name in CODE_COLUMNS if name in fields), None)
    if codes is None:
        if "water" in fields:
            codes = np.full(len(found), "")
        else:
            raise _unreadable(path, "areas without a column of codes")
    names = next((fields[name] for name in NAME_COLUMNS if name in fields), [None] * len(found))
    return tuple(
        Feature(
            str(code).strip(),
            None if name is None else str(name).strip(),
            _whole(shape, str(code)),
            {key: values[place] for key, values in fields.items()},
        )
        for place, (code, name, shape) in enumerate(zip(codes, names, found, strict=True))
    )


def _metres(path: Path, shapes: Any, crs: str | None) -> Any:  # noqa: ANN401 - an array of the library's geometries
    if crs == METRES:
        return shapes
    if crs in DEGREES:
        return shapely.transform(shapes, to_metres)
    raise OtherProjection(
        got=f"{path.name} in {crs or 'an unnamed projection'}",
        wanted=f"{METRES} or {DEGREES[0]}",
        act="the operator must download the map in one of these projections",
    )


def _whole(shape: shapely.Geometry | None, code: str) -> shapely.Geometry:
    """Return the polygons of a shape; one that touches itself is mended, lines and points that remain are left out."""
    mended = shape if shape is None or shapely.is_valid(shape) else shapely.make_valid(shape)
    polygons = [part for part in shapely.get_parts(mended) if part.geom_type == "Polygon"] if mended is not None else []
    if not polygons:
        raise BrokenShape(got=f"area {code} without a polygon", wanted="a closed shape", act=_ACT)
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def _place(path: Path) -> str:
    whole = str(path.absolute())
    return f"/vsigzip/{whole}" if path.suffix.lower() == ".gz" else whole


def _unreadable(path: Path, got: str) -> UnreadableMap:
    return UnreadableMap(
        got=f"{path.name}, {got}", wanted=f"a map ({', '.join(SUFFIXES)}) whose areas have codes of CBS", act=_ACT
    )
