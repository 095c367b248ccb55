"""Computes: the audit of one round: what was offered, locked, uploaded, repaired, agreed and released."""

from dataclasses import dataclass, field
from functools import partial

from privacy.audit.agreements import check_approvals
from privacy.audit.coordinator_log import ReadLog, check_heads, check_logged, check_second_logged
from privacy.audit.published import check_contributions, check_figures, check_hidden, check_same_round, check_variances
from privacy.audit.report import Check, Notes, Why
from privacy.audit.round_frames import (
    PartyHead,
    ReadResult,
    SeenLock,
    check_verdicts,
    read_offer,
    read_readies,
    read_repair,
    read_result,
    recomputed_sum,
    seen_heads,
    seen_locks,
)
from privacy.publication import Delivery
from protocol.bundle import Bundle, BundledRound, RoundFrames
from protocol.release import Release, SignedRelease, check_release, check_signed_release
from protocol.round.member import Reader
from protocol.round.memory import SlotMemory
from protocol.round.messages import Offer
from protocol.round.witness import SeenHead
from protocol.second_person import check_second, names_second_person, not_signed_by_second
from protocol.study.declaration import check_declarations

# In the order in which they are taken: who stops at one skips the rest.
_OF_RESULT = (Check.HEADS, Check.CONTRIBUTIONS, Check.VARIANCE, Check.OPENED, Check.SUM, Check.NOT_SHOWN)
_OF_UPLOADS = (Check.UPLOADS, Check.VERDICTS, *_OF_RESULT)
_OF_FRAMES = (Check.OFFER, Check.APPROVALS, Check.READIES, Check.REPAIR, *_OF_UPLOADS)


@dataclass(slots=True)
class Seen:
    """What the rounds of a bundle together show of the participants' logs."""

    locks: list[SeenLock] = field(default_factory=list)
    heads: list[PartyHead] = field(default_factory=list)


