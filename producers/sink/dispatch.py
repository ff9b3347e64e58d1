"""Sends what the outbox holds, in a few calls at once, until Kinesis has it all: the sink's work beside its callers.

Failed entries and lost calls are sent again after a wait with full jitter, maybe to another shard. The first failure
that no retry mends ends the work; everyone who waits, and everyone who comes, gets it.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from producers.sink.body import BotoClient, DirectPutRecords
from producers.sink.buffer import Buffer
from producers.sink.config import SinkConfig
from producers.sink.errors import RecordsRefusedError
from producers.sink.metrics import Metrics
from producers.sink.packing import Entry
from producers.sink.routing import Router
from producers.sink.sender import PutRecordsClient, send
from producers.sink.shards import ListsShards
from producers.source import Item
from tapehouse import logs
from tapehouse.kinesis import THROTTLES, CallFailedError, StreamRefusedError
from tapehouse.kinesis_limits import PUT_UNIT_BYTES

log = logs.of(__name__)

PACED_S: Final = 0.025
"""Seconds between two looks at shards that had no room: what they gather meanwhile makes one call instead of many."""


class Dispatcher:
    """The calls of one sink. Belongs to one event loop; ``clock`` is that of the loop's timeouts, in seconds."""

    def __init__(
        self,
        config: SinkConfig,
        client: PutRecordsClient,
        buffer: Buffer,
        on_confirmed: Callable[[Sequence[Item]], None] | None,
        *,
        clock: Callable[[], float],
        jitter: Callable[[], float],
    ) -> None:
        self._config, self._client, self._buffer, self._outbox = config, client, buffer, buffer.outbox
        self._sending = DirectPutRecords(client) if isinstance(client, BotoClient) else client
        self._on_confirmed, self._clock, self._jitter = on_confirmed, clock, jitter
        self._router = Router(config, uniform=jitter)
        self.metrics = Metrics()
        """What calls came to; what the buffer and the sink know is not in it."""
        self.lag_s = 0.0
        """From putting to being confirmed, over all items confirmed."""
        self.draining = self.wanting_room = False
        """Somebody waits for all to be confirmed; for room in the buffer."""
        self.has_failed = asyncio.Event()
        self._failure: Exception | None = None
        self._in_flight = 0
        self._moved = asyncio.Event()
        self._wake = asyncio.Event()
        self._shards_asked = asyncio.Event()
        self._slots = asyncio.Semaphore(config.max_in_flight)
        self._tasks: set[asyncio.Task[None]] = set()
        self._pool: ThreadPoolExecutor | None = None

    @property
    def shards(self) -> int:
        """Open shards known; 0: the partition key decides."""
        return self._router.shards

    def start(self) -> None:
        """Begin to send; once."""
        if self._pool is not None:
            return
        self._pool = ThreadPoolExecutor(self._config.max_in_flight + 1, thread_name_prefix="put-records")
        if self._config.shards_every_s and isinstance(self._client, ListsShards):
            self._spawn(self._router.watch(self._client, self._pool, self._listed))
        else:
            self._shards_asked.set()
        self._spawn(self._dispatch())

    def wake(self) -> None:
        """Look at the outbox again: something was put that a call may not have to wait for."""
        self._wake.set()

    async def wait_moved(self) -> None:
        """Until something was confirmed. Raises what made the sink fail.

        One waits at a time, the one whose turn it is: so one event without a queue is enough.
        """
        self.check()
        self._moved.clear()
        self._wake.set()
        await self._moved.wait()
        self.check()

    def check(self) -> None:
        """Raises what made the sink fail, if it did."""
        if self._failure is not None:
            raise self._failure

    def fail(self, error: Exception) -> None:
        """End the work with an error; the first one stays."""
        if self._failure is None:
            self._failure = error
            log.error("sink_failed", stream=self._config.stream, unconfirmed=len(self._buffer), error=error)
        self._moved.set()
        self.has_failed.set()

    async def stop(self) -> None:
        """End at once; what is not confirmed stays so."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _listed(self) -> None:
        self._shards_asked.set()
        self._wake.set()

    @property
    def _hurry(self) -> bool:
        """Lingering is over: somebody waits for all, or for room that no call under way will make."""
        return self.draining or (self.wanting_room and self._in_flight == 0)

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
            self.check()
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
                self.metrics.paced_s += clock() - now

    async def _call(self, entries: list[Entry]) -> None:
        self.metrics.calls += 1
        loop = asyncio.get_running_loop()
        codes: list[str | None]
        try:
            codes = await loop.run_in_executor(self._pool, send, self._sending, self._config.stream, entries)
        except StreamRefusedError as refused:
            raise RecordsRefusedError(
                refused.stream, refused.operation, refused.code, refused.detail, len(self._buffer)
            ) from refused
        except CallFailedError as failure:
            self.metrics.failed_calls += 1
            log.warning("sink_call_failed", stream=self._config.stream, entries=len(entries), code=failure.code)
            codes = [failure.code] * len(entries)
        finally:
            self._in_flight -= 1
            self._slots.release()
        self.metrics.sent_bytes += sum(entry.sent_bytes for entry in entries)
        self._settle([entry for entry, code in zip(entries, codes, strict=True) if code is None])
        self._retry([(entry, code) for entry, code in zip(entries, codes, strict=True) if code is not None])

    def _settle(self, entries: list[Entry]) -> None:
        """Kinesis has these entries, and with them all their items."""
        if not entries:
            return
        now, metrics, size, count = self._clock(), self.metrics, self._buffer.size, len(self._buffer)
        self._buffer.settle(entries)
        metrics.confirmed += count - len(self._buffer)
        metrics.confirmed_bytes += size - self._buffer.size
        metrics.entries += len(entries)
        for entry in entries:
            metrics.put_units += -(-entry.sent_bytes // PUT_UNIT_BYTES)
            self.lag_s += (now - entry.since) * len(entry.items)
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
            self.metrics.retried += len(entry.items)
            if code in THROTTLES:
                self.metrics.throttled += len(entry.items)
                self._router.throttled(entry, now)
        entries = [entry for entry, _ in failed]
        limit = self._config.give_up_after_s
        if limit is not None and any(now - (entry.first_sent or now) >= limit for entry in entries):
            self.fail(self._buffer.unconfirmed(f"tried for {limit:g} s"))
            return
        delay = self._config.backoff.wait_s(max(entry.attempts for entry in entries), self._jitter())
        self._outbox.add_again(entries, now + delay)
        self._wake.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self.fail(error)
