"""Reads one shard of a stream, from a sequence number on, up to a bound. Plain Python and boto3: no Spark in here.

A reading ends at the tip of the shard, not where an answer is empty: a shard that is written to all the time has none.
It also ends with the first record that arrived after the reading was planned, and at a bound of counts. A bound never
falls inside an aggregate. What was read before an error stays read.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from functools import partial
from operator import itemgetter
from typing import Any, Final, Protocol

from glue_jobs.bronze.position import NOTHING_KNOWN, PAUSED, SHORTENED, TRIMMED, ShardPosition, StreamGap
from tapehouse import kpl
from tapehouse.backoff import Backoff, retry
from tapehouse.errors import TransientError
from tapehouse.kinesis import ERRORS, CallFailedError, code_of, judged, time_us
from tapehouse.kinesis_limits import GET_RECORDS_LIMIT, READ_BYTES_PER_S, READS_PER_S

TRIES: Final = 6
"""Of one call: as long as ten megabytes block a shard. What still fails then is the next turn's."""
BACKOFF: Final = Backoff(base_s=0.2, cap_s=5.0)
_EXPIRIES: Final = 10
"""Iterators in a row that expire before they were used once, before the turn gives up."""
_EMPTY_READS: Final = 25
"""Empty answers in a row, of a shard that says it is behind, before the turn lets it be."""
_AHEAD_US: Final = 1_000_000
LEAST_RETENTION_US: Final = 24 * 3_600_000_000
"""Kinesis keeps every record so long, whatever the retention was meanwhile."""


class KinesisClient(Protocol):
    """The calls that reading needs."""

    def get_shard_iterator(self, **arguments: Any) -> dict[str, Any]: ...
    def get_records(self, **arguments: Any) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardTask:
    """What is to be read of one shard."""

    stream_name: str
    shard_id: str
    after: ShardPosition
    """Read what follows; without a sequence number from the oldest record that the stream still has."""
    until_us: int
    """A record that arrived later ends the reading: the stream is read up to when it was planned."""
    retention_us: int
    retention_before_us: int
    """When the stream was last read."""
    max_records: int
    max_bytes: int
    settle_us: int
    """How long after its arrival a record may come to be readable, and clocks may be apart."""
    iterator: str | None = None
    """Stands right after ``after``, from an earlier reading."""


@dataclass(slots=True)
class Columns:
    """User records in the shard's order, column by column."""

    sequence_number: list[str] = field(default_factory=list)
    sub_sequence_number: list[int] = field(default_factory=list)
    partition_key: list[str] = field(default_factory=list)
    arrival_us: list[int] = field(default_factory=list)
    payload: list[bytes] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.payload)

    def take(self, record: dict[str, Any]) -> None:
        """Add a record of Kinesis, or the user records of one that is an aggregate."""
        data, sequence = record["Data"], record["SequenceNumber"]
        arrival_us = time_us(record["ApproximateArrivalTimestamp"])
        parts = kpl.deaggregate(data)
        if parts is None:
            self.sub_sequence_number.append(0)
            self.partition_key.append(record["PartitionKey"])
            self.payload.append(data)
            count = 1
        else:
            count = len(parts)
            self.sub_sequence_number.extend(range(count))
            self.partition_key.extend(map(_KEY, parts))
            self.payload.extend(map(_DATA, parts))
        self.sequence_number.extend([sequence] * count)
        self.arrival_us.extend([arrival_us] * count)


_KEY: Final = itemgetter(0)
_DATA: Final = itemgetter(1)


@dataclass(slots=True)
class ShardProgress:
    """How far a reading went."""

    after: ShardPosition
    """The shard's position now."""
    rows: int = 0
    bytes: int = 0
    """Of Kinesis' records."""
    newest_us: int | None = None
    """The latest arrival."""
    behind_ms: int = 0
    caught_up: bool = False
    """Read up to the tip, to when the reading was planned, or to its end."""
    children: tuple[str, ...] = ()
    """Told by the last answer of a closed shard; their parents are read as well before they are."""
    gap: StreamGap | None = None
    """Records that were trimmed before they were read."""
    iterator: str | None = None
    """Where to go on."""


