"""Computes: whether areas fit together without overlaps and gaps, and their simpler shapes with the borders shared.

Slivers up to the tolerance are how maps are drawn and are mended; what is wider is refused, for a record could then lie
in two areas or in none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import shapely

from coordinator.errors import GeographyRefusal
from protocol.errors import Refusal, refuse_all
from protocol.words.geography import AreaCode

TOLERANCE_M = 10.0  # CBS draws its generalised borders to about this
SIMPLIFIED_M = 20.0  # on a screen of 1,000 pixels a gemeente of 20 km has 20 m a pixel
MAX_NAMED = 20  # an error names the first faults, not a flood of them
_ACT = "the operator must mend the map, or say a wider tolerance if these are slivers of its drawing"


class OverlappingAreas(GeographyRefusal):
    """Areas of one level that overlap by more than the tolerance."""


class GapBetweenAreas(GeographyRefusal):
    """A hole between areas that is wider than the tolerance and is no water of the map."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """How precisely a map is drawn. accept_gaps: holes beyond the tolerance are lakes and enclaves, and stay open."""

    tolerance_m: float = TOLERANCE_M
    simplified_m: float = SIMPLIFIED_M
    accept_gaps: bool = False


Shapes = Mapping[AreaCode, shapely.Geometry]


def fitted(shapes: Shapes, water: Sequence[shapely.Geometry], drawing: Drawing) -> Shapes:
    """Return the areas with slivers mended and borders simplified once, a shared border staying one border.

    Raises: OverlappingAreas, GapBetweenAreas; several as Refusals.
    """
    codes = list(shapes)
    found = np.array([shapes[code] for code in codes], dtype=object)
    problems = [*_overlaps(codes, found, drawing.tolerance_m)]
    if not drawing.accept_gaps:
        problems += _gaps(codes, found, water, drawing.tolerance_m)
    refuse_all(tuple(problems[:MAX_NAMED]), subject="map")
    clean = shapely.coverage_clean(found, gap_width=drawing.tolerance_m)
    simple = shapely.coverage_simplify(clean, drawing.simplified_m)
    return MappingProxyType(dict(zip(codes, simple, strict=True)))


def joined(shapes: Sequence[shapely.Geometry]) -> shapely.Geometry:
    """Return the union of areas that fit together."""
    return shapely.union_all(np.array(shapes, dtype=object))


def _overlaps(codes: Sequence[AreaCode], shapes: object, tolerance_m: float) -> list[Refusal]:
    tree = shapely.STRtree(shapes)
    first, second = tree.query(shapes, predicate="intersects")
    pairs = first < second
    first, second = first[pairs], second[pairs]
    common = shapely.intersection(tree.geometries[first], tree.geometries[second])
    wide = np.flatnonzero(_wider(common, tolerance_m))
    return [
        OverlappingAreas(
            got=f"{codes[first[place]]} and {codes[second[place]]} that overlap by more than {tolerance_m:g} m",
            wanted="areas that share a border",
            act=_ACT,
        )
        for place in wide.tolist()
    ]


def _gaps(
    codes: Sequence[AreaCode], shapes: object, water: Sequence[shapely.Geometry], tolerance_m: float
) -> list[Refusal]:
    whole = shapely.union_all(np.append(np.asarray(shapes, dtype=object), np.array(list(water), dtype=object)))
    rings = [ring for part in shapely.get_parts(whole) for ring in shapely.get_rings(part)[1:]]
    holes = shapely.polygons(np.array(rings, dtype=object)) if rings else np.array([], dtype=object)
    tree = shapely.STRtree(shapes)
    return [
        GapBetweenAreas(
            got=f"a gap wider than {tolerance_m:g} m beside {codes[int(tree.nearest(hole))]}",
            wanted="areas that fit together, or the map's water",
            act=_ACT,
        )
        for hole in holes[_wider(holes, tolerance_m)]
    ]


def _wider(shapes: object, tolerance_m: float) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Tell which shapes are somewhere wider than the tolerance: something is left when half of it is taken off."""
    return np.asarray(~shapely.is_empty(shapely.buffer(shapes, -tolerance_m / 2)), dtype=np.bool_)
