"""The rules that a model of a study obeys: each broken once, beside the study that holds."""

from collections.abc import Callable
from datetime import date

import pytest

from protocol.errors import Refusal
from protocol.ratio import Ratio
from protocol.study.model import Column, ColumnKind, Model, ModelMeasure, StepTable
from protocol.study.model_rules import WrongModel, WrongStep
from protocol.study.rules import UnknownReference, check_study
from protocol.study.study import Study
from protocol.wire import Malformed
from protocol.words.geography import Level
from protocol.words.ids import Code, CodeListId, MeasureId
from protocol.words.period import Period, days_of, earlier, first_day, is_period, last_day, length_of, step_in, step_of
from simulations.models.agreement import MODEL, ModelAgreed, agree_on
from simulations.models.households import truth

AGREED = agree_on(truth(2).codings, partners=3, clip=2.0)


def with_model(change: Callable[[Model], Model]) -> Study:
    measures = tuple(
        measure.model_copy(update={"model": change(measure.model)}) if isinstance(measure, ModelMeasure) else measure
        for measure in AGREED.study.measures
    )
    return AGREED.study.model_copy(update={"measures": measures})


def with_step(**update: object) -> Study:
    first, *others = AGREED.study.tables
    return AGREED.study.model_copy(update={"tables": (first.model_copy(update=update), *others)})


def with_column(**update: object) -> Study:
    def change(model: Model) -> Model:
        feature = model.features[0]
        column = feature.column.model_copy(update=update)
        return model.model_copy(
            update={"features": (feature.model_copy(update={"column": column}), *model.features[1:])}
        )

    changed = with_model(change)
    if "measure" not in update:
        return changed
    # The measure that the column named before would have neither a table nor a column.
    left = tuple(measure for measure in changed.measures if measure.id != "kenmerk-01")
    return changed.model_copy(update={"measures": left})


def refused(study: Study, kind: type[Refusal], match: str, agreed: ModelAgreed = AGREED) -> None:
    with pytest.raises(kind, match=match):
        check_study(study, agreed.covenant)


def test_the_study_holds_and_survives_the_wire() -> None:
    check_study(AGREED.study, AGREED.covenant)
    again = Study.parse(AGREED.study.encode())
    assert again == AGREED.study
    assert all(isinstance(table, StepTable) for table in again.tables)


def test_a_column_must_be_of_a_measure_of_the_study_and_of_its_kind() -> None:
    refused(with_column(measure=MeasureId("elders")), WrongModel, "over elders")
    refused(with_column(kind=ColumnKind.AMOUNT), WrongModel, "sum for amounts")
    refused(with_column(measure=MODEL), WrongModel, "over model")


def test_a_column_has_a_code_list_and_code_as_its_kind_takes_them() -> None:
    refused(with_column(code=Code("01")), WrongModel, "kind does not take")
    refused(with_column(code_list=CodeListId("aard"), code=Code("01")), WrongModel, "unknown code list")
    refused(with_column(kind=ColumnKind.UNKNOWN), WrongModel, "kind does not take")


def test_a_clip_norm_below_the_constant_is_refused() -> None:
    refused(with_model(lambda model: model.model_copy(update={"clip_norm": 5})), WrongModel, "below its constant")


@pytest.mark.parametrize(
    "knots", [(0, 5, 3), (0, 1, 2, 3), (1, 1, 1), (0, 10, 5_000)], ids=["falls", "no middle", "level", "too high"]
)
def test_a_curve_rises_from_knot_to_knot_within_the_outcomes_bounds(knots: tuple[int, ...]) -> None:
    def change(model: Model) -> Model:
        assert model.curve is not None
        return model.model_copy(update={"curve": model.curve.model_copy(update={"knots": knots})})

    refused(with_model(change), WrongModel, "a curve of model")


def test_a_step_has_no_level_categories_or_lateness_of_counts() -> None:
    refused(with_step(level=Level.WIJK), WrongStep, "of counts")
    refused(with_step(lateness=1), WrongStep, "of counts")
    refused(with_step(most_cells=1), WrongStep, "most_cells")


def test_a_step_and_its_round_belong_together() -> None:
    refused(with_step(steps=(9,)), UnknownReference, "step 9")
    fewer = AGREED.study.model_copy(update={"schedule": AGREED.study.schedule[:-1]})
    refused(fewer, UnknownReference, "step 6")


def test_steps_open_in_their_order() -> None:
    first, second, *rest = AGREED.study.schedule
    swapped = (
        first.model_copy(update={"opens": date(2026, 2, 20)}),
        second.model_copy(update={"opens": date(2026, 2, 3)}),
        *rest,
    )
    refused(AGREED.study.model_copy(update={"schedule": swapped}), WrongStep, "before those they need")


def test_a_step_with_more_noise_than_a_margin_can_be_shown_of_is_refused() -> None:
    refused(
        with_step(variance=Ratio.of(2**40 * 2 // 3 + 1)), WrongStep, r"above 2\^40"
    )  # three shares, t = 1: times 3/2
    check_study(with_step(variance=Ratio.of(2**40 * 2 // 3)), AGREED.covenant)


def test_scores_have_bins_and_nothing_else_has() -> None:
    refused(with_step(bins=4), WrongStep, "bins for scores only")


def test_a_period_may_name_a_step() -> None:
    step = Period("2025-Q3-s02")
    assert is_period(step)
    assert (step_of(step), days_of(step), length_of(step)) == (2, "2025-Q3", length_of(Period("2025-Q3")))
    assert (first_day(step), last_day(step)) == (date(2025, 7, 1), date(2025, 9, 30))
    assert (step_of(Period("2025-Q3")), step_in(Period("2025"), 7)) == (None, "2025-s07")
    assert earlier(step, 1) == "2025-Q2"
    assert [text for text in ("2025-s00", "2025-s21", "2025-s1", "2025-s", "2025-S01") if is_period(text)] == []


def test_a_column_with_an_unknown_field_is_refused_on_the_wire() -> None:
    body = AGREED.study.encode().replace(b'"above":0', b'"above":0,"b":1', 1)
    with pytest.raises(Malformed):
        Study.parse(body)
    assert isinstance(next(iter(AGREED.plan.model.features)).column, Column)
