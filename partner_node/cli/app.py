"""Touches the world: `samenzicht-node`. Each command is loaded when it is called, so that all start at once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

import click
import typer
from typer.core import TyperGroup

from partner_node.cli.telling import PROGRAM
from partner_node.cli.words import say
from partner_node.core_dumps import forbid_core_dumps
from partner_node.sort_instructions import choose_sort
from privacy.language import Language

_HOME = "partner_node.cli"


@dataclass(frozen=True, slots=True)
class _Lazy:
    """Where a command stands: a module with an app; the command's name in it, or all of it as a group."""

    module: str
    command: str | None = None


COMMANDS: Mapping[str, _Lazy] = {
    "keys": _Lazy("keys"),
    "covenant": _Lazy("covenant"),
    "init": _Lazy("init"),
    "doctor": _Lazy("doctor"),
    "check-data": _Lazy("check_data"),
    "preview": _Lazy("preview"),
    "approve": _Lazy("decide", "approve"),
    "refuse": _Lazy("decide", "refuse"),
    "declare": _Lazy("declare"),
    "run": _Lazy("run", "run"),
    "courier": _Lazy("courier"),
    "pause": _Lazy("pause", "pause"),
    "resume": _Lazy("pause", "resume"),
    "status": _Lazy("status"),
    "mirror": _Lazy("mirror"),
    "log": _Lazy("log"),
    "close-year": _Lazy("close_year", "close-year"),
    "backup": _Lazy("backup", "backup"),
    "restore": _Lazy("backup", "restore"),
    "replace-machine": _Lazy("backup", "replace-machine"),
}


class LazyGroup(TyperGroup):
    """The commands by name. Listing them loads none: only their one-line summaries are at hand."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """Return the names, in the order in which a partner needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - idem
        """Return a command that can be listed, and not run."""
        if cmd_name not in COMMANDS:
            return None
        return click.Command(cmd_name, help=say(f"help-{cmd_name}", _language()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is to run, loaded now."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, None if listed is None else load(COMMANDS[listed.name or ""]), rest


def load(lazy: _Lazy) -> click.Command:
    """Load the module of a command and return the command."""
    found = typer.main.get_command(import_module(f"{_HOME}.{lazy.module}").app)
    if lazy.command is not None and isinstance(found, click.Group):
        return found.commands[lazy.command]
    return found


app = typer.Typer(cls=LazyGroup, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def _about() -> None:
    """Count your own registrations and share figures, never records."""


def main() -> None:
    """Run the command."""
    forbid_core_dumps()
    choose_sort()  # before a command loads numpy
    app(prog_name=PROGRAM)


def _language() -> Language:
    # The list of commands is printed before any option is read.
    return Language.ENGLISH if os.environ.get("SAMENZICHT_LANG") == "en" else Language.DUTCH


if __name__ == "__main__":
    main()
