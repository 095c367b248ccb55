"""A monitor of invented figures: the demo's region, registers, plan and noise, without the rounds between them."""

import tempfile
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np

from coordinator.combine import NoisyTable, noisy_tables
from coordinator.drafts import read_draft, study_of
from coordinator.geography.drawing import draw
from coordinator.geography.edition import Edition, make_edition
from coordinator.geography.features import read_maps
from coordinator.geography.key_figures import read_key_figures
from coordinator.geography.topology import SIMPLIFIED_M, TOLERANCE_M, Drawing
from coordinator.public_world import parse_rates
from coordinator.web.make_indicators import Released
from coordinator.web.make_monitor import LogHead, ReleasedStudy, make_monitor
from coordinator.web.monitor import Monitor
from coordinator.web.site import Site
from privacy.counts import CellCounts
from privacy.noise import NoiseSegment, add_noise
from protocol.digest import digest_of
from protocol.round.member import Reader
from protocol.round.opening import Opened
from protocol.signing import Purpose, sign
from protocol.study.declaration import Coverage, Declaration, Shortfall, SignedDeclaration, TableCoverage
from protocol.study.study import Study
from protocol.words.geography import Geography
from protocol.words.ids import GeographyId, Line, PartyId
from protocol.words.period import Period
from simulations.demo.plan import RECIPE, SEED, Calendar, rates_toml, study_toml
from simulations.population.households import make_population
from simulations.region import Region, make_region
from simulations.region.files import region_files
from simulations.registers.deliver import make_registers
from simulations.seeded import seeded_source
from simulations.world.agreement import OFFICER, YearAgreed, agree
from simulations.world.borders import Borders
from simulations.world.ground import Ground
from simulations.world.measures import MEASURES
from simulations.world.scenario import Scenario

CALENDAR = Calendar(date(2026, 11, 22))
NOT_DELIVERED = ("ggd-huishoudens-wijk", Period("2026-Q2"))  # so that a page has a gap
COLUMNS = {"gwb_code_10": "code", "regio": "naam", "a_inw": "inwoners", "a_hh": "huishoudens"}


@cache
def region() -> Region:
    return make_region(SEED)


@cache
def edition() -> Edition:
    with tempfile.TemporaryDirectory() as name:
        maps = []
        for file, body in region_files(region()).items():
            path = Path(name) / Path(file).name
            path.write_bytes(body)
            if path.suffix == ".geojson":
                maps.append(path)
        text = next(Path(name).glob("kerncijfers*.csv")).read_text()
        figures = read_key_figures(text, columns=COLUMNS, source="kerncijfers")
        drawing = Drawing(TOLERANCE_M, SIMPLIFIED_M, accept_gaps=False)
        return make_edition(GeographyId("gebieden"), 2024, read_maps(sorted(maps)), figures, drawing=drawing)


@cache
def world() -> YearAgreed:
    scenario = Scenario(format=1, title=Line("oefening"), years=1)
    return agree(scenario, 1, seed=SEED, geography=region().geography, previous=None)


@cache
def agreed() -> tuple[Reader, Study]:
    """Return the covenant of a world, in force on the demo's days, and the demo's study under it."""
    made = world()
    first, last = CALENDAR.valid
    covenant = made.covenant.model_copy(update={"valid_from": first, "valid_until": last})
    study = study_of(read_draft(study_toml(covenant, CALENDAR).encode(), source="x"), covenant, source="study.toml")
    return Reader(PartyId("gemeente"), covenant, region().geography, (), {digest_of(study): study}), study


@cache
def ground() -> Ground:
    years = [int(period[:4]) for period in CALENDAR.periods]
    population = make_population(region(), first_year=years[0], years=years[-1] - years[0] + 1)
    made = make_registers(region(), population, SEED, rates=RECIPE)
    return Ground(region(), population, {(each.partner, each.record): each for each in made})


@cache
def tables() -> tuple[NoisyTable, ...]:
    """Return the noisy tables of four rounds: true figures, with the plan's noise; one of them was not delivered."""
    reader, study = agreed()
    measures, borders = {each.id: each for each in MEASURES}, Borders(region().geography, {})
    found: list[NoisyTable] = []
    for period in CALENDAR.periods:
        grid = reader.grid(digest_of(study), period)
        of = {segment: study.table(segment.table) for segment in grid.segments}
        counts = [
            ground().true_figures(measures[table.measure], segment, table.level, borders)
            for segment, table in of.items()
        ]
        plan = tuple(NoiseSegment(table.variance.fraction, segment.size) for segment, table in of.items())
        noised = add_noise(CellCounts(np.concatenate(counts)), plan, seeded_source(SEED, "published", period))
        variances = {
            table.id: None if (table.id, period) == NOT_DELIVERED else table.variance.fraction for table in of.values()
        }
        found += noisy_tables(Opened(noised.values.copy()), grid, variances, period)
    return tuple(found)


def declared(study: Study) -> tuple[SignedDeclaration, ...]:
    """Return what every officer declared: all of it, apart from what was not delivered."""
    keys, found = world().keys.officers, []
    for period in CALENDAR.periods:
        for party in sorted({table.contributors[0] for table in study.tables}):
            own = [table.id for table in study.tables if party in table.contributors]
            parts = tuple(
                TableCoverage(table=each, coverage=Coverage.NONE, shortfall=Shortfall.LATE)
                if (each, period) == NOT_DELIVERED
                else TableCoverage(table=each, coverage=Coverage.COMPLETE, shortfall=None)
                for each in own
            )
            made = Declaration(study_digest=digest_of(study), period=period, party=party, officer=OFFICER, tables=parts)
            signature = sign(made.encode(), key=keys[party], purpose=Purpose.DECLARATION)
            found.append(SignedDeclaration(declaration=made, signature=signature))
    return tuple(found)


def geography() -> Geography:
    return edition().geography


def make(*, withdrawn: frozenset[Period] = frozenset(), released: int = 4, title: str | None = None) -> Monitor:
    """Return the monitor after some of the rounds. withdrawn: periods. title: of the study, when not the demo's."""
    reader, study = agreed()
    if title is not None:
        study = study.model_copy(update={"title": Line(title)})
    periods = CALENDAR.periods[:released]
    shown = tuple(table for table in tables() if table.counted_in in periods)
    made = Released(study, reader.covenant, geography(), (), shown, declared(study), withdrawn)
    rates = parse_rates(rates_toml(), source="rates.toml")
    studies = [ReleasedStudy(made, rates, frozenset(periods) - withdrawn)]
    return make_monitor(reader.covenant, edition(), draw(edition()), studies, LogHead(released, "ab" * 32))


@cache
def monitor() -> Monitor:
    return make()


def site(shown: Monitor | None = None) -> Site:
    """Return what is served: the demo's figures, or others."""
    found = shown or monitor()
    return Site(load=lambda: found, size=lambda: found.log_size)
