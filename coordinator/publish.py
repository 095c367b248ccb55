"""Touches the world: from an agreed round to a release that two persons signed, its withdrawal, and its correction.

Each is an entry of the coordinator's log; nothing that was published is ever changed or removed.
"""

from dataclasses import dataclass
from pathlib import Path

from coordinator.bundle import Agreed, CoordinatorLog, PublishedRound, collect_bundle
from coordinator.combine import NoisyTable, noisy_tables
from coordinator.errors import OperatorRefusal
from coordinator.office import Office
from coordinator.release import make_release, sign_release
from coordinator.whole_file import write_whole
from privacy.publication import Delivery, variances
from protocol.bundle import Audience, pack_bundle
from protocol.covenant.signed import SignedCovenant
from protocol.digest import digest_of, digest_of_bytes
from protocol.ledger.entry import (
    ApprovalEntry,
    CorrectionEntry,
    ReleaseEntry,
    WithdrawalEntry,
    WithdrawalReason,
    parse_entry,
)
from protocol.release import Release, SignedRelease
from protocol.round.coordinator_round import CoordinatorSlot, open_slot
from protocol.round.witness import signed_head
from protocol.second_person import SecondSignature, check_second, not_signed_by_second, second_signature
from protocol.signing import SigningKey
from protocol.study.approval import named_officer
from protocol.study.declaration import SignedDeclaration
from protocol.study.study import Study
from protocol.words.ids import Digest, OfficerId, PartyId
from protocol.words.period import Period, step_of


class NotReleased(OperatorRefusal):
    """A period that has no release to withdraw, correct or export."""


class NothingToCorrect(OperatorRefusal):
    """A correction that says the same as the release that stands."""


class NotOpened(OperatorRefusal):
    """A period whose round has not been agreed by all."""


@dataclass(frozen=True, slots=True, repr=False)
class Drafted:
    """A release that waits for the second person. path: of its bytes. published: the one that stands, if any."""

    release: Release
    digest: Digest
    path: Path
    slot: CoordinatorSlot
    published: SignedRelease | None


def draft_release(office: Office, study: Study, period: Period, *, correct: bool) -> Drafted:
    """Make the release of a period, or a correction of it with the newest declarations, and write it down.

    Raises: NotOpened, NotReleased, NothingToCorrect; what `make_release` raises.
    """
    slot, member = round_of(office, study, period), office.member()
    published = office.store.release(slot.slot)
    if correct and published is None:
        raise _not_released(period)
    supersedes = digest_of(published.release) if correct and published is not None else None
    if published is not None and not correct:
        release = published.release
    else:
        release = make_release(
            slot,
            open_slot(slot, member),
            member=member,
            declarations=newest_declarations(office, study, period, slot.survivors),
            supersedes=supersedes,
        )
    if correct and published is not None:
        same = release.model_copy(update={"supersedes": published.release.supersedes})
        if same.encode() == published.release.encode():
            raise NothingToCorrect(
                got=f"a correction of {period} that says what the release says",
                wanted="newer declarations",
                act="the partner must declare again first",
            )
    body = release.encode()
    digest = digest_of_bytes(body)
    path = office.folder / "releases" / f"{digest}.json"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, body)
    return Drafted(release, digest, path, slot, published)


def approve(office: Office, drafted: Drafted, *, officer: OfficerId, key: SigningKey) -> None:
    """Sign a draft as the second person, and keep that beside it; after publication, only what the log names.

    Raises: NoSecondPerson; what `check_second` raises.
    """
    covenant = office.covenant().covenant
    named_officer(covenant, covenant.coordinator.id, officer)
    second = second_signature(drafted.release, officer=officer, key=key)
    check_second(second, drafted.release, covenant)
    entry = _approved(drafted.release, second).encode()
    if _is_published(drafted) and entry not in office.store.log.leaves():
        raise not_signed_by_second("another second person's signature on a release that is published already")
    write_whole(_second_path(drafted.path), second.encode())


def publish(office: Office, drafted: Drafted) -> SignedRelease:
    """Sign and publish a release to which a second person signed too; once published, nothing happens again.

    Raises: NoSecondPerson; what `check_second` raises.
    """
    release = drafted.release
    if drafted.published is not None and _is_published(drafted):
        return drafted.published
    second, member = _second(drafted.path), office.member()
    if second is None:
        raise not_signed_by_second(f"a release of {release.period} that one person signed")
    check_second(second, release, member.covenant)
    signed = sign_release(release, member=member)
    entries = (
        _approved(release, second),
        ReleaseEntry(slot=release.slot, release_digest=drafted.digest)
        if release.supersedes is None
        else CorrectionEntry(
            slot=release.slot, old_release_digest=release.supersedes, new_release_digest=drafted.digest
        ),
    )
    office.store.keep_slot(drafted.slot, entries=entries, release=signed)
    return signed


