"""Touches the world: brings a store's tables to a revision, and refuses tables of another one.

Alembic keeps the revisions and which one a store has; there is no settings file. All steps of a run are one transaction
on both databases, so that a crash leaves the old tables or the new ones.
"""

from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from coordinator.store.failures import NewerSchema, OlderSchema, missing

_FOLDER = Path(__file__).parent / "migrations"


def revisions() -> tuple[str, ...]:
    """Return every revision that this version knows, the oldest first."""
    return tuple(reversed([found.revision for found in _script().walk_revisions()]))


def check_revision(connection: Connection, store: str) -> None:
    """Refuse tables that this version did not make, within the caller's transaction. store: its name.

    Raises: StoreMissing, OlderSchema, NewerSchema.
    """
    found = _revision(connection)
    if found is None:
        raise missing(store)
    if found not in revisions():
        raise _unknown(found, store)
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
    context, script = MigrationContext.configure(connection), _script()
    found, wanted = context.get_current_revision() or "base", revision or revisions()[-1]
    order = ("base", *revisions())
    for name in (found, wanted):
        if name not in order:
            raise _unknown(name, store)
    with Operations.context(context):
        if order.index(wanted) >= order.index(found):
            for step in reversed(list(script.iterate_revisions(wanted, found))):
                step.module.upgrade()
        else:
            for step in script.iterate_revisions(found, wanted):
                step.module.downgrade()
    context.stamp(script, wanted)


def _unknown(revision: str, store: str) -> NewerSchema:
    return NewerSchema(
        got=f"{store} at a revision of the tables that this version does not know ({revision!a})",
        wanted=f"at most revision {revisions()[-1]}",
        act="the coordinator's operator must install the version of Samenzicht that made it",
        hint="pip install --upgrade samenzicht",
    )


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _script() -> ScriptDirectory:
    return ScriptDirectory(_FOLDER)
