"""Computes: the figures of a study as CSV and JSON, with margins, what is provisional, and why a cell is not shown.

A cell without a figure has a reason in a column of its own and an empty value; it is never a zero.
"""

import csv
import io
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from coordinator.combine import CombinedTable
from privacy.precision import Hidden, Shown
from protocol.covenant.covenant import Covenant
from protocol.release import NotShown
from protocol.study.declaration import Coverage, SignedDeclaration
from protocol.study.study import Study
from protocol.words.geography import AreaCode, Geography
from protocol.words.ids import Code, PartyId, TableId
from protocol.words.period import Period

LICENCE = "CC BY 4.0; noem de bron / name the source"
PROVISIONAL = "*"
_FORMULA = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
PRACTICE = "oefengegevens"  # a study whose title says so shows invented figures
CHUNK_ROWS = 10_000  # written at a time: about 3 MB of text
CACHED_TEXTS = 100_000  # five times as many as the Netherlands have areas


@dataclass(frozen=True, slots=True)
class Explained:
    """What a column or a code means."""

    nl: str
    en: str


DICTIONARY = {
    "table": Explained("de tabel van het meetplan", "the table of the study"),
    "question": Explained("wat er geteld is", "what was counted"),
    "source": Explained("wie geteld heeft", "who counted it"),
    "level": Explained("gemeente, wijk, buurt of pc4", "gemeente, wijk, buurt or pc4"),
    "area": Explained("code van CBS", "code of CBS"),
    "name": Explained("naam van het gebied", "name of the area"),
    "period": Explained("2026, 2026-H1, 2026-Q1 of 2026-01", "2026, 2026-H1, 2026-Q1 or 2026-01"),
    "category": Explained("code uit de codelijst; leeg zonder lijst", "code of the code list; empty without one"),
    "value": Explained(
        "het cijfer met ruis; leeg als het niet getoond wordt, wat geen nul is",
        "the figure with noise; empty when it is not shown, which is not zero",
    ),
    "margin": Explained(
        "95 % van de ruis: van value - margin tot value + margin; zegt niets van toeval of van wat niet gemeld is",
        "95 % for noise: value - margin to value + margin; says nothing of chance or of what was not registered",
    ),
    "status": Explained(
        f"{PROVISIONAL} voorlopig: er kunnen nog late registraties bij komen",
        f"{PROVISIONAL} provisional: late registrations may still be added",
    ),
    "reason": Explained("waarom er geen cijfer staat", "why there is no figure"),
    "coverage": Explained(
        "complete, partial of none, zoals de partners verklaarden",
        "complete, partial or none, as the partners declared",
    ),
    "revisions": Explained(
        "hoe vaak het cijfer met late registraties opnieuw geteld is",
        "how often the figure was counted anew with late registrations",
    ),
    "mark": Explained(
        f"{PRACTICE}: verzonnen cijfers om mee te oefenen; anders leeg",
        f"{PRACTICE}: invented figures for practice; else empty",
    ),
}
REASONS = {
    NotShown.TOO_UNCERTAIN: Explained("de marge is te groot voor dit cijfer", "the margin is too wide for the figure"),
    NotShown.NOT_DELIVERED: Explained("niemand leverde deze tabel", "nobody delivered this table"),
    NotShown.WITHDRAWN: Explained("de publicatie is ingetrokken", "the release was withdrawn"),
}


class FigureRow(NamedTuple):
    """One line of the file; the fields are those of DICTIONARY. A tuple, for there may be a million."""

    table: str
    question: str
    source: str
    level: str
    area: str
    name: str
    period: str
    category: str
    value: int | None
    margin: int | None
    status: str
    reason: str
    coverage: str
    revisions: int
    mark: str


class RevisionRow(NamedTuple):
    """A figure as it was after one round, of a table that was counted anew. counted_in: that round's period."""

    table: str
    area: str
    period: str
    category: str
    counted_in: str
    value: int | None
    margin: int | None
    reason: str


Rows = Iterable[FigureRow] | Iterable[RevisionRow]


def figure_rows(
    tables: Sequence[CombinedTable],
    study: Study,
    covenant: Covenant,
    geography: Geography,
    declared: Sequence[SignedDeclaration],
    *,
    withdrawn: Collection[Period] = (),
) -> Iterator[FigureRow]:
    """Yield every cell of every table, in order of table, period, area and category.

    withdrawn: periods of which no figure is shown any more; what was published of them stays in the log and bundles.
    """
    names = {area.code: area.name for area in geography.areas}
    covered, mark = _coverage(declared), PRACTICE if PRACTICE in study.title.lower() else ""
    for combined in tables:
        table, newest = study.table(combined.newest.table), combined.newest
        source = ", ".join(covenant.party(party).name for party in table.contributors)
        question, level = str(study.measure_of(table).question), table.level.value
        status = PROVISIONAL if combined.provisional else ""
        coverage, revisions = covered.get((table.id, newest.period), ""), len(combined.revisions) - 1
        gone = (Hidden(NotShown.WITHDRAWN),) * len(combined.cells)
        figures = gone if newest.period in withdrawn else combined.cells
        for (area, category), cell in zip(_places(combined), figures, strict=True):
            value, margin, reason = _said(cell)
            yield FigureRow(
                table.id,
                question,
                source,
                level,
                area,
                names[area],
                newest.period,
                category or "",
                value,
                margin,
                status,
                reason,
                coverage,
                revisions,
                mark,
            )


