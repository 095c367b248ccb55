"""Computes: the borders of areas on the lattice, as rings of vertices that neighbours share, and their GeoJSON.

A fictional place lies in the North Sea by the Dutch national grid (EPSG:28992), so no map shows it on land.
"""

import itertools
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations.words import ORIGIN

ORIGIN_M = (-120_000.0, 610_000.0)  # Dutch land lies between x 10 and 280 km, y 300 and 620 km
CRS = "urn:ogc:def:crs:EPSG::28992"
# The four directed edges of a cell with the cell at their left hand: where each starts, and to where it steps.
_EDGES = ((0, 0), (0, 1), (1, 1), (1, 0))
_AHEAD = ((0, 1), (1, 0), (0, -1), (-1, 0))
_ACROSS = ((-1, 0), (0, 1), (1, 0), (0, -1))

Point = tuple[float, float]
Ring = tuple[Point, ...]  # closed: the first point is also the last


@dataclass(frozen=True, slots=True)
class Shape:
    """One polygon or several: each outer ring anticlockwise, then its holes clockwise; in metres."""

    rings: tuple[Ring, ...]

    @property
    def polygons(self) -> tuple[tuple[Ring, ...], ...]:
        """The rings of each polygon."""
        starts = [place for place, ring in enumerate(self.rings) if ring_area_m2(ring) > 0]
        return tuple(self.rings[start:end] for start, end in itertools.pairwise([*starts, len(self.rings)]))

    @property
    def area_m2(self) -> float:
        """The area within the outer rings less the holes."""
        return sum(ring_area_m2(ring) for ring in self.rings)


@dataclass(frozen=True, slots=True)
class Feature:
    """A shape with what a map says of it, in the columns of CBS."""

    shape: Shape
    properties: tuple[tuple[str, str | int], ...]


def ring_area_m2(ring: Ring) -> float:
    """Return the area within a ring, positive when it runs anticlockwise. Source: the shoelace formula."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring)) / 2


def shape_of(cells: NDArray[np.bool_], vertices: NDArray[np.float64]) -> Shape:
    """Return the border of one connected set of cells. cells: bool, shape (rows, columns)."""
    leaving: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    inside = np.pad(cells, 1)
    for row, column in np.argwhere(cells):
        for direction, (down, right) in enumerate(_ACROSS):
            if not inside[row + 1 + down, column + 1 + right]:
                up, along = _EDGES[direction]
                leaving[int(row) + up, int(column) + along].add(direction)
    rings = []
    while leaving:
        path = _walk(leaving)
        rings.append(tuple((float(vertices[at][0]), float(vertices[at][1])) for at in path))
    return Shape(tuple(sorted(rings, key=ring_area_m2, reverse=True)))


def _walk(leaving: defaultdict[tuple[int, int], set[int]]) -> list[tuple[int, int]]:
    """Take one ring out of the edges. Where two meet in a corner it turns right, so that no ring touches itself."""
    start = at = min(leaving)
    direction = min(leaving[start])
    path = [start]
    while True:
        leaving[at].remove(direction)
        if not leaving[at]:
            del leaving[at]
        at = (at[0] + _AHEAD[direction][0], at[1] + _AHEAD[direction][1])
        path.append(at)
        if at == start:
            return path
        direction = next(turn % 4 for turn in (direction + 3, direction, direction + 1) if turn % 4 in leaving[at])


def geojson(name: str, features: Iterable[Feature]) -> str:
    """Return a GeoJSON text; every feature carries the words that the figures are invented."""
    document = {
        "type": "FeatureCollection",
        "name": name,
        "herkomst": ORIGIN,
        "crs": {"type": "name", "properties": {"name": CRS}},
        "features": [
            {
                "type": "Feature",
                "properties": {**dict(feature.properties), "herkomst": ORIGIN},
                "geometry": _geometry(feature.shape),
            }
            for feature in features
        ],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def _geometry(shape: Shape) -> dict[str, object]:
    polygons = shape.polygons
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}
