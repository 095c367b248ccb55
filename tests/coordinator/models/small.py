"""A small model for tests: four features, three partners and 12,000 households, its rounds played once."""

from functools import cache

from coordinator.models.rounds import opened_steps
from coordinator.models.steps import OpenedStep
from partner_node.records import Records
from protocol.words.ids import PartyId
from simulations.models.agreement import PERIOD, ModelAgreed, agree_on
from simulations.models.households import Households, Truth, invent, records_of, truth
from simulations.models.with_rounds import model_world, run_step
from simulations.round_world import RoundWorld

FEATURES, HOUSEHOLDS, PARTNERS, CLIP = 4, 12_000, 3, 3.0


@cache
def true() -> Truth:
    return truth(FEATURES, spread=0.9, base=-1.0)


@cache
def agreed() -> ModelAgreed:
    return agree_on(true().codings, partners=PARTNERS, clip=CLIP)


@cache
def households(seed: int = 1) -> Households:
    return invent(true(), HOUSEHOLDS, seed=seed)


def records(some: Households, partners: tuple[PartyId, ...]) -> dict[PartyId, Records]:
    share = len(some.outcome) // len(partners)
    return {
        party: records_of(some.part(slice(place * share, (place + 1) * share))) for place, party in enumerate(partners)
    }


@cache
def played() -> tuple[RoundWorld, tuple[OpenedStep, ...]]:
    """Return the world after all steps; nobody may change it."""
    world = model_world(agreed(), records(households(), agreed().partners))
    for step in agreed().plan.steps:
        run_step(world, agreed(), step)
    return world, opened_steps(world.coordinator.session, agreed().study, PERIOD)
