"""Touches the world: whether a store's tables are the newest, without the library that makes and moves tables."""

from sqlalchemy import Connection, column, inspect, select, table

NEWEST = "0002"  # the last of `migrations/versions/`; a test compares
_REVISIONS = table("alembic_version", column("version_num"))


def check_newest(connection: Connection, store: str) -> None:
    """Refuse tables that this version did not make, within the caller's transaction. store: its name.

    Raises: StoreMissing, OlderSchema, NewerSchema.
    """
    there = inspect(connection).has_table(_REVISIONS.name)
    if there and connection.scalars(select(_REVISIONS.c.version_num)).all() == [NEWEST]:
        return
    from coordinator.store.migrate import check_revision  # noqa: PLC0415 - Alembic is a quarter of a command's start

    check_revision(connection, store)
