"""Computes: the figures of a study as CSV and JSON, with margins, what is provisional, and why a cell is not shown.

A cell without a figure has a reason in a column of its own and an empty value; it is never a zero.
"""

import csv
import io
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from coordinator.combine import CombinedTable
from privacy.precision import Hidden, Shown
from protocol.covenant.covenant import Covenant
from protocol.release import NotShown
from protocol.study.declaration import Coverage, SignedDeclaration
from protocol.study.study import Study
from protocol.words.geography import Geography, level_of
from protocol.words.ids import PartyId, TableId
from protocol.words.period import Period

LICENCE = "CC BY 4.0; noem de bron / name the source"
PROVISIONAL = "*"
DICTIONARY = {
    "table": "the table of the study",
    "question": "what was counted",
    "source": "who counted it",
    "level": "gemeente, wijk, buurt or pc4",
    "area": "code of CBS",
    "name": "name of the area",
    "period": "2026, 2026-H1, 2026-Q1 or 2026-01",
    "category": "code of the table's code list; empty without one",
    "value": "the figure with noise; empty when it is not shown, which is not zero",
    "margin": "95 % for noise: value - margin to value + margin; says nothing of chance or of what was not registered",
    "status": f"{PROVISIONAL} while late registrations may still be added (voorlopig), else empty",
    "reason": "why there is no figure",
    "coverage": "complete, partial or none, as the partners declared",
    "revisions": "how often the figure was counted anew with late registrations",
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
    covered = _coverage(declared)
    for combined in tables:
        table, newest = study.table(combined.newest.table), combined.newest
        source = ", ".join(covenant.party(party).name for party in table.contributors)
        question = str(study.measure_of(table).question)
        places = ((area, category) for area in newest.areas for category in newest.categories)
        for (area, category), figure in zip(places, combined.cells, strict=True):
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
            )


def figures_csv(rows: Sequence[FigureRow]) -> bytes:
    """Return a CSV: a licence line, a header, and the rows; semicolons and UTF-8, as CBS writes it."""
    text = io.StringIO()
    text.write(f"# {LICENCE}\n")
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(DICTIONARY)
    for row in rows:
        writer.writerow("" if value is None else _harmless(value) for value in asdict(row).values())
    return text.getvalue().encode()


def figures_json(rows: Sequence[FigureRow]) -> bytes:
    """Return the same as JSON, with the dictionary."""
    tree = {"licence": LICENCE, "dictionary": DICTIONARY, "figures": [asdict(row) for row in rows]}
    return (json.dumps(tree, ensure_ascii=False, indent=1) + "\n").encode()


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
