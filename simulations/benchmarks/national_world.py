"""Computes: an agreement of the size of the Netherlands: 342 gemeenten, 3,393 wijken, 14,574 buurten, 60 partners.

Each of 20 measures has a table at each level, one for each partner. Codes are in CBS's form and the figures invented.
"""

from datetime import date
from fractions import Fraction
from hashlib import sha256

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from numpy.typing import NDArray

from protocol.cost import cap_of
from protocol.covenant.covenant import Covenant, Unit
from protocol.covenant.party import Officer, PartnerType, Party, Role
from protocol.covenant.signed import PartySignature, SignedCovenant
from protocol.digest import digest_of
from protocol.ratio import Ratio
from protocol.round.member import Member
from protocol.round.messages import Offer
from protocol.signing import Purpose, public_key, sign
from protocol.study.approval import Approval, Decision, SignedApproval
from protocol.study.declaration import Coverage, Declaration, SignedDeclaration, TableCoverage
from protocol.study.measure import Measure, MeasureKind, Table
from protocol.study.study import ScheduledRound, SignedStudy, Study
from protocol.words.geography import Area, AreaCode, Geography, GeographyReference, Level
from protocol.words.ids import (
    AgreementKey,
    ApprovalKey,
    CovenantId,
    GeographyId,
    Line,
    MeasureId,
    OfficerId,
    PartyId,
    StudyId,
    TableId,
)
from protocol.words.period import Period, PeriodLength
from simulations.party import SimulatedParty

GEMEENTEN, WIJKEN, BUURTEN = 342, 3_393, 14_574  # the Netherlands in 2024
MEASURES, LEVELS = 20, (Level.GEMEENTE, Level.WIJK, Level.BUURT)
COORDINATOR, OFFICER = PartyId("ministerie"), OfficerId("fg")
PARTNERS = tuple(PartyId(f"partner-{number:02d}") for number in range(MEASURES * len(LEVELS)))
PERIOD = Period("2025-Q4")
CAP = Fraction(1, 4)


def secret(label: str) -> bytes:
    """Return 32 bytes that belong to a label; nobody's real key."""
    return sha256(b"samenzicht national benchmark " + label.encode()).digest()


def key_of(label: str) -> Ed25519PrivateKey:
    """Return the private key that belongs to a label."""
    return Ed25519PrivateKey.from_private_bytes(secret(f"sign {label}"))


def geography() -> Geography:
    """Return areas of the right numbers, spread evenly."""
    gemeenten = [f"{number + 1:04d}" for number in range(GEMEENTEN)]
    wijken = [f"{gemeenten[number % GEMEENTEN]}{number // GEMEENTEN:02d}" for number in range(WIJKEN)]
    buurten = [f"{wijken[number % WIJKEN]}{number // WIJKEN:02d}" for number in range(BUURTEN)]
    rows = [
        *((f"GM{code}", f"Gemeente {code}", None) for code in gemeenten),
        *((f"WK{code}", f"Wijk {code}", f"GM{code[:4]}") for code in wijken),
        *((f"BU{code}", f"Buurt {code}", f"WK{code[:6]}") for code in buurten),
    ]
    areas = tuple(
        Area(code=AreaCode(code), name=Line(name), parent=None if parent is None else AreaCode(parent))
        for code, name, parent in sorted(rows)
    )
    return Geography(id=GeographyId("nederland"), year=2024, areas=areas)


def covenant(areas: Geography) -> Covenant:
    """Return the covenant of a coordinator and 60 partners."""
    parties = tuple(_party(party) for party in sorted((COORDINATOR, *PARTNERS)))
    return Covenant(
        id=CovenantId("landelijk"),
        version=1,
        previous=None,
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        unit=Unit.HOUSEHOLD,
        geography=GeographyReference(id=areas.id, digest=digest_of(areas)),
        code_lists=(),
        parties=parties,
        joint_cap=cap_of(len(PARTNERS) * CAP),
        colluders=1,
        minimum_participants=len(PARTNERS),
        minimum_change=2,
        partners_per_unit=None,
        retention_years=7,
    )


