"""The shards of one turn as a Spark frame: read by plain Python in the workers, and cut where the position says.

One partition a shard. A partition that Spark has to read again (its block was dropped, its worker died) may find more
than the first time, since a shard only grows: ``up_to`` takes exactly what the first reading counted, or nothing.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.bronze.reader import KinesisClient, ShardProgress, ShardTask, StreamRecord, read_shard
from tapehouse import aws
from tapehouse.errors import TransientError

_ROW: Final = pa.schema(
    [
        ("shard_id", pa.string()),
        ("sequence_number", pa.string()),
        ("sub_sequence_number", pa.int32()),
        ("partition_key", pa.string()),
        ("arrival_time", pa.timestamp("us", tz="UTC")),
        ("payload", pa.binary()),
        ("progress", pa.string()),  # the shard's last row says how far it was read; null on every other row
    ]
)
_ROW_DDL: Final = (
    "shard_id STRING, sequence_number STRING, sub_sequence_number INT, partition_key STRING, arrival_time TIMESTAMP, "
    "payload BINARY, progress STRING"
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the driver's client reads, for the clients of the workers: their environment may be older than it."""

    endpoint_url: str
    region: str

    @classmethod
    def of(cls, client: Any) -> "Address":
        return cls(client.meta.endpoint_url, client.meta.region_name)


def read_shards(spark: SparkSession, tasks: Sequence[ShardTask], address: Address) -> DataFrame:
    """One partition a task: the shard's records in order, then one row that says how far it was read."""

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for index in batch.column(0).to_pylist():
                yield from _run_task(tasks[index], address)

    return spark.range(0, len(tasks), 1, max(len(tasks), 1)).mapInArrow(run, _ROW_DDL)


def _run_task(task: ShardTask, address: Address) -> Iterator[pa.RecordBatch]:
    progress = ShardProgress()
    for records in read_shard(_worker_client(address), task, progress):
        yield _batch(task.shard_id, records)
    summary = json.dumps(asdict(progress))
    yield pa.RecordBatch.from_pylist([{"shard_id": task.shard_id, "progress": summary}], schema=_ROW)


@lru_cache(maxsize=4)
def _worker_client(address: Address) -> KinesisClient:
    """One client a worker process: making one costs a tenth of a second."""
    client: KinesisClient = aws.client(
        "kinesis", max_attempts=1, endpoint_url=address.endpoint_url, region=address.region
    )
    return client


def _batch(shard_id: str, records: Sequence[StreamRecord]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [
            pa.array([shard_id] * len(records), pa.string()),
            pa.array([record.sequence_number for record in records], pa.string()),
            pa.array([record.sub_sequence_number for record in records], pa.int32()),
            pa.array([record.partition_key for record in records], pa.string()),
            pa.array([record.arrival_us for record in records], pa.int64()).cast(_ROW.field("arrival_time").type),
            pa.array([record.data for record in records], pa.binary()),
            pa.nulls(len(records), pa.string()),
        ],
        schema=_ROW,
    )


def progress_of(read: DataFrame) -> dict[str, ShardProgress]:
    """How far each shard was read."""
    ends = read.where(F.col("progress").isNotNull()).select("shard_id", "progress").collect()
    return {row["shard_id"]: ShardProgress(**json.loads(row["progress"])) for row in ends}


def up_to(read: DataFrame, progress: Mapping[str, ShardProgress]) -> DataFrame:
    """Exactly the rows that ``progress`` counts, whether the block of ``read`` was kept or is read again."""
    expected = {name: (shard.rows, str(shard.last_sequence)) for name, shard in progress.items()}

    def exactly(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return exactly_counted(batches, expected)

    return read.mapInArrow(exactly, _ROW_DDL)


def exactly_counted(
    batches: Iterable[pa.RecordBatch], expected: Mapping[str, tuple[int, str]]
) -> Iterator[pa.RecordBatch]:
    """The first ``rows`` rows of a shard's partition, which must end at the sequence number that the position names.

    Spark may have dropped the persisted block and read the shard again: the stream has grown since, so there are more
    rows than the position counts. Fewer, or other ones, must never be committed under it.

    Raises:
        TransientError: the second reading is not the first one's continuation.
    """
    left: dict[str, int] = {}
    last: dict[str, str] = {}
    for batch in batches:
        data = batch.filter(pa.compute.is_null(batch.column("progress")))
        if data.num_rows == 0:
            shard = batch.column("shard_id")[0].as_py() if batch.num_rows else None
            if shard is not None:
                left.setdefault(shard, expected[shard][0])
            continue
        shard = data.column("shard_id")[0].as_py()
        room = left.setdefault(shard, expected[shard][0])
        taken = data.slice(0, room)
        left[shard] = room - taken.num_rows
        if taken.num_rows:
            last[shard] = taken.column("sequence_number")[taken.num_rows - 1].as_py()
            yield taken
    for shard, missing in left.items():
        if missing or (expected[shard][0] and last.get(shard) != expected[shard][1]):
            raise TransientError(
                f"shard {shard}: read again, it ends at {last.get(shard)} with {missing} rows missing, "
                f"not at {expected[shard][1]}; nothing was committed"
            )
