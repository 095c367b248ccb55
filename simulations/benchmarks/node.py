"""Benchmarks of a node's road from a partner's file to x and charges, beside three programs that count the same file.

Each runs in a process of its own, whose CPU time (user and system, all threads, from after the imports) and peak memory
are measured, and each must find the same 500 counts. Beside them stands the floor: polars reads the columns that the
node needs, a few rows at a time, and does nothing with them.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from partner_node.counting import count
from partner_node.delivery.areas import AreaTable
from partner_node.delivery.delivery import read_delivery
from partner_node.delivery.mapping import parse_mapping
from partner_node.profiles.school import SCHOOL
from partner_node.sort_instructions import sort_environment
from partner_node.sources.opening import open_source
from protocol.digest import digest_of
from simulations.benchmarks.node_world import (
    BUURTEN,
    DAYS,
    FIRST_DAY,
    HEADER,
    MAPPING,
    QUARTER,
    NothingBefore,
    geography,
    member_and_study,
)
from simulations.benchmarks.result import Result, less_is_better

# Loaded in their own processes only: what they hold is not the node's.
PEERS, FLOOR = ("polars", "duckdb", "pandas"), "floor"
_OTHERS = "simulations.benchmarks.node_peers"
UNITS, ROWS_A_UNIT = 1_000_000, 10  # ten, so that the bound on cells cuts nobody: the peers do not know it
TODAY = date(2026, 4, 1)
RUNS = 3
_SECRET = bytes(range(32))


class CountsDiffer(Exception):
    """Two programs that counted one file differently: no figure of such a run means anything."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one process found, and what it took."""

    counts: tuple[int, ...]
    cpu_s: float
    peak_mb: float


def node_10m_csv() -> tuple[Result, ...]:
    """Count 10 M records of 1 M households from CSV."""
    return road("node_10m_csv", "csv", units=UNITS, limit_s="<= 4")


def node_10m_parquet() -> tuple[Result, ...]:
    """Count 10 M records of 1 M households from Parquet."""
    return road("node_10m_parquet", "parquet", units=UNITS, limit_s="<= 1.5")


def road(name: str, form: str, *, units: int, limit_s: str, runs: int = RUNS) -> tuple[Result, ...]:
    """Return CPU and peak memory of our road and of each peer's, medians of `runs` in turn.

    Raises: CountsDiffer.
    """
    found: dict[str, list[Answer]] = {who: [] for who in ("node", *PEERS, FLOOR)}
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"verzuim.{form}"
        _run("write", file, units)
        for _ in range(runs):
            answers = {who: _child(who, file) for who in ("node", *PEERS, FLOOR)}
            if len({answers[who].counts for who in ("node", *PEERS)}) != 1:
                raise CountsDiffer(f"{name}: the counts of node, {', '.join(PEERS)} differ")
            for who, answer in answers.items():
                found[who].append(answer)
    figures = {
        (who, key): median(getattr(answer, key) for answer in answers)
        for who, answers in found.items()
        for key in ("cpu_s", "peak_mb")
    }
    return tuple(
        less_is_better(
            f"{name}{suffix}",
            ours=figures["node", key],
            peer=figures[peer, key],
            peer_name=what,
            unit=unit,
            limit=limit,
        )
        for key, suffix, unit, limit in (("cpu_s", "", "s CPU", limit_s), ("peak_mb", "_memory", "MB peak", "<= 700"))
        for peer, what in (
            *(
                (peer, f"{peer}: counts and clamps, without doubles, unit keys, row checks or charges")
                for peer in PEERS
            ),
            (FLOOR, "floor: polars reads the columns and does nothing more"),
        )
    )


def write_file(path: Path, units: int) -> None:
    """Write a file of `ROWS_A_UNIT` records of each household, in no order, in any buurt; ids of 16 characters."""
    rng = np.random.default_rng(6)
    rows = units * ROWS_A_UNIT
    numbers = rng.permutation(rows)
    ids = pl.Series([f"{number:016x}" for number in rng.integers(0, 2**63, units).tolist()])
    days = pl.Series([f"{FIRST_DAY + timedelta(days=day):%d-%m-%Y}" for day in range(DAYS)])
    columns = (
        pl.select(pl.format("VM{}", pl.lit(numbers).cast(pl.String).str.zfill(14))).to_series(),
        ids.gather(rng.permutation(np.repeat(np.arange(units), ROWS_A_UNIT))),
        pl.Series(BUURTEN, dtype=pl.String).gather(rng.integers(0, len(BUURTEN), rows)),
        days.gather(rng.integers(0, DAYS, rows)),
    )
    frame = pl.DataFrame(dict(zip(HEADER, columns, strict=True)))
    if path.suffix == ".csv":
        frame.write_csv(path, separator=";")
    else:
        frame.write_parquet(path)


def count_node(path: Path) -> list[int]:
    """Count as a node does: every row checked, doubles found, units keyed, bounded, charged and admitted."""
    place = geography()
    delivery = read_delivery(
        [open_source(path)],
        SCHOOL,
        parse_mapping(MAPPING),
        place,
        (),
        area_table=AreaTable(year=2026, buurt_of={}),
        secret=_SECRET,
        today=TODAY,
        keeps_events=False,  # the study's table has no late periods
    )
    member, study = member_and_study(place)
    counted = count(delivery.records, member, digest_of(study), QUARTER, known=NothingBefore(), secret=_SECRET)
    counts: list[int] = counted.cells.values.tolist()
    return counts


def _child(who: str, file: Path) -> Answer:
    found = json.loads(_run(who, file))
    return Answer(tuple(found["counts"]), found["cpu_s"], found["peak_mb"])


def _run(*arguments: object) -> str:
    command = [sys.executable, "-m", __name__, *map(str, arguments)]
    environment = sort_environment() | os.environ  # as the node's own command has it
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


def _peak_mb() -> float:
    """Return the most memory that this process held; getrusage would count what its parent held before it."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def main(who: str, path: Path, units: str = "") -> None:
    """Write the file, or count it and print counts, CPU and peak memory."""
    if who == "write":
        write_file(path, int(units))
        return
    road_of = count_node if who == "node" else import_module(_OTHERS).ROADS[who]
    started = time.process_time()
    counts = road_of(path)
    print(json.dumps({"cpu_s": time.process_time() - started, "peak_mb": _peak_mb(), "counts": counts}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
