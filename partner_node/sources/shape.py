"""Computes: where the rows of a block of delimited text end, and whether each has its fields.

The grammar is that of RFC 4180: a quote opens a field only as the field's first byte, is written twice within it, and
closes it before a delimiter or a line end. Counted here, since the fast reader fills short rows with nulls, cuts long
ones when a later column is not asked for, and reads on after a quote that closes too early.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

QUOTE, LINE_FEED, RETURN = ord('"'), ord("\n"), ord("\r")
Bytes = NDArray[np.uint8]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class Shape:
    """The whole rows in a block.

    end: bytes up to and with the last row's line end; 0 if no row ends here. rows: rows that hold something.
    ragged: rows with too few or too many fields. first_ragged: the first of those, from 0; -1 if there is none.
    strays: quotes and returns where the grammar has none. kept: None if no row is blank, else bool, shape (end,), the
    bytes without the blank rows. counted: whether the fields of each row were counted, or only those of all together.
    """

    end: int
    rows: int
    ragged: int = 0
    first_ragged: int = -1
    strays: int = 0
    kept: Flags | None = None
    counted: bool = True


def quick_shape(block: memoryview, *, delimiter: int, columns: int) -> Shape | None:
    """Return the shape of a block without quotes and returns whose rows have the right number of fields in all.

    Then no row has too few fields unless another has too many: a reader that refuses those proves the rest. Costs a
    sixth of `shape_of`. None where that is not so: then only a look at each row tells.
    """
    data = np.frombuffer(block, dtype=np.uint8)
    text = block.obj
    if not isinstance(text, bytearray) or any(text.find(sign, 0, len(block)) >= 0 for sign in (b'"', b"\r")):
        return None
    end = text.rfind(b"\n", 0, len(block)) + 1
    rows, cuts = (int(np.count_nonzero(data[:end] == sign)) for sign in (LINE_FEED, delimiter))
    return Shape(end, rows, counted=False) if end and columns > 1 and cuts == rows * (columns - 1) else None


def shape_of(block: Bytes, *, delimiter: int, columns: int) -> Shape:
    """Return the shape of the whole rows in a block that begins at a row's start. block: uint8, shape (bytes,)."""
    ends, cuts = block == LINE_FEED, block == delimiter
    quoted = block == QUOTE
    has_quotes = bool(quoted.any())
    if has_quotes:
        inside = np.bitwise_xor.accumulate(quoted)
        ends &= ~inside
        cuts &= ~inside
    end_at = np.flatnonzero(ends)
    if not end_at.size:
        return Shape(end=0, rows=0)
    end = int(end_at[-1]) + 1
    strays = _stray_returns(block[:end], inside[:end] if has_quotes else None)
    if has_quotes:
        strays += _stray_quotes(block[:end], np.flatnonzero(quoted[:end]), delimiter)
    cuts[:end] |= ends[:end]
    cut_at = np.flatnonzero(cuts[:end])
    # The rule: every `columns`-th cut is a line end, and no other is. With one column that says nothing of blank rows.
    if columns > 1 and cut_at.size == columns * end_at.size and np.array_equal(cut_at[columns - 1 :: columns], end_at):
        return Shape(end, rows=int(end_at.size), strays=strays)
    return _row_by_row(block[:end], end_at, cut_at, columns, strays)


def _row_by_row(block: Bytes, end_at: NDArray[np.intp], cut_at: NDArray[np.intp], columns: int, strays: int) -> Shape:
    begin_at = np.concatenate(([0], end_at[:-1] + 1))
    length = end_at - begin_at
    blank = (length == 0) | ((length == 1) & (block[begin_at] == RETURN))
    fields = np.diff(np.searchsorted(cut_at, end_at, side="right"), prepend=0)
    ragged = np.flatnonzero((fields != columns) & ~blank)
    kept = None
    if blank.any():
        kept = np.ones(block.size, dtype=np.bool_)
        kept[begin_at[blank]] = False
        kept[end_at[blank]] = False
    return Shape(
        end=block.size,
        rows=int(end_at.size - blank.sum()),
        ragged=int(ragged.size),
        first_ragged=int(np.count_nonzero(~blank[: ragged[0]])) if ragged.size else -1,
        strays=strays,
        kept=kept,
    )


def _stray_returns(block: Bytes, inside: Flags | None) -> int:
    """Returns outside quotes that no line feed follows: some programs end a row there, others do not."""
    alone = block[:-1] == RETURN  # the last byte is a line feed
    if not alone.any():
        return 0
    alone &= block[1:] != LINE_FEED
    if inside is not None:
        alone &= ~inside[:-1]
    return int(np.count_nonzero(alone))


def _stray_quotes(block: Bytes, quote_at: NDArray[np.intp], delimiter: int) -> int:
    """Quotes that open a field which already began, or close one that goes on.

    Outside quotes at the start, every even quote opens and every odd one closes. A quote written twice within a field
    closes and opens at once, which is why a quote may touch the next.
    """
    opens, closes = quote_at[0::2], quote_at[1::2]
    before = block[np.maximum(opens - 1, 0)]
    well_opened = (opens == 0) | (before == delimiter) | (before == LINE_FEED)
    doubled = np.zeros(opens.size, dtype=np.bool_)
    doubled[1:] = opens[1:] == closes[: opens.size - 1] + 1
    after = block[closes + 1]  # the last byte is a line feed outside quotes, so one always follows
    ends = (after == delimiter) | (after == LINE_FEED) | (after == RETURN) | (after == QUOTE)
    return int(np.count_nonzero(~(well_opened | doubled)) + np.count_nonzero(~ends))
