"""Computes: the errors of the store, and which of them an error of the database is.

Nothing of a database's own text is passed on but the name of a broken rule: it may quote rows, statements or the
server's address.
"""

import sqlite3

from sqlalchemy.exc import DBAPIError, IntegrityError

from coordinator.errors import StoreFault, StoreRefusal

_OPERATOR = "the coordinator's operator"


class UnsupportedStore(StoreRefusal):
    """A URL of a store that is neither a SQLite file nor a PostgreSQL database."""


class StoreMissing(StoreRefusal):
    """No store where the URL says: an empty one in its place would forget every slot."""


class StoreInUse(StoreRefusal):
    """Another process writes to this store."""


class StoreReadOnly(StoreRefusal):
    """A change to a store that was opened for reading only."""


class OpenToOthers(StoreRefusal):
    """A store's file or folder that others than its owner may read or write."""


class OlderSchema(StoreRefusal):
    """A store whose tables an older version of this software made."""


class NewerSchema(StoreRefusal):
    """A store whose tables a newer version of this software made."""


class StoreNotEmpty(StoreRefusal):
    """A way back that would remove what was signed or published."""


class OtherBytes(StoreRefusal):
    """A signed value that is stored already with other signatures under it."""


class RuleBroken(StoreFault):
    """A change that the tables forbid: another frame, a slot that goes back, a release rewritten. Undone."""


class StoreDamaged(StoreFault):
    """A row that is not what its digest or form says, or a file that cannot be read."""


class UnsafeSettings(StoreFault):
    """A database that may lose what it said was durable."""


class DatabaseUnreachable(StoreFault):
    """A database server that stopped, cannot be reached, or does not let this user in."""


class StoreFailed(StoreFault):
    """The database did not take a transaction; opening the store again shows what is durable."""


def as_ours(error: DBAPIError, store: str) -> StoreRefusal | StoreFault:
    """Return the error of the store that an error of the database is. store: its name without user or password."""
    if isinstance(error, IntegrityError):
        return RuleBroken(
            got=f"a change that the tables of {store} forbid ({_rule(error)})",
            wanted="a step that follows from what is stored",
            act="the maintainers must mend the coordinator; nothing was changed",
        )
    original = error.orig
    if isinstance(original, sqlite3.Error):
        return _of_sqlite(getattr(original, "sqlite_errorname", "SQLITE_MISUSE"), store)
    return _of_postgresql(getattr(original, "sqlstate", None), store)


def in_use(store: str) -> StoreInUse:
    """Return the refusal of a second writer."""
    return StoreInUse(
        got=f"{store}, to which another process writes",
        wanted="one coordinator",
        act=f"{_OPERATOR} must stop the other one, or find out what it is",
    )


def missing(store: str) -> StoreMissing:
    """Return the refusal to open what is not there."""
    return StoreMissing(
        got=f"no store at {store}",
        wanted="the one that was made",
        act=f"{_OPERATOR} must mend the URL, or make a store if there never was one",
        hint="samenzicht-coordinator init DIR",
    )


def damaged(what: str, store: str) -> StoreDamaged:
    """Return the fault of something stored that does not hold."""
    return StoreDamaged(
        got=f"{what} in {store}",
        wanted="what was stored",
        act=f"{_OPERATOR} must keep this store for the FG and put a backup in its place",
    )


def closed(store: str) -> StoreFailed:
    """Return the fault of a store that was closed, by its user or by a failure."""
    return _failed("use after it was closed", store)


def _rule(error: IntegrityError) -> str:
    """Return the name of the rule: ours for a trigger, the constraint's otherwise. Neither holds a value."""
    if isinstance(error.orig, sqlite3.Error):
        return str(error.orig)
    return str(getattr(getattr(error.orig, "diag", None), "message_primary", None))


def _of_sqlite(name: str, store: str) -> StoreRefusal | StoreFault:
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return in_use(store)
    if name.startswith("SQLITE_READONLY"):
        return _read_only(store)
    if name.startswith("SQLITE_CANTOPEN"):
        return missing(store)
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return damaged(f"pages that cannot be read ({name})", store)
    return _failed(name, store)


def _of_postgresql(sqlstate: str | None, store: str) -> StoreRefusal | StoreFault:
    # Source: PostgreSQL 15, appendix A, error codes. No code: the connection itself failed.
    if sqlstate is None or sqlstate.startswith(("08", "28", "3D", "57P")):
        return DatabaseUnreachable(
            got=f"no connection to {store}",
            wanted="a database that runs and lets this user in",
            act=f"{_OPERATOR} must start the database or mend the URL, then start again",
        )
    if sqlstate == "25006":
        return _read_only(store)
    return _failed(f"state {sqlstate}", store)


def _read_only(store: str) -> StoreReadOnly:
    return StoreReadOnly(
        got=f"a change to {store}, opened for reading", wanted="reads only", act="the caller must open it for writing"
    )


def _failed(what: str, store: str) -> StoreFailed:
    return StoreFailed(
        got=f"{what} at {store}",
        wanted="a durable transaction",
        act=f"{_OPERATOR} must make room or mend the disk, then start again",
    )
