"""Computes: each event of a unit once. An event that several units share stays with each of them: it couples nobody.

Of rows with one event id and one unit the latest day is used; among those the greatest contents, in an order that
knows codes and numbers but not where a row stands. So the order of rows and of files never decides.

An event id is known again by 96 bits of hash, so that its text need not stay in memory: among 10^8 ids the chance that
two share them is below 2^-43.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from partner_node.delivery.addresses import PART
from partner_node.errors import DeliveryRefusal
from partner_node.vault.unit_key import event_keys

Contents = Callable[[NDArray[np.intp]], Iterable[NDArray[np.int64]]]
_BLOCK_ROWS = 2**16  # rows looked at together: their columns stay in a core's cache
_MARK_BITS = 24  # a table of 16 MiB stays in a processor's cache
_MARK_MASK = np.uint32((1 << _MARK_BITS) - 1)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: neighbouring units land far apart


class EventsNotKept(DeliveryRefusal):
    """Event ids asked of a delivery that was read for tables without late periods."""


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Doubled:
    """Which rows not to use. same: bool, shape (rows,), equal to a row that is used. otherwise: with other contents."""

    same: NDArray[np.bool_]
    otherwise: NDArray[np.bool_]


def find_doubled(
    unit: NDArray[np.int32], event: tuple[NDArray[np.uint64], NDArray[np.uint32]], contents: Contents
) -> Doubled:
    """Return the rows whose event another row of the same unit stands for.

    event: 64 and 32 bits of each row's hash. contents: what rows say as columns of numbers that mean the same in any
    order of rows, the deciding date first.
    """
    same, otherwise = (np.zeros(len(unit), dtype=bool) for _ in range(2))
    rows = _suspects(unit, event[0])
    if len(rows):
        columns = tuple(contents(rows))
        names = [f"content {at}" for at in range(len(columns))]
        by = {"unit": unit[rows], "first": event[0][rows], "second": event[1][rows]}
        frame = pl.DataFrame({"row": rows} | by | dict(zip(names, columns, strict=True)))
        downwards = [*(False for _ in by), *(True for _ in names), False]
        frame = frame.sort([*by, *names, "row"], descending=downwards)
        is_used = frame.select(~pl.struct(*by).is_duplicated() | pl.struct(*by).is_first_distinct()).to_series()
        is_same = frame.select(
            pl.all_horizontal(pl.col(name) == pl.col(name).first().over(*by) for name in names)
        ).to_series()
        row = frame["row"].to_numpy()
        same[row] = (~is_used & is_same).to_numpy()
        otherwise[row] = (~is_used & ~is_same).to_numpy()
    return Doubled(same, otherwise)


class DeliveredEvents:
    """The event ids of the rows of a delivery; keys are made when they are asked for."""

    def __init__(self, secret: bytes, sections: Sequence[tuple[str, pl.Series]]) -> None:
        self._secret = secret
        self._names = [name for name, _ in sections]
        self._ends = np.cumsum([len(ids) for _, ids in sections])
        self._ids = pl.concat([ids for _, ids in sections])

    def keys(self, rows: NDArray[np.intp]) -> NDArray[np.uint8]:
        """Return the event keys of these rows; uint8, shape (rows, 16). One id in two record types is two events."""
        section = np.searchsorted(self._ends, rows, side="right").tolist()
        texts = self._ids.gather(rows).to_list()
        return event_keys(
            self._secret, (f"{self._names[at]}{PART}{text}" for at, text in zip(section, texts, strict=True))
        )


class ForgottenEvents:
    """Event ids that nobody asks for: a delivery for tables without late periods."""

    def keys(self, _rows: NDArray[np.intp]) -> NDArray[np.uint8]:
        """Refuse.

        Raises: EventsNotKept.
        """
        raise EventsNotKept(
            got="a table with late periods",
            wanted="a delivery that was read for such tables",
            act="the node must read the delivery again for this study",
        )


def _suspects(unit: NDArray[np.int32], event: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Return the rows whose hash is not theirs alone. Equal rows are always among them; unequal ones may be.

    Sorting half of the hash takes half as long; what it finds too much is looked at whole.
    """
    blocks = [slice(first, first + _BLOCK_ROWS) for first in range(0, len(unit), _BLOCK_ROWS)]
    ordered = np.empty(len(unit), dtype=np.uint32)
    for rows in blocks:
        ordered[rows] = _half(unit[rows], event[rows])
    ordered.sort()
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    del ordered
    marked = np.zeros(1 << _MARK_BITS, dtype=np.bool_)
    marked[twice & _MARK_MASK] = True
    # Made anew, which costs less than the memory to keep them.
    found = [rows.start + np.flatnonzero(marked.take(_half(unit[rows], event[rows]) & _MARK_MASK)) for rows in blocks]
    likely = np.concatenate([np.empty(0, dtype=np.intp), *found])
    whole = pl.Series(unit[likely].astype(np.uint64) * _SPREAD ^ event[likely])
    doubled: NDArray[np.bool_] = whole.is_duplicated().to_numpy()
    return likely[doubled]


def _half(unit: NDArray[np.int32], event: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Return the lower bits of the hash of each row's unit and event."""
    return event.astype(np.uint32) ^ unit.astype(np.uint32) * _SPREAD.astype(np.uint32)
