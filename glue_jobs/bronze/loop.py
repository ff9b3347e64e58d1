"""Kinesis → bronze.trades: turns of read, persist, and one commit that holds rows and position together.

A turn starts from the position read back from the table, never from memory. It plans one task a shard, reads each up
to a bound, keeps what was read, and commits exactly the rows up to the sequence numbers that the new position names.
A kill before the commit leaves nothing; a kill after it, everything.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name that all Spark code has for it

from glue_jobs.bronze.frame import Address, progress_of, read_shards, up_to
from glue_jobs.bronze.from_rows import newest_position, position_of
from glue_jobs.bronze.position import Position, StreamGap
from glue_jobs.bronze.reader import ShardProgress, ShardTask
from glue_jobs.bronze.stream import Stream, StreamClient, describe
from glue_jobs.engine import Steps, delta
from tapehouse import aws, logs
from tapehouse.tables import BRONZE_TRADES

log = logs.of(__name__)

POSITION: Final = "position"
"""The key of the position in the commit's metadata."""
_FILE_BYTES: Final = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnLimits:
    """What one turn reads of one shard at most."""

    max_records: int = 200_000
    max_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn did."""

    rows: int
    bytes: int
    behind_ms: int
    """How far the slowest shard's reader is behind the stream's tip."""
    position: Position
    full: bool
    """Some shard was read up to its bound: there is more."""


@dataclass(frozen=True, slots=True)
class _Start:
    """What a turn started from."""

    base: delta.Snapshot
    stream: Stream
    before: Position
    now_us: int


class BronzeLoop:
    """Turns of one stream into bronze.trades."""

    def __init__(
        self,
        spark: SparkSession,
        uri: str,
        stream_name: str,
        *,
        client: StreamClient | None = None,
        limits: TurnLimits | None = None,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
        steps: Steps | None = None,
    ) -> None:
        self._spark = spark
        self._uri = uri
        self._stream_name = stream_name
        self._client: StreamClient = client or aws.client("kinesis")
        self._limits = limits or TurnLimits()
        self._now_us = now_us
        self._steps = steps or Steps()

    def position(self) -> Position | None:
        """The position that the table holds; None for a table without rows."""
        return self._position(delta.snapshot(self._spark, BRONZE_TRADES, self._uri))

    def turn(self) -> Turn:
        """One turn. An idle one commits nothing.

        Raises:
            LostRaceError: another turn committed first; nothing was written.
            TransientError: Kinesis kept refusing; nothing was written.
            StreamRefusedError: the stream is not there, or may not be read.
        """
        delta.ensure(self._spark, BRONZE_TRADES, self._uri)
        base = delta.snapshot(self._spark, BRONZE_TRADES, self._uri)
        stream = describe(self._client, self._stream_name)
        now_us = self._now_us()
        before = self._before(base, stream, now_us)
        tasks = [
            ShardTask(stream.name, shard, before.shards.get(shard), self._limits.max_records, self._limits.max_bytes)
            for shard in stream.shards
        ]
        read = read_shards(self._spark, tasks, Address.of(self._client)).persist(StorageLevel.MEMORY_AND_DISK)
        try:
            with self._steps.step("bronze read") as count:
                progress = progress_of(read)
                count.rows = sum(shard.rows for shard in progress.values())
            return self._commit(_Start(base, stream, before, now_us), read, progress)
        finally:
            read.unpersist()

    def drain(self, *, on_turn: Callable[[Turn], None] = lambda turn: None, most_turns: int | None = None) -> int:
        """Turns until the tip of the stream is reached; the rows that they added. Lost races are run again."""
        rows = turns = 0
        while most_turns is None or turns < most_turns:
            try:
                turn = self.turn()
            except delta.LostRaceError:
                log.info("turn_lost_race", stream=self._stream_name)
                continue
            turns += 1
            rows += turn.rows
            on_turn(turn)
            if turn.rows == 0 or not (turn.full or turn.behind_ms > 0):
                return rows
        return rows

    def _commit(self, start: _Start, read: DataFrame, progress: Mapping[str, ShardProgress]) -> Turn:
        base, stream, before, now_us = start.base, start.stream, start.before, start.now_us
        rows = sum(shard.rows for shard in progress.values())
        size = sum(shard.bytes for shard in progress.values())
        ends = {name: shard.last_sequence for name, shard in progress.items() if shard.last_sequence is not None}
        after = before.advanced(ends, listed=frozenset(stream.shards), watched_us=now_us)
        after = replace(after, ingested_us=max(now_us, before.ingested_us + 1))
        turn = Turn(
            rows,
            size,
            max((shard.behind_ms for shard in progress.values()), default=0),
            after,
            any(
                shard.rows >= self._limits.max_records or shard.bytes >= self._limits.max_bytes
                for shard in progress.values()
            ),
        )
        if rows == 0 and not self._due(before, stream, now_us):
            return replace(turn, position=before)
        frame = _rows(read, stream, progress, after.ingested_us).coalesce(1 + size // _FILE_BYTES)
        with self._steps.step("bronze.trades") as count:
            count.rows = rows
            delta.append(frame, base, metadata={POSITION: after.as_json()})
        log.info("bronze_committed", stream=stream.name, rows=rows, bytes=size, turn=base.turn + 1)
        return turn

    def _due(self, before: Position, stream: Stream, now_us: int) -> bool:
        """Whether an idle stream's watch is worth a commit: else a quiet week would look like a missed one."""
        if before.watched_us is None:
            return False
        return now_us - before.watched_us > stream.retention_us // 8

    def _before(self, base: delta.Snapshot, stream: Stream, now_us: int) -> Position:
        """Where this turn reads on: what the table has of this very stream, with a gap where it paused too long."""
        found = self._position(base)
        if found is None:
            return Position(stream.name, stream.created_us)
        if not found.is_of(stream.name, stream.created_us):
            log.warning(
                "stream_changed",
                before=found.stream_name,
                before_created_us=found.stream_created_at_us,
                stream=stream.name,
                created_us=stream.created_us,
                note="reading the new one from its start",
            )
            derived = position_of(self._spark, self._uri, stream.name, stream.created_us)
            return derived or Position(stream.name, stream.created_us, ingested_us=found.ingested_us, gaps=found.gaps)
        if found.watched_us is not None and now_us - found.watched_us > stream.retention_us:
            gap = StreamGap(found.watched_us, now_us - stream.retention_us)
            log.error(
                "stream_gap",
                stream=stream.name,
                from_us=gap.from_us,
                to_us=gap.to_us,
                note="the pause was longer than the stream's retention",
            )
            return replace(found, gaps=(*found.gaps, gap))
        return found

    def _position(self, base: delta.Snapshot) -> Position | None:
        if (found := position_in(base)) is not None:
            return found
        if base.turn == 0:
            return None
        log.warning("position_not_in_log", version=base.version, note="deriving it from the rows")
        return newest_position(self._spark, self._uri)


def position_in(base: delta.Snapshot) -> Position | None:
    """The position that the newest commit of bronze carries; None where the log does not tell it."""
    body = (base.metadata or {}).get(POSITION)
    return None if body is None else Position.from_json(body)


def _rows(read: DataFrame, stream: Stream, progress: Mapping[str, ShardProgress], ingested_us: int) -> DataFrame:
    """Exactly the rows that the position counts, as bronze.trades."""
    return up_to(read, progress).select(
        "payload",
        F.lit(stream.name).alias("stream_name"),
        F.timestamp_micros(F.lit(stream.created_us)).alias("stream_created_at"),
        "shard_id",
        "sequence_number",
        "sub_sequence_number",
        "partition_key",
        "arrival_time",
        F.timestamp_micros(F.lit(ingested_us)).alias("ingested_at"),
        F.to_date("arrival_time").alias("arrival_date"),
    )
