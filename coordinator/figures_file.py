"""Computes: the figures of a study as CSV and JSON, with margins, what is provisional, and why a cell is not shown.

A cell without a figure has a reason in a column of its own and an empty value; it is never a zero.
"""

import csv
import io
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from operator import attrgetter

from coordinator.combine import CombinedTable
from privacy.precision import Hidden, Shown
from protocol.covenant.covenant import Covenant
from protocol.release import NotShown
from protocol.study.declaration import Coverage, SignedDeclaration
from protocol.study.study import Study
from protocol.words.geography import AreaCode, Geography, level_of
from protocol.words.ids import Code, PartyId, TableId
from protocol.words.period import Period

LICENCE = "CC BY 4.0; noem de bron / name the source"
PROVISIONAL = "*"
PRACTICE = "oefengegevens"  # a study whose title says so shows invented figures


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


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One line of the file; the fields are those of DICTIONARY."""

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


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """A figure as it was after one round, of a table that was counted anew. counted_in: that round's period."""

    table: str
    area: str
    period: str
    category: str
    counted_in: str
    value: int | None
    margin: int | None
    reason: str


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
        question = str(study.measure_of(table).question)
        for (area, category), figure in zip(_places(combined), combined.cells, strict=True):
            cell = Hidden(NotShown.WITHDRAWN) if newest.period in withdrawn else figure
            yield FigureRow(
                table=table.id,
                question=question,
                source=source,
                level=level_of(area).value,
                area=area,
                name=names[area],
                period=newest.period,
                category=category or "",
                value=cell.value if isinstance(cell, Shown) else None,
                margin=cell.half_width if isinstance(cell, Shown) else None,
                status=PROVISIONAL if combined.provisional else "",
                reason=cell.reason.value if isinstance(cell, Hidden) else "",
                coverage=covered.get((table.id, newest.period), ""),
                revisions=len(combined.revisions) - 1,
                mark=mark,
            )


def revision_rows(tables: Sequence[CombinedTable], *, withdrawn: Collection[Period] = ()) -> Iterator[RevisionRow]:
    """Yield every figure of every table that was counted anew, as it was after each round; none that was withdrawn."""
    for combined in tables:
        if len(combined.revisions) == 1 or combined.newest.period in withdrawn:
            continue
        for revision in combined.revisions:
            for (area, category), cell in zip(_places(combined), revision.cells, strict=True):
                yield RevisionRow(
                    table=combined.newest.table,
                    area=area,
                    period=combined.newest.period,
                    category=category or "",
                    counted_in=revision.counted_in,
                    value=cell.value if isinstance(cell, Shown) else None,
                    margin=cell.half_width if isinstance(cell, Shown) else None,
                    reason=cell.reason.value if isinstance(cell, Hidden) else "",
                )


def rows_csv(rows: Sequence[FigureRow] | Sequence[RevisionRow], kind: type[FigureRow] | type[RevisionRow]) -> bytes:
    """Return a CSV: a licence line, a header, and the rows; semicolons and UTF-8, as CBS writes it."""
    names = [field.name for field in fields(kind)]
    text = io.StringIO()
    text.write(f"# {LICENCE}\n")
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(names)
    values = attrgetter(*names)
    writer.writerows(["" if value is None else _harmless(value) for value in values(row)] for row in rows)
    return text.getvalue().encode()


def figures_json(rows: Sequence[FigureRow], revisions: Sequence[RevisionRow] = ()) -> bytes:
    """Return the same as JSON, one figure a line, with the dictionary."""
    text = io.StringIO()
    head = {
        "licence": LICENCE,
        "dictionary": {name: asdict(word) for name, word in DICTIONARY.items()},
        "reasons": {reason.value: asdict(word) for reason, word in REASONS.items()},
    }
    text.write(json.dumps(head, ensure_ascii=False)[:-1])
    parts: tuple[tuple[str, Sequence[FigureRow] | Sequence[RevisionRow], type], ...] = (
        ("figures", rows, FigureRow),
        ("revisions", revisions, RevisionRow),
    )
    for name, entries, kind in parts:
        names = [field.name for field in fields(kind)]
        values = attrgetter(*names)
        text.write(f', "{name}": [\n')
        lines = (json.dumps(dict(zip(names, values(row), strict=True)), ensure_ascii=False) for row in entries)
        text.write(",\n".join(lines))
        text.write("\n]")
    text.write("}\n")
    return text.getvalue().encode()


def _places(combined: CombinedTable) -> Iterator[tuple[AreaCode, Code | None]]:
    return ((area, category) for area in combined.newest.areas for category in combined.newest.categories)


def _harmless(value: object) -> object:
    """Return a text that no spreadsheet takes for a formula."""
    return "'" + value if isinstance(value, str) and value[:1] in {"=", "+", "-", "@"} else value


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
