"""A small agreement that holds, for every test that needs one: fictional areas, four partners, a witness, all signed.

Keys come from their labels, so that vectors never change. Wijk codes begin with GM99, which CBS has never used.
"""

from datetime import date
from fractions import Fraction
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from protocol.cost import cap_of
from protocol.covenant.covenant import Covenant, Unit
from protocol.covenant.party import Officer, PartnerType, Party, Role, WpgPermission
from protocol.covenant.signed import PartySignature, SignedCovenant
from protocol.digest import digest_of
from protocol.ratio import Ratio
from protocol.release import NotShown, Release, ReleasedCell, ReleasedTable
from protocol.second_person import SecondSignature
from protocol.second_person import second_signature as sign_second
from protocol.signing import Purpose, sign
from protocol.study.approval import Approval, Decision, SignedApproval
from protocol.study.declaration import Coverage, Declaration, Shortfall, SignedDeclaration, TableCoverage
from protocol.study.grid import Grid, build_grid
from protocol.study.measure import Measure, MeasureKind, Table
from protocol.study.study import ScheduledRound, SignedStudy, Study, slot_of
from protocol.words.code_list import CodeItem, CodeList, CodeListReference
from protocol.words.geography import Area, AreaCode, Geography, GeographyReference, Level
from protocol.words.ids import (
    AgreementKey,
    ApprovalKey,
    Code,
    CodeListId,
    CovenantId,
    Digest,
    GeographyId,
    IdentityKey,
    Line,
    MeasureId,
    OfficerId,
    PartyId,
    StudyId,
    TableId,
)
from protocol.words.period import Period, PeriodLength

VT = PartyId("vt-noord")
POLICE = PartyId("politie-noord")
SCHOOLS = (PartyId("school-a"), PartyId("school-b"), PartyId("school-c"))
WITNESS = PartyId("witness-fg")
COORDINATOR = PartyId("gemeente")
SECOND = OfficerId("tweede")  # of the coordinator, in the covenant with a second person
QUARTER = Period("2026-Q1")
SIGNING_DAY = date(2026, 2, 1)


def secret(label: str) -> bytes:
    """Return 32 bytes that belong to a label."""
    return sha256(b"samenzicht example " + label.encode()).digest()


def signing_key(label: str) -> Ed25519PrivateKey:
    """Return the private key that belongs to a label; only tests may know it."""
    return Ed25519PrivateKey.from_private_bytes(secret(f"sign {label}"))


def public_hex(label: str) -> str:
    return signing_key(label).public_key().public_bytes_raw().hex()


def agreement_hex(label: str) -> str:
    private = X25519PrivateKey.from_private_bytes(secret(f"agree {label}"))
    return private.public_key().public_bytes_raw().hex()


def geography() -> Geography:
    """Return one fictional gemeente with three wijken, the first with two buurten."""
    rows = [
        ("BU99010001", "Oefenbuurt Een", "WK990100"),
        ("BU99010002", "Oefenbuurt Twee", "WK990100"),
        ("GM9901", "Oefenstad", None),
        ("WK990100", "Oefenwijk Noord", "GM9901"),
        ("WK990101", "Oefenwijk Zuid", "GM9901"),
        ("WK990102", "Oefenwijk Oost", "GM9901"),
    ]
    areas = tuple(
        Area(code=AreaCode(code), name=Line(name), parent=None if parent is None else AreaCode(parent))
        for code, name, parent in rows
    )
    return Geography(id=GeographyId("oefenstad-2026"), year=2026, areas=areas)


def code_list() -> CodeList:
    items = [("01", "Partnergeweld", "Partner violence"), ("02", "Ouderenmishandeling", "Elder abuse")]
    return CodeList(
        id=CodeListId("aard"),
        version=1,
        valid_from=date(2019, 1, 1),
        valid_until=None,
        items=tuple(CodeItem(code=Code(c), label_nl=Line(nl), label_en=Line(en)) for c, nl, en in items),
    )


