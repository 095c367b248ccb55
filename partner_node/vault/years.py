"""Touches the world: the covenant years of a vault, and closing one for ever.

A year has its book, by household, for as long as a round of it may still be asked or replayed. Closed, it has none:
what stays is its line in the log, which slots were charged, and the noisy figures that were published.
"""

import sqlite3
from datetime import date

from partner_node.errors import VaultRefusal
from partner_node.vault.log import StoredTree
from partner_node.vault.vault import Vault
from protocol.ledger.entry import YearClosedEntry


class YearClosed(VaultRefusal):
    """A slot or question of a covenant year that was closed for ever."""


class YearStillOpen(VaultRefusal):
    """A year that cannot be closed yet: a slot of it is frozen and may still be locked."""


class YearNotOver(VaultRefusal):
    """A year to close that is not over: households would take part in nothing more of it."""


class YearUnknown(VaultRefusal):
    """A year to close in which this vault charged nobody, as after a slip of the pen."""


class YearOverdue(VaultRefusal):
    """A book by household that is kept for longer than the covenant says; until it is closed all goes on."""


def close_year(vault: Vault, covenant_year: int) -> None:
    """Close a year for ever: log it, set the tombstone, and only then delete its book. Again: nothing.

    Raises: YearStillOpen, StorageFailed.
    """
    with vault.transaction() as connection:
        if covenant_year in closed_years(connection):
            return
        if connection.execute("SELECT 1 FROM pending WHERE covenant_year = ?", (covenant_year,)).fetchone():
            raise YearStillOpen(
                got="a frozen slot of this year", wanted="none", act="wait until it is locked, or give it up"
            )
        StoredTree(connection).append(YearClosedEntry(covenant_year=covenant_year).encode())
        connection.execute("INSERT INTO year_closed VALUES (?)", (covenant_year,))
        connection.execute("DELETE FROM book WHERE covenant_year = ?", (covenant_year,))
        connection.execute(
            "DELETE FROM charge WHERE slot IN (SELECT slot FROM booked WHERE covenant_year = ?)", (covenant_year,)
        )
    vault.scrub()


def closed_years(connection: sqlite3.Connection) -> tuple[int, ...]:
    """Return the years that were closed, the first one first."""
    return tuple(year for (year,) in connection.execute("SELECT covenant_year FROM year_closed ORDER BY 1"))


def open_years(connection: sqlite3.Connection) -> tuple[int, ...]:
    """Return the years of which the vault still has a book, the first one first."""
    charged = connection.execute(
        "SELECT covenant_year FROM booked UNION SELECT covenant_year FROM pending "
        "EXCEPT SELECT covenant_year FROM year_closed ORDER BY 1"
    )
    return tuple(year for (year,) in charged)


def check_open(connection: sqlite3.Connection, covenant_year: int) -> None:
    """Let a slot of an open year pass.

    Raises: YearClosed.
    """
    if covenant_year in closed_years(connection):
        raise YearClosed(
            got=f"covenant year {covenant_year}, which is closed", wanted="an open year", act="nothing can reopen it"
        )


def check_may_close(connection: sqlite3.Connection, covenant_year: int, *, today: date) -> None:
    """Let a year pass that a person may close: one that is over, and in which somebody was charged.

    Raises: YearNotOver, YearUnknown.
    """
    if covenant_year >= today.year:
        raise YearNotOver(
            got=f"covenant year {covenant_year}, which is not over",
            wanted=f"{today.year - 1} or before",
            act="wait until the year is over; the rounds that opened in it are charged to it",
        )
    known = open_years(connection)
    if covenant_year not in (*known, *closed_years(connection)):
        raise YearUnknown(
            got=f"covenant year {covenant_year}, in which this node charged nobody",
            wanted=f"one of {', '.join(map(str, known)) or 'none: no year is open'}",
            act="look at the year in the command",
        )


def check_retention(connection: sqlite3.Connection, retention_years: int, *, today: date) -> None:
    """Let pass a vault without a book that is older than the covenant says. retention_years: whole years after its own.

    Raises: YearOverdue.
    """
    overdue = [year for year in open_years(connection) if year + retention_years < today.year]
    if overdue:
        raise YearOverdue(
            got=f"accounts by household of {', '.join(map(str, overdue))}",
            wanted=f"none older than {retention_years} years, as the covenant says",
            act="the FG must have them closed",
            hint=f"samenzicht-node close-year {overdue[0]}",
        )
