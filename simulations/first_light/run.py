"""Touches the world: first light, from three files to a verified release, in one folder.

Every step is durable before the next, and what follows from durable things is made anew: after a crash at any point
the same command ends in the same bytes.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random

from coordinator.bundle import Agreed as BundledAgreement
from coordinator.bundle import CoordinatorLog, PublishedRound, collect_bundle
from coordinator.release import make_release, sign_release
from coordinator.session import Session as CoordinatorSession
from coordinator.store.make import make_store
from coordinator.store.store import Store, open_store
from coordinator.table import ReaderTable, reader_table
from coordinator.table_page import table_page
from coordinator.whole_file import write_whole
from partner_node.delivery.delivery import Delivery
from partner_node.session import Session
from privacy.audit.report import Report
from privacy.audit.verify import verify
from privacy.audit.words import verdict_of
from privacy.language import Language
from privacy.randomness import secret_of
from protocol.bundle import pack_bundle
from protocol.covenant.signed import SignedCovenant, check_covenant
from protocol.digest import digest_of
from protocol.errors import SamenzichtError
from protocol.ledger.entry import ReleaseEntry
from protocol.release import SignedRelease
from protocol.round.member import Member
from protocol.round.transitions import State
from protocol.round.witness import signed_head
from protocol.signing import SigningKey, public_key, signing_key
from protocol.study.approval import SignedApproval, check_approval
from protocol.study.declaration import SignedDeclaration
from protocol.study.rules import check_signed_study
from protocol.study.study import SignedStudy
from protocol.words.ids import Digest, PartyId
from simulations.channel import MemoryChannel
from simulations.first_light import agreement
from simulations.first_light.files import file_names, make_files, read_files
from simulations.first_light.nodes import Agreed, keys_of, session_of, vault_of
from simulations.region import Region, make_region
from simulations.round_world import MAX_TURNS, Stuck
from simulations.seeded import seeded_source
from simulations.words import ORIGIN

NOW_S = 1_768_208_400  # 12 January 2026, 09:00 UTC: the day on which the round opens
EXPIRES_S = NOW_S + 3_600
FILE_MODE = 0o600

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, repr=False)
class FirstLight:
    """What came out. bundle: name to bytes. deliveries: what each partner's reader counted and refused."""

    table: ReaderTable
    report: Report
    bundle: Mapping[str, bytes]
    deliveries: Mapping[PartyId, Delivery]


def run_first_light(out: Path, *, seed: int, given: Mapping[PartyId, Path], tell: Tell) -> FirstLight:
    """Run first light in a folder and return what came out; the bundle and the page are there too.

    given: a file of each partner, or none: then invented ones are made. Files are read before anything else is made.
    Raises: SourceRefusal and DeliveryRefusal, several as Refusals; then the folder holds nothing but invented files.
    """
    region = make_region(seed)
    files = given or _made(out, region, seed, tell)
    parties = (agreement.COORDINATOR, *agreement.PARTICIPANTS)
    # The secrets follow from the seed, so that reading needs no folder: a refused file leaves nothing half-done.
    deliveries = read_files(files, {partner: _secret(partner, seed) for partner in files}, region)
    for partner, delivery in deliveries.items():
        tell(f"{partner}: {sum(delivery.used.values())} van {sum(delivery.read.values())} rijen bruikbaar")
    with ExitStack() as stack:
        keys = {party: keys_of(out / "nodes", party, seed) for party in parties}
        officers = {partner: signing_key(_officer(partner, seed)) for partner in agreement.PARTNERS}
        covenant = agreement.make_covenant(
            {party: keys[party].public for party in parties},
            {partner: public_key(key) for partner, key in officers.items()},  # type: ignore[misc]
            region.geography,
        )
        signed = agreement.sign_covenant(covenant, {party: keys[party].identity for party in parties})
        check_covenant(signed, on=agreement.OPENS)
        agreed = Agreed(covenant, region.geography, agreement.make_study(covenant))
        nodes: dict[PartyId, Session] = {}
        for party in agreement.PARTICIPANTS:
            vault = vault_of(out / "nodes", party, keys[party], covenant)
            stack.callback(vault.close)
            records = deliveries[party].records if party in deliveries else None
            nodes[party] = session_of(party, keys[party], vault, agreed, records=records, seed=seed)
        store = stack.enter_context(_store(out / "coordinator"))
        member = agreed.member(agreement.COORDINATOR, keys[agreement.COORDINATOR])
        papers = _papers(signed, agreed, member.key, officers)
        _keep(store, papers)
        session = CoordinatorSession(member, store)
        slot = _round(session, nodes, tell)
        release = _release(session, store, slot, papers, tell)
        bundle = _bundle(session, store, slot, papers, release)
    report = verify(bundle, covenant_digest=digest_of(covenant))
    grid = member.grid(digest_of(agreed.study), agreement.PERIOD)
    table = reader_table(release.release, study=agreed.study, covenant=covenant, grid=grid, geography=region.geography)
    _write_all(out, bundle, table, report)
    return FirstLight(table, report, bundle, deliveries)


@dataclass(frozen=True, slots=True, repr=False)
class _Papers:
    """What was signed."""

    covenant: SignedCovenant
    agreed: Agreed
    study: SignedStudy
    approvals: tuple[SignedApproval, ...]
    declarations: tuple[SignedDeclaration, ...]