def party(party_id: PartyId, role: Role, kind: PartnerType | None = None) -> Party:
    partner = role is Role.PARTNER
    permission = WpgPermission(
        issuer=Line("Burgemeester van Oefenstad"), issued_on=date(2025, 12, 1), scope=Line("HGKM-incidenten per wijk")
    )
    officer = Officer(id=OfficerId("fg"), name=Line("F. Gees"), key=ApprovalKey(public_hex(f"{party_id} fg")))
    return Party(
        id=party_id,
        name=Line(f"Organisatie {party_id}"),
        role=role,
        type=kind,
        identity_key=IdentityKey(public_hex(party_id)),
        agreement_key=None if role is Role.COORDINATOR else AgreementKey(agreement_hex(party_id)),
        officers=(officer,) if partner else (),
        purpose=Line("Beleidsinformatie over huiselijk geweld en kindermishandeling"),
        legal_ground=Line("Wmo 2015 art. 4.2.12; Wpg art. 22 voor de politie"),
        wpg_permission=permission if kind is PartnerType.POLITIE else None,
        yearly_cap=cap_of(Fraction(1, 4) if partner else Fraction(0)),
        run_by_coordinator=False,
    )


def covenant() -> Covenant:
    """Return version 1: five partners and a witness, t = 1, n_min = 5."""
    parties = (
        party(COORDINATOR, Role.COORDINATOR),
        party(POLICE, Role.PARTNER, PartnerType.POLITIE),
        *(party(school, Role.PARTNER, PartnerType.SCHOOL) for school in SCHOOLS),
        party(VT, Role.PARTNER, PartnerType.VEILIG_THUIS),
        party(WITNESS, Role.WITNESS),
    )
    return Covenant(
        id=CovenantId("oefenconvenant"),
        version=1,
        previous=None,
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        unit=Unit.HOUSEHOLD,
        geography=GeographyReference(id=geography().id, digest=digest_of(geography())),
        code_lists=(CodeListReference(id=code_list().id, digest=digest_of(code_list())),),
        parties=parties,
        joint_cap=cap_of(Fraction(5, 4)),
        colluders=1,
        minimum_participants=5,
        minimum_change=2,
        partners_per_unit=2,
        retention_years=7,
    )


def covenant_with_second() -> Covenant:
    """Return the covenant with a second person at the coordinator, who signs releases."""
    key = ApprovalKey(public_hex("second person"))
    second = Officer(id=SECOND, name=Line("T. Weede (verzonnen)"), key=key)
    found = covenant()
    parties = tuple(
        party.model_copy(update={"officers": (second,)}) if party.id == COORDINATOR else party
        for party in found.parties
    )
    return found.model_copy(update={"parties": parties})


def signed_covenant(value: Covenant | None = None) -> SignedCovenant:
    chosen = value or covenant()
    body = chosen.encode()
    signatures = tuple(
        PartySignature(signer=p.id, signature=sign(body, key=signing_key(p.id), purpose=Purpose.COVENANT))
        for p in chosen.parties
    )
    return SignedCovenant(covenant=chosen, signatures=signatures)


def table(name: str, measure: str, contributors: tuple[PartyId, ...], *, variance: int = 200) -> Table:
    return Table(
        id=TableId(name),
        measure=MeasureId(measure),
        level=Level.WIJK,
        period_length=PeriodLength.QUARTER,
        categories=None,
        lateness=0,
        contributors=contributors,
        most_cells=2,
        variance=Ratio.of(variance),
        cell_bound=10_000,
        joined_types_reason=None,
    )


def measure(name: str, kind: MeasureKind, most: int = 1, options: int | None = None) -> Measure:
    return Measure(
        id=MeasureId(name),
        kind=kind,
        question=Line("Hoe vaak komt dit voor?"),
        definition=Line("Afgeronde meldingen met datum in de periode"),
        most_per_cell=most,
        most_options=options,
    )


