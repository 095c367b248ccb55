"""Computes: which areas of one level share a border."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from coordinator.geography.edition import Edition
from protocol.words.geography import AreaCode, Level, level_of

LEAST_M = 1.0  # of a common border: areas that meet in a corner are no neighbours


def borders(edition: Edition, codes: Sequence[AreaCode | None]) -> NDArray[np.int64]:
    """Return the pairs of places of areas of one level that share a border; int64, shape (pairs, 2), in order.

    codes: the areas, None for what has no shape. An edition draws a shared border once, so it is found exactly.
    """
    levels: defaultdict[Level, list[int]] = defaultdict(list)
    for place, code in enumerate(codes):
        if code is not None and code in edition.shapes:
            levels[level_of(code)].append(place)
    pairs: list[tuple[int, int]] = []
    for places in levels.values():
        shapes = [edition.shapes[code] for place in places if (code := codes[place]) is not None]
        first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        for one, other in zip(first.tolist(), second.tolist(), strict=True):
            if one < other and shapely.length(shapely.intersection(shapes[one], shapes[other])) >= LEAST_M:
                pairs.append((places[one], places[other]))
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
