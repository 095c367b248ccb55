"""Computes: the audit bundle and the public bundle, from what the coordinator holds of one or several rounds."""

from collections.abc import Sequence
from dataclasses import dataclass

from protocol.bundle import Audience, Bundle, BundledRound, RoundFrames
from protocol.covenant.signed import SignedCovenant
from protocol.digest import digest_of
from protocol.release import SignedRelease
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.second_person import SecondSignature
from protocol.study.approval import SignedApproval
from protocol.study.study import SignedStudy
from protocol.words.code_list import CodeList
from protocol.words.geography import Geography


@dataclass(frozen=True, slots=True, repr=False)
class Agreed:
    """What was signed before any round. studies, approvals: all that the coordinator has."""

    covenant: SignedCovenant
    geography: Geography
    code_lists: tuple[CodeList, ...]
    studies: tuple[SignedStudy, ...]
    approvals: tuple[SignedApproval, ...]


@dataclass(frozen=True, slots=True, repr=False)
class PublishedRound:
    """An agreed round and its release. second: None where the covenant names no second person."""

    slot: CoordinatorSlot
    release: SignedRelease
    second: SecondSignature | None = None


@dataclass(frozen=True, slots=True, repr=False)
class CoordinatorLog:
    """The coordinator's whole log. leaves: in order. checkpoint: its signed head as it is now."""

    leaves: tuple[bytes, ...]
    checkpoint: str


def collect_bundle(
    agreed: Agreed, rounds: Sequence[PublishedRound], log: CoordinatorLog, *, audience: Audience = Audience.AUDIT
) -> Bundle:
    """Return the bundle of these rounds; studies and approvals that they do not use stay out.

    Not promised: that it holds; who hands it out should run `samenzicht-audit verify` on it first.
    """
    used = {published.release.release.study_digest for published in rounds}
    return Bundle(
        audience=audience,
        covenant=agreed.covenant,
        geography=agreed.geography,
        code_lists=agreed.code_lists,
        studies=tuple(signed for signed in agreed.studies if digest_of(signed.study) in used),
        approvals=tuple(signed for signed in agreed.approvals if signed.approval.study_digest in used),
        rounds=tuple(
            BundledRound(
                published.release,
                published.second,
                _frames(published.slot) if audience is Audience.AUDIT else None,
            )
            for published in rounds
        ),
        leaves=log.leaves,
        checkpoint=log.checkpoint,
    )


def _frames(slot: CoordinatorSlot) -> RoundFrames:
    verdicts = tuple(slot.verdicts[party] for party in slot.survivors)
    return RoundFrames(slot.proposed, slot.commit, slot.repair, slot.result, verdicts)
