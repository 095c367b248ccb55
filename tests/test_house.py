"""The structure of the house (DESIGN 3): arrows point down, no circles, each foreign library has one home."""

import ast
import sys
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.house import PACKAGES, ROOT, Import, every_import, imports_in, source_files

MAY_IMPORT = {
    "protocol": set[str](),
    "privacy": {"protocol"},
    "partner_node": {"protocol", "privacy"},
    "coordinator": {"protocol", "privacy"},
    "simulations": {"protocol", "privacy", "partner_node", "coordinator"},
}
# Foreign library -> the only places that may import it. A benchmark may import any: it is a peer there.
HOMES = {
    "alembic": ("coordinator/store/",),
    "click": ("partner_node/cli/",),
    "cryptography": (
        "protocol/signing.py",
        "protocol/agreement.py",
        "protocol/round/masks.py",
        "protocol/ledger/",
        "privacy/randomness.py",
        "partner_node/vault/cmac.py",
        "simulations/seeded.py",
        "coordinator/flower/",
        "partner_node/flower/",
    ),
    "diffprivlib": (),
    "dp_accounting": ("privacy/epsilon.py",),
    "fastapi": ("coordinator/web/",),
    "flwr": ("coordinator/flower/", "partner_node/flower/"),
    "grpc": ("coordinator/feed.py", "privacy/audit/watch.py"),
    "grpc_health": ("coordinator/feed.py",),
    "httpx": ("coordinator/flower/", "partner_node/flower/"),
    "jinja2": ("coordinator/table_page.py", "coordinator/web/", "partner_node/quality/page.py"),
    "numpy": (
        "protocol/round/",
        "privacy/",
        "partner_node/",
        "simulations/",
        "coordinator/geography/",
        "coordinator/estimates/",
        "coordinator/flower/model_steps.py",
        "coordinator/models/",
    ),
    "opendp": (),
    "pandas": ("partner_node/sources/",),
    "polars": ("partner_node/delivery/", "partner_node/sources/", "partner_node/quality/"),
    "psycopg": ("coordinator/store/",),
    "pydantic": (
        "protocol/",
        "partner_node/closed_toml.py",
        "partner_node/config.py",
        "partner_node/register.py",
        "partner_node/delivery/mapping.py",
        "partner_node/profiles/custom.py",
        "simulations/world/scenario.py",
    ),
    "pymerkle": (),
    "pyogrio": ("coordinator/geography/",),
    "python_calamine": ("partner_node/sources/",),
    "rich": ("privacy/audit/cli.py", "simulations/cli/", "partner_node/cli/", "coordinator/cli/"),
    "scipy": ("coordinator/estimates/", "coordinator/models/"),
    "shapely": ("coordinator/geography/", "simulations/region/published.py"),
    "sqlalchemy": ("coordinator/store/",),
    "starlette": ("coordinator/web/",),
    "typer": ("privacy/audit/cli.py", "simulations/cli/", "partner_node/cli/", "coordinator/cli/"),
    "uvicorn": ("coordinator/web/",),
    "typst": ("coordinator/report.py",),
}
BENCHMARKS = "simulations/benchmarks/"
# What touches the world or the clock; `protocol` and `privacy` import none of it.
WORLDLY = {"io", "os", "pathlib", "random", "secrets", "shutil", "socket", "sqlite3", "subprocess", "tempfile", "time"}
ENTROPY = "privacy/randomness.py"  # the one file that may ask the system for chance
DOORS = {"privacy/audit/cli.py", "privacy/audit/watch.py"}  # the officer's commands, the only doors below the nodes


def wrong_arrows(imports: Iterable[Import]) -> Iterator[Import]:
    for found in imports:
        package, target = found.file.split("/")[0], found.module.split(".")[0]
        if target in {*PACKAGES, "tests"} and target != package and target not in MAY_IMPORT[package]:
            yield found


def away_from_home(imports: Iterable[Import]) -> Iterator[Import]:
    for found in imports:
        library = found.module.split(".")[0]
        foreign = library not in sys.stdlib_module_names and library not in PACKAGES
        if foreign and not found.file.startswith((BENCHMARKS, *HOMES.get(library, ()))):
            yield found


def worldly(imports: Iterable[Import]) -> Iterator[Import]:
    for found in imports:
        pure = found.file.startswith(("protocol/", "privacy/")) and found.file not in {ENTROPY, *DOORS}
        if pure and found.module.split(".")[0] in WORLDLY:
            yield found


def check_no_circle(imports: Iterable[Import]) -> None:
    imports = list(imports)
    modules = {found.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for found in imports}
    graph: dict[str, set[str]] = {module: set() for module in modules}
    for found in imports:
        module = found.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if found.module in modules and found.module != module:
            graph[module].add(found.module)
    TopologicalSorter(graph).prepare()


def test_arrows_point_down() -> None:
    assert not list(wrong_arrows(every_import()))


def test_no_circles() -> None:
    check_no_circle(every_import())


def test_each_foreign_library_has_one_home() -> None:
    assert not list(away_from_home(every_import()))


def test_protocol_and_privacy_touch_neither_world_nor_clock() -> None:
    assert not list(worldly(every_import()))
    for path in source_files("protocol", "privacy"):
        calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        names = {call.id for call in calls if isinstance(call, ast.Name)}
        methods = {call.attr for call in calls if isinstance(call, ast.Attribute)}
        assert path.relative_to(ROOT).as_posix() in DOORS or not names & {"open", "print", "input"}, path
        assert not methods & {"now", "today", "utcnow"}, path


def test_no_relative_imports() -> None:
    assert not [found for found in every_import() if found.module.startswith(".")]


@pytest.mark.parametrize(
    ("file", "source", "check"),
    [
        ("protocol/a.py", "import privacy.noise", wrong_arrows),
        ("partner_node/a.py", "from coordinator import store", wrong_arrows),
        ("coordinator/a.py", "def f():\n    import partner_node.vault", wrong_arrows),
        ("partner_node/a.py", "if TYPE_CHECKING:\n    from simulations.seeded import Seeded", wrong_arrows),
        ("privacy/a.py", "import tests.example", wrong_arrows),
        ("privacy/a.py", "import cryptography", away_from_home),
        ("coordinator/a.py", "from numpy import array", away_from_home),
        ("simulations/a.py", "import requests", away_from_home),
        ("protocol/a.py", "from time import time", worldly),
        ("privacy/noise.py", "import random", worldly),
        ("privacy/audit/verify.py", "from pathlib import Path", worldly),
        ("privacy/audit/words.py", "import typer", away_from_home),
    ],
)
def test_each_check_catches_its_own_seeded_bug(file: str, source: str, check: object) -> None:
    """Negative controls."""
    assert callable(check)
    assert list(check(list(imports_in(source, file))))


def test_a_circle_is_caught() -> None:
    """Negative control, with an arrow hidden under TYPE_CHECKING."""
    circle = [
        *imports_in("import protocol.b", "protocol/a.py"),
        *imports_in("if TYPE_CHECKING:\n    from protocol import a", "protocol/b.py"),
    ]
    with pytest.raises(CycleError):
        check_no_circle(circle)


def test_files_say_first_whether_they_compute_or_touch_the_world() -> None:
    for path in source_files():
        if path.name == "__init__.py" or BENCHMARKS in path.relative_to(ROOT).as_posix():
            continue
        docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
        assert docstring.startswith(("Computes", "Touches the world")), path


def test_no_file_is_a_drawer() -> None:
    """60 to 300 lines; 350 is where one must become two rooms."""
    assert not [path for path in source_files() if len(path.read_text().splitlines()) > 350]
