"""Computes: which cell of the lattice belongs to which gemeente, wijk and buurt, and which are water."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations.region.lattice import CELL_M, NOWHERE, Lattice, grow, make_lattice, pieces, spread_seeds
from simulations.region.shapes import ORIGIN_M

LAKE_CELLS = 40  # 1.6 square kilometres
MIN_BUURT_CELLS = 5  # a wijk gets no more buurten than this leaves room for


@dataclass(frozen=True, slots=True)
class GemeentePlan:
    """How large a gemeente is to be. cells: of 0.04 square kilometres each, water included."""

    inhabitants: int
    wijken: int
    buurten: int
    cells: int


# The first is the size of Zaanstad (2024: 161,389 inhabitants, 19 wijken, 79 buurten, 83 square kilometres).
PLANS = (
    GemeentePlan(161_000, 19, 79, 2_080),
    GemeentePlan(52_000, 8, 30, 1_300),
    GemeentePlan(31_000, 6, 21, 1_000),
    GemeentePlan(88_000, 10, 45, 1_500),
    GemeentePlan(24_000, 5, 16, 900),
    GemeentePlan(43_000, 7, 26, 1_100),
)


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Land:
    """The labels of every cell, NOWHERE outside, and what was decided with them.

    gemeente, buurt: int64, shape (rows, columns); buurten are numbered through the region, wijk by wijk.
    wijk_of_buurt: int64, shape (buurten,), the wijk's number through the region. gemeente_of_wijk: int64, shape
    (wijken,). centre_km: float64, shape (buurten,), from the middle of the gemeente. water: the pieces of water.
    """

    lattice: Lattice
    gemeente: NDArray[np.int64]
    buurt: NDArray[np.int64]
    wijk_of_buurt: NDArray[np.int64]
    gemeente_of_wijk: NDArray[np.int64]
    centre_km: NDArray[np.float64]
    water: tuple[NDArray[np.bool_], ...]


def make_land(plans: Sequence[GemeentePlan], generator: np.random.Generator) -> Land:
    """Return the land of gemeenten that lie side by side, the first around a river that ends in a lake."""
    side = int(np.ceil(np.sqrt(3.2 * sum(plan.cells for plan in plans))))
    lattice = make_lattice(side, ORIGIN_M, generator)
    gemeente, centres = _gemeenten(plans, lattice)
    dry = _dry_land(gemeente, centres[0])
    buurt = np.full_like(gemeente, NOWHERE)
    wijk_of_buurt: list[int] = []
    gemeente_of_wijk: list[int] = []
    for number, (plan, centre) in enumerate(zip(plans, centres, strict=True)):
        land = dry & (gemeente == number)
        wijken = grow(land, lattice.cost, spread_seeds(land, centre, plan.wijken, generator))
        for wijk, buurten in enumerate(_buurten_a_wijk(wijken, plan)):
            inside = wijken == wijk
            grown = grow(inside, lattice.cost, spread_seeds(inside, centre, int(buurten), generator))
            buurt[inside] = grown[inside] + len(wijk_of_buurt)
            wijk_of_buurt += [len(gemeente_of_wijk)] * int(buurten)
            gemeente_of_wijk.append(number)
    home = np.asarray(gemeente_of_wijk)[wijk_of_buurt]
    centre_km = _centre_km(buurt, np.asarray(centres)[home])
    wijk_index, gemeente_index = np.asarray(wijk_of_buurt), np.asarray(gemeente_of_wijk)
    water = pieces((gemeente != NOWHERE) & ~dry)
    return Land(lattice, gemeente, buurt, wijk_index, gemeente_index, centre_km, water)


def _gemeenten(plans: Sequence[GemeentePlan], lattice: Lattice) -> tuple[NDArray[np.int64], list[tuple[float, float]]]:
    """Grow the gemeenten one after another, each from a cell beside those before it."""
    side = lattice.cost.shape[0]
    gemeente = np.full((side, side), NOWHERE, dtype=np.int64)
    seed = np.array([[side // 2, side // 2]])
    centres = []
    for number, plan in enumerate(plans):
        free = pieces(gemeente == NOWHERE)[0]
        grown = grow(free, lattice.cost, seed, cells=plan.cells) != NOWHERE
        gemeente[grown] = number
        middle = np.argwhere(grown).mean(axis=0)
        centres.append((float(middle[0]), float(middle[1])))
        taken = np.pad(gemeente != NOWHERE, 1)
        beside = taken[:-2, 1:-1] | taken[2:, 1:-1] | taken[1:-1, :-2] | taken[1:-1, 2:]
        rim = np.argwhere(beside & pieces(gemeente == NOWHERE)[0])
        seed = rim[[int(np.argmin(np.hypot(*(rim - side / 2).T)))]]  # the nearest the middle keeps them together
    return gemeente, centres


def _dry_land(gemeente: NDArray[np.int64], centre: tuple[float, float]) -> NDArray[np.bool_]:
    """Take out a river from the northern border to a lake beside the centre, and whatever it cuts off."""
    rows, columns = np.indices(gemeente.shape)
    bend = centre[1] + 3 * np.sin((rows - centre[0]) / 5)
    river = (rows > centre[0] + 4) & (np.abs(columns - bend) < 1)
    lake = np.hypot(rows - centre[0] - 4, columns - centre[1]) < np.sqrt(LAKE_CELLS / np.pi)
    wet = (river | lake) & (gemeente == 0)
    dry: NDArray[np.bool_] = np.zeros(gemeente.shape, dtype=bool)
    for number in range(int(gemeente.max()) + 1):
        dry |= pieces((gemeente == number) & ~wet)[0]
    return dry


def _buurten_a_wijk(wijken: NDArray[np.int64], plan: GemeentePlan) -> NDArray[np.int64]:
    """Return the number of buurten of each wijk: two at least, more where there is room, the planned number in all."""
    room = np.bincount(wijken[wijken != NOWHERE], minlength=plan.wijken)
    buurten = np.full(plan.wijken, 2)
    while buurten.sum() < plan.buurten:
        crowding = np.where(room >= MIN_BUURT_CELLS * (buurten + 1), np.sqrt(room) / buurten, 0)
        buurten[int(np.argmax(crowding))] += 1
    return buurten


def _centre_km(buurt: NDArray[np.int64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
    inside = buurt != NOWHERE
    label = buurt[inside]
    rows, columns = np.nonzero(inside)
    cells = np.bincount(label)
    down = np.bincount(label, weights=rows) / cells - centres[:, 0]
    right = np.bincount(label, weights=columns) / cells - centres[:, 1]
    return np.asarray(CELL_M / 1_000 * np.hypot(down, right))
