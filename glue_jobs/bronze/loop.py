"""Kinesis → bronze.trades: turns of read, stage, and one commit that holds rows and position together.

A turn starts from the position read back from the table, never from memory, and ends at the tip of the stream as it
was when the turn began, or at a bound. It looks at each shard first. Where every shard has more than such a look takes,
the backlog is read in large pieces, by tasks of Spark where there are several shards; where some shard is at its tip,
its fresh records do not wait for another's old ones. A kill before the commit leaves nothing; a kill after it,
everything.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from operator import itemgetter
from typing import Any, Final

from glue_jobs.bronze.from_rows import newest_position, position_of
from glue_jobs.bronze.position import DELETED, NOTHING_KNOWN, Position, ShardPosition, StreamGap
from glue_jobs.bronze.reader import Pace, ShardProgress, ShardReading, ShardTask
from glue_jobs.bronze.reading import Address, ShardRead, Share, Staged, on_spark, read_shards
from glue_jobs.bronze.rows import Source, rows_of, stage
from glue_jobs.bronze.stream import Stream, StreamClient, describe
from glue_jobs.engine import DataFile, LostRaceError, TableState, Workspace
from tapehouse import aws, logs
from tapehouse.backoff import Backoff
from tapehouse.errors import LakehouseError, TerminalError
from tapehouse.tables import BRONZE_TRADES

log = logs.of(__name__)

POSITION: Final = "position"
"""The key of the position in the commit's metadata."""
_DESCRIBED_S: Final = 5.0
"""A live loop asks Kinesis for the stream itself so often; that a shard was closed, its own end tells."""
_ITERATOR_S: Final = 240.0
"""An iterator is used again up to this age: it lives for five minutes."""
_LOST_RACES: Final = 9
_AFTER_LOST_RACE: Final = Backoff(base_s=0.1, cap_s=12.8, least=0)
_STANDSTILLS: Final = 3
"""Turns in a row of a drain that add nothing and do not reach the tip, before it leaves the rest to the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnLimits:
    """What one turn reads of one shard at most, and how long it distrusts what is new."""

    look_records: int = 25_000
    look_bytes: int = 4 * 1024 * 1024
    """Of a shard's first look: what a turn takes of it while other shards are at their tips."""
    max_records: int = 200_000
    max_bytes: int = 32 * 1024 * 1024
    """In all, where every shard has a backlog."""
    settle_us: int = 1_000_000
    """How long after its arrival a record may come to be readable, and how far apart clocks may be."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn did."""

    rows: int
    bytes: int
    behind_ms: int
    """How far the slowest shard's reader is behind the stream's tip."""
    position: Position
    at_tip: bool
    """Every shard was read up to what it held when the turn began."""
    failures: tuple[LakehouseError, ...] = ()
    """Of shards that could not be read on; the next turn tries them again."""
    committed: bool = True


@dataclass(frozen=True, slots=True)
class _Start:
    """What a turn started from."""

    base: TableState
    stream: Stream
    stored: Position | None
    before: Position
    now_us: int

    @property
    def source(self) -> Source:
        return Source(self.stream.name, self.stream.created_us, max(self.now_us, self.before.ingested_us + 1))


@dataclass(slots=True)
class _Taken:
    """What was read in a turn, staged or still in memory."""

    read: dict[str, list[ShardRead]] = field(default_factory=dict)
    files: list[DataFile] = field(default_factory=list)
    spread: dict[str, ShardProgress] = field(default_factory=dict)
    failures: dict[str, LakehouseError] = field(default_factory=dict)

    def add(self, found: Mapping[str, ShardRead]) -> None:
        for shard_id, each in found.items():
            self.read.setdefault(shard_id, []).append(each)
            if each.failure is not None:
                self.failures[shard_id] = each.failure

    def add_staged(self, staged: Sequence[Staged]) -> None:
        for each in staged:
            self.files.extend(each.files)
            for shard_id, (progress, failure) in each.shards.items():
                self.spread[shard_id] = progress
                if failure is not None:
                    self.failures[shard_id] = failure

    def progress(self) -> list[tuple[str, ShardProgress]]:
        """Each reading's, in the order of a shard's readings."""
        return [
            *((shard_id, each.progress) for shard_id, found in self.read.items() for each in found),
            *self.spread.items(),
        ]

    def last(self) -> dict[str, ShardProgress]:
        return dict(self.progress())


