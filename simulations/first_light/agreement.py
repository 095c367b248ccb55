"""Computes: what the parties of first light agree on: a covenant and one study with two own tables for each partner."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

from partner_node.profiles.politie import POLITIE
from partner_node.profiles.profile import Profile
from partner_node.profiles.school import SCHOOL
from partner_node.profiles.veilig_thuis import VEILIG_THUIS
from protocol.cost import cap_of
from protocol.covenant.covenant import Covenant, Unit
from protocol.covenant.party import Officer, Party, Role, WpgPermission
from protocol.covenant.signed import PartySignature, SignedCovenant
from protocol.digest import digest_of
from protocol.ratio import Ratio
from protocol.signing import Purpose, SigningKey, sign
from protocol.study.approval import Approval, Decision, SignedApproval
from protocol.study.declaration import Coverage, Declaration, SignedDeclaration, TableCoverage
from protocol.study.measure import Measure, MeasureKind, Table
from protocol.study.study import ScheduledRound, SignedStudy, Study
from protocol.words.geography import Geography, GeographyReference, Level
from protocol.words.ids import (
    AgreementKey,
    ApprovalKey,
    CovenantId,
    IdentityKey,
    Line,
    MeasureId,
    OfficerId,
    PartyId,
    StudyId,
    TableId,
)
from protocol.words.period import Period, PeriodLength

COORDINATOR, WITNESS = PartyId("gemeente"), PartyId("getuige-fg")
PARTNERS: Mapping[PartyId, Profile] = {
    PartyId("politie"): POLITIE,
    PartyId("school"): SCHOOL,
    PartyId("veilig-thuis"): VEILIG_THUIS,
}
PARTICIPANTS = tuple(sorted([*PARTNERS, WITNESS]))
NAMES = {
    COORDINATOR: "Gemeente (verzonnen)",
    WITNESS: "Getuige van de FG (verzonnen)",
    PartyId("politie"): "Politie (verzonnen)",
    PartyId("school"): "School (verzonnen)",
    PartyId("veilig-thuis"): "Veilig Thuis (verzonnen)",
}
OFFICER = OfficerId("fg")
PERIOD = Period("2025-Q4")
SIGNED_ON = date(2026, 1, 5)
OPENS, DUE = date(2026, 1, 12), date(2026, 1, 30)
CAP = Fraction(1, 4)  # the default of DESIGN 4
# Of each partner: its measure of units with sigma^2 = 9, and of events, at most 2 of one household, with 16. Who is in
# both tables with two events pays 1/18 + 4/32 = 0.18 of its 0.25.
MEASURES = {
    PartyId("politie"): ("politie-huishoudens", "politie-incidenten"),
    PartyId("school"): ("school-huishoudens", "school-meldingen"),
    PartyId("veilig-thuis"): ("vt-casussen", "vt-meldingen"),
}
UNITS_VARIANCE, EVENTS_VARIANCE, MOST_EVENTS = 9, 16, 2
CELL_BOUND = 10_000  # no wijk has more households


def make_covenant(
    public: Mapping[PartyId, tuple[IdentityKey, AgreementKey]],
    officers: Mapping[PartyId, ApprovalKey],
    geography: Geography,
) -> Covenant:
    """Return the covenant of five fictional parties; t = 1 and n_min = 4: nobody can be missed."""
    parties = tuple(_party(party, public[party], officers.get(party)) for party in sorted(NAMES))
    return Covenant(
        id=CovenantId("eerste-licht"),
        version=1,
        previous=None,
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        unit=Unit.HOUSEHOLD,
        geography=GeographyReference(id=geography.id, digest=digest_of(geography)),
        code_lists=(),
        parties=parties,
        joint_cap=cap_of(len(PARTNERS) * CAP),
        colluders=1,
        minimum_participants=len(PARTICIPANTS),
        minimum_change=2,
        partners_per_unit=None,
        retention_years=7,
    )


def make_study(covenant: Covenant) -> Study:
    """Return the study: units and events of each partner, by wijk and quarter."""
    measures, tables = [], []
    for partner, (units, events) in MEASURES.items():
        measures += [_measure(partner, units), _measure(partner, events)]
        tables += [_table(partner, units, UNITS_VARIANCE), _table(partner, events, EVENTS_VARIANCE)]
    return Study(
        id=StudyId("eerste-licht-2026"),
        title=Line("Eerste licht: meldingen per wijk en kwartaal (oefengegevens)"),
        covenant_id=covenant.id,
        covenant_digest=digest_of(covenant),
        measures=tuple(sorted(measures, key=lambda measure: measure.id)),
        tables=tuple(sorted(tables, key=lambda table: table.id)),
        schedule=(ScheduledRound(period=PERIOD, opens=OPENS, due=DUE),),
        ring_bits=32,
        max_upload_bytes=64 << 20,
        publish_margin_percent=100,
    )


def sign_covenant(covenant: Covenant, keys: Mapping[PartyId, SigningKey]) -> SignedCovenant:
    """Return the covenant with the signature of each party."""
    body = covenant.encode()
    signatures = tuple(
        PartySignature(signer=party.id, signature=sign(body, key=keys[party.id], purpose=Purpose.COVENANT))
        for party in covenant.parties
    )
    return SignedCovenant(covenant=covenant, signatures=signatures)


def sign_study(study: Study, key: SigningKey) -> SignedStudy:
    """Return the study with the coordinator's signature."""
    return SignedStudy(study=study, signature=sign(study.encode(), key=key, purpose=Purpose.STUDY))


