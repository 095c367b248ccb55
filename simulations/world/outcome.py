"""Computes: what came out of a round and of a world: states, figures, and their errors against what is true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from privacy.precision import half_width
from protocol.release import NotShown, Release
from protocol.round.transitions import State
from protocol.words.ids import PartyId
from protocol.words.period import Period


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors of delivered cells, shown or not, as sums that can be added.

    cells, squared, covered: of the noise, which is released minus what the partners put in: the number of cells, the
    sum of squares, and how many lie within their 95 % margin. standardised: the squares over their planned variance.
    truth_cells, truth_squared, truth_sum: of released minus the true register of the round's own period; late rows,
    unusable rows, bounds and caps included.
    """

    cells: int
    standardised: float
    squared: float
    covered: int
    truth_cells: int
    truth_squared: float
    truth_sum: float

    def __add__(self, other: "Errors") -> "Errors":
        """Return the errors of both."""
        return Errors(
            self.cells + other.cells,
            self.standardised + other.standardised,
            self.squared + other.squared,
            self.covered + other.covered,
            self.truth_cells + other.truth_cells,
            self.truth_squared + other.truth_squared,
            self.truth_sum + other.truth_sum,
        )

    @property
    def rmse_noise(self) -> float:
        """Root mean square of what the noise did."""
        return float(np.sqrt(self.squared / self.cells)) if self.cells else 0.0

    @property
    def variance_ratio(self) -> float:
        """Mean squared noise over the planned variance; 1 as planned, with a deviation of sqrt(2 / cells)."""
        return self.standardised / self.cells if self.cells else 1.0

    @property
    def coverage(self) -> float:
        """Share of the cells that lie within their margin of what entered."""
        return self.covered / self.cells if self.cells else 1.0

    @property
    def rmse_truth(self) -> float:
        """Root mean square of the whole error."""
        return float(np.sqrt(self.truth_squared / self.truth_cells)) if self.truth_cells else 0.0

    @property
    def bias_truth(self) -> float:
        """Mean of the whole error: below 0 what is missing."""
        return self.truth_sum / self.truth_cells if self.truth_cells else 0.0


NO_ERRORS = Errors(0, 0.0, 0.0, 0, 0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class RoundOutcome:
    """One round. participants: of the release, or of the last offer. refusals: codes. not_shown: cells by reason.

    left_out: households that a cap left out, over all partners. left_out_percent: of the events or households that
    would have been counted.
    """

    number: int
    period: Period
    state: State
    participants: tuple[PartyId, ...]
    verified: bool
    not_delivered: tuple[PartyId, ...]
    refusals: tuple[str, ...]
    shown: int
    not_shown: Mapping[NotShown, int]
    left_out: int
    left_out_percent: float
    errors: Errors


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class TrueSegment:
    """One segment of an opened sum. entered: int64, what the partners put in. truth: None for a late period."""

    opened: NDArray[np.int64]
    entered: NDArray[np.int64]
    truth: NDArray[np.int64] | None


def errors_of(release: Release, segments: Sequence[TrueSegment]) -> Errors:
    """Return the errors of a release's delivered tables. segments: in the order of the release's tables."""
    result = NO_ERRORS
    for table, true in zip(release.tables, segments, strict=True):
        if table.variance is None:
            continue
        variance = table.variance.fraction
        noise = (true.opened - true.entered).astype(np.float64)
        whole = np.zeros(0) if true.truth is None else (true.opened - true.truth).astype(np.float64)
        result += Errors(
            cells=noise.size,
            standardised=float((noise**2).sum()) / float(variance),
            squared=float((noise**2).sum()),
            covered=int(np.count_nonzero(np.abs(noise) <= half_width(variance))),
            truth_cells=whole.size,
            truth_squared=float((whole**2).sum()),
            truth_sum=float(whole.sum()),
        )
    return result


def shown_cells(release: Release) -> tuple[int, Mapping[NotShown, int]]:
    """Return how many cells a release shows, and of the others how many for which reason."""
    reasons = [cell.not_shown for table in release.tables for cell in table.cells]
    return reasons.count(None), {reason: reasons.count(reason) for reason in NotShown if reason in reasons}


def planned_spread(cells: int) -> float:
    """Return five standard deviations of `variance_ratio`: passed by chance once in two million worlds."""
    return 5 * float(np.sqrt(2 / cells)) if cells else 0.0


def covered_least(cells: int) -> float:
    """Return the least coverage: the 95 % that margins promise, less five standard deviations."""
    return 0.95 - 5 * float(np.sqrt(0.95 * 0.05 / cells)) if cells else 0.0
