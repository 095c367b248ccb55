"""Computes: what the parties of a world agree on each year: a covenant version with fresh agreement keys, and a study.

The study keeps its id over the years, so that slots, late periods and books go on; each year's edition is signed under
that year's covenant version and approved anew.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from protocol.agreement import AgreementPrivateKey, agreement_private_key, public_agreement_key
from protocol.cost import cap_of
from protocol.covenant.covenant import Covenant, Unit
from protocol.covenant.party import Officer, PartnerType, Party, Role, WpgPermission
from protocol.covenant.rules import least_participants
from protocol.covenant.signed import SignedCovenant
from protocol.digest import digest_of
from protocol.ratio import Ratio
from protocol.signing import Purpose, SigningKey, public_key, sign, signing_key
from protocol.study.approval import Approval, Decision, SignedApproval
from protocol.study.declaration import Coverage, Declaration, Shortfall, SignedDeclaration, TableCoverage
from protocol.study.measure import Measure, Table
from protocol.study.study import ScheduledRound, Study
from protocol.words.geography import Geography, GeographyReference, Level
from protocol.words.ids import ApprovalKey, CovenantId, Digest, Line, MeasureId, OfficerId, PartyId, StudyId, TableId
from protocol.words.period import Period, PeriodLength, earlier, last_day
from simulations.first_light.agreement import sign_covenant
from simulations.seeded import seeded_source
from simulations.words import ORIGIN
from simulations.world.measures import CELL_BOUND, WorldMeasure, ground_of, measures_of
from simulations.world.scenario import Partner, Scenario

COORDINATOR, WITNESS = PartyId("gemeente"), PartyId("getuige-fg")
OFFICER = OfficerId("fg")
COVENANT, STUDY = CovenantId("wereld"), StudyId("wereld")
FIRST_YEAR = 2023  # of the covenants; its first round is about the last quarter before it
OPENS_AFTER_DAYS, DUE_AFTER_DAYS = 15, 14
MINIMUM_CHANGE = 2
DEFINITION = "Rijen met een datum in het kwartaal, zoals de partner ze registreert"
LEVELS = (Level.WIJK, Level.BUURT)
_NO_CAP = Fraction(9_000)  # nobody comes near it; an oracle that knows what the caps leave out


@dataclass(frozen=True, slots=True, repr=False)
class YearKeys:
    """Every party's keys in one year; the agreement keys are of that year alone."""

    identity: Mapping[PartyId, SigningKey]
    agreement: Mapping[PartyId, AgreementPrivateKey]
    officers: Mapping[PartyId, SigningKey]


@dataclass(frozen=True, slots=True, repr=False)
class YearAgreed:
    """What was signed for one year. uncapped: the same covenant with caps that leave nobody out; never signed."""

    number: int
    keys: YearKeys
    signed: SignedCovenant
    uncapped: Covenant
    geography: Geography
    study: Study

    @property
    def covenant(self) -> Covenant:
        """The covenant version."""
        return self.signed.covenant

    @property
    def study_digest(self) -> Digest:
        """The name of the study's edition."""
        return digest_of(self.study)


def periods_of(year: int) -> tuple[Period, ...]:
    """Return the periods of a year's four rounds: those that end before each quarter of it. year: from 1."""
    first = earlier(Period(f"{FIRST_YEAR}-Q1"), 1 - 4 * (year - 1))
    return tuple(earlier(first, -step) for step in range(4))


def opens_on(period: Period) -> date:
    """Return the day on which a period's round opens and its deliveries are in."""
    return last_day(period) + timedelta(days=OPENS_AFTER_DAYS)


def agree(
    scenario: Scenario, year: int, *, seed: int, geography: Geography, previous: SignedCovenant | None
) -> YearAgreed:
    """Return the covenant version of a year, signed by all, and the study under it."""
    names = scenario.members(year)
    keys = _keys(names, year, seed)
    before = None if previous is None else digest_of(previous.covenant)

    def covenant(cap: Fraction) -> Covenant:
        return _covenant(names, year, cap=cap, keys=keys, geography=geography, previous=before)

    agreed = covenant(scenario.cap_rho)
    study = make_study(agreed, names, year, lateness=scenario.lateness)
    return YearAgreed(year, keys, sign_covenant(agreed, keys.identity), covenant(_NO_CAP), geography, study)


def make_study(
    covenant: Covenant, names: Collection[Partner], year: int, *, lateness: int, less_noise: bool = False
) -> Study:
    """Return the study of a year. less_noise: the one that a lying coordinator would rather have."""
    measures = [measure for name in names for measure in measures_of(name)]
    tables = [_table(each, level, lateness, less_noise=less_noise) for each in measures for level in LEVELS]
    return Study(
        id=StudyId("wereld-extra") if less_noise else STUDY,
        title=Line(f"Meldingen per wijk, buurt en kwartaal ({ORIGIN})"),
        covenant_id=covenant.id,
        covenant_digest=digest_of(covenant),
        measures=tuple(_measure(each) for each in sorted(measures, key=lambda each: each.id)),
        tables=tuple(sorted(tables, key=lambda table: table.id)),
        schedule=tuple(
            ScheduledRound(period=period, opens=opens_on(period), due=opens_on(period) + timedelta(days=DUE_AFTER_DAYS))
            for period in periods_of(year)
        ),
        ring_bits=32,
        max_upload_bytes=64 << 20,
        publish_margin_percent=100,
    )


