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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final, Self

from producers.sink.buffer import Buffer
from producers.sink.config import SinkConfig
from producers.sink.dispatch import Dispatcher
from producers.sink.errors import SinkClosedError
from producers.sink.metrics import Metrics
from producers.sink.sender import PutRecordsClient
from producers.sink.watermark import Mark
from producers.source import Item, Raw
from tapehouse import logs
from tapehouse.market import MarketKey

log = logs.of(__name__)

YIELD_EVERY: Final = 256
"""Items put between two chances for the loop to run its other tasks."""


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
        self._on_refused = on_refused
        self._clock = time.monotonic  # the one that the loop's timeouts go by
        self._buffer = Buffer(config, self._refused)
        self._dispatcher = Dispatcher(config, client, self._buffer, on_confirmed, clock=self._clock, jitter=jitter)
        self._put_since_yield = self._items_refused = 0
        self._turn = asyncio.Lock()
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def put_many(self, items: Iterable[Item]) -> None:
        """Take the items in order; waits while the buffer is full. Taken is not confirmed: see ``flush``.

        Callers take turns, so the items of one call stay together. A cancelled call may have put some of them. Raises
        what made the sink fail (RecordsRefusedError, UnconfirmedError), and SinkClosedError.
        """
        async with self._turn:
            self._dispatcher.check()
            if self._closed:
                raise SinkClosedError(self.config.stream)
            self._dispatcher.start()
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
            self._dispatcher.draining = True
            try:
                while len(self._buffer):
                    await self._dispatcher.wait_moved()
            finally:
                self._dispatcher.draining = False
            self._dispatcher.check()

    async def failed(self) -> None:
        """Wait until the sink fails; for ever if it does not. For those who otherwise would wait for their source."""
        await self._dispatcher.has_failed.wait()

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
            unconfirmed = self._buffer.unconfirmed(f"closed after {deadline_s:g} s")
            self._dispatcher.fail(unconfirmed)
            raise unconfirmed from None
        finally:
            self._closed = True
            await self._dispatcher.stop()
            confirmed = self._dispatcher.metrics.confirmed
            log.info("sink_closed", stream=self.config.stream, confirmed=confirmed, unconfirmed=len(self._buffer))

    def metrics(self) -> Metrics:
        """The counts so far."""
        counts, lowest = self._dispatcher.metrics, self._buffer.lowest
        return replace(
            counts,
            put=self._buffer.put,
            refused=self._items_refused,
            shards=self._dispatcher.shards,
            buffered=len(self._buffer),
            buffered_bytes=self._buffer.size,
            oldest_s=0.0 if lowest is None else self._clock() - lowest.since,
            mean_lag_s=self._dispatcher.lag_s / counts.confirmed if counts.confirmed else 0.0,
        )

    def marks(self) -> Mapping[MarketKey, Mark]:
        """For each market, through where everything put is confirmed."""
        return self._buffer.marks()

    async def _take(self, chunk: Sequence[Item]) -> None:
        buffer, dispatcher = self._buffer, self._dispatcher
        at = 0
        while True:
            idle = buffer.outbox.idle
            at = buffer.accept(chunk, at, self._clock())
            if idle or buffer.outbox.fills_call():
                dispatcher.wake()
            if at == len(chunk):
                break
            dispatcher.wanting_room = True
            try:
                await dispatcher.wait_moved()
            finally:
                dispatcher.wanting_room = False
        self._put_since_yield += len(chunk)
        if self._put_since_yield >= YIELD_EVERY:
            self._put_since_yield = 0
            await asyncio.sleep(0)
            dispatcher.check()

    def _refused(self, item: Item, reason: str) -> None:
        self._items_refused += 1
        log.warning("sink_refused", stream=self.config.stream, reason=reason)
        if self._on_refused is not None:
            self._on_refused(item, reason)
