"""Computes: what happens at home and who sees it: meldingen at Veilig Thuis in chains, incidents of the police.

A chain is a household's first melding, its later openings, and the follow-ups of each opening. Chains begin long before
the years asked for, so that who is known already follows from the process and is not drawn.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations.chance import seeded_generator
from simulations.population.households import DAYS_A_YEAR, Population
from simulations.population.rates import AGAIN, FIRST, FOLLOW_UP, MELDERS, POLICE, UNCLASSIFIED, ZAANSTAD, Rates
from simulations.region import Region

BURN_IN_YEARS = 9.0  # fewer than one chain in a hundred lasts longer
LAG_YEARS = 0.8  # by which a melding follows the first of its chain, on average
CLOSING_YEARS = 0.1  # from the last follow-up to the end of an involvement


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Meldingen:
    """Reports to Veilig Thuis in the years, in order of day; shape (meldingen,) each.

    household, casus: int64; one casus is one opening with its follow-ups. day: int32. status: int64, FIRST, AGAIN,
    FOLLOW_UP or UNCLASSIFIED. melder: int64, a place in MELDERS.
    """

    household: NDArray[np.int64]
    casus: NDArray[np.int64]
    day: NDArray[np.int32]
    status: NDArray[np.int64]
    melder: NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Incidents:
    """HG incidents of the police in the years, in order of day; shape (incidents,) each.

    household: int64. day: int32. sent: bool, whether it went to Veilig Thuis. melding: int64, the melding that it
    became, -1 if none.
    """

    household: NDArray[np.int64]
    day: NDArray[np.int32]
    sent: NDArray[np.bool_]
    melding: NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class History:
    """All that happened in the years.

    intensity: float64, shape (households,), first meldingen a year. violent_origin: bool, shape (households,), whether
    its head grew up in one of the most violent tenth. hidden_household, int64, and hidden_day, int32, shape
    (episodes,): what nobody reported to Veilig Thuis.
    """

    rates: Rates
    intensity: NDArray[np.float64]
    violent_origin: NDArray[np.bool_]
    meldingen: Meldingen
    incidents: Incidents
    hidden_household: NDArray[np.int64]
    hidden_day: NDArray[np.int32]


def make_history(region: Region, population: Population, rates: Rates = ZAANSTAD) -> History:
    """Return what happens in the years of the population, by these rates."""
    seed = region.seed
    intensity, violent_origin = _intensity(region, population, rates, seeded_generator(seed, "history", "intensity"))
    meldingen = _meldingen(population, intensity, rates, seeded_generator(seed, "history", "meldingen"))
    generator = seeded_generator(seed, "history", "hidden")
    openings = np.count_nonzero(meldingen.status != FOLLOW_UP)
    count = generator.poisson(openings * (1 - rates.visible) / rates.visible)
    hidden = generator.choice(intensity.size, count, p=intensity / intensity.sum())
    hidden_day = generator.integers(population.first_day, population.last_day + 1, count).astype(np.int32)
    incidents = _incidents(population, meldingen, hidden, rates, seeded_generator(seed, "history", "police"))
    return History(rates, intensity, violent_origin, meldingen, incidents, hidden, hidden_day)


def _intensity(
    region: Region, population: Population, rates: Rates, generator: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return each household's rate of first meldingen, scaled so that every gemeente gets the number it should."""
    buurten = region.buurten
    people = np.bincount(buurten.wijk, weights=buurten.inhabitants)
    income = np.bincount(buurten.wijk, weights=buurten.income_low * buurten.inhabitants) / np.maximum(people, 1)
    average = np.average(income, weights=people)
    spread = np.sqrt(np.average((income - average) ** 2, weights=people))
    standard = (income - average) / (spread or 1.0)  # equal incomes, or unknown ones, make no gradient
    wijk_risk = np.exp(rates.income_beta * standard) * _residual(standard, rates.wijk_gamma, generator)
    frailty = generator.gamma(rates.household_gamma, 1 / rates.household_gamma, population.home.size)
    violent = np.append(frailty > np.quantile(frailty, 0.9), False)  # -1, no known origin, is the last: not violent
    violent_origin = violent[population.origin]
    minor = population.minor_day > population.first_day
    kind = np.where(minor, rates.family_factor, np.where(population.adults == 1, rates.alone_factor, 1.0))
    raw = frailty * kind * np.where(violent_origin, rates.origin_factor, 1.0)
    buurt = region.addresses.buurt[population.home]
    wijk = buurten.wijk[buurt]
    # The gradient is one of meldingen for each inhabitant: which families live in a wijk is part of it, not on top.
    raw *= (wijk_risk * people / np.maximum(np.bincount(wijk, weights=raw, minlength=people.size), 1e-9))[wijk]
    gemeente = buurten.gemeente[buurt]
    gemeenten = int(buurten.gemeente.max()) + 1
    level = rates.meldingen * np.exp(rates.gemeente_spread * generator.normal(0, 1, gemeenten))
    level[0] = rates.meldingen
    inhabitants = np.bincount(buurten.gemeente, weights=buurten.inhabitants)
    wanted = np.clip(level, rates.lowest, rates.highest) * inhabitants / 1_000
    firsts = wanted / ((1 + rates.again) * (1 + rates.follow_up))
    for number in range(gemeenten):
        own = gemeente == number
        raw[own] *= _scale(raw[own], float(firsts[number]), population.years)
    return raw, violent_origin


