"""Benchmark of a world year: eight partners and a witness, four rounds, 98 areas, ten measures; its own process."""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from simulations.benchmarks.result import Result, less_is_better
from simulations.world.run import run_world
from simulations.world.shipped import load_scenario


def world_year() -> tuple[Result, ...]:
    """Play the standard scenario for one year, from the making of its region to the verified bundle."""
    figures = json.loads(
        subprocess.run([sys.executable, "-m", __name__], capture_output=True, text=True, check=True).stdout
    )
    return (
        less_is_better("world_year", ours=figures["seconds"], peer=None, peer_name="-", unit="s CPU", limit="<= 20"),
        less_is_better(
            "world_year_memory", ours=figures["peak_mb"], peer=None, peer_name="-", unit="MB peak", limit="<= 2000"
        ),
    )


def _measure() -> dict[str, float]:
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        run_world(
            load_scenario("quiet-year"), years=1, seed=7, deliveries=Path(folder), vaults=None, tell=lambda _: None
        )
    seconds = time.process_time() - started
    return {"seconds": seconds, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


if __name__ == "__main__":
    print(json.dumps(_measure()))
