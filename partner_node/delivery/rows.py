"""Computes: the rows of one record type, batch by batch, as columns of numbers; faults are counted on the way.

A row is used when it has an event id, a readable deciding date and an area at some level. Of every other cell only
what is wrong with it is counted, and the row is used without it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from partner_node.delivery.addresses import joined_address
from partner_node.delivery.areas import Places
from partner_node.delivery.codes import CodeColumn
from partner_node.delivery.faults import REASONS, FaultTally, Reason
from partner_node.delivery.interned import Judge, hashes
from partner_node.delivery.mapping import Mapping as DeliveryMapping
from partner_node.delivery.mapping import RecordMapping, unit_columns
from partner_node.delivery.unit_ids import normalised_ids
from partner_node.delivery.units import Units, tally_own
from partner_node.delivery.values import Span, amount_judge, day_judge, flag_judge, other_day_judge
from partner_node.profiles.profile import ColumnKind, Profile, RecordType, Route
from protocol.words.code_list import CodeList
from protocol.words.ids import CodeListId

_UNKNOWN_DAY = REASONS.index(Reason.UNKNOWN_DAY)
# Room for so many rows is asked for at once: the system gives no page before it is written to, and numpy has it give
# large ones, which cost a fifth. Small columns would leave holes where they were.
_ROOM = 2**24
_ADDRESS = (ColumnKind.POSTCODE, ColumnKind.HOUSE_NUMBER, ColumnKind.ADDITION)


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Rows:
    """Usable rows of one record type. unit: a number of `Units`, or one of OWN_UNIT. place: a number of `Places`.

    event: 64 and 32 bits of hash of each row's event id. named: which rows have their event id in `event_ids`.
    numbers: by column, amounts (-1 for none) and flags. cells: by column of codes.
    """

    unit: NDArray[np.int32]
    event: tuple[NDArray[np.uint64], NDArray[np.uint32]]
    named: NDArray[np.bool_]
    event_ids: pl.Series
    day: NDArray[np.int32]
    place: NDArray[np.int32]
    numbers: Mapping[str, NDArray[np.int64]]
    cells: Mapping[str, NDArray[np.uint32]]

    def taken(self, keep: NDArray[np.bool_]) -> "Rows":
        """Return the rows to keep."""
        if keep.all():
            return self
        return Rows(
            self.unit[keep],
            (self.event[0][keep], self.event[1][keep]),
            self.named[keep],
            self.event_ids.filter(pl.Series(keep[self.named])),
            self.day[keep],
            self.place[keep],
            {name: values[keep] for name, values in self.numbers.items()},
            {name: values[keep] for name, values in self.cells.items()},
        )

    def without_hashes(self) -> "Rows":
        """Return the rows without what only finding doubles needs."""
        return replace(self, event=(np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.uint32)))


class GatheredRows:
    """The rows of one record type, batch after batch. One column at a time grows, so one is there twice at most."""

    def __init__(self) -> None:
        self._columns: dict[tuple[str, str], NDArray[Any]] = {}
        self._filled = 0
        self._event_ids: list[pl.Series] = []

    def add(self, rows: Rows) -> None:
        """Add a batch."""
        self._event_ids.append(rows.event_ids)
        single: dict[str, NDArray[Any]] = {
            "unit": rows.unit,
            "first": rows.event[0],
            "second": rows.event[1],
            "named": rows.named,
        }
        single |= {"day": rows.day, "place": rows.place}
        kinds: dict[str, Mapping[str, NDArray[Any]]] = {"": single, "number": rows.numbers, "cell": rows.cells}
        first, self._filled = self._filled, self._filled + len(rows.unit)
        for kind, columns in kinds.items():
            for name, values in columns.items():
                if (kind, name) not in self._columns:
                    self._columns[kind, name] = np.empty(_ROOM, dtype=values.dtype)
                column = self._columns[kind, name]
                if self._filled > len(column):  # not by `resize`: it copies too, into small pages
                    column = np.empty(max(self._filled, len(column) * 5 // 4), dtype=values.dtype)
                    column[:first] = self._columns[kind, name][:first]
                    self._columns[kind, name] = column
                column[first : self._filled] = values

    def whole(self) -> Rows:
        """Return all rows, in order."""
        of = {
            kind: {name: c[: self._filled] for (k, name), c in self._columns.items() if k == kind}
            for kind in ("", "number", "cell")
        }
        single = of[""]
        return Rows(
            single["unit"],
            (single["first"], single["second"]),
            single["named"],
            pl.concat(self._event_ids),
            single["day"],
            single["place"],
            of["number"],
            of["cell"],
        )


class RowReader:
    """Reads the batches of one record type; what a text means is decided once, for all its files."""

    def __init__(
        self,
        record: RecordType,
        mapping: DeliveryMapping,
        profile: Profile,
        *,
        lists: Mapping[CodeListId, CodeList],
        units: Units,
        places: Places,
        tally: FaultTally,
        today: date,
        span: Span | None,
        keeps_events: bool,
    ) -> None:
        self.record = record
        self._keeps_events = keeps_events
        self._mapped: RecordMapping = mapping.record[record.id]
        self._units, self._places, self._tally = units, places, tally
        self._unit_columns = unit_columns(record, mapping.route)
        form = mapping.dates or profile.date_form
        self._day = Judge(day_judge(form, today=today, span=span))
        self._address = Judge(places.address_judge)
        self._other: dict[str, Judge] = {}
        self._areas: dict[str, Judge] = {}
        self.codes: dict[str, CodeColumn] = {}
        for column in record.columns:
            values = self._mapped.values.get(column.name, {})
            if column.name not in self._mapped.columns or column.name == record.day:
                continue
            match column.kind:
                case ColumnKind.DATE:
                    self._other[column.name] = Judge(other_day_judge(form, today=today))
                case ColumnKind.AMOUNT:
                    self._other[column.name] = Judge(amount_judge(column.largest))
                case ColumnKind.FLAG:
                    self._other[column.name] = Judge(flag_judge(values))
                case ColumnKind.AREA:
                    self._areas[column.name] = Judge(places.code_judge(values))
                case ColumnKind.CODE:
                    found = [lists[name] for name in column.lists if name in lists]
                    separator = mapping.separator if column.several else None
                    self.codes[column.name] = CodeColumn(found, values=values, separator=separator)
                case _:
                    pass

    @property
    def headers(self) -> tuple[str, ...]:
        """The partner's columns that this record type reads."""
        return tuple(self._mapped.columns.values())

    def read(self, batch: pl.DataFrame, *, file: str) -> Rows:
        """Return the usable rows of one batch, and count its faults."""
        frame = batch.select(pl.col(header).alias(name) for name, header in self._mapped.columns.items())
        event = normalised_ids(frame[self.record.event].fill_null(""))
        used = (event != "").to_numpy()
        self._tally.add(file, self.record.event, Reason.EMPTY, int(np.count_nonzero(~used)))
        unit = self._unit(frame, file=file)
        days = self._day.numbers(frame[self.record.day])
        self._day.tally(days, self._tally, file=file, column=self.record.day)
        fault = self._day.faults.take(days)
        has_day = (fault < 0) | (fault == _UNKNOWN_DAY)
        day = self._day.values.take(days).astype(np.int32)
        place = self._place(frame, file=file)
        numbers = {}
        for name, judge in self._other.items():
            found = judge.numbers(frame[name])
            judge.tally(found, self._tally, file=file, column=name)
            if self.record.column(name).kind is not ColumnKind.DATE:
                numbers[name] = judge.values.take(found)
        cells = {}
        for name, column in self.codes.items():
            cells[name] = column.cells(column.numbers(frame[name]), day)
            # Without a day no list is valid: such a cell is not judged.
            column.tally(cells[name][has_day], self._tally, file=file, column=name)
        # The id of a row that is a unit of its own is the unit's.
        named = np.ones(len(unit), dtype=np.bool_) if self._keeps_events else unit < 0
        # Made anew where few are kept: what `filter` gives still holds the memory of all.
        event_ids = event if named.all() else pl.Series(event.filter(pl.Series(named)).to_list(), dtype=pl.String)
        first, second = hashes(event)
        rows = Rows(unit, (first, second.astype(np.uint32)), named, event_ids, day, place, numbers, cells)
        return rows.taken(used & has_day & (place > 0))

    def _unit(self, frame: pl.DataFrame, *, file: str) -> NDArray[np.int32]:
        if not self._unit_columns:
            return np.full(len(frame), -1, dtype=np.int32)
        by_address = self._units.route is Route.ADDRESS
        unit = self._units.numbers(self._address_of(frame) if by_address else frame[self._unit_columns[0]])
        # At the house number: what is wrong with the postcode is counted there, as a place, and a row once.
        named = self._named(ColumnKind.HOUSE_NUMBER) if by_address else None
        tally_own(unit, self._tally, file=file, column=named or self._unit_columns[0])
        return unit

    def _place(self, frame: pl.DataFrame, *, file: str) -> NDArray[np.int32]:
        """Return the place of each row: of its area codes, and of its address for the levels that they do not say."""
        columns = [(name, judge, frame[name]) for name, judge in self._areas.items()]
        postcode = self._named(ColumnKind.POSTCODE)
        if postcode is not None:
            columns.append((postcode, self._address, self._address_of(frame)))
        place = np.zeros(len(frame), dtype=np.int64)
        for at, (name, judge, column) in enumerate(columns):
            found = judge.numbers(column)
            judge.tally(found, self._tally, file=file, column=name)
            here = judge.values.take(found)
            place = self._places.merged(place, here) if at else here
        return place.astype(np.int32)

    def _address_of(self, frame: pl.DataFrame) -> pl.Series:
        return joined_address(frame, tuple(self._named(kind) for kind in _ADDRESS))

    def _named(self, kind: ColumnKind) -> str | None:
        """Return the mapped column of this kind, if there is one."""
        for column in self.record.of_kind(kind):
            if column.name in self._mapped.columns:
                return column.name
        return None