def study(value: Covenant | None = None) -> Study:
    """Return a study with an own table with deltas, an own multi-select table and a joint one over the schools."""
    chosen = value or covenant()
    nature = table("aard-vt", "aard", (VT,)).model_copy(update={"categories": CodeListId("aard")})
    reports = table("meldingen-vt", "meldingen", (VT,)).model_copy(update={"lateness": 1})
    return Study(
        id=StudyId("basis-2026"),
        title=Line("Basismeting 2026"),
        covenant_id=chosen.id,
        covenant_digest=digest_of(chosen),
        measures=(
            measure("aard", MeasureKind.MULTI, options=2),
            measure("meldingen", MeasureKind.EVENTS, most=3),
            measure("verzuim", MeasureKind.UNITS),
        ),
        tables=(nature, reports, table("verzuim-scholen", "verzuim", SCHOOLS)),
        schedule=(
            ScheduledRound(period=QUARTER, opens=date(2026, 4, 10), due=date(2026, 4, 24)),
            ScheduledRound(period=Period("2026-Q2"), opens=date(2026, 7, 10), due=date(2026, 7, 24)),
        ),
        ring_bits=32,
        max_upload_bytes=64 << 20,
        publish_margin_percent=50,
    )


def signed_study(value: Study | None = None) -> SignedStudy:
    chosen = value or study()
    signature = sign(chosen.encode(), key=signing_key(COORDINATOR), purpose=Purpose.STUDY)
    return SignedStudy(study=chosen, signature=signature)


def grid(value: Study | None = None) -> Grid:
    return build_grid(value or study(), QUARTER, covenant=covenant(), geography=geography(), code_lists=(code_list(),))


def signed_approval(value: Approval | None = None) -> SignedApproval:
    chosen = value or Approval(
        study_digest=digest_of(study()),
        party=VT,
        officer=OfficerId("fg"),
        decision=Decision.APPROVED,
        decided_on=SIGNING_DAY,
        valid_until=date(2026, 12, 31),
    )
    key = signing_key(f"{chosen.party} {chosen.officer}")
    return SignedApproval(approval=chosen, signature=sign(chosen.encode(), key=key, purpose=Purpose.APPROVAL))


def signed_declaration(value: Declaration | None = None) -> SignedDeclaration:
    chosen = value or Declaration(
        study_digest=digest_of(study()),
        period=QUARTER,
        party=VT,
        officer=OfficerId("fg"),
        tables=(
            TableCoverage(table=TableId("aard-vt"), coverage=Coverage.PARTIAL, shortfall=Shortfall.LATE),
            TableCoverage(table=TableId("meldingen-vt"), coverage=Coverage.COMPLETE, shortfall=None),
        ),
    )
    key = signing_key(f"{chosen.party} {chosen.officer}")
    return SignedDeclaration(declaration=chosen, signature=sign(chosen.encode(), key=key, purpose=Purpose.DECLARATION))


def release() -> Release:
    """Return a release of the example's round; its figures are invented."""
    tables = tuple(
        ReleasedTable(
            table=segment.table,
            period=segment.period,
            variance=Ratio.of(200),
            cells=tuple(_cell(segment.first + place) for place in range(segment.size)),
        )
        for segment in grid().segments
    )
    everyone = covenant().participants
    return Release(
        covenant_digest=digest_of(covenant()),
        study_digest=digest_of(study()),
        period=QUARTER,
        slot=slot_of(study(), QUARTER),
        attempt=0,
        grid_digest=grid().digest,
        participants=everyone,
        contributions=tuple(Digest(sha256(name.encode()).hexdigest()) for name in everyone),
        declarations=(signed_declaration(),),
        tables=tables,
        supersedes=None,
    )


def second_signature(value: Release | None = None, *, signer: str = "second person") -> SecondSignature:
    return sign_second(value or release(), officer=SECOND, key=signing_key(signer))


def _cell(index: int) -> ReleasedCell:
    if index % 5 == 0:
        return ReleasedCell(index=index, value=None, not_shown=NotShown.TOO_UNCERTAIN)
    return ReleasedCell(index=index, value=index - 3, not_shown=None)