def study(agreed: Covenant) -> Study:
    """Return the study: 60 tables, of which each partner fills one."""
    measures = tuple(
        Measure(
            id=MeasureId(f"telling-{number:02d}"),
            kind=MeasureKind.EVENTS,
            question=Line(f"Hoe vaak komt verschijnsel {number} voor?"),
            definition=Line("Verzonnen"),
            most_per_cell=4,
            most_options=None,
        )
        for number in range(MEASURES)
    )
    tables = tuple(
        Table(
            id=TableId(f"tabel-{place:02d}"),
            measure=measures[place // len(LEVELS)].id,
            level=LEVELS[place % len(LEVELS)],
            period_length=PeriodLength.QUARTER,
            categories=None,
            lateness=0,
            contributors=(partner,),
            most_cells=1,
            variance=Ratio.of(Fraction(60)),
            cell_bound=10_000,
            joined_types_reason=None,
        )
        for place, partner in enumerate(PARTNERS)
    )
    return Study(
        id=StudyId("landelijk-2026"),
        title=Line("Landelijke meting (oefengegevens)"),
        covenant_id=agreed.id,
        covenant_digest=digest_of(agreed),
        measures=measures,
        tables=tables,
        schedule=(ScheduledRound(period=PERIOD, opens=date(2026, 1, 12), due=date(2026, 1, 30)),),
        ring_bits=32,
        max_upload_bytes=64 << 20,
        publish_margin_percent=50,
    )


def signed_covenant(agreed: Covenant) -> SignedCovenant:
    """Return the covenant with the signature of each party."""
    body = agreed.encode()
    signatures = tuple(
        PartySignature(signer=party.id, signature=sign(body, key=key_of(party.id), purpose=Purpose.COVENANT))
        for party in agreed.parties
    )
    return SignedCovenant(covenant=agreed, signatures=signatures)


def signed_study(planned: Study) -> SignedStudy:
    """Return the study with the coordinator's signature."""
    return SignedStudy(study=planned, signature=sign(planned.encode(), key=key_of(COORDINATOR), purpose=Purpose.STUDY))


def approval(planned: Study, party: PartyId) -> SignedApproval:
    """Return the approval of a partner's officer."""
    made = Approval(
        study_digest=digest_of(planned),
        party=party,
        officer=OFFICER,
        decision=Decision.APPROVED,
        decided_on=date(2026, 1, 5),
        valid_until=date(2026, 12, 31),
    )
    key = key_of(f"officer {party}")
    return SignedApproval(approval=made, signature=sign(made.encode(), key=key, purpose=Purpose.APPROVAL))


def declaration(planned: Study, party: PartyId) -> SignedDeclaration:
    """Return the declaration that a partner's table is complete."""
    tables = tuple(
        TableCoverage(table=table.id, coverage=Coverage.COMPLETE, shortfall=None)
        for table in planned.tables
        if party in table.contributors
    )
    made = Declaration(study_digest=digest_of(planned), period=PERIOD, party=party, officer=OFFICER, tables=tables)
    key = key_of(f"officer {party}")
    return SignedDeclaration(declaration=made, signature=sign(made.encode(), key=key, purpose=Purpose.DECLARATION))


def node_of(party: PartyId, agreed: Covenant, areas: Geography, planned: Study) -> SimulatedParty:
    """Return a partner's node that counted 40 in every cell of its own table."""
    member = Member(party, agreed, areas, (), {digest_of(planned): planned}, key_of(party))
    grid = member.grid(digest_of(planned), PERIOD)
    (own,) = (segment for segment in grid.segments if planned.table(segment.table).contributors == (party,))

    def counts(offer: Offer) -> NDArray[np.int64]:
        found = np.zeros(offer.spec.cells, dtype=np.int64)
        found[own.first : own.first + own.size] = 40
        return found

    private = X25519PrivateKey.from_private_bytes(secret(f"agree {party}"))
    return SimulatedParty(member, private, counts, 1)


def _party(party: PartyId) -> Party:
    partner = party != COORDINATOR
    agreement = X25519PrivateKey.from_private_bytes(secret(f"agree {party}")).public_key().public_bytes_raw().hex()
    officer = ApprovalKey(public_key(key_of(f"officer {party}")))
    return Party(
        id=party,
        name=Line(f"{party} (verzonnen)"),
        role=Role.PARTNER if partner else Role.COORDINATOR,
        type=PartnerType.SCHOOL if partner else None,
        identity_key=public_key(key_of(party)),
        agreement_key=AgreementKey(agreement) if partner else None,
        officers=(Officer(id=OFFICER, name=Line("F. Gees (verzonnen)"), key=officer),),
        purpose=Line("Beleidsinformatie over huiselijk geweld en kindermishandeling"),
        legal_ground=Line("Verzonnen"),
        wpg_permission=None,
        yearly_cap=cap_of(CAP if partner else Fraction(0)),
        run_by_coordinator=False,
    )
