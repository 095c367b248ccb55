"""Computes: what one node needs to count a large delivery: a geography of 500 buurten, an agreement, and a mapping."""

from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from numpy.typing import NDArray

from partner_node.profiles.school import SCHOOL
from partner_node.vault.seen import CountedCells, SeenEvents, SeenGroup
from protocol.digest import digest_of
from protocol.ratio import Ratio
from protocol.round.member import Member
from protocol.study.measure import Measure, MeasureKind, Table
from protocol.study.study import ScheduledRound, Study
from protocol.words.geography import Area, AreaCode, Geography, Level
from protocol.words.ids import (
    AgreementKey,
    ApprovalKey,
    GeographyId,
    IdentityKey,
    Line,
    MeasureId,
    PartyId,
    StudyId,
    TableId,
)
from protocol.words.period import Period, PeriodLength
from simulations.first_light.agreement import NAMES, PARTNERS, make_covenant

SCHOOL_ID = PartyId("school")
QUARTER, FIRST_DAY, DAYS = Period("2026-Q1"), date(2026, 1, 1), 90
BUURTEN = tuple(AreaCode(f"BU9901{buurt:04d}") for buurt in range(500))
MOST_EVENTS, MOST_CELLS = 3, 16  # of one household in a cell, and cells of one household
HEADER = ("Meldingnummer", "Gezinsnummer", "Buurtcode", "Datum melding")
MAPPING = """
format = 1
profile = "school"
route = "household"
[record.verzuimmelding]
files = ["*"]
columns = { meldingnummer = "Meldingnummer", huishouden = "Gezinsnummer", buurt = "Buurtcode", datum = "Datum melding" }
"""
_NAME = Line("Meting")
_VARIANCE = 10_000  # so large that no household's charge passes its cap: the peers have no cap


@dataclass(frozen=True, slots=True)
class NothingBefore:
    """A vault in its first round."""

    def spent(self, _covenant_year: int, unit_key: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return that no unit has spent anything."""
        return np.zeros(len(unit_key), dtype=np.int64)

    def seen_before(self, events: SeenEvents) -> NDArray[np.bool_]:
        """Return that no event is known."""
        return np.zeros(len(events.unit_key), dtype=np.bool_)

    def counted_before(self, group: SeenGroup) -> CountedCells:
        """Return that nothing was counted."""
        nobody = np.zeros((0, 16), dtype=np.uint8)
        return CountedCells(group, nobody, (), np.zeros(0, dtype=np.int64))


def geography() -> Geography:
    """Return one fictional gemeente with five wijken of a hundred buurten each."""
    parents: dict[AreaCode, AreaCode | None] = {AreaCode("GM9901"): None}
    for buurt in BUURTEN:
        wijk = AreaCode(f"WK{buurt[2:8]}")
        parents |= {wijk: AreaCode("GM9901"), buurt: wijk}
    named = tuple(Area(code=code, name=_NAME, parent=parent) for code, parent in sorted(parents.items()))
    return Geography(id=GeographyId("groot-2026"), year=2026, areas=named)


def member_and_study(place: Geography) -> tuple[Member, Study]:
    """Return a school in a covenant, and the study that counts its reports by buurt: 500 cells."""
    public = {party: (_identity_key(party), _agreement_key(party)) for party in NAMES}
    officers = {party: ApprovalKey(_identity_key(PartyId(f"{party}-fg"))) for party in PARTNERS}
    covenant = make_covenant(public, officers, place)
    measure = next(measure for measure in SCHOOL.measures if measure.kind is MeasureKind.EVENTS)
    table = Table(
        id=TableId("meldingen-buurt"),
        measure=MeasureId(measure.id),
        level=Level.BUURT,
        period_length=PeriodLength.QUARTER,
        categories=None,
        lateness=0,
        contributors=(SCHOOL_ID,),
        most_cells=MOST_CELLS,
        variance=Ratio.of(_VARIANCE),
        cell_bound=2**31,
        joined_types_reason=None,
    )
    asked = Measure(
        id=measure.id,
        kind=measure.kind,
        question=_NAME,
        definition=_NAME,
        most_per_cell=MOST_EVENTS,
        most_options=None,
    )
    study = Study(
        id=StudyId("groot-2026"),
        title=_NAME,
        covenant_id=covenant.id,
        covenant_digest=digest_of(covenant),
        measures=(asked,),
        tables=(table,),
        schedule=(ScheduledRound(period=QUARTER, opens=date(2026, 4, 1), due=date(2026, 4, 14)),),
        ring_bits=64,
        max_upload_bytes=64 << 20,
        publish_margin_percent=50,
    )
    return Member(SCHOOL_ID, covenant, place, (), {digest_of(study): study}, _signing_key(SCHOOL_ID)), study


def _secret(label: str) -> bytes:
    """Return a key that everybody knows: this is a benchmark, and no node can import it."""
    return sha256(f"samenzicht benchmark {label}".encode()).digest()


def _signing_key(party: PartyId) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_secret(f"sign {party}"))


def _identity_key(party: PartyId) -> IdentityKey:
    return IdentityKey(_signing_key(party).public_key().public_bytes_raw().hex())


def _agreement_key(party: PartyId) -> AgreementKey:
    key = X25519PrivateKey.from_private_bytes(_secret(f"agree {party}"))
    return AgreementKey(key.public_key().public_bytes_raw().hex())
