"""Computes: who lives where: inhabitants, households, ages and income for each buurt of an invented gemeente."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocol.words.geography import AreaCode
from simulations.region.land import GemeentePlan, Land
from simulations.region.lattice import NOWHERE

# Zaanstad 2024: 5 of 79 buurten without inhabitants, 9 more with fewer than 200; 2.2 persons a household; 18.7 %
# are 65 or older. Its wijken have 32 to 50 % of persons with a low income (2022).
EMPTY, TINY = 5 / 79, 9 / 79
HOUSEHOLD_SIZE = 2.2
FROM_65 = 0.187
INCOME_LOW_MEAN, INCOME_LOW_SPREAD = 39.0, 4.8


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Buurten:
    """The buurten of a region as columns, in order of code.

    wijk: int64, shape (buurten,), the wijk's place among the region's wijken; gemeente likewise. inhabitants and
    households: int64. from_65: float64, share of the inhabitants. income_low: float64, percentage of
    persons with an income in the lowest 40 % of the country.
    """

    codes: tuple[AreaCode, ...]
    wijk: NDArray[np.int64]
    gemeente: NDArray[np.int64]
    inhabitants: NDArray[np.int64]
    households: NDArray[np.int64]
    from_65: NDArray[np.float64]
    income_low: NDArray[np.float64]

    def __post_init__(self) -> None:
        for column in (self.wijk, self.gemeente, self.inhabitants, self.households):
            column.setflags(write=False)
        for share in (self.from_65, self.income_low):
            share.setflags(write=False)


def make_buurten(
    codes: Sequence[AreaCode], land: Land, plans: Sequence[GemeentePlan], generator: np.random.Generator
) -> Buurten:
    """Return invented inhabitants: denser and smaller households near the centre, income in patches."""
    gemeente = land.gemeente_of_wijk[land.wijk_of_buurt]
    cells = np.bincount(land.buurt[land.buurt != NOWHERE], minlength=len(codes))
    inhabitants = np.zeros(len(codes), dtype=np.int64)
    for number, plan in enumerate(plans):
        own = np.flatnonzero(gemeente == number)
        inhabitants[own] = _inhabitants(cells[own], land.centre_km[own], land.wijk_of_buurt[own], plan, generator)
    outward = np.tanh(land.centre_km / 3 - 0.7)
    size = HOUSEHOLD_SIZE + 0.35 * outward + generator.normal(0, 0.12, len(codes))
    size *= HOUSEHOLD_SIZE / np.average(size, weights=inhabitants)
    households = np.minimum(np.ceil(inhabitants / np.maximum(size, 1.1)), inhabitants).astype(np.int64)
    from_65 = np.clip(FROM_65 + generator.normal(0, 0.045, len(codes)), 0.06, 0.4)
    return Buurten(
        tuple(codes),
        land.wijk_of_buurt,
        gemeente,
        inhabitants,
        households,
        from_65,
        _income_low(land.wijk_of_buurt, generator),
    )


def _inhabitants(
    cells: NDArray[np.int64],
    centre_km: NDArray[np.float64],
    wijk: NDArray[np.int64],
    plan: GemeentePlan,
    generator: np.random.Generator,
) -> NDArray[np.int64]:
    """Share the inhabitants out by size and density; some buurten are nearly or wholly empty, never a whole wijk."""
    weight = cells**0.8 * np.exp(-0.25 * centre_km + generator.normal(0, 0.3, cells.size))
    may_be_empty = np.flatnonzero(np.append(False, wijk[1:] == wijk[:-1]))  # all but the first of each wijk
    farness = centre_km[may_be_empty] * generator.uniform(0.6, 1.4, may_be_empty.size)
    outer = may_be_empty[np.argsort(-farness)]
    empty, tiny = round(EMPTY * plan.buurten), round(TINY * plan.buurten)
    few = outer[empty : empty + tiny]
    people = np.zeros(cells.size, dtype=np.int64)
    people[few] = generator.integers(25, 195, few.size)
    full = np.setdiff1d(np.arange(cells.size), outer[: empty + tiny])
    floor = np.full(cells.size, 0.6)  # of the mean: a wijk has at least one buurt of some size
    floor[may_be_empty] = 0.05
    full_weight = np.maximum(weight[full], floor[full] * weight[full].mean())
    left = plan.inhabitants - int(people.sum())
    shared = np.floor(left * full_weight / full_weight.sum()).astype(np.int64)
    shared[np.argmax(shared)] += left - int(shared.sum())
    people[full] = shared
    return people


def _income_low(wijk_of_buurt: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.float64]:
    """Spread the wijken as those of Zaanstad: a few poor ones, most alike; buurten vary around their wijk."""
    wijken = int(wijk_of_buurt.max()) + 1
    drawn = generator.gamma(9, 1, wijken)
    standard = np.clip((drawn - drawn.mean()) / drawn.std(), -1.6, 2.4)  # the extremes of Zaanstad: -1.4 and 2.3
    wijk = INCOME_LOW_MEAN + INCOME_LOW_SPREAD * standard
    own = wijk[wijk_of_buurt] + generator.normal(0, 1.5, wijk_of_buurt.size)
    return np.asarray(np.round(np.clip(own, 20, 75), 1))
