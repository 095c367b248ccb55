"""A04: what is shown never decides. No code that filters, charges, locks or plans may reach epsilon or a loss curve.

The rule denies by default: a file of the house may import one of these modules only when it stands in MAY_IMPORT. A
door that prints a guarantee (a page, a command) is added there, by name.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("protocol", "privacy", "partner_node", "coordinator")
SHOWN_ONLY = ("privacy.epsilon", "privacy.explain", "dp_accounting")
MAY_IMPORT = {
    "privacy/epsilon.py": {"dp_accounting"},
    "privacy/explain.py": {"privacy.epsilon"},
    # What a study would share, shown to an officer before it decides; nothing of it is kept.
    "partner_node/preview.py": {"privacy.explain"},
    "partner_node/cli/preview.py": {"privacy.explain"},
    # What an operator and the parties are told before they sign: the guarantee of the caps, and example households.
    "coordinator/cli/covenant.py": {"privacy.epsilon"},
    "coordinator/planner/loss.py": {"privacy.explain"},
}


def reached(source: str, path: str) -> set[str]:
    """Return which of SHOWN_ONLY a source imports, in whatever way, or names in a string."""
    package = path.removesuffix(".py").split("/")[:-1]
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(node.value)
    return {shown for shown in SHOWN_ONLY for name in names if name == shown or name.startswith(f"{shown}.")}


def test_no_file_that_decides_imports_what_is_only_shown() -> None:
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    wrong = {
        (path.relative_to(ROOT).as_posix(), module)
        for path in paths
        for module in reached(path.read_text(), path.relative_to(ROOT).as_posix())
        - MAY_IMPORT.get(path.relative_to(ROOT).as_posix(), set())
    }
    assert wrong == set()
    assert {path.relative_to(ROOT).as_posix() for path in paths} >= set(MAY_IMPORT)


@pytest.mark.parametrize(
    "source",
    [
        "from privacy.epsilon import epsilon_of",
        "from privacy import epsilon",
        "import privacy.epsilon as shown",
        "from .epsilon import guarantee_of",
        "from . import explain",
        "def stays():\n    import dp_accounting.pld.privacy_loss_distribution",
        "from dp_accounting.pld import privacy_loss_distribution",
        "import importlib\nimportlib.import_module('privacy.epsilon')",
    ],
)
def test_a_filter_that_gates_on_epsilon_is_caught(source: str) -> None:
    """The negative control: each way to reach a curve from `privacy/filter.py` is seen."""
    assert reached(source, "privacy/filter.py")


def test_what_a_node_loads_brings_neither_scipy_nor_the_loss_distribution_library() -> None:
    modules = [f"privacy.{path.stem}" for path in (ROOT / "privacy").glob("[a-z]*.py")]
    program = (
        f"import sys, {', '.join(modules)}; print([name for name in ('scipy', 'dp_accounting') if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert loaded.stdout.strip() == "[]"


def test_a_filter_that_counts_nano_rho_is_not_caught() -> None:
    source = "from privacy.epsilon_check import noise_too_small\nfrom protocol.cost import NanoRho\nEPSILON = 'epsilon'"
    assert reached(source, "privacy/filter.py") == set()