@dataclass(frozen=True, slots=True, repr=False)
class RoundAudit:
    """One round of a bundle and where its steps are noted. log: None when the coordinator's log does not hold."""

    held: BundledRound
    bundle: Bundle
    reader: Reader
    log: ReadLog | None
    notes: Notes
    seen: Seen

    @property
    def release(self) -> Release:
        """The release of this round."""
        return self.held.release.release

    @property
    def subject(self) -> str:
        """The round's name in the report."""
        return f"{self.release.period} {self.release.slot[:8]}"

    def take_steps(self) -> None:
        """Take every step of the round."""
        notes, subject = self.notes, self.subject
        if notes.take(Check.RELEASE, subject, self._read_release) is None:
            notes.skip(subject, Why.EARLIER, Check.SECOND_PERSON, Check.DECLARATIONS, *_OF_FRAMES, Check.LOGGED)
            return
        self._second_person_step()
        notes.take(Check.DECLARATIONS, subject, self._check_declarations)
        opened_at: SeenHead | None = None
        if self.held.frames is None:
            notes.skip(subject, Why.PUBLIC, *_OF_FRAMES)
        else:
            opened_at = self._offer_steps(self.held.frames)
        if self.log is None:
            notes.skip(subject, Why.EARLIER, Check.LOGGED)
        else:
            notes.take(Check.LOGGED, subject, partial(self._check_logged, opened_at, self.log))

    def _second_person_step(self) -> None:
        """Take the step on the second person's signature; a covenant that names nobody asks for none."""
        if self.held.second is None and not names_second_person(self.reader.covenant):
            self.notes.state(Check.SECOND_PERSON, self.subject, fact="not-required")
        else:
            self.notes.take(Check.SECOND_PERSON, self.subject, self._check_second)

    def _offer_steps(self, frames: RoundFrames) -> SeenHead | None:
        notes, subject, reader = self.notes, self.subject, self.reader
        offer = notes.take(Check.OFFER, subject, partial(read_offer, frames, reader))
        if offer is None:
            notes.skip(subject, Why.EARLIER, *_OF_FRAMES[1:])
            return None
        notes.take(Check.APPROVALS, subject, partial(self._check_approvals, offer))
        locked = notes.take(Check.READIES, subject, partial(read_readies, frames, offer, reader))
        if locked is None:
            notes.skip(subject, Why.EARLIER, Check.REPAIR, *_OF_UPLOADS)
            return None
        if not frames.repair:
            return self._result_steps(frames, offer, locked)
        repaired = notes.take(Check.REPAIR, subject, partial(read_repair, frames, locked, offer, reader))
        if repaired is None:
            notes.skip(subject, Why.EARLIER, *_OF_UPLOADS)
            return None
        return self._result_steps(frames, offer, repaired)

    def _result_steps(self, frames: RoundFrames, offer: Offer, memory: SlotMemory) -> SeenHead | None:
        """Take the steps on RESULT and VERDICTs; return the coordinator's head in RESULT, if it holds."""
        notes, subject, reader, log = self.notes, self.subject, self.reader, self.log
        result = notes.take(Check.UPLOADS, subject, partial(read_result, frames, memory, offer, reader))
        notes.take(Check.VERDICTS, subject, partial(check_verdicts, frames, memory, offer, reader))
        if result is None:
            notes.skip(subject, Why.EARLIER, *_OF_RESULT)
            return None
        self.seen.locks.extend(seen_locks(memory, result, offer, reader))
        self.seen.heads.extend(seen_heads(memory, result, offer, reader))
        opened_at: SeenHead | None = None
        if log is None:
            notes.skip(subject, Why.EARLIER, Check.HEADS)
        else:
            heads = partial(check_heads, offer.checkpoint, result.header.checkpoint, log, reader.covenant)
            opened_at = notes.take(Check.HEADS, subject, heads)
        self._published_steps(result, offer, memory)
        return opened_at

    def _published_steps(self, result: ReadResult, offer: Offer, memory: SlotMemory) -> None:
        """Take the steps that compare the release with the round."""
        notes, subject, release = self.notes, self.subject, self.release
        study = self.reader.study(offer.spec.study_digest)
        covenant = self.reader.covenant
        delivery = Delivery(offer.spec.period, offer.participants, memory.gone, release.declarations)
        notes.take(Check.CONTRIBUTIONS, subject, partial(self._check_round, result, offer, memory))
        notes.take(
            Check.VARIANCE,
            subject,
            partial(check_variances, release, study=study, covenant=covenant, delivery=delivery),
        )
        if not result.header.has_vectors:
            notes.skip(subject, Why.NO_VECTORS, Check.OPENED, Check.SUM, Check.NOT_SHOWN)
            return
        opened = notes.take(Check.OPENED, subject, partial(recomputed_sum, result, memory, offer, self.reader))
        if opened is None:
            notes.skip(subject, Why.EARLIER, Check.SUM, Check.NOT_SHOWN)
            return
        grid = self.reader.grid(offer.spec.study_digest, offer.spec.period)
        notes.take(Check.SUM, subject, partial(check_figures, release, opened))
        notes.take(
            Check.NOT_SHOWN,
            subject,
            partial(check_hidden, release, opened, grid, study=study, covenant=covenant, delivery=delivery),
        )

    def _read_release(self) -> SignedRelease:
        """Return the release: signed by the coordinator, of a study in the bundle, with exactly the grid's cells."""
        check_signed_release(self.held.release, self.reader.covenant)
        check_release(self.release, self.reader.grid(self.release.study_digest, self.release.period))
        return self.held.release

    def _check_second(self) -> None:
        if self.held.second is None:
            raise not_signed_by_second(f"a release of {self.release.period} that one person signed")
        check_second(self.held.second, self.release, self.reader.covenant)

    def _check_declarations(self) -> None:
        check_declarations(
            self.release.declarations,
            self.reader.study(self.release.study_digest),
            self.reader.covenant,
            period=self.release.period,
            participants=self.release.participants,
        )

    def _check_logged(self, opened_at: SeenHead | None, log: ReadLog) -> None:
        check_logged(self.release, opened_at, log)
        if self.held.second is not None:
            check_second_logged(self.held.second, self.release, log)

    def _check_approvals(self, offer: Offer) -> None:
        digest = offer.spec.study_digest
        check_approvals(
            [signed for signed in self.bundle.approvals if signed.approval.study_digest == digest],
            self.reader.study(digest),
            self.reader.covenant,
            period=offer.spec.period,
            participants=offer.participants,
        )

    def _check_round(self, result: ReadResult, offer: Offer, memory: SlotMemory) -> None:
        check_same_round(self.release, offer, memory)
        check_contributions(self.release, result.contributions)