def approve(agreed: YearAgreed, partner: PartyId) -> SignedApproval:
    """Return the approval of a year's study by the partner's officer."""
    covenant = agreed.covenant
    approval = Approval(
        study_digest=agreed.study_digest,
        party=partner,
        officer=OFFICER,
        decision=Decision.APPROVED,
        decided_on=covenant.valid_from,
        valid_until=covenant.valid_until,
    )
    signature = sign(approval.encode(), key=agreed.keys.officers[partner], purpose=Purpose.APPROVAL)
    return SignedApproval(approval=approval, signature=signature)


def declare(
    agreed: YearAgreed, partner: PartyId, period: Period, *, missing: Mapping[Level, Shortfall]
) -> SignedDeclaration:
    """Return what the partner's officer declares of a delivery. missing: the levels of which nothing came, and why."""
    tables = tuple(
        TableCoverage(
            table=table.id,
            coverage=Coverage.NONE if table.level in missing else Coverage.COMPLETE,
            shortfall=missing.get(table.level),
        )
        for table in agreed.study.tables
        if partner in table.contributors
    )
    declaration = Declaration(
        study_digest=agreed.study_digest, period=period, party=partner, officer=OFFICER, tables=tables
    )
    signature = sign(declaration.encode(), key=agreed.keys.officers[partner], purpose=Purpose.DECLARATION)
    return SignedDeclaration(declaration=declaration, signature=signature)


def _keys(names: Collection[Partner], year: int, seed: int) -> YearKeys:
    def secret(*what: str) -> bytes:
        return seeded_source(seed, "world keys", *what).take(32, lane=0)

    participants = [PartyId(name) for name in names] + [WITNESS]
    return YearKeys(
        identity={party: signing_key(secret("identity", party)) for party in (*participants, COORDINATOR)},
        agreement={party: agreement_private_key(secret("agreement", party, str(year))) for party in participants},
        officers={PartyId(name): signing_key(secret("officer", name)) for name in names},
    )


def _covenant(
    names: Collection[Partner],
    year: int,
    *,
    cap: Fraction,
    keys: YearKeys,
    geography: Geography,
    previous: Digest | None,
) -> Covenant:
    ids = sorted([*(PartyId(name) for name in names), COORDINATOR, WITNESS])
    calendar = FIRST_YEAR + year - 1
    return Covenant(
        id=COVENANT,
        version=year,
        previous=previous,
        valid_from=date(calendar, 1, 1),
        valid_until=date(calendar, 12, 31),
        unit=Unit.HOUSEHOLD,
        geography=GeographyReference(id=geography.id, digest=digest_of(geography)),
        code_lists=(),
        parties=tuple(_party(party, cap, keys) for party in ids),
        joint_cap=cap_of(len(names) * cap),
        colluders=1,
        minimum_participants=least_participants(len(names) + 1, 1),
        minimum_change=MINIMUM_CHANGE,
        partners_per_unit=None,
        retention_years=7,
    )


def _party(party: PartyId, cap: Fraction, keys: YearKeys) -> Party:
    officer = keys.officers.get(party)
    role = Role.COORDINATOR if party == COORDINATOR else Role.WITNESS if officer is None else Role.PARTNER
    permission = WpgPermission(
        issuer=Line("Burgemeester (verzonnen)"), issued_on=date(2022, 12, 1), scope=Line("HGKM-incidenten per wijk")
    )
    officers = (
        ()
        if officer is None
        else (Officer(id=OFFICER, name=Line("F. Gees (verzonnen)"), key=ApprovalKey(public_key(officer))),)
    )
    return Party(
        id=party,
        name=Line(f"{party.capitalize()} (verzonnen)"),
        role=role,
        type=PartnerType(party) if role is Role.PARTNER else None,
        identity_key=public_key(keys.identity[party]),
        agreement_key=None if role is Role.COORDINATOR else public_agreement_key(keys.agreement[party]),
        officers=officers,
        purpose=Line("Beleidsinformatie over huiselijk geweld en kindermishandeling"),
        legal_ground=Line(ground_of(party)),
        wpg_permission=permission if party == "politie" else None,
        yearly_cap=cap_of(cap if role is Role.PARTNER else Fraction(0)),
        run_by_coordinator=False,
    )


def _measure(measure: WorldMeasure) -> Measure:
    return Measure(
        id=MeasureId(measure.id),
        kind=measure.kind,
        question=Line(measure.question),
        definition=Line(DEFINITION),
        most_per_cell=measure.most_per_cell,
        most_options=None,
    )


def _table(measure: WorldMeasure, level: Level, lateness: int, *, less_noise: bool) -> Table:
    variance = measure.wijk_variance if level is Level.WIJK else measure.buurt_variance
    return Table(
        id=TableId(f"{measure.id}-{level}"),
        measure=MeasureId(measure.id),
        level=level,
        period_length=PeriodLength.QUARTER,
        categories=None,
        lateness=lateness,
        contributors=(PartyId(measure.partner),),
        most_cells=1 + lateness,
        variance=Ratio.of(4 if less_noise else variance),
        cell_bound=CELL_BOUND,
        joined_types_reason=None,
    )
