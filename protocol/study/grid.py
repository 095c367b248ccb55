"""Computes: the grid, all cells of a round in one public, fixed order that no data can change.

The order: tables by id; within a table the period itself and then its L earlier ones; within those the areas by code;
within those the categories by code. A cell's index is arithmetic: nothing of the size of the grid is stored.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from protocol.covenant.covenant import Covenant
from protocol.digest import digest_of, labelled
from protocol.errors import AgreementRefusal
from protocol.study.model import StepTable
from protocol.study.study import Study
from protocol.wire import canonical
from protocol.words.code_list import CodeList
from protocol.words.geography import AreaCode, Geography
from protocol.words.ids import Code, CodeListId, Digest, TableId
from protocol.words.period import Period, earlier, is_period

MAX_CELLS = 1 << 24  # 64 MiB of 32-bit cells, the default size limit of an upload


class WrongGeography(AgreementRefusal):
    """A geography or code list that is not the one the covenant pins."""


class GridTooLarge(AgreementRefusal):
    """More cells than one upload may hold."""


class UnknownCell(AgreementRefusal):
    """A cell, or a cell's index, that is not in the grid."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: what is counted, when, where, and in which category (None for a table without categories)."""

    table: TableId
    period: Period
    area: AreaCode
    category: Code | None


@dataclass(frozen=True, slots=True)
class Segment:
    """The cells of one table and one period: areas x categories from `first` on."""

    table: TableId
    period: Period
    first: int
    areas: tuple[AreaCode, ...]
    categories: tuple[Code | None, ...]

    @property
    def size(self) -> int:
        """How many cells."""
        return len(self.areas) * len(self.categories)

    def column_of(self, category: Code | None) -> int | None:
        """Return the place of a category among those of this table, or None when it has no such category."""
        if category is None:
            return 0 if self.categories == (None,) else None
        return _place([code for code in self.categories if code is not None], category)


@dataclass(frozen=True)
class Grid:
    """The segments of a round, one after another without gaps."""

    segments: tuple[Segment, ...]

    @cached_property
    def size(self) -> int:
        """How many cells in all."""
        return sum(segment.size for segment in self.segments)

    @cached_property
    def digest(self) -> Digest:
        """The SHA-256 that names this grid: every cell and its place."""
        tree = [
            [segment.table, segment.period, list(segment.areas), list(segment.categories)] for segment in self.segments
        ]
        return Digest(labelled("grid", canonical(tree)).hex())

    @cached_property
    def _by_name(self) -> dict[tuple[TableId, Period], Segment]:
        return {(segment.table, segment.period): segment for segment in self.segments}

    @cached_property
    def _firsts(self) -> tuple[int, ...]:
        return tuple(segment.first for segment in self.segments)

    def segment(self, table: TableId, period: Period) -> Segment:
        """Return the segment of a table and period.

        Raises: UnknownCell.
        """
        found = self._by_name.get((table, period))
        if found is None:
            raise _unknown(f"table {table} in period {period if is_period(period) else 'of no known form'}")
        return found

    def index(self, cell: Cell) -> int:
        """Return the place of a cell, 0 .. size - 1.

        Raises: UnknownCell.
        """
        segment = self.segment(cell.table, cell.period)
        row = _place(segment.areas, cell.area)
        column = segment.column_of(cell.category)
        if row is None or column is None:
            raise _unknown(f"an area or category that table {cell.table} does not have")
        return segment.first + row * len(segment.categories) + column

    def cell(self, index: int) -> Cell:
        """Return the cell at a place.

        Raises: UnknownCell.
        """
        if not 0 <= index < self.size:
            raise _unknown("an index outside the grid")
        segment = self.segments[bisect_right(self._firsts, index) - 1]
        row, column = divmod(index - segment.first, len(segment.categories))
        return Cell(segment.table, segment.period, segment.areas[row], segment.categories[column])

    def cells(self) -> Iterator[Cell]:
        """Yield every cell in order."""
        for segment in self.segments:
            for area in segment.areas:
                for category in segment.categories:
                    yield Cell(segment.table, segment.period, area, category)


def build_grid(
    study: Study,
    period: Period,
    *,
    covenant: Covenant,
    geography: Geography,
    code_lists: Sequence[CodeList],
) -> Grid:
    """Return the grid of one round of a study that `check_study` accepted.

    Raises: WrongGeography, GridTooLarge, UnknownPeriod.
    """
    study.round_for(period)
    _check_pins(covenant, geography, code_lists)
    codes = {code_list.id: code_list.codes for code_list in code_lists}
    segments: list[Segment] = []
    first = 0
    for table in study.tables_for(period):
        areas = geography.codes_at(table.level)
        if not areas:
            raise WrongGeography(
                got=f"no {table.level} in geography {geography.id} for table {table.id}",
                wanted="areas of every level that a table uses",
                act="the coordinator must choose another level or geography",
            )
        categories: tuple[Code | None, ...] = (None,) if table.categories is None else codes[table.categories]
        if isinstance(table, StepTable):
            # A model is of the whole geography; its cells stand under the first area, so that each has one name.
            segments.append(Segment(table.id, period, first, areas[:1], study.model_of(table).cells(table)))
            first += segments[-1].size
            continue
        for step in range(table.lateness + 1):
            segments.append(Segment(table.id, earlier(period, step), first, areas, categories))
            first += segments[-1].size
    if first > MAX_CELLS:
        raise GridTooLarge(
            got=f"{first} cells",
            wanted=f"at most {MAX_CELLS}",
            act="the coordinator must take coarser levels, fewer categories or a second study",
        )
    return Grid(tuple(segments))


def _check_pins(covenant: Covenant, geography: Geography, code_lists: Sequence[CodeList]) -> None:
    got: Mapping[str, Digest] = {code_list.id: digest_of(code_list) for code_list in code_lists}
    wanted: dict[CodeListId, Digest] = {pin.id: pin.digest for pin in covenant.code_lists}
    if (geography.id, digest_of(geography)) != (covenant.geography.id, covenant.geography.digest) or got != wanted:
        raise WrongGeography(
            got="a geography or code lists with other digests",
            wanted=f"those that covenant {covenant.id} version {covenant.version} pins",
            act="the party must fetch the files again; if they still differ, the coordinator must say why",
        )


def _place(sorted_names: Sequence[str], name: str) -> int | None:
    place = bisect_left(sorted_names, name)
    return place if place < len(sorted_names) and sorted_names[place] == name else None


def _unknown(what: str) -> UnknownCell:
    return UnknownCell(got=what, wanted="a cell of the grid", act="the caller must use the grid of this round")
