"""Computes: the true rows of one record type of one partner, before anything goes wrong with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations.population.households import DAYS_A_YEAR, Population
from simulations.population.process import History

Texts = NDArray[np.str_]
SEVERAL = "|"  # between the codes of one cell; no code holds it
UNKNOWN_PERSON = -1


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Register:
    """What one partner truly knows of one kind, in order of day; shape (rows,) each.

    household, address: int64, places in the population and among the region's addresses. person: int64, a place in
    the population, -1 where the record names none. day: int32, the deciding date. columns: text, by name of column;
    several codes in one cell stand in order, with SEVERAL between.
    """

    partner: str
    record: str
    household: NDArray[np.int64]
    person: NDArray[np.int64]
    day: NDArray[np.int32]
    address: NDArray[np.int64]
    columns: Mapping[str, Texts]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.day.size


def make_register(
    partner: str,
    record: str,
    population: Population,
    household: NDArray[np.int64],
    day: NDArray[np.int32],
    *,
    columns: Mapping[str, Texts],
    person: NDArray[np.int64] | None = None,
) -> Register:
    """Return a register in order of day, with the address where each household lived on that day."""
    order = np.argsort(day, kind="stable")
    who = np.full(day.size, UNKNOWN_PERSON) if person is None else person
    address = population.address(household, day)
    kept = {name: texts[order] for name, texts in columns.items()}
    return Register(partner, record, household[order], who[order], day[order], address[order], kept)


def draw_codes(codes: Sequence[str], shares: Sequence[float], count: int, generator: np.random.Generator) -> Texts:
    """Draw one code for each row, by these shares of any sum."""
    weights = np.asarray(shares, dtype=np.float64)
    return np.asarray(codes)[generator.choice(len(codes), count, p=weights / weights.sum())]


def join_codes(chosen: NDArray[np.bool_], codes: Sequence[str]) -> Texts:
    """Return the chosen codes of each row in one cell. chosen: bool, shape (rows, codes)."""
    cells = [SEVERAL.join(code for code, is_in in zip(codes, row, strict=True) if is_in) for row in chosen.tolist()]
    return np.asarray(cells, dtype=np.str_)


def violent_households(population: Population, history: History) -> NDArray[np.bool_]:
    """Tell which households have violence in the years, seen or not; bool, shape (households,)."""
    violent = np.zeros(population.home.size, dtype=bool)
    violent[history.hidden_household] = True
    violent[history.meldingen.household] = True
    return violent


def draw_persons(
    population: Population,
    history: History,
    *,
    ages: tuple[int, int],
    a_year_per_1000: float,
    boost: float,
    generator: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Draw persons and days of a register: of these ages, more often (`boost`) from homes with violence.

    ages: from, up to and without, on the first day of the years.
    """
    age = (population.first_day - population.birth_day) / DAYS_A_YEAR
    fitting = np.flatnonzero((age >= ages[0]) & (age < ages[1]))
    weight = np.where(violent_households(population, history)[population.household[fitting]], boost, 1.0)
    count = generator.poisson(a_year_per_1000 / 1_000 * fitting.size * population.years)
    person = generator.choice(fitting, count, p=weight / weight.sum())
    day = generator.integers(population.first_day, population.last_day + 1, count).astype(np.int32)
    return person, day
