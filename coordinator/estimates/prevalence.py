"""Computes: how many people violence at home is likely to touch, from what is published: estimates, never counts.

By who lives in an area (synthetic), or from what sources see of it (weighted); and how many there are for each one
registered. The published ranges are wide, so the limits are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np

from coordinator.estimates.before_after import between
from coordinator.estimates.estimate import Estimates, Floats, Reason, wrong_shape
from coordinator.estimates.intervals import two_sided
from coordinator.estimates.rates import Ratios

LABEL = "geschat aantal, op basis van bevolkingskenmerken, niet geteld"
_Z = two_sided(0.95)
_LEAST_SIGMAS = 3.0  # of a registered number above 0, for the logarithm of it to be about normal


@dataclass(frozen=True, slots=True)
class PrevalenceModel:
    """A published prevalence and how it differs between strata.

    per_1000_low, per_1000_high: the published range, taken as 95 %. national_share: of each stratum in the country,
    adding up to 1; relative_risk: of each. area_error: standard deviation of the logarithm by which areas differ for
    other reasons. version, source: what stands beside every estimate.
    Raises: WrongShape.
    """

    version: str
    source: str
    per_1000_low: float
    per_1000_high: float
    national_share: tuple[float, ...]
    relative_risk: tuple[float, ...]
    area_error: float

    def __post_init__(self) -> None:
        fits = len(self.national_share) == len(self.relative_risk) and abs(sum(self.national_share) - 1) < 1e-6  # noqa: PLR2004 - rounding
        if not (fits and 0 < self.per_1000_low <= self.per_1000_high <= 1_000 and min(self.relative_risk) > 0):  # noqa: PLR2004 - all people
            raise wrong_shape("a model whose strata or range do not fit")

    @property
    def error(self) -> float:
        """The standard deviation of the logarithm of an area's estimate."""
        return sqrt((log(self.per_1000_high / self.per_1000_low) / (2 * _Z)) ** 2 + self.area_error**2)


@dataclass(frozen=True, eq=False, slots=True)
class Prevalence:
    """Estimated numbers of people with their limits, and the model they come from; fields as `Ratios`."""

    numbers: Ratios
    model: PrevalenceModel
    label: str = LABEL


@dataclass(frozen=True, eq=False, slots=True)
class Strata:
    """Who lives in each area, for a model. inhabitants: float64, shape (areas,); shares: float64, (areas, strata)."""

    model: PrevalenceModel
    inhabitants: Floats
    shares: Floats


def synthetic(model: PrevalenceModel, inhabitants: Floats, shares: Floats) -> Prevalence:
    """Return the number to expect in each area from who lives there.

    inhabitants: float64, shape (areas,), of the population the prevalence is of. shares: float64, (areas, strata), of
    each stratum among them; an area whose shares are missing or do not add up to 1 has none.
    E = N * p * sum(w RR) / sum(w_NL RR); p is the middle of its range on the scale of logarithms.
    Not promised: that an area is like others of its kind. No score of a person: strata are of areas.
    Source: indirect standardisation (Breslow, Day 1987, IARC 82, section 2.3) as the NJi applies it (DOMAIN 5.4); the
    strata and their risks are the model's own source.
    """
    if shares.ndim != 2 or shares.shape != (inhabitants.size, len(model.relative_risk)):  # noqa: PLR2004 - areas x strata
        raise wrong_shape("shares that are not areas x strata")
    risk = np.array(model.relative_risk)
    with np.errstate(invalid="ignore"):
        told = (inhabitants > 0) & np.isfinite(inhabitants) & (np.abs(shares.sum(axis=1) - 1) < 0.01)  # noqa: PLR2004 - CBS rounds
    factor = np.where(told[:, None], shares, 0.0) @ risk / float(np.array(model.national_share) @ risk)
    middle = sqrt(model.per_1000_low * model.per_1000_high) / 1_000
    value = np.where(told, inhabitants, 0.0) * middle * factor
    width = exp(_Z * model.error)
    reason = np.where(told, Reason.TOLD, Reason.NO_DENOMINATOR).astype(np.uint8)
    return Prevalence(Ratios(value, value / width, value * width, reason), model)


def dark_number(estimated: Prevalence, registered: Estimates) -> Ratios:
    """Return how many there are likely to be for each one registered.

    registered: shape (areas,), people or households as the model counts them, over a year. A number that is not
    demonstrably above 0 has no ratio.
    Source: delta method on logarithms, both errors independent.
    """
    numbers = estimated.numbers
    if numbers.value.shape != registered.value.shape:
        raise wrong_shape("registered numbers of other areas")
    error = np.sqrt(np.where(registered.told, registered.variance, 0.0))
    sure = registered.told & (registered.value > _LEAST_SIGMAS * error)
    reason = np.where(sure, Reason.TOLD, Reason.UNCERTAIN_DENOMINATOR)
    reason = np.where(registered.told, reason, registered.reason)
    reason = np.where(numbers.told, reason, numbers.reason).astype(np.uint8)
    told = reason == Reason.TOLD
    below = np.where(told, registered.value, 1.0)
    ratio = np.where(told, numbers.value / below, 0.0)
    width = np.exp(_Z * np.sqrt(estimated.model.error**2 + np.where(told, error / below, 0.0) ** 2))
    return Ratios(ratio, ratio / width, ratio * width, reason)


@dataclass(frozen=True, slots=True)
class Source:
    """What one source registered, and which part of all it is thought to see: a published range, taken as 95 %."""

    name: str
    value: float
    variance: float
    seen_low: float
    seen_high: float


@dataclass(frozen=True, slots=True)
class WeightedSize:
    """The size that sources together point at, with limits, and the sources that were used."""

    value: float
    low: float
    high: float
    sources: tuple[str, ...]


def weighted_size(sources: Sequence[Source]) -> WeightedSize | Reason:
    """Return one size from what several sources saw, each scaled up by the part it sees.

    Where the sources disagree by more than their errors, the limits widen by that. A source that is not demonstrably
    above 0 is not used.
    Source: DerSimonian, Laird 1986, on the logarithms of the sizes.
    """
    used = [each for each in sources if each.value > _LEAST_SIGMAS * sqrt(each.variance)]
    if not used:
        return Reason.UNCERTAIN_DENOMINATOR
    if any(not 0 < each.seen_low <= each.seen_high <= 1 for each in used):
        raise wrong_shape("a part of all that is outside 0 to 1")
    sizes = np.array([log(each.value / sqrt(each.seen_low * each.seen_high)) for each in used])
    errors = np.array(
        [each.variance / each.value**2 + (log(each.seen_high / each.seen_low) / (2 * _Z)) ** 2 for each in used]
    )
    spread = between(sizes, errors) if len(used) > 1 else 0.0
    weight = 1 / (errors + spread)
    middle, half = float((weight * sizes).sum() / weight.sum()), _Z / sqrt(float(weight.sum()))
    return WeightedSize(exp(middle), exp(middle - half), exp(middle + half), tuple(each.name for each in used))
