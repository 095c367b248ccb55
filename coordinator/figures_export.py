"""Touches the world: writes the figures of all studies as CSV, JSON, XLSX and ODS, row by row.

A million figures are 300 MB as rows: they are made anew for each file and never lie in memory together.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from coordinator.combine import CombinedTable
from coordinator.figures_file import FigureRow, RevisionRow, figure_rows, figures_json, revision_rows, rows_csv
from coordinator.figures_workbook import first_of_tables, workbook
from coordinator.sheets import write_ods, write_xlsx
from coordinator.whole_file import whole
from privacy.precision import Hidden
from protocol.covenant.covenant import Covenant
from protocol.study.declaration import SignedDeclaration
from protocol.study.study import Study
from protocol.words.geography import Geography
from protocol.words.period import Period


@dataclass(frozen=True, eq=False, slots=True)
class StudyFigures:
    """What one study released. withdrawn: periods of which no figure is shown any more."""

    tables: tuple[CombinedTable, ...]
    study: Study
    covenant: Covenant
    geography: Geography
    declared: tuple[SignedDeclaration, ...]
    withdrawn: frozenset[Period]


@dataclass(frozen=True, eq=False, slots=True)
class Figures:
    """The figures of all studies; rows are made each time they are asked for."""

    studies: tuple[StudyFigures, ...]

    def __len__(self) -> int:
        """Return how many figures there are, with those that are not shown."""
        return sum(len(table.cells) for each in self.studies for table in each.tables)

    @property
    def hidden(self) -> int:
        """How many figures are not shown."""
        return sum(
            len(table.cells)
            if table.newest.period in each.withdrawn
            else sum(isinstance(cell, Hidden) for cell in table.cells)
            for each in self.studies
            for table in each.tables
        )

    def rows(self) -> Iterator[FigureRow]:
        """Yield every figure, in order of study, table, period, area and category."""
        for each in self.studies:
            yield from figure_rows(
                each.tables, each.study, each.covenant, each.geography, each.declared, withdrawn=each.withdrawn
            )

    def revisions(self) -> Iterator[RevisionRow]:
        """Yield every figure of tables that were counted anew, as it was after each round."""
        for each in self.studies:
            yield from revision_rows(each.tables, withdrawn=each.withdrawn)


def write_figures(figures: Figures, to: Path) -> None:
    """Write the four forms, and the revisions as CSV, into a folder; each file is whole or not there."""
    _write(to / "figures.csv", rows_csv(figures.rows(), FigureRow))
    _write(to / "revisions.csv", rows_csv(figures.revisions(), RevisionRow))
    _write(to / "figures.json", figures_json(figures.rows(), figures.revisions()))
    tables = first_of_tables(figures.rows())
    with whole(to / "figures.xlsx") as file:
        write_xlsx(workbook(tables, figures.rows(), figures.revisions()), file)
    with whole(to / "figures.ods") as file:
        write_ods(workbook(tables, figures.rows(), figures.revisions()), file)


def _write(path: Path, parts: Iterable[bytes]) -> None:
    with whole(path) as file:
        file.writelines(parts)
