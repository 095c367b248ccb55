"""`docs/privacy.md`: every function, file and test that it names exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = re.compile(r"`((?:privacy|protocol|partner_node|tests)/[\w/]+(?:\.py|\.toml|/))(?::(\w+))?`")


def missing(text: str) -> list[str]:
    """Return the references that lead nowhere."""
    wrong = []
    for path, name in REFERENCE.findall(text):
        if not (ROOT / path).exists():
            wrong.append(path)
        elif name and name not in defined(ROOT / path):
            wrong.append(f"{path}:{name}")
    return wrong


def defined(path: Path) -> set[str]:
    """Return the functions and classes at the top of a file."""
    body = ast.parse(path.read_text()).body
    return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def test_every_function_and_file_that_the_page_names_exists() -> None:
    text = (ROOT / "docs" / "privacy.md").read_text()
    assert len(REFERENCE.findall(text)) > 40
    assert missing(text) == []


def test_a_name_that_does_not_exist_is_caught() -> None:
    """The negative control."""
    assert missing("`privacy/shares.py:no_such_share` `privacy/nothing.py`") == [
        "privacy/shares.py:no_such_share",
        "privacy/nothing.py",
    ]


def test_every_claim_has_six_columns() -> None:
    text = (ROOT / "docs" / "privacy.md").read_text()
    tables = re.findall(r"(?m)^\| claim .*\n\|[-|]+\n((?:\|.*\n)+)", text)
    assert len(tables) == 8
    rows = [row.split("|")[1:-1] for table in tables for row in table.splitlines()]
    assert all(len(row) == 6 for row in rows)
    assert all(cell.strip() for row in rows for cell in (row[0], row[1], row[4]))
