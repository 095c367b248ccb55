"""An officer audits a model: every step of it verifies, with its parameters, and a forged one does not."""

from datetime import date

import pytest

from coordinator.bundle import Agreed, CoordinatorLog, PublishedRound, collect_bundle
from coordinator.release import make_release, sign_release
from privacy.audit.report import Check
from privacy.audit.verify import verify
from protocol.bundle import pack_bundle
from protocol.digest import digest_of
from protocol.ledger.entry import ReleaseEntry
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.round.messages import StepSpec
from protocol.round.witness import signed_head
from protocol.signing import Purpose, sign
from protocol.study.approval import Approval, Decision, SignedApproval
from protocol.study.declaration import Coverage, Declaration, SignedDeclaration, TableCoverage
from protocol.words.ids import OfficerId, PartyId
from simulations.first_light.agreement import sign_covenant, sign_study
from simulations.models.agreement import COORDINATOR, ModelAgreed, signing_key_of
from simulations.models.households import invent
from simulations.models.with_rounds import model_world, run_step
from simulations.round_world import RoundWorld
from tests.coordinator.models.small import agreed, records, true


@pytest.fixture(scope="module")
def world() -> RoundWorld:
    """Two steps of a small model; the second has parameters that are not 0."""
    made = model_world(agreed(), records(invent(true(), 6_000, seed=9), agreed().partners), seed=9)
    run_step(made, agreed(), 1)
    run_step(made, agreed(), 2)
    return made


def declared(chosen: ModelAgreed, party: PartyId, slot: CoordinatorSlot) -> SignedDeclaration:
    tables = tuple(
        TableCoverage(table=table.id, coverage=Coverage.COMPLETE, shortfall=None)
        for table in chosen.study.tables_for(slot.offer.spec.period)
    )
    said = Declaration(
        study_digest=chosen.study_digest,
        period=slot.offer.spec.period,
        party=party,
        officer=OfficerId("fg"),
        tables=tables,
    )
    key = signing_key_of(PartyId(f"fg-{party}"))
    return SignedDeclaration(declaration=said, signature=sign(said.encode(), key=key, purpose=Purpose.DECLARATION))


def approved(chosen: ModelAgreed, party: PartyId) -> SignedApproval:
    word = Approval(
        study_digest=chosen.study_digest,
        party=party,
        officer=OfficerId("fg"),
        decision=Decision.APPROVED,
        decided_on=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
    )
    key = signing_key_of(PartyId(f"fg-{party}"))
    return SignedApproval(approval=word, signature=sign(word.encode(), key=key, purpose=Purpose.APPROVAL))


def bundle(world: RoundWorld) -> dict[str, bytes]:
    chosen, session = agreed(), world.coordinator.session
    keys = {party.id: signing_key_of(party.id) for party in chosen.covenant.parties}
    papers = Agreed(
        sign_covenant(chosen.covenant, keys),
        chosen.geography,
        (),
        (sign_study(chosen.study, keys[COORDINATOR]),),
        tuple(approved(chosen, party) for party in chosen.partners),
    )
    log, published, leaves = session.shelf.log, [], []
    for slot in world.coordinator.slots.values():
        declarations = tuple(declared(chosen, party, slot) for party in chosen.partners)
        release = make_release(slot, session.opened(slot.slot), member=session.member, declarations=declarations)
        leaf = ReleaseEntry(slot=slot.slot, release_digest=digest_of(release)).encode()
        log.append(leaf)
        leaves.append(leaf)
        published.append(PublishedRound(slot, sign_release(release, member=session.member)))
    head = signed_head(log, session.member.covenant, session.member.id, session.member.key)
    return pack_bundle(collect_bundle(papers, published, CoordinatorLog(tuple(leaves), head)))


def test_every_step_of_a_model_verifies_with_its_parameters(world: RoundWorld) -> None:
    specs = [slot.offer.spec for slot in world.coordinator.slots.values()]
    assert all(isinstance(spec, StepSpec) for spec in specs)
    assert any(spec.parameters for spec in specs if isinstance(spec, StepSpec) and any(spec.parameters))
    files = bundle(world)
    report = verify(files, covenant_digest=digest_of(agreed().covenant))
    assert report.holds, [step for step in report.steps if step.check is not Check.INDEX]
    frames = next(name for name in files if name.endswith("propose.bin"))
    spoiled = {**files, frames: files[frames].replace(b'"parameters":[', b'"parameters":[7,', 1)}
    assert not verify(spoiled, covenant_digest=digest_of(agreed().covenant)).holds
