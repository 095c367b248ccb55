"""A process that exports a million figures of the Netherlands and says what its own peak of memory was, in MB.

python -m tests.coordinator.big_export FOLDER [kept]      kept: with all rows in a list, as a control
"""

import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from coordinator.combine import NoisyTable, combine
from coordinator.figures_export import Figures, StudyFigures, write_figures
from privacy.counts import NoisedCounts
from protocol.study.study import Study
from protocol.words.geography import Geography
from protocol.words.period import Period
from simulations.benchmarks import national_world as world

PERIODS = tuple(map(Period, ("2025-Q4", "2026-Q1", "2026-Q2")))
VARIANCE = Fraction(60)
SHARE_HIDDEN = 0.2


def figures() -> Figures:
    """Return 20 measures at three levels of areas over three quarters; a fifth is too uncertain to show."""
    areas = world.geography()
    agreed = world.covenant(areas)
    study = world.study(agreed)
    return Figures((StudyFigures(combine(tuple(_tables(study, areas)), study), study, agreed, areas, (), frozenset()),))


def _tables(study: Study, areas: Geography) -> Iterator[NoisyTable]:
    chance = np.random.default_rng(1)
    for table in study.tables:
        codes = areas.codes_at(table.level)
        for period in PERIODS:
            values = np.where(chance.random(len(codes)) < SHARE_HIDDEN, 0, chance.integers(100, 2_000, len(codes)))
            yield NoisyTable(table.id, period, period, codes, (None,), NoisedCounts(values), VARIANCE)


def peak_mb() -> int:
    """Return the most memory that this process ever had."""
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) // 1024


def main(folder: Path, *, kept: bool) -> None:
    """Export, and say how many figures and how much memory it took."""
    made = figures()
    before = peak_mb()
    rows = list(made.rows()) if kept else []
    write_figures(made, folder)
    sys.stdout.write(f"{len(made)} {made.hidden} {before} {peak_mb()} {len(rows)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), kept=sys.argv[2:] == ["kept"])
