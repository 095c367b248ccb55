"""Touches the world: what Alembic runs around the revisions, on the connection and in the transaction it is given.

No settings file: `coordinator/store/migrate.py` hands in the connection. All revisions of a run are one transaction on
both databases, so that a crash leaves the old schema or the new one.
"""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
