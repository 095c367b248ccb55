"""Computes: a model step by step in one process, without messages: the node's own rows, filter and noise, then the fit.

A round adds signatures, masks and a log around the same numbers; `with_rounds.py` has those.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from coordinator.models.curved import parameters
from coordinator.models.steps import ModelPlan, OpenedStep
from partner_node.counting import Counted
from partner_node.pipeline import contribution_parts, noised
from partner_node.records import Records
from partner_node.stepping import count_step
from partner_node.vault.seen import CountedCells, SeenEvents, SeenGroup
from protocol.study.plan import round_plan
from protocol.words.ids import PartyId
from protocol.words.period import step_in
from simulations.models.agreement import ModelAgreed
from simulations.seeded import seeded_source


@dataclass(slots=True, repr=False)
class ArrayBook:
    """What the units of one partner spent, in an array: a book that is asked for the same units each time."""

    nano_rho: dict[bytes, int] = field(default_factory=dict)

    def spent(self, covenant_year: int, unit_key: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the nano-rho that each unit has spent."""
        del covenant_year
        keys = np.ascontiguousarray(unit_key).view("V16").ravel().tolist()
        return np.array([self.nano_rho.get(key, 0) for key in keys], dtype=np.int64)

    def book(self, counted: Counted) -> None:
        """Book what a step charges."""
        keys = counted.charges.unit_key.view("V16").ravel().tolist()
        for key, amount in zip(keys, counted.charges.nano_rho.tolist(), strict=True):
            self.nano_rho[key] = self.nano_rho.get(key, 0) + amount

    def seen_before(self, events: SeenEvents) -> NDArray[np.bool_]:
        """Return nothing: models have no late periods."""
        raise AssertionError(events)

    def counted_before(self, group: SeenGroup) -> CountedCells:
        """Return nothing."""
        raise AssertionError(group)


def run_steps(agreed: ModelAgreed, records: Mapping[PartyId, Records], *, seed: int) -> tuple[OpenedStep, ...]:
    """Return every step of the study's model, opened. records: of each partner."""
    books = {party: ArrayBook() for party in records}
    opened: list[OpenedStep] = []
    for step in agreed.plan.steps:
        asked = asked_in(agreed.plan, opened, step)
        opened.append(open_step(agreed, records, books, step, asked, seed=seed))
    return tuple(opened)


def asked_in(plan: ModelPlan, opened: list[OpenedStep], step: int) -> tuple[int, ...]:
    """Return the parameters of a step."""
    return () if plan.model.curve is None else parameters(plan, opened, step)


def open_step(
    agreed: ModelAgreed,
    records: Mapping[PartyId, Records],
    books: Mapping[PartyId, ArrayBook],
    step: int,
    asked: tuple[int, ...],
    *,
    seed: int,
) -> OpenedStep:
    """Return one step, its charges booked."""
    period, digest = step_in(agreed.plan.period, step), agreed.study_digest
    plans = round_plan(agreed.study, agreed.covenant, period, agreed.covenant.participants)
    grid = agreed.member(agreed.partners[0]).grid(digest, period)
    total = np.zeros(grid.size, dtype=np.int64)
    for party, book in books.items():
        counting = partial(count_step, parameters=asked, known=book)
        counted = counting(records[party], agreed.member(party), digest, period)
        book.book(counted)
        parts = contribution_parts(plans, grid, party)
        total += noised(counted.cells, parts, seeded_source(seed, "model noise", party, period)).values
    return OpenedStep(period, asked, frozenset(records), grid, total, {each.table.id: each.variance for each in plans})
