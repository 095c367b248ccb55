"""Computes: the true registers of Veilig Thuis: adviezen, meldingen and diensten, in the codes of its profile."""

import numpy as np
from numpy.typing import NDArray

from simulations.population.households import DAYS_A_YEAR, Population
from simulations.population.process import History
from simulations.population.rates import AGAIN, FIRST, FOLLOW_UP, MELDERS, UNCLASSIFIED
from simulations.registers.register import Register, Texts, draw_codes, join_codes, make_register

_PLACE_OF_MELDER = {
    "politie": "O08",
    "justitie": "O08",
    "niet-beroepsmatig": "O01",
    "gezondheidszorg": "O02",
    "ggz": "O03",
    "kinderopvang": "O04",
    "onderwijs": "O05",
    "leerplicht": "O06",
    "jeugdzorg": "O07",
    "andere Veilig Thuis": "O09",
    "regionaal maatwerk": "O10",
    "andere organisatie": "O11",
    "onbekend": "O12",
}
# 84849NED, 2023*, Netherlands: 143,210 adviezen by who asked, beside 127,340 meldingen.
ADVIEZEN = (
    *(("O01", 63_200), ("O02", 12_040), ("O03", 6_830), ("O04", 2_275), ("O05", 12_650), ("O06", 260)),
    *(("O07", 10_665), ("O08", 8_990), ("O09", 2_280), ("O10", 25), ("O11", 22_020), ("O12", 1_975)),
)
ADVIEZEN_A_MELDING = 143_210 / 127_340
# Netherlands 2024 for the first and second, Drenthe 2023* for the others; several a melding, 1.28 on average.
AARD = (("A1", 0.50), ("A2", 0.066), ("A3", 0.38), ("A4", 0.018), ("A5", 0.097), ("A6", 0.236))
AARDEN_A_MELDING = 1.28
# 85361NED, 2023*: hermelding 33.8 and 4.3 %; follow-up 13.3, 10.1 and 5.1 %.
_EERDER = {
    FIRST: (("E1", 1.0),),
    AGAIN: (("E2", 33.8), ("E3", 4.3)),
    FOLLOW_UP: (("E4", 13.3), ("E5", 10.1), ("E6", 5.1)),
    UNCLASSIFIED: (("E7", 1.0),),
}
ACUTE, STRUCTURAL = 0.055, 0.39  # first halves of 2022 and 2023*
ONDERZOEKEN = 0.058  # for each melding; 7,350 of 127,340
_UITKOMST = (("U1", 2_900), ("U2", 1_155), ("U3", 140), ("U4", 90), ("U5", 20), ("U7", 1_500), ("U8", 390), ("U9", 20))
FINISHED = 0.76  # of onderzoeken; the others end before there is an outcome
_TRIAGE = (("T1", 0.07), ("T2", 0.25), ("T3", 0.40), ("T4", 0.28))  # assumption
_DUUR = (("D1", 0.3), ("D2", 0.3), ("D3", 0.15), ("D9", 0.25))  # assumption
PARTNER = "veilig-thuis"


def veilig_thuis(population: Population, history: History, generator: np.random.Generator) -> tuple[Register, ...]:
    """Return the adviezen, meldingen and diensten of the years."""
    return (
        _adviezen(population, history, generator),
        _meldingen(population, history, generator),
        _diensten(population, history, generator),
    )


def _draw(table: tuple[tuple[str, float], ...], count: int, generator: np.random.Generator) -> Texts:
    return draw_codes([code for code, _ in table], [share for _, share in table], count, generator)


def _adviezen(population: Population, history: History, generator: np.random.Generator) -> Register:
    """Advice is asked mostly about what is never reported, so it is drawn from hidden episodes."""
    count = min(generator.poisson(history.meldingen.day.size * ADVIEZEN_A_MELDING), history.hidden_day.size)
    chosen = generator.choice(history.hidden_day.size, count, replace=False)
    household, day = history.hidden_household[chosen], history.hidden_day[chosen]
    columns = {
        "adviesvrager": _draw(ADVIEZEN, count, generator),
        "aard": _aard(population.has_minor(household, day), generator),
        "duur": _draw(_DUUR, count, generator),
    }
    return make_register(PARTNER, "advies", population, household, day, columns=columns)


