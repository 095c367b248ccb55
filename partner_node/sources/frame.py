"""Computes: a pandas frame that a partner's own script hands over, as a source."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

import pandas as pd
import polars as pl

from partner_node.sources.source import BATCH_ROWS, checked_header, places_of, printable
from partner_node.sources.workbook import Cell, as_text


@dataclass(frozen=True, eq=False, slots=True)
class FrameSource:
    """A pandas frame. Values become text as the cells of a workbook do; what pandas calls missing is null."""

    name: str
    columns: tuple[str, ...]
    frame: pd.DataFrame = field(repr=False)

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield the rows; see `Source`. The script must not change the frame meanwhile.

        Raises: UnknownColumn.
        """
        places = places_of(self.name, self.columns, columns)
        for first in range(0, len(self.frame), BATCH_ROWS):
            part = self.frame.iloc[first : first + BATCH_ROWS]
            yield pl.DataFrame(
                {column: _texts(part.iloc[:, place]) for column, place in zip(columns, places, strict=True)}
            )


def from_frame(name: str, frame: pd.DataFrame) -> FrameSource:
    """Return a source that reads a copy of a pandas frame; its index is not a column.

    Raises: DoubtfulHeader.
    """
    columns = checked_header(printable(name), [str(column) for column in frame.columns])
    return FrameSource(printable(name), columns, frame.copy())


def _texts(column: pd.Series) -> pl.Series:
    cells = zip(column.tolist(), column.isna().tolist(), strict=True)
    return pl.Series([None if empty else as_text(cast("Cell", cell)) for cell, empty in cells], dtype=pl.String)
