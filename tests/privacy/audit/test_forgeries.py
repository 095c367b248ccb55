"""Every lie of a coordinator that signs it, and makes index and log fit, is caught by the step that is there for it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from coordinator.bundle import PublishedRound
from privacy.audit.coordinator_log import OpenedTwice, check_one_opening, read_log
from privacy.audit.report import Check, Outcome, Report
from privacy.audit.round_frames import SeenLock
from privacy.audit.verify import verify
from privacy.audit.words import line_of, verdict_of
from privacy.language import Language
from protocol.bundle import Audience, RoundFrames, pack_bundle, parse_bundle
from protocol.digest import digest_of
from protocol.ledger.entry import ApprovalEntry, CorrectionEntry, ReleaseEntry, WithdrawalEntry, WithdrawalReason
from protocol.ratio import Ratio
from protocol.release import NotShown, Release, ReleasedCell
from protocol.round.coordinator_round import open_slot
from protocol.round.frame import pack, parse_frame, unpack
from protocol.round.messages import Objection, Propose
from protocol.second_person import SecondSignature, second_signature
from protocol.study.approval import SignedApproval
from protocol.words.ids import Digest, OfficerId
from tests import bundles, example
from tests.privacy.audit.forging import caught, failed, framed, logged, released, resealed, with_cell
from tests.rounds import EVERYONE

HONEST = bundles.honest_files()
TWICE_SIGNED = bundles.twice_signed_files()
REPAIRED = bundles.honest_files(repaired=True)
OTHER_UPLOADS = bundles.honest_files(seed=2)


def plus_one(cell: ReleasedCell) -> ReleasedCell:
    return cell.model_copy(update={"value": (cell.value or 0) + 1})


def hidden(cell: ReleasedCell) -> ReleasedCell:
    return ReleasedCell(index=cell.index, value=None, not_shown=NotShown.TOO_UNCERTAIN)


def first_cell_shown(release: Release) -> Release:
    """Show a cell that the rule hides, with its true sum."""
    a_world = bundles.world()
    value = int(open_slot(a_world.run(), a_world.member).values[0])
    return with_cell(release, 0, lambda cell: ReleasedCell(index=cell.index, value=value, not_shown=None))


def other_variance(release: Release) -> Release:
    first, *rest = release.tables
    return release.model_copy(update={"tables": (first.model_copy(update={"variance": Ratio.of(199)}), *rest)})


RELEASES: list[tuple[Callable[[Release], Release], Check]] = [
    (lambda release: with_cell(release, 1, plus_one), Check.SUM),
    (lambda release: with_cell(release, 1, hidden), Check.NOT_SHOWN),
    (first_cell_shown, Check.NOT_SHOWN),
    (other_variance, Check.VARIANCE),
    (lambda release: release.model_copy(update={"declarations": release.declarations[1:]}), Check.DECLARATIONS),
    (
        lambda release: release.model_copy(update={"contributions": release.contributions[::-1]}),
        Check.CONTRIBUTIONS,
    ),
    (lambda release: release.model_copy(update={"attempt": 1}), Check.CONTRIBUTIONS),
    (lambda release: release.model_copy(update={"grid_digest": digest_of(example.covenant())}), Check.RELEASE),
    (lambda release: release.model_copy(update={"study_digest": digest_of(example.covenant())}), Check.INDEX),
    (lambda release: release.model_copy(update={"supersedes": digest_of(example.covenant())}), Check.LOGGED),
]


def test_an_honest_bundle_holds_with_and_without_a_repair() -> None:
    """The negative control of every test below."""
    pinned = digest_of(example.covenant())
    agreed = digest_of(example.covenant_with_second())
    for files, digest in ((HONEST, pinned), (REPAIRED, pinned), (TWICE_SIGNED, agreed)):
        report = verify(files, covenant_digest=digest)
        assert report.holds
        assert report.not_checked == 0
    taken = {step.check for step in verify(REPAIRED, covenant_digest=pinned).steps}
    assert taken == set(Check)


@pytest.mark.parametrize(("change", "check"), RELEASES)
def test_a_forged_release_is_caught_by_its_own_step(change: Callable[[Release], Release], check: Check) -> None:
    files = released(HONEST, change)
    if check is Check.INDEX:  # a study that is not in the bundle: the release cannot be read
        assert caught(files) == {Check.RELEASE}
    else:
        assert caught(files) == {check}


def test_a_log_with_a_leaf_dropped_is_caught() -> None:
    bundle = parse_bundle(HONEST)
    assert caught(pack_bundle(replace(bundle, leaves=bundle.leaves[:-1]))) == {Check.LOG}
    assert caught(logged(bundle, list(bundle.leaves[:-1]))) == {Check.LOGGED}  # signed again
    assert caught(logged(bundle, list(bundle.leaves[1:]))) == {Check.HEADS}


def test_two_releases_of_one_slot_are_caught() -> None:
    bundle = parse_bundle(HONEST)
    slot = bundle.rounds[0].release.release.slot
    second = ReleaseEntry(slot=slot, release_digest=Digest("ab" * 32)).encode()
    assert caught(logged(bundle, [*bundle.leaves, second])) == {Check.ONE_OPENING}
    again = logged(bundle, [*bundle.leaves, bundle.leaves[-1]])
    assert caught(again) == {Check.ONE_OPENING, Check.LOGGED}


def test_a_logged_correction_or_withdrawal_holds_and_one_of_another_release_does_not() -> None:
    bundle = parse_bundle(HONEST)
    slot, digest, other = bundle.rounds[0].release.release.slot, digest_of(bundle.rounds[0].release.release), "cd" * 32
    right = CorrectionEntry(slot=slot, old_release_digest=digest, new_release_digest=Digest(other))
    wrong = CorrectionEntry(slot=slot, old_release_digest=Digest(other), new_release_digest=digest)
    gone = WithdrawalEntry(slot=slot, release_digest=digest, reason=WithdrawalReason.WRONG_DELIVERY)
    assert caught(logged(bundle, [*bundle.leaves, right.encode()])) == set()
    assert caught(logged(bundle, [*bundle.leaves, gone.encode(), right.encode()])) == set()
    assert Check.ONE_OPENING in caught(logged(bundle, [*bundle.leaves, wrong.encode()]))


def test_a_slot_that_a_partys_log_shows_locked_twice_is_caught() -> None:
    bundle = parse_bundle(HONEST)
    log = read_log(bundle.leaves, bundle.checkpoint, example.covenant())
    one = SeenLock(example.VT, Digest("11" * 32), 0, Digest("22" * 32))
    check_one_opening(log, [one, one], [])
    for other in (replace(one, attempt=1), replace(one, context=Digest("33" * 32))):
        with pytest.raises(OpenedTwice, match="two LOCKs of one slot by vt-noord"):
            check_one_opening(log, [one, other], [])


def test_a_study_that_a_contributor_did_not_approve_is_caught() -> None:
    bundle = parse_bundle(HONEST)
    assert caught(pack_bundle(replace(bundle, approvals=bundle.approvals[1:]))) == {Check.APPROVALS}

    def with_first(signed: SignedApproval) -> set[Check]:
        return caught(pack_bundle(replace(bundle, approvals=(signed, *bundle.approvals[1:]))))

    first = bundle.approvals[0]
    ended = first.approval.model_copy(update={"valid_until": date(2026, 4, 9)})
    assert with_first(example.signed_approval(ended)) == {Check.APPROVALS}
    for day, found in ((date(2026, 4, 24), set()), (date(2026, 4, 25), {Check.APPROVALS})):
        decided = first.approval.model_copy(update={"decided_on": day})  # the last day of the round, and the one after
        assert with_first(example.signed_approval(decided)) == found
    assert with_first(first.model_copy(update={"signature": bundle.approvals[1].signature})) == {Check.APPROVALS}


def test_participants_below_the_covenants_minimum_are_caught() -> None:
    def four(frames: RoundFrames) -> RoundFrames:
        header = parse_frame(frames.propose, source="test", max_payload_bytes=0).header
        assert isinstance(header, Propose)
        offer = header.offer.model_copy(update={"participants": EVERYONE[:4]})
        return replace(frames, propose=resealed(frames.propose, offer=offer))

    assert caught(framed(HONEST, four)) == {Check.OFFER}


def test_an_upload_replaced_by_the_participants_upload_of_another_time_is_caught() -> None:
    other = parse_bundle(OTHER_UPLOADS).rounds[0].frames
    assert other is not None
    theirs = unpack(parse_frame(other.result, source="test", max_payload_bytes=1 << 20).payload, source="test")

    def replaced(frames: RoundFrames) -> RoundFrames:
        ours = unpack(parse_frame(frames.result, source="test", max_payload_bytes=1 << 20).payload, source="test")
        return replace(frames, result=resealed(frames.result, payload=pack([theirs[0], *ours[1:]])))

    assert caught(framed(HONEST, replaced)) == {Check.UPLOADS}


def test_a_ready_for_another_offer_or_one_left_out_is_caught() -> None:
    def short(frames: RoundFrames) -> RoundFrames:
        readies = unpack(parse_frame(frames.commit, source="test", max_payload_bytes=1 << 20).payload, source="test")
        return replace(frames, commit=resealed(frames.commit, payload=pack(readies[1:])))

    def later(frames: RoundFrames) -> RoundFrames:
        header = parse_frame(frames.propose, source="test", max_payload_bytes=0).header
        assert isinstance(header, Propose)
        offer = header.offer.model_copy(update={"expires_s": header.offer.expires_s + 1})
        return replace(frames, propose=resealed(frames.propose, offer=offer))

    assert caught(framed(HONEST, short)) == {Check.READIES}
    assert caught(framed(HONEST, later)) == {Check.READIES}


def test_a_repair_without_its_abort_or_hidden_from_the_bundle_is_caught() -> None:
    assert caught(framed(REPAIRED, lambda frames: replace(frames, repair=resealed(frames.repair, payload=b"")))) == {
        Check.REPAIR
    }
    assert Check.UPLOADS in caught(framed(REPAIRED, lambda frames: replace(frames, repair=b"")))


def test_an_objection_or_a_missing_verdict_is_caught() -> None:
    def objecting(frames: RoundFrames) -> RoundFrames:
        first = resealed(frames.verdicts[0], sender=EVERYONE[0], objection=Objection.OWN_TABLE)
        return replace(frames, verdicts=(first, *frames.verdicts[1:]))

    assert caught(framed(HONEST, objecting)) == {Check.VERDICTS}
    assert caught(framed(HONEST, lambda frames: replace(frames, verdicts=frames.verdicts[1:]))) == {Check.VERDICTS}


def test_another_covenant_than_the_pinned_one_and_a_missing_signature_are_caught() -> None:
    assert failed(verify(HONEST, covenant_digest=Digest("00" * 32))) == {Check.PIN}
    bundle = parse_bundle(HONEST)
    unsigned = bundle.covenant.model_copy(update={"signatures": bundle.covenant.signatures[1:]})
    report = verify(pack_bundle(replace(bundle, covenant=unsigned)))
    assert failed(report) == {Check.COVENANT}
    assert {step.outcome for step in report.steps[3:]} == {Outcome.NOT_CHECKED}


def test_a_study_that_breaks_a_rule_though_signed_is_caught() -> None:
    bundle = parse_bundle(HONEST)
    wrong = example.study().model_copy(update={"tables": example.study().tables[::-1]})
    files = pack_bundle(replace(bundle, studies=(example.signed_study(wrong),)))
    assert caught(files) == {Check.STUDY, Check.RELEASE}


def test_vectors_above_the_size_limit_are_said_to_be_not_checked() -> None:
    files = bundles.honest_files(study=example.study().model_copy(update={"max_upload_bytes": 1}))
    report = verify(files)
    assert report.holds
    skipped = {step.check: step.code for step in report.steps if step.outcome is Outcome.NOT_CHECKED}
    assert skipped == {
        Check.PIN: "no-pin",
        Check.OPENED: "no-vectors",
        Check.SUM: "no-vectors",
        Check.NOT_SHOWN: "no-vectors",
    }


def test_a_public_bundle_has_no_frames_and_says_what_that_leaves_unchecked() -> None:
    a_world = bundles.world()
    slot = a_world.run()
    files = a_world.files(PublishedRound(slot, a_world.release(slot)), audience=Audience.PUBLIC)
    assert not [name for name in files if name.endswith(".bin")]
    report = verify(files)
    assert report.holds
    passed = {step.check for step in report.steps if step.outcome is Outcome.PASSED}
    assert passed >= {Check.RELEASE, Check.DECLARATIONS, Check.LOGGED, Check.ONE_OPENING}
    assert not passed & {Check.SUM, Check.UPLOADS, Check.VERDICTS, Check.VARIANCE, Check.NOT_SHOWN}


def two_rounds() -> dict[str, bytes]:
    a_world = bundles.world()
    published = []
    for period in (example.QUARTER, bundles.NEXT_QUARTER):
        slot = a_world.run(period)
        published.append(PublishedRound(slot, a_world.release(slot)))
    return a_world.files(*published)


def test_two_rounds_in_one_bundle_hold() -> None:
    report = verify(two_rounds())
    assert report.holds
    assert sum(step.check is Check.SUM for step in report.steps) == 2
    assert complete(report) == [("2 / 2", Outcome.PASSED)]


def test_a_round_that_was_left_out_is_not_checked_and_the_officer_is_told() -> None:
    """With a new index nothing else in the bundle tells: what is there holds. The log does."""
    bundle = parse_bundle(two_rounds())
    report = verify(pack_bundle(replace(bundle, rounds=bundle.rounds[:1])))
    assert complete(report) == [("1 / 2", Outcome.NOT_CHECKED)]
    assert report.holds
    for language, words in ((Language.DUTCH, "het logboek noemt meer ronden"), (Language.ENGLISH, "names more rounds")):
        assert any(words in line_of(step, language) for step in report.steps)
    assert verdict_of(report, Language.DUTCH).startswith("de bundel klopt; ")


def complete(report: Report) -> list[tuple[str, Outcome]]:
    return [(step.subject, step.outcome) for step in report.steps if step.check is Check.COMPLETE]


def test_a_plan_whose_worst_case_is_above_the_cap_is_stated_and_not_refused() -> None:
    study = example.study()
    measures = tuple(
        measure.model_copy(update={"most_per_cell": 1000}) if measure.id == "meldingen" else measure
        for measure in study.measures
    )
    report = verify(bundles.honest_files(study=study.model_copy(update={"measures": measures})))
    assert report.holds
    stated = {step.subject: step.detail for step in report.steps if step.check is Check.CHARGE}
    assert stated == {
        "school-a 2026": "within",
        "school-b 2026": "within",
        "school-c 2026": "within",
        "vt-noord 2026": "above",
    }


def with_second(second: SecondSignature | None) -> dict[str, bytes]:
    """Return the bundle with another second signature, whose entry in the log fits it."""
    bundle = parse_bundle(TWICE_SIGNED)
    (held,) = bundle.rounds
    assert held.second is not None
    entry = ApprovalEntry(study_digest=held.release.release.study_digest, approval_digest=digest_of(held.second))
    leaves = [leaf for leaf in bundle.leaves if leaf != entry.encode()]
    if second is not None:
        leaves.insert(-1, entry.model_copy(update={"approval_digest": digest_of(second)}).encode())
    return logged(replace(bundle, rounds=(replace(held, second=second),)), leaves)


def test_a_covenant_with_a_second_person_requires_the_signature_and_one_without_says_so() -> None:
    def found(files: dict[str, bytes]) -> list[tuple[Outcome, str]]:
        return [(step.outcome, step.detail) for step in verify(files).steps if step.check is Check.SECOND_PERSON]

    assert found(HONEST) == [(Outcome.STATED, "not-required")]
    assert found(TWICE_SIGNED) == [(Outcome.PASSED, "")]
    assert found(bundles.twice_signed_files(audience=Audience.PUBLIC)) == [(Outcome.PASSED, "")]
    assert found(with_second(None)) != [(Outcome.PASSED, "")]  # negative control


def test_a_release_that_one_person_published_is_caught() -> None:
    """Missing, over another release, by another key, or by an officer of a partner; each logged as if it were right."""
    release = parse_bundle(TWICE_SIGNED).rounds[0].release.release
    right = example.second_signature(release)
    assert caught(with_second(right)) == set()  # negative control
    other = release.model_copy(update={"attempt": 1})
    partners = second_signature(release, officer=OfficerId("fg"), key=example.signing_key(f"{example.VT} fg"))
    wrong: list[tuple[SecondSignature | None, str]] = [
        (None, "no-second-person"),
        (example.second_signature(other), "no-second-person"),
        (right.model_copy(update={"signature": example.second_signature(other).signature}), "bad-signature"),
        (example.second_signature(release, signer=example.COORDINATOR), "bad-signature"),
        (example.second_signature(release, signer=f"{example.VT} fg"), "bad-signature"),
        (partners, "unknown-officer"),
    ]
    for second, code in wrong:
        failing = [step for step in verify(with_second(second)).steps if step.outcome is Outcome.FAILED]
        assert [(step.check, step.code) for step in failing] == [(Check.SECOND_PERSON, code)]


def test_a_second_signature_under_a_covenant_that_names_nobody_is_caught() -> None:
    bundle = parse_bundle(HONEST)
    (held,) = bundle.rounds
    second = example.second_signature(held.release.release)
    files = pack_bundle(replace(bundle, rounds=(replace(held, second=second),)))
    assert caught(files) == {Check.SECOND_PERSON, Check.LOGGED}


def test_a_second_signature_that_was_made_after_publication_is_caught() -> None:
    bundle = parse_bundle(TWICE_SIGNED)
    *before, approved, released_last = bundle.leaves
    assert caught(logged(bundle, [*before, approved, released_last])) == set()  # negative control
    assert caught(logged(bundle, [*before, released_last, approved])) == {Check.LOGGED}
    assert caught(logged(bundle, [*before, released_last])) == {Check.LOGGED}