class BronzeLoop:
    """Turns of one stream into bronze.trades. Keeps what saves calls (iterators, paces), never what it has read."""

    def __init__(
        self,
        workspace: Workspace,
        stream_name: str,
        *,
        client: StreamClient | None = None,
        limits: TurnLimits | None = None,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
        sleep: Callable[[float], None] = time.sleep,
        spread: Callable[[Sequence[Share]], list[Staged]] | None = None,
    ) -> None:
        self._ws = workspace
        self._stream_name = stream_name
        self._client: StreamClient = client or aws.client("kinesis", max_attempts=1, plain_times=True)
        self._limits = limits or TurnLimits()
        self._now_us, self._sleep = now_us, sleep
        self._spread = spread or partial(on_spark, workspace.spark)
        self._described: tuple[float, Stream] | None = None
        self._paces: dict[str, Pace] = {}
        self._iterators: dict[tuple[int, str, int | None], tuple[float, str]] = {}

    def position(self) -> Position | None:
        """The position that the table holds; None for a table without rows."""
        return self._stored(self._ws.state(BRONZE_TRADES))

    def turn(self, *, fresh: bool = True) -> Turn:
        """One turn. One that finds nothing commits nothing, unless what it knows now is worth it (``_due``).

        ``fresh``: ask Kinesis for the stream anew, instead of every few seconds only.

        Raises:
            LostRaceError: another turn committed first; nothing was written.
            TransientError: no shard could be read; nothing was written, the next turn reads on.
            StreamRefusedError: the stream is not there, or may not be read.
        """
        self._ws.ensure((BRONZE_TRADES,))
        if fresh:
            self._described = None
        was_known = self._described is not None
        start = self._start()
        with self._ws.steps.step("bronze read") as count:
            taken = self._take(start)
            count.rows = sum(progress.rows for _, progress in taken.progress())
        if taken.failures or any(progress.after.ended for progress in taken.last().values()):
            self._described = None
        for failure in taken.failures.values():
            if isinstance(failure, TerminalError):
                if was_known:  # the stream may have been made anew meanwhile
                    return self.turn()
                raise failure
        return self._commit(start, taken)

    def drain(self, *, on_turn: Callable[[Turn], None] = lambda turn: None, most_turns: int | None = None) -> int:
        """Turns up to the tip of the stream as of now; the rows that they added.

        What comes meanwhile is left to the next drain, so a steady stream does not hold up what follows. It ends when
        ``arrived_through_us`` has passed what was there when it began: on a stream that stopped, the newest record.

        Raises:
            LostRaceError: another writer was first again and again.
            TransientError, StreamRefusedError: as ``turn``.
        """
        began_us = self._now_us()
        rows = turns = lost = still = 0
        while most_turns is None or turns < most_turns:
            try:
                turn = self.turn(fresh=turns == 0)
            except LostRaceError:
                lost += 1
                log.info("turn_lost_race", stream=self._stream_name)
                if lost >= _LOST_RACES:
                    raise
                self._sleep(_AFTER_LOST_RACE.wait_s(lost, 0.5))
                continue
            turns, lost = turns + 1, 0
            rows += turn.rows
            on_turn(turn)
            if turn.at_tip:
                wait_us = self._unsettled_us(turn.position, began_us)
                if wait_us <= 0:
                    return rows
                self._sleep(wait_us / 1e6)
                continue
            still = 0 if turn.rows else still + 1
            if still >= _STANDSTILLS:
                if turn.failures:
                    raise turn.failures[0]
                log.warning("stream_stands_still", stream=self._stream_name, behind_ms=turn.behind_ms)
                return rows
        return rows

    def _unsettled_us(self, position: Position, began_us: int) -> int:
        """How long to wait before a look at the tip proves that all there was at ``began_us`` is in bronze."""
        if position.newest_us is None:
            return 0
        wanted_us = min(position.newest_us, began_us)
        if position.arrived_through_us is not None and position.arrived_through_us >= wanted_us:
            return 0
        return max(wanted_us + self._limits.settle_us - self._now_us(), 0) + 1_000

    # What a turn starts from.

    def _start(self) -> _Start:
        base = self._ws.state(BRONZE_TRADES)
        if self._described is None or time.monotonic() - self._described[0] > _DESCRIBED_S:
            self._described = time.monotonic(), describe(self._client, self._stream_name)
        stream = self._described[1]
        now_us = self._now_us()
        stored = self._stored(base)
        before = self._before(stored, stream).listing(stream.shards, horizon_us=now_us - stream.retention_us)
        return _Start(base, stream, stored, before, now_us)

    def _before(self, stored: Position | None, stream: Stream) -> Position:
        """What the table has of this very stream."""
        if stored is None:
            return Position(stream.name, stream.created_us)
        if stored.is_of(stream.name, stream.created_us):
            return stored
        log.warning(
            "stream_changed",
            before=stored.stream_name,
            before_created_us=stored.stream_created_at_us,
            stream=stream.name,
            created_us=stream.created_us,
            note="reading the new one from its start",
        )
        gaps = stored.gaps
        seen_us = min((shard.through_us for shard in stored.shards.values() if not shard.ended), default=NOTHING_KNOWN)
        if stored.stream_name == stream.name and NOTHING_KNOWN < seen_us < stream.created_us:
            gaps = (*gaps, StreamGap(seen_us, stream.created_us, None, DELETED))
        found = position_of(self._ws, stream.name, stream.created_us) or Position(stream.name, stream.created_us)
        return replace(
            found,
            # What was here of the other stream says nothing of this one, which may have been filled beside it.
            arrived_through_us=None,
            newest_us=stored.newest_us,
            ingested_us=max(stored.ingested_us, found.ingested_us),
            gaps=gaps,
        )

    def _stored(self, base: TableState) -> Position | None:
        if (found := position_in(base)) is not None:
            return found
        if base.turn == 0:
            return None
        log.warning("position_not_in_log", version=base.version, note="deriving it from the rows")
        return newest_position(self._ws)

    # What it reads.

    def _take(self, start: _Start) -> _Taken:
        limits, taken = self._limits, _Taken()
        tasks = [self._task(start, shard_id) for shard_id in start.before.readable(start.stream.shards)]
        taken.add(read_shards(self._client, tasks, self._reading))
        behind = [shard_id for shard_id, each in taken.last().items() if not each.caught_up]
        behind = [shard_id for shard_id in behind if shard_id not in taken.failures]
        if len(behind) < len(tasks):
            return taken
        more = []
        for shard_id in behind:
            progress = taken.last()[shard_id]
            left = (limits.max_records - progress.rows, limits.max_bytes - progress.bytes)
            if min(left) > 0:
                task = self._task(start, shard_id)
                more.append(
                    replace(
                        task, after=progress.after, iterator=progress.iterator, max_records=left[0], max_bytes=left[1]
                    )
                )
        if len(more) > 1:
            taken.add_staged(self._spread(self._shares(start, more)))
        else:
            taken.add(read_shards(self._client, more, self._reading))
        return taken

    def _task(self, start: _Start, shard_id: str) -> ShardTask:
        limits, after = self._limits, start.before.shards[shard_id]
        key = (start.stream.created_us, shard_id, after.sequence)
        made_at, iterator = self._iterators.get(key, (0.0, None))
        return ShardTask(
            stream_name=start.stream.name,
            shard_id=shard_id,
            after=after,
            until_us=start.now_us,
            retention_us=start.stream.retention_us,
            retention_before_us=start.before.retention_us or start.stream.retention_us,
            max_records=min(limits.look_records, limits.max_records),
            max_bytes=min(limits.look_bytes, limits.max_bytes),
            settle_us=limits.settle_us,
            iterator=iterator if time.monotonic() - made_at < _ITERATOR_S else None,
        )

    def _reading(self, client: StreamClient, task: ShardTask) -> ShardReading:
        pace = self._paces.setdefault(task.shard_id, Pace(sleep=self._sleep))
        return ShardReading(client, task, pace, now_us=self._now_us, sleep=self._sleep)

    def _shares(self, start: _Start, tasks: Sequence[ShardTask]) -> list[Share]:
        """The shards of a backlog over the cluster's cores."""
        spark: Any = self._ws.spark
        count = min(len(tasks), spark.sparkContext.defaultParallelism if spark is not None else len(tasks))
        address, uri = Address.of(self._client), self._ws.uri(BRONZE_TRADES)
        tasks = [replace(task, iterator=None) for task in tasks]
        return [Share(uri, start.source, address, tuple(tasks[number::count])) for number in range(count)]

    # What it commits.

    def _commit(self, start: _Start, taken: _Taken) -> Turn:
        stream, before = start.stream, start.before
        progress, last = taken.progress(), taken.last()
        rows = sum(each.rows for _, each in progress)
        size = sum(each.bytes for _, each in progress)
        newest = [each.newest_us for _, each in progress if each.newest_us is not None]
        gaps = [each.gap for _, each in sorted(progress, key=itemgetter(0)) if each.gap is not None]
        after = before.advanced(_positions(stream, last), gaps=gaps, newest_us=max(newest, default=None))
        after = replace(after, ingested_us=start.source.ingested_us, retention_us=stream.retention_us)
        turn = Turn(
            rows,
            size,
            max((each.behind_ms for each in last.values()), default=0),
            after,
            all(
                shard.ended or (shard_id in last and last[shard_id].caught_up)
                for shard_id, shard in after.shards.items()
            ),
            tuple(taken.failures.values()),
        )
        if rows == 0 and not _due(start.stored, after, stream):
            if taken.failures:
                raise turn.failures[0]
            self._keep_iterators(start, taken)
            return replace(turn, position=start.stored or before, committed=False)
        for gap in after.gaps[len(before.gaps if start.stored is None else start.stored.gaps) :]:
            log.error(
                "stream_gap",
                stream=stream.name,
                shard=gap.shard_id,
                from_us=gap.from_us,
                to_us=gap.to_us,
                note=gap.reason,
            )
        with self._ws.steps.step("bronze.trades") as count:
            count.rows = rows
            columns = {shard_id: [each.columns for each in found] for shard_id, found in taken.read.items()}
            files = stage(
                rows_of(start.source, columns),
                lambda part, partition: self._ws.stage(BRONZE_TRADES, part, partition=partition),
            )
            self._ws.commit(start.base, add=[*files, *taken.files], metadata={POSITION: after.as_json()})
        for failure in turn.failures:
            log.warning("shard_not_read", stream=stream.name, error=str(failure), note="the next turn tries again")
        log.info("bronze_committed", stream=stream.name, rows=rows, bytes=size, turn=start.base.turn + 1)
        self._keep_iterators(start, taken)
        return turn

    def _keep_iterators(self, start: _Start, taken: _Taken) -> None:
        """Where a shard's next reading may begin without asking for an iterator: an idle one walks on, call by call."""
        made_at = time.monotonic()
        self._iterators = {
            (start.stream.created_us, shard_id, progress.after.sequence): (made_at, progress.iterator)
            for shard_id, progress in taken.last().items()
            if progress.iterator is not None and shard_id not in taken.failures and shard_id not in taken.spread
        }
        self._paces = {shard_id: pace for shard_id, pace in self._paces.items() if shard_id in start.before.shards}


