"""Computes nothing: the usable rows of one delivery, as columns. The first shape that counts take; it never leaves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from protocol.words.geography import Level
from protocol.words.ids import CodeListId, MeasureId


class EventIds(Protocol):
    """The partner's own id of each row's event: what makes a row, delivered again, the same event."""

    def keys(self, rows: NDArray[np.intp]) -> NDArray[np.uint8]:
        """Return the event keys of these rows; uint8, shape (rows, 16). See `vault/unit_key.py`."""
        ...


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Marks:
    """The codes of one code list that rows carry; a row may carry none or several, each once.

    row: int64, shape (marks,), ascending. code: int64, shape (marks,), the code's place in the covenant's code list.
    """

    row: NDArray[np.int64]
    code: NDArray[np.int64]

    def __post_init__(self) -> None:
        self.row.setflags(write=False)
        self.code.setflags(write=False)


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Records:
    """One row for each usable record of a delivery, of all its files together; each event once.

    unit: int32, shape (rows,), 0 .. units - 1. unit_key: uint8, shape (units, 16), each once (`vault/unit_key.py`).
    day: int32, shape (rows,), days since 1970-01-01. areas: by level, read-only int32, shape (rows,), the area's place
    among `geography.codes_at(level)`, -1 where it is not known at that level. counted: by measure, bool, shape (rows,):
    which rows it counts. amounts: int64, shape (rows,), for measures of the kind `sum`. marks: by code list.
    keyed_by: what the unit keys were made of (`vault/keyed_by.py`); empty for made-up records.
    """

    unit: NDArray[np.int32]
    unit_key: NDArray[np.uint8]
    events: EventIds
    day: NDArray[np.int32]
    areas: Mapping[Level, NDArray[np.int32]]
    counted: Mapping[MeasureId, NDArray[np.bool_]]
    amounts: Mapping[MeasureId, NDArray[np.int64]]
    marks: Mapping[CodeListId, Marks]
    keyed_by: str = ""

    def __post_init__(self) -> None:
        for column in (self.unit, self.unit_key, self.day):
            column.setflags(write=False)
        for values in (*self.counted.values(), *self.amounts.values()):
            values.setflags(write=False)
