"""Touches the world: writes a region's registers, with the truth and the planted faults beside them."""

from pathlib import Path

from simulations.folder import write_folder
from simulations.population.households import make_population
from simulations.region import Region
from simulations.registers.deliver import delivery_files, make_registers
from simulations.registers.faults import USUAL, FaultRates

ABOUT = (
    "Registraties van acht soorten partners in een verzonnen regio, een levering per kwartaal. In waarheid/ staat wat "
    "er werkelijk was en welke fouten met opzet in de leveringen zijn gezet. Geen enkele persoon bestaat."
)


def write_registers(
    region: Region, years: int, seed: int, folder: Path, *, first_year: int = 2022, faults: FaultRates = USUAL
) -> None:
    """Write the registers of a region; equal arguments give equal bytes.

    seed: of the registers and their faults; people and what happens to them follow from the region's own seed.
    Raises: FolderNotEmpty.
    """
    population = make_population(region, first_year=first_year, years=years)
    registers = make_registers(region, population, seed)
    write_folder(folder, delivery_files(region, population, registers, seed, faults=faults), ABOUT)
