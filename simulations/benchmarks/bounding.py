"""Benchmarks of bounding and of the filter, at the size of the largest partner, beside the plain NumPy way."""

import json
import resource
import subprocess
import sys
import time
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from privacy.bound import Bound
from privacy.bounding import bound_events
from privacy.counts import Events, UnitCounts
from privacy.filter import admit, charges
from privacy.sensitivity import TableCharge
from privacy.tabulate import tabulate
from protocol.study.measure import MeasureKind
from simulations.benchmarks.result import Result, cpu_ms, less_is_better

ROWS, UNITS, CELLS = 10_000_000, 1_000_000, 500
HASH_KEY = bytes(range(16))
CAP = 250_000_000  # nano-rho, the default
# With ten rows a unit: a bound that cuts few of them (2.7 %), and one that cuts nearly all.
SELDOM = Bound(MeasureKind.EVENTS, max_cells=16, max_amount=3)
ALWAYS = Bound(MeasureKind.EVENTS, max_cells=3, max_amount=3)


def bound_10m_pairs() -> tuple[Result, ...]:
    """Bound and tabulate 10 M (unit, cell) rows of 1 M units, in a process of its own whose memory is measured."""
    figures = json.loads(
        subprocess.run([sys.executable, "-m", __name__], capture_output=True, text=True, check=True).stdout
    )
    seconds = tuple(
        less_is_better(
            name,
            ours=figures[name],
            peer=figures["peer_s"],
            peer_name="np.unique and bincount: counts and clamps, does not bound cells",
            unit="s CPU",
            limit="<= 1",
        )
        for name in ("bound_10m_pairs", "bound_10m_all_cut")
    )
    memory = less_is_better(
        "bound_10m_memory", ours=figures["peak_mb"], peer=None, peer_name="-", unit="MB peak", limit="<= 600"
    )
    return *seconds, memory


def filter_1m() -> tuple[Result, ...]:
    """Charge and admit 1 M units with 3 M pairs in 20 tables; the peer charges in floats, which may round down."""
    rng = np.random.default_rng(7)
    unit = np.repeat(np.arange(UNITS, dtype=np.int64), 3)
    cell = np.sort(rng.integers(0, CELLS // 3, size=(UNITS, 3)) * 3 + np.arange(3), axis=1).reshape(-1)
    counts = UnitCounts(unit, cell.astype(np.int64), rng.integers(1, 4, unit.size), units=UNITS, cells=CELLS)
    tables = tuple(TableCharge(25 * place, 25, 1 + place % 3, _variance(place)) for place in range(20))
    spent = rng.integers(0, CAP, UNITS)
    prices = np.repeat([float(table.nano_rho) for table in tables], 25)

    def ours() -> None:
        admit(charges(counts, tables), spent, cap=CAP)

    def plain() -> NDArray[np.bool_]:
        owed = np.bincount(counts.unit, weights=prices[counts.cell] * counts.amount**2, minlength=UNITS)
        return np.asarray(np.ceil(owed) + spent <= CAP)

    own_ms, plain_ms = cpu_ms(ours, plain)
    row = less_is_better(
        "filter_1m",
        ours=own_ms / 1e3,
        peer=None if plain_ms is None else plain_ms / 1e3,
        peer_name="float bincount, inexact",
        unit="s CPU",
        limit="<= 1",
    )
    return (row,)


def _variance(place: int) -> Fraction:
    return Fraction(200 + 7 * place, 1 + place % 4)


def _events() -> Events:
    rng = np.random.default_rng(7)
    keys = rng.integers(0, 2**63, size=(UNITS, 2), dtype=np.uint64)
    return Events(rng.integers(0, UNITS, ROWS), rng.integers(0, CELLS, ROWS), None, keys, CELLS)


def _measure() -> dict[str, float]:
    events = _events()
    stays = np.ones(UNITS, dtype=np.bool_)
    figures = {}
    for name, bound in (("bound_10m_pairs", SELDOM), ("bound_10m_all_cut", ALWAYS)):
        started = time.process_time()
        tabulate(bound_events(events, bound, HASH_KEY), stays, cell_bound=2**40)
        figures[name] = time.process_time() - started
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started = time.process_time()
    pair, count = np.unique(events.unit * CELLS + events.cell, return_counts=True)
    np.bincount(pair % CELLS, weights=np.minimum(count, 3), minlength=CELLS)
    return figures | {"peer_s": time.process_time() - started}


if __name__ == "__main__":
    print(json.dumps(_measure()))
