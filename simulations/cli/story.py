"""Touches the world: how a command tells its story on stderr: a bar on a terminal, one line a phase elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from protocol.errors import SamenzichtError, lines_of

PROGRAM = "samenzicht-sim"


class Story:
    """A console on stderr. phases: how many lines `tell` gets, where that is known; the bar's length."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        self.started = time.monotonic()

    def line(self, text: str) -> None:
        """Print a line with the seconds since the start."""
        self.console.print(Text(f"{time.monotonic() - self.started:5.1f} s  {text}"))

    @contextmanager
    def telling(self, phases: int) -> Iterator["Telling"]:
        """Hold a bar of so many phases on a terminal; elsewhere each phase is a line."""
        if not self.console.is_terminal:
            yield Telling(self, None)
            return
        columns = (
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
        )
        with Progress(*columns, console=self.console, transient=True) as progress:
            progress.add_task("", total=phases)
            yield Telling(self, progress)

    def error(self, error: SamenzichtError) -> None:
        """Print every problem of an error, each with its hint."""
        for line in lines_of(error, PROGRAM):
            self.console.print(Text(line))


class Telling:
    """Takes the line of each phase."""

    def __init__(self, story: Story, progress: Progress | None) -> None:
        self.story, self.progress = story, progress

    def __call__(self, text: str) -> None:
        """Tell one phase."""
        if self.progress is None:
            self.story.line(text)
        else:
            self.progress.update(self.progress.task_ids[0], advance=1, description=text)
