"""Touches the world: a whole model over a live SuperLink, with a process for each node.

The processes share the cores with whatever else runs, so wall time says as much of the machine as of us: the CPU time
of all of them together stands beside it.
"""

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from simulations.benchmarks.result import Result, less_is_better
from simulations.demo.place import Place
from simulations.models.over_flower import ModelOverFlower, ModelTask

_TICKS = os.sysconf("SC_CLK_TCK")


def model_over_flower() -> tuple[Result, ...]:
    """Seconds of one `run` for all six steps of a model: 20 features, ten partners, a witness, 100,000 households."""
    with tempfile.TemporaryDirectory() as folder:
        model = ModelOverFlower(Place(Path(folder) / "model"), ModelTask(datetime.now(UTC).date()))
        try:
            model.prepare()
            model.start()
            before = _cpu_s()
            model.run()
            services = _cpu_s() - before
        finally:
            model.processes.stop()
    return (
        less_is_better("model_over_flower", ours=model.run_s, peer=None, peer_name="none", unit="s", limit="<= 60"),
        less_is_better(
            "model_over_flower_cpu", ours=services, peer=None, peer_name="none", unit="s CPU, services", limit="beside"
        ),
    )


def _cpu_s() -> float:
    """Return the CPU seconds of everything below this process that still runs: the SuperLink and the nodes."""
    parents, spent = dict[int, int](), dict[int, float]()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            fields = (place / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended just now
        parents[int(place.name)] = int(fields[1])
        spent[int(place.name)] = (int(fields[11]) + int(fields[12])) / _TICKS

    def is_ours(process: int) -> bool:
        while process in parents:
            process = parents[process]
            if process == os.getpid():
                return True
        return False

    return sum(seconds for process, seconds in spent.items() if is_ours(process))
