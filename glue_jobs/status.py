"""What each table of a lake holds now, for `tapehouse tables`."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.bronze import Position, position_in
from glue_jobs.engine import delta
from tapehouse.lake import Lake
from tapehouse.tables import REGISTRY, Table

_TIME_COLUMNS: Final = {
    "bronze.trades": "unix_micros(arrival_time)",
    "silver.trades": "event_time_us",
    "silver.rejected": "unix_micros(arrival_time)",
    "silver.gaps": "unix_micros(arrival_time)",
    "silver.coverage": "through_us",
    "gold.candles": "close_time_us",
    "gold.market_summary": "last_time_us",
}
"""The column that says how new a table is, µs UTC: event time where it has one, else arrival."""


@dataclass(frozen=True, slots=True)
class TableStatus:
    """One table at a glance."""

    table: str
    rows: int
    newest_event_us: int | None
    """Event time (arrival time for bronze, rejected and gaps) of the newest row, µs UTC."""
    lag_s: float | None
    """The clock now, less that."""
    version: int
    position: Position | None
    """bronze.trades only: what has been read of the stream."""


def table_status(
    spark: SparkSession, lake: Lake, *, now_us: Callable[[], int] = lambda: time.time_ns() // 1000
) -> list[TableStatus]:
    """The tables that are there, in the order of their layers."""
    return [
        _status(spark, table, lake.table_uri(table.name), now_us())
        for table in REGISTRY.values()
        if delta.exists(spark, lake.table_uri(table.name))
    ]


def _status(spark: SparkSession, table: Table, uri: str, now_us: int) -> TableStatus:
    snapshot = delta.snapshot(spark, table, uri)
    frame: DataFrame = delta.read(spark, snapshot)
    row = frame.agg(F.count("*").alias("rows"), F.max(F.expr(_TIME_COLUMNS[table.name])).alias("newest")).first()
    rows, newest = (row["rows"], row["newest"]) if row is not None else (0, None)
    return TableStatus(
        table=table.name,
        rows=rows,
        newest_event_us=newest,
        lag_s=None if newest is None else (now_us - newest) / 1_000_000,
        version=snapshot.version,
        position=position_in(snapshot),
    )
