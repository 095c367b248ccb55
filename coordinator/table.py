"""Computes: a release as rows of one table for readers: areas down, figures with their margins across.

A cell is a value with its margin, or words that say why there is none; it is never empty and never a zero in disguise.
"""

from dataclasses import dataclass

from privacy.precision import half_width
from protocol.covenant.covenant import Covenant
from protocol.release import NotShown, Release
from protocol.study.grid import Grid
from protocol.study.measure import Table
from protocol.study.study import Study
from protocol.words.geography import Geography


@dataclass(frozen=True, slots=True)
class Figure:
    """A released value and its 95 % margin for noise: value - margin to value + margin. Not shown: why."""

    value: int | None
    margin: int | None
    not_shown: NotShown | None


@dataclass(frozen=True, slots=True)
class Row:
    """One area with its figures, one a column."""

    code: str
    name: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class ReaderTable:
    """One level and period of a release. sources, questions: of each column, who counted what."""

    title: str
    period: str
    sources: tuple[str, ...]
    questions: tuple[str, ...]
    rows: tuple[Row, ...]


def reader_table(
    release: Release, *, study: Study, covenant: Covenant, grid: Grid, geography: Geography
) -> ReaderTable:
    """Return the tables of the release's own period that have no categories, side by side; all at one level.

    Not promised: an interval for chance or for what was not registered; the margin is that of the noise alone.
    """
    names = {area.code: area.name for area in geography.areas}
    released = [table for table in release.tables if table.period == release.period]
    segments = [grid.segment(table.table, table.period) for table in released]
    plain = [
        (table, segment)
        for table, segment in zip(released, segments, strict=True)
        if segment.categories == (None,) and segment.areas == segments[0].areas
    ]
    columns = []
    for table, _ in plain:
        margin = None if table.variance is None else half_width(table.variance.fraction)
        columns.append(
            [Figure(cell.value, margin if cell.value is not None else None, cell.not_shown) for cell in table.cells]
        )
    rows = tuple(
        Row(code, names[code], tuple(column[place] for column in columns))
        for place, code in enumerate(segments[0].areas)
    )
    questions = tuple(str(study.measure_of(study.table(table.table)).question) for table, _ in plain)
    sources = tuple(_source(study.table(table.table), covenant) for table, _ in plain)
    return ReaderTable(study.title, str(release.period), sources, questions, rows)


def _source(table: Table, covenant: Covenant) -> str:
    return ", ".join(covenant.party(party).name for party in table.contributors)
