"""Touches the world: makes and opens the vault file, and refuses one that is not exactly as it must be.

A vault is made once, by name; a missing one is never replaced by an empty one. It is made beside its place, synced and
renamed, so that a crash leaves it there whole or not at all. While it is open, `meta.running` is 1 in the file itself
and a write-ahead log stands beside it: a file that says so without that log is a copy or has lost commits.
"""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from weakref import finalize

from partner_node.errors import VaultFault, VaultRefusal
from partner_node.vault.checks import (
    OtherOwner,
    VaultDamaged,
    check_format,
    check_intact,
    check_settings,
)
from partner_node.vault.schema import FORMAT, JOURNAL_MODE, SCHEMA, SETTINGS
from partner_node.vault.unit_key import check_value
from protocol.words.ids import CovenantId, PartyId

DIRECTORY_MODE, FILE_MODE = 0o700, 0o600


class VaultMissing(VaultFault):
    """No vault where one was: an empty one in its place would charge everyone twice."""


class VaultExists(VaultRefusal):
    """A vault is there already; a second one would forget what the first one spent."""


class UnsafePermissions(VaultRefusal):
    """A vault or its folder that others than its owner may read or write."""


class VaultInUse(VaultRefusal):
    """Another process has this vault open."""


class JournalMissing(VaultFault):
    """A vault that was running, without its write-ahead log: a copy, or one that lost its last commits."""


class StorageFailed(VaultFault):
    """The disk did not take a transaction; what was durable before still is, and this vault is closed."""


@dataclass(frozen=True, slots=True, repr=False)
class Owner:
    """Whose vault it is. normalisation: the version of the rules that make a unit id one text."""

    covenant_id: CovenantId
    party: PartyId
    node_secret: bytes
    normalisation: int = 1


class RuleBroken(VaultFault):
    """A change that the tables forbid: the log rewritten, a refund, a second seed, a sum beyond 63 bits. Undone."""


