"""Touches the world: `release`, `approve-release`, `withdraw`, `correct`: what two persons publish and take back."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from coordinator.cli.telling import AsJson, Folder, Lang, said, show, telling
from coordinator.identity import UnsafeIdentity
from coordinator.office import Office, open_office
from coordinator.publish import Drafted, approve, draft_release, publish, withdraw
from privacy.language import Language
from protocol.ledger.entry import WithdrawalReason
from protocol.release import Release
from protocol.signing import signing_key
from protocol.words.ids import OfficerId
from protocol.words.period import Period, is_period

PeriodName = Annotated[
    str, typer.Argument(metavar="PERIOD", help="2026, 2026-H1, 2026-Q1 or 2026-01; of a model, all its steps")
]
StudyName = Annotated[str | None, typer.Option("--study", help="where several have this period")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("release")(release_command)
    app.command("approve-release")(approve_command)
    app.command("withdraw")(withdraw_command)
    app.command("correct")(correct_command)


def release_command(
    period: PeriodName,
    *,
    study: StudyName = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Make the release of a period; publish it once the second person signed it too."""
    _release(folder, period, study, correct=False, as_json=as_json, lang=lang)


def correct_command(
    period: PeriodName,
    *,
    study: StudyName = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Make a correction of a release with the newest declarations; it needs two persons too, and the old one stays."""
    _release(folder, period, study, correct=True, as_json=as_json, lang=lang)


def approve_command(
    period: PeriodName,
    *,
    officer: Annotated[str, typer.Option("--officer", help="id in the covenant of the second person")],
    key: Annotated[Path, typer.Option("--key", exists=True, dir_okay=False, help="file with that person's own key")],
    study: StudyName = None,
    correct: Annotated[bool, typer.Option("--correct", help="of a correction")] = False,
    folder: Folder = Path(),
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Sign a release as the second person, after looking at its figures. Not the operator's own key."""
    with telling(as_json=as_json), open_office(folder) as office:
        drafts = _drafts(office, period, study, correct=correct)
        for each in drafts:
            approve(office, each, officer=OfficerId(officer), key=signing_key(_secret(key)))
    trees = [{"release": each.digest, "officer": officer} for each in drafts]
    lines = [
        said(lang, f"ondertekend als tweede: {each.digest}", f"signed as second person: {each.digest}")
        for each in drafts
    ]
    show(_one_or_all(trees), lines, as_json=as_json)


def withdraw_command(
    period: PeriodName,
    *,
    reason: Annotated[WithdrawalReason, typer.Option("--reason", help="why")],
    study: StudyName = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Withdraw a release: its figures are shown no more, and the old table stays in log and bundles."""
    with telling(as_json=as_json), open_office(folder) as office:
        chosen = office.study_for(_period(period), study)
        gone = {each: withdraw(office, chosen, each, reason) for each in chosen.rounds_of(_period(period))}
    lines = [
        said(lang, f"ingetrokken: {each} {digest}", f"withdrawn: {each} {digest}") for each, digest in gone.items()
    ]
    show(_one_or_all([{"release": digest, "reason": reason} for digest in gone.values()]), lines, as_json=as_json)


def _release(folder: Path, period: str, study: str | None, *, correct: bool, as_json: bool, lang: Language) -> None:
    with telling(as_json=as_json), open_office(folder) as office:
        drafts = _drafts(office, period, study, correct=correct)
        for each in drafts:
            publish(office, each)
    lines, trees = list[str](), list[dict[str, object]]()
    for each in drafts:
        release, digest = each.release, each.digest
        shown, hidden = _cells(each)
        lines.append(
            said(
                lang,
                f"gepubliceerd {release.period}: {shown} cellen, {hidden} niet getoond; {digest}",
                f"released {release.period}: {shown} cells, {hidden} not shown; {digest}",
            )
        )
        trees.append({"release": digest, "supersedes": release.supersedes, "shown": shown, "not_shown": hidden})
    show(_one_or_all(trees), lines, as_json=as_json)


def _drafts(office: Office, period: str, study: str | None, *, correct: bool) -> tuple[Drafted, ...]:
    """Return the release of a period, or of every step of a model over it; all of them are made before one is signed.

    Raises: what `draft_release` raises.
    """
    chosen = office.study_for(_period(period), study)
    rounds = chosen.rounds_of(_period(period))
    return tuple(draft_release(office, chosen, each, correct=correct) for each in rounds)


def _one_or_all(trees: Sequence[Mapping[str, object]]) -> object:
    return trees[0] if len(trees) == 1 else {"rounds": trees}


def _cells(drafted: Drafted) -> tuple[int, int]:
    release: Release = drafted.release
    cells = [cell for table in release.tables for cell in table.cells]
    hidden = sum(cell.value is None for cell in cells)
    return len(cells) - hidden, hidden


def _period(text: str) -> Period:
    if not is_period(text):
        raise typer.BadParameter("2026, 2026-H1, 2026-Q1 or 2026-01", param_hint="PERIOD")
    return Period(text)


def _secret(path: Path) -> bytes:
    try:
        secret = bytes.fromhex(path.read_text("ascii").strip())
    except (ValueError, UnicodeDecodeError):
        secret = b""
    if len(secret) != 32:  # noqa: PLR2004 - an Ed25519 key
        raise UnsafeIdentity(
            got=f"no key in {path.name}", wanted="64 hexadecimal digits", act="the second person must give the own key"
        )
    return secret
