"""The tables go forwards and backwards on both databases, keep every row, and are refused when they are another's."""

import pytest
from sqlalchemy import inspect, text

from coordinator.store.failures import NewerSchema, OlderSchema, StoreMissing, StoreNotEmpty
from coordinator.store.make import make_store, revert_store
from coordinator.store.migrate import revisions
from coordinator.store.place import place_of
from coordinator.store.revision import NEWEST
from coordinator.store.session import connect
from coordinator.store.store import open_store
from coordinator.store.tables import ALL
from tests.coordinator.store.contents import dump, fill, steps
from tests.coordinator.store.killed_store import Countdown, reopened, when_unlocked
from tests.partner_node.vault.killed import Tell, in_child

Shape = tuple[tuple[object, ...], ...]
SQLITE_SHAPE = ("SELECT name, sql FROM sqlite_master ORDER BY name",)
POSTGRESQL_SHAPE = (
    """SELECT table_name, column_name, data_type, is_nullable, is_identity FROM information_schema.columns
        WHERE table_schema = 'public' ORDER BY 1, 2""",
    """SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2""",
    "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
)


def shape(url: str) -> Shape:
    """Return columns, constraints and triggers as the database tells them."""
    session = when_unlocked(lambda: connect(place_of(url)))
    connection = session.connection
    queries = SQLITE_SHAPE if url.startswith("sqlite") else POSTGRESQL_SHAPE
    found = [tuple(row) for query in queries for row in connection.execute(text(query.replace("::", "\\:\\:")))]
    session.close()
    return tuple(row for row in found if "alembic" not in str(row))


def test_the_newest_revision_is_the_last_of_the_scripts() -> None:
    """Every start compares with it alone."""
    assert revisions()[-1] == NEWEST


def test_down_and_up_keep_every_row_and_give_the_same_tables(url: str) -> None:
    with open_store(url) as store:
        fill(store)
        rows = dump(store)
    tables = shape(url)
    for older in reversed(revisions()[:-1]):
        revert_store(url, older)
        assert shape(url) != tables
        with pytest.raises(OlderSchema, match=older):
            open_store(url)
        make_store(url)
        assert shape(url) == tables
        with open_store(url) as store:
            assert dump(store) == rows


def test_an_empty_store_goes_back_to_nothing_and_comes_again(url: str) -> None:
    tables = shape(url)
    revert_store(url, "base")
    assert shape(url) == ()
    with pytest.raises(StoreMissing):
        open_store(url)
    make_store(url)
    assert shape(url) == tables


def test_tables_with_rows_are_never_removed(url: str) -> None:
    with open_store(url) as store:
        fill(store)
        rows = dump(store)
    with pytest.raises(StoreNotEmpty):
        revert_store(url, "base")
    with open_store(url) as store:  # undone whole: the triggers are there as well
        assert dump(store) == rows


def test_tables_of_a_newer_version_are_refused(url: str) -> None:
    session = connect(place_of(url))
    session.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    session.connection.commit()
    session.close()
    for use in (open_store, make_store):
        with pytest.raises(NewerSchema, match="9999"):
            use(url)
    with pytest.raises(NewerSchema):
        revert_store(url, "0001")


def test_an_unknown_revision_is_refused(url: str) -> None:
    with pytest.raises(NewerSchema, match="0000"):
        revert_store(url, "0000")


def test_the_names_that_statements_use_are_those_of_the_tables(url: str) -> None:
    session = connect(place_of(url))
    found = inspect(session.connection)
    names = {name: [column["name"] for column in found.get_columns(name)] for name in found.get_table_names()}
    session.close()
    del names["alembic_version"]
    assert names == {table.name: [column.name for column in table.columns] for table in ALL}


def test_kill_9_while_a_store_is_made_leaves_nothing_or_all(place: str) -> None:
    """Every seventh statement of about a hundred; then the same command makes it whole."""
    statements = count_of_making(place)
    assert statements > 60
    revert_store(place, "base")
    for at in range(2, statements + 1, 7):
        ended = in_child(lambda tell, at=at: make_killed(place, tell, at))  # type: ignore[misc]  # a default argument
        assert ended.killed
        with pytest.raises(StoreMissing):
            reopened(place)
    make_store(place)
    with open_store(place) as store:
        fill(store)


def test_kill_9_at_each_statement_of_an_upgrade_and_of_the_way_back_leaves_old_or_new(url: str) -> None:
    """F16: with a round under way, on both databases: old or new, never half. The same command then completes it."""
    with open_store(url) as store:
        for slot in steps()[:3]:
            store.keep_slot(slot)
        rows = dump(store)
    newest = shape(url)
    revert_store(url, "0001")
    older = shape(url)
    for at in range(1, 1000):
        ended = in_child(lambda tell, at=at: make_killed(url, tell, at))  # type: ignore[misc]  # a default argument
        if not ended.killed:
            break
        assert shape(url) == older
    assert at > 40
    assert shape(url) == newest
    for at in range(1, 1000):
        ended = in_child(lambda tell, at=at: revert_killed(url, tell, at))  # type: ignore[misc]  # a default argument
        if not ended.killed:
            break
        assert shape(url) == newest
    assert at > 10
    assert shape(url) == older
    make_store(url)
    with open_store(url) as store:
        assert dump(store) == rows


def revert_killed(url: str, tell: Tell, at: int) -> None:
    Countdown(at).watch()
    revert_store(url, "0001")
    tell(b"done")


def make_killed(url: str, tell: Tell, at: int) -> None:
    countdown = Countdown(at)
    countdown.watch()
    make_store(url)
    tell(str(countdown.count).encode())


def count_of_making(url: str) -> int:
    return int(in_child(lambda tell: make_killed(url, tell, 0)).told[0])
