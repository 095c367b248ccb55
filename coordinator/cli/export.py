"""Touches the world: `export --to DIR`: figures as CSV, JSON, XLSX and ODS, and the bundles for parties and public."""

from pathlib import Path
from typing import Annotated

import typer

from coordinator.cli.telling import AsJson, Folder, Lang, said, show, tell, telling
from coordinator.combine import combine
from coordinator.errors import OperatorRefusal
from coordinator.figures_export import Figures, StudyFigures, write_figures
from coordinator.office import Office, open_office
from coordinator.publish import bundle_files, opened_tables, withdrawn_periods
from coordinator.whole_file import write_whole
from privacy.audit.verify import verify
from privacy.language import Language
from protocol.covenant.signed import SignedCovenant
from protocol.digest import digest_of


class BundleDoesNotHold(OperatorRefusal):
    """A bundle that the officer's own check refuses; it is not written."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export_command)


def export_command(
    to: Annotated[Path, typer.Option("--to", file_okay=False, help="folder to write to")],
    *,
    version: Annotated[
        int | None, typer.Option("--covenant-version", min=1, help="what was released under an earlier covenant")
    ] = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Write the figures (CSV, JSON, XLSX, ODS), the bundle for the parties and the public one, both checked first."""
    with telling(as_json=as_json), open_office(folder, read_only=True) as office:
        agreed = office.covenant(version)
        digest = digest_of(agreed.covenant)
        bundles = bundle_files(office, agreed)
        for audience, files in bundles.items():
            report = verify(files, covenant_digest=digest)
            if not report.holds:
                raise BundleDoesNotHold(
                    got=f"a {audience.value} bundle that does not hold",
                    wanted="one that samenzicht-audit passes",
                    act="the operator must restore the store and keep this one for the FG",
                )
        for audience, files in bundles.items():
            for name, body in files.items():
                write_whole(to / f"{audience.value}-bundle" / name, body)
        bundles.clear()  # they are as large as the figures
        figures = _figures(office, agreed)
    with telling(as_json=as_json):
        write_figures(figures, to)
    tell(said(lang, "beide bundels nagekeken", "both bundles checked"))
    number, hidden = len(figures), figures.hidden
    lines = [
        said(lang, f"{number} cijfers, {hidden} niet getoond: {to}", f"{number} figures, {hidden} not shown: {to}")
    ]
    show({"figures": number, "not_shown": hidden, "to": str(to)}, lines, as_json=as_json)


def _figures(office: Office, agreed: SignedCovenant) -> Figures:
    member, gone = office.member(agreed), withdrawn_periods(office)
    found = []
    for digest, signed in office.studies(agreed).items():
        study = signed.study
        declared = tuple(
            entry for scheduled in study.schedule for entry in office.store.declarations(digest, scheduled.period)
        )
        periods = frozenset(period for of, period in gone if of == digest)
        tables = combine(opened_tables(office, study), study)
        found.append(StudyFigures(tables, study, member.covenant, member.geography, declared, periods))
    return Figures(tuple(found))
