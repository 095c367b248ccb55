"""Studies of a fictional gemeente for the planner: the covenant of first light, with a year of rounds."""

from datetime import date
from fractions import Fraction
from functools import cache

from coordinator.planner.forecast import PublicWorld
from coordinator.planner.plan import reader_of
from coordinator.planner.public_model import DEFAULT_RATES, AreaFigures, PublicRate
from protocol.covenant.covenant import Covenant
from protocol.covenant.party import PartnerType
from protocol.digest import digest_of
from protocol.ratio import Ratio
from protocol.round.member import Reader
from protocol.signing import public_key, signing_key
from protocol.study.measure import Measure, MeasureKind, Table
from protocol.study.study import ScheduledRound, Study
from protocol.words.geography import AreaCode, Geography, Level
from protocol.words.ids import AgreementKey, Line, MeasureId, PartyId, StudyId, TableId
from protocol.words.period import Period, PeriodLength
from simulations.first_light import agreement
from simulations.region import Region, make_region
from tests import example

VT = PartyId("veilig-thuis")
MELDINGEN, CASUSSEN = MeasureId("vt-meldingen"), MeasureId("vt-casussen")
MONTHS = (("2025-12", 1), *((f"2026-{month:02d}", month + 1) for month in range(1, 12)))
QUARTERS = (("2025-Q4", 1), ("2026-Q1", 4), ("2026-Q2", 7), ("2026-Q3", 10))


@cache
def region() -> Region:
    return make_region(1)


def figures(of: Region) -> dict[AreaCode, AreaFigures]:
    """Return the published figures of every gemeente, wijk and buurt."""
    people: dict[AreaCode, AreaFigures] = {}
    rows = zip(of.buurten.codes, of.buurten.inhabitants.tolist(), of.buurten.households.tolist(), strict=True)
    for code, inhabitants, households in rows:
        for area in (code, AreaCode("WK" + code[2:8]), AreaCode("GM" + code[2:6])):
            before = people.get(area, AreaFigures(0, 0))
            people[area] = AreaFigures(before.inhabitants + inhabitants, before.households + households)
    return people


def world(*, rate: PublicRate = DEFAULT_RATES[PartnerType.VEILIG_THUIS]) -> PublicWorld:
    return PublicWorld(figures(region()), {MELDINGEN: rate, CASUSSEN: rate})


@cache
def covenant() -> Covenant:
    of = region().geography
    keys = {
        party: (public_key(signing_key(example.secret(f"plan {party}"))), AgreementKey(example.agreement_hex(party)))
        for party in (agreement.COORDINATOR, *agreement.PARTICIPANTS)
    }
    officers = {party: public_key(signing_key(example.secret(f"officer {party}"))) for party in agreement.PARTNERS}
    return agreement.make_covenant(keys, officers, of)  # type: ignore[arg-type]  # an officer's key has the same form


def measure(name: MeasureId, *, most: int) -> Measure:
    kind = MeasureKind.UNITS if name == CASUSSEN else MeasureKind.EVENTS
    line = Line("Oefening")
    return Measure(id=name, kind=kind, question=line, definition=line, most_per_cell=most, most_options=None)


def table(
    name: MeasureId, variance: int, *, level: Level = Level.WIJK, length: PeriodLength = PeriodLength.QUARTER
) -> Table:
    return Table(
        id=TableId(f"{name}-{level.value}"),
        measure=name,
        level=level,
        period_length=length,
        categories=None,
        lateness=0,
        contributors=(VT,),
        most_cells=1,
        variance=Ratio.of(Fraction(variance)),
        cell_bound=10_000,
        joined_types_reason=None,
    )


def study(*tables: Table, most: int = 4, margin_percent: int = 100) -> Study:
    """Return a study of a year of quarters, or months. most: events of one household in each."""
    names = sorted({entry.measure for entry in tables})
    return Study(
        id=StudyId("plan-2026"),
        title=Line("Oefening van de planner"),
        covenant_id=covenant().id,
        covenant_digest=digest_of(covenant()),
        measures=tuple(measure(name, most=1 if name == CASUSSEN else most) for name in names),
        tables=tuple(sorted(tables, key=lambda entry: entry.id)),
        schedule=tuple(
            ScheduledRound(period=Period(name), opens=date(2026, month, 12), due=date(2026, month, 28))
            for name, month in (MONTHS if tables[0].period_length is PeriodLength.MONTH else QUARTERS)
        ),
        ring_bits=32,
        max_upload_bytes=64 << 20,
        publish_margin_percent=margin_percent,
    )


def reader(of: Study, geography: Geography | None = None) -> Reader:
    empty = Reader(agreement.COORDINATOR, covenant(), geography or region().geography, (), {})
    return reader_of(of, empty)
