"""Touches the world: brings a store's tables to a revision, and refuses tables of another one."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from coordinator.store.failures import NewerSchema, OlderSchema, missing

_FOLDER = Path(__file__).parent / "migrations"


def revisions() -> tuple[str, ...]:
    """Return every revision that this version knows, the oldest first."""
    script = ScriptDirectory.from_config(_config())
    return tuple(reversed([found.revision for found in script.walk_revisions()]))


def check_revision(connection: Connection, store: str) -> None:
    """Refuse tables that this version did not make, within the caller's transaction. store: its name.

    Raises: StoreMissing, OlderSchema, NewerSchema.
    """
    found = _revision(connection)
    if found is None:
        raise missing(store)
    _check_known(found, store)
    if found != revisions()[-1]:
        raise OlderSchema(
            got=f"{store} with tables of revision {found}",
            wanted=f"revision {revisions()[-1]}",
            act="the coordinator's operator must bring it up to date, after a backup",
            hint="samenzicht-coordinator init DIR",
        )


def migrate(connection: Connection, store: str, *, revision: str | None = None) -> None:
    """Bring tables to a revision, the newest by default, within the caller's transaction. "base": no tables.

    Raises: NewerSchema, StoreNotEmpty.
    """
    found = _revision(connection)
    if found is not None:
        _check_known(found, store)
    wanted = revision or revisions()[-1]
    order = ("base", *revisions())
    if wanted not in order:
        raise _unknown(wanted, store)
    config = _config()
    config.attributes["connection"] = connection
    move = command.upgrade if order.index(wanted) >= order.index(found or "base") else command.downgrade
    move(config, wanted)


def _check_known(found: str, store: str) -> None:
    if found not in revisions():
        raise _unknown(found, store)


def _unknown(revision: str, store: str) -> NewerSchema:
    return NewerSchema(
        got=f"{store} at a revision of the tables that this version does not know ({revision!a})",
        wanted=f"at most revision {revisions()[-1]}",
        act="the coordinator's operator must install the version of Samenzicht that made it",
        hint="pip install --upgrade samenzicht",
    )


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))  # a percent sign would be a reference
    config.set_main_option("path_separator", "os")
    return config
