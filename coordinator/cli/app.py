"""Touches the world: `samenzicht-coordinator`, the operator's command.

stdout: the result. stderr: the story. Exit codes: 0 done, 1 refused, 2 usage, 3 fault. Only the group that is asked for
is imported, so that `status` does not wait for the library of maps.
"""

import gc
import os
import sys
from importlib import import_module

import typer

GROUPS = {
    "init": "coordinator.cli.init",
    "geography": "coordinator.cli.geography",
    "covenant": "coordinator.cli.covenant",
    "study": "coordinator.cli.study",
    "link": "coordinator.cli.link",
    "run": "coordinator.cli.run",
    "release": "coordinator.cli.release",
    "approve-release": "coordinator.cli.release",
    "withdraw": "coordinator.cli.release",
    "correct": "coordinator.cli.release",
    "status": "coordinator.cli.status",
    "export": "coordinator.cli.export",
    "estimates": "coordinator.cli.estimates",
    "theme": "coordinator.cli.theme",
    "serve": "coordinator.cli.serve",
    "model": "coordinator.cli.model",
    "feed": "coordinator.cli.feed",
}

# A release of the Netherlands is a million objects, none of them in a circle: at Python's 700, looking for circles
# takes as long as the work itself. At 100 bytes an object, what a circle holds back stays below some 50 MB.
YOUNG_OBJECTS = 500_000


def make_app(*names: str) -> typer.Typer:
    """Return the command with these groups; with all of them when none is named."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

    @app.callback()
    def _about() -> None:
        """Take a group of partners from an agreement to published figures that anyone can check."""

    for module in dict.fromkeys(GROUPS[name] for name in names or GROUPS):
        import_module(module).register(app)
    return app


def main() -> None:
    """Run the command."""
    gc.set_threshold(YOUNG_OBJECTS)
    # Before any library of linear algebra is loaded: on small matrices its threads only wait for one another.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    named = [name for name in sys.argv[1:2] if name in GROUPS]
    make_app(*named)(prog_name="samenzicht-coordinator")


if __name__ == "__main__":
    main()
