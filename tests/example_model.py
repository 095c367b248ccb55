"""The example's study of a model and a step of it, for vectors: a curve of five knots, one feature, three schools."""

from datetime import date

from protocol.digest import digest_of
from protocol.ratio import Ratio
from protocol.round.member import Reader, check_offer
from protocol.round.messages import Attempt, Offer, StepSpec
from protocol.study.measure import MeasureKind
from protocol.study.model import Column, ColumnKind, Curve, Feature, Model, ModelMeasure, Statistic, StepTable
from protocol.study.study import ScheduledRound, Study
from protocol.words.geography import Level
from protocol.words.ids import Line, MeasureId, StudyId, TableId
from protocol.words.period import Period, PeriodLength, step_in
from tests import example

PERIOD = Period("2025")
MODEL = MeasureId("herhaling")


def column(back: int) -> Column:
    return Column(
        kind=ColumnKind.ROWS,
        measure=MeasureId("verzuim"),
        code_list=None,
        code=None,
        periods_back=back,
        above=0,
        most=1,
    )


def model() -> Model:
    return Model(
        population=column(1),
        outcome=Feature(label=Line("Weer gemeld"), column=column(0), times=1, minus=0),
        features=(
            Feature(
                label=Line("Meer dan een"),
                column=column(1).model_copy(update={"above": 1}),
                times=24,
                minus=6,
            ),
        ),
        constant=12,
        clip_norm=20,
        curve=Curve(per_one=64, knots_per_unit=1, knots=(8, 17, 32, 47, 56)),
        holdout=5,
    )


def step_table(name: str, statistic: Statistic, steps: tuple[int, ...], *, variance: int) -> StepTable:
    scores = statistic is Statistic.SCORES
    made = StepTable(
        id=TableId(f"{MODEL}-{name}"),
        measure=MODEL,
        level=Level.GEMEENTE,
        period_length=PeriodLength.YEAR,
        categories=None,
        lateness=0,
        contributors=example.SCHOOLS,
        most_cells=1,
        variance=Ratio.of(variance),
        cell_bound=10**9,
        joined_types_reason=None,
        statistic=statistic,
        held_out=scores,
        bins=2 if scores else None,
        steps=steps,
    )
    return made.model_copy(update={"most_cells": len(model().cells(made))})


def study() -> Study:
    """Return a study of a model: moments and a gradient, a gradient and the curvature, then scores of two models."""
    counted = example.measure("verzuim", MeasureKind.EVENTS)
    fitted = ModelMeasure(
        id=MODEL,
        kind=MeasureKind.MODEL_STEP,
        question=Line("Wat gaat samen met een volgende melding?"),
        definition=Line("Huishoudens met een melding in het jaar ervoor"),
        most_per_cell=1,
        most_options=None,
        model=model(),
    )
    covenant = example.covenant()
    return Study(
        id=StudyId("model-2025"),
        title=Line("Een model van twee kolommen (verzonnen)"),
        covenant_id=covenant.id,
        covenant_digest=digest_of(covenant),
        measures=(fitted, counted),
        tables=(
            step_table("curvature", Statistic.CURVATURE, (2,), variance=900_000_000),
            step_table("gradient", Statistic.GRADIENT, (1, 2), variance=30_000_000),
            step_table("moments", Statistic.MOMENTS, (1,), variance=4_000_000),
            step_table("scores-a", Statistic.SCORES, (3,), variance=20),
            step_table("scores-b", Statistic.SCORES, (3,), variance=20),
        ),
        schedule=tuple(
            ScheduledRound(period=step_in(PERIOD, step), opens=date(2026, 4, step), due=date(2026, 4, 20 + step))
            for step in (1, 2, 3)
        ),
        ring_bits=64,
        max_upload_bytes=64 << 20,
        publish_margin_percent=50,
    )


def step_spec() -> StepSpec:
    """Return the second step: a gradient and the curvature, each at a constant of -1.5 and a coefficient of 0.25."""
    # In 2^-20 of a knot's distance, and per coded unit: the constant and a spread are 12.
    coefficients = (-131_072, 21_845)
    spec = reader().spec(digest_of(study()), step_in(PERIOD, 2), coefficients * 2)
    assert isinstance(spec, StepSpec)
    return spec


def reader() -> Reader:
    made = study()
    return Reader(example.VT, example.covenant(), example.geography(), (example.code_list(),), {digest_of(made): made})


def check_spec(body: bytes) -> None:
    """Check a spec of this model as a node checks the one that it is offered."""
    offer = Offer(
        spec=StepSpec.parse(body),
        attempt=Attempt(1),
        participants=example.covenant().participants,
        expires_s=1_775_000_000,
        checkpoint="not looked at here\n",
    )
    check_offer(offer, reader())
