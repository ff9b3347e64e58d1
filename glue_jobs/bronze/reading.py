"""Several shards read beside each other: by the driver itself, or by tasks of Spark that stage what they read.

What fails in a shard is a value of its reading, not an error of all: what other shards gave, and what it gave before,
is kept. So no error of a worker crosses to the driver as Spark would wrap it.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, TypeAlias

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from glue_jobs.bronze.reader import Columns, KinesisClient, Pace, ShardProgress, ShardReading, ShardTask
from glue_jobs.bronze.rows import Source, rows_of, stage
from glue_jobs.engine import DataFile, write_file
from tapehouse import aws
from tapehouse.errors import LakehouseError, TransientError
from tapehouse.tables import BRONZE_TRADES

_BESIDE: Final = 8
"""Shards that one process reads at once: mostly it waits for answers."""
GROUP_BYTES: Final = 256 * 1024 * 1024
"""What one process takes of all its shards in a turn, about: it holds them until they are staged."""
_LEAST_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Address:
    """Where the driver's client reads, for the clients of the workers: their environment may be older than it."""

    endpoint_url: str
    region: str

    @classmethod
    def of(cls, client: Any) -> "Address":
        return cls(client.meta.endpoint_url, client.meta.region_name)


@dataclass(frozen=True, slots=True)
class ShardRead:
    """What one shard gave."""

    progress: ShardProgress
    columns: Columns
    failure: LakehouseError | None = None
    """What ended it before its tip or bound."""


Reading: TypeAlias = Callable[[Any, ShardTask], ShardReading]
"""Makes what reads one shard, of a client and a task."""


def at_its_own_pace(client: KinesisClient, task: ShardTask) -> ShardReading:
    return ShardReading(client, task, Pace())


def read_shards(client: KinesisClient, tasks: Sequence[ShardTask], reading: Reading) -> dict[str, ShardRead]:
    """Read each shard, several at once, those that lag most first."""
    if not tasks:
        return {}
    most = max(GROUP_BYTES // len(tasks), _LEAST_BYTES)
    held = 0

    def run(task: ShardTask) -> ShardRead:
        nonlocal held
        one = reading(client, replace(task, max_bytes=min(task.max_bytes, most)))
        try:
            if held < GROUP_BYTES:  # one answer may hold 10 MB: what is full leaves the other shards to the next turn
                one.run()
        except LakehouseError as error:
            return ShardRead(one.progress, one.columns, error)
        finally:
            held += one.progress.bytes
        return ShardRead(one.progress, one.columns)

    if len(tasks) == 1:
        return {tasks[0].shard_id: run(tasks[0])}
    tasks = sorted(tasks, key=lambda task: task.after.through_us)
    with ThreadPoolExecutor(min(_BESIDE, len(tasks)), thread_name_prefix="shard") as pool:
        return dict(zip((task.shard_id for task in tasks), pool.map(run, tasks), strict=True))


@dataclass(frozen=True, slots=True)
class Share:
    """Shards that one task of Spark reads, and where it stages their rows."""

    uri: str
    source: Source
    address: Address
    tasks: tuple[ShardTask, ...]


@dataclass(frozen=True, slots=True)
class Staged:
    """What a share came to."""

    files: tuple[DataFile, ...]
    shards: Mapping[str, tuple[ShardProgress, LakehouseError | None]]


def run_share(share: Share, reading: Reading = at_its_own_pace) -> Staged:
    """Read a share's shards and stage their rows: what a task of Spark does."""
    read = read_shards(_client(share.address), share.tasks, reading)
    rows = rows_of(share.source, {shard_id: [each.columns] for shard_id, each in read.items()})
    files = stage(rows, lambda part, partition: write_file(share.uri, BRONZE_TRADES, part, partition=partition))
    return Staged(files, {shard_id: (each.progress, each.failure) for shard_id, each in read.items()})


def on_spark(spark: SparkSession, shares: Sequence[Share]) -> list[Staged]:
    """Run each share in a task of Spark.

    Raises:
        TransientError: a worker or the cluster failed; nothing of it is in the table, the next turn reads the same.
    """
    try:
        return spark.sparkContext.parallelize(shares, len(shares)).map(run_share).collect()
    except (PySparkException, Py4JError) as error:
        told = str(error).strip().splitlines()
        raise TransientError(
            f"Spark's workers failed while they read the stream; the next turn reads on where it was: "
            f"{told[0] if told else type(error).__name__}"
        ) from error


@lru_cache(maxsize=4)
def _client(address: Address) -> KinesisClient:
    """One client a worker process: making one costs a tenth of a second."""
    client: KinesisClient = aws.client(
        "kinesis", max_attempts=1, endpoint_url=address.endpoint_url, region=address.region, plain_times=True
    )
    return client
