"""Small maps for tests: squares of 100 m in the Dutch national grid, as files."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import shapely

from coordinator.geography.edition import Edition, make_edition
from coordinator.geography.features import read_maps
from coordinator.geography.key_figures import KeyFigures
from coordinator.geography.topology import Drawing
from protocol.words.ids import GeographyId

X0, Y0 = 115_000.0, 495_000.0
FINE = Drawing(tolerance_m=5, simplified_m=1)


def square(column: float, row: float, width: float = 1, height: float = 1) -> shapely.Geometry:
    """Return a rectangle; one unit is 100 m."""
    return shapely.box(X0 + 100 * column, Y0 + 100 * row, X0 + 100 * (column + width), Y0 + 100 * (row + height))


def write_map(
    path: Path, areas: Sequence[tuple[str, shapely.Geometry]], *, crs: str | None = "EPSG::28992", water: bool = False
) -> Path:
    """Write areas as GeoJSON in CBS's columns. water: the last one is water."""
    features = []
    for number, (code, shape) in enumerate(areas):
        stem = {"GM": "gemeente", "WK": "wijk", "BU": "buurt"}.get(code[:2], "buurt")
        wet = "JA" if water and number == len(areas) - 1 else "NEE"
        columns = {f"{stem}code": code, f"{stem}naam": f"Plek {code}", "water": wet, "aantal_inwoners": 100 + number}
        features.append({"type": "Feature", "properties": columns, "geometry": json.loads(shapely.to_geojson(shape))})
    named = {} if crs is None else {"crs": {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{crs}"}}}
    path.write_text(json.dumps({"type": "FeatureCollection", **named, "features": features}))
    return path


def edition(
    *paths: Path, figures: Mapping[str, KeyFigures] | None = None, drawing: Drawing = FINE, year: int = 2024
) -> Edition:
    return make_edition(GeographyId("oefening"), year, read_maps(paths), figures or {}, drawing=drawing)
