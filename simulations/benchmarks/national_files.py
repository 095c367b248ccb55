"""Touches the world: how long the import of the national map of wijken takes, and the planner for one gemeente."""

import gzip
import json
import time
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from coordinator.geography.edition import make_edition
from coordinator.geography.features import read_maps
from coordinator.geography.topology import Drawing
from coordinator.planner.forecast import PublicWorld
from coordinator.planner.plan import precision
from coordinator.planner.public_model import AreaFigures, PublicRate
from protocol.digest import digest_of
from protocol.ratio import Ratio
from protocol.round.member import Reader
from protocol.study.measure import Table
from protocol.study.study import ScheduledRound, Study
from protocol.words.geography import Area, AreaCode, Geography, GeographyReference
from protocol.words.ids import GeographyId, PartyId
from protocol.words.period import Period
from simulations.benchmarks import national_world as world
from simulations.benchmarks.result import Result, cpu_ms, less_is_better

FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "geo" / "nl_wijken_2024.geojson.gz"
# The file at hand is derived from drawings of each gemeente, so that neighbours differ by up to 150 m.
DRAWING = Drawing(tolerance_m=150, simplified_m=50, accept_gaps=True)
SIDE_M, ROW = 1_000, 60  # squares, where there is no file
ORIGIN_M = (20_000, 310_000)
POINTS = 12  # on each side of a square: as many in all as the published map has
ONE = 19, 79  # wijken and buurten of a gemeente of 160,000 inhabitants
PEOPLE, PER_HOUSEHOLD = 2_000, 2


def national_wijken() -> tuple[Result, ...]:
    """Import the wijken of the Netherlands: read, check, mend and simplify."""
    with TemporaryDirectory() as folder:
        path = FILE
        if not path.is_file():
            path = Path(folder) / "squares.geojson.gz"
            path.write_bytes(gzip.compress(json.dumps(_squares()).encode()))
        started = time.perf_counter()
        edition = make_edition(GeographyId("nederland"), 2024, read_maps([path]), {}, drawing=DRAWING)
        took_s = time.perf_counter() - started
    areas = len(edition.geography.areas)
    return (
        less_is_better(
            "national_wijken", ours=took_s, peer=None, peer_name="-", unit=f"s wall, {areas} areas", limit="<= 30"
        ),
    )


def national_planner() -> tuple[Result, ...]:
    """Plan 20 tables of buurten for one gemeente over four quarters."""
    reader, planned = _gemeente()
    figures = {area.code: AreaFigures(PEOPLE, PEOPLE // PER_HOUSEHOLD) for area in reader.geography.areas}
    public = PublicWorld(figures, {measure.id: PublicRate(6.0, 0.56, "assumed") for measure in planned.measures})
    ours, _ = cpu_ms(lambda: precision(planned, reader, public))
    return (
        less_is_better(
            "national_planner", ours=ours / 1e3, peer=None, peer_name="-", unit="s CPU, 20 tables", limit="<= 2"
        ),
    )


def _gemeente() -> tuple[Reader, Study]:
    """Return one gemeente and a study of 20 tables of buurten by a partner each."""
    wijken = [f"0479{number:02d}" for number in range(ONE[0])]
    buurten = [f"{wijken[number % ONE[0]]}{number // ONE[0]:02d}" for number in range(ONE[1])]
    rows = [("GM0479", None), *((f"WK{code}", "GM0479") for code in wijken)]
    rows += [(f"BU{code}", f"WK{code[:6]}") for code in buurten]
    template = world.geography().areas[0]
    areas = tuple(
        Area(code=AreaCode(code), name=template.name, parent=None if parent is None else AreaCode(parent))
        for code, parent in sorted(rows, key=lambda row: row[0])
    )
    geography = Geography(id=GeographyId("gemeente"), year=2024, areas=areas)
    national = world.covenant(geography)
    agreed = national.model_copy(update={"geography": GeographyReference(id=geography.id, digest=digest_of(geography))})
    quarters = (("2025-Q4", 1), ("2026-Q1", 4), ("2026-Q2", 7), ("2026-Q3", 10))
    planned = world.study(agreed).model_copy(
        update={
            "tables": _tables(agreed.participants, world.study(agreed).tables),
            "schedule": tuple(
                ScheduledRound(period=Period(name), opens=date(2026, month, 12), due=date(2026, month, 28))
                for name, month in quarters
            ),
        }
    )
    return Reader(world.COORDINATOR, agreed, geography, (), {digest_of(planned): planned}), planned


def _tables(parties: tuple[PartyId, ...], tables: tuple[Table, ...]) -> tuple[Table, ...]:
    """Return the tables of buurten, one a measure, each by its own partner."""
    chosen = tables[len(world.LEVELS) - 1 :: len(world.LEVELS)]
    return tuple(
        table.model_copy(update={"contributors": (party,), "variance": Ratio.of(Fraction(60))})
        for table, party in zip(chosen, parties, strict=False)
    )


def _squares() -> dict[str, object]:
    """Return a map of as many squares as there are wijken, with CBS's column names."""
    codes = [area.code for area in world.geography().areas if area.code.startswith("WK")]
    return {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}},
        "features": [
            {
                "type": "Feature",
                "properties": {"wijkcode": code, "wijknaam": f"Wijk {code}", "gemeentecode": f"GM{code[2:6]}"},
                "geometry": {"type": "Polygon", "coordinates": [list(_ring(place % ROW, place // ROW))]},
            }
            for place, code in enumerate(codes)
        ],
    }


def _ring(column: int, row: int) -> Iterator[tuple[float, float]]:
    """Yield the corners of a square and the points between them, back to the first."""
    corners = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
    for (left, low), (right, high) in pairwise(corners):
        for step in range(POINTS):
            across, up = left + (right - left) * step / POINTS, low + (high - low) * step / POINTS
            yield ORIGIN_M[0] + SIDE_M * (column + across), ORIGIN_M[1] + SIDE_M * (row + up)
    yield ORIGIN_M[0] + SIDE_M * column, ORIGIN_M[1] + SIDE_M * row
