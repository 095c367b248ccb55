"""Computes: the figures of some periods as one sum, with the exact covariances of its errors, and which periods to sum.

Noise is drawn anew in every period, so that covariances of a sum are the sums of those of the periods. Every period is
made consistent by itself first; of all unbiased sums that is the one with the least variance.
"""

from dataclasses import dataclass

import numpy as np

from coordinator.estimates.consistency import Consistent
from coordinator.estimates.display import Displayed, shown_figures
from coordinator.estimates.estimate import Bools, Estimates, Floats, Places, Reason, estimates
from protocol.words.period import MONTHS_IN, Period, first_day, length_of

MONTHS_A_YEAR = 12


@dataclass(frozen=True, eq=False, slots=True)
class Summed:
    """Sums over periods. figures: shape (nodes,), unbiased and adding up.

    consistent: of all periods; places: those that were summed. A node without one of them has no sum.
    """

    consistent: Consistent
    places: Places
    figures: Estimates

    @property
    def shown(self) -> Displayed:
        """The sums to show, shape (nodes, 1)."""
        figures = self.figures
        table = Estimates(figures.value[:, None], figures.variance[:, None], figures.reason[:, None])
        return shown_figures(self.consistent.tree, table)

    def hiding(self, shown: Bools) -> "Summed":
        """Return the same without any value that is not shown, nor that of a single period; the errors stay."""
        whole = self.consistent.figures
        blank = Estimates(np.zeros(whole.value.shape), whole.variance, whole.reason)
        errors = Consistent(self.consistent.tree, blank, self.consistent.below_variance, self.consistent.share)
        kept = estimates(self.figures.value, np.where(shown, self.figures.variance, np.inf), Reason.NOT_DETERMINED)
        return Summed(errors, self.places, kept)

    def covariance(self, first: int, second: int) -> float:
        """Return the exact covariance of the errors of two sums; 0 where one of them is absent."""
        if not (self.figures.told[first] and self.figures.told[second]):
            return 0.0
        return sum(self.consistent.covariance(first, second, int(place)) for place in self.places)

    def covariances(self) -> Floats:
        """Return the exact covariances of all sums, float64, shape (nodes, nodes), 0 where one of two is absent.

        Raises: WrongShape, for more nodes than `Consistent.covariances` takes.
        """
        told = self.figures.told
        found = sum(
            (self.consistent.covariances(int(place)) for place in self.places), np.zeros((told.size, told.size))
        )
        return np.where(told[:, None] & told[None], found, 0.0)


def summed(consistent: Consistent, places: Places) -> Summed:
    """Return the sums over these periods, places in the consistent figures."""
    parts = consistent.figures
    whole: Bools = np.all(parts.told[:, places], axis=1) & (places.size > 0)
    lost = parts.reason[:, places].max(axis=1, initial=Reason.NOT_DELIVERED)
    value = np.where(whole, parts.value[:, places].sum(axis=1), 0.0)
    variance = np.where(whole, np.where(whole[:, None], parts.variance[:, places], 0.0).sum(axis=1), np.inf)
    figures = estimates(value, variance, np.where(whole, np.uint8(Reason.NOT_DELIVERED), lost))
    return Summed(consistent, places, figures)


@dataclass(frozen=True, eq=False, slots=True)
class Window:
    """Which periods of a series are summed. used: bool, shape (periods,)."""

    periods: tuple[Period, ...]
    used: Bools
    complete: bool

    @property
    def places(self) -> Places:
        """The places of the summed periods."""
        return np.flatnonzero(self.used)

    @property
    def years(self) -> float:
        """How long the summed periods are together."""
        return int(self.used.sum()) * MONTHS_IN[length_of(self.periods[0])] / MONTHS_A_YEAR


def last_year(periods: tuple[Period, ...], *, first: int = 0, told: Bools | None = None) -> Window:
    """Return the periods within the twelve months that end with the last one.

    first: place of the first period after the last break; what is before it is never added to what is after. told: in
    which anything was counted, shape (periods,); the others are left out, and the year is then not complete.
    """
    end = first_day(periods[-1])
    length = MONTHS_IN[length_of(periods[0])]
    months = [(end.year - day.year) * MONTHS_A_YEAR + end.month - day.month for day in map(first_day, periods)]
    used = np.array([month <= MONTHS_A_YEAR - length for month in months]) & (np.arange(len(periods)) >= first)
    used &= np.ones(len(periods), dtype=bool) if told is None else told
    return Window(periods, used, int(used.sum()) * length == MONTHS_A_YEAR)
