"""Computes: the rules that the models of a study must obey, each a generator of refusals (`rules.py` runs them)."""

from collections.abc import Iterator

from protocol.covenant.covenant import Covenant
from protocol.errors import AgreementRefusal
from protocol.study.measure import Measure, MeasureKind, Table
from protocol.study.model import MAX_CODED, Column, ColumnKind, Model, ModelMeasure, Statistic, StepTable
from protocol.study.plan import share_variance
from protocol.study.study import Study
from protocol.words.geography import Level
from protocol.words.period import days_of, step_of

MAX_NORM = 1 << 29  # of what one unit adds to a statistic: the squares of sixteen add up within 62 bits
MAX_VARIANCE = 1 << 40  # of all shares together; `privacy/shares.py` draws no more, and no margin is computed above
_ACT = "the coordinator must mend the study and propose it again"


class WrongModel(AgreementRefusal):
    """A model whose columns, bounds or curve do not fit together."""


class WrongStep(AgreementRefusal):
    """A step that does not fit its model, or that no round of the study asks for."""


def model_problems(study: Study, covenant: Covenant) -> Iterator[AgreementRefusal]:
    """Yield what is wrong with the models of a study and their steps."""
    codes = {code_list.id for code_list in covenant.code_lists}
    if len(list(_models(study))) > 1:
        yield _wrong_model("several models", "one a study: its steps are a schedule of their own")
    for measure in study.measures:
        if (measure.kind is MeasureKind.MODEL_STEP) is not isinstance(measure, ModelMeasure):
            yield _wrong_model(f"measure {measure.id} of kind {measure.kind}", "a model for model_step, and only then")
        elif isinstance(measure, ModelMeasure):
            yield from _model_problems(measure, study, set(codes))
    yield from _order_problems(study)
    for table in study.tables:
        yield from _table_problems(table, study.measure_of(table), study)
        yield from _noise_problems(table, covenant)


def named_measures(study: Study) -> frozenset[str]:
    """Return the measures that models read; they need no table of their own."""
    columns = (column for model in _models(study) for column in _columns(model))
    return frozenset(column.measure for column in columns)


def _models(study: Study) -> Iterator[Model]:
    return (measure.model for measure in study.measures if isinstance(measure, ModelMeasure))


def _columns(model: Model) -> Iterator[Column]:
    yield from (model.population, model.outcome.column)
    yield from (feature.column for feature in model.features)


def _model_problems(measure: ModelMeasure, study: Study, code_lists: set[str]) -> Iterator[AgreementRefusal]:
    model, kinds = measure.model, {other.id: other.kind for other in study.measures}
    for column in _columns(model):
        kind = kinds.get(column.measure)
        if kind in {None, MeasureKind.MODEL_STEP} or (column.kind is ColumnKind.AMOUNT) is not (
            kind is MeasureKind.SUM
        ):
            yield _wrong_model(
                f"a column of {measure.id} over {column.measure}", "a measure of this study, a sum for amounts only"
            )
        if column.code_list is not None and column.code_list not in code_lists:
            yield _wrong_model(f"a column of {measure.id} over an unknown code list", "one that the covenant pins")
        if not _coded_fits(column):
            yield _wrong_model(
                f"a column of {measure.id} with a code list or code that its kind does not take",
                "both or neither for rows, the list for unknown, none for amounts",
            )
    if measure.most_per_cell != 1 or measure.most_options is not None:
        yield _wrong_model(f"{measure.id} with bounds of counts", "most_per_cell 1 and no options: the clip bounds it")
    if any(feature.largest > MAX_CODED for feature in (model.outcome, *model.features)):
        yield _wrong_model(f"a column of {measure.id} coded beyond {MAX_CODED}", "smaller steps")
    if model.clip_norm < model.constant:
        yield _wrong_model(f"{measure.id} with a clip norm below its constant", "one that leaves rows whole, mostly")
    yield from _curve_problems(measure)


