"""Computes: where a store is. A URL may hold a password: it is shown to nobody but the database.

sqlite:///relative/path.sqlite, sqlite:////absolute/path.sqlite, postgresql://user:password@host:port/database?...
"""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from coordinator.store.failures import UnsupportedStore


@dataclass(frozen=True, slots=True, repr=False)
class Place:
    """Where a store is. name: for people, without user, password and options. path: of the file; None for a server."""

    url: URL
    name: str
    path: Path | None

    def __repr__(self) -> str:
        return f"Place({self.name})"


def place_of(url: str) -> Place:
    """Return the place that a URL names.

    Raises: UnsupportedStore.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise _unsupported("a text that is no URL") from None  # the cause quotes it, password and all
    match parsed.get_backend_name():
        case "sqlite":
            if parsed.database in {None, "", ":memory:"} or parsed.query or parsed.host:
                raise _unsupported("a SQLite URL that names no file, or more than a file")
            path = Path(parsed.database or "").absolute()
            return Place(parsed, path.name, path)
        case "postgresql":
            if not parsed.database:
                raise _unsupported("a PostgreSQL URL without a database")
            host = parsed.host or "the local socket"
            return Place(parsed.set(drivername="postgresql+psycopg"), f"database {parsed.database} at {host}", None)
        case _:
            raise _unsupported("a URL of another kind of database")


def _unsupported(got: str) -> UnsupportedStore:
    return UnsupportedStore(
        got=got,
        wanted="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE",
        act="the coordinator's operator must mend the URL in the configuration",
    )
