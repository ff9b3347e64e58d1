"""The confirmed sink: every item put is in Kinesis at least once, or the caller is told that it is not.

``put_many`` waits while the buffer is full, so memory is bounded by the configuration whatever Kinesis does. Calls are
made in a few threads; entries that failed, and calls that failed or whose answer was lost, are sent again with backoff
and full jitter until Kinesis has them. Order is not promised (PutRecords has none); instead ``marks`` tells, for each
market, through where everything is confirmed, and a record that speaks for the ones before it (``Coverage``,
``GapClosed``) is held back until those are confirmed, so that a kill cannot leave a claim in the stream without what
it claims.

An item that Kinesis would never take is refused alone: counted, logged and given to ``on_refused``.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final, Self

from producers.buffer import RAW_LANE, Buffer
from producers.packing import Entry, Packer, Pending, PlainPacker, refusal
from producers.sender import CallFailedError, PutRecordsClient, StreamRefusedError, backoff_s, send
from producers.sink_config import Metrics, SinkConfig
from producers.source import Item, Raw
from producers.watermark import Mark
from tapehouse.errors import TerminalError, TransientError
from tapehouse.record import Coverage, GapClosed, Trade, encode, partition_key

__all__ = ["KinesisSink", "Metrics", "SinkClosedError", "SinkConfig", "StreamRefusedError", "UnconfirmedError"]

logger = logging.getLogger(__name__)

YIELD_EVERY: Final = 256
"""Items put between two chances for the loop to run its other tasks."""


class UnconfirmedError(TransientError):
    """The sink ended before Kinesis confirmed everything. What is missing is to be put again."""

    def __init__(self, stream: str, count: int, lowest_position: int, lowest: str, reason: str) -> None:
        super().__init__(stream, count, lowest_position, lowest, reason)
        self.stream, self.count, self.reason = stream, count, reason
        self.lowest_position, self.lowest = lowest_position, lowest

    def __str__(self) -> str:
        return (
            f"{self.count} item(s) put into Kinesis stream {self.stream!r} are not confirmed ({self.reason}); the first"
            f" is item {self.lowest_position} ({self.lowest}). Put it and what followed it again: twice does no harm."
        )


class SinkClosedError(TerminalError):
    """Something was put after the sink was closed."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.stream = stream

    def __str__(self) -> str:
        return f"the sink of Kinesis stream {self.stream!r} is closed"


