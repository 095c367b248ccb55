"""Computes: what a study would let out of this partner, before anybody approves it. It spends nothing and never leaves.

The counts are the true ones that a READY would freeze now. The example of noise is drawn for the eye alone: it is of
the right size and is not the noise of any round.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from partner_node.counting import Known, count
from partner_node.pipeline import Part, noised
from partner_node.records import Records
from partner_node.stepping import count_step
from privacy.accountant import DeclaredPlan
from privacy.counts import CellCounts
from privacy.explain import HouseholdGuarantee, PartnerTerms, examples
from privacy.precision import half_width
from privacy.randomness import RandomSource
from privacy.terms import planned_round
from protocol.digest import digest_of
from protocol.round.member import Member
from protocol.study.grid import Cell, Grid
from protocol.study.model import StepTable
from protocol.study.plan import TablePlan, round_plan
from protocol.study.study import Study
from protocol.words.ids import Line, TableId
from protocol.words.period import Period, step_of

EXAMPLE_DRAWS = 8  # enough to see that noise goes both ways


@dataclass(frozen=True, slots=True, repr=False)
class PreviewedTable:
    """One table with its true counts. margin: 95 of 100 released figures lie within so much of the true sum."""

    id: TableId
    question: Line
    own: bool
    variance: Fraction
    margin: int
    cells: tuple[tuple[Cell, int], ...]
    example_noise: tuple[int, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Preview:
    """What a round of a study would take from this partner. upload_bytes: of the masked vector."""

    period: Period
    tables: tuple[PreviewedTable, ...]
    households: tuple[HouseholdGuarantee, ...]
    upload_bytes: int


def preview(
    study: Study,
    period: Period,
    records: Records,
    member: Member,
    *,
    known: Known,
    secret: bytes,
    source: RandomSource,
) -> Preview:
    """Return what this party would contribute to a round. member: with the study among its studies, approved or not.

    source: for the examples of noise only; nothing of it is kept.
    Raises: UnknownPeriod, and what `count` raises.
    """
    digest = digest_of(study)
    grid = member.grid(digest, period)
    counted = (
        count(records, member, digest, period, known=known, secret=secret)
        if step_of(period) is None
        else count_step(records, member, digest, period, parameters=_at_zero(study, period), known=known)
    )
    plans = round_plan(study, member.covenant, period, member.covenant.participants)
    mine = [plan for plan in plans if member.id in plan.table.contributors]
    tables = tuple(_table(plan, study, grid, counted.cells, source) for plan in mine)
    terms = PartnerTerms(plan_of(study, period, member), member.covenant.party(member.id).yearly_cap)
    return Preview(period, tables, examples((terms,)), grid.size * study.ring_bits // 8)


def _at_zero(study: Study, period: Period) -> tuple[int, ...]:
    """Return parameters of 0: what a step would take from this party at the first coefficients."""
    steps = (table for table in study.tables_for(period) if isinstance(table, StepTable))
    return (0,) * sum(study.model_of(table).parameters(table) for table in steps)


def plan_of(study: Study, period: Period, member: Member) -> DeclaredPlan:
    """Return the rounds of this study in the covenant year of a period."""
    year = study.round_for(period).covenant_year
    digest = digest_of(study)
    return DeclaredPlan(
        tuple(
            planned_round(
                study,
                member.covenant,
                member.grid(digest, scheduled.period),
                period=scheduled.period,
                party=member.id,
            )
            for scheduled in study.schedule
            if scheduled.covenant_year == year
        )
    )


def _table(plan: TablePlan, study: Study, grid: Grid, counts: CellCounts, source: RandomSource) -> PreviewedTable:
    table = plan.table
    zeros = CellCounts(np.zeros(EXAMPLE_DRAWS, dtype=np.int64))
    drawn = noised(zeros, (Part(slice(0, EXAMPLE_DRAWS), plan.variance),), source).values
    return PreviewedTable(
        id=table.id,
        question=study.measure_of(table).question,
        own=not table.is_joint,
        variance=plan.variance,
        margin=half_width(plan.variance),
        cells=tuple(_cells(grid, table.id, counts)),
        example_noise=tuple(drawn.tolist()),
    )


def _cells(grid: Grid, table: TableId, counts: CellCounts) -> Iterator[tuple[Cell, int]]:
    for segment in grid.segments:
        if segment.table == table:
            for index in range(segment.first, segment.first + segment.size):
                yield grid.cell(index), int(counts.values[index])
