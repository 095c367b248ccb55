"""Computes: a whole fictional region: its geography, shapes, inhabitants and addresses."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np

from protocol.errors import Refusal
from protocol.words.geography import Area, AreaCode, Geography, Level, level_of
from protocol.words.ids import GeographyId, Line
from simulations.chance import seeded_generator
from simulations.region.addresses import Addresses, make_addresses
from simulations.region.buurten import Buurten, make_buurten
from simulations.region.land import PLANS, Land, make_land
from simulations.region.names import INVENTED, POSTCODE_AREAS, buurt_code, gemeente_code, invented_names, wijk_code
from simulations.region.shapes import Shape, shape_of

YEAR = 2024


class TooManyGemeenten(Refusal):
    """A fictional region with more gemeenten than there are plans for, or with none."""


@dataclass(frozen=True, eq=False)
class Region:
    """A fictional Veilig Thuis region.

    shapes: of each gemeente, wijk and buurt, in metres.
    """

    seed: int
    geography: Geography
    buurten: Buurten
    addresses: Addresses
    shapes: Mapping[AreaCode, Shape]
    water: tuple[Shape, ...]

    @cached_property
    def populations(self) -> Mapping[AreaCode, int]:
        """The inhabitants of every buurt."""
        return MappingProxyType(dict(zip(self.buurten.codes, self.buurten.inhabitants.tolist(), strict=True)))

    @cached_property
    def names(self) -> Mapping[AreaCode, str]:
        """The name of every area."""
        return MappingProxyType({area.code: area.name for area in self.geography.areas})

    @property
    def has_real_names(self) -> bool:
        """Whether its areas bear the names and codes of real ones."""
        return not all(code.startswith(INVENTED) for code in self.buurten.codes)


def make_region(seed: int, *, gemeenten: int = 1) -> Region:
    """Return a fictional region; the first gemeente has about 160,000 inhabitants, 19 wijken and 79 buurten.

    Raises: TooManyGemeenten.
    """
    if not 1 <= gemeenten <= len(PLANS):
        raise TooManyGemeenten(
            got=f"{gemeenten} gemeenten", wanted=f"1 to {len(PLANS)}", act="choose a number within these"
        )
    plans = PLANS[:gemeenten]
    land = make_land(plans, seeded_generator(seed, "region", "land"))
    codes = _codes(land)
    geography = _geography(codes, seed)
    buurten = make_buurten(codes[Level.BUURT], land, plans, seeded_generator(seed, "region", "buurten"))
    addresses = make_addresses(buurten.households, buurten.wijk)
    water = tuple(shape_of(piece, land.lattice.vertices) for piece in land.water)
    return Region(seed, geography, buurten, addresses, MappingProxyType(_shapes(land, codes)), water)


def _codes(land: Land) -> dict[Level, tuple[AreaCode, ...]]:
    """Return the codes of each level in the order of their numbers in the land, which is also their own."""
    gemeenten = int(land.gemeente_of_wijk.max()) + 1
    first_wijk = np.searchsorted(land.gemeente_of_wijk, land.gemeente_of_wijk)
    wijk_within = np.arange(land.gemeente_of_wijk.size) - first_wijk
    buurt_within = np.arange(land.wijk_of_buurt.size) - np.searchsorted(land.wijk_of_buurt, land.wijk_of_buurt)
    return {
        Level.GEMEENTE: tuple(gemeente_code(number) for number in range(gemeenten)),
        Level.WIJK: tuple(
            wijk_code(int(of), int(at)) for of, at in zip(land.gemeente_of_wijk, wijk_within, strict=True)
        ),
        Level.BUURT: tuple(
            buurt_code(int(land.gemeente_of_wijk[wijk]), int(wijk_within[wijk]), int(at))
            for wijk, at in zip(land.wijk_of_buurt, buurt_within, strict=True)
        ),
        Level.PC4: tuple(AreaCode(str(POSTCODE_AREAS[wijk])) for wijk in range(land.gemeente_of_wijk.size)),
    }


def _geography(codes: Mapping[Level, tuple[AreaCode, ...]], seed: int) -> Geography:
    named = (*codes[Level.GEMEENTE], *codes[Level.WIJK], *codes[Level.BUURT])
    names = dict(zip(named, invented_names(len(named), seeded_generator(seed, "region", "names")), strict=True))
    wijk_of_postcode = dict(zip(codes[Level.PC4], codes[Level.WIJK], strict=True))
    areas = []
    for code in sorted((*named, *codes[Level.PC4])):
        match level_of(code):
            case Level.GEMEENTE:
                parent = None
            case Level.WIJK:
                parent = AreaCode("GM" + code[2:6])
            case Level.BUURT:
                parent = AreaCode("WK" + code[2:8])
            case Level.PC4:
                parent = AreaCode("GM" + wijk_of_postcode[code][2:6])
        areas.append(Area(code=code, name=Line(names.get(code, f"Postcodegebied {code}")), parent=parent))
    return Geography(id=GeographyId(f"verzonnen-{seed}"), year=YEAR, areas=tuple(areas))


def _shapes(land: Land, codes: Mapping[Level, tuple[AreaCode, ...]]) -> dict[AreaCode, Shape]:
    vertices = land.lattice.vertices
    wijk = np.where(land.buurt < 0, land.buurt, land.wijk_of_buurt[land.buurt])
    shapes = {}
    for number, code in enumerate(codes[Level.GEMEENTE]):
        shapes[code] = shape_of(land.gemeente == number, vertices)
    for number, code in enumerate(codes[Level.WIJK]):
        shapes[code] = shape_of(wijk == number, vertices)
    for number, code in enumerate(codes[Level.BUURT]):
        shapes[code] = shape_of(land.buurt == number, vertices)
    return shapes
