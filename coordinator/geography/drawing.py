"""Computes: an edition's areas as lines of an SVG, a point inside each, and which postcode areas lie in which.

Borders that two areas share are rounded to the same points, so that they stay one line.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import shapely
from numpy.typing import NDArray

from coordinator.geography.edition import Edition
from protocol.words.geography import AreaCode, Level, level_of

WIDTH = 1_000  # of the drawing, in its own units: a gemeente of 20 km has 20 m a unit, as its simplified borders
COARSEST = 2.0  # units by which a line may be simplified: about a pixel where the drawing is 600 pixels wide
LEAST_SHARE = 0.05  # of a postcode area in an area: below it the two drawings only differ


@dataclass(frozen=True, slots=True)
class Outline:
    """One area as the path of an SVG, and a point inside it at which a mark may stand."""

    path: str
    x: float
    y: float


@dataclass(frozen=True, eq=False, slots=True)
class Drawing:
    """All areas on one sheet. outlines: of those that have a shape. postcodes: in each of them, in order."""

    width: int
    height: int
    outlines: Mapping[AreaCode, Outline]
    postcodes: Mapping[AreaCode, tuple[str, ...]]


def draw(edition: Edition) -> Drawing:
    """Return the drawing of an edition; one without shapes is a sheet without lines."""
    shapes = {code: shape for code, shape in edition.shapes.items() if level_of(code) is not Level.PC4}
    if not shapes:
        return Drawing(WIDTH, WIDTH, MappingProxyType({}), MappingProxyType({}))
    left, bottom, right, top = shapely.total_bounds(np.array(list(shapes.values()), dtype=object)).tolist()
    scale = WIDTH / max(right - left, (top - bottom) / 2, 1.0)

    def placed(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((points - (left, top)) * (scale, -scale))

    outlines: dict[AreaCode, Outline] = {}
    for level in (Level.GEMEENTE, Level.WIJK, Level.BUURT):
        codes = [code for code in shapes if level_of(code) is level]
        found = np.array([shapes[code] for code in codes], dtype=object)
        # Borders that areas share are simplified once, so that no gap opens between them.
        simple = shapely.coverage_simplify(found, COARSEST / scale) if codes else found
        outlines |= {code: _outline(shape, placed) for code, shape in zip(codes, simple.tolist(), strict=True)}
    height = max(round((top - bottom) * scale), 1)
    return Drawing(WIDTH, height, MappingProxyType(outlines), MappingProxyType(_postcodes(edition, shapes)))


def _outline(shape: shapely.Geometry, placed: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Outline:
    rings = [ring for part in shapely.get_parts(shape) for ring in shapely.get_rings(part)]
    lines = [_line(np.rint(placed(shapely.get_coordinates(ring))).astype(np.int64)) for ring in rings]
    inside = placed(shapely.get_coordinates(shapely.point_on_surface(shape)))[0].tolist()
    x, y = round(inside[0], 1), round(inside[1], 1)
    # What is smaller than a unit is a square of two: a reader must be able to find it.
    return Outline("".join(lines) or f"M{round(x) - 1} {round(y) - 1}h2v2h-2z", x, y)


def _line(points: NDArray[np.int64]) -> str:
    """Return a closed ring as a move and relative steps; a ring of less than three points is nothing to see."""
    steps = np.diff(points, axis=0)
    moved = (steps != 0).any(axis=1)
    corners = np.concatenate([points[:1], points[1:][moved]])[:-1]
    if len(corners) < 3:  # noqa: PLR2004 - a triangle
        return ""
    first, rest = corners[0].tolist(), np.diff(corners, axis=0).tolist()
    return f"M{first[0]} {first[1]}l{_numbers(rest)}z"


def _numbers(pairs: Sequence[Sequence[int]]) -> str:
    """Return numbers with a space only where a minus does not part them already."""
    text = " ".join(str(number) for pair in pairs for number in pair)
    return text.replace(" -", "-")


def _postcodes(edition: Edition, shapes: Mapping[AreaCode, shapely.Geometry]) -> dict[AreaCode, tuple[str, ...]]:
    codes = edition.geography.codes_at(Level.PC4)
    if not codes:
        return {}
    areas = np.array(list(shapes.values()), dtype=object)
    posts = np.array([edition.shapes[code] for code in codes], dtype=object)
    area_at, post_at = shapely.STRtree(posts).query(areas, predicate="intersects")
    common = shapely.area(shapely.intersection(areas[area_at], posts[post_at]))
    size = np.minimum(shapely.area(areas[area_at]), shapely.area(posts[post_at]))
    found: dict[AreaCode, list[str]] = {code: [] for code in shapes}
    names = list(shapes)
    for place in np.flatnonzero(common >= LEAST_SHARE * size).tolist():
        found[names[area_at[place]]].append(codes[post_at[place]])
    return {code: tuple(sorted(inside)) for code, inside in found.items()}
