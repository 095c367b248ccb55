"""Computes: a model as a person writes it in the draft of a study, made into its measure and its steps.

    [model]
    id = "herhaling"
    question = "Welke kenmerken gaan samen met een volgende melding?"
    definition = "Huishoudens met een melding in het jaar ervoor"
    family = "logistic"
    rho = "0.2"
    contributors = ["vt-noord", "vt-oost", "vt-zuid"]
    partners_per_unit = 1
    period_length = "year"
    constant = 12
    clip_norm = 48
    holdout = 5
    gradients = 5
    population = { measure = "melding", periods_back = 1 }
    outcome = { label = "Weer gemeld", measure = "melding" }
    features = [ { label = "Kind in huis", measure = "met-kind", periods_back = 1, times = 24, minus = 12 } ]

Rounds stand in `[[rounds]]`, one for each gradient (5 to 10) and one more: `2025-s01`, `2025-s02` and so on.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from coordinator.errors import OperatorRefusal
from coordinator.models.curves import PER_ONE, logistic_curve
from coordinator.models.draft import GRADIENTS, LEAST_GRADIENTS, MOST_GRADIENTS, StepTerms, step_tables
from protocol.study.measure import MeasureKind
from protocol.study.model import Curve, Model, ModelMeasure, StepTable
from protocol.study.model_rules import MAX_VARIANCE
from protocol.wire import canonical
from protocol.words.ids import MeasureId, PartyId
from protocol.words.period import PeriodLength

Tree = dict[str, Any]
FAMILIES: dict[str, Callable[[int], Curve | None]] = {
    "logistic": lambda per_one: logistic_curve(per_one=per_one),
    "linear": lambda _: None,
}
# From fine to coarse: the first whose noise is not larger than a node draws. Less rho is more noise, beside which a
# coarser mean is not seen.
PER_ONES = tuple(PER_ONE >> halvings for halvings in range(6))
_COLUMN: Tree = {"kind": "rows", "code_list": None, "code": None, "periods_back": 0, "above": 0, "most": 1}
_FEATURE = ("label", "times", "minus")


class WrongModelDraft(OperatorRefusal):
    """A model in a draft with a value that is missing, unknown or of another form."""


def drafted(tree: Tree, *, source: str) -> tuple[Tree, list[Tree]]:
    """Return a model's measure and its tables, as a study holds them.

    Raises: WrongModelDraft.
    """
    try:
        for per_one in PER_ONES:
            measure, tables = _drafted(dict(tree), per_one)
            # All shares together have n / (n - t) of a table's variance, at most twice for any n that is allowed.
            if max(2 * table.variance.fraction for table in tables) <= MAX_VARIANCE:
                break
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        raise WrongModelDraft(
            got=f"a model in {source} in which something is missing or of another form",
            wanted="a model as docs/models.md shows",
            act="the author must mend the file",
        ) from None
    return measure.model_dump(mode="json"), [table.model_dump(mode="json") for table in tables]


def _drafted(fields: Tree, per_one: int) -> tuple[ModelMeasure, tuple[StepTable, ...]]:
    family, rho = FAMILIES[fields.pop("family")](per_one), Fraction(fields.pop("rho"))
    partners, gradients = int(fields.pop("partners_per_unit")), int(fields.pop("gradients", GRADIENTS))
    contributors = tuple(PartyId(party) for party in sorted(fields.pop("contributors")))
    length = PeriodLength(fields.pop("period_length"))
    names: Tree = {name: fields.pop(name) for name in ("id", "question", "definition")}
    made = fields | {
        "population": _COLUMN | fields["population"],
        "outcome": _feature({"times": 1, "minus": 0} | fields["outcome"]),
        "features": [_feature({"minus": 0} | feature) for feature in fields["features"]],
        "curve": None if family is None else family.model_dump(mode="json"),
    }
    model = Model.model_validate_json(canonical(made))
    measure = ModelMeasure(
        id=MeasureId(names["id"]),
        kind=MeasureKind.MODEL_STEP,
        question=names["question"],
        definition=names["definition"],
        most_per_cell=1,
        most_options=None,
        model=model,
    )
    if not LEAST_GRADIENTS <= gradients <= MOST_GRADIENTS:
        raise ValueError
    terms = StepTerms(measure.id, model, contributors, partners, length, rho)
    return measure, step_tables(terms, gradients=gradients)


def _feature(tree: Tree) -> Tree:
    column = _COLUMN | {name: value for name, value in tree.items() if name not in _FEATURE}
    return {name: tree[name] for name in _FEATURE} | {"column": column}
