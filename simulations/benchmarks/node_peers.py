"""Benchmarks: three programs that count the file of `node.py`, and one that only reads it."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl

from partner_node.sources.source import BATCH_ROWS
from simulations.benchmarks.node_world import BUURTEN, DAYS, FIRST_DAY, HEADER, MOST_EVENTS


def read_only(path: Path) -> list[int]:
    """Read every column that the node needs, in batches, and count nothing."""
    rows = pl.scan_csv(path, separator=";", infer_schema=False) if path.suffix == ".csv" else pl.scan_parquet(path)
    for _ in rows.select(HEADER).collect_batches(chunk_size=BATCH_ROWS):
        pass
    return []


def count_polars(path: Path) -> list[int]:
    """Count with polars, streaming."""
    rows = pl.scan_csv(path, separator=";", infer_schema=False) if path.suffix == ".csv" else pl.scan_parquet(path)
    day = pl.col(HEADER[3]).str.to_date("%d-%m-%Y")
    counts = (
        rows.filter(day.is_between(FIRST_DAY, FIRST_DAY + timedelta(days=DAYS - 1)))
        .group_by(HEADER[1], HEADER[2])
        .agg(pl.len().clip(upper_bound=MOST_EVENTS).cast(pl.Int64).alias("events"))
        .group_by(HEADER[2])
        .agg(pl.col("events").sum())
        .collect(engine="streaming")
    )
    return _in_order(dict(counts.iter_rows()))


def count_duckdb(path: Path) -> list[int]:
    """Count with DuckDB."""
    rows = f"read_csv('{path}', delim=';', all_varchar=true)" if path.suffix == ".csv" else f"read_parquet('{path}')"
    last = FIRST_DAY + timedelta(days=DAYS - 1)
    query = (
        f'SELECT b, sum(least(n, {MOST_EVENTS}))::BIGINT FROM (SELECT "{HEADER[1]}" h, "{HEADER[2]}" b, count(*) n '  # noqa: S608 - of our own words only
        f"FROM {rows} WHERE strptime(\"{HEADER[3]}\", '%d-%m-%Y') BETWEEN DATE '{FIRST_DAY}' AND DATE '{last}' "
        "GROUP BY h, b) GROUP BY b"
    )
    return _in_order(dict(duckdb.connect().sql(query).fetchall()))


def count_pandas(path: Path) -> list[int]:
    """Count with pandas; it reads Parquet through another library, here DuckDB."""
    wanted = list(HEADER[1:])
    if path.suffix == ".csv":
        rows = pd.read_csv(path, sep=";", usecols=wanted, dtype=str)
    else:
        rows = duckdb.read_parquet(str(path)).select(*map(duckdb.ColumnExpression, wanted)).df()
    day = pd.to_datetime(rows[HEADER[3]], format="%d-%m-%Y")
    last = pd.Timestamp(FIRST_DAY + timedelta(days=DAYS - 1))
    inside = rows[day.between(pd.Timestamp(FIRST_DAY), last)]
    counts = inside.groupby([HEADER[1], HEADER[2]], sort=False).size().clip(upper=MOST_EVENTS).groupby(level=1).sum()
    return _in_order({str(code): int(events) for code, events in counts.items()})


def _in_order(events: Mapping[str, int]) -> list[int]:
    return [events.get(code, 0) for code in BUURTEN]


ROADS: Mapping[str, Callable[[Path], list[int]]] = {
    "polars": count_polars,
    "duckdb": count_duckdb,
    "pandas": count_pandas,
    "floor": read_only,
}
