"""Computes: the quality report of a delivery: counts and levels, and never a value of a row. It stays at the partner.

No message, log entry or ledger accepts it (DESIGN 9); a test scans a round for it (TESTS D15).
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np

from partner_node.delivery.delivery import Delivery
from partner_node.delivery.faults import Reason
from partner_node.delivery.mapping import Mapping as DeliveryMapping
from partner_node.delivery.mapping import record_of, shown, unit_columns
from partner_node.delivery.values import Span
from partner_node.errors import DeliveryRefusal
from partner_node.profiles.profile import Column, ColumnKind, Profile, RecordType, Route
from partner_node.quality.change import Change
from partner_node.quality.coverage import MonthRows, month_rows
from partner_node.quality.facts import covered_days, days_of
from partner_node.quality.findings import (
    AreaRows,
    ColumnRows,
    DelayRows,
    FaultRows,
    FileRows,
    QualityReport,
    Score,
    UnitRows,
)
from partner_node.quality.levels import Dimension, Share, level_of_wait, lowest
from partner_node.records import Records
from protocol.words.geography import Level

DELAYS = (7, 31, 92, 183, 365)  # days: a week, a month, a quarter, half a year, a year; then more
_FINEST = (Level.BUURT, Level.WIJK, Level.PC4, Level.GEMEENTE)
_DOUBLED = (Reason.DOUBLED, Reason.DOUBLED_OTHERWISE)
_OWN = (Reason.EMPTY, Reason.DUMMY_UNIT, Reason.INSTITUTION)


class WrongCover(DeliveryRefusal):
    """Days that a delivery is said to cover, of which the last comes before the first."""


def quality_report(
    delivery: Delivery,
    profile: Profile,
    mapping: DeliveryMapping,
    *,
    delivered_on: date,
    covers: Span | None = None,
    change: Change | None = None,
) -> QualityReport:
    """Return the quality report of a delivery that was read by this profile and mapping.

    covers: the days of which the delivery should hold all rows; without, from the first to the last month with rows.
    Rows of other days are late ones: they are used, and coverage does not judge their months.
    Raises: WrongCover.
    """
    covers = covers or covered_days(delivery.records, delivered_on=delivered_on)
    if covers.last < covers.first:
        raise WrongCover(got="a last day before the first", wanted="two days in order", act="mend the days it covers")
    by_record = _by_record(delivery, mapping)
    files = tuple(_files(delivery, mapping))
    columns = tuple(_columns(delivery, profile, mapping, by_record))
    units = _units(delivery, profile, mapping, by_record)
    areas = _areas(delivery.records)
    months = month_rows(delivery, by_record, covers=covers, delivered_on=delivered_on)
    waited = max(0, (delivered_on - covers.last).days)
    levels = {
        Dimension.COMPLETENESS: _completeness(files, columns),
        Dimension.TIMELINESS: _timeliness(waited, len(delivery.records.day), change),
        Dimension.AREA: Share(areas[0].rows, sum(area.rows for area in areas)).level,
        Dimension.UNIT: Share(units.shared, units.rows).level,
        Dimension.CODES: _codes(columns),
        Dimension.COVERAGE: _coverage(months),
        Dimension.CHANGE: None if change is None else _change(change),
    }
    return QualityReport(
        profile.id,
        str(delivery.route),
        delivered_on,
        covers.first,
        covers.last,
        waited,
        tuple(Score(dimension, level) for dimension, level in levels.items()),
        files,
        columns,
        tuple(
            FaultRows(shown(key.file), key.column, str(key.reason), rows) for key, rows in delivery.faults.rows.items()
        ),
        areas,
        units,
        _delays(delivery.records, delivered_on),
        months,
        change,
    )


def _by_record(delivery: Delivery, mapping: DeliveryMapping) -> Mapping[str, tuple[str, ...]]:
    """Return the files of each record type, in the order in which their rows stand in Records."""
    found: dict[str, tuple[str, ...]] = {}
    for file in delivery.used:
        record = record_of(file, mapping)
        found[record] = (*found.get(record, ()), file)
    return found


def _files(delivery: Delivery, mapping: DeliveryMapping) -> Iterator[FileRows]:
    doubled = Counter[str]()
    for key, rows in delivery.faults.rows.items():
        doubled[key.file] += rows if key.reason in _DOUBLED else 0
    for file, read in delivery.read.items():
        used = delivery.used[file]
        yield FileRows(shown(file), record_of(file, mapping), read, used, doubled[file], read - used - doubled[file])


def _columns(
    delivery: Delivery, profile: Profile, mapping: DeliveryMapping, by_record: Mapping[str, tuple[str, ...]]
) -> Iterator[ColumnRows]:
    """Yield the columns that were judged: those that count, place or tell apart."""
    for name, files in by_record.items():
        record, headers = profile.record(name), mapping.record[name].columns
        rows = sum(delivery.read[file] for file in files)
        for column in record.columns:
            if column.name in headers and _is_judged(column, record, mapping.route):
                faults = _faults(delivery, files, column.name)
                wrong = sum(faults.values()) - faults[Reason.EMPTY] - sum(faults[reason] for reason in _DOUBLED)
                is_code = column.kind is ColumnKind.CODE
                header = shown(headers[column.name])
                yield ColumnRows(name, column.name, header, is_code, rows, faults[Reason.EMPTY], wrong)


def _is_judged(column: Column, record: RecordType, route: Route) -> bool:
    if column.kind in {ColumnKind.ID, ColumnKind.HOUSE_NUMBER}:
        return column.name == record.event or column.name in unit_columns(record, route)
    return column.kind is not ColumnKind.ADDITION


def _faults(delivery: Delivery, files: tuple[str, ...], column: str) -> Counter[Reason]:
    found = Counter[Reason]()
    for key, rows in delivery.faults.rows.items():
        if key.file in files and key.column == column:
            found[key.reason] += rows
    return found


def _units(
    delivery: Delivery, profile: Profile, mapping: DeliveryMapping, by_record: Mapping[str, tuple[str, ...]]
) -> UnitRows:
    own = Counter[Reason]()
    no_route = 0
    for name, files in by_record.items():
        record = profile.record(name)
        columns = unit_columns(record, mapping.route)
        if mapping.route is Route.ADDRESS:
            columns = tuple(column for column in columns if record.column(column).kind is ColumnKind.HOUSE_NUMBER)
        no_route += 0 if columns else sum(delivery.read[file] for file in files)
        for column in columns:
            own.update(_faults(delivery, files, column))
    rows = sum(delivery.read.values())
    empty, dummy, institution = (own[reason] for reason in _OWN)
    return UnitRows(rows, rows - empty - dummy - institution - no_route, empty, dummy, institution, no_route)


def _areas(records: Records) -> tuple[AreaRows, ...]:
    left = np.ones(len(records.day), dtype=bool)
    found = []
    for level in _FINEST:
        here = left & (records.areas[level] >= 0)
        found.append(AreaRows(str(level), int(np.count_nonzero(here))))
        left &= ~here
    return tuple(found)


def _delays(records: Records, delivered_on: date) -> tuple[DelayRows, ...]:
    waited = days_of(delivered_on) - records.day
    rows = np.bincount(np.searchsorted(DELAYS, waited), minlength=len(DELAYS) + 1).tolist()
    return tuple(DelayRows(most, count) for most, count in zip((*DELAYS, None), rows, strict=True))


def _completeness(files: tuple[FileRows, ...], columns: tuple[ColumnRows, ...]) -> int | None:
    """Judge the usable rows of the worst file, and the filled cells of all columns together."""
    cells = sum(each.rows for each in columns)
    filled = Share(cells - sum(each.empty for each in columns), cells)
    return lowest(filled.level, *(Share(each.read - each.unused, each.read).level for each in files))


def _coverage(months: tuple[MonthRows, ...]) -> int | None:
    """Judge the months that are neither empty nor strikingly low, of those that the delivery covers whole."""
    judged = [month for month in months if month.is_judged]
    return Share(sum(not month.is_striking for month in judged), len(judged)).level


def _timeliness(waited_days: int, rows: int, change: Change | None) -> int | None:
    """Judge the day of the delivery, and how many of all rows the last one should have held."""
    late = None if change is None else Share(rows - change.late, rows).level
    return lowest(level_of_wait(waited_days), late)


def _codes(columns: tuple[ColumnRows, ...]) -> int | None:
    """Judge the filled cells of the worst column of codes."""
    filled = [(each.rows - each.empty, each.wrong) for each in columns if each.is_code]
    return lowest(*(Share(rows - wrong, rows).level for rows, wrong in filled))


def _change(change: Change) -> int | None:
    """Judge how much of the last delivery is still there as it was."""
    return Share(change.same, change.same + change.changed + change.gone).level
