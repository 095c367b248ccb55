"""Computes: the households and persons of a region over several years, as columns."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from simulations.chance import seeded_generator
from simulations.region import Region
from simulations.region.buurten import FROM_65

# Households of the Netherlands [CBS, about 2024]: 40 % alone, 28 % couples, 25 % couples and 7 % parents alone with
# children at home; one to four children.
ALONE_OF_CHILDLESS = 40 / 68
ONE_PARENT_OF_FAMILIES = 7 / 32
CHILDREN_SHARES = (0.42, 0.40, 0.13, 0.05)
CHILDLESS_SIZE = 1.41
FAMILY_SIZE = 3.59
MOVES_A_YEAR = 0.09
BIRTHS_A_YEAR = 0.0095  # of the inhabitants
RESIDENTS = 100  # households of one person at the address of an institution
GREW_UP_HERE = 0.3  # of households with a head under 45: assumption
NEVER = np.int32(2**31 - 1)
EPOCH = date(1970, 1, 1)
DAYS_A_YEAR = 365.25


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Population:
    """Households and persons. Days count from 1970-01-01.

    Per household: home and next_home, int64, places among the region's addresses; move_day, int32, NEVER if it stays;
    adults, int64; minor_day, int32, the day on which its youngest turns 18, often long past; origin, int64, the
    household in which its head grew up, -1 if outside the region. Per person, in order of household:
    household, int64; birth_day, int32, which may lie within the years; woman, bool.
    """

    first_year: int
    years: int
    home: NDArray[np.int64]
    next_home: NDArray[np.int64]
    move_day: NDArray[np.int32]
    adults: NDArray[np.int64]
    minor_day: NDArray[np.int32]
    origin: NDArray[np.int64]
    household: NDArray[np.int64]
    birth_day: NDArray[np.int32]
    woman: NDArray[np.bool_]

    def __post_init__(self) -> None:
        for column in (self.home, self.next_home, self.adults, self.origin, self.household):
            column.setflags(write=False)
        for day in (self.move_day, self.minor_day, self.birth_day):
            day.setflags(write=False)
        self.woman.setflags(write=False)

    @property
    def first_day(self) -> int:
        """The first day of the first year."""
        return day_of(date(self.first_year, 1, 1))

    @property
    def last_day(self) -> int:
        """The last day of the last year."""
        return day_of(date(self.first_year + self.years, 1, 1)) - 1

    def address(self, household: NDArray[np.int64], day: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return where these households live on these days; places among the region's addresses."""
        return np.where(day < self.move_day[household], self.home[household], self.next_home[household])

    def has_minor(self, household: NDArray[np.int64], day: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Tell in which of these households someone is under 18 on these days, or is born in the years."""
        return np.asarray(day < self.minor_day[household])


def day_of(when: date) -> int:
    """Return a date as days since 1970-01-01."""
    return (when - EPOCH).days


def make_population(region: Region, *, first_year: int, years: int) -> Population:
    """Return invented households and persons: on the first day as many in each buurt as the region says."""
    generator = seeded_generator(region.seed, "population")
    buurt = np.repeat(np.arange(len(region.buurten.codes)), region.buurten.households)
    adults, children = _compositions(region, buurt, generator)
    first = day_of(date(first_year, 1, 1))
    age = _head_ages(children > 0, adults == 1, region.buurten.from_65[buurt] / FROM_65, generator)
    household, birth_day = _persons(adults, children, age, first, generator)
    born_in, born = _births(household, birth_day, first, years, generator)
    household, birth_day = np.concatenate([household, born_in]), np.concatenate([birth_day, born])
    order = np.argsort(household, kind="stable")
    household, birth_day = household[order], birth_day[order]
    youngest = np.full(buurt.size, -(10**6), dtype=np.int64)
    np.maximum.at(youngest, household, birth_day)
    alone = (adults == 1) & (children == 0)
    home, next_home, move_day = _homes(region, buurt, alone, first=first, years=years, generator=generator)
    return Population(
        first_year=first_year,
        years=years,
        home=home,
        next_home=next_home,
        move_day=move_day,
        adults=adults,
        minor_day=(youngest + int(18 * DAYS_A_YEAR)).astype(np.int32),
        origin=_origins(age, generator),
        household=household,
        birth_day=birth_day,
        woman=generator.random(household.size) < 0.505,  # noqa: PLR2004 -- the share of women in the Netherlands
    )


def _compositions(
    region: Region, buurt: NDArray[np.int64], generator: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw adults and children of each household, then add or take persons until every buurt's sum is right."""
    households = np.maximum(region.buurten.households, 1)
    family_share = (region.buurten.inhabitants / households - CHILDLESS_SIZE) / (FAMILY_SIZE - CHILDLESS_SIZE)
    family = generator.random(buurt.size) < family_share[buurt]
    alone = generator.random(buurt.size) < np.where(family, ONE_PARENT_OF_FAMILIES, ALONE_OF_CHILDLESS)
    adults = np.where(alone, 1, 2)
    drawn = 1 + generator.choice(len(CHILDREN_SHARES), size=buurt.size, p=CHILDREN_SHARES)
    size = adults + np.where(family, drawn, 0)
    starts = np.searchsorted(buurt, np.arange(households.size + 1))
    for place, inhabitants in enumerate(region.buurten.inhabitants):
        own = np.arange(starts[place], starts[place + 1])
        missing = int(inhabitants - size[own].sum())
        if missing > 0:
            np.add.at(size, generator.choice(own, missing), 1)
        elif missing < 0:
            spare = np.repeat(own, size[own] - 1)
            np.subtract.at(size, generator.choice(spare, -missing, replace=False), 1)
    adults = np.minimum(adults, size)
    return adults, size - adults


def _head_ages(
    family: NDArray[np.bool_], alone: NDArray[np.bool_], older: NDArray[np.float64], generator: np.random.Generator
) -> NDArray[np.float64]:
    """Draw the age of each household's head. older: how many more people of 65 and over its buurt has than most."""
    count = family.size
    parent = np.clip(generator.normal(45, 8.5, count), 22, 68)
    old = generator.random(count) < np.clip(0.42 * older, 0, 0.9)
    young = generator.random(count) < np.where(alone, 0.45, 0.35)
    childless = np.where(
        old, generator.triangular(64, 67, 97, count), np.where(young, generator.uniform(20, 40, count), 0)
    )
    childless = np.where(childless > 0, childless, generator.uniform(40, 66, count))
    return np.where(family, parent, childless)


def _persons(
    adults: NDArray[np.int64],
    children: NDArray[np.int64],
    age: NDArray[np.float64],
    first: int,
    generator: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return household and birth day of each person: heads, partners of about their age, then children."""
    everyone = np.arange(adults.size)
    partner = np.flatnonzero(adults > 1)
    child_home = np.repeat(everyone, children)
    partner_age = np.clip(age[partner] - generator.normal(1, 4, partner.size), 18, 100)
    child_age = np.clip(age[child_home] - generator.normal(31, 4.5, child_home.size), 0.02, 30)
    child_age = np.where(child_age <= 0.02, generator.uniform(0.02, 4, child_home.size), child_age)  # noqa: PLR2004 -- the clip above
    household = np.concatenate([everyone, partner, child_home])
    years = np.concatenate([age, partner_age, child_age])
    return household, (first - years * DAYS_A_YEAR).astype(np.int32)


def _births(
    household: NDArray[np.int64], birth_day: NDArray[np.int32], first: int, years: int, generator: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    age = (first - birth_day) / DAYS_A_YEAR
    parents = np.unique(household[(age > 22) & (age < 40)])  # noqa: PLR2004 -- when most children are born
    count = generator.poisson(BIRTHS_A_YEAR * household.size * years)
    born = first + generator.integers(0, int(DAYS_A_YEAR * years), count)
    return generator.choice(parents, count), born.astype(np.int32)


def _homes(
    region: Region,
    buurt: NDArray[np.int64],
    alone: NDArray[np.bool_],
    *,
    first: int,
    years: int,
    generator: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    """Give each household a home in its buurt, some of those alone in an institution.

    Those that move once in the years take each other's homes.
    """
    start = np.searchsorted(region.addresses.buurt, np.arange(len(region.buurten.codes)))
    within = np.arange(buurt.size) - np.searchsorted(buurt, buurt)
    home = start[buurt] + within
    for place in region.addresses.institutions.tolist():
        home[np.flatnonzero(alone & (buurt == region.addresses.buurt[place]))[:RESIDENTS]] = place
    leaves = generator.random(buurt.size) < 1 - (1 - MOVES_A_YEAR) ** years
    movers = np.flatnonzero(leaves)
    next_home = home.copy()
    next_home[movers] = generator.permutation(home[movers])
    move_day = np.full(buurt.size, NEVER, dtype=np.int32)
    move_day[movers] = first + generator.integers(0, int(DAYS_A_YEAR * years), movers.size)
    return home, next_home, move_day


def _origins(age: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.int64]:
    """Tie some young households to the one their head grew up in, a generation older."""
    young = np.flatnonzero((age < 45) & (generator.random(age.size) < GREW_UP_HERE))  # noqa: PLR2004 -- a generation
    by_age = np.argsort(age, kind="stable")
    at = np.searchsorted(age[by_age], age[young] + generator.normal(29, 4, young.size))
    origin = np.full(age.size, -1, dtype=np.int64)
    origin[young] = by_age[np.minimum(at, age.size - 1)]
    return origin