def revision_rows(tables: Sequence[CombinedTable], *, withdrawn: Collection[Period] = ()) -> Iterator[RevisionRow]:
    """Yield every figure of every table that was counted anew, as it was after each round; none that was withdrawn."""
    for combined in tables:
        if len(combined.revisions) == 1 or combined.newest.period in withdrawn:
            continue
        for revision in combined.revisions:
            for (area, category), cell in zip(_places(combined), revision.cells, strict=True):
                value, margin, reason = _said(cell)
                yield RevisionRow(
                    table=combined.newest.table,
                    area=area,
                    period=combined.newest.period,
                    category=category or "",
                    counted_in=revision.counted_in,
                    value=value,
                    margin=margin,
                    reason=reason,
                )


def rows_csv(rows: Rows, kind: type[FigureRow] | type[RevisionRow]) -> Iterator[bytes]:
    """Yield a CSV in parts: a licence line, a header, and the rows; semicolons and UTF-8, as CBS writes it."""
    yield f"# {LICENCE}\n{';'.join(kind._fields)}\n".encode()
    for chunk in _chunks(";".join(map(_csv, row)) + "\n" for row in rows):
        yield "".join(chunk).encode()


def figures_json(rows: Iterable[FigureRow], revisions: Iterable[RevisionRow] = ()) -> Iterator[bytes]:
    """Yield the same as JSON in parts, one figure a line, with the dictionary."""
    head = {
        "licence": LICENCE,
        "dictionary": {name: asdict(word) for name, word in DICTIONARY.items()},
        "reasons": {reason.value: asdict(word) for reason, word in REASONS.items()},
    }
    yield json.dumps(head, ensure_ascii=False)[:-1].encode()
    parts: tuple[tuple[str, Rows, type[FigureRow | RevisionRow]], ...] = (
        ("figures", rows, FigureRow),
        ("revisions", revisions, RevisionRow),
    )
    for name, entries, kind in parts:
        line = "{" + ", ".join(f'"{field}": %s' for field in kind._fields) + "}"
        yield f', "{name}": [\n'.encode()
        between = b""
        for chunk in _chunks(line % tuple(map(_json, row)) for row in entries):
            yield between + ",\n".join(chunk).encode()
            between = b",\n"
        yield b"\n]"
    yield b"}\n"


def _chunks(lines: Iterator[str]) -> Iterator[list[str]]:
    while chunk := list(islice(lines, CHUNK_ROWS)):
        yield chunk


def _places(combined: CombinedTable) -> Iterator[tuple[AreaCode, Code | None]]:
    return ((area, category) for area in combined.newest.areas for category in combined.newest.categories)


def _said(cell: Shown | Hidden) -> tuple[int | None, int | None, str]:
    """Return value, margin and reason."""
    return (cell.value, cell.half_width, "") if isinstance(cell, Shown) else (None, None, cell.reason.value)


@lru_cache(maxsize=CACHED_TEXTS)
def _csv(value: str | int | None) -> str:
    """Return a value as a CSV has it: nothing for None, and no text that a spreadsheet takes for a formula."""
    if value is None or value == "":
        return ""  # alone in a row it would be quoted
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\n").writerow([harmless(value)])
    return text.getvalue().removesuffix("\n")


_json = lru_cache(maxsize=CACHED_TEXTS)(json.JSONEncoder(ensure_ascii=False).encode)


def harmless(value: object) -> object:
    """Return a text that no spreadsheet takes for a formula; numbers stay numbers.

    Source: OWASP, CSV injection; the wide signs are what some programs turn into the narrow ones.
    """
    return "'" + value if isinstance(value, str) and value[:1] in _FORMULA else value


def _coverage(declared: Sequence[SignedDeclaration]) -> Mapping[tuple[TableId, Period], str]:
    """Return the least coverage that any contributor declared of a table; the newest declaration of each counts."""
    order = (Coverage.NONE, Coverage.PARTIAL, Coverage.COMPLETE)
    newest: dict[tuple[PartyId, Period], SignedDeclaration] = {
        (signed.declaration.party, signed.declaration.period): signed for signed in declared
    }
    found: dict[tuple[TableId, Period], Coverage] = {}
    for (_, period), signed in newest.items():
        for entry in signed.declaration.tables:
            key = (entry.table, period)
            found[key] = min(found.get(key, Coverage.COMPLETE), entry.coverage, key=order.index)
    return {key: coverage.value for key, coverage in found.items()}
