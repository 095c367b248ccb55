"""Computes: from records to what a READY freezes. Named steps, one file; `pipeline.py` goes on from there.

choose    a measure's rows of a period, each placed in a cell of the grid           records.py
new       without what earlier rounds knew (tables with late periods only)          DESIGN 5, lateness
bound     what each unit adds, within the study's bounds                            privacy/bounding.py
charge    what that costs each unit, and who stays under the cap                    privacy/filter.py
tabulate  x: the counts of those who stay, cut off at each table's public bound     privacy/tabulate.py

A unit's part in the result depends on its own records and what all could see, on nothing else (DESIGN 4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hmac import digest as hmac_digest
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from partner_node.records import Records
from partner_node.vault.book import Charges
from partner_node.vault.key_column import as_text, find
from partner_node.vault.seen import CountedCells, SeenEvents, SeenGroup
from partner_node.vault.unit_key import KEY_BYTES
from privacy.bounding import bound_events
from privacy.counts import CellCounts, Events, UnitCounts
from privacy.filter import admit, charges
from privacy.tabulate import side_by_side, tabulate
from privacy.terms import bound_of, table_charges
from protocol.digest import labelled
from protocol.round.member import Member
from protocol.study.grid import Segment
from protocol.study.measure import MeasureKind, Table
from protocol.study.study import Study
from protocol.words.ids import Digest
from protocol.words.period import Period, first_day, last_day

_Number = TypeVar("_Number", bound=np.generic)
EPOCH_ORDINAL = 719_163  # date(1970, 1, 1).toordinal(): days of `Records` count from there


class Known(Protocol):
    """What the vault knows of earlier rounds."""

    def spent(self, covenant_year: int, unit_key: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the nano-rho that each unit has spent in the year."""
        ...

    def seen_before(self, events: SeenEvents) -> NDArray[np.bool_]:
        """Return which events an earlier round knew."""
        ...

    def counted_before(self, group: SeenGroup) -> CountedCells:
        """Return what earlier rounds counted of a group."""
        ...


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Counted:
    """What a READY freezes. cells: x over the whole grid. charges: for its LOCK."""

    cells: CellCounts
    charges: Charges


def count(
    records: Records, member: Member, study_digest: Digest, period: Period, *, known: Known, secret: bytes
) -> Counted:
    """Return x and the charges of a round. secret: the node's, 32 bytes.

    Raises: YearClosed, and the refusals of bounding, filter and tabulation.
    """
    study, grid = member.study(study_digest), member.grid(study_digest, period)
    present, records = _compact(records, _days(grid.segments))
    tables: list[UnitCounts] = []
    marks: list[SeenEvents] = []
    counted: list[CountedCells] = []
    plans = study.tables_for(period)
    for table in plans:
        segments = [segment for segment in grid.segments if segment.table == table.id]
        if member.id in table.contributors:
            rows = _Rows(records, study, table, segments, present)
            chosen = rows.choose(known)
            tables.append(chosen.bounded(secret))
            marks += chosen.seen
            counted += chosen.counted(tables[-1])
        else:
            tables.append(_nothing(len(present), sum(segment.size for segment in segments)))
    whole = side_by_side(tuple(tables))
    charge = charges(whole, table_charges(study, member.covenant, grid))
    year = study.round_for(period).covenant_year
    admitted = admit(charge, known.spent(year, present), cap=member.covenant.party(member.id).yearly_cap)
    cells = [
        tabulate(part, admitted.stays, cell_bound=table.cell_bound).values
        for part, table in zip(tables, plans, strict=True)
    ]
    staying = [_of_units(cells_of, present[admitted.stays]) for cells_of in counted]
    return Counted(
        CellCounts(np.concatenate(cells)),
        Charges(year, present, charge * admitted.stays, tuple(marks), tuple(staying), records.keyed_by),
    )


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class _Rows:
    """One table's way to the rows of a delivery."""

    records: Records
    study: Study
    table: Table
    segments: Sequence[Segment]
    unit_key: NDArray[np.uint8]

    def choose(self, known: Known) -> "_Chosen":
        """Return the events of this table that no earlier round knew, each in its cell."""
        parts: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64] | None]] = []
        seen: list[SeenEvents] = []
        before: list[CountedCells] = []
        for segment in self.segments:
            mine = self._rows_of(segment.period)
            if self.table.lateness:
                group = SeenGroup(self.study.id, self.table.id, self.table.measure, segment.period)
                rows = np.flatnonzero(mine)
                keys = self.unit_key[self.records.unit[rows]]
                events = SeenEvents(group, keys, self.records.events.keys(rows))
                seen.append(events)
                before.append(known.counted_before(group))
                mine[rows[known.seen_before(events)]] = False
            parts.append(self._placed(mine, segment))
        units, cells, amounts = zip(*parts, strict=True)
        amount = None if amounts[0] is None else _joined(amounts)
        return _Chosen(self, _joined(units), _joined(cells), amount, tuple(seen), tuple(before))

    def _rows_of(self, period: Period) -> NDArray[np.bool_]:
        first, last = (day(period).toordinal() - EPOCH_ORDINAL for day in (first_day, last_day))
        day = self.records.day
        mine = day >= first
        mine &= day <= last
        mine &= self.records.counted[self.table.measure]
        return mine

    def _placed(
        self, mine: NDArray[np.bool_], segment: Segment
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64] | None]:
        """Return unit, cell in the table and amount of these rows: none without an area, one for each listed code."""
        area = self.records.areas[self.table.level]
        mine &= area >= 0
        if self.table.categories is None:
            rows: NDArray[np.bool_] | NDArray[np.int64] | slice = slice(None) if mine.all() else mine
            cells = area[rows]
        else:
            marks = self.records.marks[self.table.categories]
            marked = mine[marks.row]
            rows = marks.row[marked]
            cells = area[rows] * np.int32(len(segment.categories)) + marks.code[marked].astype(np.int32)
        if segment.first != self.segments[0].first:
            cells = cells + np.int32(segment.first - self.segments[0].first)
        is_sum = self.study.measure_of(self.table).kind is MeasureKind.SUM
        amount = self.records.amounts[self.table.measure][rows] if is_sum else None
        return self.records.unit[rows], cells, amount


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class _Chosen:
    """Events of one table, as `Events` has them; cells in the table. before: what was counted, by segment."""

    of: _Rows
    unit: NDArray[np.int32]
    cells: NDArray[np.int32]
    amount: NDArray[np.int64] | None
    seen: tuple[SeenEvents, ...]
    before: tuple[CountedCells, ...]

    def bounded(self, secret: bytes) -> UnitCounts:
        """Return what each unit adds to this table, beside what it added in earlier rounds."""
        of = self.of
        keys = np.ascontiguousarray(of.unit_key).view("<u8").astype(np.uint64)
        size = sum(segment.size for segment in of.segments)
        bound = bound_of(of.study, of.table, categories=len(of.segments[0].categories))
        # One key for a table as long as it lives: a late event must find its unit's earlier cells kept.
        label = labelled("bound", of.study.id.encode("ascii"), of.table.id.encode("ascii"))
        hash_key = hmac_digest(secret, label, "sha256")[:16]
        earlier = self._earlier(size) if self.before else None
        return bound_events(Events(self.unit, self.cells, self.amount, keys, size), bound, hash_key, counted=earlier)

    def _earlier(self, size: int) -> UnitCounts:
        of = self.of
        order = np.argsort(as_text(of.unit_key))
        known = as_text(of.unit_key)[order].tobytes()
        units, cells, amounts = [], [], []
        for segment, before in zip(of.segments, self.before, strict=True):
            places = {name: place for place, name in enumerate(_cell_names(segment))}
            cell = np.array([places.get(name, -1) for name in before.cell], dtype=np.int64)
            place, found = find(known, KEY_BYTES, as_text(before.unit_key))
            mine = found & (cell >= 0)
            units.append(order[place[mine]].astype(np.int64))
            cells.append(cell[mine] + (segment.first - of.segments[0].first))
            amounts.append(before.amount[mine])
        unit, cell, amount = (np.concatenate(part) for part in (units, cells, amounts))
        sort = np.lexsort((cell, unit))
        return UnitCounts(unit[sort], cell[sort], amount[sort], units=len(of.unit_key), cells=size)

    def counted(self, added: UnitCounts) -> list[CountedCells]:
        """Return what the LOCK will remember as counted, by segment; nothing for a table without late periods."""
        result: list[CountedCells] = []
        for segment, events in zip(self.of.segments, self.seen, strict=False):
            start = segment.first - self.of.segments[0].first
            mine = (added.cell >= start) & (added.cell < start + segment.size)
            names = _cell_names(segment)
            cell = tuple(names[place] for place in (added.cell[mine] - start).tolist())
            keys = np.ascontiguousarray(self.of.unit_key[added.unit[mine]])
            result.append(CountedCells(events.group, keys, cell, added.amount[mine].astype(np.int64)))
        return result


