"""Computes: which odds ratios a model could find at all, before anybody signs: for so many households and this noise.

Everything here is public: the study, the number of households and how common the outcome is. What is smaller than this
stays hidden even when it is there, and nobody may then say that it is not.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import exp, sqrt

from scipy.stats import norm

from coordinator.models.steps import ModelPlan
from protocol.covenant.covenant import Covenant
from protocol.study.model import Statistic
from protocol.study.plan import share_variance

POWER = 0.8
LEVEL = 0.05
OVERLAP = 0.3  # R^2 of a feature on the others: usual among registered features; at 0 a third less would be found


@dataclass(frozen=True, slots=True)
class Findable:
    """The least odds ratio above 1 that is found in `POWER` of the cases, of one feature; None: none at all.

    without_noise: the same, were nothing private: what the number of households alone allows.
    """

    label: str
    odds_ratio: float | None
    without_noise: float


def findable(plan: ModelPlan, covenant: Covenant, *, households: int, share: float) -> tuple[Findable, ...]:
    """Return what could be found of each feature. share: of the households with the outcome.

    A feature's own spread is what its coding says: `constant / times` is taken for its standard deviation.
    With H = n v (1 - R^2) for a standardised feature, v = share (1 - share): variance 1 / H + noise / H^2.
    Not promised: anything when the noise of the curvature is as large as H; then None.
    """
    model = plan.model
    fitted = households * (1 - 1 / model.holdout)
    slope = share * (1 - share)
    information = fitted * slope * (1 - OVERLAP)
    gradient = _noise(plan, covenant, Statistic.GRADIENT) / (model.constant * plan.curve.per_one) ** 2
    scale = model.constant**2 * plan.curve.per_one / plan.curve.knots_per_unit
    curvature = _noise(plan, covenant, Statistic.CURVATURE) / scale**2
    hidden = information < sqrt(curvature * model.columns)
    errors = float(norm.isf(LEVEL / len(model.features) / 2) + norm.ppf(POWER))
    found = []
    for feature in model.features:
        per_one = feature.times / model.constant
        alone = exp(min(errors * per_one / sqrt(information), 700.0))
        beside = exp(min(errors * per_one * sqrt(1 / information + gradient / information**2), 700.0))
        found.append(Findable(str(feature.label), None if hidden else beside, alone))
    return tuple(found)


def _noise(plan: ModelPlan, covenant: Covenant, statistic: Statistic) -> float:
    """Return the variance of the noise in the last table of a statistic, all contributors there."""
    variances: list[Fraction] = []
    for step in plan.steps:
        for table in plan.tables(step):
            if table.statistic is statistic:
                contributors = len(table.contributors)
                variances.append(share_variance(table, covenant.colluders, contributors) * contributors)
    return float(variances[-1])
