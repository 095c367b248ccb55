"""Touches the world: makes and opens the vault file, and refuses one that is not exactly as it must be.

A vault is made once, by name; a missing one is never replaced by an empty one. It is made beside its place, synced and
renamed, so that a crash leaves it there whole or not at all. While it is open, `meta.running` is 1 in the file itself
and a write-ahead log stands beside it: a file that says so without that log is a copy or has lost commits.
"""

import os
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from errno import errorcode
from pathlib import Path
from shlex import quote
from weakref import finalize

from partner_node.errors import VaultFault, VaultRefusal
from partner_node.vault.checks import check_format, check_intact, check_owner, check_settings, check_use
from partner_node.vault.failures import as_ours, in_use, missing, storage_failed
from partner_node.vault.files import journal_of, remove
from partner_node.vault.schema import FORMAT, JOURNAL_MODE, SCHEMA, SETTINGS, Use
from partner_node.vault.unit_key import NORMALISATION, check_value
from partner_node.whole_file import FILE_MODE, sync
from protocol.errors import SamenzichtError
from protocol.words.ids import CovenantId, PartyId

DIRECTORY_MODE = 0o700


class VaultExists(VaultRefusal):
    """A vault is there already; a second one would forget what the first one spent."""


class UnsafePermissions(VaultRefusal):
    """A vault or its folder that others than its owner may read or write."""


class JournalMissing(VaultFault):
    """A vault that was running, without its write-ahead log: a copy, or one that lost its last commits."""


class RuleBroken(VaultFault):
    """A change that the tables forbid: the log rewritten, a refund, a second seed, a sum beyond 63 bits. Undone."""


@dataclass(frozen=True, slots=True, repr=False)
class Owner:
    """Whose vault it is. normalisation: the version of the rules that make a unit id one text."""

    covenant_id: CovenantId
    party: PartyId
    node_secret: bytes
    normalisation: int = NORMALISATION


@dataclass(slots=True, repr=False, weakref_slot=True)
class Vault:
    """An open vault, for one thread. `connection` is for the files beside this one."""

    path: Path
    connection: sqlite3.Connection
    close: "finalize[..., Vault]" = field(init=False)  # quoted: it takes no parameters at run time

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
            raise as_ours(error) from error
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
            raise as_ours(error) from error
        if busy:
            raise storage_failed("a reader of the vault that holds its journal")


def _close(connection: sqlite3.Connection, path: Path) -> None:
    """Say in the file that it was closed well, and close it."""
    journal, kept = journal_of(path), path.with_name(path.name + "-kept")
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


def check_free(path: Path) -> None:
    """Refuse a place where a vault is, or where one left its journal.

    Raises: VaultExists.
    """
    if path.exists() or journal_of(path).exists():
        raise VaultExists(
            got="a file in this place",
            wanted="none",
            act="the partner's IT must use it, or move it elsewhere and keep it",
        )


def make_vault(path: Path, owner: Owner) -> None:
    """Make an empty vault. The folder is made, if it is not there, for its owner only.

    Raises: VaultExists, UnsafePermissions, WeakNodeSecret, WrongStorageSettings.
    """
    path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    check_mode(path.parent, DIRECTORY_MODE)
    check_free(path)
    with new_file(path) as fresh:
        lay_out(fresh, facts_of(owner) | {"running": "0", "use": Use.LIVE})


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Give an empty file beside `path`, closed to others; when the block ends it is synced and stands at `path`.

    When the block raises, or the machine stops in it, nothing stands at `path`.
    Raises: StorageFailed.
    """
    fresh = path.with_name(path.name + ".new")
    try:
        remove(fresh)  # from a crash in this function; nothing was promised yet
        os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE))
        yield fresh
        if journal_of(fresh).exists():
            raise storage_failed("a journal that could not be moved into its file")
        sync(fresh)
        fresh.rename(path)
        sync(path.parent)
    except SamenzichtError:
        remove(fresh)
        raise
    except sqlite3.Error as error:
        raise as_ours(error) from error
    except OSError as error:
        raise storage_failed(errorcode.get(error.errno or 0, "an unknown error")) from error


def lay_out(fresh: Path, facts: Mapping[str, str]) -> None:
    """Make the tables in an empty file, with these facts about it."""
    with closing(connect(fresh)) as connection:
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("BEGIN IMMEDIATE")
        for statement in SCHEMA:
            connection.execute(statement)
        connection.executemany("INSERT INTO meta VALUES (?, ?)", facts.items())
        connection.execute("COMMIT")
        connection.execute(f"PRAGMA journal_mode = {JOURNAL_MODE}")


def open_vault(path: Path, owner: Owner, *, use: Use = Use.LIVE) -> Vault:
    """Return the vault, having seen that it is whole, ours, closed to others, and kept as it must be.

    use: another one for `restore` and `replace-machine` only.
    Raises: VaultMissing, UnsafePermissions, VaultInUse, JournalMissing, VaultDamaged, WrongStorageSettings, OtherOwner,
    BackupNotRestored, MovedAway.
    """
    if not path.is_file():
        raise missing()
    check_mode(path.parent, DIRECTORY_MODE)
    journal_was_there = journal_of(path).exists()
    try:
        for file in (path, journal_of(path)) if journal_was_there else (path,):
            check_mode(file, FILE_MODE)
    except FileNotFoundError as error:
        raise in_use() from error  # its journal went just now: another process closed it
    connection = connect(path)
    try:
        _check_all(connection, owner, use, journal_was_there=journal_was_there)
    except sqlite3.Error as error:
        connection.close()
        raise as_ours(error) from error
    except BaseException:
        connection.close()
        raise
    vault = Vault(path, connection)
    try:
        connection.execute("UPDATE meta SET value = '1' WHERE name = 'running'")
    except sqlite3.Error as error:
        vault.close()  # not the connection alone: SQLite would delete the journal of a file that may say `running`
        raise as_ours(error) from error
    vault.scrub()  # in the file, not only in its journal: a copy without the journal shows itself
    return vault


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection with every setting of `schema.py` but the journal's, which stands in the file."""
    # Mode rw: never makes a file. Timeout 0: who comes second is refused at once.
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=0, isolation_level=None)
    except sqlite3.Error as error:
        raise as_ours(error) from error
    try:
        for name, value, _ in SETTINGS:
            connection.execute(f"PRAGMA {name} = {value}")
    except sqlite3.Error as error:
        connection.close()
        raise as_ours(error) from error
    return connection


def _check_all(connection: sqlite3.Connection, owner: Owner, use: Use, *, journal_was_there: bool) -> None:
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
    check_owner(stored, facts_of(owner))
    check_use(stored.get("use"), use)


def facts_of(owner: Owner) -> dict[str, str]:
    """Return what a vault stores of its owner, and never the secret itself."""
    return {
        "format": str(FORMAT),
        "covenant": owner.covenant_id,
        "party": owner.party,
        "node_secret": check_value(owner.node_secret),
        "normalisation": str(owner.normalisation),
    }


def check_mode(path: Path, wanted: int) -> None:
    """Refuse a file or folder that others may use.

    Raises: UnsafePermissions.
    """
    found = path.stat()
    if stat.S_IMODE(found.st_mode) != wanted or found.st_uid != os.getuid():
        raise UnsafePermissions(
            got=f"{path.name} with mode {stat.S_IMODE(found.st_mode):04o}",
            wanted=f"mode {wanted:04o}, owned by the node's user",
            act="the partner's IT must mend it",
            hint=f"chmod {wanted:o} {quote(str(path))}",
        )
