"""Reads one shard of a stream, from a sequence number on, up to a bound. Plain Python and boto3: no Spark in here.

Bounds are counts of records and bytes, never of time, so that reading the same span again gives at least the same
records: Kinesis keeps what it accepted, and a shard only grows. A bound never falls inside an aggregate.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

from tapehouse import kpl
from tapehouse.backoff import Backoff, retry
from tapehouse.errors import TransientError
from tapehouse.kinesis import ERRORS, CallFailedError, code_of, judged, time_us
from tapehouse.kinesis_limits import GET_RECORDS_LIMIT

_TRIES: Final = 9
_BACKOFF: Final = Backoff(base_s=0.2, cap_s=5.0)
_EXPIRIES: Final = 10
"""Iterators in a row that expire before they were used once, before the turn gives up."""
_EMPTY_READS: Final = 50
"""Empty answers in a row, of a shard that says it is behind, before the turn lets it be."""


class KinesisClient(Protocol):
    """The calls that reading needs."""

    def get_shard_iterator(self, **arguments: Any) -> dict[str, Any]: ...
    def get_records(self, **arguments: Any) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class ShardTask:
    """What one turn reads of one shard."""

    stream_name: str
    shard_id: str
    after: int | None
    """Read what follows this sequence number; None reads from the oldest record that the stream still has."""
    max_records: int
    max_bytes: int


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One user record with its coordinates in the shard."""

    sequence_number: str
    sub_sequence_number: int
    partition_key: str
    arrival_us: int
    data: bytes


@dataclass(slots=True)
class ShardProgress:
    """How far a reading went; complete once the iterator is exhausted."""

    last_sequence: int | None = None
    rows: int = 0
    bytes: int = 0
    behind_ms: int = 0
    ended: bool = False
    """The shard is closed and was read to its end."""


def read_shard(
    client: KinesisClient,
    task: ShardTask,
    progress: ShardProgress,
    *,
    sleep: Callable[[float], None] = time.sleep,
    jitter: Callable[[], float] = random.random,
) -> Iterator[list[StreamRecord]]:
    """Batches of records in the shard's order; ``progress`` is kept current.

    Raises:
        TransientError: Kinesis kept refusing, or the shard is gone; nothing is lost, the next turn reads the same span.
        StreamRefusedError: the stream may not be read.
    """
    iterator = _iterator(client, task, progress, sleep, jitter)
    empty = expired = 0
    while iterator is not None and progress.rows < task.max_records and progress.bytes < task.max_bytes:
        limit = min(GET_RECORDS_LIMIT, max(task.max_records - progress.rows, 1))
        get = partial(client.get_records, ShardIterator=iterator, Limit=limit)
        answer = _call(get, task, "GetRecords", sleep, jitter)
        if answer is None:  # expired: five minutes is all that an iterator lives
            expired += 1
            if expired >= _EXPIRIES:
                raise TransientError(f"{task.shard_id}: iterators expire at once; the next turn reads on")
            iterator = _iterator(client, task, progress, sleep, jitter)
            continue
        expired = 0
        iterator = answer.get("NextShardIterator")
        progress.ended = iterator is None
        progress.behind_ms = answer.get("MillisBehindLatest", 0)
        records = answer["Records"]
        if records:
            empty = 0
            yield _take(records, progress)
        elif progress.behind_ms == 0 or empty >= _EMPTY_READS:
            return
        else:
            empty += 1


def _take(records: list[dict[str, Any]], progress: ShardProgress) -> list[StreamRecord]:
    batch: list[StreamRecord] = []
    for record in records:
        data, sequence = record["Data"], record["SequenceNumber"]
        arrival_us = time_us(record["ApproximateArrivalTimestamp"])
        parts = kpl.deaggregate(data)
        if parts is None:
            batch.append(StreamRecord(sequence, 0, record["PartitionKey"], arrival_us, data))
        else:
            batch.extend(
                StreamRecord(sequence, number, part.partition_key, arrival_us, part.data)
                for number, part in enumerate(parts)
            )
        progress.last_sequence = int(sequence)
        progress.bytes += len(data)
    progress.rows += len(batch)
    return batch


def _iterator(
    client: KinesisClient,
    task: ShardTask,
    progress: ShardProgress,
    sleep: Callable[[float], None],
    jitter: Callable[[], float],
) -> str | None:
    after = task.after if progress.last_sequence is None else progress.last_sequence
    start: dict[str, str] = {"ShardIteratorType": "TRIM_HORIZON"}
    if after is not None:
        start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": str(after)}
    get = partial(client.get_shard_iterator, StreamName=task.stream_name, ShardId=task.shard_id, **start)
    answer = _call(get, task, "GetShardIterator", sleep, jitter)
    return None if answer is None else answer["ShardIterator"]


def _call(
    call: Callable[[], dict[str, Any]],
    task: ShardTask,
    operation: str,
    sleep: Callable[[float], None],
    jitter: Callable[[], float],
) -> dict[str, Any] | None:
    """The call's answer, tried again while Kinesis is busy; None where the iterator has expired."""

    def once() -> dict[str, Any] | None:
        try:
            return call()
        except ERRORS as error:
            code = code_of(error)
            if code == "ExpiredIteratorException":
                return None
            if code == "ResourceNotFoundException":
                raise TransientError(
                    f"{error}: {task.shard_id} expired since it was listed; the next turn lists anew"
                ) from error
            raise judged(task.stream_name, operation, error) from error

    return retry(once, when=CallFailedError, tries=_TRIES, backoff=_BACKOFF, sleep=sleep, dice=jitter)