def position_in(base: TableState) -> Position | None:
    """The position that bronze's newest commit carries; None where the log does not tell it."""
    body = (base.metadata or {}).get(POSITION)
    return None if body is None else Position.from_json(body)


def _positions(stream: Stream, last: Mapping[str, ShardProgress]) -> dict[str, ShardPosition]:
    """The shards that were read, and the children of those that ended."""
    found: dict[str, ShardPosition] = {}
    for shard_id, progress in last.items():
        after = progress.after
        if after.ended:
            listed = [child for child, parents in stream.shards.items() if shard_id in parents]
            children = {*progress.children, *listed}
            # Without its children nobody would know up to when the stream was read: it ends once they are known.
            after = replace(after, ended=bool(children), at_tip=bool(children))
            for child in children:
                found[child] = found.get(child, ShardPosition()).joined(ShardPosition(through_us=after.through_us))
        found[shard_id] = after
    return found


def _due(stored: Position | None, after: Position, stream: Stream) -> bool:
    """Whether a turn without rows is worth a commit.

    It is, where it found a loss, where shards came or ended, where the last rows' coverage comes to count, and now and
    then: else a quiet week would look like a missed one.
    """
    if stored is None:
        return bool(after.gaps) or any(shard.ended for shard in after.shards.values())
    known, now = stored.arrived_through_us, after.arrived_through_us
    if known is None or now is None:
        return now != known
    newest_us = stored.newest_us
    return (
        after.gaps != stored.gaps
        or not stored.is_of(stream.name, stream.created_us)
        or {shard_id: shard.ended for shard_id, shard in after.shards.items()}
        != {shard_id: shard.ended for shard_id, shard in stored.shards.items()}
        or (newest_us is not None and known < newest_us <= now)
        or now - known > stream.retention_us // 8
    )
