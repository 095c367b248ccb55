"""Touches the world: `samenzicht-sim world`: a scenario played over years, held to what it says must come out."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from protocol.errors import SamenzichtError
from simulations.cli.story import PROGRAM, Story
from simulations.folder import README, check_empty, write_folder
from simulations.words import ORIGIN
from simulations.world.outcome import RoundOutcome
from simulations.world.run import WorldResult, run_world
from simulations.world.scenario import ROUNDS_A_YEAR, Scenario, check_years
from simulations.world.shipped import load_scenario, shipped_names
from simulations.world.summary import ABOUT, Played, summary_json, world_files

INTERRUPTED = 130  # what a shell says of a program that Ctrl-C ended


def world_command(
    scenario: Annotated[
        str, typer.Argument(help="a scenario that ships, or a .toml file; `list` names those that ship")
    ],
    *,
    years: Annotated[int | None, typer.Option("--years", min=1, help="more than the scenario needs")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="another seed is another region and other noise")] = 1,
    out: Annotated[
        Path | None, typer.Option("--out", file_okay=False, help="new folder for summary and bundles")
    ] = None,
    vaults: Annotated[
        Path | None,
        typer.Option("--vaults", file_okay=False, help="new folder for real vaults; else nodes live in memory"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="the summary as JSON on stdout")] = False,
) -> None:
    """Play a scenario: all partners and the gemeente in one process, quarterly rounds over years, on a virtual clock.

    Exit 0 only if everything came out as the scenario says.
    """
    story = Story()
    if scenario == "list":
        for name in shipped_names():
            typer.echo(f"{name}: {load_scenario(name).title}")
        return
    try:
        chosen = load_scenario(scenario)
        played = Played(scenario, chosen.years if years is None else years, seed)
        result = _play(chosen, played, out, vaults, story)
    except SamenzichtError as error:
        story.error(error)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        story.line("onderbroken: er is geen samenvatting en geen bundel geschreven")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        typer.echo(summary_json(result, played))
    else:
        _print_table(result, chosen)
    for line in result.differences:
        story.console.print(Text(f"{PROGRAM}: anders dan het scenario zegt: {line}"))
    raise typer.Exit(0 if result.as_expected else 1)


def _play(scenario: Scenario, played: Played, out: Path | None, vaults: Path | None, story: Story) -> WorldResult:
    check_years(scenario, played.years)
    for folder in (out, vaults):
        if folder is not None:
            check_empty(folder)
    if vaults is not None:
        vaults.mkdir(parents=True, exist_ok=True)
        (vaults / README).write_text(f"{ORIGIN}\n\nDe kluizen van een gesimuleerde wereld.\n", encoding="utf-8")
    story.line(f"{scenario.title} ({ORIGIN})")
    phases = 1 + played.years * (1 + ROUNDS_A_YEAR)
    with tempfile.TemporaryDirectory(prefix="oefengegevens-") as deliveries, story.telling(phases) as tell:
        result = run_world(
            scenario, years=played.years, seed=played.seed, deliveries=Path(deliveries), vaults=vaults, tell=tell
        )
    if out is not None:
        write_folder(out, dict(world_files(result, played)), ABOUT)
    return result


def _print_table(result: WorldResult, scenario: Scenario) -> None:
    shown = Table(title=scenario.title, caption=ORIGIN, title_justify="left", caption_justify="left")
    for name in ("Ronde", "Periode", "Toestand"):
        shown.add_column(name, no_wrap=True)
    for name in ("Deelnemers", "Getoond", "Niet getoond", "RMSE ruis", "Binnen marge", "RMSE waarheid", "Weggelaten"):
        shown.add_column(name, justify="right")
    shown.add_column("Bijzonder")
    for found in result.rounds:
        shown.add_row(*_cells(found))
    Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else 200).print(shown)
    typer.echo("zoals het scenario zegt" if result.as_expected else "anders dan het scenario zegt")


def _cells(found: RoundOutcome) -> tuple[str, ...]:
    errors = found.errors
    released = bool(errors.cells)
    notes = [f"niet geleverd: {', '.join(found.not_delivered)}"] if found.not_delivered else []
    notes += [f"geweigerd: {', '.join(found.refusals)}"] if found.refusals else []
    notes += ["controle klopt niet"] if released and not found.verified else []
    return (
        str(found.number),
        found.period,
        found.state,
        str(len(found.participants)),
        str(found.shown),
        str(sum(found.not_shown.values())),
        f"{errors.rmse_noise:.2f}" if released else "-",
        f"{100 * errors.coverage:.1f} %" if released else "-",
        f"{errors.rmse_truth:.2f}" if released else "-",
        f"{found.left_out} ({found.left_out_percent:.2f} %)",
        "; ".join(notes),
    )
