"""Computes: which areas are most like an area in what CBS publishes, and how it compares with those together."""

from dataclasses import dataclass

import numpy as np

from coordinator.estimates.estimate import Estimates, Floats, Places, estimates, wrong_shape
from coordinator.estimates.intervals import Dispersion
from coordinator.estimates.small_areas import design
from coordinator.estimates.verdicts import Comparisons, with_other

ALIKE = 5  # areas to compare with: fewer are chance, more are not alike in a gemeente of 79 buurten


@dataclass(frozen=True, eq=False, slots=True)
class Comparable:
    """How areas compare with those most like them. alike: int64, shape (areas, number), their places, nearest first."""

    comparisons: Comparisons
    alike: Places


def with_comparable(
    areas: Estimates,
    exposure: Floats,
    covariates: Floats,
    dispersion: Dispersion,
    *,
    number: int = ALIKE,
    covariances: Floats | None = None,
) -> Comparable:
    """Compare each area's count with the sum over the areas most like it, to be judged with the rest of the page.

    areas, exposure: shape (areas,), counts and inhabitants. covariances: of the counts' noise, float64, (areas, areas);
    None where it is independent. covariates: float64, shape (areas, columns); distance is Euclidean on standardised
    columns, a missing one counting as the mean. Areas without a figure or inhabitants are nobody's comparison; figures
    do not choose who is compared with whom.
    Not promised: that areas alike in these columns are alike; the page names both.
    Raises: WrongShape.
    """
    if covariates.shape[:1] != areas.value.shape or not 1 <= number < areas.value.size:
        raise wrong_shape("covariates of other areas, or more areas to compare with than there are")
    columns = design(covariates)[:, 1:]
    distance = np.sqrt(((columns[:, None] - columns[None]) ** 2).sum(axis=2))
    usable = areas.told & (exposure > 0)
    distance[:, ~usable] = np.inf
    np.fill_diagonal(distance, np.inf)
    alike = np.argsort(distance, axis=1, kind="stable")[:, :number]
    enough = int(usable.sum()) > number
    value = areas.value[alike].sum(axis=1)
    noise = np.diag(np.where(areas.told, areas.variance, 0.0)) if covariances is None else covariances
    variance = np.where(enough, noise[alike[:, :, None], alike[:, None, :]].sum(axis=(1, 2)), np.inf)
    joint = np.take_along_axis(noise, alike, axis=1).sum(axis=1)
    people = np.where(usable, exposure, 0.0)[alike].sum(axis=1)
    others = estimates(value, variance)
    return Comparable(with_other(areas, exposure, others, people, dispersion, covariance=joint), alike)
