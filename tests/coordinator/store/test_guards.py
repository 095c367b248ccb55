"""The tables themselves refuse to lose or change what was signed, sent, logged or published."""
# ruff: noqa: S608 - every statement here is made of the names of tables written out below

from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from coordinator.store.failures import RuleBroken
from coordinator.store.make import revert_store
from coordinator.store.place import place_of
from coordinator.store.session import connect
from coordinator.store.store import open_store
from tests.coordinator.store.contents import Dump, dump, fill

ONLY_GROW = (
    "covenants",
    "geographies",
    "code_lists",
    "studies",
    "approvals",
    "declarations",
    "shown_sizes",
    "log_leaves",
    "log_nodes",
    "releases",
    "evidence",
)
FORBIDDEN = (
    *(f"DELETE FROM {table}" for table in (*ONLY_GROW, "slots", "frames")),
    *(
        f"UPDATE {table} SET body = body"
        for table in ONLY_GROW
        if table not in {"shown_sizes", "log_nodes", "evidence"}
    ),
    "UPDATE shown_sizes SET size = 0",
    "UPDATE log_nodes SET digest = digest",
    "UPDATE evidence SET item = item",
    "UPDATE releases SET supersedes = NULL",
    "UPDATE frames SET body = body WHERE kind = 'upload'",
    "UPDATE frames SET kind = 'decline' WHERE kind = 'abort'",
    "UPDATE frames SET party = 'another' WHERE kind = 'abort'",
    "UPDATE slots SET state = 'opened'",
    "UPDATE slots SET attempt = attempt + 1",
    "UPDATE slots SET context = NULL",
    "UPDATE slots SET gone = ''",
)
# SQLite replaces a row without asking the trigger on deletes, PostgreSQL empties a table without asking it; and
# PostgreSQL makes the numbers itself.
SQLITE_ONLY = (
    *(f"UPDATE {table} SET number = number + 100" for table in ("covenants", "slots", "frames")),
    *(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}" for table in (*ONLY_GROW, "slots", "frames")),
    "INSERT OR REPLACE INTO releases SELECT number + 50, digest, slot, supersedes, body FROM releases",
    "INSERT OR REPLACE INTO frames SELECT number + 900, slot, attempt, kind, party, body FROM frames",
    "UPDATE OR REPLACE frames SET party = 'vt-noord' WHERE kind = 'abort'",
)
POSTGRESQL_ONLY = tuple(f"TRUNCATE {table} CASCADE" for table in (*ONLY_GROW, "slots", "frames"))


def forbidden(url: str) -> tuple[str, ...]:
    return FORBIDDEN + (SQLITE_ONLY if url.startswith("sqlite") else POSTGRESQL_ONLY)


def test_no_statement_removes_or_changes_what_is_stored(url: str) -> None:
    with open_store(url) as store:
        fill(store)
        before = dump(store)
        assert all(before.values()), "a table without rows proves nothing of its triggers"
        for statement in forbidden(url):
            with pytest.raises(RuleBroken), store.transaction() as connection:
                connection.execute(text(statement))
        assert dump(store) == before


def test_without_the_triggers_the_same_statements_go_through(url: str) -> None:
    """Negative control: what refuses is the triggers, and not a mistake in the statements or another constraint."""
    with open_store(url) as store:
        fill(store)
    revert_store(url, "0001")
    session = connect(place_of(url))
    went_through = []
    for statement in forbidden(url):
        # Foreign keys and unique columns may refuse one as well; nothing else does.
        with suppress(IntegrityError):
            session.connection.execute(text(statement))
            went_through.append(statement)
        session.connection.rollback()
    session.close()
    assert len(went_through) >= len(forbidden(url)) - 6


def test_a_row_of_another_form_is_refused(url: str) -> None:
    """STRICT tables and checks: no text for a number, no digest of another length, no unknown state."""
    wrong = (
        "INSERT INTO shown_sizes (size) VALUES ('many')",
        "INSERT INTO covenants (digest, body) VALUES ('short', '')",
        "INSERT INTO log_nodes VALUES (0, 0, '')",
        f"INSERT INTO slots (slot, state, attempt, offer, gone) VALUES ('{'0' * 64}', 'lost', 0, '', '')",
        f"INSERT INTO releases (digest, slot, body) VALUES ('{'0' * 64}', '{'0' * 64}', '')",
    )
    for statement in wrong:
        assert_refused(url, statement)


def assert_refused(url: str, statement: str) -> None:
    with open_store(url) as store:
        before: Dump = dump(store)
    with (
        open_store(url) as store,
        pytest.raises(Exception, match=r"forbid|state 22"),
        store.transaction() as connection,
    ):
        connection.execute(text(statement))
    with open_store(url) as store:
        assert dump(store) == before
