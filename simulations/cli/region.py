"""Touches the world: `samenzicht-sim region`: a region with registers to practise with, invented or on a real map."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coordinator.geography.edition import Edition, make_edition
from coordinator.geography.features import read_maps
from coordinator.geography.key_figures import CODE, HOUSEHOLDS, INHABITANTS, NAME, KeyFigures, read_key_figures
from coordinator.geography.topology import Drawing
from protocol.errors import SamenzichtError
from protocol.words.ids import GeographyId
from simulations.cli.story import PROGRAM, Story
from simulations.folder import check_empty, write_folder
from simulations.practice import PHASES, Practice, PracticeSummary, make_practice
from simulations.region import Region, make_region
from simulations.region.published import import_region
from simulations.region.region import YEAR
from simulations.registers.faults import FLAWLESS, USUAL
from simulations.words import ORIGIN

INTERRUPTED = 130  # what a shell says of a program that Ctrl-C ended
MAX_YEARS = 10
# Of files that do not use CBS's own names, such as those that this command writes.
OTHER_COLUMNS = {CODE: "code", NAME: "naam", INHABITANTS: "inwoners", HOUSEHOLDS: "huishoudens"}


def region_command(
    out: Annotated[Path, typer.Option("--out", file_okay=False, help="new folder for everything that is made")],
    *,
    seed: Annotated[int, typer.Option("--seed", min=0, help="another seed is another region and other people")] = 1,
    years: Annotated[int, typer.Option("--years", min=1, max=MAX_YEARS, help="of registers, from 2022 on")] = 3,
    gemeenten: Annotated[int | None, typer.Option("--gemeenten", min=1, help="of an invented region; 1 to 6")] = None,
    flawless: Annotated[bool, typer.Option("--flawless", help="plant no faults in the registers")] = False,
    maps: Annotated[
        list[Path] | None,
        typer.Option("--from", exists=True, dir_okay=False, help="CBS map of buurten, or CSV of key figures; repeat"),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="GM0000", help="gemeente to take from the map; repeat")
    ] = None,
    real_names: Annotated[bool, typer.Option("--real-names", help="keep names, codes and place of the map")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="the summary as JSON on stdout")] = False,
) -> None:
    """Make a region to practise with: maps, the registers of eight partners, their mappings, and the truth beside them.

    Without --from the region is invented. With it, shapes and populations are those of the map; names and codes are
    replaced by fictional ones unless --real-names is given.
    """
    if maps and gemeenten is not None:
        raise typer.BadParameter("not with --from", param_hint="--gemeenten")
    if not maps and (only or real_names):
        raise typer.BadParameter("only with --from", param_hint="--only, --real-names")
    story = Story()
    story.console.print(Text(ORIGIN))
    try:
        check_empty(out)
        with story.telling(PHASES + 2) as tell:
            if maps:
                region = import_region(_edition(maps, frozenset(only or ())), seed=seed, real_names=real_names)
            else:
                region = make_region(seed, gemeenten=gemeenten or 1)
            tell(f"gebied van {region.buurten.inhabitants.sum()} inwoners")
            faults = FLAWLESS if flawless else USUAL
            made = make_practice(region, years=years, seed=seed, faults=faults, tell=tell)
            write_folder(out, made.files, made.about)
            tell(f"geschreven in {out}")
    except SamenzichtError as error:
        story.error(error)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        story.line("onderbroken: er is niets geschreven")
        raise typer.Exit(INTERRUPTED) from None
    _tell_result(story, region, made, as_json=as_json)


def _edition(files: list[Path], only: frozenset[str]) -> Edition:
    """Read maps and key figures as the municipality would.

    Raises: GeographyRefusal.
    """
    tables = [path for path in files if path.suffix.lower() == ".csv"]
    figures: dict[str, KeyFigures] = {}
    for path in tables:
        text = path.read_bytes().decode("utf-8-sig", errors="replace")
        columns = {} if CODE in text.partition("\n")[0] else OTHER_COLUMNS
        figures |= read_key_figures(text, columns=columns, source=path.name)
    found = read_maps([path for path in files if path not in tables])
    # Holes may stay: addresses are invented per buurt, so none lies in a hole.
    drawing = Drawing(accept_gaps=True)
    return make_edition(GeographyId("gebieden"), YEAR, found, figures, drawing=drawing, only=only)


def _tell_result(story: Story, region: Region, made: Practice, *, as_json: bool) -> None:
    if region.has_real_names:
        story.console.print(Text(f"{PROGRAM}: let op: echte namen bij verzonnen cijfers; geef deze map niet door"))
    if as_json:
        typer.echo(made.summary.as_json(), nl=False)
    else:
        _print_table(made.summary)


def _print_table(summary: PracticeSummary) -> None:
    people = f"{summary.inhabitants} inwoners in {summary.households} huishoudens"
    gemeenten = "1 gemeente" if summary.gemeenten == 1 else f"{summary.gemeenten} gemeenten"
    areas = f"{gemeenten}, {summary.wijken} wijken, {summary.buurten} buurten"
    shown = Table(title=f"{areas}: {people}", caption=ORIGIN, title_justify="left", caption_justify="left")
    for name in ("Partner", "Soort rij"):
        shown.add_column(name, no_wrap=True)
    for name in ("Rijen", "Geleverd"):
        shown.add_column(name, justify="right")
    shown.add_column("Ingebouwde fouten")
    for register in summary.registers:
        faults = ", ".join(f"{kind} {count}" for kind, count in register.faults.items())
        shown.add_row(register.partner, register.record, str(register.rows), str(register.delivered), faults or "geen")
    Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else 200).print(shown)
