"""Computes: the steps of a model as rounds: what the next one is asked at, from those that all agreed to."""

from fractions import Fraction

from coordinator.models.curved import fit, parameters
from coordinator.models.fitted import FittedModel
from coordinator.models.linear import fit_linear
from coordinator.models.steps import ModelPlan, OpenedStep
from coordinator.session import Session
from privacy.publication import Delivery, variances
from protocol.digest import digest_of
from protocol.round.messages import StepSpec
from protocol.round.transitions import State
from protocol.study.model import ModelMeasure
from protocol.study.study import Study
from protocol.words.ids import TableId
from protocol.words.period import Period, days_of, step_of


def plan_for(study: Study, period: Period) -> ModelPlan | None:
    """Return the model of a study over a period's days; None for a study of counts alone."""
    for measure in study.measures:
        if isinstance(measure, ModelMeasure):
            return ModelPlan(study, measure.id, measure.model, days_of(period))
    return None


def next_parameters(session: Session, study: Study, period: Period) -> tuple[int, ...]:
    """Return what a round is asked at: nothing for counts.

    Raises: StepsMissing, PartnersChanged, OneOutcome.
    """
    step, plan = step_of(period), plan_for(study, period)
    if step is None or plan is None or plan.model.curve is None:
        return ()
    return parameters(plan, opened_steps(session, study, period), step)


def fitted(session: Session, study: Study, period: Period) -> FittedModel | None:
    """Return the fitted model of a study over a period's days; None for a study without one.

    Raises: StepsMissing, PartnersChanged, OneOutcome, NotIdentified, NotConverged.
    """
    plan = plan_for(study, period)
    if plan is None:
        return None
    opened = opened_steps(session, study, period)
    return fit_linear(plan, opened) if plan.model.curve is None else fit(plan, opened)


def opened_steps(session: Session, study: Study, period: Period) -> tuple[OpenedStep, ...]:
    """Return the steps over a period's days to whose sum every participant agreed, in order."""
    opened: list[OpenedStep] = []
    member, digest = session.member, digest_of(study)
    for scheduled in study.schedule:
        if step_of(scheduled.period) is None or days_of(scheduled.period) != days_of(period):
            continue
        slot = session.shelf.slot(member.spec(digest, scheduled.period).slot)
        if slot is None or slot.state is not State.DONE:
            continue
        spec, delivery = slot.offer.spec, Delivery(scheduled.period, slot.offer.participants, slot.gone, ())
        noise: dict[TableId, Fraction | None] = dict(variances(study, member.covenant, delivery))
        tables = study.tables_for(scheduled.period)
        opened.append(
            OpenedStep(
                scheduled.period,
                spec.parameters if isinstance(spec, StepSpec) else (),
                frozenset(party for table in tables for party in table.contributors if party in slot.survivors),
                member.grid(digest, scheduled.period),
                session.opened(slot.slot).values,
                noise,
            )
        )
    return tuple(opened)
