"""Computes: the audit of a bundle, step by step. A step that fails stops what builds on it, and nothing else."""

from collections.abc import Mapping
from functools import partial

from privacy.audit.agreements import check_pin, read_covenant, read_study, reader_of, yearly_charges
from privacy.audit.coordinator_log import ReadLog, check_one_opening, read_log, released_slots
from privacy.audit.one_round import RoundAudit, Seen
from privacy.audit.report import Check, Notes, Report, Why
from protocol.bundle import Bundle, parse_bundle
from protocol.digest import digest_of
from protocol.study.study import Study
from protocol.words.ids import Digest

_BEFORE_ALL = frozenset({Check.INDEX, Check.PIN, Check.COVENANT})


def verify(files: Mapping[str, bytes], *, covenant_digest: Digest | None = None) -> Report:
    """Return what holds of a bundle, without network, database or trust in any party.

    covenant_digest: the one that the officer's own party pinned; without it nobody says that this is its covenant.
    Rounds that the log names and that are not there are not checked, and said so: of an earlier covenant there is a
    bundle of its own. Not promised: that the figures of a partner are true.
    """
    notes = Notes()
    bundle = notes.take(Check.INDEX, "", partial(parse_bundle, files))
    if bundle is None:
        return Report(tuple(notes.steps))
    if covenant_digest is None:
        notes.skip("", Why.NO_PIN, Check.PIN)
    else:
        notes.take(Check.PIN, "", partial(check_pin, bundle.covenant, covenant_digest))
    if notes.take(Check.COVENANT, "", partial(read_covenant, bundle.covenant)) is None:
        notes.skip("", Why.EARLIER, *(check for check in Check if check not in _BEFORE_ALL))
        return Report(tuple(notes.steps))
    studies = _studies(bundle, notes)
    reader = reader_of(bundle, studies)
    for charge in yearly_charges(studies, reader):
        subject = f"{charge.party} {charge.year}"
        notes.state(Check.CHARGE, subject, fact="within" if charge.within_cap else "above")
    log = notes.take(Check.LOG, "", partial(read_log, bundle.leaves, bundle.checkpoint, reader.covenant))
    seen = Seen()
    for held in bundle.rounds:
        RoundAudit(held, bundle, reader, log, notes, seen).take_steps()
    if log is None:
        notes.skip("", Why.EARLIER, Check.ONE_OPENING, Check.COMPLETE)
    else:
        notes.take(Check.ONE_OPENING, "", lambda: check_one_opening(log, seen.locks, seen.heads))
        _complete_step(bundle, log, notes)
    return Report(tuple(notes.steps))


def _complete_step(bundle: Bundle, log: ReadLog, notes: Notes) -> None:
    """Note how many of the rounds that the log says were released are in the bundle."""
    released = released_slots(log)
    here = released & {held.release.release.slot for held in bundle.rounds}
    subject = f"{len(here)} / {len(released)}"
    if here == released:
        notes.take(Check.COMPLETE, subject, lambda: None)
    else:
        notes.skip(subject, Why.ELSEWHERE, Check.COMPLETE)


def _studies(bundle: Bundle, notes: Notes) -> dict[Digest, Study]:
    studies: dict[Digest, Study] = {}
    for signed in bundle.studies:
        study = notes.take(Check.STUDY, signed.study.id, partial(read_study, signed, bundle))
        if study is not None:
            studies[digest_of(study)] = study
    return studies