def _coded_fits(column: Column) -> bool:
    has = (column.code_list is not None, column.code is not None)
    match column.kind:
        case ColumnKind.ROWS:
            return has in {(True, True), (False, False)}
        case ColumnKind.UNKNOWN:
            return has == (True, False) and (column.above, column.most) == (0, 1)
        case _:
            return has == (False, False)


def _curve_problems(measure: ModelMeasure) -> Iterator[AgreementRefusal]:
    model, curve = measure.model, measure.model.curve
    if curve is None:
        return
    top = model.outcome.column.most * curve.per_one
    rises = all(left <= right for left, right in zip(curve.knots, curve.knots[1:], strict=False))
    if len(curve.knots) % 2 == 0 or not rises or curve.knots[-1] > top or curve.steepest == 0:
        yield _wrong_model(
            f"a curve of {measure.id} that falls, is level, leaves the outcome's bounds or has no middle knot",
            f"an odd number of knots that rise from 0 or more to {top} at most",
        )
    if (model.outcome.times, model.outcome.minus) != (1, 0):
        yield _wrong_model(f"a coded outcome of {measure.id}", "the number itself, where there is a curve")


def _table_problems(table: Table, measure: Measure, study: Study) -> Iterator[AgreementRefusal]:
    if isinstance(table, StepTable) is not isinstance(measure, ModelMeasure):
        yield _wrong_step(f"table {table.id} of measure {measure.id}", "steps for a model, and only for one")
    elif isinstance(table, StepTable) and isinstance(measure, ModelMeasure):
        yield from _step_problems(table, measure.model, study)


def _step_problems(table: StepTable, model: Model, study: Study) -> Iterator[AgreementRefusal]:
    scores = table.statistic is Statistic.SCORES
    linear = model.curve is None
    if scores is (table.bins is None) or (linear and table.statistic is not Statistic.MOMENTS):
        yield _wrong_step(f"table {table.id} of {table.statistic}", "bins for scores only; moments for a linear model")
        return
    if (table.level, table.categories, table.lateness) != (Level.GEMEENTE, None, 0) or table.most_cells != len(
        model.cells(table)
    ):
        yield _wrong_step(
            f"table {table.id} with a level, categories, lateness or cells of counts",
            f"gemeente, none, 0 and most_cells {len(model.cells(table))}",
        )
    if model.norm_of(table.statistic) > MAX_NORM:
        yield _wrong_step(f"table {table.id} to which one unit adds too much", "a smaller clip norm or coarser mean")
    scheduled = {step_of(entry.period) for entry in study.schedule}
    for step in sorted(set(table.steps) - scheduled):
        yield _wrong_step(f"step {step} of table {table.id} without a round", "a round for each step")
    if list(table.steps) != sorted(set(table.steps)):
        yield _wrong_step(f"steps of table {table.id} out of order or doubled", "ascending steps")


def _order_problems(study: Study) -> Iterator[AgreementRefusal]:
    steps = [entry for entry in study.schedule if step_of(entry.period) is not None]
    for days in sorted({days_of(entry.period) for entry in steps}):
        opens = [entry.opens for entry in steps if days_of(entry.period) == days]
        if opens != sorted(opens):
            yield _wrong_step(f"steps of {days} that open before those they need", "rounds that open in order of step")


def _noise_problems(table: Table, covenant: Covenant) -> Iterator[AgreementRefusal]:
    """Refuse a step whose whole noise no page could show a margin of."""
    contributors = len(table.contributors)
    if not isinstance(table, StepTable) or (table.is_joint and contributors <= covenant.colluders):
        return  # TooFewContributors says the latter
    if contributors * share_variance(table, covenant.colluders, contributors) > MAX_VARIANCE:
        yield _wrong_step(
            f"step {table.id} with a variance above 2^40", "coarser means, a smaller clip norm or more rho"
        )


def _wrong_model(got: str, wanted: str) -> WrongModel:
    return WrongModel(got=got, wanted=wanted, act=_ACT)


def _wrong_step(got: str, wanted: str) -> WrongStep:
    return WrongStep(got=got, wanted=wanted, act=_ACT)
