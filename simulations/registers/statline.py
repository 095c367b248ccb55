"""Computes: the tables that CBS would publish of these registers, in its layout and with its hiding of small numbers.

Counts are rounded to five; below ten a point stands instead. Percentages are computed from the rounded counts, so that
they tell nothing more than these.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from protocol.words.geography import Level
from simulations.population.households import day_of
from simulations.region import Region
from simulations.registers.register import Register

HIDDEN = "."
SMALLEST = 10  # of the values that CBS shows in these tables
STEP = 5
# Subjects of 85361NED with the codes of earlier involvement that they hold.
EARLIER: Mapping[str, tuple[str, ...]] = {
    "Ontvangen meldingen totaal": ("E1", "E2", "E3", "E4", "E5", "E6", "E7"),
    "1e melding": ("E1",),
    "Hermelding totaal": ("E2", "E3"),
    "Hermelding meerdere betrokkenen bekend": ("E2",),
    "Hermelding een betrokkene bekend": ("E3",),
    "Vervolgmelding totaal": ("E4", "E5", "E6"),
    "Vervolg tijdens veiligheidsbeoordeling": ("E4",),
    "Vervolg na veiligheidsbeoordeling": ("E5",),
    "Vervolg tijdens monitoring": ("E6",),
    "Niet ingedeeld": ("E7",),
}
_PROFESSIONAL = ("O02", "O03", "O04", "O05", "O06", "O07", "O08", "O09", "O10", "O11")
# Subjects of 84849NED with the codes of the organisation.
ORGANISATIONS: Mapping[str, tuple[str, ...]] = {
    "Totaal": ("O01", *_PROFESSIONAL, "O12"),
    "Niet beroepsmatig totaal": ("O01",),
    "Beroepsmatig totaal": _PROFESSIONAL,
    "Gezondheidszorg: totaal": ("O02",),
    "Geestelijke gezondheidszorg: totaal": ("O03",),
    "Kinderopvang": ("O04",),
    "Onderwijs: totaal": ("O05",),
    "Bureau Leerplicht": ("O06",),
    "Jeugdzorg: totaal": ("O07",),
    "Justitie en veiligheid: totaal": ("O08",),
    "Anders: Veilig Thuis: andere regio": ("O09",),
    "Anders: VT: inzet regionaal maatwerk": ("O10",),
    "Andere organisatie: anders": ("O11",),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a StatLine table as published; the columns of the file of published figures."""

    table: str
    period: str
    area: str
    subject: str
    measure: str
    value: str


def published(count: int) -> str:
    """Return a count as CBS shows it: to the nearest five, a point below ten."""
    rounded = STEP * round(count / STEP)
    return str(rounded) if rounded >= SMALLEST else HIDDEN


def published_share(part: str, whole: str) -> str:
    """Return the percentage of two published counts with one decimal, a point where either is hidden."""
    if HIDDEN in (part, whole):
        return HIDDEN
    return f"{100 * int(part) / int(whole):.1f}"


def table_84849(region: Region, adviezen: Register, meldingen: Register, year: int) -> Iterator[Cell]:
    """Yield adviezen and meldingen by organisation, gemeente and period of a year."""
    for measure, register, column in (
        ("Gestarte adviezen", adviezen, "adviesvrager"),
        ("Ontvangen meldingen", meldingen, "melder"),
    ):
        yield from _cells("84849NED", region, register, column, ORGANISATIONS, year=year, measure=measure)


def table_85361(region: Region, meldingen: Register, year: int) -> Iterator[Cell]:
    """Yield meldingen by earlier involvement, gemeente and period of a year, each with its percentage."""
    total = HIDDEN
    for cell in _cells("85361NED", region, meldingen, "eerder", EARLIER, year=year, measure="Ontvangen meldingen"):
        if cell.subject == "Ontvangen meldingen totaal":
            total = cell.value
        yield cell
        share = published_share(cell.value, total)
        yield Cell(cell.table, cell.period, cell.area, cell.subject, "percentage", share)


def _cells(
    table: str,
    region: Region,
    register: Register,
    column: str,
    subjects: Mapping[str, tuple[str, ...]],
    *,
    year: int,
    measure: str,
) -> Iterator[Cell]:
    gemeente = region.buurten.gemeente[region.addresses.buurt[register.address]]
    codes = region.geography.codes_at(Level.GEMEENTE)
    for period, inside in _periods(register.day, year):
        for number, code in enumerate(codes):
            texts, counts = np.unique(register.columns[column][inside & (gemeente == number)], return_counts=True)
            found = dict(zip(texts.tolist(), counts.tolist(), strict=True))
            for subject, held in subjects.items():
                value = published(sum(found.get(each, 0) for each in held))
                yield Cell(table, period, region.names[code], subject, measure, value)


def _periods(day: NDArray[np.int32], year: int) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    begin, middle, end = (day_of(when) for when in (date(year, 1, 1), date(year, 7, 1), date(year + 1, 1, 1)))
    yield str(year), (day >= begin) & (day < end)
    yield f"1e halfjaar {year}", (day >= begin) & (day < middle)
    yield f"2e halfjaar {year}", (day >= middle) & (day < end)
