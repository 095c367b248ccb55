"""Touches the world: by what a covenant year's units are known, so that no household gets a second key within it.

    Route: address; verzuimmelding: postcode huisnummer

The words are the profile's: what a partner calls a column may change, what a column holds is for the partner to keep.
"""

import sqlite3
from collections.abc import Mapping, Sequence

from partner_node.errors import VaultRefusal

_ROUTE = "Route"  # no id of a record type has a capital


class OtherUnitKeys(VaultRefusal):
    """A round by another route or column to the unit than its covenant year has: nobody would have spent anything."""


def keyed_by(route: str, columns: Mapping[str, Sequence[str]]) -> str:
    """Return by what units are known. columns: by record type, the profile's columns of the unit, none if it has none.

    A record type that is not there contradicts nothing: it may come, or stay away, within a year.
    """
    return "; ".join(f"{name}: {' '.join(words)}" for name, words in {_ROUTE: (route,), **columns}.items())


def check_keyed_by(connection: sqlite3.Connection, covenant_year: int, now: str) -> None:
    """Refuse other unit keys than those that a round of the year was locked with. now: empty where nobody is counted.

    Decided by what was locked and mapped, never by whom it charged: the answer tells nothing of a record.
    Raises: OtherUnitKeys.
    """
    locked = connection.execute("SELECT DISTINCT keyed_by FROM booked WHERE covenant_year = ?", (covenant_year,))
    for (former,) in locked.fetchall():
        was, is_now = _words(former), _words(now)
        if any(was[name] != is_now[name] for name in was.keys() & is_now.keys()):
            raise OtherUnitKeys(
                got=f"units known by {now}",
                wanted=f"{former}, as in the rounds of {covenant_year} before",
                act="the FG must decide: the partner's IT maps the former route and columns again, or this party waits "
                "for the next covenant year",
                hint=f"samenzicht-node init --party PARTY --remap --route {was[_ROUTE]}",
            )


def _words(text: str) -> dict[str, str]:
    return dict(part.split(": ") for part in text.split("; ") if part)
