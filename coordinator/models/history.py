"""Computes: the history of a model's steps, as who knows Flower expects one: rounds with their metrics, no coefficient.

Where the steps so far lead has no interval and was not judged, so that nobody should read it; how far it still moves
says whether the schedule is long enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from coordinator.models.curved import reached
from coordinator.models.steps import ModelPlan, OpenedStep, in_order
from protocol.study.model import Statistic
from protocol.words.period import Period, step_of


@dataclass(frozen=True, slots=True)
class StepMetrics:
    """One opened step. contributors: how many partners' rows are in it.

    moved: by how much it moves the linear predictor, root mean square; None for a step that asked no gradient.
    """

    period: Period
    statistics: tuple[Statistic, ...]
    contributors: int
    moved: float | None


def history(plan: ModelPlan, opened: Sequence[OpenedStep]) -> tuple[StepMetrics, ...]:
    """Return the steps that are open, in order.

    Raises: PartnersChanged, OneOutcome.
    """
    steps = in_order(plan, opened)
    return tuple(_metrics(plan, steps[: place + 1]) for place in range(len(steps)))


def _metrics(plan: ModelPlan, steps: Sequence[OpenedStep]) -> StepMetrics:
    last = steps[-1]
    statistics = tuple(table.statistic for table in plan.tables(step_of(last.period) or 0))
    moved = reached(plan, steps).moved if Statistic.GRADIENT in statistics else None
    return StepMetrics(last.period, statistics, len(last.contributors), moved)
