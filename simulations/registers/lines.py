"""Computes: the text of every row of a register as its partner writes it, and the ids that it gives."""

import numpy as np
from numpy.typing import NDArray

from simulations.population.households import Population
from simulations.region import Region
from simulations.registers.layouts import Layout
from simulations.registers.register import Register

FIRST_BSN = 90_000_000  # the first eight digits; no such number is issued as far as known
_WEIGHTS = np.array([9, 8, 7, 6, 5, 4, 3, 2])


def bsns(count: int) -> NDArray[np.int64]:
    """Return invented citizen numbers that pass the eleven test; int64, shape (count,), each once."""
    first = np.arange(FIRST_BSN, FIRST_BSN + count + count // 8 + 20)
    digits = first[:, None] // 10 ** np.arange(7, -1, -1) % 10
    last = (digits * _WEIGHTS).sum(axis=1) % 11
    return np.asarray((first * 10 + last)[last < 10][:count])  # noqa: PLR2004 -- ten is no digit: such numbers do not exist


def lines_of(
    register: Register, layout: Layout, region: Region, population: Population, generator: np.random.Generator
) -> list[list[str]]:
    """Return each row's cells in the order of the layout; households and persons get numbers of its own.

    generator: of the partner, in the same state for each of its record types, so that these share their numbers.
    """
    own_number = generator.permutation(population.home.size) + 100_000
    own_person = generator.permutation(population.household.size) + 1_000_000
    addresses = region.addresses
    buurt = addresses.buurt[register.address]
    postcode = addresses.postcode[register.address]
    citizen = bsns(population.household.size)
    filled = {
        "id": [f"{layout.prefix}{row + 1:06}" for row in range(register.rows)],
        "huishouden": own_number[register.household].astype(str).tolist(),
        "bsn": citizen[register.person].astype(str).tolist(),
        "persoon": own_person[register.person].astype(str).tolist(),
        "buurt": [region.buurten.codes[place] for place in buurt.tolist()],
        "postcode": [addresses.postcodes[place] for place in postcode.tolist()],
        "huisnummer": addresses.house_number[register.address].astype(str).tolist(),
        "datum": dates(register.day, layout.date_form),
    }
    columns = []
    for name, _ in layout.headers:
        if name in filled:
            columns.append(filled[name])
        elif name.startswith("datum"):
            columns.append(dates(register.columns[name].astype(np.int64), layout.date_form))
        else:
            columns.append(register.columns[name].tolist())
    return [list(cells) for cells in zip(*columns, strict=True)]


def dates(day: NDArray[np.int32] | NDArray[np.int64], form: str) -> list[str]:
    """Return days since 1970-01-01 as a partner writes them."""
    days, place = np.unique(day, return_inverse=True)
    texts = [when.strftime(form) for when in days.astype("datetime64[D]").tolist()]
    return [texts[at] for at in place.tolist()]