def _meldingen(population: Population, history: History, generator: np.random.Generator) -> Register:
    meldingen = history.meldingen
    count = meldingen.day.size
    eerder = np.full(count, "E7")
    for status, shares in _EERDER.items():
        own = np.flatnonzero(meldingen.status == status)
        eerder[own] = _draw(shares, own.size, generator)
    acute = generator.random(count) < ACUTE
    structural = generator.random(count) < np.where(acute, 0.8, (STRUCTURAL - 0.8 * ACUTE) / (1 - ACUTE))
    children = minors_on(population, meldingen.household, meldingen.day)
    columns = {
        "melder": np.asarray([_PLACE_OF_MELDER[name] for name, _ in MELDERS])[meldingen.melder],
        "aard": _aard(children > 0, generator),
        "veiligheid": join_codes(np.column_stack([acute, structural]), ("V1", "V2")),
        "eerder": eerder,
        "vervolg": _draw(_TRIAGE, count, generator),
        "duur": _draw(_DUUR, count, generator),
        "kinderen": children.astype(np.str_),
    }
    return make_register(PARTNER, "melding", population, meldingen.household, meldingen.day, columns=columns)


def _diensten(population: Population, history: History, generator: np.random.Generator) -> Register:
    meldingen = history.meldingen
    chosen = np.flatnonzero(generator.random(meldingen.day.size) < ONDERZOEKEN)
    begin = meldingen.day[chosen] + generator.integers(1, 6, chosen.size)
    end = begin + generator.integers(28, 90, chosen.size)
    chosen, begin, end = (column[end <= population.last_day] for column in (chosen, begin, end))
    outcome = np.where(generator.random(chosen.size) < FINISHED, _draw(_UITKOMST, chosen.size, generator), "")
    columns = {"soort": np.full(chosen.size, "S1"), "uitkomst": outcome, "datum-start": begin.astype(np.str_)}
    return make_register(
        PARTNER, "dienst", population, meldingen.household[chosen], end.astype(np.int32), columns=columns
    )


def _aard(with_children: NDArray[np.bool_], generator: np.random.Generator) -> Texts:
    """Draw one kind of violence and sometimes a second; child abuse only where there are children."""
    count = with_children.size
    shares = np.array([share for _, share in AARD])
    others = shares[1:] / shares[1:].sum()
    child_abuse = min(shares[0] / max(float(with_children.mean()), 1e-9), 0.95) if count else 0.0
    chosen = np.zeros((count, len(AARD)), dtype=bool)
    is_child_abuse = with_children & (generator.random(count) < child_abuse)
    other = 1 + generator.choice(len(AARD) - 1, count, p=others)
    chosen[np.arange(count), np.where(is_child_abuse, 0, other)] = True
    second = np.flatnonzero(generator.random(count) < AARDEN_A_MELDING - 1)
    chosen[second, 1 + generator.choice(len(AARD) - 1, second.size, p=others)] = True
    return join_codes(chosen, [code for code, _ in AARD])


def minors_on(population: Population, household: NDArray[np.int64], day: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return how many people under 18 live in each of these households on that day; int64."""
    first = np.searchsorted(population.household, household)
    last = np.searchsorted(population.household, household, side="right")
    members = last - first
    row = np.repeat(np.arange(household.size), members)
    person = np.arange(row.size) - np.repeat(np.cumsum(members) - members, members) + first[row]
    age = day[row] - population.birth_day[person]
    minor = (age >= 0) & (age < 18 * DAYS_A_YEAR)
    return np.bincount(row[minor], minlength=household.size)
