"""Touches the world: a vault that is only looked at. Not one byte of its file changes.

An open vault marks its file as running; whoever only wants to know something reads it as an unchanging file instead.
So it must be closed: what a running node holds in its journal would not be seen.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import finalize

from partner_node.vault.checks import check_format, check_intact, check_owner, check_use
from partner_node.vault.failures import VaultInUse, as_ours, missing
from partner_node.vault.files import journal_of
from partner_node.vault.schema import Use
from partner_node.vault.vault import DIRECTORY_MODE, Owner, Vault, check_mode, facts_of
from partner_node.whole_file import FILE_MODE


class _Peeked(Vault):
    """A vault on a connection that cannot write."""

    def __post_init__(self) -> None:
        self.close = finalize(self, self.connection.close)


@contextmanager
def peek(path: Path, owner: Owner) -> Iterator[Vault]:
    """Give a closed vault to read from, having seen that it is whole, ours and closed to others.

    Raises: VaultMissing, UnsafePermissions, VaultInUse, VaultDamaged, OtherOwner, BackupNotRestored, MovedAway.
    """
    if not path.is_file():
        raise missing()
    check_mode(path.parent, DIRECTORY_MODE)
    check_mode(path, FILE_MODE)
    _check_closed(path)
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
    except sqlite3.Error as error:
        raise as_ours(error) from error
    vault = _Peeked(path, connection)
    try:
        _check(connection, owner)
        yield vault
    except sqlite3.Error as error:
        raise as_ours(error) from error
    finally:
        vault.close()
    _check_closed(path)


def _check(connection: sqlite3.Connection, owner: Owner) -> None:
    check_format(connection)
    check_intact(connection)
    stored = dict(connection.execute("SELECT name, value FROM meta").fetchall())
    check_owner(stored, facts_of(owner))
    check_use(stored.get("use"), Use.LIVE)


def _check_closed(path: Path) -> None:
    if journal_of(path).exists():
        raise VaultInUse(
            got="a vault with a journal beside it: a node runs, or was stopped hard",
            wanted="a closed vault, to look at",
            act="the partner's IT must wait until the node is done, or start and stop it once",
        )
