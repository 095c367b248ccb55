"""Models and rows for tests: small enough to work out by hand or by a slow reference."""

from math import exp

import numpy as np
from numpy.typing import NDArray

from privacy.model.rows import ModelRows
from protocol.ratio import Ratio
from protocol.study.model import Column, ColumnKind, Curve, Feature, Model, Statistic, StepTable
from protocol.words.geography import Level
from protocol.words.ids import Line, MeasureId, PartyId, TableId
from protocol.words.period import PeriodLength

PER_ONE, KNOTS_PER_UNIT, REACH = 64, 4, 4


def curve() -> Curve:
    places = range(-REACH * KNOTS_PER_UNIT, REACH * KNOTS_PER_UNIT + 1)
    knots = tuple(round(PER_ONE / (1 + exp(-place / KNOTS_PER_UNIT))) for place in places)
    return Curve(per_one=PER_ONE, knots_per_unit=KNOTS_PER_UNIT, knots=knots)


def column(measure: str = "melding") -> Column:
    return Column(
        kind=ColumnKind.ROWS,
        measure=MeasureId(measure),
        code_list=None,
        code=None,
        periods_back=0,
        above=0,
        most=3,
    )


def feature(measure: str = "melding", *, times: int = 4, minus: int = 5) -> Feature:
    return Feature(label=Line("Kenmerk"), column=column(measure), times=times, minus=minus)


def model(*, features: int = 2, clip_norm: int = 9, with_curve: bool = True, outcomes: int = 1) -> Model:
    outcome = feature(times=1, minus=0)
    kept = outcome.column.model_copy(update={"most": outcomes})
    return Model(
        population=column(),
        outcome=outcome.model_copy(update={"column": kept}),
        features=(feature(),) * features,
        constant=4,
        clip_norm=clip_norm,
        curve=curve() if with_curve else None,
        holdout=5,
    )


def table(statistic: Statistic, *, held_out: bool = False, most_cells: int = 1) -> StepTable:
    return StepTable(
        id=TableId("model-stap"),
        measure=MeasureId("model"),
        level=Level.GEMEENTE,
        period_length=PeriodLength.YEAR,
        categories=None,
        lateness=0,
        contributors=(PartyId("school-a"),),
        most_cells=most_cells,
        variance=Ratio.of(1_000),
        cell_bound=1 << 40,
        joined_types_reason=None,
        statistic=statistic,
        held_out=held_out,
        bins=4 if statistic is Statistic.SCORES else None,
        steps=(1,),
    )


def rows_of(coded: NDArray[np.int64], outcome: NDArray[np.int64]) -> ModelRows:
    """Return rows of units that are all in the population and all fitted on."""
    none = np.zeros(len(outcome), dtype=np.bool_)
    return ModelRows(coded, outcome, none, ~none)
