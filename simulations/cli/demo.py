"""Touches the world: `samenzicht-sim demo`: eight partners and the gemeente as real processes, and what came out."""

import json
import signal
import sys
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coordinator.table import ReaderTable
from coordinator.table_page import words_of
from privacy.epsilon import epsilon_of, up
from protocol.errors import SamenzichtError
from simulations.cli.story import Story
from simulations.demo.place import Place
from simulations.demo.plan import SEED, Calendar
from simulations.demo.play import PHASES, Demo, play
from simulations.demo.serve import PORT, served
from simulations.words import ORIGIN

INTERRUPTED = 130
CAP, DELTA = Fraction(1, 4), Fraction(1, 1_000_000)
DEFAULT = Path("demo_oefengegevens")


def demo_command(
    *,
    out: Annotated[
        Path, typer.Option("--out", file_okay=False, help="folder; that of an earlier demo is replaced")
    ] = DEFAULT,
    seed: Annotated[int, typer.Option("--seed", min=0, help="another seed is another region")] = SEED,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="serve the monitor when all is done")] = True,
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="on 127.0.0.1")] = PORT,
    as_json: Annotated[bool, typer.Option("--json", help="what came out as JSON on stdout")] = False,
) -> None:
    """Play the main job: eight partners and the gemeente as real processes, four quarters, verified releases."""
    story = Story()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        story.line(f"de oefening begint in {out} ({ORIGIN})")
        with story.telling(PHASES) as tell:
            made = play(Place(out.absolute()), Calendar(datetime.now(tz=UTC).date()), seed=seed, tell=tell)
        _show(made, story, as_json=as_json)
        if serve:
            with served(Place(out.absolute()), port) as monitor:
                story.line(f"{monitor.address}  (Ctrl-C stopt)")
                monitor.hold()
    except SamenzichtError as error:
        story.error(error)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        story.line("gestopt; er draait niets meer")
        raise typer.Exit(INTERRUPTED) from None


def _show(made: Demo, story: Story, *, as_json: bool) -> None:
    newest = list(made.results.tables.values())[-1]
    if as_json:
        tree = {
            "origin": ORIGIN,
            "periods": list(made.results.tables),
            "verdict": made.results.verdict,
            "rounds_s": [round(took, 1) for took in made.rounds_s],
            "phases_s": {name: round(took, 1) for name, took in made.phases_s.items()},
        }
        typer.echo(json.dumps(tree, ensure_ascii=False, indent=2))
    else:
        _print_table(newest)
        typer.echo(made.results.verdict)
        typer.echo(_guarantee())
    story.line(f"rondes: {', '.join(f'{took:.1f} s' for took in made.rounds_s)}")


def _guarantee() -> str:
    """Return what the covenant's cap means, in one sentence."""
    shown = f"{up(epsilon_of(CAP, DELTA), places=2)}".replace(".", ",")
    return (
        f"Per partner en jaar verliest een huishouden hoogstens rho 0,25: epsilon {shown} bij delta 0,000001. "
        "Wie wil raden of een huishouden bekend is, raadt in hoogstens 67,4 van de 100 gevallen goed, tegen 50 zonder."
    )


def _print_table(table: ReaderTable) -> None:
    result = Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else 240)
    shown = Table(title=f"{table.title}, {table.period}", caption=ORIGIN, title_justify="left", caption_justify="left")
    shown.add_column("Wijk", no_wrap=True)
    for source, question in zip(table.sources, table.questions, strict=True):
        shown.add_column(Text(f"{source}\n{question}"), justify="right")
    for row in table.rows:
        shown.add_row(row.name, *("-" if figure.value is None else words_of(figure) for figure in row.figures))
    result.print(shown)
    typer.echo("- is: niet getoond, te onzeker; dat is geen nul.")
