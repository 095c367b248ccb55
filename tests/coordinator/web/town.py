"""A town for the monitor's tests: an invented region with four quarters of counts that are written down here.

Nothing is drawn by chance but the noise, which is seeded. Each state that a page must show is somewhere in it.
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from coordinator.combine import NoisyTable
from coordinator.estimates.context_file import NOTHING_TOLD, ContextFile
from coordinator.geography.drawing import draw
from coordinator.geography.edition import Edition, make_edition
from coordinator.geography.features import read_maps
from coordinator.geography.key_figures import read_key_figures
from coordinator.geography.topology import Drawing
from coordinator.planner.public_model import PublicRate
from coordinator.web.make_indicators import Released
from coordinator.web.make_monitor import LogHead, ReleasedStudy, make_monitor
from coordinator.web.monitor import IndicatorId, Monitor
from privacy.counts import NoisedCounts
from protocol.study.declaration import Coverage, Declaration, Shortfall, SignedDeclaration, TableCoverage
from protocol.study.measure import MeasureKind, Table
from protocol.study.study import ScheduledRound, Study
from protocol.words.geography import AreaCode, Level
from protocol.words.ids import Line, MeasureId, OfficerId, PartyId, TableId
from protocol.words.period import Period
from simulations.region import make_region
from simulations.region.files import region_files
from tests import example

QUARTERS = tuple(Period(f"2025-Q{number}") for number in (1, 2, 3, 4))
MAIN, JOINT, WHOLE_ONLY = IndicatorId("meldingen"), IndicatorId("verzuim"), IndicatorId("incidenten")
LOW, STRIKING = -9, -31_337  # what the release does not show: as it may be, and as it can be found anywhere
HIDDEN = AreaCode("WK990105")  # whose figure of the last quarter that is
BUSY = (AreaCode("WK990101"), AreaCode("WK990103"), AreaCode("WK990106"), AreaCode("WK990108"), AreaCode("WK990110"))
QUIET = AreaCode("WK990112")
NOT_DELIVERED = Period("2025-Q2")  # of the schools
RATE = 0.008  # a quarter and inhabitant; in BUSY three times as many
COLUMNS = {"gwb_code_10": "code", "regio": "naam", "a_inw": "inwoners", "a_hh": "huishoudens"}
VARIANCE = 64


@lru_cache(maxsize=1)
def edition() -> Edition:
    """Return the areas of an invented region of 19 wijken and 79 buurten."""
    region = make_region(1)
    with TemporaryDirectory() as folder:
        paths = []
        figures = ""
        for name, body in region_files(region).items():
            if name.endswith(".geojson"):
                paths.append(Path(folder) / name)
                paths[-1].write_bytes(body)
            elif name.startswith("kerncijfers"):
                figures = body.decode()
        told = read_key_figures(figures, columns=COLUMNS, source="kerncijfers")
        return make_edition(region.geography.id, 2024, read_maps(paths), told, drawing=Drawing())


def study(*, title: str = "Oefengegevens", question: str = "Huishoudens met een melding") -> Study:
    """Return the study: reports by wijk and buurt, absences of three schools by wijk, incidents by gemeente."""
    made = example.study()
    measures = (
        example.measure("incidenten", MeasureKind.EVENTS, most=3),
        example.measure("meldingen", MeasureKind.UNITS).model_copy(update={"question": Line(question)}),
        example.measure("verzuim", MeasureKind.UNITS),
    )
    tables = (
        _table("a-incidenten", "incidenten", (example.POLICE,), Level.GEMEENTE),
        _table("b-meldingen-buurt", "meldingen", (example.VT,), Level.BUURT),
        _table("c-meldingen-wijk", "meldingen", (example.VT,), Level.WIJK).model_copy(update={"lateness": 1}),
        _table("d-verzuim", "verzuim", example.SCHOOLS, Level.WIJK),
    )
    rounds = tuple(
        ScheduledRound(period=period, opens=date(2026, 1, 10 + place), due=date(2026, 2, 10 + place))
        for place, period in enumerate(QUARTERS)
    )
    changes = {"title": Line(title), "measures": measures, "tables": tables, "schedule": rounds}
    return made.model_copy(update={**changes, "publish_margin_percent": 100})


def town(
    *,
    withdrawn: frozenset[Period] = frozenset(),
    rounds: int = 4,
    title: str = "Oefengegevens",
    question: str = "Huishoudens met een melding",
    low: int = LOW,
    unreleased: frozenset[Period] = frozenset(),
    studies: int = 1,
    told: ContextFile = NOTHING_TOLD,
) -> Monitor:
    """Return the monitor of the town. rounds: how many quarters were released. low: the figure that is not shown.

    unreleased: quarters between of which there is no release. studies: among which the quarters are divided, in order.
    told: breaks and dates of the operator.
    """
    chosen, covenant, areas = study(title=title, question=question), example.covenant(), edition()
    chance = np.random.default_rng(7)
    periods = tuple(period for period in QUARTERS[:rounds] if period not in unreleased)
    tables = [_counted(table, period, chance, low) for period in periods for table in chosen.tables]
    late = next(table for table in chosen.tables if table.lateness)
    tables += [_late(late, before, period, chance) for before, period in pairwise(periods)]
    parties = (*example.SCHOOLS, example.VT, example.POLICE)
    declared = tuple(_declared(chosen, party, period) for period in periods for party in parties)
    rates = {MeasureId("meldingen"): PublicRate(7.0, 0.3, "aanname")}
    made = []
    for part in np.array_split(np.array(QUARTERS), studies):
        own = frozenset(Period(str(period)) for period in part)
        plan = chosen.model_copy(update={"schedule": tuple(entry for entry in chosen.schedule if entry.period in own)})
        opened = tuple(table for table in tables if table.period in own)
        said = tuple(signed for signed in declared if signed.declaration.period in own)
        released = Released(plan, covenant, areas.geography, (example.code_list(),), opened, said, withdrawn)
        made.append(ReleasedStudy(released, rates, own.intersection(periods) - withdrawn))
    return make_monitor(covenant, areas, draw(areas), made, LogHead(9, "ab" * 32), told=told)


def expected(code: AreaCode) -> float:
    """Return what a quarter has of an area."""
    people = edition().figures[code].inhabitants or 0
    wijk = AreaCode("WK" + code[2:8])
    return people * RATE * (3.0 if wijk in BUSY else 0.2 if wijk == QUIET else 1.0)


def _codes(level: Level) -> tuple[AreaCode, ...]:
    return edition().geography.codes_at(level)


def _counted(table: Table, period: Period, chance: np.random.Generator, low: int) -> NoisyTable:
    codes = _codes(table.level)
    if table.level is Level.GEMEENTE:
        true = [sum(expected(code) for code in _codes(Level.WIJK))]
    else:
        true = [expected(code) for code in codes]
    value = np.rint(np.array(true) + chance.normal(0, VARIANCE**0.5, len(codes))).astype(np.int64)
    if table.id == "c-meldingen-wijk" and period == QUARTERS[-1]:
        value[codes.index(HIDDEN)] = low
    lost = table.contributors == example.SCHOOLS and period == NOT_DELIVERED
    return _noisy(table, period, period, value, None if lost else Fraction(VARIANCE))


def _late(table: Table, period: Period, counted_in: Period, chance: np.random.Generator) -> NoisyTable:
    value = np.rint(chance.normal(1, 3, len(_codes(table.level)))).astype(np.int64)
    return _noisy(table, period, counted_in, value, Fraction(9))


def _noisy(
    table: Table, period: Period, counted_in: Period, value: NDArray[np.int64], variance: Fraction | None
) -> NoisyTable:
    return NoisyTable(table.id, period, counted_in, _codes(table.level), (None,), NoisedCounts(value), variance)


def _declared(chosen: Study, party: PartyId, period: Period) -> SignedDeclaration:
    """Declare all complete; one school delivers nothing in the last quarter, and none in the quarter that is lost."""
    is_school = party in example.SCHOOLS
    nothing = is_school and (period == NOT_DELIVERED or (party == example.SCHOOLS[0] and period == QUARTERS[-1]))
    coverage = Coverage.NONE if nothing else Coverage.COMPLETE
    made = Declaration(
        study_digest=example.signed_declaration().declaration.study_digest,
        period=period,
        party=party,
        officer=OfficerId("fg"),
        tables=tuple(
            TableCoverage(table=table.id, coverage=coverage, shortfall=Shortfall.LATE if nothing else None)
            for table in chosen.tables
            if party in table.contributors
        ),
    )
    return example.signed_declaration(made)


def _table(name: str, measure: str, contributors: Sequence[PartyId], level: Level) -> Table:
    made = example.table(name, measure, tuple(contributors), variance=VARIANCE)
    return made.model_copy(update={"level": level, "id": TableId(name)})
