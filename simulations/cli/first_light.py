"""Touches the world: `samenzicht-sim first-light`: three files in, a verified table with margins out."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coordinator.table import ReaderTable
from coordinator.table_page import words_of
from partner_node.delivery.delivery import Delivery
from privacy.audit.words import json_of, verdict_of
from privacy.language import Language
from protocol.errors import SamenzichtError
from protocol.words.ids import PartyId
from simulations.cli.story import Story
from simulations.first_light.run import FirstLight, run_first_light
from simulations.words import ORIGIN


def first_light_command(
    out: Annotated[Path, typer.Option("--out", file_okay=False, help="folder for everything that is made")],
    *,
    politie: Annotated[Path | None, typer.Option("--politie", exists=True, dir_okay=False)] = None,
    school: Annotated[Path | None, typer.Option("--school", exists=True, dir_okay=False)] = None,
    veilig_thuis: Annotated[Path | None, typer.Option("--veilig-thuis", exists=True, dir_okay=False)] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="another seed is another region and other noise")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="the result as JSON on stdout")] = False,
    lang: Annotated[Language, typer.Option("--lang", envvar="SAMENZICHT_LANG", help="language")] = Language.DUTCH,
) -> None:
    """From three partners' files to one verified table per wijk, in one process.

    Give all three files or none: without files, two years of registrations of an invented region are made.
    """
    given = {
        PartyId(name): path
        for name, path in (("politie", politie), ("school", school), ("veilig-thuis", veilig_thuis))
        if path is not None
    }
    if given and len(given) < 3:  # noqa: PLR2004 - the three options above
        raise typer.BadParameter("give --politie, --school and --veilig-thuis, or none of them")
    story = Story()
    try:
        made = run_first_light(out, seed=seed, given=given, tell=story.line)
    except SamenzichtError as error:
        story.error(error)
        raise typer.Exit(error.exit_code) from None
    for line in _faults(made.deliveries):
        story.console.print(Text(line))
    if as_json:
        typer.echo(_as_json(made, lang))
    else:
        _print_table(made.table, lang)
        typer.echo(verdict_of(made.report, lang))
        typer.echo(f"{out / 'table.html'}  {out / 'bundle'}")
    raise typer.Exit(0 if made.report.holds else 1)


def _print_table(table: ReaderTable, lang: Language) -> None:
    result = Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else 200)
    shown = Table(title=f"{table.title}, {table.period}", caption=ORIGIN, title_justify="left", caption_justify="left")
    shown.add_column("Wijk", no_wrap=True)
    for source, question in zip(table.sources, table.questions, strict=True):
        shown.add_column(f"{source}\n{question}", justify="right")
    for row in table.rows:
        shown.add_row(f"{row.name} ({row.code})", *(words_of(figure, lang) for figure in row.figures))
    result.print(shown)


def _faults(deliveries: Mapping[PartyId, Delivery]) -> Iterator[str]:
    for partner, delivery in deliveries.items():
        for key, rows in sorted(delivery.faults.rows.items(), key=lambda item: (item[0].file, item[0].column)):
            yield f"{partner}: {key.file}, kolom {key.column}: {rows} x {key.reason.value}"


def _as_json(made: FirstLight, lang: Language) -> str:
    rows = [
        {
            "code": row.code,
            "name": row.name,
            "figures": [
                {"value": figure.value, "margin": figure.margin, "not_shown": figure.not_shown}
                for figure in row.figures
            ],
        }
        for row in made.table.rows
    ]
    faults = [
        {"partner": partner, "file": key.file, "column": key.column, "reason": key.reason, "rows": count}
        for partner, delivery in made.deliveries.items()
        for key, count in delivery.faults.rows.items()
    ]
    tree = {
        "origin": ORIGIN,
        "period": made.table.period,
        "sources": made.table.sources,
        "questions": made.table.questions,
        "rows": rows,
        "faults": faults,
        "audit": json.loads(json_of(made.report, lang)),
    }
    return json.dumps(tree, ensure_ascii=False, indent=2)
