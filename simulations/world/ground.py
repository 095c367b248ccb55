"""Computes: what truly happens in a world: its region, people and registers, and the true figures of each measure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocol.study.grid import Segment
from protocol.study.measure import MeasureKind
from protocol.words.geography import AreaCode, Level
from protocol.words.period import Period, first_day, last_day
from simulations.population.households import Population, day_of, make_population
from simulations.region import Region, make_region
from simulations.registers.deliver import make_registers
from simulations.registers.register import Register
from simulations.world.agreement import FIRST_YEAR
from simulations.world.borders import Borders
from simulations.world.measures import WorldMeasure


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Ground:
    """A region, its people, and every partner's true register by partner and record type."""

    region: Region
    population: Population
    registers: Mapping[tuple[str, str], Register]

    def places(self, register: Register, borders: Borders, level: Level) -> NDArray[np.int32]:
        """Return the area of each row among `geography.codes_at(level)`; int32, shape (rows,)."""
        index = {code: place for place, code in enumerate(borders.geography.codes_at(level))}
        of_buurt = [index[_area(borders.code_of(code), level)] for code in self.region.buurten.codes]
        return np.array(of_buurt, dtype=np.int32)[self.region.addresses.buurt[register.address]]

    def true_figures(
        self, measure: WorldMeasure, segment: Segment, level: Level, borders: Borders
    ) -> NDArray[np.int64]:
        """Return what the register holds of a period, area by area; int64, shape (areas,).

        Rows for `events`, without the bound; households with a row for `units`.
        """
        register = self.registers[measure.partner, measure.record]
        inside = within(register.day, segment.period)
        area = self.places(register, borders, level)[inside].astype(np.int64)
        if measure.kind is MeasureKind.UNITS:
            household = register.household[inside]
            area = np.unique(np.column_stack([household, area]), axis=0)[:, 1]
        return np.bincount(area, minlength=len(segment.areas))


def make_ground(seed: int, years: int) -> Ground:
    """Return the world's ground; the registers begin a year before the first covenant."""
    region = make_region(seed)
    population = make_population(region, first_year=FIRST_YEAR - 1, years=years + 1)
    registers = {(each.partner, each.record): each for each in make_registers(region, population, seed)}
    return Ground(region, population, registers)


def within(day: NDArray[np.int32], period: Period) -> NDArray[np.bool_]:
    """Return which days lie in a period."""
    return np.asarray((day >= day_of(first_day(period))) & (day <= day_of(last_day(period))))


def _area(buurt: AreaCode, level: Level) -> AreaCode:
    match level:
        case Level.BUURT:
            return buurt
        case Level.WIJK:
            return AreaCode("WK" + buurt[2:8])
        case _:
            return AreaCode("GM" + buurt[2:6])
