"""The confirmed sink: every item put is in Kinesis at least once, or the caller is told that it is not.

``put_many`` waits while the buffer is full, so memory is bounded by the configuration whatever Kinesis does. Records of
one market share KPL aggregates, shards are chosen by explicit hash keys and kept within their limits (see ``pacing``),
and calls are made in a few threads. Entries that failed, and calls that failed or whose answer was lost, are sent again
with backoff and full jitter until Kinesis has them, maybe to another shard. Order is not promised (PutRecords has
none); instead ``marks`` says, for each market, through where everything is confirmed, and a barrier (a record that
speaks for the ones before it: ``Coverage``, ``GapClosed``) is held back until those are confirmed, so that a kill
cannot leave it in the stream without what it speaks for.

An item that Kinesis would never take is refused alone: counted, logged and given to ``on_refused``.
"""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from typing import Any, Final, Self

from producers.sink.body import BotoClient, DirectPutRecords
from producers.sink.buffer import Buffer
from producers.sink.config import Metrics, SinkConfig
from producers.sink.errors import RecordsRefusedError, SinkClosedError, UnconfirmedError
from producers.sink.packing import Entry
from producers.sink.routing import Router
from producers.sink.sender import PutRecordsClient, send
from producers.sink.shards import ListsShards
from producers.sink.watermark import Mark
from producers.source import Item, Raw
from tapehouse import logs
from tapehouse.kinesis import THROTTLES, CallFailedError, StreamRefusedError
from tapehouse.kinesis_limits import PUT_UNIT_BYTES
from tapehouse.market import MarketKey
from tapehouse.record import Trade

log = logs.of(__name__)

YIELD_EVERY: Final = 256
"""Items put between two chances for the loop to run its other tasks."""
PACED_S: Final = 0.025
"""Seconds between two looks at shards that had no room: what they gather meanwhile makes one call instead of many."""


