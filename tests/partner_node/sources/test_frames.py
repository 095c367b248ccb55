"""Parquet, and a pandas frame from a partner's script."""

import subprocess
import sys
from datetime import date, datetime, time
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from partner_node.errors import SourceRefusal
from partner_node.sources import source as source_module
from partner_node.sources.frame import from_frame
from partner_node.sources.opening import UnknownFormat, open_source
from partner_node.sources.parquet import UnreadablePages, UnusableType
from partner_node.sources.source import DoubtfulHeader, UnknownColumn
from partner_node.sources.stamp import FileChanged
from tests.house import ROOT
from tests.partner_node.sources.rows_of import rows_of

FRAME = pl.DataFrame(
    {
        " id": ["a", "", None],
        "n": [1, None, 3],
        "d": [date(2025, 3, 1), None, date(1969, 12, 31)],
        "t": [datetime(2025, 3, 1), datetime(2025, 3, 1, 12), None],  # noqa: DTZ001 - stored without a zone
        "f": pl.Series([0.5, None, 1.0], dtype=pl.Float32),
        "b": [True, False, None],
        "l": [[1], [2], None],
        "x": [time(1), None, None],
        "z": [b"1", b"", None],
    }
)


def test_parquet_becomes_text_and_keeps_its_order(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    FRAME.write_parquet(path)
    source = open_source(path)
    assert source.columns == ("id", "n", "d", "t", "f", "b", "l", "x", "z")
    (frame,) = source.batches(["t", "id", "n", "d", "f", "b"])
    assert set(frame.dtypes) == {pl.String}
    assert frame.rows() == [
        ("2025-03-01", "a", "1", "2025-03-01", "0.5", "true"),
        ("2025-03-01 12:00:00", None, None, None, None, "false"),
        (None, None, "3", "1969-12-31", "1", None),
    ]


def test_numbers_at_the_edges_of_their_types_are_written_out(tmp_path: Path) -> None:
    """D08: int64, uint64, a decimal of 38 digits and fractions, to the last digit."""
    path = tmp_path / "a.parquet"
    frame = pl.DataFrame(
        {
            "int": [2**63 - 1, -(2**63)],
            "unsigned": pl.Series([2**64 - 1, 0], dtype=pl.UInt64),
            "small": pl.Series([2**31 - 1, -(2**31)], dtype=pl.Int32),
            "decimal": pl.Series(["12345678901234567890123456789012345.678", "-0.001"]).cast(pl.Decimal(38, 3)),
            "float": [2.0**53, -0.0],
            "wide": [2.0**63, float("nan")],
        }
    )
    frame.write_parquet(path)
    assert rows_of(open_source(path)) == [
        (
            "9223372036854775807",
            "18446744073709551615",
            "2147483647",
            "12345678901234567890123456789012345.678",
            "9007199254740992",
            "9.223372036854776e+18",
        ),
        ("-9223372036854775808", "0", "-2147483648", "-0.001", "0", "NaN"),
    ]


@pytest.mark.parametrize("column", ["l", "x", "z"])
def test_nested_binary_and_time_columns_are_refused(tmp_path: Path, column: str) -> None:
    path = tmp_path / "a.parquet"
    FRAME.write_parquet(path)
    with pytest.raises(UnusableType, match=f"column place {FRAME.columns.index(column) + 1}"):
        rows_of(open_source(path), "id", column)


def test_no_frame_is_larger_than_a_batch_and_order_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    rows = 1_200_000
    pl.DataFrame({"n": np.arange(rows)}).write_parquet(path, row_group_size=rows)
    frames = list(open_source(path).batches(["n"]))
    assert max(frame.height for frame in frames) <= source_module.BATCH_ROWS
    assert np.array_equal(pl.concat(frames)["n"].cast(pl.Int64).to_numpy(), np.arange(rows))


def test_damaged_or_changed_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    FRAME.write_parquet(path)
    source, whole = open_source(path), path.read_bytes()
    path.write_bytes(whole)
    with pytest.raises(FileChanged):
        rows_of(source, "id")
    for length in (8, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(UnreadablePages):
            open_source(path)
    with pytest.raises(UnknownFormat):
        open_source(path.rename(tmp_path / "a.csv"))


def test_every_bit_flip_in_parquet_is_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    FRAME.select(" id", "n", "d").write_parquet(path)
    whole, refused = bytearray(path.read_bytes()), 0
    for place in range(0, len(whole), 7):
        whole[place] ^= 0x10
        path.write_bytes(whole)
        whole[place] ^= 0x10
        try:
            rows_of(open_source(path))
        except SourceRefusal:
            refused += 1
    assert refused > 10  # control: the flips reach what is read


def test_a_pandas_frame_becomes_text() -> None:
    """Whole numbers lose the point that pandas gives them when one is missing."""
    frame = pd.DataFrame(
        {
            "id": ["a", None, ""],
            "n": [1.0, float("nan"), 12345678901.0],
            "d": [datetime(2025, 3, 1), pd.NaT, datetime(2025, 3, 1, 12, 30)],  # noqa: DTZ001 - a script knows no zones
            "b": [True, False, True],
            "i": [1, 2, 3],
            "c": pd.Categorical(["x", None, "y"]),
        }
    )
    source = from_frame("script\x1b", frame)
    frame["id"] = "changed"
    assert source.name == "script\\u001b"
    assert rows_of(source) == [
        ("a", "1", "2025-03-01", "true", "1", "x"),
        (None, None, None, "false", "2", None),
        (None, "12345678901", "2025-03-01 12:30:00", "true", "3", "y"),
    ]
    with pytest.raises(UnknownColumn):
        rows_of(source, "ID")
    with pytest.raises(DoubtfulHeader):
        from_frame("script", pd.DataFrame([[1, 2]], columns=["a", "a"]))


WITHOUT_PYARROW = """
import sys
sys.modules["pyarrow"] = None
from pathlib import Path
import pandas, polars
from partner_node.sources.frame import from_frame
from partner_node.sources.opening import open_source
polars.DataFrame({"a": ["x", None]}).write_parquet(sys.argv[1])
for source in (open_source(Path(sys.argv[1])), from_frame("s", pandas.DataFrame({"a": ["x", None]}))):
    print([row for frame in source.batches(["a"]) for row in frame.rows()])
"""


def test_nothing_here_needs_pyarrow(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", WITHOUT_PYARROW, str(tmp_path / "a.parquet")]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[('x',), (None,)]\n" * 2
