"""Computes: everything that a region to practise with holds: maps, registers, mappings, the truth, and what is what."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from protocol.words.geography import Level
from simulations.folder import marked
from simulations.population.households import make_population
from simulations.population.rates import ZAANSTAD, Rates
from simulations.region import Region
from simulations.region.files import region_files
from simulations.region.map import draw_map
from simulations.registers.deliver import delivery_files, make_registers
from simulations.registers.faults import Fault, FaultRates
from simulations.registers.layouts import LAYOUTS
from simulations.registers.register import Register
from simulations.words import ORIGIN

FIRST_YEAR = 2022
PHASES = 4  # the lines that `make_practice` tells
FAULT_LIST = "waarheid/" + marked("fouten", "csv")
ABOUT = f"""Een gebied om mee te oefenen, met de registraties van acht soorten partners. Geen enkele persoon bestaat.

{marked("kaart", "svg")}
    het gebied in een oogopslag
{marked("samenvatting", "json")}
    hoeveel inwoners, gebieden, rijen en ingebouwde fouten
gebied/
    de kaarten (GeoJSON, EPSG:28992) en de kerncijfers zijn voor de gemeente: samenzicht-coordinator geography import;
    adressen en instellingen zijn voor de partners: area_table en institutions in node.toml
politie/, school/, ...
    van elke partner een levering per kwartaal, in zijn eigen vorm, en {marked("koppeling", "toml")}: de
    koppeling (mapping in node.toml) waarmee zijn node deze bestanden leest
waarheid/
    wat er werkelijk was, per soort rij, en in {marked("fouten", "csv")} welke fouten met opzet in de
    leveringen staan. Een node krijgt deze map nooit te zien.
"""
INVENTED_PLACES = "Geen enkele plaatsnaam of code bestaat; het gebied ligt in de Noordzee."
REAL_PLACES = (
    "De namen, codes en grenzen zijn die van echte plaatsen. De huishoudens, adressen en registraties zijn verzonnen: "
    "geen cijfer in deze map zegt iets over deze plaatsen, behalve het aantal inwoners en huishoudens per buurt."
)


@dataclass(frozen=True, slots=True)
class RegisterSummary:
    """What was made of one kind of row. rows: true ones. delivered: lines in its files. faults: lines by kind."""

    partner: str
    record: str
    rows: int
    delivered: int
    faults: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PracticeSummary:
    """What was made, in numbers."""

    origin: str
    real_names: bool
    years: int
    seed: int
    gemeenten: int
    wijken: int
    buurten: int
    inhabitants: int
    households: int
    institutions: int
    registers: tuple[RegisterSummary, ...]

    def as_json(self) -> str:
        """Return the summary as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n"


@dataclass(frozen=True, slots=True, repr=False)
class Practice:
    """The files by name, what they are, and the summary."""

    files: Mapping[str, bytes]
    about: str
    summary: PracticeSummary


def make_practice(
    region: Region,
    *,
    years: int,
    seed: int,
    faults: FaultRates,
    tell: Callable[[str], None],
    first_year: int = FIRST_YEAR,
    rates: Rates = ZAANSTAD,
) -> Practice:
    """Return the files of a region with the registers of these years; equal arguments give equal bytes.

    rates: how often what happens at home happens. tell: takes a line for each phase.
    """
    files = {f"gebied/{name}": body for name, body in region_files(region).items()}
    files[marked("kaart", "svg")] = draw_map(region).encode()
    tell(f"kaarten, adressen en kerncijfers van {len(region.buurten.codes)} buurten")
    population = make_population(region, first_year=first_year, years=years)
    tell(f"{population.home.size} huishoudens")
    registers = make_registers(region, population, seed, rates=rates)
    tell(f"registraties van {years} jaar: {sum(register.rows for register in registers)} rijen")
    files |= delivery_files(region, population, registers, seed, faults=faults)
    tell(f"leveringen per kwartaal, met ingebouwde fouten: {len(files)} bestanden")
    summary = _summary(region, registers, _planted(files), years=years, seed=seed)
    files[marked("samenvatting", "json")] = summary.as_json().encode()
    places = REAL_PLACES if region.has_real_names else INVENTED_PLACES
    return Practice(files, f"{ABOUT}\n{places}", summary)


def _planted(files: Mapping[str, bytes]) -> Mapping[tuple[str, str], Counter[str]]:
    """Return the planted faults of each partner and record type, from the list that is written beside the files."""
    counts = {(layout.partner, layout.record): Counter[str]() for layout in LAYOUTS}
    for row in csv.DictReader(io.StringIO(files[FAULT_LIST].decode(), newline=""), delimiter=";"):
        partner, _, name = row["bestand"].partition("/")
        layout = next(each for each in LAYOUTS if each.partner == partner and name.startswith(f"{each.stem}_"))
        counts[partner, layout.record][row["fout"]] += 1
    return counts


def _summary(
    region: Region,
    registers: tuple[Register, ...],
    planted: Mapping[tuple[str, str], Counter[str]],
    *,
    years: int,
    seed: int,
) -> PracticeSummary:
    rows = []
    for register in registers:
        faults = planted[register.partner, register.record]
        more = faults[Fault.DUPLICATE] + faults[Fault.REVISED]  # these stand a second time
        rows.append(
            RegisterSummary(
                register.partner, register.record, register.rows, register.rows + more, dict(sorted(faults.items()))
            )
        )
    return PracticeSummary(
        ORIGIN,
        region.has_real_names,
        years,
        seed,
        len(region.geography.codes_at(Level.GEMEENTE)),
        len(region.geography.codes_at(Level.WIJK)),
        len(region.geography.codes_at(Level.BUURT)),
        int(region.buurten.inhabitants.sum()),
        int(region.buurten.households.sum()),
        region.addresses.institutions.size,
        tuple(rows),
    )
