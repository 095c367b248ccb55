"""Computes: the steps of a model for a draft of a study: which statistic when, with the noise that a rho pays for.

Who is fitted on pays in the steps of the fit, who is kept apart in the last one only. Each share is of the worst case,
so a unit that spent nothing elsewhere is never left out in the middle of a model.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from protocol.ratio import Ratio
from protocol.study.measure import MAX_CELL_BOUND
from protocol.study.model import Model, Statistic, StepTable
from protocol.words.geography import Level
from protocol.words.ids import MeasureId, PartyId, TableId
from protocol.words.period import PeriodLength

LEAST_GRADIENTS, MOST_GRADIENTS = 5, 10
GRADIENTS = LEAST_GRADIENTS
BINS = 8
MOMENTS_SHARE, CURVATURE_SHARE = Fraction(10, 100), Fraction(18, 100)
# The coefficients rest on the gradients from the curvature's step on, averaged: two of a half each say as much as one
# whole, and the second is asked nearer. Those before only lead there.
LAST_SHARE, LAST = Fraction(48, 100), 2
SCORES_SHARE = Fraction(25, 100)  # of those kept apart, who pay for nothing else
ROUNDING = Fraction(1, 10**6)  # of rho: a nano-rho a step for the shares, and one for rounding up


@dataclass(frozen=True, slots=True)
class StepTerms:
    """What a draft says of all steps. partners: m, at how many of the contributors one unit may be."""

    measure: MeasureId
    model: Model
    contributors: tuple[PartyId, ...]
    partners: int
    period_length: PeriodLength
    rho: Fraction


def step_tables(terms: StepTerms, *, gradients: int = GRADIENTS) -> tuple[StepTable, ...]:
    """Return the steps of a model, in order of id. gradients: of a model with a curve; each a step, scores one more."""
    if terms.model.curve is None:
        whole = Fraction(1)
        made = [
            _table(terms, "fit", Statistic.MOMENTS, (1,), whole),
            _table(terms, "judge", Statistic.MOMENTS, (1,), whole, held_out=True),
        ]
        return tuple(made)
    return tuple(sorted(_curved(terms, gradients), key=lambda table: table.id))


def _curved(terms: StepTerms, gradients: int) -> Iterator[StepTable]:
    scored, curved = gradients + 1, gradients - LAST + 1
    early = (1 - MOMENTS_SHARE - CURVATURE_SHARE - LAST_SHARE) / (curved - 1)
    yield _table(terms, "moments", Statistic.MOMENTS, (1,), MOMENTS_SHARE)
    yield _table(terms, "early", Statistic.GRADIENT, tuple(range(1, curved)), early)
    yield _table(terms, "last", Statistic.GRADIENT, tuple(range(curved, scored)), LAST_SHARE / LAST)
    yield _table(terms, "curvature", Statistic.CURVATURE, (curved,), CURVATURE_SHARE)
    yield _table(terms, "scores-a", Statistic.SCORES, (scored,), SCORES_SHARE, held_out=True)
    yield _table(terms, "scores-b", Statistic.SCORES, (scored,), SCORES_SHARE, held_out=True)


def _table(
    terms: StepTerms,
    name: str,
    statistic: Statistic,
    steps: tuple[int, ...],
    share: Fraction,
    *,
    held_out: bool = False,
) -> StepTable:
    model = terms.model
    # rho = m norm^2 / (2 sigma^2), rounded so that it costs no more.
    paid = terms.partners * model.norm_of(statistic) ** 2 / (2 * share * (terms.rho - ROUNDING))
    variance = max(Fraction(4 * len(terms.contributors)), paid)
    table = StepTable(
        id=TableId(f"{terms.measure}-{name}"),
        measure=terms.measure,
        level=Level.GEMEENTE,
        period_length=terms.period_length,
        categories=None,
        lateness=0,
        contributors=terms.contributors,
        most_cells=1,
        variance=Ratio.of(ceil(variance)),
        cell_bound=MAX_CELL_BOUND,
        joined_types_reason=None,
        statistic=statistic,
        held_out=held_out,
        bins=BINS if statistic is Statistic.SCORES else None,
        steps=steps,
    )
    return table.model_copy(update={"most_cells": len(model.cells(table))})
