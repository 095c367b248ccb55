"""Computes: the release of an agreed round: the opened sum as tables, with its provenance and signature."""

from privacy.publication import Delivery, released_tables
from protocol.digest import digest_of
from protocol.release import Release, SignedRelease, check_release
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.round.frame import parse_frame
from protocol.round.member import Member
from protocol.round.messages import Upload
from protocol.round.opening import Opened
from protocol.round.transitions import OutOfOrder, State
from protocol.signing import Purpose, sign
from protocol.study.declaration import SignedDeclaration, check_declarations
from protocol.words.ids import Digest


def make_release(
    slot: CoordinatorSlot,
    opened: Opened,
    *,
    member: Member,
    declarations: tuple[SignedDeclaration, ...],
    supersedes: Digest | None = None,
) -> Release:
    """Return the release of a round in which every survivor agreed to the sum.

    opened: what `open_slot` returned. declarations: one of each contributor whose upload is in the sum, in any order.
    supersedes: digest of the release that this one corrects.
    Raises: OutOfOrder, and what `check_declarations` raises.
    """
    if slot.state is not State.DONE:
        raise OutOfOrder(
            got=f"a release in state {slot.state}",
            wanted="a round to whose sum every survivor agreed",
            act="the coordinator must wait for the verdicts, or find out what was objected to",
        )
    spec = slot.offer.spec
    study = member.study(spec.study_digest)
    ordered = tuple(sorted(declarations, key=lambda signed: signed.declaration.party))
    check_declarations(ordered, study, member.covenant, period=spec.period, participants=slot.survivors)
    grid = member.grid(spec.study_digest, spec.period)
    delivery = Delivery(spec.period, slot.offer.participants, slot.gone, ordered)
    release = Release(
        covenant_digest=digest_of(member.covenant),
        study_digest=spec.study_digest,
        period=spec.period,
        slot=slot.slot,
        attempt=slot.attempt,
        grid_digest=grid.digest,
        participants=slot.survivors,
        contributions=_contributions(slot),
        declarations=ordered,
        tables=released_tables(opened, grid, study=study, covenant=member.covenant, delivery=delivery),
        supersedes=supersedes,
    )
    check_release(release, grid)
    return release


def sign_release(release: Release, *, member: Member) -> SignedRelease:
    """Return the release with the coordinator's signature. Its digest, for the log, is that of the release itself."""
    return SignedRelease(release=release, signature=sign(release.encode(), key=member.key, purpose=Purpose.RELEASE))


def _contributions(slot: CoordinatorSlot) -> tuple[Digest, ...]:
    limit = slot.offer.spec.cells * slot.offer.spec.ring_bits // 8
    headers = (
        parse_frame(slot.uploads[party], source="store", max_payload_bytes=limit).header for party in slot.survivors
    )
    return tuple(header.payload_digest for header in headers if isinstance(header, Upload))
