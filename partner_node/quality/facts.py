"""Computes: what is remembered of a delivery, to know the next one's rows again: keyed hashes, and no value of a row.

event, unit   the keys under which the vault knows them (`vault/unit_key.py`)
content       HMAC over both and what counts of the row: equal contents of two rows have unequal hashes
month         HMAC over the month of the deciding date: which rows a delivery of that month should hold again
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from hmac import digest as hmac_digest
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from partner_node.delivery.values import EPOCH, Span
from partner_node.records import Marks, Records
from partner_node.vault.unit_key import KEY_BYTES
from protocol.digest import labelled
from protocol.words.geography import Level

MOST_MONTHS = 60  # that a delivery is judged by: five years; what is older is counted together
COLUMNS = ("event", "unit", "content", "month")
_MONTHS = 12
_EPOCH_YEAR = 1970


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class DeliveryFacts:
    """What is remembered of a delivery. covers: the days of which it should hold all rows.

    rows: one for each used row, in their order; COLUMNS, each 16 bytes.
    """

    delivered_on: date
    covers: Span
    rows: pl.DataFrame


def delivery_facts(records: Records, *, secret: bytes, delivered_on: date, covers: Span) -> DeliveryFacts:
    """Return what is to be remembered of these rows.

    secret: the node's, 32 bytes. Not promised: that rows of two geographies or covenants' code lists compare; in a
    year with new borders each row is another.
    """
    event = records.events.keys(np.arange(len(records.day)))
    unit = records.unit_key[records.unit]
    whole = np.hstack([event, unit, _contents(records).view(np.uint8).reshape(len(event), -1)])
    months = month_of(records.day)
    keys = {number: month_key(secret, number) for number in np.unique(months).tolist()}
    frame = {
        "event": list(_cells(event)),
        "unit": list(_cells(unit)),
        "content": _keyed(secret, whole),
        "month": [keys[number] for number in months.tolist()],
    }
    return DeliveryFacts(delivered_on, covers, pl.DataFrame(frame, schema=dict.fromkeys(COLUMNS, pl.Binary)))


def covered_days(records: Records, *, delivered_on: date) -> Span:
    """Return the days that a delivery seems to cover: from the first to the last month with rows, up to its own day."""
    months = month_of(records.day)
    last = min(last_day_of(int(months.max())), delivered_on)
    first = max(int(months.min()), month_number(last) - MOST_MONTHS + 1)
    return Span(first_day_of(first), last)


def month_of(day: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the month of each day, 0 for January 1970; int64, the same shape."""
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def month_number(day: date) -> int:
    """Return the month of a day, 0 for January 1970."""
    return (day.year - _EPOCH_YEAR) * _MONTHS + day.month - 1


def first_day_of(month: int) -> date:
    """Return the first day of a month."""
    return date(_EPOCH_YEAR + month // _MONTHS, month % _MONTHS + 1, 1)


def last_day_of(month: int) -> date:
    """Return the last day of a month."""
    first = first_day_of(month)
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def days_of(day: date) -> int:
    """Return a day as Records count it: days since 1970-01-01."""
    return day.toordinal() - EPOCH


def month_key(secret: bytes, month: int) -> bytes:
    """Return the key of a month; 16 bytes."""
    return hmac_digest(secret, labelled("delivery-month", str(month).encode()), "sha256")[:KEY_BYTES]


def _contents(records: Records) -> NDArray[np.int64]:
    """Return what counts of each row; int64, shape (rows, columns)."""
    columns: list[NDArray[Any]] = [records.day, *(records.areas[level] for level in Level)]
    columns += [records.counted[name] for name in sorted(records.counted)]
    columns += [records.amounts[name] for name in sorted(records.amounts)]
    columns += [_marked(name, records.marks[name], len(records.day)) for name in sorted(records.marks)]
    return np.ascontiguousarray(np.column_stack([column.astype(np.int64) for column in columns]))


def _marked(name: str, marks: Marks, rows: int) -> NDArray[np.int64]:
    """Return one number for the set of codes that each row carries: their sum, each code standing for 64 random bits.

    Two sets of a row's codes agree by chance once in 2^64.
    """
    most = int(marks.code.max(initial=-1)) + 1
    stands_for = [sha256(f"{name} {code}".encode()).digest()[:8] for code in range(most)]
    result = np.zeros(rows, dtype=np.uint64)
    np.add.at(result, marks.row, np.frombuffer(b"".join(stands_for), dtype=np.uint64)[marks.code])
    return result.view(np.int64)


def _keyed(secret: bytes, rows: NDArray[np.uint8]) -> list[bytes]:
    """Return the keyed hash of each row of bytes. All rows are equally long, so the label in front is enough."""
    label = labelled("delivery-content")
    return [hmac_digest(secret, label + row, "sha256")[:KEY_BYTES] for row in _cells(rows)]


def _cells(rows: NDArray[np.uint8]) -> Iterator[bytes]:
    body, width = np.ascontiguousarray(rows).tobytes(), rows.shape[1]
    return (body[start : start + width] for start in range(0, len(body), width))
