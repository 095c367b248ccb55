"""Computes: from the files of a partner to `Records`, with every fault counted by reason.

Nothing is half-counted: what is wrong with the delivery as a whole is refused before there are Records.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from partner_node.delivery.addresses import PART
from partner_node.delivery.areas import AreaTable, PlacedAreas, Places
from partner_node.delivery.checks import check_columns, check_files, check_ids, check_rows
from partner_node.delivery.events import Contents, DeliveredEvents, ForgottenEvents, find_doubled
from partner_node.delivery.faults import Faults, FaultTally, Reason
from partner_node.delivery.mapping import Mapping as DeliveryMapping
from partner_node.delivery.mapping import check_mapping, mapped_keys
from partner_node.delivery.rows import GatheredRows, RowReader, Rows
from partner_node.delivery.unit_ids import id_column, normalised_id
from partner_node.delivery.units import Units
from partner_node.delivery.values import Span
from partner_node.profiles.profile import Condition, Profile, ProfileMeasure, Route
from partner_node.records import EventIds, Marks, Records
from partner_node.sources.source import Source
from partner_node.vault.unit_key import unit_keys
from protocol.study.measure import MeasureKind
from protocol.words.code_list import CodeList
from protocol.words.geography import Geography
from protocol.words.ids import CodeListId

_Number = TypeVar("_Number", bound=np.generic)
_KEYS_AT_ONCE = 2**16


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Delivery:
    """What was read. read: rows of each file; used: those of them that are in `records`. route: what a unit is here."""

    records: Records
    faults: Faults
    read: Mapping[str, int]
    used: Mapping[str, int]
    route: Route


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class _Section:
    """The rows of one record type, each event once. read, used: rows of each of its files.

    without_rows: the files of which no row is usable; that a file repeats another is no fault of it.
    """

    reader: RowReader
    rows: Rows
    read: Mapping[str, int]
    used: Mapping[str, int]
    without_rows: tuple[str, ...]


def read_delivery(
    sources: Sequence[Source],
    profile: Profile,
    mapping: DeliveryMapping,
    geography: Geography,
    code_lists: Sequence[CodeList],
    *,
    area_table: AreaTable,
    secret: bytes,
    today: date,
    span: Span | None = None,
    keeps_events: bool = True,
) -> Delivery:
    """Return the usable rows of a delivery as Records.

    code_lists: those of the covenant that this profile's columns carry; a list that is not among them is not read.
    secret: the node's, 32 bytes. span: the days that the partner says the delivery covers, both included.
    keeps_events: whether a table with late periods will ask for event keys; without, event ids take no memory.
    What a unit's rows become depends on its own rows and the arguments only.
    Raises: DeliveryRefusal, several together as Refusals.
    """
    check_mapping(mapping, profile)
    files = check_files(sources, mapping)
    check_columns(files, mapping)
    check_ids(files, profile, mapping)
    dummy_ids = frozenset(normalised_id(text) for text in mapping.dummy_ids)
    units = Units(mapping.route, dummy_ids=dummy_ids, institutions=area_table.institutions)
    places = Places(geography, area_table)
    tally = FaultTally()
    lists = {each.id: each for each in code_lists}
    sections: list[_Section] = []
    for record in profile.records:
        if record.id in files:
            reader = RowReader(
                record,
                mapping,
                profile,
                lists=lists,
                units=units,
                places=places,
                tally=tally,
                today=today,
                span=span,
                keeps_events=keeps_events,
            )
            sections.append(_section(reader, files[record.id], places, tally))
    read = {file: rows for section in sections for file, rows in section.read.items()}
    used = {file: rows for section in sections for file, rows in section.used.items()}
    check_rows([file for section in sections for file in section.without_rows])
    unit, texts = _units(sections, units)
    named = [(section.reader.record.id, section.rows.event_ids) for section in sections]
    events = DeliveredEvents(secret, named) if keeps_events else ForgottenEvents()
    records = _records(
        sections,
        profile,
        places,
        unit=unit,
        unit_key=_keys(secret, texts),
        events=events,
        keyed_by=mapped_keys(mapping, profile),
    )
    return Delivery(records, tally.faults(), read, used, mapping.route)


def _section(reader: RowReader, sources: Sequence[Source], places: Places, tally: FaultTally) -> _Section:
    """Read the files of one record type, and keep each event of a unit once."""
    gathered = GatheredRows()
    read, usable, used = (dict.fromkeys((source.name for source in sources), 0) for _ in range(3))
    for source in sources:
        for batch in source.batches(reader.headers):
            read[source.name] += len(batch)
            part = reader.read(batch, file=source.name)
            gathered.add(part)
            usable[source.name] += len(part.unit)
    if not any(read.values()):  # `check_ids` saw rows: a damaged file has them in some of its columns only
        check_rows(list(read))
    rows = gathered.whole()
    doubled = find_doubled(_beside_own(rows.unit), rows.event, _contents(reader, rows, places))
    dropped = doubled.same | doubled.otherwise
    end = 0
    for name, many in usable.items():  # the rows of a file stand together
        first, end = end, end + many
        used[name] = many - int(np.count_nonzero(dropped[first:end]))
        for reason, found in ((Reason.DOUBLED, doubled.same), (Reason.DOUBLED_OTHERWISE, doubled.otherwise)):
            tally.add(name, reader.record.event, reason, int(np.count_nonzero(found[first:end])))
    without_rows = tuple(name for name, many in usable.items() if not many)
    return _Section(reader, rows.taken(~dropped).without_hashes(), read, used, without_rows)


def _beside_own(unit: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return units with -1 for each of its own: numbers below say why it is one; to its event all are one."""
    return unit.clip(min=-1) if unit.min(initial=0) < -1 else unit


