"""Benchmark of a whole simulated region with the registers of three years, in a process of its own."""

import json
import resource
import subprocess
import sys
import time

from simulations.benchmarks.result import Result, less_is_better
from simulations.practice import make_practice
from simulations.region import make_region
from simulations.registers.faults import USUAL


def registers_3y() -> tuple[Result, ...]:
    """Make a region of 161,000 inhabitants as `samenzicht-sim region` does: every file, but not written."""
    figures = json.loads(
        subprocess.run([sys.executable, "-m", __name__], capture_output=True, text=True, check=True).stdout
    )
    return (
        less_is_better("registers_3y", ours=figures["seconds"], peer=None, peer_name="-", unit="s CPU", limit="<= 60"),
        less_is_better(
            "registers_3y_memory", ours=figures["peak_mb"], peer=None, peer_name="-", unit="MB peak", limit="<= 2000"
        ),
    )


def _measure() -> dict[str, float]:
    started = time.process_time()
    make_practice(make_region(7), years=3, seed=1, faults=USUAL, tell=lambda _: None)
    seconds = time.process_time() - started
    return {"seconds": seconds, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


if __name__ == "__main__":
    print(json.dumps(_measure()))
