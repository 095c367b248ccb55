"""Computes: what a delivery changes against the last one: rows by event and unit.

A delivery takes the place of the last one as a whole. An event that a round knew before is never subtracted from the
figures (DESIGN 5): how many of those are gone or changed is said here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from partner_node.quality.facts import DeliveryFacts, days_of, month_key, month_number
from partner_node.records import Records
from partner_node.vault.unit_key import KEY_BYTES

BY = ("event", "unit")
Known = Callable[[NDArray[np.uint8], NDArray[np.uint8]], NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Change:
    """How many rows changed since the last delivery.

    new: not in the last one; late: those of them whose day it covered. same, changed: in both. gone: of a month that
    this delivery covers, and no longer there. changed_known, gone_known: those that a round knew before; None where
    nobody asked the vault.
    """

    previous_on: date
    new: int
    late: int
    same: int
    changed: int
    gone: int
    changed_known: int | None
    gone_known: int | None


def compare(
    records: Records, now: DeliveryFacts, before: DeliveryFacts, *, secret: bytes, known: Known | None = None
) -> Change:
    """Return what changed. now: the facts of these records.

    known: tells of unit and event keys, uint8, shape (rows, 16), which a round knew before (`vault.seen.ever_seen`).
    """
    by = list(BY)
    is_new = ~_among(now.rows, before.rows)
    is_late = is_new & (records.day <= days_of(before.covers.last))
    both = now.rows.join(before.rows.select(*by, pl.col("content").alias("before")), on=by)
    changed = both.filter(pl.col("content") != pl.col("before"))
    months = range(month_number(now.covers.first), month_number(now.covers.last) + 1)
    covered = pl.Series([month_key(secret, month) for month in months], dtype=pl.Binary)
    gone = before.rows.filter(pl.col("month").is_in(covered.implode())).join(now.rows, on=by, how="anti")
    return Change(
        before.delivered_on,
        new=int(np.count_nonzero(is_new)),
        late=int(np.count_nonzero(is_late)),
        same=len(both) - len(changed),
        changed=len(changed),
        gone=len(gone),
        changed_known=_known(changed, known),
        gone_known=_known(gone, known),
    )


def _among(rows: pl.DataFrame, others: pl.DataFrame) -> NDArray[np.bool_]:
    """Tell which rows have their event and unit among the others; bool, shape (rows,)."""
    by = list(BY)
    found = others.select(by).unique().with_columns(pl.lit(value=True).alias("found"))
    joined = rows.select(by).join(found, on=by, how="left", maintain_order="left")
    return joined["found"].fill_null(value=False).to_numpy()


def _known(rows: pl.DataFrame, known: Known | None) -> int | None:
    if known is None:
        return None
    return int(np.count_nonzero(known(_keys(rows["unit"]), _keys(rows["event"]))))


def _keys(column: pl.Series) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(column.to_list()), dtype=np.uint8).reshape(-1, KEY_BYTES)
