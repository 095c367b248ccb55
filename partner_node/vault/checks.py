"""Touches the world: what must hold of an open SQLite connection before anything is read from a vault."""

import sqlite3
from collections.abc import Mapping

from partner_node.errors import VaultFault
from partner_node.vault.failures import VaultDamaged, damaged
from partner_node.vault.schema import JOURNAL_MODE, OLDEST_SQLITE, SCHEMA, SETTINGS, Use
from protocol.ledger.tree import first_wrong


class WrongStorageSettings(VaultFault):
    """A SQLite that is too old, or does not keep a setting that crash safety or erasing rests on."""


class BackupNotRestored(VaultFault):
    """A backup in the place of a vault: what it has no trace of may have been spent, so it must be restored first."""


class MovedAway(VaultFault):
    """A vault that went on on another machine; this file never opens again."""


class NotABackup(VaultFault):
    """A file to restore or move that is no backup, or not yet moved."""


class OtherOwner(VaultFault):
    """A vault of another party, covenant, node secret or way to write ids: every unit would begin at nothing spent."""


def check_use(got: str | None, wanted: Use) -> None:
    """Refuse a file that is for something else.

    Raises: BackupNotRestored, MovedAway, NotABackup.
    """
    if got == wanted:
        return
    if got == Use.BACKUP:
        raise BackupNotRestored(
            got="a backup", wanted="a vault", act="the partner's IT must run `restore`, which asks the peers first"
        )
    if got == Use.MOVED:
        raise MovedAway(
            got="a vault that moved to another machine",
            wanted="the one that it became",
            act="the partner's IT must start the node there; if that file is lost, the FG must be told",
        )
    raise NotABackup(
        got="a vault that is in use", wanted=f"one marked '{wanted}'", act="the partner's IT must take the right file"
    )


def check_owner(stored: Mapping[str, str], facts: Mapping[str, str]) -> None:
    """Refuse a file that stores another fact about its owner.

    Raises: OtherOwner.
    """
    for name, value in facts.items():
        if stored.get(name) != value:
            raise OtherOwner(
                got=f"a vault with another {name.replace('_', ' ')}",
                wanted="the one it was made with",
                act="the partner's IT must put the right secret, configuration or file back; the FG must be told",
            )


def check_settings(connection: sqlite3.Connection, *, version: tuple[int, ...] = sqlite3.sqlite_version_info) -> None:
    """Refuse unless SQLite is new enough and says itself that every setting is on.

    Raises: WrongStorageSettings.
    """
    if version < OLDEST_SQLITE:
        raise _wrong(f"SQLite {'.'.join(map(str, version))}", f"at least {'.'.join(map(str, OLDEST_SQLITE))}")
    for name, _, wanted in (*SETTINGS, ("journal_mode", "", JOURNAL_MODE)):
        (got,) = connection.execute(f"PRAGMA {name}").fetchone()
        if got != wanted:
            raise _wrong(f"{name} = {got}", f"{wanted}")


def check_format(connection: sqlite3.Connection) -> None:
    """Refuse unless the tables and triggers are exactly the ones of `schema.py`.

    Raises: VaultDamaged.
    """
    found = {sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
    if found != set(SCHEMA):
        raise VaultDamaged(
            got="tables or triggers that are not those of this version",
            wanted="the tables as they were made",
            act="the partner's IT must use the version of the node that made this vault, or run `restore`",
        )


def check_intact(connection: sqlite3.Connection) -> None:
    """Refuse a file with a broken page, row or reference, or a log whose hashes are not those of its leaves.

    Not promised: that a row which is well-formed is the one that was written.
    Raises: VaultDamaged.
    """
    if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
        raise damaged("a file that fails SQLite's integrity check")
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise damaged("a row whose slot is missing")
    leaves = connection.execute("SELECT leaf_index, body FROM log_leaf ORDER BY 1")
    nodes = connection.execute("SELECT level, node_index, digest FROM log_node")
    if wrong := first_wrong(leaves, {(level, index): digest for level, index, digest in nodes}):
        raise damaged(f"a log whose hashes are not those of its leaves, from {wrong}")


def _wrong(got: str, wanted: str) -> WrongStorageSettings:
    return WrongStorageSettings(
        got=got, wanted=wanted, act="the partner's IT must install the node with the SQLite it was tested with"
    )
