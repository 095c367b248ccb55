"""No function of the house takes a record and a model: nothing can score a household.

A node has to take coefficients and rows to add up a step. What that may look like is written down here, function by
function: it is given numbers from an offer, never a fitted model, and what leaves it are sums over many households.
"""

import ast
from collections.abc import Iterator

from tests.house import ROOT, source_files

# What says something of single households, and what says how to score one.
RECORDS = {"Records", "ModelRows", "Events", "UnitCounts", "Rows", "Households", "UnitParts"}
MODELS = {"FittedModel", "Coefficient", "ModelPlan", "OpenedStep", "Judged"}
COEFFICIENTS = {"parameters", "coefficients", "beta"}
# The one road on which rows and an offer's numbers meet. What each returns is no household's mean: counts of a whole
# step (`Counted`), parts that only add up (`UnitParts`), or the cells that parts are placed in.
STEP = {
    "partner_node/stepping.py:count_step",
    "partner_node/stepping.py:_parts",
    "privacy/model/statistics.py:step_parts",
    "privacy/model/statistics.py:_parts",
    "privacy/model/statistics.py:_places",
}
RETURNS = {"Counted", "tuple[UnitParts, ...]", "UnitParts", "NDArray[np.int64]"}
INVENTED = "simulations/"  # its households are made of coefficients; no node and no coordinator can import it


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def given(function: ast.FunctionDef) -> tuple[set[str], set[str]]:
    """Return the names of a function's arguments, and every name in their types."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    types = {
        node.id
        for argument in arguments
        if argument.annotation is not None
        for node in ast.walk(ast.parse(_plain(argument.annotation), mode="eval"))
        if isinstance(node, ast.Name)
    }
    return {argument.arg for argument in arguments}, types


def _plain(annotation: ast.expr) -> str:
    return (
        annotation.value
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str)
        else ast.unparse(annotation)
    )


def scoring(source: str, file: str) -> Iterator[str]:
    """Yield the functions that take a record beside a model, or beside coefficients outside the road of a step."""
    for function in functions(ast.parse(source)):
        names, types = given(function)
        where = f"{file}:{function.name}"
        if not types & RECORDS:
            continue
        if types & MODELS:
            yield where
        elif names & COEFFICIENTS:
            returned = "" if function.returns is None else ast.unparse(function.returns)
            if where not in STEP or returned not in RETURNS:
                yield where


def test_no_function_takes_a_record_and_a_model() -> None:
    found = [
        each
        for path in source_files()
        if not (name := path.relative_to(ROOT).as_posix()).startswith(INVENTED)
        for each in scoring(path.read_text(), name)
    ]
    assert not found


def test_the_road_of_a_step_is_written_down_in_full() -> None:
    defined = {
        f"{path.relative_to(ROOT).as_posix()}:{function.name}"
        for path in source_files("partner_node", "privacy")
        for function in functions(ast.parse(path.read_text()))
    }
    assert defined >= STEP


def test_no_node_can_import_a_fitted_model_and_no_coordinator_rows() -> None:
    for path in source_files("partner_node", "privacy", "protocol"):
        assert "coordinator.models" not in path.read_text(), path
    rows = ("privacy.model.rows", "partner_node.records", "privacy.model.statistics")
    for path in source_files("coordinator"):
        assert not any(name in path.read_text() for name in rows), path


def test_a_function_that_scores_is_caught() -> None:
    """Negative controls."""
    seeded = [
        "def score(rows: ModelRows, model: FittedModel) -> float: ...",
        "def score(record: Records, coefficients: tuple[int, ...]) -> float: ...",
        "def score(one: 'UnitCounts', plan: ModelPlan) -> float: ...",
        "class A:\n    def rate(self, rows: Records, *, parameters: tuple[int, ...]) -> list[float]: ...",
    ]
    assert all(list(scoring(source, "coordinator/a.py")) for source in seeded)
    road = "def step_parts(rows: ModelRows, parameters: tuple[int, ...]) -> NDArray[np.float64]: ..."
    assert list(scoring(road, "privacy/model/statistics.py"))
