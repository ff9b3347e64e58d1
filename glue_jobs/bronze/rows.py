"""User records as rows of bronze.trades, staged as files: one an arrival date, sorted by arrival."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.bronze.reader import Columns
from glue_jobs.engine import DataFile, schema_of
from tapehouse.intervals import DAY_US, instant_of
from tapehouse.tables import BRONZE_TRADES

_TIMESTAMP: Final = pa.timestamp("us", tz="UTC")
_FILE_BYTES: Final = 64 * 1024 * 1024
"""Of payloads in one file: who reads a file has at least one whole in memory."""
PARTITION: Final = "arrival_date"


@dataclass(frozen=True, slots=True)
class Source:
    """What all rows of a turn share."""

    stream_name: str
    stream_created_us: int
    ingested_us: int


def rows_of(source: Source, read: Mapping[str, Sequence[Columns]]) -> pa.Table:
    """The rows of bronze.trades, by arrival, then as they stand in their shards. ``read``: by shard id, in order."""
    tables = [
        _of_shard(source, shard_id, columns)
        for shard_id, found in sorted(read.items())
        for columns in found
        if len(columns)
    ]
    schema = schema_of(BRONZE_TRADES)
    if not tables:
        return schema.empty_table()
    rows = pa.concat_tables(tables)
    arrived = rows.column("arrival_time").cast(pa.int64()).to_numpy()
    if np.any(arrived[1:] < arrived[:-1]):
        rows = rows.take(pa.array(np.argsort(arrived, kind="stable")))
    return rows.select(schema.names)


def stage(rows: pa.Table, write: Callable[[pa.Table, Mapping[str, Any]], DataFile]) -> tuple[DataFile, ...]:
    """Each arrival date's rows as a file, or as several where they are large, by ``write(rows, partition)``."""
    days = rows.column(PARTITION)
    return tuple(
        write(piece, {PARTITION: day.as_py()})
        for day in pc.unique(days)
        for piece in _pieces(rows.filter(pc.equal(days, day)))
    )


def _pieces(rows: pa.Table) -> Iterator[pa.Table]:
    """Rows with payloads of about ``_FILE_BYTES`` at most."""
    lengths = pc.binary_length(rows.column("payload")).to_numpy()
    number = np.cumsum(lengths, dtype=np.int64) // _FILE_BYTES
    edges = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), rows.num_rows]
    for first, last in itertools.pairwise(edges):
        yield rows.slice(first, last - first)


def _of_shard(source: Source, shard_id: str, columns: Columns) -> pa.Table:
    count = len(columns)
    arrived_us = np.fromiter(columns.arrival_us, np.int64, count)
    return pa.table(
        {
            "payload": pa.array(columns.payload, pa.binary()),
            "stream_name": pa.repeat(pa.scalar(source.stream_name), count),
            "stream_created_at": pa.repeat(pa.scalar(instant_of(source.stream_created_us), _TIMESTAMP), count),
            "shard_id": pa.repeat(pa.scalar(shard_id), count),
            "sequence_number": pa.array(columns.sequence_number, pa.string()),
            "sub_sequence_number": pa.array(columns.sub_sequence_number, pa.int32()),
            "partition_key": pa.array(columns.partition_key, pa.string()),
            "arrival_time": pa.array(arrived_us).cast(_TIMESTAMP),
            "ingested_at": pa.repeat(pa.scalar(instant_of(source.ingested_us), _TIMESTAMP), count),
            PARTITION: pa.array((arrived_us // DAY_US).astype(np.int32)).cast(pa.date32()),
        }
    )
