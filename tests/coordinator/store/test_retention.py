"""Nothing deletes round ids, spends or proofs: no command, no statement, and no table that would let it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from coordinator.cli.app import GROUPS
from coordinator.store.failures import RuleBroken
from coordinator.store.store import Store
from coordinator.store.tables import ALL
from tests.coordinator.example_office import NOW, ExampleOffice
from tests.coordinator.store.contents import dump, fill
from tests.house import ROOT

WORDS = ("DELETE FROM", "TRUNCATE", "DROP TABLE")
# Who may: the guards themselves, and the way back of an empty store.
MIGRATIONS = "coordinator/store/migrations/"


def removing(source: str) -> Iterator[str]:
    """Yield what a file has of SQL that removes rows: texts, and calls of SQLAlchemy's `delete`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from (word for word in WORDS if word in node.value.upper())
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            yield from (name.name for name in node.names if name.name in {"delete", "Delete"})


def test_no_job_of_the_coordinator_removes_a_row() -> None:
    """C14: there is no statement that deletes outside the migrations, and no command of retention or cleaning."""
    files = sorted((ROOT / "coordinator").rglob("*.py"))
    found = {
        str(path.relative_to(ROOT)): [*removing(path.read_text())]
        for path in files
        if not str(path.relative_to(ROOT)).startswith(MIGRATIONS)
    }
    assert len(found) > 40
    assert {name for name, words in found.items() if words} == set()
    assert not {
        name for name in GROUPS if any(word in name for word in ("retain", "retention", "clean", "gc", "prune"))
    }


def test_a_statement_that_removes_would_be_found() -> None:
    """Negative control."""
    assert [*removing("x = 'delete from slots where 1'")] == ["DELETE FROM"]
    assert [*removing("from sqlalchemy import delete, select")] == ["delete"]


def test_every_table_refuses_a_delete_on_both_databases(store: Store) -> None:
    """C14: round ids, frames, shown sizes, leaves, nodes, releases: DELETE is refused in each table."""
    fill(store)
    before = dump(store)
    for table in ALL:
        with pytest.raises(RuleBroken), store.transaction() as connection:
            connection.execute(text(f"DELETE FROM {table.name}"))  # noqa: S608 - our own tables' names
    assert dump(store) == before


def test_no_command_makes_a_table_shorter(tmp_path: Path) -> None:
    """C14: a whole round with its release, withdrawal, export and checks only ever adds rows."""
    office = ExampleOffice(tmp_path)
    office.make()
    office.start()
    rows: dict[str, tuple[tuple[object, ...], ...]] = {}

    def grown() -> None:
        with office.open() as store:
            now = dump(store)
        for name, before in rows.items():
            kept = {row[:1] for row in before}
            assert kept <= {row[:1] for row in now[name]}, name
        rows.update(now)

    grown()
    office.run_to_the_end()
    grown()
    office.publish()
    grown()
    office.done("withdraw", "2026-Q1", "--reason", "objection")
    office.done("export", "--to", str(tmp_path / "out"))
    office.done("status", "--check", "--now", NOW)
    grown()
    assert all(rows[name] for name in ("slots", "frames", "log_leaves", "releases"))
