"""Touches the world: `geography import FILE...`: published maps and key figures become an edition of areas."""

from pathlib import Path
from typing import Annotated

import typer

from coordinator.cli.telling import AsJson, Folder, Lang, said, show, tell, telling
from coordinator.geography.edition import make_edition
from coordinator.geography.features import read_maps
from coordinator.geography.folder import write_edition
from coordinator.geography.key_figures import KeyFigures, read_key_figures
from coordinator.geography.topology import SIMPLIFIED_M, TOLERANCE_M, Drawing
from coordinator.office import open_office
from privacy.language import Language
from protocol.digest import digest_of
from protocol.words.ids import GeographyId

group = typer.Typer(no_args_is_help=True, help="Areas: borders, names, parents and key figures.")


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="geography")


@group.callback()
def _about() -> None:
    """Areas: borders, names, parents and key figures."""


@group.command("import")
def import_command(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="maps, and CSVs of key figures")],
    *,
    year: Annotated[int, typer.Option("--year", min=1990, max=2199, help="year of the borders")],
    name: Annotated[str, typer.Option("--id", help="id of the areas in the covenant")] = "gebieden",
    column: Annotated[
        list[str] | None, typer.Option("--column", metavar="OURS=THEIRS", help="CBS's column and the file's own name")
    ] = None,
    gemeente: Annotated[list[str] | None, typer.Option("--gemeente", metavar="GM0000", help="only these")] = None,
    tolerance_m: Annotated[float, typer.Option("--tolerance-m", min=0.1, max=500)] = TOLERANCE_M,
    simplified_m: Annotated[float, typer.Option("--simplify-m", min=0, max=500)] = SIMPLIFIED_M,
    accept_gaps: Annotated[bool, typer.Option("--accept-gaps", help="wider holes are lakes and enclaves")] = False,
    folder: Folder = Path(),
    as_json: AsJson = False,
    lang: Lang = Language.DUTCH,
) -> None:
    """Import CBS wijk and buurt maps (GeoJSON, GeoPackage) and Kerncijfers (CSV) of one year."""
    columns = dict(pair.partition("=")[::2] for pair in column or ())
    if not all(columns.values()):
        raise typer.BadParameter("OURS=THEIRS, such as a_inw=inwoners", param_hint="--column")
    with telling(as_json=as_json):
        tables = [path for path in files if path.suffix.lower() == ".csv"]
        figures: dict[str, KeyFigures] = {}
        for path in tables:
            text = path.read_bytes().decode("utf-8-sig", errors="replace")
            figures |= read_key_figures(text, columns=columns, source=path.name)
        maps = read_maps([path for path in files if path not in tables])
        tell(said(lang, f"{len(maps.areas)} gebieden gelezen", f"read {len(maps.areas)} areas"))
        drawing = Drawing(tolerance_m, simplified_m, accept_gaps)
        edition = make_edition(GeographyId(name), year, maps, figures, drawing=drawing, only=frozenset(gemeente or ()))
        with open_office(folder) as office:
            parts = write_edition(folder / "geography", edition)
            office.store.keep_geography(edition.geography)
    counts = {level.value: count for level, count in edition.counts.items()}
    people = {
        level.value: sum(edition.figures[code].inhabitants or 0 for code in edition.geography.codes_at(level))
        for level in edition.counts
    }
    tree = {
        "year": year,
        "digest": digest_of(edition.geography),
        "areas": counts,
        "inhabitants": people,
        "from_year_before": len(parts),
    }
    show(tree, [f"{level}: {count} ({people[level]})" for level, count in counts.items()], as_json=as_json)
