"""What each table of a lake holds now, for `tapehouse tables`."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.bronze import Position, position_in
from glue_jobs.engine import Query, Steps, TableState, Workspace, tables_of
from tapehouse.lake import Lake


@dataclass(frozen=True, slots=True)
class TableStatus:
    """One table at a glance."""

    table: str
    rows: int
    newest_event_us: int | None
    """The table's own time (``Table.time_us``) of the newest row, µs UTC."""
    lag_s: float | None
    """The clock now, less that."""
    version: int
    position: Position | None
    """Of what takes in a stream: what has been read of it."""
    note: str | None = None
    """What the table's query has to say: that it lacks what it needs."""


def table_status(
    spark: SparkSession,
    lake: Lake,
    queries: Sequence[Query],
    *,
    now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
) -> list[TableStatus]:
    """The tables of the pipeline that are there, in the order of the data's way."""
    workspace = Workspace(spark, lake, Steps())
    states = [workspace.state(table) for table in tables_of(queries).values()]
    return [_status(workspace, state, now_us()) for state in states if state.is_there]


def _status(workspace: Workspace, state: TableState, now_us: int) -> TableStatus:
    table = state.table
    newest = F.max(F.expr(table.time_us)).alias("newest")
    row = workspace.at(state).agg(F.count("*").alias("rows"), newest).first()
    rows, newest_us = (row["rows"], row["newest"]) if row is not None else (0, None)
    return TableStatus(
        table=table.name,
        rows=rows,
        newest_event_us=newest_us,
        lag_s=None if newest_us is None else (now_us - newest_us) / 1_000_000,
        version=state.version,
        position=position_in(state),
        note=(state.metadata or {}).get("note"),
    )
