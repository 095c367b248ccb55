"""Scenarios played once for all tests of a process; what a test asks of them is written in the test."""

import tempfile
from functools import cache
from pathlib import Path

from simulations.world.run import WorldResult, run_world
from simulations.world.scenario import Scenario
from simulations.world.shipped import load_scenario

SMALL = """
format = 1
title = "Drie partners, een jaar"
years = 1
partners = ["politie", "school", "veilig-thuis"]
"""


def play(scenario: Scenario, *, seed: int = 1, vaults: Path | None = None) -> WorldResult:
    with tempfile.TemporaryDirectory() as folder:
        return run_world(
            scenario,
            years=scenario.years,
            seed=seed,
            deliveries=Path(folder),
            vaults=vaults,
            tell=lambda _line: None,
        )


@cache
def played(name: str) -> WorldResult:
    return play(load_scenario(name))