def approve(study: Study, partner: PartyId, key: SigningKey) -> SignedApproval:
    """Return the approval by the partner's officer."""
    approval = Approval(
        study_digest=digest_of(study),
        party=partner,
        officer=OFFICER,
        decision=Decision.APPROVED,
        decided_on=SIGNED_ON,
        valid_until=date(2026, 12, 31),
    )
    return SignedApproval(approval=approval, signature=sign(approval.encode(), key=key, purpose=Purpose.APPROVAL))


def declare(study: Study, partner: PartyId, key: SigningKey) -> SignedDeclaration:
    """Return the officer's declaration that both tables of the partner are complete."""
    tables = tuple(
        TableCoverage(table=table.id, coverage=Coverage.COMPLETE, shortfall=None)
        for table in study.tables
        if partner in table.contributors
    )
    declaration = Declaration(
        study_digest=digest_of(study), period=PERIOD, party=partner, officer=OFFICER, tables=tables
    )
    signature = sign(declaration.encode(), key=key, purpose=Purpose.DECLARATION)
    return SignedDeclaration(declaration=declaration, signature=signature)


def _party(party: PartyId, public: tuple[IdentityKey, AgreementKey], officer: ApprovalKey | None) -> Party:
    profile = PARTNERS.get(party)
    role = Role.COORDINATOR if party == COORDINATOR else Role.WITNESS if profile is None else Role.PARTNER
    permission = WpgPermission(
        issuer=Line("Burgemeester (verzonnen)"), issued_on=date(2025, 12, 1), scope=Line("HGKM-incidenten per wijk")
    )
    return Party(
        id=party,
        name=Line(NAMES[party]),
        role=role,
        type=None if profile is None else profile.partner,
        identity_key=public[0],
        agreement_key=None if role is Role.COORDINATOR else public[1],
        officers=() if officer is None else (Officer(id=OFFICER, name=Line("F. Gees (verzonnen)"), key=officer),),
        purpose=Line("Beleidsinformatie over huiselijk geweld en kindermishandeling"),
        legal_ground=Line("Wmo 2015 art. 4.2.12" if profile is None else profile.ground),
        wpg_permission=permission if profile is not None and profile.wpg else None,
        yearly_cap=cap_of(CAP if role is Role.PARTNER else Fraction(0)),
        run_by_coordinator=False,
    )


def _measure(partner: PartyId, name: str) -> Measure:
    found = next(measure for measure in PARTNERS[partner].measures if measure.id == name)
    return Measure(
        id=found.id,
        kind=found.kind,
        question=Line(found.question_nl),
        definition=Line("Rijen met een datum in het kwartaal, zoals de partner ze registreert"),
        most_per_cell=MOST_EVENTS if found.kind is MeasureKind.EVENTS else 1,
        most_options=None,
    )


def _table(partner: PartyId, name: str, variance: int) -> Table:
    return Table(
        id=TableId(f"{name}-wijk"),
        measure=MeasureId(name),
        level=Level.WIJK,
        period_length=PeriodLength.QUARTER,
        categories=None,
        lateness=0,
        contributors=(partner,),
        most_cells=1,
        variance=Ratio.of(variance),
        cell_bound=CELL_BOUND,
        joined_types_reason=None,
    )
