"""Computes: monitors to time: an invented gemeente of 79 buurten, and a country of 3,401 wijken of such shapes."""

from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

import numpy as np
import shapely

from coordinator.combine import NoisyTable
from coordinator.geography.areas import Figures
from coordinator.geography.drawing import draw
from coordinator.geography.edition import Edition, make_edition
from coordinator.geography.features import read_maps
from coordinator.geography.key_figures import read_key_figures
from coordinator.geography.topology import Drawing
from coordinator.web.make_indicators import Released
from coordinator.web.make_monitor import LogHead, ReleasedStudy, make_monitor
from coordinator.web.monitor import Monitor
from privacy.counts import NoisedCounts
from protocol.words.geography import Area, AreaCode, Geography, Level
from protocol.words.ids import GeographyId, Line
from simulations.region import make_region
from simulations.region.files import region_files
from simulations.world.agreement import agree
from simulations.world.scenario import Scenario

SEED, GEMEENTEN = 1, 179  # of 19 wijken each: 3,401
RATE = 0.004  # a quarter and inhabitant
COLUMNS = {"gwb_code_10": "code", "regio": "naam", "a_inw": "inwoners", "a_hh": "huishoudens"}


def gemeente() -> Monitor:
    """Return the monitor of an invented gemeente: 19 wijken, 79 buurten, ten topics, four quarters."""
    return _monitor(_edition(), (Level.WIJK, Level.BUURT), topics=10)


def country() -> Monitor:
    """Return the monitor of 3,401 wijken, with one topic."""
    return _monitor(_repeated(_edition()), (Level.WIJK,), topics=1)


def _monitor(edition: Edition, levels: tuple[Level, ...], *, topics: int) -> Monitor:
    scenario = Scenario(format=1, title=Line("oefening"), years=1)
    agreed = agree(scenario, 1, seed=SEED, geography=edition.geography, previous=None)
    study, chance = agreed.study, np.random.default_rng(SEED)
    wanted = sorted({table.measure for table in study.tables})[-topics:]
    chosen = [table for table in study.tables if table.measure in wanted and table.level in levels]
    study = study.model_copy(update={"tables": tuple(chosen)})
    tables = []
    for entry in study.schedule:
        for table in chosen:
            codes = edition.geography.codes_at(table.level)
            people = np.array([edition.figures[code].inhabitants or 0 for code in codes], dtype=np.float64)
            spread = chance.gamma(4, 0.25, len(codes))
            counted = chance.poisson(people * RATE * spread) + np.rint(chance.normal(0, 6, len(codes)))
            values = NoisedCounts(counted.astype(np.int64))
            tables.append(NoisyTable(table.id, entry.period, entry.period, codes, (None,), values, Fraction(36)))
    released = Released(study, agreed.covenant, edition.geography, (), tuple(tables), (), frozenset())
    periods = frozenset(entry.period for entry in study.schedule)
    each = ReleasedStudy(released, {}, periods)
    return make_monitor(agreed.covenant, edition, draw(edition), [each], LogHead(1, "ab" * 32))


def _edition() -> Edition:
    region = make_region(SEED)
    with TemporaryDirectory() as folder:
        maps, figures = [], ""
        for name, body in region_files(region).items():
            if name.endswith(".geojson"):
                maps.append(Path(folder) / name)
                maps[-1].write_bytes(body)
            elif name.startswith("kerncijfers"):
                figures = body.decode()
        told = read_key_figures(figures, columns=COLUMNS, source="kerncijfers")
        return make_edition(region.geography.id, 2024, read_maps(maps), told, drawing=Drawing())


def _repeated(edition: Edition) -> Edition:
    """Return a country of many such gemeenten side by side."""
    wijken = edition.geography.codes_at(Level.WIJK)
    bounds = shapely.total_bounds(np.array([edition.shapes[code] for code in wijken], dtype=object))
    wide, high = bounds[2] - bounds[0], bounds[3] - bounds[1]
    across = int(GEMEENTEN**0.5)
    areas, shapes, figures = [], {}, {}
    for number in range(GEMEENTEN):
        home = AreaCode(f"GM{number + 1:04d}")
        step = np.array([number % across * wide, number // across * high])
        areas.append(Area(code=home, name=Line(f"Gemeente {number + 1}"), parent=None))
        figures[home] = edition.figures[edition.geography.codes_at(Level.GEMEENTE)[0]]
        for place, code in enumerate(wijken):
            own = AreaCode(f"WK{number + 1:04d}{place:02d}")
            areas.append(Area(code=own, name=Line(f"Wijk {place + 1} van {number + 1}"), parent=home))
            shapes[own] = shapely.transform(edition.shapes[code], lambda points, step=step: points + step)
            figures[own] = Figures(edition.figures[code].inhabitants, edition.figures[code].households, {})
    areas.sort(key=lambda area: area.code)
    geography = Geography(id=GeographyId("land"), year=2024, areas=tuple(areas))
    return Edition(geography, MappingProxyType(shapes), MappingProxyType(figures))
