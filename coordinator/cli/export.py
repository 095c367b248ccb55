"""Touches the world: `export --to DIR`: figures as CSV, JSON, XLSX and ODS, and the bundles for parties and public."""

from pathlib import Path
from typing import Annotated

import typer

from coordinator.cli.telling import AsJson, Folder, Lang, said, show, tell, telling
from coordinator.combine import combine
from coordinator.errors import OperatorRefusal
from coordinator.figures_file import FigureRow, RevisionRow, figure_rows, figures_json, revision_rows, rows_csv
from coordinator.figures_workbook import workbook
from coordinator.office import Office, open_office
from coordinator.publish import bundle_files, opened_tables, withdrawn_periods
from coordinator.sheets import ods, xlsx
from coordinator.whole_file import write_whole
from privacy.audit.verify import verify
from privacy.language import Language
from protocol.digest import digest_of


class BundleDoesNotHold(OperatorRefusal):
    """A bundle that the officer's own check refuses; it is not written."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export_command)


def export_command(
    to: Annotated[Path, typer.Option("--to", file_okay=False, help="folder to write to")],
    *,
    folder: Folder = Path(),
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Write the figures (CSV, JSON, XLSX, ODS), the bundle for the parties and the public one, both checked first."""
    with telling(), open_office(folder, read_only=True) as office:
        digest = digest_of(office.covenant().covenant)
        bundles = bundle_files(office)
        for audience, files in bundles.items():
            report = verify(files, covenant_digest=digest)
            if not report.holds:
                raise BundleDoesNotHold(
                    got=f"a {audience.value} bundle that does not hold",
                    wanted="one that samenzicht-audit passes",
                    act="the operator must restore the store and keep this one for the FG",
                )
        rows, revisions = _rows(office)
    write_whole(to / "figures.csv", rows_csv(rows, FigureRow))
    write_whole(to / "revisions.csv", rows_csv(revisions, RevisionRow))
    write_whole(to / "figures.json", figures_json(rows, revisions))
    write_whole(to / "figures.xlsx", xlsx(workbook(rows, revisions)))
    write_whole(to / "figures.ods", ods(workbook(rows, revisions)))
    for audience, files in bundles.items():
        for name, body in files.items():
            write_whole(to / f"{audience.value}-bundle" / name, body)
    tell(said(lang, "beide bundels nagekeken", "both bundles checked"))
    hidden = sum(row.value is None for row in rows)
    lines = [
        said(
            lang, f"{len(rows)} cijfers, {hidden} niet getoond: {to}", f"{len(rows)} figures, {hidden} not shown: {to}"
        )
    ]
    show({"figures": len(rows), "not_shown": hidden, "to": str(to)}, lines, as_json=as_json)


def _rows(office: Office) -> tuple[list[FigureRow], list[RevisionRow]]:
    member, gone = office.member(), withdrawn_periods(office)
    rows: list[FigureRow] = []
    revisions: list[RevisionRow] = []
    for digest, signed in office.studies().items():
        study = signed.study
        declared = [
            entry for scheduled in study.schedule for entry in office.store.declarations(digest, scheduled.period)
        ]
        periods = {period for of, period in gone if of == digest}
        tables = combine(opened_tables(office, study), study)
        rows += figure_rows(tables, study, member.covenant, member.geography, declared, withdrawn=periods)
        revisions += revision_rows(tables, withdrawn=periods)
    return rows, revisions
