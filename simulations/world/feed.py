"""Touches the world: what a partner's node gets to count in each round: files in its own format, with every fault."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from partner_node.delivery.addresses import PART
from partner_node.delivery.areas import AreaTable
from partner_node.delivery.delivery import read_delivery
from partner_node.delivery.mapping import parse_mapping
from partner_node.profiles.catalogue import PROFILES
from partner_node.records import Records
from partner_node.sources.opening import open_source
from protocol.words.geography import Level
from protocol.words.ids import PartyId
from protocol.words.period import Period, earlier, first_day
from simulations.folder import marked
from simulations.population.households import day_of
from simulations.registers.deliver import delivery_files, quarter_name, quarters
from simulations.registers.faults import FaultRates
from simulations.registers.layouts import LAYOUTS
from simulations.registers.mappings import mapping_toml
from simulations.world.agreement import opens_on
from simulations.world.borders import Borders
from simulations.world.ground import Ground
from simulations.world.measures import measures_of


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a partner has when a round opens. quarters: whose deliveries came. by_wijk: those that name no buurten."""

    period: Period
    lateness: int
    quarters: frozenset[int]
    by_wijk: frozenset[int] = frozenset()


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class KeptEvents:
    """The event keys of all rows, worked out once: a world counts each round twice. all_keys: uint8, (rows, 16)."""

    all_keys: NDArray[np.uint8]

    def keys(self, rows: NDArray[np.intp]) -> NDArray[np.uint8]:
        """Return the event keys of these rows."""
        return self.all_keys[rows]


@dataclass(eq=False, repr=False)
class Feed:
    """The deliveries of a world. folder: where files are put before they are read."""

    ground: Ground
    seed: int
    rates: FaultRates
    folder: Path
    _address_keys: list[str] = field(init=False)

    def __post_init__(self) -> None:
        addresses = self.ground.region.addresses
        postcodes = [addresses.postcodes[place] for place in addresses.postcode.tolist()]
        numbers = addresses.house_number.tolist()
        self._address_keys = [f"{code}{PART}{number}" for code, number in zip(postcodes, numbers, strict=True)]

    def records(self, partner: PartyId, delivered: Delivered, borders: Borders, secret: bytes) -> Records:
        """Return the rows that a partner can count. secret: the node's, 32 bytes.

        Raises: SourceRefusal, DeliveryRefusal.
        """
        records = self._from_files(partner, delivered, borders, secret)
        records = replace(records, events=KeptEvents(records.events.keys(np.arange(len(records.unit)))))
        return _by_wijk(records, delivered.by_wijk)

    @cached_property
    def _files(self) -> Mapping[str, bytes]:
        ground = self.ground
        registers = [ground.registers[layout.partner, layout.record] for layout in LAYOUTS]
        return delivery_files(ground.region, ground.population, registers, self.seed, faults=self.rates)

    def _from_files(self, partner: PartyId, delivered: Delivered, borders: Borders, secret: bytes) -> Records:
        record = measures_of(partner)[0].record
        layout = next(each for each in LAYOUTS if (each.partner, each.record) == (partner, record))
        sources = []
        for quarter in _wanted(delivered):
            name = marked(f"{layout.stem}_{quarter_name(quarter)}", "csv")
            path = self.folder / partner / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self._files[f"{partner}/{name}"])
            sources.append(open_source(path))
        return read_delivery(
            sources,
            PROFILES[partner],
            parse_mapping(mapping_toml(partner, files={record: "*"})),
            borders.geography,
            PROFILES[partner].code_lists(),
            area_table=self._area_table(borders),
            secret=secret,
            today=opens_on(delivered.period),
        ).records

    def _area_table(self, borders: Borders) -> AreaTable:
        codes = [borders.code_of(code) for code in self.ground.region.buurten.codes]
        buurten = [codes[place] for place in self.ground.region.addresses.buurt.tolist()]
        places = dict(zip(self._address_keys, buurten, strict=True))
        institutions = frozenset(self._address_keys[at] for at in self.ground.region.addresses.institutions.tolist())
        return AreaTable(borders.geography.year, places, frozenset(borders.moved), institutions)


def quarter_of(period: Period) -> int:
    """Return a period's quarter, counted from the first of 1970."""
    return int(quarters(np.array([day_of(first_day(period))]))[0])


def _wanted(delivered: Delivered) -> list[int]:
    """Return the quarters whose deliveries can hold rows of the round's periods, of those that came.

    One before the round's own is always among them, so that a node whose newest delivery is late has files to read.
    """
    oldest = quarter_of(earlier(delivered.period, max(delivered.lateness, 1)))
    return sorted(quarter for quarter in delivered.quarters if quarter >= oldest)


def _by_wijk(records: Records, by_wijk: Collection[int]) -> Records:
    """Return the records without buurten in these quarters, as a partner delivers that knows only the wijk."""
    if not by_wijk:
        return records
    hidden = np.isin(quarters(records.day), list(by_wijk))
    areas = {
        level: np.where(hidden, np.int32(-1), places).astype(np.int32) if level is Level.BUURT else places
        for level, places in records.areas.items()
    }
    return replace(records, areas=areas)
