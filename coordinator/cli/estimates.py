"""Touches the world: `estimates recompute`: every estimate from the opened tables, written or held beside a file."""

from pathlib import Path
from typing import Annotated

import typer

from coordinator.cli.telling import AsJson, Folder, Lang, said, show, telling
from coordinator.errors import EstimateRefusal
from coordinator.estimates.indicators import indicators
from coordinator.estimates.sheet import Context, Sheet, make_sheet
from coordinator.estimates.sheet_file import COVARIATES, check_estimates, context_of, estimates_json
from coordinator.geography.areas import years
from coordinator.geography.folder import read_edition
from coordinator.office import Office, open_office
from coordinator.public_world import public_world
from coordinator.publish import opened_tables, withdrawn_periods
from coordinator.whole_file import write_whole
from privacy.language import Language

group = typer.Typer(no_args_is_help=True, help="Estimates from the noisy tables.")


class NothingToDo(EstimateRefusal):
    """A command to recompute estimates without a file to write or to check."""


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="estimates")


@group.callback()
def _about() -> None:
    """Estimates from the noisy tables."""


@group.command("recompute")
def recompute_command(
    *,
    to: Annotated[Path | None, typer.Option("--to", dir_okay=False, help="file to write")] = None,
    check: Annotated[Path | None, typer.Option("--check", exists=True, dir_okay=False, help="file to check")] = None,
    covariate: Annotated[list[str] | None, typer.Option("--covariate", help="column of the key figures")] = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Compute every estimate again; write it, or refuse a file that says otherwise."""
    with telling():
        if to is None and check is None:
            raise NothingToDo(got="neither --to nor --check", wanted="a file", act="the operator must name one")
        with open_office(folder, read_only=True) as office:
            sheets = _sheets(office, tuple(covariate or COVARIATES))
        body = estimates_json(sheets)
        if check is not None:
            check_estimates(check.read_bytes(), body, source=check.name)
        if to is not None:
            write_whole(to, body)
        names = [sheet.indicator.name for sheet, _ in sheets]
        verdict = said(lang, "nagerekend, gelijk", "recomputed, equal") if check else said(lang, "berekend", "computed")
        show(
            {"indicators": names, "checked": check is not None},
            [f"{name}: {verdict}" for name in names],
            as_json=as_json,
        )


def _sheets(office: Office, columns: tuple[str, ...]) -> list[tuple[Sheet, Context]]:
    """Return the sheets of every study, by the newest areas of the folder."""
    covenant, gone = office.covenant().covenant, withdrawn_periods(office)
    edition = read_edition(office.folder / "geography", years(office.folder / "geography")[-1])
    made = []
    for digest, signed in office.studies().items():
        rates = public_world(edition.figures, {}, signed.study, covenant).rates
        withdrawn = frozenset(period for of, period in gone if of == digest)
        tables = opened_tables(office, signed.study)
        for indicator in indicators(tables, signed.study, office.member().geography, withdrawn=withdrawn):
            rate = rates.get(indicator.measure)
            context = context_of(
                edition, indicator.tree, columns=columns, returns=None if rate is None else rate.returns
            )
            made.append((make_sheet(indicator, context), context))
    return made
