"""Computes: what the house imports, read from the source as text, for the tests that hold its structure."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("protocol", "privacy", "partner_node", "coordinator", "simulations")


@dataclass(frozen=True, slots=True)
class Import:
    """One import: the file that does it, the module it names, and where."""

    file: str
    module: str
    line: int


def source_files(*packages: str) -> Iterator[Path]:
    """Yield every Python file of these packages, in order."""
    for package in packages or PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def imports_in(source: str, file: str) -> Iterator[Import]:
    """Yield every import in a source text, nested ones and those under TYPE_CHECKING too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield Import(file, name.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield Import(file, module, node.lineno)
            for name in node.names:  # `from package import module` imports a module too
                yield Import(file, f"{module}.{name.name}", node.lineno)


@cache
def every_import() -> tuple[Import, ...]:
    """Return every import of the house."""
    return tuple(
        found for path in source_files() for found in imports_in(path.read_text(), path.relative_to(ROOT).as_posix())
    )
