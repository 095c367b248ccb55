"""What the newest quarters will count: learnt from finished ones, held against what came (nowcast of a whole table)."""

import numpy as np
import pytest
from numpy.typing import NDArray

from coordinator.estimates.consistency import make_consistent
from coordinator.estimates.estimate import Estimates, Reason, estimates
from coordinator.estimates.hierarchy import hierarchy
from coordinator.estimates.intervals import Dispersion
from coordinator.estimates.late import Final, final_figures
from coordinator.estimates.nowcast import LABEL, Delays
from tests.coordinator.estimates.noise import noised

TREE = hierarchy((-1, *[0] * 6))
SHARES = np.array([0.7, 0.2, 0.1])
Floats = NDArray[np.float64]


def played(chance: np.random.Generator, quarters: int) -> tuple[Final, Floats]:
    """Return the answer of 6 wijken of 50 a quarter whose last two quarters are not finished, and the final truth."""
    leaves = np.stack([chance.poisson(50 * share, (6, quarters)) for share in SHARES], axis=2).astype(np.float64)
    counts = np.concatenate([leaves.sum(axis=0, keepdims=True), leaves])
    added = noised(counts, 16, chance)
    variance = added.variance.copy()
    variance[:, -1, 1:] = variance[:, -2, 2:] = np.inf
    seen = estimates(added.value, variance)
    known = np.isfinite(variance)
    total = np.where(known, added.value, 0).sum(axis=2)
    noise = np.where(known, variance, 0).sum(axis=2)
    found = make_consistent(TREE, total, noise)
    return final_figures(found.figures, seen, TREE, Dispersion(1.0, 0.0)), counts.sum(axis=2)


def inside(figures: Estimates, truth: Floats, at: int) -> float:
    half = 1.96 * np.sqrt(figures.variance[:, at])
    return float((np.abs(figures.value[:, at] - truth[:, at]) <= half).mean())


def test_unfinished_quarters_are_covered_and_finished_ones_stay_as_counted() -> None:
    """300 towns of 10 quarters: 95 % limits of both unfinished ones hold 92 to 98 % of what came in the end.

    Within a town six wijken share the gemeente's error, so the standard error is about 1 point. Negative control: what
    was counted so far, with its own noise, holds far fewer.
    """
    chance = np.random.default_rng(11)
    last, before, bare = [], [], []
    for _ in range(300):
        found, truth = played(chance, 10)
        assert found.rounds.tolist() == [3] * 8 + [2, 1]
        last.append(inside(found.figures, truth, 9))
        before.append(inside(found.figures, truth, 8))
        bare.append(float((np.abs(found.figures.value[:, 9] * 0.7 - truth[:, 9]) <= 1.96 * 4).mean()))
    assert found.label == LABEL
    assert isinstance(found.delays, Delays)
    assert found.delays.shares == pytest.approx([0.7, 0.9, 1.0], abs=0.05)
    assert 0.92 < np.mean(last) < 0.98
    assert 0.92 < np.mean(before) < 0.98
    assert np.mean(bare) < 0.5


def test_without_a_finished_quarter_the_unfinished_ones_have_a_reason() -> None:
    found, _ = played(np.random.default_rng(12), 2)
    assert found.delays is Reason.TOO_FEW
    assert found.figures.cell(0, 0) is Reason.TOO_FEW