class KinesisSink:
    """Puts items into one stream. Belongs to one event loop; ``client`` is called in threads and retries nothing."""

    def __init__(
        self,
        config: SinkConfig,
        client: PutRecordsClient,
        *,
        packer: Packer | None = None,
        on_confirmed: Callable[[Sequence[Item]], None] | None = None,
        on_refused: Callable[[Item, str], None] | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.config = config
        self._client = client
        self._on_confirmed, self._on_refused, self._jitter = on_confirmed, on_refused, jitter
        self._metrics = Metrics()
        self._buffer = Buffer(config, packer or PlainPacker())
        self._hurry = False
        self._turn = asyncio.Lock()
        self._moved = asyncio.Event()
        self._wake = asyncio.Event()
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
        what made the sink fail (StreamRefusedError, UnconfirmedError), and SinkClosedError.
        """
        async with self._turn:
            self._check_open()
            self._start()
            for number, item in enumerate(items, start=1):
                if number % YIELD_EVERY == 0:
                    await asyncio.sleep(0)
                    self._check()
                pending = self._admit(item)
                if pending is None:
                    continue
                while not self._buffer.has_room(pending.size):
                    await self._wait_moved()
                self._accept(pending)

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
        return replace(
            self._metrics, put=self._buffer.put, buffered=len(self._buffer), buffered_bytes=self._buffer.size
        )

    def marks(self) -> Mapping[str, Mark]:
        """For each ``exchange:symbol:source``, through where everything put is confirmed."""
        return self._buffer.marks()

    # -- taking items ---------------------------------------------------------------------------------------------

    def _admit(self, item: Item) -> Pending | None:
        if isinstance(item, Raw):
            data, key, lane, claim = item.data, item.partition_key, RAW_LANE + item.partition_key, item.claim
        else:
            data, key = encode(item), partition_key(item)
            lane, claim = f"{key}:{item.source}", isinstance(item, Coverage | GapClosed)
        reason = refusal(data, key, max_bytes=self.config.max_record_bytes)
        if reason is None:
            return Pending(item, data, key, len(data) + len(key.encode()), lane, claim)
        self._metrics.refused += 1
        logger.warning("sink.refused stream=%s bytes=%d reason=%s", self.config.stream, len(data), reason)
        if self._on_refused is not None:
            self._on_refused(item, reason)
        return None

    def _accept(self, pending: Pending) -> None:
        waiting = self._buffer.waiting
        self._buffer.accept(pending, asyncio.get_running_loop().time())
        if waiting == 0 or self._buffer.is_full_call():
            self._wake.set()

    async def _drain(self) -> None:
        while len(self._buffer):
            await self._wait_moved()
        self._check()

    async def _wait_moved(self) -> None:
        """Until something was confirmed or the sink failed. Lingering is over while somebody waits for that.

        Only the holder of ``_turn`` waits here, so one event without a queue is enough.
        """
        self._check()
        self._moved.clear()
        self._hurry = True
        self._wake.set()
        try:
            await self._moved.wait()
        finally:
            self._hurry = False
        self._check()

    # -- sending --------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.config.max_in_flight, thread_name_prefix="put-records")
            self._spawn(self._dispatch())

    async def _dispatch(self) -> None:
        while True:
            await self._slots.acquire()
            self._spawn(self._call(await self._next_call()))

    async def _next_call(self) -> list[Entry]:
        loop = asyncio.get_running_loop()
        while True:
            self._check()
            self._wake.clear()
            now = loop.time()
            due = self._buffer.due(now, hurry=self._hurry)
            if due is not None and due <= now:
                return self._buffer.take(now)
            try:
                async with asyncio.timeout_at(due):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _call(self, entries: list[Entry]) -> None:
        self._metrics.calls += 1
        loop = asyncio.get_running_loop()
        codes: list[str | None]
        try:
            codes = await loop.run_in_executor(self._pool, send, self._client, self.config.stream, entries)
        except StreamRefusedError as refused:
            raise StreamRefusedError(refused.stream, refused.code, refused.detail, len(self._buffer)) from refused
        except CallFailedError as failure:
            self._metrics.failed_calls += 1
            logger.warning(
                "sink.call_failed stream=%s entries=%d code=%s", self.config.stream, len(entries), failure.code
            )
            codes = [failure.code] * len(entries)
            self._metrics.throttled += len(entries) if failure.throttled else 0
        else:
            self._metrics.throttled += codes.count("ProvisionedThroughputExceededException")
        finally:
            self._slots.release()
        self._settle([entry for entry, code in zip(entries, codes, strict=True) if code is None])
        self._retry([entry for entry, code in zip(entries, codes, strict=True) if code is not None])

    def _settle(self, entries: list[Entry]) -> None:
        """Kinesis has these entries, and with them all their items."""
        size = self._buffer.size
        items = self._buffer.settle(entries, asyncio.get_running_loop().time())
        if not items:
            return
        self._metrics.confirmed += len(items)
        self._metrics.confirmed_bytes += size - self._buffer.size
        if self._on_confirmed is not None:
            self._on_confirmed(items)
        self._moved.set()
        self._wake.set()

    def _retry(self, entries: list[Entry]) -> None:
        if not entries:
            return
        now = asyncio.get_running_loop().time()
        self._metrics.retried += len(entries)
        for entry in entries:
            entry.attempts += 1
        limit = self.config.give_up_after_s
        if limit is not None and any(now - (entry.first_sent or now) >= limit for entry in entries):
            self._fail(self._unconfirmed(f"tried for {limit:g} s"))
            return
        delay = backoff_s(
            max(entry.attempts for entry in entries),
            base_ms=self.config.backoff_base_ms,
            cap_ms=self.config.backoff_cap_ms,
            jitter=self._jitter(),
        )
        self._buffer.send_again(entries, now + delay)
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
            logger.error("sink.failed stream=%s unconfirmed=%d error=%s", self.config.stream, len(self._buffer), error)
        self._moved.set()
        self._has_failed.set()

    def _unconfirmed(self, reason: str) -> UnconfirmedError:
        lowest = self._buffer.lowest
        name = "none" if lowest is None else f"{lowest.lane}{_identity(lowest.item)}"
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
        logger.info(
            "sink.closed stream=%s confirmed=%d unconfirmed=%d",
            self.config.stream,
            self._metrics.confirmed,
            len(self._buffer),
        )


def _identity(item: Item) -> str:
    return f" {item.trade_id}" if isinstance(item, Trade) else ""
