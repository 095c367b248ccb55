"""Computes: the true registers of the seven kinds of partners beside Veilig Thuis.

Where DOMAIN 2.6 gives no figure, the rate is an assumption and says so. Each register sees homes with violence more
often than others, by a factor that no source gives.
"""

import numpy as np
from numpy.typing import NDArray

from simulations.population.households import DAYS_A_YEAR, Population
from simulations.population.process import History
from simulations.registers.register import Register, draw_codes, draw_persons, make_register
from simulations.registers.veilig_thuis import minors_on

SCHOOL_PER_1000 = 40.0  # of pupils of 5 to 17: 35 reports of absence (assumption) and 5 children out of school
GGD_PER_1000 = 12.0  # of children up to 12, signals at the youth health service; assumption
GGZ_PER_1000 = 10.7  # of adults; Zaanstad Wmo clients with ggz: 1,386 of about 130,000, a lower bound
VERSLAVING_PER_1000 = 3.5  # of adults; assumption
DIEREN_PER_1000 = 0.5  # of persons of any age; assumption
JEUGDHULP = 5_500 / 161_389  # youths a year for each inhabitant; Zaanstad 2022
JEUGDHULP_OF_KNOWN = 0.55  # of children known to Veilig Thuis in that year; assumption, 0.5 to 0.6
YOUTH_UNDER = 23
# Not enrolled, 16 hours in 4 weeks, over 4 weeks, out of holidays: code, share, most hours; assumptions.
_ABSENCE = (("Z1", 0.05, 400), ("Z2", 0.7, 60), ("Z3", 0.125, 400), ("Z4", 0.125, 40))


def politie(population: Population, history: History, generator: np.random.Generator) -> Register:
    """Return the HG incidents of the police; J and N are the flags it writes."""
    incidents = history.incidents
    count = incidents.day.size
    columns = {
        "huiselijk": np.full(count, "J"),
        "soort": draw_codes(("P1", "P2", "P3", "P4", "P5", "P6"), (0.3, 0.2, 0.36, 0.03, 0.06, 0.05), count, generator),
        "relatie": draw_codes(("L1", "L2", "L3", "L4", "L5"), (0.45, 0.25, 0.12, 0.08, 0.1), count, generator),
        "aanhouding": draw_codes(("J", "N"), (0.2, 0.8), count, generator),
        "huisverbod": draw_codes(("J", "N"), (0.03, 0.97), count, generator),
        "zorgmelding": np.where(incidents.sent, "J", "N"),
        "kinderen": np.where(minors_on(population, incidents.household, incidents.day) > 0, "J", "N"),
    }
    return make_register("politie", "incident", population, incidents.household, incidents.day, columns=columns)


def school(population: Population, history: History, generator: np.random.Generator) -> Register:
    """Return the reports of absence of pupils, in the codes of the profile of schools, with the hours missed."""
    person, day = draw_persons(
        population, history, ages=(5, 18), a_year_per_1000=SCHOOL_PER_1000, boost=2.5, generator=generator
    )
    kind = generator.choice(len(_ABSENCE), person.size, p=[share for _, share, _ in _ABSENCE])
    most = np.array([hours for _, _, hours in _ABSENCE])[kind]
    columns = {
        "soort": np.asarray([code for code, _, _ in _ABSENCE])[kind],
        "uren": np.maximum(most // 4, generator.integers(0, most + 1)).astype(np.str_),
    }
    household = population.household[person]
    return make_register("school", "verzuimmelding", population, household, day, columns=columns, person=person)


def of_persons(population: Population, history: History, generator: np.random.Generator) -> tuple[Register, ...]:
    """Return the registers that hold one person a row: GGD, GGZ, verslavingszorg, dierenpolitie."""
    ggd = _register(
        ("ggd", "signaal", "soort"),
        (("G1", 0.6), ("G2", 0.3), ("G3", 0.1)),
        population,
        draw_persons(population, history, ages=(0, 13), a_year_per_1000=GGD_PER_1000, boost=3, generator=generator),
        generator,
    )
    ggz = _register(
        ("ggz", "aanmelding", "problematiek"),
        (("M1", 0.35), ("M2", 0.3), ("M3", 0.15), ("M4", 0.2)),
        population,
        draw_persons(population, history, ages=(18, 120), a_year_per_1000=GGZ_PER_1000, boost=2, generator=generator),
        generator,
    )
    addiction = _register(
        ("verslavingszorg", "aanmelding", "problematiek"),
        (("L1", 0.45), ("L2", 0.2), ("L3", 0.2), ("L4", 0.15)),
        population,
        draw_persons(
            population, history, ages=(18, 120), a_year_per_1000=VERSLAVING_PER_1000, boost=3, generator=generator
        ),
        generator,
    )
    animals = _register(
        ("dierenpolitie", "melding", "soort"),
        (("X1", 0.3), ("X2", 0.7)),
        population,
        draw_persons(population, history, ages=(0, 120), a_year_per_1000=DIEREN_PER_1000, boost=4, generator=generator),
        generator,
    )
    return ggd, ggz, addiction, animals


def _register(
    names: tuple[str, str, str],
    shares: tuple[tuple[str, float], ...],
    population: Population,
    drawn: tuple[NDArray[np.int64], NDArray[np.int32]],
    generator: np.random.Generator,
) -> Register:
    partner, record, column = names
    person, day = drawn
    codes = draw_codes([code for code, _ in shares], [share for _, share in shares], person.size, generator)
    household = population.household[person]
    return make_register(partner, record, population, household, day, columns={column: codes}, person=person)


def jeugdhulp(population: Population, history: History, generator: np.random.Generator) -> Register:
    """Return the youths with help in each year; who is known to Veilig Thuis in that year has it far more often.

    Not promised: that help in one year makes help in the next more likely, as it does in truth.
    """
    people, days = [], []
    for year in range(population.years):
        start = population.first_day + round(year * DAYS_A_YEAR)
        age = (start - population.birth_day) / DAYS_A_YEAR
        youths = np.flatnonzero((age >= 0) & (age < YOUTH_UNDER))
        this_year = (history.meldingen.day >= start) & (history.meldingen.day < start + DAYS_A_YEAR)
        known = np.isin(population.household[youths], history.meldingen.household[this_year]) & (age[youths] < 18)  # noqa: PLR2004 -- of age
        wanted = JEUGDHULP * np.count_nonzero(population.birth_day < start)
        rest = (wanted - JEUGDHULP_OF_KNOWN * known.sum()) / max(np.count_nonzero(~known), 1)
        chosen = youths[generator.random(youths.size) < np.where(known, JEUGDHULP_OF_KNOWN, rest)]
        people.append(chosen)
        days.append(start + generator.integers(0, 365, chosen.size))
    person, day = np.concatenate(people), np.concatenate(days).astype(np.int32)
    columns = {"vorm": draw_codes(("Y1", "Y2", "Y3", "Y4"), (0.35, 0.5, 0.1, 0.05), person.size, generator)}
    return make_register(
        "jeugdhulp", "traject", population, population.household[person], day, columns=columns, person=person
    )
