"""Benchmark of a round: a node of sixteen, from the COMMIT that comes in to the UPLOAD that goes out, with no disk."""

from datetime import date
from fractions import Fraction
from hashlib import sha256
from random import Random

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from numpy.typing import NDArray

from protocol.cost import cap_of
from protocol.covenant.covenant import Covenant, Unit
from protocol.covenant.party import Officer, PartnerType, Party, Role
from protocol.covenant.rules import check_rules
from protocol.digest import digest_of
from protocol.ratio import Ratio
from protocol.round.member import Member
from protocol.round.messages import Offer
from protocol.study.measure import Measure, MeasureKind, Table
from protocol.study.rules import check_study
from protocol.study.study import ScheduledRound, Study
from protocol.words.code_list import CodeItem, CodeList, CodeListReference
from protocol.words.geography import Area, AreaCode, Geography, GeographyReference, Level
from protocol.words.ids import (
    AgreementKey,
    ApprovalKey,
    Code,
    CodeListId,
    CovenantId,
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
from simulations.benchmarks.result import Result, cpu_ms, less_is_better
from simulations.party import SimulatedParty
from simulations.round_world import Coordinator, RoundWorld

SCHOOLS = tuple(PartyId(f"school-{number:02d}") for number in range(16))
COORDINATOR = PartyId("gemeente")
GEMEENTEN, WIJKEN, CATEGORIES, TABLES = 10, 100, 100, 10  # a million cells, to each of which every school contributes
BOUND = 10_000
QUARTER = Period("2026-Q1")
VARIANCE = 2_500  # sigma 50 in the sum that is published
NAME = Line("Meting")


def round_16() -> tuple[Result, ...]:
    """Time one school: all READYs and logs checked, locked, noised, masked for fifteen peers, hashed, signed.

    Nobody else does this over a plan with a million cells of exact noise, so there is no peer in the same run.
    """
    world, study = _world()
    everyone, now_s = SCHOOLS, world.now_s
    step = world.coordinator.propose(digest_of(study), QUARTER, everyone, now_s)
    slot = step.slot.slot
    for school in everyone:
        for answer in world.parties[school].receive(step.messages[0][1], now_s):
            world.coordinator.take(slot, answer)
    commit = world.coordinator.advance(slot).messages[0][1]
    node = world.parties[SCHOOLS[7]]
    ready = node.durable

    def commit_to_upload() -> None:
        node.durable = ready
        node.durable = node.copy_of_disk()
        node.receive(commit, now_s)

    ours, _ = cpu_ms(commit_to_upload)
    cells = step.slot.offer.spec.cells
    return (
        less_is_better(
            "round_16", ours=ours, peer=None, peer_name=f"none ({cells} cells of 32 bits)", unit="ms", limit="<= 150"
        ),
    )


def _world() -> tuple[RoundWorld, Study]:
    geography, code_list = _geography(), _code_list()
    covenant = _covenant(geography, code_list)
    study = _study(covenant)
    check_rules(covenant)
    check_study(study, covenant)

    def member(party: PartyId) -> Member:
        return Member(party, covenant, geography, (code_list,), {digest_of(study): study}, _signing_key(party))

    parties = {school: SimulatedParty(member(school), _agreement_key(school), _counts, 1) for school in SCHOOLS}
    chance = Random(1)  # noqa: S311 - for the faults of a channel, which has none here
    return RoundWorld(Coordinator(member(COORDINATOR)), parties, chance), study


def _counts(offer: Offer) -> NDArray[np.int64]:
    return np.arange(offer.spec.cells, dtype=np.int64) % BOUND


def _geography() -> Geography:
    """Return ten fictional gemeenten of a hundred wijken each; CBS has used no code from GM9900 on."""
    gemeenten = [f"99{number:02d}" for number in range(GEMEENTEN)]
    areas = [Area(code=AreaCode(f"GM{gemeente}"), name=NAME, parent=None) for gemeente in gemeenten]
    areas += [
        Area(code=AreaCode(f"WK{gemeente}{wijk:02d}"), name=NAME, parent=AreaCode(f"GM{gemeente}"))
        for gemeente in gemeenten
        for wijk in range(WIJKEN)
    ]
    return Geography(id=GeographyId("groot-2026"), year=2026, areas=tuple(areas))


def _code_list() -> CodeList:
    return CodeList(
        id=CodeListId("soort"),
        version=1,
        valid_from=date(2026, 1, 1),
        valid_until=None,
        items=tuple(CodeItem(code=Code(f"{n:02d}"), label_nl=NAME, label_en=NAME) for n in range(CATEGORIES)),
    )


def _covenant(geography: Geography, code_list: CodeList) -> Covenant:
    return Covenant(
        id=CovenantId("groot"),
        version=1,
        previous=None,
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        unit=Unit.HOUSEHOLD,
        geography=GeographyReference(id=geography.id, digest=digest_of(geography)),
        code_lists=(CodeListReference(id=code_list.id, digest=digest_of(code_list)),),
        parties=(_party(COORDINATOR), *map(_party, SCHOOLS)),
        joint_cap=cap_of(Fraction(4)),
        colluders=1,
        minimum_participants=12,
        minimum_change=2,
        partners_per_unit=2,
        retention_years=7,
    )


def _party(party: PartyId) -> Party:
    is_school = party != COORDINATOR
    approval_key = _signing_key(PartyId(f"{party}-fg")).public_key().public_bytes_raw().hex()
    officer = Officer(id=OfficerId("fg"), name=NAME, key=ApprovalKey(approval_key))
    public = _agreement_key(party).public_key().public_bytes_raw().hex()
    return Party(
        id=party,
        name=NAME,
        role=Role.PARTNER if is_school else Role.COORDINATOR,
        type=PartnerType.SCHOOL if is_school else None,
        identity_key=IdentityKey(_signing_key(party).public_key().public_bytes_raw().hex()),
        agreement_key=AgreementKey(public) if is_school else None,
        officers=(officer,) if is_school else (),
        purpose=NAME,
        legal_ground=NAME,
        wpg_permission=None,
        yearly_cap=cap_of(Fraction(1, 4) if is_school else Fraction(0)),
        run_by_coordinator=False,
    )


def _study(covenant: Covenant) -> Study:
    names = [f"tabel-{number:02d}" for number in range(TABLES)]
    return Study(
        id=StudyId("groot-2026"),
        title=NAME,
        covenant_id=covenant.id,
        covenant_digest=digest_of(covenant),
        measures=tuple(_measure(name) for name in names),
        tables=tuple(_table(name) for name in names),
        schedule=(ScheduledRound(period=QUARTER, opens=date(2026, 4, 1), due=date(2026, 4, 14)),),
        ring_bits=32,
        max_upload_bytes=64 << 20,
        publish_margin_percent=50,
    )


def _measure(name: str) -> Measure:
    return Measure(
        id=MeasureId(name),
        kind=MeasureKind.UNITS,
        question=NAME,
        definition=NAME,
        most_per_cell=1,
        most_options=None,
    )


def _table(name: str) -> Table:
    return Table(
        id=TableId(name),
        measure=MeasureId(name),
        level=Level.WIJK,
        period_length=PeriodLength.QUARTER,
        categories=CodeListId("soort"),
        lateness=0,
        contributors=SCHOOLS,
        most_cells=1,
        variance=Ratio.of(VARIANCE),
        cell_bound=BOUND,
        joined_types_reason=None,
    )


def _secret(label: str) -> bytes:
    """Return a key that everybody knows: this is a benchmark, and no node can import it."""
    return sha256(f"samenzicht benchmark {label}".encode()).digest()


def _signing_key(party: PartyId) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_secret(f"sign {party}"))


def _agreement_key(party: PartyId) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(_secret(f"agree {party}"))
