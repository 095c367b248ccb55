"""Computes: a partner's CSV as households with rows, and neighbours of it: one household gone, come, or all changed.

The odd texts are those that a reader takes as a fault of one row. What breaks a file as a whole (a quote that is never
closed) is no row of anybody: such a delivery is refused before anyone is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

HEADER = "Meldingnummer;Gezinsnummer;Buurtcode;Datum melding;Soort verzuim;Aantal uren"
AREAS = ("BU99010001", "BU99010002", "BU99010101", "WK990100", "WK990101", "bu99010001")
ODD_AREAS = ("", "BU99010099", "BU01230001", "GM9901", "Noord", "=1+1", "1901", "<b>x</b>")
ODD_DAYS = ("", "31-04-2026", "29-02-2026", "01-01-0001", "2026", "12-07-2031", "\N{ZERO WIDTH SPACE}", "2026-02-03")
KINDS = ("Z1", "Z2", "Z3", "Z4", "Z5", "", "Z9", "z1", "%s%n")
HOURS = ("1", "8", "40", "41", "2000", "0", "", "-1", "1,5", "1.5", "9223372036854775807", "99999999999999999999")
NO_IDS = ("", "0", "onbekend", "n.v.t.", "00000")


@dataclass(frozen=True, slots=True)
class Row:
    """One row as the partner writes it. late: not yet in the first of the two deliveries."""

    event: str
    unit: str
    area: str
    day: str
    kind: str
    hours: str
    late: bool

    def line(self) -> str:
        return f"{self.event};{self.unit};{self.area};{self.day};{self.kind};{self.hours}"


@dataclass(frozen=True, slots=True)
class Family:
    """Databases that differ in one household only, so that any two of them are neighbours.

    others: the rows of everyone else. name: the household's id in its one form. variants: its rows in each database.
    """

    others: tuple[Row, ...]
    name: str
    variants: tuple[tuple[Row, ...], ...]
    order: int

    def deliveries(self, variant: int) -> tuple[bytes, bytes]:
        """Return the first delivery of a database and the second, which replaces it."""
        # Where a row stands must not matter, so the household's rows stand anywhere among the others.
        every = [*self.others, *self.variants[variant]]
        Random(self.order + variant).shuffle(every)
        return _file([row for row in every if not row.late]), _file(every)


def family(seed: int) -> Family:
    """Return five databases, ten pairs of neighbours: the household absent, and with four different sets of rows."""
    chance = Random(seed)
    shared = [f"M{900 + number}" for number in range(3)]  # incidents that are listed under several households
    others = [
        row
        for number in range(chance.randint(0, 4))
        for row in _household(chance, f"gz{number}", f"M{number}", shared, most=5)
    ]
    # With one usable row at least, every delivery can be read.
    others.append(Row("M800", "gz800", "BU99010001", "02-02-2025", "Z1", "3", late=False))
    variants = [_household(chance, "gz77", "M77", shared, most=most) for most in (1, 4, 12, 40)]
    return Family(tuple(others), "gz77", ((), *variants), chance.randrange(10**9))


def shared_incident(*, households: Sequence[str], removed: str) -> Family:
    """Return a family in which one incident is listed under several households, each with what it says of it."""
    rows = {
        name: Row("M900", name, AREAS[place], f"{10 + place}-02-2026", f"Z{1 + place}", str(5 + place), late=False)
        for place, name in enumerate(households)
    }
    others = tuple(row for name, row in rows.items() if name != removed)
    return Family(others, removed, ((rows[removed],), ()), 1)


def _household(chance: Random, name: str, events: str, shared: Sequence[str], *, most: int) -> tuple[Row, ...]:
    spelled = (name, name.upper(), f" {name} ", f"{name}\N{ZERO WIDTH SPACE}")
    rows: list[Row] = []
    for number in range(chance.randint(1, most)):
        unusable = chance.random() < 0.04
        event = f"{events}-{number}"
        if rows and rows[-1].event not in shared and chance.random() < 0.1:
            event = rows[-1].event  # the same event again, perhaps with other contents
        elif not unusable and chance.random() < 0.15:
            event = chance.choice(shared)
        rows.append(
            Row(
                event,
                chance.choice(NO_IDS) if unusable else chance.choice(spelled),
                chance.choice(AREAS) if chance.random() < 0.9 else chance.choice(ODD_AREAS),
                _day(chance) if chance.random() < 0.9 else chance.choice(ODD_DAYS),
                chance.choice(KINDS),
                chance.choice(HOURS),
                late=chance.random() < 0.3,
            )
        )
    return tuple(rows)


def _day(chance: Random) -> str:
    return (
        f"{chance.randint(1, 28):02d}-{chance.choice((1, 1, 2, 3, 4, 5, 6)):02d}-{chance.choice((2025, *(2026,) * 5))}"
    )


def _file(rows: Sequence[Row]) -> bytes:
    return ("\r\n".join([HEADER, *(row.line() for row in rows)]) + "\r\n").encode()