@dataclass(slots=True, repr=False, weakref_slot=True)
class Vault:
    """An open vault, for one thread. `connection` is for the files beside this one."""

    path: Path
    connection: sqlite3.Connection
    close: Callable[[], object | None] = field(init=False)

    def __post_init__(self) -> None:
        # Also at the end of the program: a file that still says `running` and has no journal would not open again.
        self.close = finalize(self, _close, self.connection, self.path)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold a transaction that is durable when the block ends and undone when it raises.

        A failed write or sync is never tried again: the vault is closed, and opening it shows what is durable.
        Raises: StorageFailed, RuleBroken.
        """
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            yield self.connection
            self.connection.execute("COMMIT")
        except sqlite3.IntegrityError as error:
            self.connection.execute("ROLLBACK")
            raise RuleBroken(
                got=f"a change that the vault's tables forbid ({error.sqlite_errorname})",
                wanted="a step that follows from what is stored",
                act="the maintainers must mend the node; nothing was changed",
            ) from error
        except sqlite3.Error as error:
            self.close()
            raise _as_ours(error) from error
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    def scrub(self) -> None:
        """Move the write-ahead log into the file and empty it, so that no erased secret is left in it.

        Raises: StorageFailed.
        """
        try:
            (busy, _, _) = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            self.close()
            raise _as_ours(error) from error
        if busy:
            raise _storage_failed("a reader of the vault that holds its journal")


def _close(connection: sqlite3.Connection, path: Path) -> None:
    """Say in the file that it was closed well, and close it."""
    journal, kept = _journal(path), path.with_name(path.name + "-kept")
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.execute("UPDATE meta SET value = '0' WHERE name = 'running'")
        connection.close()
    except sqlite3.Error:
        # The disk failed. SQLite deletes the journal when it closes; without `running` = 0 that would look like a loss.
        kept.unlink(missing_ok=True)
        if journal.exists():
            os.link(journal, kept)
        connection.close()
        if journal.exists():
            kept.unlink(missing_ok=True)  # renaming one link of a file over the other would leave both
        elif kept.exists():
            kept.rename(journal)


def make_vault(path: Path, owner: Owner) -> None:
    """Make an empty vault. The folder is made, if it is not there, for its owner only.

    Raises: VaultExists, UnsafePermissions, WeakNodeSecret, WrongStorageSettings.
    """
    path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    _check_mode(path.parent, DIRECTORY_MODE)
    if path.exists() or _journal(path).exists():
        raise VaultExists(got="a vault in this place", wanted="none", act="use it, or `restore` and `replace-machine`")
    facts = _facts(owner) | {"running": "0"}
    fresh = path.with_name(path.name + ".new")
    for left in (fresh, _journal(fresh), fresh.with_name(fresh.name + "-journal")):
        left.unlink(missing_ok=True)  # from a crash in this function; nothing was promised yet
    os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE))
    with closing(_connect(fresh)) as connection:
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("BEGIN IMMEDIATE")
        for statement in SCHEMA:
            connection.execute(statement)
        connection.executemany("INSERT INTO meta VALUES (?, ?)", facts.items())
        connection.execute("COMMIT")
        connection.execute(f"PRAGMA journal_mode = {JOURNAL_MODE}")
    _sync(fresh)
    fresh.rename(path)
    _sync(path.parent)


def open_vault(path: Path, owner: Owner) -> Vault:
    """Return the vault, having seen that it is whole, ours, closed to others, and kept as it must be.

    Raises: VaultMissing, UnsafePermissions, VaultInUse, JournalMissing, VaultDamaged, WrongStorageSettings, OtherOwner.
    """
    if not path.is_file():
        raise VaultMissing(
            got="no vault", wanted="the one that was made", act="the partner's IT must run `restore` or find the file"
        )
    _check_mode(path.parent, DIRECTORY_MODE)
    journal_was_there = _journal(path).exists()
    for file in (path, _journal(path)) if journal_was_there else (path,):
        _check_mode(file, FILE_MODE)
    connection = _connect(path)
    try:
        _check_all(connection, owner, journal_was_there=journal_was_there)
        # In the file, not only in its journal: a copy without the journal shows itself.
        connection.execute("UPDATE meta SET value = '1' WHERE name = 'running'")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        connection.close()
        raise _as_ours(error) from error
    except BaseException:
        connection.close()
        raise
    return Vault(path, connection)


def _connect(path: Path) -> sqlite3.Connection:
    # Mode rw: never makes a file. Timeout 0: who comes second is refused at once.
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=0, isolation_level=None)
    try:
        for name, value, _ in SETTINGS:
            connection.execute(f"PRAGMA {name} = {value}")
    except sqlite3.Error as error:
        connection.close()
        raise _as_ours(error) from error
    return connection


def _check_all(connection: sqlite3.Connection, owner: Owner, *, journal_was_there: bool) -> None:
    connection.execute("BEGIN IMMEDIATE")  # takes the lock that `locking_mode` then keeps
    connection.execute("COMMIT")
    check_settings(connection)
    check_format(connection)
    check_intact(connection)
    stored = dict(connection.execute("SELECT name, value FROM meta").fetchall())
    if stored.get("running") == "1" and not journal_was_there:
        raise JournalMissing(
            got="a vault that was running, without its write-ahead log",
            wanted="both files, as the machine left them",
            act="the partner's IT must find the -wal file or run `restore`; the FG must be told",
        )
    for name, value in _facts(owner).items():
        if stored.get(name) != value:
            raise OtherOwner(
                got=f"a vault with another {name.replace('_', ' ')}",
                wanted="the one it was made with",
                act="the partner's IT must put the right secret, configuration or file back; the FG must be told",
            )


def _facts(owner: Owner) -> dict[str, str]:
    return {
        "format": str(FORMAT),
        "covenant": owner.covenant_id,
        "party": owner.party,
        "node_secret": check_value(owner.node_secret),
        "normalisation": str(owner.normalisation),
    }


def _check_mode(path: Path, wanted: int) -> None:
    found = path.stat()
    if stat.S_IMODE(found.st_mode) != wanted or found.st_uid != os.getuid():
        raise UnsafePermissions(
            got=f"{path.name} with mode {stat.S_IMODE(found.st_mode):04o}",
            wanted=f"mode {wanted:04o}, owned by the node's user",
            act="the partner's IT must mend it",
            hint=f"chmod {wanted:o} {path}",
        )


def _as_ours(error: sqlite3.Error) -> VaultRefusal | VaultFault:
    name = getattr(error, "sqlite_errorname", "SQLITE_MISUSE")  # a closed vault has no code
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return VaultInUse(
            got="a vault that another process holds",
            wanted="one node",
            act="the partner's IT must stop the other node, or find out what it is",
        )
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return VaultDamaged(
            got=f"a vault that cannot be read ({name})",
            wanted="a whole vault",
            act="the partner's IT must run `restore`; keep the damaged file for the FG",
        )
    return _storage_failed(name)


def _storage_failed(got: str) -> StorageFailed:
    return StorageFailed(
        got=f"{got} at the vault",
        wanted="a durable transaction",
        act="the partner's IT must make room or mend the disk, then start the node again",
    )


def _journal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
