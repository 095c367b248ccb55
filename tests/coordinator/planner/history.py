"""What simulated registers hold, counted by NumPy alone: events of each household by quarter, and where it lives."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from simulations.population.households import make_population
from simulations.population.process import make_history
from simulations.region import make_region

YEARS, QUARTER_DAYS = 10, 365.25 / 4
SEEDS = (1, 2, 3, 4, 5)


@dataclass(frozen=True, eq=False, slots=True)
class Quarters:
    """Meldingen at Veilig Thuis. events: int64, shape (households that have any, quarters). wijk: of each of them.

    inhabitants: int64, by wijk, as published.
    """

    events: NDArray[np.int64]
    wijk: NDArray[np.int64]
    inhabitants: NDArray[np.int64]

    def by_wijk(self, events: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the sums of households' events by wijk and quarter."""
        counts = np.zeros((self.inhabitants.size, events.shape[1]), dtype=np.int64)
        np.add.at(counts, self.wijk, events)
        return counts


@cache
def quarters(seed: int) -> Quarters:
    """Return ten years of one simulated region."""
    region = make_region(seed)
    population = make_population(region, first_year=2016, years=YEARS)
    meldingen = make_history(region, population).meldingen
    quarter = np.minimum((meldingen.day - population.first_day) // QUARTER_DAYS, 4 * YEARS - 1).astype(np.int64)
    households, row = np.unique(meldingen.household, return_inverse=True)
    events = np.zeros((households.size, 4 * YEARS), dtype=np.int64)
    np.add.at(events, (row, quarter), 1)
    wijk = region.buurten.wijk[region.addresses.buurt[population.home[households]]]
    inhabitants = np.bincount(region.buurten.wijk, weights=region.buurten.inhabitants).astype(np.int64)
    return Quarters(events, wijk, inhabitants)


def left_beyond(most: int) -> float:
    """Return the share of events beyond the first `most` of a household and quarter, over all simulated registers."""
    beyond = sum(int(np.maximum(quarters(seed).events - most, 0).sum()) for seed in SEEDS)
    return beyond / sum(int(quarters(seed).events.sum()) for seed in SEEDS)


def counted(seed: int, charge: NDArray[np.int64], cap: int) -> NDArray[np.int64]:
    """Return what of each household and quarter is counted: at most what has a charge, nothing past the cap of a year.

    charge: of 0, 1, 2 .. events in a quarter.
    """
    bounded = np.minimum(quarters(seed).events, charge.size - 1)
    for year in range(YEARS):
        spent = np.zeros(len(bounded), dtype=np.int64)
        for quarter in range(4 * year, 4 * year + 4):
            cost = charge[bounded[:, quarter]]
            bounded[spent + cost > cap, quarter] = 0
            spent += charge[bounded[:, quarter]]
    return bounded


def left_by_cap(charge: NDArray[np.int64], cap: int) -> NDArray[np.float64]:
    """Return the share of each quarter's events at households whose charge would pass the cap; years start anew.

    charge: of 0, 1, 2 .. events in a quarter.
    """
    left, whole = np.zeros(4), np.zeros(4)
    for seed in SEEDS:
        events = quarters(seed).events
        for year in range(YEARS):
            spent = np.zeros(len(events), dtype=np.int64)
            for quarter in range(4):
                found = events[:, 4 * year + quarter]
                cost = charge[np.minimum(found, charge.size - 1)]
                out = spent + cost > cap
                spent += np.where(out, 0, cost)
                left[quarter] += found[out].sum()
                whole[quarter] += found.sum()
    return left / whole
