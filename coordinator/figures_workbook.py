"""Computes: the figures of a study as sheets for people: what it is, tables, figures, revisions, dictionary, reasons.

What holds for a whole table stands once, on the sheet of tables; the figures name it.
"""

from collections.abc import Iterable, Sequence
from operator import attrgetter

from coordinator.figures_file import DICTIONARY, LICENCE, PRACTICE, PROVISIONAL, REASONS, FigureRow, RevisionRow
from coordinator.sheets import Sheet

_FIGURES = ("table", "period", "category", "area", "name", "value", "margin", "status", "reason", "mark")
_TABLES = ("table", "period", "level", "question", "source", "coverage", "status", "revisions", "mark")
_REVISIONS = ("table", "period", "category", "area", "counted_in", "value", "margin", "reason")
_READ = (
    ("Licentie", LICENCE),
    ("Ruis", "Elk getoond cijfer heeft ruis; met 95 % zekerheid ligt het echte aantal binnen de marge."),
    ("Leeg", "Een lege cel is geen nul: de kolom reason zegt waarom er geen cijfer staat."),
    (PROVISIONAL, DICTIONARY["status"].nl),
    ("Licence", LICENCE),
    ("Noise", "Every figure shown has noise; with 95 % confidence the true count lies within the margin."),
    ("Empty", "An empty cell is not a zero: the column reason says why there is no figure."),
    (PROVISIONAL, DICTIONARY["status"].en),
)


def workbook(
    tables: Sequence[FigureRow], rows: Iterable[FigureRow], revisions: Iterable[RevisionRow]
) -> tuple[Sheet, ...]:
    """Return the sheets. rows, revisions: of all studies, in the order in which they are shown; read once.

    tables: the first row of each table and period, as `first_of_tables` finds them.
    """
    first = (
        f"{PRACTICE}: verzonnen cijfers; practice data: invented figures"
        if any(row.mark for row in tables)
        else LICENCE
    )
    explained = [(name, word.nl, word.en) for name, word in DICTIONARY.items()]
    reasons = [(reason.value, word.nl, word.en) for reason, word in REASONS.items()]
    return (
        Sheet("leesmij", ("Samenzicht", first), (16, 100), _READ),
        Sheet("tabellen", _TABLES, (24, 10, 10, 50, 40, 10, 8, 10, 14), map(attrgetter(*_TABLES), tables)),
        Sheet("cijfers", _FIGURES, (24, 10, 10, 12, 30, 10, 8, 8, 16, 14), map(attrgetter(*_FIGURES), rows)),
        Sheet("herzieningen", _REVISIONS, (24, 10, 10, 12, 12, 10, 8, 16), map(attrgetter(*_REVISIONS), revisions)),
        Sheet("woordenboek", ("kolom / column", "nl", "en"), (16, 80, 80), explained),
        Sheet("redenen", ("reason", "nl", "en"), (16, 60, 60), reasons),
    )


def first_of_tables(rows: Iterable[FigureRow]) -> tuple[FigureRow, ...]:
    """Return the first row of each table and period, which tells what holds for all of it."""
    found: dict[tuple[str, str], FigureRow] = {}
    for row in rows:
        found.setdefault((row.table, row.period), row)
    return tuple(found.values())