def _papers(signed: SignedCovenant, agreed: Agreed, key: SigningKey, officers: Mapping[PartyId, SigningKey]) -> _Papers:
    study = agreement.sign_study(agreed.study, key)
    check_signed_study(study, agreed.covenant)
    approvals = tuple(agreement.approve(agreed.study, partner, officers[partner]) for partner in agreement.PARTNERS)
    for approval in approvals:
        check_approval(approval, agreed.study, agreed.covenant, on=agreement.OPENS)
    declarations = tuple(agreement.declare(agreed.study, partner, officers[partner]) for partner in agreement.PARTNERS)
    return _Papers(signed, agreed, study, approvals, declarations)


def _keep(store: Store, papers: _Papers) -> None:
    with store.transaction():
        store.keep_covenant(papers.covenant)
        store.keep_geography(papers.agreed.geography)
        store.keep_study(papers.study)
        for approval in papers.approvals:
            store.keep_approval(approval)
        for declaration in papers.declarations:
            store.keep_declaration(declaration)


def _round(session: CoordinatorSession, nodes: Mapping[PartyId, Session], tell: Tell) -> Digest:
    """Drive the round to its end, from wherever it stands."""
    study = next(iter(session.member.studies))
    slot = session.member.spec(study, agreement.PERIOD).slot
    channel = MemoryChannel({party: _answering(node) for party, node in nodes.items()}, Random(0))  # noqa: S311 - no faults: nothing is drawn
    for node in nodes.values():
        for answer in node.restart(NOW_S):
            session.take(slot, answer)
    known = session.shelf.slot(slot)
    if known is None:
        known = session.propose(study, agreement.PERIOD, agreement.PARTICIPANTS, expires_s=EXPIRES_S).slot
    for _ in range(MAX_TURNS):
        if known.state is State.DONE:
            return slot
        for party, body in session.unanswered(slot):
            channel.send(party, body)
        for answer in channel.collect():
            session.take(slot, answer)
        for party, error in channel.refused:
            raise _refused(party, error)
        before = known.state
        known = session.advance(slot).slot
        if known.state is not before:
            tell(f"ronde {agreement.PERIOD}: {known.state.value}")
    raise Stuck(got=f"a round in state {known.state}", wanted="a round that ended", act="look at the refusals")


def _release(session: CoordinatorSession, store: Store, slot: Digest, papers: _Papers, tell: Tell) -> SignedRelease:
    stored = store.release(slot)
    if stored is not None:
        return stored
    known = session.shelf.slot(slot)
    assert known is not None  # noqa: S101 - the round has ended
    opened = session.opened(slot)
    signed = sign_release(
        make_release(known, opened, member=session.member, declarations=papers.declarations), member=session.member
    )
    entry = ReleaseEntry(slot=slot, release_digest=digest_of(signed.release))
    store.keep_slot(known, entries=(entry,), release=signed)
    tell(f"ronde {agreement.PERIOD}: gepubliceerd en in het logboek")
    return signed


def _bundle(
    session: CoordinatorSession, store: Store, slot: Digest, papers: _Papers, release: SignedRelease
) -> dict[str, bytes]:
    known = session.shelf.slot(slot)
    assert known is not None  # noqa: S101 - the round has ended
    member: Member = session.member
    checkpoint = signed_head(store.log, member.covenant, member.id, member.key)
    agreed = BundledAgreement(papers.covenant, papers.agreed.geography, (), (papers.study,), papers.approvals)
    log = CoordinatorLog(store.log.leaves(), checkpoint)
    return pack_bundle(collect_bundle(agreed, (PublishedRound(known, release),), log))


def _made(out: Path, region: Region, seed: int, tell: Tell) -> dict[PartyId, Path]:
    """Return the invented files of this folder, made if they are not there."""
    paths = {partner: out / "deliveries" / name for partner, name in file_names().items()}
    if not all(path.exists() for path in paths.values()):
        tell("drie registraties worden verzonnen: 160.000 inwoners, 19 wijken, twee jaar")
        for partner, body in make_files(region, seed).items():
            write_whole(paths[partner], body)
    return paths


def _write_all(out: Path, bundle: Mapping[str, bytes], table: ReaderTable, report: Report) -> None:
    for name, body in bundle.items():
        write_whole(out / "bundle" / name, body)
    page = table_page(table, source=ORIGIN, verified=verdict_of(report, Language.DUTCH))
    write_whole(out / "table.html", page.encode())


def _store(folder: Path) -> Store:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    url = f"sqlite:///{(folder / 'store.sqlite').resolve()}"
    make_store(url)
    return open_store(url)


def _secret(party: PartyId, seed: int) -> bytes:
    chance = seeded_source(seed, "keys", party)
    return [secret_of(chance) for _ in range(3)][-1]  # the third that `make_keys` takes


def _officer(partner: PartyId, seed: int) -> bytes:
    return secret_of(seeded_source(seed, "officer", partner))


def _answering(node: Session) -> Callable[[bytes], tuple[bytes, ...]]:
    return lambda body: node.receive(body, NOW_S)


def _refused(party: PartyId, error: SamenzichtError) -> Stuck:
    return Stuck(got=f"{party} refused: {error}", wanted="an answer", act=f"{party} must look at its own node")
