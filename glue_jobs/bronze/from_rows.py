"""The position that the rows of bronze.trades prove by themselves, for where no commit in the log tells it."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.bronze.position import Position, ShardPosition
from glue_jobs.engine import Workspace
from tapehouse.tables import BRONZE_TRADES

_IDENTITY = ("stream_name", "stream_created_at")


def newest_position(workspace: Workspace) -> Position | None:
    """The position in the stream that the newest rows came from; None for a table without rows."""
    newest: tuple[int, str, int] | None = None
    for rows in _files(workspace, (*_IDENTITY, "ingested_at")):
        for row in rows.group_by(list(_IDENTITY)).aggregate([("ingested_at", "max")]).to_pylist():
            found = (row["ingested_at_max"], row["stream_name"], row["stream_created_at"])
            newest = found if newest is None else max(newest, found)
    return None if newest is None else position_of(workspace, newest[1], newest[2])


def position_of(workspace: Workspace, stream_name: str, created_us: int) -> Position | None:
    """The position in this stream; None where the table has no row of it.

    It counts each shard as read up to the arrival of its last row, and knows of none whether it ended.
    """
    shards: dict[str, ShardPosition] = {}
    ingested_us = newest_us = 0
    for rows in _files(workspace, (*_IDENTITY, "shard_id", "sequence_number", "arrival_time", "ingested_at")):
        mine = pc.and_(pc.equal(rows["stream_name"], stream_name), pc.equal(rows["stream_created_at"], created_us))
        rows = rows.filter(mine)  # noqa: PLW2901
        # Compared as integers: a longer number is the greater one.
        rows = rows.append_column("digits", pc.utf8_length(rows["sequence_number"]))  # noqa: PLW2901
        by_number = [("shard_id", "ascending"), ("digits", "ascending"), ("sequence_number", "ascending")]
        ends = rows.sort_by(by_number).group_by("shard_id", use_threads=False)
        aggregated = [
            ("sequence_number", "last"),
            ("arrival_time", "last"),
            ("arrival_time", "max"),
            ("ingested_at", "max"),
        ]
        for row in ends.aggregate(aggregated).to_pylist():
            arrival_us = row["arrival_time_last"]
            found = ShardPosition(int(row["sequence_number_last"]), arrival_us, arrival_us)
            known = shards.get(row["shard_id"])
            if known is None or (known.sequence or 0) < (found.sequence or 0):
                shards[row["shard_id"]] = found
            newest_us, ingested_us = max(newest_us, row["arrival_time_max"]), max(ingested_us, row["ingested_at_max"])
    if not shards:
        return None
    return Position(stream_name, created_us, shards, newest_us=newest_us, ingested_us=ingested_us)


def _files(workspace: Workspace, columns: tuple[str, ...]) -> Iterator[pa.Table]:
    """These columns of each file of the table, times in µs."""
    state = workspace.state(BRONZE_TRADES)
    for file in state.files:
        rows = workspace.rows(state, [file], columns)
        yield pa.table({name: _plain(rows[name]) for name in columns})


def _plain(column: pa.ChunkedArray) -> Any:
    return column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
