"""Touches the world: how a command speaks. stdout: the result. stderr: the story, and refusals by name.

An error never shows a value, a traceback or a local variable: what nobody foresaw gets an id and the place in our own
code, and its text stays unsaid.
"""

import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from partner_node.cli.reasons import DUTCH
from partner_node.cli.words import say
from privacy.language import Language
from protocol.errors import SamenzichtError, lines_of, tree_of
from protocol.unforeseen import Unforeseen, failure_of

PROGRAM = "samenzicht-node"

YES, NO = ("j", "ja", "y", "yes"), ("", "n", "nee", "no")  # in both languages: who types one means it

NODE_FILE = Path("node.toml")
NodeFile = Annotated[Path, typer.Option("--node", envvar="SAMENZICHT_NODE", help="the node's configuration")]
AsJson = Annotated[bool, typer.Option("--json", help="the result as JSON on stdout")]
Lang = Annotated[
    Language | None, typer.Option("--lang", envvar="SAMENZICHT_LANG", help="language; else the configuration's")
]
Yes = Annotated[bool, typer.Option("--yes", help="do not ask")]


class Mark(StrEnum):
    """How a check ended."""

    PASS = "PASS"  # noqa: S105 - a word on the screen
    FAIL = "FAIL"


@dataclass(slots=True)
class Teller:
    """What a command tells, in one language."""

    language: Language
    as_json: bool
    story: Console
    has_result: bool = False

    def say(self, key: str, **values: object) -> str:
        """Return a sentence."""
        return say(key, self.language, **values)

    def tell(self, key: str, **values: object) -> None:
        """Tell one line of the story."""
        self.story.print(Text(self.say(key, **values)))

    @contextmanager
    def phase(self, key: str) -> Iterator[None]:
        """Tell that long work goes on: a moving bar on a terminal, one line elsewhere."""
        if not self.story.is_terminal:
            self.tell(key)
            yield
            return
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - a terminal only

        columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.story, transient=True) as progress:
            progress.add_task(self.say(key), total=None)
            yield

    def result(self, tree: Mapping[str, object], lines: Iterable[str]) -> None:
        """Write the result: as one JSON value, or as lines."""
        self.has_result = True
        if self.as_json:
            typer.echo(json.dumps(tree, ensure_ascii=False, indent=2, sort_keys=True))
            return
        for line in lines:
            typer.echo(line)

    def confirm(self, key: str, *, yes: bool, **values: object) -> None:
        """Ask on a terminal; go on without asking only where the caller said `--yes`."""
        question = self.say("ask-yes-or-no", question=self.say(key, **values))
        while not yes:
            answer = typer.prompt(question, default="", show_default=False, err=True).strip().casefold()
            if answer in NO:
                raise typer.Abort
            yes = answer in YES
            if not yes:
                self.tell("ask-again")


@contextmanager
def door(lang: Language | None, *, as_json: bool = False) -> Iterator[Teller]:
    """Give a teller; a refusal or fault ends the command with its exit code and its name on stderr."""
    teller = Teller(lang or Language.DUTCH, as_json, Console(stderr=True, highlight=False, soft_wrap=True))
    try:
        yield teller
    except (typer.Exit, typer.Abort, typer.BadParameter, KeyboardInterrupt, SystemExit, GeneratorExit, BrokenPipeError):
        raise
    except BaseException as error:  # noqa: BLE001 - the last stop before a traceback, which could show values
        # No Exception: what a reader in Rust panics with.
        failed = failure_of(error, who="the partner's IT")
        if isinstance(failed, Unforeseen):
            teller.story.print(Text(f"{PROGRAM}: fault: {failed.number}: {failed.got}"))
            teller.tell("fault-hint", id=failed.number)
        else:
            for line in told(failed, teller.language):
                teller.story.print(Text(line))
        if as_json and not teller.has_result:
            teller.result(tree_of(failed), ())
        raise typer.Exit(failed.exit_code) from None


def told(error: SamenzichtError, language: Language) -> Iterator[str]:
    """Return the lines of an error. Dutch adds a plain sentence to the commonest."""
    return lines_of(error, PROGRAM, explained=DUTCH if language is Language.DUTCH else {})


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows as lines of aligned columns; no rows, no lines."""
    if not rows:
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()


clock = time.time  # the one clock of the commands; commands are loaded when they are used, so a copy would stay behind


def now_s() -> int:
    """Return the time of this machine, in seconds since 1970."""
    return int(clock())


def today() -> date:
    """Return the day by this machine's clock and time zone."""
    return datetime.fromtimestamp(now_s(), tz=UTC).astimezone().date()


def is_terminal() -> bool:
    """Tell whether a person can be asked."""
    return sys.stdin.isatty()