class KinesisSink:
    """Puts items into one stream. Belongs to one event loop; ``client`` is called in threads and retries nothing."""

    def __init__(
        self,
        config: SinkConfig,
        client: PutRecordsClient,
        *,
        on_confirmed: Callable[[Sequence[Item]], None] | None = None,
        on_refused: Callable[[Item, str], None] | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.config = config
        self._client = client
        self._sending = DirectPutRecords(client) if isinstance(client, BotoClient) else client
        self._on_confirmed, self._on_refused, self._jitter = on_confirmed, on_refused, jitter
        self._clock = time.monotonic  # the one that the loop's timeouts go by
        self._metrics = Metrics()
        self._buffer = Buffer(config, self._refused)
        self._outbox = self._buffer.outbox
        self._router = Router(config, uniform=jitter)
        self._put_since_yield = self._in_flight = 0
        self._draining = self._wanting_room = False
        self._lag_s = 0.0
        self._turn = asyncio.Lock()
        self._moved = asyncio.Event()
        self._wake = asyncio.Event()
        self._shards_asked = asyncio.Event()
        self._slots = asyncio.Semaphore(config.max_in_flight)
        self._tasks: set[asyncio.Task[None]] = set()
        self._pool: ThreadPoolExecutor | None = None
        self._failure: Exception | None = None
        self._has_failed = asyncio.Event()
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # -- what callers do ------------------------------------------------------------------------------------------

    async def put_many(self, items: Iterable[Item]) -> None:
        """Take the items in order; waits while the buffer is full. Taken is not confirmed: see ``flush``.

        Callers take turns, so the items of one call stay together. A cancelled call may have put some of them. Raises
        what made the sink fail (RecordsRefusedError, UnconfirmedError), and SinkClosedError.
        """
        async with self._turn:
            self._check_open()
            self._start()
            coming = iter(items)
            while chunk := tuple(islice(coming, YIELD_EVERY)):
                await self._take(chunk)

    async def put_raw(self, data: bytes, partition_key: str) -> None:
        """Put bytes that reach the stream unchanged."""
        await self.put_many((Raw(data=data, partition_key=partition_key),))

    async def flush(self) -> None:
        """Send without lingering and wait until all that was put is confirmed. Who puts meanwhile waits.

        Raises what made the sink fail.
        """
        async with self._turn:
            await self._drain()

    async def failed(self) -> None:
        """Wait until the sink fails; for ever if it does not. For those who otherwise would wait for their source."""
        await self._has_failed.wait()

    async def close(self, deadline_s: float = 30) -> None:
        """Flush for at most ``deadline_s`` seconds, then end. Closing again does nothing.

        Raises UnconfirmedError naming how many items were not confirmed by then, or what made the sink fail earlier.
        """
        if self._closed:
            return
        try:
            async with asyncio.timeout(deadline_s):
                await self.flush()
        except TimeoutError:
            unconfirmed = self._unconfirmed(f"closed after {deadline_s:g} s")
            self._fail(unconfirmed)
            raise unconfirmed from None
        finally:
            self._closed = True
            await self._stop()

    def metrics(self) -> Metrics:
        """The counts so far."""
        now, lowest, confirmed = self._clock(), self._buffer.lowest, self._metrics.confirmed
        return replace(
            self._metrics,
            put=self._buffer.put,
            shards=self._router.shards,
            buffered=len(self._buffer),
            buffered_bytes=self._buffer.size,
            oldest_s=0.0 if lowest is None else now - lowest.since,
            mean_lag_s=self._lag_s / confirmed if confirmed else 0.0,
        )

    def marks(self) -> Mapping[MarketKey, Mark]:
        """For each market, through where everything put is confirmed."""
        return self._buffer.marks()

    # -- taking items ---------------------------------------------------------------------------------------------

    async def _take(self, chunk: Sequence[Item]) -> None:
        at = 0
        while True:
            idle = self._outbox.idle
            at = self._buffer.accept(chunk, at, self._clock())
            if idle or self._outbox.fills_call():
                self._wake.set()
            if at == len(chunk):
                break
            self._wanting_room = True
            try:
                await self._wait_moved()
            finally:
                self._wanting_room = False
        self._put_since_yield += len(chunk)
        if self._put_since_yield >= YIELD_EVERY:
            self._put_since_yield = 0
            await asyncio.sleep(0)
            self._check()

    def _refused(self, item: Item, reason: str) -> None:
        self._metrics.refused += 1
        log.warning("sink_refused", stream=self.config.stream, reason=reason)
        if self._on_refused is not None:
            self._on_refused(item, reason)

    async def _drain(self) -> None:
        self._draining = True
        try:
            while len(self._buffer):
                await self._wait_moved()
        finally:
            self._draining = False
        self._check()

    async def _wait_moved(self) -> None:
        """Until something was confirmed or the sink failed.

        Only the holder of ``_turn`` waits here, so one event without a queue is enough.
        """
        self._check()
        self._moved.clear()
        self._wake.set()
        await self._moved.wait()
        self._check()

    @property
    def _hurry(self) -> bool:
        """Lingering is over: somebody waits for all, or for room that no call under way will make."""
        return self._draining or (self._wanting_room and self._in_flight == 0)

    # -- sending --------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        if self._pool is not None:
            return
        self._pool = ThreadPoolExecutor(self.config.max_in_flight + 1, thread_name_prefix="put-records")
        if self.config.shards_every_s and isinstance(self._client, ListsShards):
            self._spawn(self._router.watch(self._client, self._pool, self._listed))
        else:
            self._shards_asked.set()
        self._spawn(self._dispatch())

    def _listed(self) -> None:
        self._shards_asked.set()
        self._wake.set()

    async def _dispatch(self) -> None:
        await self._shards_asked.wait()
        while True:
            await self._slots.acquire()
            entries = await self._next_call()
            self._in_flight += 1
            self._spawn(self._call(entries))

    async def _next_call(self) -> list[Entry]:
        clock, outbox = self._clock, self._outbox
        paced_until = 0.0
        while True:
            self._check()
            self._wake.clear()
            now, hurry = clock(), self._hurry
            due = outbox.due(now, hurry=hurry)
            if due is not None and due <= now:
                if now >= paced_until:
                    entries = outbox.take(now, self._router.place, hurry=hurry)
                    if entries:
                        return entries
                    paced_until = max(now + PACED_S, self._router.ready_at(outbox.next_bytes, now))
                due = paced_until
            try:
                async with asyncio.timeout_at(due):
                    await self._wake.wait()
            except TimeoutError:
                pass
            if due == paced_until:
                self._metrics.paced_s += clock() - now

    async def _call(self, entries: list[Entry]) -> None:
        self._metrics.calls += 1
        loop = asyncio.get_running_loop()
        codes: list[str | None]
        try:
            codes = await loop.run_in_executor(self._pool, send, self._sending, self.config.stream, entries)
        except StreamRefusedError as refused:
            raise RecordsRefusedError(
                refused.stream, refused.operation, refused.code, refused.detail, len(self._buffer)
            ) from refused
        except CallFailedError as failure:
            self._metrics.failed_calls += 1
            log.warning("sink_call_failed", stream=self.config.stream, entries=len(entries), code=failure.code)
            codes = [failure.code] * len(entries)
        finally:
            self._in_flight -= 1
            self._slots.release()
        self._metrics.sent_bytes += sum(entry.sent_bytes for entry in entries)
        self._settle([entry for entry, code in zip(entries, codes, strict=True) if code is None])
        self._retry([(entry, code) for entry, code in zip(entries, codes, strict=True) if code is not None])

    def _settle(self, entries: list[Entry]) -> None:
        """Kinesis has these entries, and with them all their items."""
        if not entries:
            return
        now, metrics, size, count = self._clock(), self._metrics, self._buffer.size, len(self._buffer)
        self._buffer.settle(entries)
        metrics.confirmed += count - len(self._buffer)
        metrics.confirmed_bytes += size - self._buffer.size
        metrics.entries += len(entries)
        for entry in entries:
            metrics.put_units += -(-entry.sent_bytes // PUT_UNIT_BYTES)
            self._lag_s += (now - entry.since) * len(entry.items)
            self._router.confirmed(entry)
        if self._on_confirmed is not None:
            self._on_confirmed([item for entry in entries for item in entry.items])
        self._moved.set()
        self._wake.set()

    def _retry(self, failed: list[tuple[Entry, str]]) -> None:
        if not failed:
            return
        now = self._clock()
        for entry, code in failed:
            entry.attempts += 1
            self._metrics.retried += len(entry.items)
            if code in THROTTLES:
                self._metrics.throttled += len(entry.items)
                self._router.throttled(entry, now)
        entries = [entry for entry, _ in failed]
        limit = self.config.give_up_after_s
        if limit is not None and any(now - (entry.first_sent or now) >= limit for entry in entries):
            self._fail(self._unconfirmed(f"tried for {limit:g} s"))
            return
        delay = self.config.backoff.wait_s(max(entry.attempts for entry in entries), self._jitter())
        self._outbox.add_again(entries, now + delay)
        self._wake.set()

    # -- failing and ending ---------------------------------------------------------------------------------------

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _check_open(self) -> None:
        self._check()
        if self._closed:
            raise SinkClosedError(self.config.stream)

    def _fail(self, error: Exception) -> None:
        """The first failure stays; everyone who waits, and everyone who comes, gets it."""
        if self._failure is None:
            self._failure = error
            log.error("sink_failed", stream=self.config.stream, unconfirmed=len(self._buffer), error=error)
        self._moved.set()
        self._has_failed.set()

    def _unconfirmed(self, reason: str) -> UnconfirmedError:
        lowest = self._buffer.lowest
        name = "none" if lowest is None else f"{lowest.key}{_identity(lowest.items[0])}"
        position = -1 if lowest is None else lowest.position
        return UnconfirmedError(self.config.stream, len(self._buffer), position, name, reason)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self._fail(error)

    async def _stop(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        log.info(
            "sink_closed", stream=self.config.stream, confirmed=self._metrics.confirmed, unconfirmed=len(self._buffer)
        )


def _identity(item: Item) -> str:
    return f" {item.trade_id}" if isinstance(item, Trade) else ""
