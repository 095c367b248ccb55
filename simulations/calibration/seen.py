"""Computes: what invented regions show of what is published about real ones."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulations.population.households import DAYS_A_YEAR, Population, make_population
from simulations.population.process import History, make_history
from simulations.population.rates import POLICE, ZAANSTAD, Rates
from simulations.region import Region, make_region
from simulations.registers.deliver import make_registers
from simulations.registers.register import Register

YEARS, FIRST_YEAR = 3, 2022


@dataclass(frozen=True)
class Seen:
    """One region of three years, with all its registers."""

    region: Region
    population: Population
    history: History

    @cached_property
    def registers(self) -> dict[str, Register]:
        """The true registers, by partner and record."""
        made = make_registers(self.region, self.population, self.region.seed)
        return {f"{each.partner}/{each.record}": each for each in made}

    @property
    def people(self) -> int:
        """How many live there."""
        return int(self.region.buurten.inhabitants.sum())

    def per_1000(self, events: int) -> float:
        """Return events of all years as a number a year for each 1,000 inhabitants."""
        return events / YEARS / self.people * 1_000

    def year(self, day: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the years of days, from 0; int64, of the shape of the days."""
        return ((day - self.population.first_day) / DAYS_A_YEAR).astype(np.int64)

    def share(self, register: str, column: str, code: str) -> float:
        """Return the percentage of a register's rows whose column holds the code; several may stand in one."""
        texts = self.registers[register].columns[column]
        return 100 * float(np.mean([code in text.split("|") for text in texts.tolist()]))

    @property
    def overlaps(self) -> tuple[float, float]:
        """How many casussen of a year have a police melding, and how many police households Veilig Thuis knows; %."""
        meldingen, incidents = self.history.meldingen, self.history.incidents
        casus_shares, police_shares = [], []
        for year in range(YEARS):
            inside = self.year(meldingen.day) == year
            casussen = np.unique(meldingen.casus[inside])
            by_police = np.unique(meldingen.casus[inside & (meldingen.melder == POLICE)])
            casus_shares.append(100 * by_police.size / casussen.size)
            police = np.unique(incidents.household[self.year(incidents.day) == year])
            police_shares.append(100 * float(np.isin(police, meldingen.household[inside]).mean()))
        return float(np.mean(casus_shares)), float(np.mean(police_shares))

    def rates_of(self, places: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return meldingen a year for each 1,000 inhabitants by place.

        places: of each buurt, its wijk or gemeente; int64, shape (buurten,).
        """
        meldingen = self.history.meldingen
        buurt = self.region.addresses.buurt[self.population.address(meldingen.household, meldingen.day)]
        people = np.bincount(places, weights=self.region.buurten.inhabitants)
        return np.asarray(np.bincount(places[buurt], minlength=people.size) / people / YEARS * 1_000)

    @property
    def income_low(self) -> NDArray[np.float64]:
        """The percentage of persons in the lowest incomes by wijk; float64, shape (wijken,)."""
        buurten = self.region.buurten
        people = np.bincount(buurten.wijk, weights=buurten.inhabitants)
        return np.asarray(np.bincount(buurten.wijk, weights=buurten.income_low * buurten.inhabitants) / people)


def look(seed: int, *, gemeenten: int = 1, rates: Rates = ZAANSTAD) -> Seen:
    """Return one invented region."""
    region = make_region(seed, gemeenten=gemeenten)
    population = make_population(region, first_year=FIRST_YEAR, years=YEARS)
    return Seen(region, population, make_history(region, population, rates))
