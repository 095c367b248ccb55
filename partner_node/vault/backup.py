"""Touches the world: a backup of a vault, a vault from a backup, and a vault that goes on on another machine.

A backup holds everything but what could make a second payload: no seed, and no x and r of a slot that is still open.
They are never written into it, so that there is nothing to erase. It opens only for `restore`, which fails closed: when
peers saw a longer log than the backup's, charges were lost that nothing can tell any more, and no vault is made.

A file can always be copied twice. Whoever goes on from a file first appends a `resumed` entry with a fresh nonce, so
that two that go on from one show their peers two logs, which is evidence.
"""

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from partner_node.errors import VaultFault, VaultRefusal
from partner_node.vault.carry_out import apply_command, load_memory
from partner_node.vault.checks import MovedAway
from partner_node.vault.log import StoredTree
from partner_node.vault.schema import Use
from partner_node.vault.vault import (
    DIRECTORY_MODE,
    Owner,
    Vault,
    check_free,
    check_mode,
    lay_out,
    new_file,
    open_vault,
)
from partner_node.whole_file import FILE_MODE
from protocol.covenant.covenant import Covenant
from protocol.ledger.entry import ResumedBy, ResumedEntry
from protocol.round.memory import Showed
from protocol.round.participant.halt import halt
from protocol.round.transitions import State
from protocol.round.witness import open_note
from protocol.words.ids import Digest, PartyId

# Of these tables a backup has only some rows. x and r of a finished slot stay: they open its commitment to an auditor.
_SAFE_ROWS = {
    "seed": "0",
    "frozen": "slot IN (SELECT slot FROM main.slot WHERE state IN ('corrected', 'done'))",
}
_ALL_ROWS: dict[str, str] = {}
_BUSY = {State.READY, State.LOCKED, State.REPAIRING}  # a seed is stored, or is about to be


class TooFewAnswers(VaultRefusal):
    """A restore with answers of so few peers that none of them need be honest and have seen the last round."""


class ChargesLost(VaultFault):
    """Peers saw a longer log than the backup's: what was spent since is lost, and this party's log cannot go on."""


class AlreadyMoved(VaultRefusal):
    """A vault to move that was moved before: a second copy would be a second node of one party."""


class OtherHistory(VaultFault):
    """Peers saw a head of this party that the backup's log never had: it is another file, or the log was forked."""


