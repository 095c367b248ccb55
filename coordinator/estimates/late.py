"""Computes: what the newest periods of an indicator will count once their late registrations are in."""

from dataclasses import dataclass

import numpy as np

from coordinator.estimates.consistency import make_consistent
from coordinator.estimates.estimate import Estimates, Floats, Places, Reason, estimates
from coordinator.estimates.hierarchy import Hierarchy
from coordinator.estimates.intervals import Dispersion
from coordinator.estimates.nowcast import LABEL, Delays, delays, nowcast


@dataclass(frozen=True, eq=False, slots=True)
class Final:
    """The figures that periods are expected to end at. figures: shape (nodes, periods).

    rounds: int64, shape (periods,), how many rounds of each period have been counted, of `lags`; a period with all of
    them is as it was counted. delays: how much comes when, or why that is not known; then newer periods are absent.
    """

    figures: Estimates
    rounds: Places
    lags: int
    delays: Delays | Reason
    label: str = LABEL


def final_figures(figures: Estimates, added: Estimates, tree: Hierarchy, dispersion: Dispersion) -> Final:
    """Return the expected final figures of every period.

    figures: consistent ones, shape (nodes, periods), of what has been counted. added: what each round added, shape
    (nodes, periods, lags). How much comes when is learnt from the first root over all finished periods.
    Not promised: delays of their own for an area; one buurt has too few events to have any.
    """
    _, periods, lags = added.value.shape
    by_round = make_consistent(tree, added.value.reshape(tree.size, -1), added.variance.reshape(tree.size, -1)).figures
    root = int(tree.roots[0])
    parts = Estimates(
        by_round.value[root].reshape(periods, lags),
        by_round.variance[root].reshape(periods, lags),
        by_round.reason[root].reshape(periods, lags),
    )
    rounds = np.cumprod(parts.told, axis=1).sum(axis=1).astype(np.int64)
    known = delays(parts)
    value, variance, reason = figures.value.copy(), figures.variance.copy(), figures.reason.copy()
    for at, number in enumerate(rounds.tolist()):
        if number < lags:
            found = _expected(_column(figures, at), number, known, dispersion)
            value[:, at], variance[:, at], reason[:, at] = found.value, found.variance, found.reason
    return Final(Estimates(value, variance, reason), rounds, lags, known)


def _expected(own: Estimates, number: int, known: Delays | Reason, dispersion: Dispersion) -> Estimates:
    """Return what a period is expected to end at, after this number of rounds."""
    if isinstance(known, Reason) or number == 0:
        why = known if isinstance(known, Reason) else Reason.NOT_DELIVERED
        nothing: Floats = np.full(own.value.shape, np.inf)
        return estimates(own.value, nothing, np.where(own.told, np.uint8(why), own.reason))
    return nowcast(own, number - 1, known, dispersion)


def _column(figures: Estimates, at: int) -> Estimates:
    return Estimates(figures.value[:, at].copy(), figures.variance[:, at].copy(), figures.reason[:, at].copy())