def _cell_names(segment: Segment) -> tuple[str, ...]:
    return tuple(
        area if category is None else f"{area}/{category}" for area in segment.areas for category in segment.categories
    )


def _days(segments: Sequence[Segment]) -> tuple[int, int]:
    """Return the first and last day of a round's periods, as `Records` counts days."""
    first = min(first_day(segment.period) for segment in segments)
    last = max(last_day(segment.period) for segment in segments)
    return first.toordinal() - EPOCH_ORDINAL, last.toordinal() - EPOCH_ORDINAL


def _compact(records: Records, days: tuple[int, int]) -> tuple[NDArray[np.uint8], Records]:
    """Return the keys of the units with a row in these days, and the records with units numbered among them."""
    within = (records.day >= days[0]) & (records.day <= days[1])
    present = np.zeros(len(records.unit_key), dtype=np.bool_)
    present[records.unit[within]] = True
    if present.all():
        return records.unit_key, records
    number = np.cumsum(present, dtype=np.int32) - np.int32(1)  # of a unit outside these days: in no period, never used
    keys = np.ascontiguousarray(records.unit_key[present])
    unit = np.where(within, number[records.unit], np.int32(0))
    return keys, Records(
        unit=unit,
        unit_key=keys,
        events=records.events,
        day=records.day,
        areas=records.areas,
        counted=records.counted,
        amounts=records.amounts,
        marks=records.marks,
        keyed_by=records.keyed_by,
    )


def _joined(columns: Sequence[NDArray[_Number]]) -> NDArray[_Number]:
    """Return one column; that of a single segment as it is, since a copy of ten million rows is dear."""
    return columns[0] if len(columns) == 1 else np.concatenate(columns)


def _of_units(cells: CountedCells, unit_key: NDArray[np.uint8]) -> CountedCells:
    """Return only what these units added: who was left out of the round was not counted."""
    staying = np.isin(as_text(cells.unit_key), as_text(unit_key))
    chosen = tuple(cell for cell, stays in zip(cells.cell, staying.tolist(), strict=True) if stays)
    return CountedCells(cells.group, cells.unit_key[staying], chosen, cells.amount[staying])


def _nothing(units: int, cells: int) -> UnitCounts:
    empty = np.zeros(0, dtype=np.int64)
    return UnitCounts(empty, empty.copy(), empty.copy(), units=units, cells=cells)
