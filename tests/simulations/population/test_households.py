"""Households and persons: as many as the region says, of the ages and sizes that CBS publishes."""

import numpy as np
import pytest

from simulations.population.households import NEVER, Population, make_population
from simulations.region import Region, make_region


@pytest.fixture(scope="module")
def region() -> Region:
    return make_region(7)


@pytest.fixture(scope="module")
def population(region: Region) -> Population:
    return make_population(region, first_year=2024, years=3)


def test_every_buurt_has_exactly_its_inhabitants_and_households(region: Region, population: Population) -> None:
    here = population.birth_day < population.first_day
    buurt = region.addresses.buurt[population.home]
    assert np.array_equal(np.bincount(buurt[population.household[here]], minlength=79), region.buurten.inhabitants)
    assert np.array_equal(np.bincount(buurt, minlength=79), region.buurten.households)
    homes, households = np.unique(population.home, return_counts=True)
    assert homes[households > 1].tolist() == region.addresses.institutions.tolist()
    assert households[households > 1].tolist() == [100] * 4
    living_alone = np.bincount(population.household[here])[np.isin(population.home, region.addresses.institutions)]
    assert set(living_alone.tolist()) == {1}


def test_ages_and_household_sizes_are_those_of_the_gemeente_it_stands_for(population: Population) -> None:
    """Zaanstad 2024: 16.1 % under 15, 18.7 % of 65 or older; 35 to 40 % of Dutch households are one person."""
    age = (population.first_day - population.birth_day) / 365.25
    here = age > 0
    assert np.mean(age[here] < 15) == pytest.approx(0.161, abs=0.015)
    assert np.mean(age[here] >= 65) == pytest.approx(0.187, abs=0.02)
    sizes = np.bincount(population.household[here])
    assert 0.35 < np.mean(sizes == 1) < 0.40
    assert sizes.min() == 1
    assert age.max() < 105


def test_children_are_born_and_households_move_in_the_years(population: Population) -> None:
    born = np.count_nonzero(population.birth_day >= population.first_day)
    assert born / 3 == pytest.approx(1_530, rel=0.1)  # 9.5 for each 1,000 inhabitants
    movers = population.move_day != NEVER
    assert movers.mean() == pytest.approx(1 - 0.91**3, abs=0.01)
    assert np.array_equal(np.sort(population.home[movers]), np.sort(population.next_home[movers]))
    assert np.array_equal(population.home[~movers], population.next_home[~movers])


def test_a_household_lives_at_its_old_address_until_the_day_it_moves(population: Population) -> None:
    mover = np.flatnonzero(population.next_home != population.home)[:1]
    day = population.move_day[mover]
    assert population.address(mover, day - np.int32(1)) == population.home[mover]
    assert population.address(mover, day) == population.next_home[mover]


def test_a_minor_is_at_home_until_the_youngest_turns_18(population: Population) -> None:
    youngest: dict[int, int] = {}
    for household, day in zip(
        population.household[:3_000].tolist(), population.birth_day[:3_000].tolist(), strict=True
    ):
        youngest[household] = max(day, youngest.get(household, day))
    today = np.full(1_000, population.first_day, dtype=np.int32)
    told = population.has_minor(np.arange(1_000), today)
    assert told.tolist() == [
        youngest[household] + int(18 * 365.25) > population.first_day for household in range(1_000)
    ]


def test_who_grew_up_here_grew_up_with_someone_a_generation_older(population: Population) -> None:
    head = np.searchsorted(population.household, np.arange(population.home.size))
    tied = np.flatnonzero(population.origin >= 0)
    oldest = np.minimum.reduceat(population.birth_day, head)
    gap = (oldest[tied] - oldest[population.origin[tied]]) / 365.25
    assert tied.size > 5_000
    assert 25 < np.median(gap) < 33


def test_a_seed_gives_the_same_people_again_and_another_seed_others(region: Region, population: Population) -> None:
    again = make_population(make_region(7), first_year=2024, years=3)
    assert np.array_equal(again.birth_day, population.birth_day)
    assert np.array_equal(again.next_home, population.next_home)
    other = make_population(make_region(8), first_year=2024, years=3)
    assert not np.array_equal(other.birth_day[:1_000], population.birth_day[:1_000])
    assert region.seed == 7
