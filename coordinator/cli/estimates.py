"""Touches the world: `estimates recompute`: every estimate from the opened tables, written or held beside a file."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from coordinator.cli.telling import AsJson, Folder, Lang, said, show, telling
from coordinator.errors import EstimateRefusal
from coordinator.estimates.breaks import breaks_of, origins_of
from coordinator.estimates.bundle_tables import StudyTables, bundle_tables
from coordinator.estimates.context_file import ContextFile, parse_context, with_file
from coordinator.estimates.hierarchy import area_tree
from coordinator.estimates.indicators import indicators
from coordinator.estimates.series import Series, joined
from coordinator.estimates.sheet import Context, Sheet, make_sheet
from coordinator.estimates.sheet_file import COVARIATES, Basis, check_estimates, context_of, estimates_json
from coordinator.geography.areas import years
from coordinator.geography.borders import borders
from coordinator.geography.edition import Edition
from coordinator.geography.folder import read_edition
from coordinator.office import open_office
from coordinator.public_world import public_world
from coordinator.publish import bundle_files, opened_tables, withdrawn_periods
from coordinator.text_file import read_text
from coordinator.whole_file import write_whole
from privacy.audit.cli import read_files
from privacy.language import Language
from protocol.bundle import Audience
from protocol.covenant.covenant import Covenant
from protocol.words.geography import Geography, Level
from protocol.words.period import first_day

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
    bundle: Annotated[
        Path | None, typer.Option("--bundle", exists=True, file_okay=False, help="from this bundle, not from an office")
    ] = None,
    areas: Annotated[
        Path | None, typer.Option("--areas", exists=True, file_okay=False, help="imported areas and key figures")
    ] = None,
    published: Annotated[bool, typer.Option("--published", help="from the cells that everybody can see")] = False,
    context: Annotated[
        Path | None,
        typer.Option("--context", exists=True, dir_okay=False, help="breaks, interventions, prevalence (TOML)"),
    ] = None,
    neighbours: Annotated[
        bool, typer.Option("--neighbours", help="with estimates that borrow from neighbours")
    ] = False,
    covariate: Annotated[list[str] | None, typer.Option("--covariate", help="column of the key figures")] = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Compute every estimate again; write it, or refuse a file that says otherwise.

    From the office's opened tables; from an audit bundle the same comes out. From a public bundle comes what the office
    computes with --published.
    """
    with telling(as_json=as_json):
        if to is None and check is None:
            raise NothingToDo(got="neither --to nor --check", wanted="a file", act="the operator must name one")
        told = ContextFile()
        if context is not None:
            told = parse_context(read_text(context), source=context.name)
        source = _source(folder, bundle, published=published)
        place = areas or folder / "geography"
        given = _Given(
            read_edition(place, years(place)[-1]), tuple(covariate or COVARIATES), told, neighbours=neighbours
        )
        sheets = _sheets(source, given)
        body = estimates_json(sheets, source.basis)
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


@dataclass(frozen=True, eq=False, slots=True)
class _Source:
    """Where the tables come from, and what was agreed on them."""

    covenant: Covenant
    geography: Geography
    studies: tuple[StudyTables, ...]
    basis: Basis


@dataclass(frozen=True, eq=False, slots=True)
class _Given:
    """What is public of the areas and dates. columns: of the key figures."""

    edition: Edition
    columns: tuple[str, ...]
    told: ContextFile
    neighbours: bool


def _source(folder: Path, bundle: Path | None, *, published: bool) -> _Source:
    """Return the tables of a bundle, or of the office: opened ones, or as its own public bundle has them."""
    if bundle is not None:
        return _of_bundle(read_files(bundle))
    with open_office(folder, read_only=True) as office:
        if published:
            return _of_bundle(bundle_files(office)[Audience.PUBLIC])
        covenant, gone = office.covenant().covenant, withdrawn_periods(office)
        newest = {signed.release.slot: signed.release for signed in office.store.releases()}.values()
        studies = tuple(
            StudyTables(
                signed.study,
                opened_tables(office, signed.study),
                frozenset(period for of, period in gone if of == digest),
                tuple(
                    signed for release in newest if release.study_digest == digest for signed in release.declarations
                ),
            )
            for digest, signed in sorted(office.studies().items())
        )
        return _Source(covenant, office.member().geography, studies, Basis.OPENED)


def _of_bundle(files: Mapping[str, bytes]) -> _Source:
    found = bundle_tables(files)
    basis = Basis.OPENED if found.bundle.audience is Audience.AUDIT else Basis.PUBLISHED
    return _Source(found.bundle.covenant.covenant, found.bundle.geography, found.studies, basis)


def _sheets(source: _Source, given: _Given) -> list[tuple[Sheet, Context]]:
    """Return the sheets of all studies of which there are tables, by the figures of these areas."""
    studies = sorted(source.studies, key=lambda each: min(first_day(entry.period) for entry in each.study.schedule))
    geography = source.geography
    found = [
        Series(indicator, origins_of(indicator, held.study, source.covenant, held.declared), (number,))
        for number, held in enumerate(studies)
        for indicator in indicators(held.tables, held.study, geography, withdrawn=held.withdrawn)
    ]
    made = []
    tree = area_tree(geography, region=len(geography.codes_at(Level.GEMEENTE)) > 1)
    for series in joined(found, tree):
        indicator, study = series.indicator, studies[series.studies[-1]].study
        rate = public_world(given.edition.figures, {}, study, source.covenant).rates.get(indicator.measure)
        returns = None if rate is None else rate.returns
        context = context_of(given.edition, indicator.tree, columns=given.columns, returns=returns)
        context = replace(context, breaks=breaks_of(series.origins))
        context = with_file(context, given.told, indicator, given.edition)
        if given.neighbours:
            context = replace(context, borders=borders(given.edition, indicator.tree.codes))
        made.append((make_sheet(indicator, context), context))
    return made