class Pace:
    """When a shard may be asked next: 5 times a second, and once it throttled, not above 2 MB a second either.

    Bytes are not counted before: other limits than AWS' (the embedded Kinesis) are not to be slowed down by them.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._free_at = clock()
        self._by_bytes = False

    def wait(self) -> None:
        """Wait until the next call is due, and count it."""
        left_s = self._free_at - self._clock()
        if left_s > 0:
            self._sleep(left_s)
        self._free_at = self._clock() + 1 / READS_PER_S

    def took(self, size: int) -> None:
        """An answer of so many bytes came."""
        if self._by_bytes:
            self._free_at = max(self._free_at, self._clock() + size / READ_BYTES_PER_S)

    def throttled(self) -> None:
        """Kinesis asked for less."""
        self._by_bytes = True


@dataclass(slots=True)
class ShardReading:
    """One task at work."""

    client: KinesisClient
    task: ShardTask
    pace: Pace
    now_us: Callable[[], int] = lambda: time.time_ns() // 1000
    sleep: Callable[[float], None] = time.sleep
    dice: Callable[[], float] = random.random
    columns: Columns = field(default_factory=Columns)
    progress: ShardProgress = field(init=False)
    _looks_back: bool = field(init=False, default=False)
    """The next iterator stands *at* the last record read: where it is still there, nothing after it was trimmed."""

    def __post_init__(self) -> None:
        self.progress = ShardProgress(self.task.after)
        may_be_gone = self.task.after.through_us < self.now_us() - LEAST_RETENTION_US
        self._looks_back = may_be_gone and self.task.after.sequence is not None

    def run(self) -> None:
        """Read until the tip, the plan's time, the shard's end or a bound; ``columns`` and ``progress`` hold it.

        Raises:
            TransientError: Kinesis kept refusing, or the shard is gone; what was read before stands.
            StreamRefusedError: the stream may not be read.
        """
        task, progress = self.task, self.progress
        iterator = self._first_iterator()
        empty = expired = 0
        while iterator is not None and progress.rows < task.max_records and progress.bytes < task.max_bytes:
            limit = min(GET_RECORDS_LIMIT, max(task.max_records - progress.rows, 1))
            asked_us, answer = self._call(
                partial(self.client.get_records, ShardIterator=iterator, Limit=limit), "GetRecords", paced=True
            )
            if answer is None:  # expired: five minutes is all that an iterator lives
                expired += 1
                if expired >= _EXPIRIES:
                    raise TransientError(f"{task.shard_id}: iterators expire at once; the next turn reads on")
                iterator = self._iterator()
                continue
            expired = 0
            iterator = progress.iterator = answer.get("NextShardIterator")
            records = answer["Records"]
            self._take(records, asked_us, answer)
            if progress.caught_up:
                return
            empty = 0 if records else empty + 1
            if empty > _EMPTY_READS:
                return

    def _take(self, records: list[dict[str, Any]], asked_us: int, answer: dict[str, Any]) -> None:
        task, progress = self.task, self.progress
        progress.behind_ms = answer.get("MillisBehindLatest", 0)
        ended = progress.iterator is None
        at_tip = ended or progress.behind_ms == 0
        if records or at_tip:
            is_there = bool(records) and int(records[0]["SequenceNumber"]) == progress.after.sequence
            self._look_for_loss(records, is_there=self._looks_back and is_there)
            records = records[1:] if self._looks_back and is_there else records
            self._looks_back = False
        before = progress.after
        arrival_us, through_us = before.arrival_us, before.through_us
        if records:
            rows, size = len(self.columns), 0
            for record in records:
                self.columns.take(record)
                size += len(record["Data"])
            progress.rows += len(self.columns) - rows
            progress.bytes += size
            self.pace.took(size)
            arrival_us = self.columns.arrival_us[-1]
            progress.newest_us = max((progress.newest_us or 0, *self.columns.arrival_us[rows:]))
            # Arrivals may go back a little within a shard: the next record's may be before the last one's.
            through_us = max(through_us, arrival_us - task.settle_us)
            progress.caught_up = arrival_us > task.until_us
        if at_tip and not ended:
            # When a closed shard was closed is not known: its children's records may be older than this call.
            through_us = max(through_us, _not_ahead(asked_us, answer) - task.settle_us)
        progress.after = ShardPosition(
            int(records[-1]["SequenceNumber"]) if records else before.sequence, arrival_us, through_us, at_tip, ended
        )
        progress.children = tuple(child["ShardId"] for child in answer.get("ChildShards") or ())
        progress.caught_up = progress.caught_up or at_tip

    def _look_for_loss(self, records: list[dict[str, Any]], *, is_there: bool) -> None:
        """Whether what came right after the last record was trimmed before this answer."""
        task, before, now_us = self.task, self.progress.after, self.now_us()
        if is_there or before.through_us == NOTHING_KNOWN:
            return
        to_us, reason = now_us - task.retention_us, PAUSED if before.at_tip else TRIMMED
        if self._looks_back and before.arrival_us is not None and before.arrival_us > to_us:
            # It is young enough to be there, and is not: the retention was shorter for a while.
            oldest_us = time_us(records[0]["ApproximateArrivalTimestamp"]) if records else now_us
            to_us, reason = max(to_us, oldest_us), SHORTENED
        elif before.through_us >= now_us - task.retention_before_us:
            reason = SHORTENED
        if before.through_us < to_us:
            first = self.progress.gap or StreamGap(before.through_us, to_us, task.shard_id, reason)
            self.progress.gap = replace(first, to_us=to_us)
            self.progress.after = replace(before, through_us=to_us)

    def _first_iterator(self) -> str | None:
        return self._iterator() if self.task.iterator is None or self._looks_back else self.task.iterator

    def _iterator(self) -> str | None:
        start = {"ShardIteratorType": "TRIM_HORIZON"}
        if (sequence := self.progress.after.sequence) is not None:
            kind = "AT_SEQUENCE_NUMBER" if self._looks_back else "AFTER_SEQUENCE_NUMBER"
            start = {"ShardIteratorType": kind, "StartingSequenceNumber": str(sequence)}
        get = partial(
            self.client.get_shard_iterator, StreamName=self.task.stream_name, ShardId=self.task.shard_id, **start
        )
        _, answer = self._call(get, "GetShardIterator", paced=False)
        return None if answer is None else str(answer["ShardIterator"])

    def _call(
        self, call: Callable[[], dict[str, Any]], operation: str, *, paced: bool
    ) -> tuple[int, dict[str, Any] | None]:
        """When the call that was answered began, and its answer, tried again while Kinesis is busy; None where the
        iterator has expired."""

        def once() -> tuple[int, dict[str, Any] | None]:
            if paced:
                self.pace.wait()
            asked_us = self.now_us()
            try:
                return asked_us, call()
            except ERRORS as error:
                code = code_of(error)
                if code == "ExpiredIteratorException":
                    return asked_us, None
                if code == "ResourceNotFoundException":
                    raise TransientError(
                        f"{error}: {self.task.shard_id} expired since it was listed; the next turn lists anew"
                    ) from error
                raise judged(self.task.stream_name, operation, error) from error

        def failed(error: Exception) -> None:
            if paced and isinstance(error, CallFailedError) and error.throttled:
                self.pace.throttled()

        return retry(
            once,
            when=CallFailedError,
            tries=TRIES,
            backoff=BACKOFF,
            sleep=self.sleep,
            dice=self.dice,
            on_failure=failed,
        )


def _not_ahead(asked_us: int, answer: Mapping[str, Any]) -> int:
    """When a call began, by Kinesis' own clock where ours is clearly ahead of it.

    Its answers tell the time in whole seconds. Arrivals are of its clock: with ours ahead, what is yet to arrive would
    count as arrived.
    """
    told = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    if told is None:
        return asked_us
    theirs_us = round(parsedate_to_datetime(told).timestamp()) * 1_000_000
    return theirs_us if asked_us > theirs_us + _AHEAD_US else asked_us
