"""Computes: a lattice of cells, grown into connected areas. Neighbours share its vertices, so borders are exact.

A label says to which area a cell belongs; NOWHERE is outside all of them. Cells are about 200 m wide.
"""

from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

NOWHERE = -1
CELL_M = 200.0
JITTER = 0.32  # of a cell; below 0.5 no two vertices swap places, so no cell folds over
WAVES = 9  # cosine waves that bend the fields; more gives finer bays
_STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Lattice:
    """The vertices and how hard it is to cross a cell.

    vertices: float64, shape (rows + 1, columns + 1, 2), metres, rounded to 0.1. cost: float64, shape (rows, columns).
    """

    vertices: NDArray[np.float64]
    cost: NDArray[np.float64]

    def __post_init__(self) -> None:
        self.vertices.setflags(write=False)
        self.cost.setflags(write=False)


def make_lattice(side: int, origin_m: tuple[float, float], generator: np.random.Generator) -> Lattice:
    """Return a square lattice of side x side cells whose lower left corner is at the origin."""
    grid = np.stack(np.meshgrid(np.arange(side + 1), np.arange(side + 1)), axis=-1).astype(np.float64)
    moved = grid + generator.uniform(-JITTER, JITTER, grid.shape)
    vertices = np.round(np.asarray(origin_m) + CELL_M * moved, 1)
    return Lattice(vertices, np.exp(0.6 * smooth_field(side, generator)))


def smooth_field(side: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Return a smooth random field over the cells, mean about 0, standard deviation about 1; shape (side, side)."""
    places = (np.arange(side) + 0.5) / side
    wave_x, wave_y = generator.normal(0, 9, (2, WAVES, 1, 1))
    phase = generator.uniform(0, 2 * np.pi, (WAVES, 1, 1))
    waves = np.cos(wave_x * places[None, None, :] + wave_y * places[None, :, None] + phase)
    return np.asarray(waves.sum(axis=0) / np.sqrt(WAVES / 2))


def grow(
    land: NDArray[np.bool_], cost: NDArray[np.float64], seeds: NDArray[np.int64], *, cells: int | None = None
) -> NDArray[np.int64]:
    """Return for each cell the seed that reaches it at least cost over land; every area is connected.

    land: bool, shape (rows, columns). seeds: int64, shape (areas, 2), row and column. cells: stop after so many.
    Source: Dijkstra 1959, from several sources at once.
    """
    labels = np.full(land.shape, NOWHERE, dtype=np.int64)
    queue = [(0.0, int(row), int(column), label) for label, (row, column) in enumerate(seeds)]
    left = land.size if cells is None else cells
    while queue and left:
        distance, row, column, label = heappop(queue)
        if labels[row, column] != NOWHERE:
            continue
        labels[row, column] = label
        left -= 1
        for down, right in _STEPS:
            at = (row + down, column + right)
            if 0 <= at[0] < land.shape[0] and 0 <= at[1] < land.shape[1] and land[at] and labels[at] == NOWHERE:
                heappush(queue, (distance + cost[at], *at, label))
    return labels


def spread_seeds(
    land: NDArray[np.bool_], centre: tuple[float, float], areas: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Return cells of land far apart, closer together near the centre; int64, shape (areas, 2).

    Source: Gonzalez 1985, farthest point first, with distances measured against the local size of an area.
    """
    cells = np.argwhere(land)
    away = np.hypot(*(cells - np.asarray(centre)).T)
    scale = (1 + 2.5 * away / away.max()) * generator.uniform(0.8, 1.25, len(cells))
    chosen = [int(np.argmin(away))]
    nearest = np.full(len(cells), np.inf)
    for _ in range(areas - 1):
        nearest = np.minimum(nearest, np.hypot(*(cells - cells[chosen[-1]]).T))
        chosen.append(int(np.argmax(nearest / scale)))
    return cells[chosen]


def pieces(cells: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], ...]:
    """Return the connected pieces of a set of cells, the largest first."""
    left, found = cells.copy(), []
    free = np.ones(cells.shape)
    while left.any():
        piece = grow(left, free, np.argwhere(left)[:1]) != NOWHERE
        found.append(piece)
        left &= ~piece
    return tuple(sorted(found, key=lambda piece: -int(piece.sum())))
