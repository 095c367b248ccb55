"""Computes: what changed after a date in one area, beside what changed in comparable areas over the same time.

It says how much more or less than elsewhere was registered. It does not say why: a campaign, a new form or a moved
family change figures too, and no figure here can tell these apart.
"""

from dataclasses import dataclass
from math import exp, expm1, log, sqrt

import numpy as np
from scipy.stats import t as student

from coordinator.estimates.estimate import Bools, Estimates, Floats, Reason, wrong_shape
from coordinator.estimates.intervals import CONFIDENCE, Dispersion

LEAST_AREAS = 5  # comparable areas: from fewer nobody can say how much areas change by themselves
LEAST_SIGMAS = 3.0  # a total must be this far above 0 for the logarithm of it to be about normal
CHECKLIST = (
    "Is de registratie of de indeling veranderd?",
    "Was er een campagne of een nieuwe meldroute?",
    "Gaat het om enkele gezinnen met veel meldingen?",
    "Ontbreekt er een levering?",
    "Is een ander gebied tegelijk veranderd?",
)


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """How the level after a date compares with what comparable areas would make one expect.

    ratio: 1 is as elsewhere; low, high: its limits. areas: how many comparable areas could be used. own_spread:
    variance of the logarithm by which areas change by themselves.
    """

    ratio: float
    low: float
    high: float
    areas: int
    own_spread: float
    checklist: tuple[str, ...] = CHECKLIST

    def sentence(self) -> str:
        """Return what may be said, in Dutch, without a cause."""
        limits = f"95 %-interval {_percent(self.low)} tot {_percent(self.high)}"
        what = "Dit zegt niet waardoor."
        if self.low <= 1 <= self.high:
            return f"Geen aantoonbaar verschil met de vergelijkbare gebieden ({limits}). {what}"
        way = "hoger" if self.ratio > 1 else "lager"
        return (
            f"Na de datum lag het niveau {abs(100 * (self.ratio - 1)):.0f} % {way} dan op grond van de "
            f"{self.areas} vergelijkbare gebieden te verwachten was ({limits}). {what}"
        )


def before_after(
    own: Estimates, others: Estimates, first_after: int, dispersion: Dispersion, *, confidence: float = CONFIDENCE
) -> BeforeAfter | Reason:
    """Return the ratio of an area's change to that of comparable areas, or why there is none.

    own: shape (periods,); others: shape (areas, periods); unbiased counts with independent noise. first_after: the
    place of the first period after the date. An area with a gap, or with totals near 0, is left out. The limits
    hold noise, chance and how much areas change by themselves.
    Source: DerSimonian, Laird 1986, Controlled Clinical Trials 7 (spread between areas); Higgins, Thompson,
    Spiegelhalter 2009, JRSS A 172, eq. 12 (limits for one more area, t with areas - 2 degrees of freedom).
    """
    if own.value.ndim != 1 or others.value.shape[1:] != own.value.shape or not 0 < first_after < own.value.size:
        raise wrong_shape("series of other periods, or a date outside them")
    after = np.arange(own.value.size) >= first_after
    mine = _changes(own.value[None], own.variance[None], after, dispersion)
    theirs = _changes(others.value, others.variance, after, dispersion)
    if not own.told.all():
        return Reason.NOT_DELIVERED
    if not mine.usable.all():
        return Reason.UNCERTAIN_DENOMINATOR
    change, error = theirs.change[theirs.usable], theirs.variance[theirs.usable]
    if change.size < LEAST_AREAS:
        return Reason.TOO_FEW
    spread = between(change, error)
    weight = 1 / (error + spread)
    mean = float((weight * change).sum() / weight.sum())
    effect = float(mine.change[0]) - mean
    variance = float(mine.variance[0]) + spread + 1 / float(weight.sum())
    half = float(student.ppf((1 + confidence) / 2, change.size - 2)) * sqrt(variance)
    return BeforeAfter(exp(effect), exp(effect - half), exp(effect + half), change.size, spread)


def between(change: Floats, error: Floats) -> float:
    """Return the variance between areas of a change, beyond the error of each; at least 0.

    Source: DerSimonian, Laird 1986, eq. 8.
    """
    weight = 1 / error
    mean = (weight * change).sum() / weight.sum()
    excess = float((weight * (change - mean) ** 2).sum()) - (change.size - 1)
    return max(0.0, excess / float(weight.sum() - (weight**2).sum() / weight.sum()))


@dataclass(frozen=True, eq=False, slots=True)
class _Changes:
    change: Floats
    variance: Floats
    usable: Bools


def _changes(value: Floats, variance: Floats, after: Bools, dispersion: Dispersion) -> _Changes:
    """Return of each area the logarithm of its mean after over its mean before, by the delta method."""
    usable = np.asarray(np.isfinite(variance).all(axis=1))
    change, error = np.zeros(len(value)), np.zeros(len(value))
    for side, sign in ((after, 1), (~after, -1)):
        total = np.where(usable, value[:, side].sum(axis=1), 1.0)
        spread = np.where(usable, np.where(np.isfinite(variance), variance, 0.0)[:, side].sum(axis=1), 1.0)
        spread = spread + dispersion.factor * np.maximum(total, 0.0)
        usable &= total > LEAST_SIGMAS * np.sqrt(spread)
        safe = np.where(usable, total, 1.0)
        change += sign * (np.log(safe) - log(int(side.sum())))
        error += spread / safe**2
    return _Changes(change, np.where(usable, error, 1.0), np.asarray(usable))


def _percent(ratio: float) -> str:
    return f"{100 * expm1(log(ratio)):+.0f} %"
