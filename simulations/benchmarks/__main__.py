"""Touches the world: runs benchmarks and prints them as a table, or as JSON into a file."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from simulations.benchmarks.result import Result

# Name -> "module:function" returning `tuple[Result, ...]`; imported only when asked for, since peers are heavy.
BENCHMARKS = {
    "bound_10m_pairs": "simulations.benchmarks.bounding:bound_10m_pairs",
    "estimates_country": "simulations.benchmarks.estimates:estimates_country",
    "estimates_gemeente": "simulations.benchmarks.estimates:estimates_gemeente",
    "filter_1m": "simulations.benchmarks.bounding:filter_1m",
    "gauss_50": "simulations.benchmarks.noise:gauss_50",
    "ledger_append": "simulations.benchmarks.ledger:ledger_append",
    "ledger_proofs": "simulations.benchmarks.ledger:ledger_proofs",
    "bfv_sum": "simulations.benchmarks.masks:bfv_sum",
    "mask_15": "simulations.benchmarks.masks:mask_15",
    "mask_255": "simulations.benchmarks.masks:mask_255",
    "mask_1000": "simulations.benchmarks.masks:mask_1000",
    "model_coverage": "simulations.benchmarks.models_coverage:model_coverage",
    "model_error": "simulations.benchmarks.models:model_error",
    "model_over_flower": "simulations.benchmarks.models_over_flower:model_over_flower",
    "model_step": "simulations.benchmarks.models:model_step",
    "monitor_country": "simulations.benchmarks.monitor:monitor_country",
    "monitor_page": "simulations.benchmarks.monitor:monitor_page",
    "monitor_painted": "simulations.benchmarks.monitor_painted:monitor_painted",
    "monitor_profile": "simulations.benchmarks.monitor_painted:monitor_profile",
    "monitor_readers": "simulations.benchmarks.monitor_readers:monitor_readers",
    "node_10m_csv": "simulations.benchmarks.node:node_10m_csv",
    "node_10m_parquet": "simulations.benchmarks.node:node_10m_parquet",
    "national_period": "simulations.benchmarks.national:national_period",
    "national_planner": "simulations.benchmarks.national_files:national_planner",
    "national_wijken": "simulations.benchmarks.national_files:national_wijken",
    "open_64": "simulations.benchmarks.masks:open_64",
    "registers_3y": "simulations.benchmarks.registers:registers_3y",
    "round_16": "simulations.benchmarks.rounds:round_16",
    "store_append": "simulations.benchmarks.store:store_append",
    "upload_bytes": "simulations.benchmarks.masks:upload_bytes",
    "wire_100k": "simulations.benchmarks.wire:wire_100k",
    "world_year": "simulations.benchmarks.world:world_year",
}


def run_benchmark(name: str) -> tuple[Result, ...]:
    """Run one benchmark by its name."""
    module, _, function = BENCHMARKS[name].partition(":")
    run: Callable[[], tuple[Result, ...]] = getattr(import_module(module), function)
    return run()


def main(arguments: list[str] | None = None) -> int:
    """Run the named benchmarks, or all; print the table on stdout and the story on stderr."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description="benchmarks beside a peer, in one run")
    parser.add_argument(
        "--only", action="append", choices=sorted(BENCHMARKS), metavar="NAME", help=", ".join(sorted(BENCHMARKS))
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help='write {"results": [...]} to FILE')
    options = parser.parse_args(arguments)
    results: list[Result] = []
    for name in options.only or BENCHMARKS:
        print(f"running {name}", file=sys.stderr)
        results.extend(run_benchmark(name))
    print(table(results))
    if options.json:
        options.json.write_text(json.dumps({"results": [asdict(result) for result in results]}, indent=2) + "\n")
    return 0


def table(results: list[Result]) -> str:
    """Return the results as aligned text; ratio above 1 is better than the peer."""
    head = ("name", "ours", "peer", "ratio", "unit", "limit", "peer is")
    rows = [
        (
            result.name,
            f"{result.ours:.4g}",
            "-" if result.peer is None else f"{result.peer:.4g}",
            "-" if result.ratio is None else f"{result.ratio:.3g}",
            result.unit,
            result.limit,
            result.peer_name,
        )
        for result in results
    ]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)
    )


if __name__ == "__main__":
    sys.exit(main())