def _contents(reader: RowReader, rows: Rows, places: Places) -> Contents:
    """Return what says the contents of some rows, for `find_doubled`."""

    def contents(chosen: NDArray[np.intp]) -> Iterator[NDArray[np.int64]]:
        yield rows.day[chosen].astype(np.int64)
        yield from places.indexes()[rows.place[chosen]].astype(np.int64).T
        yield from (values[chosen] for values in rows.numbers.values())
        yield from (reader.codes[name].ranks()[cells[chosen]] for name, cells in rows.cells.items())

    return contents


def _records(
    sections: Sequence[_Section],
    profile: Profile,
    places: Places,
    *,
    unit: NDArray[np.int32],
    unit_key: NDArray[np.uint8],
    events: EventIds,
    keyed_by: str,
) -> Records:
    """Put the record types one after another."""
    counted = {}
    rows_of: dict[tuple[str, tuple[Condition, ...], str | None], NDArray[np.bool_]] = {}
    amounts = {}
    for measure in profile.measures:
        if any(section.reader.record.id == measure.record for section in sections):
            # Measures that count the same rows share one array.
            which = (measure.record, measure.only, measure.amount)
            if which not in rows_of:
                rows_of[which] = _column([_counted(section, measure) for section in sections])
            counted[measure.id] = rows_of[which]
            if measure.kind is MeasureKind.SUM:
                amounts[measure.id] = _column([_amounts(section, measure) for section in sections])
    return Records(
        unit=unit,
        unit_key=unit_key,
        events=events,
        day=_column([section.rows.day for section in sections]),
        areas=PlacedAreas(places.indexes(), _column([section.rows.place for section in sections])),
        counted=counted,
        amounts=amounts,
        marks=_marks(sections),
        keyed_by=keyed_by,
    )


def _units(sections: Sequence[_Section], units: Units) -> tuple[NDArray[np.int32], pl.Series]:
    """Return each row's unit, 0 and up without gaps, and the unit ids: first those that rows share, then the others."""
    raw = _column([section.rows.unit for section in sections])
    shared = raw >= 0
    present = np.zeros(units.size, dtype=np.bool_)
    # An event id is a row's own within its record type, so a unit of one row is known again in the next delivery.
    own = [
        f"own{PART}{section.reader.record.id}{PART}"
        + section.rows.event_ids.filter(pl.Series(section.rows.unit[section.rows.named] < 0))
        for section in sections
    ]
    if shared.all():
        present[raw] = True
        if present.all():
            return raw, units.texts(present)
    present[raw[shared]] = True
    dense = np.cumsum(present, dtype=np.int32) - np.int32(1)
    unit = np.empty(len(raw), dtype=np.int32)
    unit[shared] = dense[raw[shared]]
    unit[~shared] = np.arange(np.count_nonzero(~shared)) + np.count_nonzero(present)
    return unit, pl.concat([units.texts(present), *own])


def _keys(secret: bytes, texts: pl.Series) -> NDArray[np.uint8]:
    """Return the key of each unit, made of some of them at once: all ids as one text would take fresh memory thrice."""
    firsts = range(0, len(texts), _KEYS_AT_ONCE)
    parts = (unit_keys(secret, id_column(texts.slice(first, _KEYS_AT_ONCE))) for first in firsts)
    return np.concatenate([unit_keys(secret, []), *parts])


def _column(parts: Sequence[NDArray[_Number]]) -> NDArray[_Number]:
    """Return one column; that of a single record type as it is, since a copy of ten million rows is dear."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _counted(section: _Section, measure: ProfileMeasure) -> NDArray[np.bool_]:
    """Tell which rows of a record type a measure counts."""
    rows, reader = section.rows, section.reader
    all_rows, no_row = (np.broadcast_to(np.bool_(is_one), len(rows.unit)) for is_one in (True, False))  # take no memory
    if reader.record.id != measure.record or (measure.amount is not None and measure.amount not in rows.numbers):
        return no_row
    counted = all_rows
    for condition in measure.only:
        if condition.column in rows.cells:
            column = reader.codes[condition.column]
            counted = counted & column.has_any(frozenset(condition.codes))[rows.cells[condition.column]]
        else:
            counted = counted & (rows.numbers[condition.column] == 1) if condition.column in rows.numbers else no_row
    return counted if measure.amount is None else counted & (rows.numbers[measure.amount] >= 0)


def _amounts(section: _Section, measure: ProfileMeasure) -> NDArray[np.int64]:
    """Return the amounts that a measure adds."""
    rows = section.rows
    if section.reader.record.id != measure.record or measure.amount is None or measure.amount not in rows.numbers:
        return np.broadcast_to(np.int64(0), len(rows.unit))
    return rows.numbers[measure.amount].clip(min=0)


def _marks(sections: Sequence[_Section]) -> dict[CodeListId, Marks]:
    """Return the codes of all rows by list."""
    found: dict[CodeListId, list[Marks]] = {}
    first = 0
    for section in sections:
        for name, cells in section.rows.cells.items():
            for listed, marks in section.reader.codes[name].marks(cells).items():
                found.setdefault(listed, []).append(Marks(row=marks.row + first, code=marks.code))
        first += len(section.rows.unit)
    return {
        name: Marks(row=np.concatenate([each.row for each in many]), code=np.concatenate([each.code for each in many]))
        for name, many in sorted(found.items())
    }
