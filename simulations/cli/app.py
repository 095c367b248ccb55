"""Touches the world: the command `samenzicht-sim`, for trying things out on invented people."""

import sys
from collections.abc import Sequence

import typer

from protocol.unforeseen import failure_of
from simulations.cli.demo import demo_command
from simulations.cli.first_light import first_light_command
from simulations.cli.region import region_command
from simulations.cli.story import PROGRAM, Story
from simulations.cli.world import world_command

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command("first-light")(first_light_command)
app.command("region")(region_command)
app.command("demo")(demo_command)
app.command("world")(world_command)


@app.callback()
def _about() -> None:
    """Try Samenzicht on invented people: no figure that comes out is about anybody."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command. arguments: in place of the program's own."""
    try:
        app(arguments, prog_name=PROGRAM)
    except OSError as error:  # a full disk, or a folder that may not be written
        failed = failure_of(error, who="whoever runs this")
        Story().error(failed)
        sys.exit(failed.exit_code)


if __name__ == "__main__":
    main()
