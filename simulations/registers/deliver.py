"""Computes: a region's registers as quarterly deliveries in the partners' own formats, with the truth beside them."""

import csv
import io
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from simulations.chance import seeded_generator
from simulations.folder import marked
from simulations.population.households import Population
from simulations.population.process import make_history
from simulations.population.rates import ZAANSTAD, Rates
from simulations.region import Region
from simulations.registers.faults import Fault, FaultRates, choose_faults, code_column, spoiled
from simulations.registers.layouts import LAYOUTS, Layout
from simulations.registers.lines import lines_of
from simulations.registers.mappings import PROFILED, mapping_toml
from simulations.registers.partners import jeugdhulp, of_persons, politie, school
from simulations.registers.register import Register
from simulations.registers.veilig_thuis import veilig_thuis

LATE_DAYS = 100.0  # mean delay of a late row
TRUTH_COLUMNS = ("id", "huishouden", "persoon", "buurt", "dag")
FAULT_COLUMNS = ("bestand", "regel", "id", "fout")


def make_registers(
    region: Region, population: Population, seed: int, *, rates: Rates = ZAANSTAD
) -> tuple[Register, ...]:
    """Return the true registers of all partners, in the order of LAYOUTS."""
    history = make_history(region, population, rates)
    return (
        *veilig_thuis(population, history, seeded_generator(seed, "registers", "veilig-thuis")),
        politie(population, history, seeded_generator(seed, "registers", "politie")),
        school(population, history, seeded_generator(seed, "registers", "school")),
        *of_persons(population, history, seeded_generator(seed, "registers", "persons")),
        jeugdhulp(population, history, seeded_generator(seed, "registers", "jeugdhulp")),
    )


def delivery_files(
    region: Region, population: Population, registers: Iterable[Register], seed: int, *, faults: FaultRates
) -> dict[str, bytes]:
    """Return the name and content of every delivery, mapping, truth of a register, and of the list of faults."""
    files: dict[str, bytes] = {}
    planted: list[tuple[object, ...]] = []
    for register, layout in zip(registers, LAYOUTS, strict=True):
        generator = seeded_generator(seed, "delivery", layout.partner, layout.record)
        numbering = seeded_generator(seed, "numbers", layout.partner)
        lines = lines_of(register, layout, region, population, numbering)
        truth = f"{layout.partner}_{layout.record}"
        files["waarheid/" + marked(truth, "csv")] = _truth(register, lines, region)
        deliveries = _deliveries(register, layout, lines, population=population, faults=faults, generator=generator)
        for quarter, delivery in deliveries.items():
            name = f"{layout.partner}/{marked(f'{layout.stem}_{quarter_name(quarter)}', 'csv')}"
            rows = [line for line, _ in delivery]
            files[name] = encoded([header for _, header in layout.headers], rows, layout.separator, layout.encoding)
            planted += [(name, at + 2, line[0], fault) for at, (line, fault) in enumerate(delivery) if fault]
    for partner in PROFILED:
        files[f"{partner}/{marked('koppeling', 'toml')}"] = mapping_toml(partner).encode()
    files["waarheid/" + marked("fouten", "csv")] = encoded(FAULT_COLUMNS, planted, ";", "utf-8")
    return files


def _deliveries(
    register: Register,
    layout: Layout,
    lines: list[list[str]],
    *,
    population: Population,
    faults: FaultRates,
    generator: np.random.Generator,
) -> dict[int, list[tuple[list[str], Fault | None]]]:
    """Lay each row in the delivery of its quarter or a later one, and plant what goes wrong. A row has one fault."""
    due = quarters(register.day)
    last = int(quarters(np.array([population.last_day]))[0])
    is_late = generator.random(register.rows) < faults.late
    delay = np.where(is_late, generator.exponential(LATE_DAYS, register.rows), 0)
    arrives = np.minimum(quarters(register.day + delay.astype(np.int64)), last)
    revised = generator.random(register.rows) < faults.revised
    own = choose_faults(register.rows, faults, generator)
    column = [name for name, _ in layout.headers].index(code_column(layout))
    other = generator.permutation(register.rows)
    delivered: dict[int, list[tuple[list[str], Fault | None]]] = {
        quarter: [] for quarter in range(int(quarters(np.array([population.first_day]))[0]), last + 1)
    }
    for row, line in enumerate(lines):
        at = int(arrives[row])
        fault = Fault.LATE if at > due[row] else own[row]
        if fault is Fault.DUPLICATE:
            delivered[at].append((line, None))
        delivered[at].append((spoiled(line, fault, layout) if fault else line, fault))
        changed = lines[int(other[row])][column]
        if revised[row] and fault is None and at < last and changed != line[column]:
            delivered[at + 1].append(([*line[:column], changed, *line[column + 1 :]], Fault.REVISED))
    return delivered


def quarters(day: NDArray[np.int32] | NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the quarter of each day, counted from the first of 1970."""
    months = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return np.asarray(months // 3)


def quarter_name(quarter: int) -> str:
    """Return a quarter as 2022-K1."""
    return f"{1970 + quarter // 4}-K{quarter % 4 + 1}"


def _truth(register: Register, lines: list[list[str]], region: Region) -> bytes:
    buurt = region.addresses.buurt[register.address]
    rows = zip(
        (line[0] for line in lines),
        register.household.tolist(),
        register.person.tolist(),
        (region.buurten.codes[place] for place in buurt.tolist()),
        register.day.astype("datetime64[D]").astype(str).tolist(),
        strict=True,
    )
    return encoded(TRUTH_COLUMNS, rows, ";", "utf-8")


def encoded(columns: Iterable[str], rows: Iterable[Iterable[object]], separator: str, encoding: str) -> bytes:
    """Return a file of a header and rows, as CSV with this separator."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode(encoding)
