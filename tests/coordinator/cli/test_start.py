"""What a command of the coordinator loads before it does anything."""

import subprocess
import sys
from pathlib import Path

import pytest

from coordinator.cli.app import GROUPS

ROOT = Path(__file__).resolve().parents[3]
MAPS = ("shapely", "pyogrio", "pandas")
# Maps are read by the first; the others compute from them, or from the sums of a model's steps.
NEEDS = {"geography": MAPS, "estimates": (*MAPS, "scipy"), "serve": (*MAPS, "scipy"), "model": ("scipy",)}
HEAVY = (*MAPS, "alembic", "scipy", "polars", "flwr", "grpc", "dp_accounting", "python_calamine")


def loaded_by(command: str) -> set[str]:
    """Return the modules that are there once a group of commands is imported, in a process of its own."""
    code = f"import sys; from coordinator.cli.app import make_app; make_app({command!r}); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


@pytest.mark.parametrize("command", sorted(GROUPS))
def test_a_command_loads_no_library_that_it_does_not_need(command: str) -> None:
    """The start of a command is what it imports; a time would be a test of the machine."""
    assert sorted((loaded_by(command) & set(HEAVY)) - set(NEEDS.get(command, ()))) == []


def test_a_library_of_maps_would_be_seen() -> None:
    """Negative control of the test above: the import of maps does need them."""
    assert set(MAPS[:2]) <= loaded_by("geography")