def withdraw(office: Office, study: Study, period: Period, reason: WithdrawalReason) -> Digest:
    """Log that a release is withdrawn and return its digest; the old table stays. Twice is once.

    Raises: NotReleased.
    """
    slot = round_of(office, study, period)
    published = office.store.release(slot.slot)
    if published is None:
        raise _not_released(period)
    digest = digest_of(published.release)
    if digest not in withdrawn(office):
        office.store.log.append(WithdrawalEntry(slot=slot.slot, release_digest=digest, reason=reason).encode())
    return digest


def withdrawn(office: Office) -> frozenset[Digest]:
    """Return the releases that the log says are withdrawn."""
    entries = (parse_entry(leaf, source="the store") for leaf in office.store.log.leaves())
    return frozenset(entry.release_digest for entry in entries if isinstance(entry, WithdrawalEntry))


def round_of(office: Office, study: Study, period: Period) -> CoordinatorSlot:
    """Return the slot of a period.

    Raises: NotOpened.
    """
    slot = office.store.slot(office.member().spec(digest_of(study), period).slot)
    if slot is None:
        raise NotOpened(
            got=f"no round of {period}",
            wanted="one to whose sum all agreed",
            act="the operator must run it",
            hint=f"samenzicht-coordinator run {period}",
        )
    return slot


def newest_declarations(
    office: Office, study: Study, period: Period, parties: tuple[PartyId, ...]
) -> tuple[SignedDeclaration, ...]:
    """Return the newest declaration of each of these parties."""
    found = {signed.declaration.party: signed for signed in office.store.declarations(digest_of(study), period)}
    return tuple(found[party] for party in sorted(found) if party in parties)


def opened_tables(office: Office, study: Study) -> tuple[NoisyTable, ...]:
    """Return the noisy tables of every released round of a study; one that was withdrawn adds nothing to others.

    study: of the covenant in force or of an earlier one, which its rounds are read by.
    """
    member, gone = office.member(office.store.covenant(study.covenant_digest)), withdrawn(office)
    tables: list[NoisyTable] = []
    for scheduled in study.schedule:
        digest = digest_of(study)
        slot = office.store.slot(member.spec(digest, scheduled.period).slot)
        published = None if slot is None else office.store.release(slot.slot)
        if slot is None or published is None or step_of(scheduled.period) is not None:
            continue  # steps of a model are no tables of figures
        declared = published.release.declarations
        delivery = Delivery(scheduled.period, slot.offer.participants, slot.gone, declared)
        grid, noise = member.grid(digest, scheduled.period), variances(study, member.covenant, delivery)
        found = noisy_tables(open_slot(slot, member), grid, noise, scheduled.period)
        holds = digest_of(published.release) not in gone
        tables += [table for table in found if holds or table.period == scheduled.period]
    return tuple(tables)


def withdrawn_periods(office: Office) -> frozenset[tuple[Digest, Period]]:
    """Return study and period of every slot whose newest release is withdrawn."""
    gone, newest = withdrawn(office), {signed.release.slot: signed.release for signed in office.store.releases()}
    return frozenset(
        (release.study_digest, release.period) for release in newest.values() if digest_of(release) in gone
    )


def bundle_files(office: Office, agreed: SignedCovenant | None = None) -> dict[Audience, dict[str, bytes]]:
    """Return the bundle of every round that was released under a covenant, or the one in force, for each audience.

    Raises: NotReleased.
    """
    signed = agreed or office.covenant()
    member, store, studies = office.member(signed), office.store, office.studies(signed)
    rounds = []
    for released in {signed.release.slot: signed for signed in store.releases()}.values():
        slot = store.slot(released.release.slot)
        if slot is not None and released.release.study_digest in studies:
            rounds.append(PublishedRound(slot, released, _second(_path(office, released.release))))
    if not rounds:
        raise _not_released(None)
    approvals = tuple(approval for digest in studies for approval in store.approvals(digest))
    told = Agreed(signed, member.geography, member.code_lists, tuple(studies.values()), approvals)
    checkpoint = signed_head(store.log, member.covenant, member.id, member.key)
    log = CoordinatorLog(store.log.leaves(), checkpoint)
    return {audience: pack_bundle(collect_bundle(told, rounds, log, audience=audience)) for audience in Audience}


def _path(office: Office, release: Release) -> Path:
    return office.folder / "releases" / f"{digest_of(release)}.json"


def _second_path(release: Path) -> Path:
    return release.with_suffix(".second")


def _second(release: Path) -> SecondSignature | None:
    path = _second_path(release)
    return SecondSignature.parse(path.read_bytes(), source=path.name) if path.is_file() else None


def _approved(release: Release, second: SecondSignature) -> ApprovalEntry:
    return ApprovalEntry(study_digest=release.study_digest, approval_digest=digest_of(second))


def _is_published(drafted: Drafted) -> bool:
    return drafted.published is not None and digest_of(drafted.published.release) == drafted.digest


def _not_released(period: Period | None) -> NotReleased:
    return NotReleased(
        got=f"no release of {period}" if period else "no release under this covenant",
        wanted="a published release",
        act="the operator must publish it first",
        hint="samenzicht-coordinator release PERIOD"
        + ("" if period else ", or export --covenant-version of an earlier one"),
    )
