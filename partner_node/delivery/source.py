"""Computes nothing: what a delivery asks of a file, however it was read."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import polars as pl

MAX_BATCH_ROWS = 500_000  # at 16 characters a cell and 12 columns about 100 MB


class Source(Protocol):
    """One file of a delivery, already known to be whole; every column is text."""

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """The names in its header, in order."""
        ...

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield these columns, rows in the file's order, at most MAX_BATCH_ROWS at a time."""
        ...
