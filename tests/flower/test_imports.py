"""Flower takes seconds to import: no command does that which does not need it."""

import subprocess
import sys

import pytest

COMMANDS = {
    "samenzicht-node": ("app", "keys", "run", "init", "status", "doctor", "decide"),
    "samenzicht-coordinator": ("app", "link", "run", "init", "status", "covenant"),
}
PACKAGES = {"samenzicht-node": "partner_node.cli", "samenzicht-coordinator": "coordinator.cli"}


def loads(library: str, *modules: str) -> bool:
    code = f"import sys, {', '.join(modules)}; sys.exit({library!r} in sys.modules)"
    return subprocess.run([sys.executable, "-c", code], check=False).returncode == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_needs_no_flower_does_not_load_it(command: str) -> None:
    """`run` and `link` load it when they come to the point where they need it."""
    assert not loads("flwr", *(f"{PACKAGES[command]}.{name}" for name in COMMANDS[command]))


def test_one_that_needs_it_does() -> None:
    """Negative control."""
    assert loads("flwr", "partner_node.flower.service")


@pytest.mark.parametrize("library", ["alembic", "flwr", "pandas", "polars", "scipy"])
def test_a_release_loads_none_of_what_it_does_not_need(library: str) -> None:
    """Migrations are for another day than the one on which the tables are the newest."""
    assert not loads(library, "coordinator.cli.release")


@pytest.mark.parametrize("library", ["flwr", "polars", "pandas"])
def test_the_process_with_the_vault_loads_neither_flower_nor_frames_before_data_is_due(library: str) -> None:
    assert not loads(library, "partner_node.flower.vault_process")
