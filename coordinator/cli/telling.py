"""Touches the world: how every command speaks: results on stdout, the story and refusals on stderr, exit codes."""

import json
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from privacy.language import Language
from protocol.errors import lines_of, tree_of
from protocol.unforeseen import failure_of

PROGRAM = "samenzicht-coordinator"
WIDTH = 160  # of a table on what is no terminal

Folder = Annotated[
    Path, typer.Option("--dir", envvar="SAMENZICHT_COORDINATOR", file_okay=False, help="the coordinator's folder")
]
AsJson = Annotated[bool, typer.Option("--json", help="the result as JSON on stdout")]
Lang = Annotated[Language, typer.Option("--lang", envvar="SAMENZICHT_LANG", help="language")]
Now = Annotated[
    datetime | None, typer.Option("--now", hidden=True, help="the time, for rehearsals", formats=["%Y-%m-%dT%H:%M:%S"])
]


@contextmanager
def telling(*, as_json: bool = False) -> Iterator[None]:
    """Tell a refusal or a fault as got, wanted, who must act and a hint, and leave with its exit code.

    as_json: the result will be one JSON value on stdout; an error takes its place there. No traceback is ever shown.
    """
    try:
        yield
    except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
        raise
    except Exception as error:  # noqa: BLE001 - the last stop before a traceback
        failed = failure_of(error, who="the operator")
        for line in lines_of(failed, PROGRAM):
            tell(line)
        if as_json:
            show(tree_of(failed), (), as_json=True)
        raise typer.Exit(failed.exit_code) from None


def tell(line: str) -> None:
    """Write a line of the story."""
    Console(file=sys.stderr, highlight=False, soft_wrap=True).print(Text(line))


def show(tree: object, lines: Sequence[str], *, as_json: bool) -> None:
    """Write the result: as JSON, or as lines for people."""
    for line in [json.dumps(tree, ensure_ascii=False, indent=2)] if as_json else lines:
        typer.echo(line)


def show_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write a table for people."""
    console = Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    table = Table(*columns, title_justify="left")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    console.print(table)


def seconds(now: datetime | None) -> int:
    """Return the time in Unix seconds: the given one, or the clock's."""
    return int(time.time()) if now is None else int(now.replace(tzinfo=UTC).timestamp())


def day(now: datetime | None) -> date:
    """Return the day: of the given time, or the clock's."""
    return datetime.fromtimestamp(seconds(now), UTC).date()


def said(language: Language, dutch: str, english: str) -> str:
    """Return the words of a language."""
    return dutch if language is Language.DUTCH else english


def stop_event() -> threading.Event:
    """Return an event that SIGTERM and Ctrl-C set from here on: how a command that serves is told to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