def _residual(standard: NDArray[np.float64], shape: float, generator: np.random.Generator) -> NDArray[np.float64]:
    """Draw what income does not explain, placed so that chance does not undo the gradient over few wijken."""
    drawn = generator.gamma(shape, 1 / shape, standard.size)
    orders = [generator.permutation(drawn) for _ in range(64)]
    place = _centred_ranks(standard)
    return min(orders, key=lambda order: abs(float(np.dot(_centred_ranks(order), place))))


def _centred_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.argsort(np.argsort(values)) - (values.size - 1) / 2, dtype=np.float64)


def _scale(raw: NDArray[np.float64], firsts: float, years: int) -> float:
    """Return the factor by which first meldingen in the years come to `firsts` a year, the burn-in being used up."""
    low, high = 0.0, 20 * firsts / float(raw.sum())
    for _ in range(50):  # halves the gap to below a float's precision
        middle = (low + high) / 2
        left = np.exp(-middle * raw * (BURN_IN_YEARS - LAG_YEARS))
        if float((left * -np.expm1(-middle * raw * years)).sum()) / years < firsts:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _meldingen(
    population: Population, intensity: NDArray[np.float64], rates: Rates, generator: np.random.Generator
) -> Meldingen:
    """Draw every chain from the burn-in on and keep what falls in the years."""
    waits = generator.exponential(1, intensity.size) / intensity
    household = np.flatnonzero(waits < BURN_IN_YEARS + population.years)
    chain = np.arange(household.size)
    later = generator.geometric(1 / (1 + rates.again), chain.size) - 1
    openings = later + 1
    chain_of_opening = np.repeat(chain, openings)
    is_first = np.append(True, chain_of_opening[1:] != chain_of_opening[:-1])
    follow_ups = generator.geometric(1 / (1 + rates.follow_up), chain_of_opening.size) - 1
    opening_of_follow_up = np.repeat(np.arange(chain_of_opening.size), follow_ups)
    delay = generator.exponential(rates.follow_up_years, opening_of_follow_up.size)
    span = np.zeros(chain_of_opening.size)
    np.maximum.at(span, opening_of_follow_up, delay)
    gap = generator.lognormal(np.log(rates.again_years), rates.again_spread, chain_of_opening.size)
    step = np.where(is_first, waits[household[chain_of_opening]], 0.0)
    step[1:] += np.where(is_first[1:], 0.0, span[:-1] + CLOSING_YEARS + gap[1:])
    total = np.cumsum(step)
    begin = total - np.repeat((total - step)[is_first], openings)
    time = np.concatenate([begin, begin[opening_of_follow_up] + delay]) - BURN_IN_YEARS
    casus = np.concatenate([np.arange(begin.size), opening_of_follow_up])
    status = np.concatenate([np.where(is_first, FIRST, AGAIN), np.full(delay.size, FOLLOW_UP)])
    melder = _melders(chain_of_opening[casus], is_first[casus] & (status != FOLLOW_UP), rates, generator)
    day = np.floor(population.first_day + DAYS_A_YEAR * _seasoned(time, rates.season)).astype(np.int32)
    status[generator.random(status.size) < rates.unclassified] = UNCLASSIFIED
    inside = np.flatnonzero((time >= 0) & (day <= population.last_day))
    order = inside[np.argsort(day[inside], kind="stable")]
    return Meldingen(household[chain_of_opening[casus[order]]], casus[order], day[order], status[order], melder[order])


def _seasoned(time: NDArray[np.float64], season: float) -> NDArray[np.float64]:
    """Bend even times into seasons of two waves a year, every year keeping its own."""
    year = np.floor(time)
    within = time - year
    return np.asarray(year + within + season / (4 * np.pi) * (1 - np.cos(4 * np.pi * within)))


def _melders(
    chain: NDArray[np.int64], is_first: NDArray[np.bool_], rates: Rates, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Draw who reports; a later melding of a chain often comes from the one who made its first."""
    other = np.array([count for _, count in MELDERS[1:]], dtype=np.float64)
    shares = np.append(rates.police_share, (1 - rates.police_share) * other / other.sum())
    melder = generator.choice(len(MELDERS), chain.size, p=shares)
    of_first = np.empty(int(chain.max(initial=-1)) + 1, dtype=np.int64)
    of_first[chain[is_first]] = melder[is_first]
    same = generator.random(chain.size) < rates.same_melder
    return np.where(same, of_first[chain], melder)


def _incidents(
    population: Population,
    meldingen: Meldingen,
    hidden: NDArray[np.int64],
    rates: Rates,
    generator: np.random.Generator,
) -> Incidents:
    """Give each police melding its incident a few days before; add those that Veilig Thuis never got."""
    melding = np.flatnonzero(meldingen.melder == POLICE)
    day = np.maximum(meldingen.day[melding] - generator.geometric(0.5, melding.size), population.first_day)
    lost = generator.poisson(melding.size * (1 / rates.received - 1))
    unsent = generator.poisson(melding.size / rates.received * rates.police_unsent / (1 - rates.police_unsent))
    known = generator.random(lost + unsent) < rates.known_unsent
    unseen = generator.choice(hidden, known.size)
    unseen[known] = generator.choice(meldingen.household, np.count_nonzero(known))
    unseen_day = generator.integers(population.first_day, population.last_day + 1, known.size)
    household = np.concatenate([meldingen.household[melding], unseen])
    days = np.concatenate([day, unseen_day]).astype(np.int32)
    sent = np.concatenate([np.ones(melding.size + lost, dtype=bool), np.zeros(unsent, dtype=bool)])
    became = np.concatenate([melding, np.full(known.size, -1)])
    order = np.argsort(days, kind="stable")
    return Incidents(household[order], days[order], sent[order], became[order])