class StillOpen(VaultRefusal):
    """A vault that cannot move to another machine yet: a slot is frozen, locked or under repair."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """The head of the log that a backup holds; the newest one that peers show decides whether it can be restored."""

    size: int
    root: bytes


def backup(vault: Vault, path: Path) -> BackedUp:
    """Write a backup of an open vault; the node may go on in between rounds.

    path: in a folder for its owner only. Nothing stands there unless the backup is whole and durable.
    Raises: VaultExists, UnsafePermissions, StorageFailed.
    """
    _check_place(path)
    with new_file(path) as fresh:
        _copy(vault, fresh, Use.BACKUP, _SAFE_ROWS)
        log = StoredTree(vault.connection)
        return BackedUp(log.size, log.root())


def restore(
    source: Path, path: Path, owner: Owner, *, covenant: Covenant, seen: Mapping[PartyId, str | None], nonce: Digest
) -> None:
    """Make a vault from a backup, with every slot that was open in it halted and charged, and without officers' words.

    seen: of each peer that was asked, the newest head of this party's log that it saw, as the note that this party
    signed; None where it saw none. nonce: 32 fresh bytes.
    Not promised: that a peer said so. The caller asks each itself, not through the coordinator.
    Raises: TooFewAnswers, ChargesLost, OtherHistory; VaultExists, and what `open_vault` and `open_note` raise.
    """
    _check_place(path)
    check_mode(source, FILE_MODE)
    _check_enough(seen, owner.party, covenant)
    with new_file(path) as fresh:
        shutil.copyfile(source, fresh)
        vault = open_vault(fresh, owner, use=Use.BACKUP)
        with closing(vault):
            sizes = _checked_sizes(StoredTree(vault.connection), seen, owner.party, covenant)
            with vault.transaction() as connection:
                _resume(vault, connection, sizes, ResumedEntry(cause=ResumedBy.RESTORED, nonce=nonce))


def replace_machine(path: Path, owner: Owner, target: Path, *, nonce: Digest, again: bool = False) -> None:
    """Let a vault without open slots go on in another file; the old one is moved away from first and never opens again.

    A crash between the two leaves no vault that opens: the same call finishes the copy, where somebody says so.
    nonce: 32 fresh bytes. again: somebody saw that the first call left no copy.
    Not promised: that nobody makes a second copy of the old file; its log would fork, which peers see.
    Raises: AlreadyMoved, StillOpen, VaultExists, UnsafePermissions, StorageFailed, and what `open_vault` raises.
    """
    _check_place(target)
    try:
        vault = open_vault(path, owner)
    except MovedAway:
        if not again:
            raise AlreadyMoved(
                got="a vault that moved before",
                wanted="one that goes on here",
                act="the partner's IT must start the node where it went",
                hint="only when that move broke off and left no vault there: replace-machine --again",
            ) from None
        vault = open_vault(path, owner, use=Use.MOVED)
    else:
        with closing(vault):
            _move_away(vault, nonce)
        vault = open_vault(path, owner, use=Use.MOVED)
    with closing(vault), new_file(target) as fresh:
        _copy(vault, fresh, Use.LIVE, _ALL_ROWS)


def _move_away(vault: Vault, nonce: Digest) -> None:
    busy = [slot for slot in load_memory(vault).slots.values() if slot.state in _BUSY]
    if busy:
        raise StillOpen(
            got="a vault with an open slot",
            wanted="none: no secret may move",
            act="the partner's IT must wait until the round is sent, or give the slot up, and then move",
        )
    with vault.transaction() as connection:
        StoredTree(connection).append(ResumedEntry(cause=ResumedBy.MOVED, nonce=nonce).encode())
        connection.execute("UPDATE meta SET value = ? WHERE name = 'use'", (Use.MOVED,))


def _resume(vault: Vault, connection: sqlite3.Connection, sizes: tuple[int, ...], entry: ResumedEntry) -> None:
    log = StoredTree(connection)
    # A READY after the backup may have shown this very head; its readers want proof of growth from there.
    for command in (*halt(load_memory(vault)), *(Showed(size) for size in (*sizes, log.size))):
        apply_command(connection, command)
    log.append(entry.encode())
    # A later word of an officer may be lost: a refusal must not become an approval again.
    connection.execute("DELETE FROM approval")
    connection.execute("DELETE FROM declaration")
    connection.execute("UPDATE meta SET value = ? WHERE name = 'use'", (Use.LIVE,))


def _check_enough(seen: Mapping[PartyId, str | None], own: PartyId, covenant: Covenant) -> None:
    """Refuse unless one of those who answered was honest and in this party's last round, whichever round that was.

    A round has at least n_min of N participants. Of A answers at least A - (N - n_min) come from its other
    participants, and t of those may lie.
    """
    peers = {party for party in seen if party in covenant.participants and party != own}
    wanted = len(covenant.participants) - covenant.minimum_participants + covenant.colluders + 1
    if len(peers) < wanted:
        raise TooFewAnswers(
            got=f"answers of {len(peers)} other participants",
            wanted=f"at least {wanted}; the coordinator does not count",
            act="the partner's IT must ask more parties for the newest head of this log that they saw",
        )


def _checked_sizes(
    log: StoredTree, seen: Mapping[PartyId, str | None], own: PartyId, covenant: Covenant
) -> tuple[int, ...]:
    """Return the sizes that peers saw, having seen that the log holds all of them.

    No proof of growth is asked: a longer log is refused whether it grew from this one or not.
    """
    heads = {party: open_note(note, covenant, own) for party, note in seen.items() if note is not None}
    longer = [party for party, head in heads.items() if head.size > log.size]
    if longer:
        raise ChargesLost(
            got=f"a backup that is older than what {', '.join(sorted(longer))} saw of this log",
            wanted="a backup that holds the newest head",
            act="the partner's IT must find a newer backup or the old disk; else the FG must tell every party: this "
            "party takes part again under a new covenant whose rounds open in a later year",
        )
    other = [party for party, head in heads.items() if log.root(head.size) != head.root]
    if other:
        raise OtherHistory(
            got=f"a backup whose log is not the one that {', '.join(sorted(other))} saw",
            wanted="one history",
            act="the FG must find out whether this node was cloned; keep the notes and the backup",
        )
    return tuple(sorted({head.size for head in heads.values()}))


def _copy(vault: Vault, fresh: Path, use: Use, only: Mapping[str, str]) -> None:
    """Write the rows of a vault into a new file, table by table: what is left out is never in it.

    A new file that cannot be written leaves the vault open: nothing of it was tried or lost.
    """
    connection = vault.connection
    facts = dict(connection.execute("SELECT name, value FROM meta").fetchall())
    lay_out(fresh, facts | {"running": "0", "use": use})
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid").fetchall()
    connection.execute("ATTACH DATABASE ? AS copy", (str(fresh),))
    try:
        connection.execute("BEGIN")
        for (table,) in tables:
            if table != "meta":
                rows = only.get(table, "1")
                connection.execute(f"INSERT INTO copy.{table} SELECT * FROM main.{table} WHERE {rows}")  # noqa: S608 - our own table names
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    finally:
        connection.execute("DETACH DATABASE copy")


def _check_place(path: Path) -> None:
    path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    check_mode(path.parent, DIRECTORY_MODE)
    check_free(path)
