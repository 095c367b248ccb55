"""Computes: how the areas of one year lie in those of another, by the share of their surface.

Surface is not people: a share says where the land went. It is given in parts of 10,000, so that it reads the same
everywhere, and shares below the drawing's precision are left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from coordinator.geography.edition import Edition
from protocol.words.geography import AreaCode, Level

WHOLE = 10_000
LEAST = 50  # 0.5 % of an area: two drawings of one border differ by more than that


@dataclass(frozen=True, slots=True)
class Part:
    """share of the old area, in parts of 10,000, that lies in the new one; new_share: of the new area."""

    old: AreaCode
    new: AreaCode
    share: int
    new_share: int

    @property
    def unchanged(self) -> bool:
        """Whether both are the same place, under whatever code, up to 2 % of the surface."""
        return min(self.share, self.new_share) >= WHOLE * 98 // 100


def crosswalk(old: Edition, new: Edition) -> tuple[Part, ...]:
    """Return every part, level by level, in order of old and new code."""
    return tuple(part for level in Level for part in _level(old, new, level))


def _level(old: Edition, new: Edition, level: Level) -> Iterator[Part]:
    before, after = old.geography.codes_at(level), new.geography.codes_at(level)
    if not before or not after:
        return
    shapes = np.array([old.shapes[code] for code in before], dtype=object)
    tree = shapely.STRtree([new.shapes[code] for code in after])
    first, second = tree.query(shapes, predicate="intersects")
    common = shapely.area(shapely.intersection(shapes[first], tree.geometries[second]))
    share = np.rint(WHOLE * common / shapely.area(shapes[first])).astype(int)
    new_share = np.rint(WHOLE * common / shapely.area(tree.geometries[second])).astype(int)
    order = np.lexsort((second, first))
    for place in order.tolist():
        if max(share[place], new_share[place]) >= LEAST:
            yield Part(before[first[place]], after[second[place]], int(share[place]), int(new_share[place]))
