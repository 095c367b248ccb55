"""Touches the world: one connection to a store's database, the only one that writes, with settings that were read back.

SQLite: a lock on a file beside the store, which goes when the process dies. PostgreSQL: an advisory lock, which goes
with the connection; a connection that was lost is never made again behind our back.
"""

import fcntl
import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from coordinator.store.failures import OpenToOthers, UnsafeSettings, as_ours, damaged, in_use, missing
from coordinator.store.place import Place
from coordinator.whole_file import sync_folder

DIRECTORY_MODE, FILE_MODE = 0o700, 0o600
OLDEST_SQLITE = (3, 37, 0)  # the first with STRICT tables
BUSY_TIMEOUT_S = 5  # a reader that opens or closes holds the file for moments
CONNECT_TIMEOUT_S = 10  # a server that does not answer by then is down
ADVISORY_LOCK = 0x53_41_4D_45_4E  # our number among a database's advisory locks; one store a database

# Set at each open and read back: SQLite ignores what it cannot do without a word.
SQLITE_SETTINGS: tuple[tuple[str, str, str | int], ...] = (
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),  # WAL is synced at each commit; NORMAL may lose the last ones
    ("foreign_keys", "ON", 1),
    ("trusted_schema", "OFF", 0),
    ("cell_size_check", "ON", 1),
)
# What a server must say; the first is set by us, the others are its keeper's.
POSTGRESQL_SETTINGS = ("synchronous_commit", "fsync", "full_page_writes")


@dataclass(frozen=True, slots=True, repr=False)
class Session:
    """An open connection and how to let go of it and of its lock."""

    connection: Connection
    close: Callable[[], None]


def connect(place: Place, *, read_only: bool = False) -> Session:
    """Return a connection to a database that is there. One that writes is the only one.

    Raises: StoreMissing, StoreInUse, OpenToOthers, UnsafeSettings, DatabaseUnreachable, StoreDamaged.
    """
    with ExitStack() as stack:
        try:
            if place.path is None:
                connection = _connect_postgresql(place, stack, read_only=read_only)
            else:
                connection = _connect_sqlite(place, place.path, stack, read_only=read_only)
        except DBAPIError as error:
            raise as_ours(error, place.name) from None  # the cause may quote the URL
        except UnicodeDecodeError:  # SQLite's own message quotes a damaged schema
            raise damaged("a schema that is no text", place.name) from None
        return Session(connection, stack.pop_all().close)


def check_pages(connection: Connection, place: Place) -> None:
    """Refuse a file whose tables, indexes and rules do not fit each other. A server checks its own pages.

    Raises: StoreDamaged.
    """
    if place.path is not None and connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one() != "ok":
        raise damaged("pages that do not fit each other", place.name)


def make_file(path: Path) -> None:
    """Make an empty file for a store, with its folder, that nobody else may read; nothing, if it is there."""
    path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE))
    sync_folder(path.parent)


def _connect_sqlite(place: Place, path: Path, stack: ExitStack, *, read_only: bool) -> Connection:
    if not path.exists():
        raise missing(place.name)
    _check_mode(path.parent, DIRECTORY_MODE)
    _check_mode(path, FILE_MODE)
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise _unsafe(f"SQLite {sqlite3.sqlite_version}", "3.37 or newer")
    if not read_only:
        _lock(place, path, stack)

    def dial() -> sqlite3.Connection:
        # Mode rw: never makes a file. No isolation level: the transactions are ours, tables included.
        link = f"{path.as_uri()}?mode=rw"
        return sqlite3.connect(link, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)

    engine = create_engine("sqlite://", creator=dial, poolclass=NullPool, hide_parameters=True)
    # A writer takes the lock at once: one that only takes it at its first change may find that it read in the past.
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin) and None)
    event.listen(engine, "connect", _set_sqlite)
    connection = _opened(engine, stack)
    if read_only:
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.commit()
    return connection


def _set_sqlite(link: sqlite3.Connection, _record: object) -> None:
    for name, value, wanted in SQLITE_SETTINGS:
        link.execute(f"PRAGMA {name} = {value}")
        (found,) = link.execute(f"PRAGMA {name}").fetchone()
        if found != wanted:
            raise _unsafe(f"{name} = {found}", str(wanted))


def _connect_postgresql(place: Place, stack: ExitStack, *, read_only: bool) -> Connection:
    engine = create_engine(
        place.url,
        poolclass=NullPool,
        hide_parameters=True,
        isolation_level="REPEATABLE READ",  # a slot and its frames are read as they were at one moment
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "samenzicht-coordinator"},
    )
    connection = _opened(engine, stack)
    connection.exec_driver_sql("SET synchronous_commit = on")
    if read_only:
        connection.exec_driver_sql("SET default_transaction_read_only = on")
    connection.commit()
    for name in POSTGRESQL_SETTINGS:
        if (found := connection.exec_driver_sql(f"SHOW {name}").scalar_one()) != "on":
            raise _unsafe(f"{name} = {found}", "on")
    if not read_only and not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": ADVISORY_LOCK}):
        raise in_use(place.name)
    connection.commit()
    return connection


def _opened(engine: Engine, stack: ExitStack) -> Connection:
    stack.callback(engine.dispose)
    return stack.enter_context(engine.connect())


def _lock(place: Place, path: Path, stack: ExitStack) -> None:
    """Take the lock of the one writer. A file of its own: closing any handle of the store would drop SQLite's locks."""
    handle = os.open(path.with_name(path.name + "-lock"), os.O_RDWR | os.O_CREAT, FILE_MODE)
    stack.callback(os.close, handle)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise in_use(place.name) from None


def _check_mode(path: Path, wanted: int) -> None:
    found = path.stat()
    if stat.S_IMODE(found.st_mode) != wanted or found.st_uid != os.getuid():
        raise OpenToOthers(
            got=f"{path.name} with mode {stat.S_IMODE(found.st_mode):04o}",
            wanted=f"mode {wanted:04o}, owned by the coordinator's user",
            act="the coordinator's operator must mend it",
            hint=f"chmod {wanted:o} {quote(str(path))}",
        )


def _unsafe(got: str, wanted: str) -> UnsafeSettings:
    return UnsafeSettings(
        got=f"a database with {got}", wanted=wanted, act="the database's keeper must mend its configuration"
    )
