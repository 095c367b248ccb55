"""Touches the world: the three files of first light: made from a fictional region, or given; read as deliveries."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from partner_node.delivery.addresses import PART
from partner_node.delivery.areas import AreaTable
from partner_node.delivery.delivery import Delivery, read_delivery
from partner_node.delivery.mapping import parse_mapping
from partner_node.errors import DeliveryRefusal, SourceRefusal
from partner_node.sources.opening import open_source
from protocol.errors import Refusal, Refusals, refuse_all
from protocol.words.ids import PartyId
from simulations.chance import seeded_generator
from simulations.first_light.agreement import PARTNERS
from simulations.folder import marked
from simulations.population.households import make_population
from simulations.region import Region
from simulations.registers.deliver import encoded, make_registers
from simulations.registers.layouts import LAYOUTS
from simulations.registers.lines import lines_of
from simulations.registers.mappings import mapping_toml

FIRST_YEAR, YEARS = 2024, 2
TODAY = date(2026, 1, 12)  # of the readers: no row may be of a later day
RECORDS = {PartyId("politie"): "incident", PartyId("school"): "verzuimmelding", PartyId("veilig-thuis"): "melding"}


def file_names() -> Mapping[PartyId, str]:
    """Return the name of each partner's own file."""
    return {partner: marked(partner, "csv") for partner in PARTNERS}


def make_files(region: Region, seed: int) -> dict[PartyId, bytes]:
    """Return each partner's file: two years of a register, whole and in the partner's own format."""
    population = make_population(region, first_year=FIRST_YEAR, years=YEARS)
    registers = {(register.partner, register.record): register for register in make_registers(region, population, seed)}
    files: dict[PartyId, bytes] = {}
    for layout in LAYOUTS:
        partner = PartyId(layout.partner)
        if RECORDS.get(partner) == layout.record:
            numbering = seeded_generator(seed, "numbers", layout.partner)
            register = registers[layout.partner, layout.record]
            lines = lines_of(register, layout, region, population, numbering)
            files[partner] = encoded([header for _, header in layout.headers], lines, layout.separator, layout.encoding)
    return files


def read_files(
    files: Mapping[PartyId, Path], secrets: Mapping[PartyId, bytes], region: Region
) -> Mapping[PartyId, Delivery]:
    """Return the deliveries of all partners, read before anything else is done with any of them.

    secrets: of each partner's node, 32 bytes.
    Raises: SourceRefusal, DeliveryRefusal; the problems of all files together as Refusals.
    """
    deliveries: dict[PartyId, Delivery] = {}
    problems: list[Refusal] = []
    for partner, path in files.items():
        try:
            deliveries[partner] = _read(partner, path, secrets[partner], region)
        except Refusals as several:
            problems += several.problems
        except (SourceRefusal, DeliveryRefusal) as problem:
            problems.append(problem)
    refuse_all(tuple(problems), subject="deliveries")
    return deliveries


def area_table(region: Region) -> AreaTable:
    """Return where the addresses of a region lie."""
    addresses = region.addresses
    postcodes = [addresses.postcodes[place] for place in addresses.postcode.tolist()]
    buurten = [region.buurten.codes[place] for place in addresses.buurt.tolist()]
    keys = (f"{postcode}{PART}{number}" for postcode, number in zip(postcodes, addresses.house_number, strict=True))
    return AreaTable(region.geography.year, dict(zip(keys, buurten, strict=True)))


def _read(partner: PartyId, path: Path, secret: bytes, region: Region) -> Delivery:
    source = open_source(path)
    return read_delivery(
        [source],
        PARTNERS[partner],
        parse_mapping(mapping_toml(partner, files={RECORDS[partner]: "*"})),
        region.geography,
        PARTNERS[partner].code_lists(),
        area_table=area_table(region),
        secret=secret,
        today=TODAY,
    )
