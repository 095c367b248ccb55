"""Plays a scenario for a test; what a test asks of it is written in the test."""

import tempfile
from pathlib import Path

from simulations.world.run import WorldResult, run_world
from simulations.world.scenario import Scenario

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
