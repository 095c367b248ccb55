"""Computes: a school's agreement with all four kinds of measure, late periods, a joint table and a cap that is felt."""

from fractions import Fraction
from functools import cache

from partner_node.delivery.mapping import Mapping, parse_mapping
from partner_node.profiles.school import SCHOOL, VERZUIM
from protocol.covenant.covenant import Covenant
from protocol.digest import digest_of
from protocol.ratio import Ratio
from protocol.round.member import Member
from protocol.study.measure import Measure, MeasureKind, Table
from protocol.study.rules import check_study
from protocol.study.study import Study
from protocol.words.code_list import CodeListReference
from protocol.words.geography import GeographyReference, Level
from protocol.words.ids import CodeListId, Digest, MeasureId, PartyId, TableId
from protocol.words.period import Period, PeriodLength
from tests import example
from tests.partner_node.delivery.files import geography

OWN = example.SCHOOLS[0]
PERIODS = (Period("2026-Q1"), Period("2026-Q2"))
# Written out from the bounds below: the largest sum of squares that one household can add to a table in one round.
# Reports: 2 cells of at most 2. Households: 1 cell. Kinds: 2 wijken of 2 kinds. Hours: 2 cells of at most 40.
DECLARED = {"meldingen": 8, "huishoudens": 1, "soorten": 4, "uren": 3_200}
VARIANCES = {"meldingen": 40, "huishoudens": 60, "soorten": 50, "uren": 25_000}
MULTIPLICITY = {"huishoudens": 2}  # partners_per_unit of the covenant, for the joint table
CAP = 250_000_000  # nano-rho; the heaviest household would pay 0.1 + 0.0167 + 0.04 + 0.064 in each of two rounds
MAPPING = """
format = 1
profile = "school"
route = "household"

[record.verzuimmelding]
files = ["verzuim.csv"]

[record.verzuimmelding.columns]
meldingnummer = "Meldingnummer"
huishouden = "Gezinsnummer"
buurt = "Buurtcode"
datum = "Datum melding"
soort = "Soort verzuim"
uren = "Aantal uren"
"""


@cache
def covenant() -> Covenant:
    """Return the example's covenant over the delivery's geography and the school's code list."""
    place, plain = geography(), example.covenant()
    changed = plain.model_copy(
        update={
            "geography": GeographyReference(id=place.id, digest=digest_of(place)),
            "code_lists": (CodeListReference(id=VERZUIM.codes.id, digest=digest_of(VERZUIM.codes)),),
        }
    )
    return Covenant.parse(changed.encode())


@cache
def study() -> Study:
    """Return the study; it keeps the rules of a study."""
    kinds = {
        "school-huishoudens": (MeasureKind.UNITS, 1, None),
        "school-meldingen": (MeasureKind.EVENTS, 2, None),
        "school-uren": (MeasureKind.SUM, 40, None),
        "school-verzuim": (MeasureKind.MULTI, 1, 2),
    }
    tables = (
        _table("huishoudens", "school-huishoudens", cells=1, contributors=example.SCHOOLS),
        _table("meldingen", "school-meldingen", cells=2, lateness=1),
        _table("soorten", "school-verzuim", cells=4, categories=VERZUIM.codes.id),
        _table("uren", "school-uren", cells=2),
    )
    plain = example.study(covenant())
    made = plain.model_copy(
        update={
            "measures": tuple(_measure(name, *terms) for name, terms in sorted(kinds.items())),
            "tables": tables,
        }
    )
    check_study(made, covenant())
    return Study.parse(made.encode())


def study_digest() -> Digest:
    return digest_of(study())


def member(party: PartyId) -> Member:
    """Return a party that approved the study."""
    return Member(
        party, covenant(), geography(), (VERZUIM.codes,), {study_digest(): study()}, example.signing_key(party)
    )


@cache
def mapping() -> Mapping:
    return parse_mapping(MAPPING)


def price(table: str) -> Fraction:
    """Return what one square costs, in nano-rho: m / (2 sigma^2)."""
    return Fraction(10**9 * MULTIPLICITY.get(table, 1), 2 * VARIANCES[table])


def _measure(name: str, kind: MeasureKind, most: int, options: int | None) -> Measure:
    assert name in {measure.id for measure in SCHOOL.measures}
    return example.measure(name, kind, most, options)


def _table(
    name: str,
    measure: str,
    *,
    cells: int,
    contributors: tuple[PartyId, ...] = (OWN,),
    lateness: int = 0,
    categories: CodeListId | None = None,
) -> Table:
    return Table(
        id=TableId(name),
        measure=MeasureId(measure),
        level=Level.WIJK,
        period_length=PeriodLength.QUARTER,
        categories=categories,
        lateness=lateness,
        contributors=contributors,
        most_cells=cells,
        variance=Ratio.of(VARIANCES[name]),
        cell_bound=10_000,
        joined_types_reason=None,
    )
