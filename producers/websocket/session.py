"""One connection to a venue, from its first message to its last: subscribed, watched, kept alive, read to the end."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

from websockets.exceptions import ConnectionClosed

from producers.counters import Counters
from producers.feeds import Feed, Limits, Parsed
from producers.websocket.connection import Connection, VenueClock
from producers.websocket.inbox import Inbox
from producers.websocket.subscription import Subscription, Wanted
from tapehouse import logs
from tapehouse.record import Trade

log = logs.of(__name__)

NORMAL_CLOSURE: Final = 1000


class Session:
    """One connection. ``run`` ends with it and says why it ended; ``due`` says that the next one should be opened.

    A session that was opened while another one is still read is ``held``: its messages wait for ``release``, so that
    trades stay in order while one connection takes over from the other.
    """

    def __init__(
        self,
        feed: Feed,
        connection: Connection,
        inbox: Inbox,
        *,
        wanted: Wanted,
        counters: Counters,
        limits: Limits,
        finite: bool,
        held: bool,
        stopping: asyncio.Event,
        clock: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]],
        age_s: float | None,
    ) -> None:
        self.due = asyncio.Event()
        self.overlapped = False
        """What is taken just now came while another connection brought the same."""
        self.venue_clock = VenueClock(trades_only=finite)
        self.subscription = Subscription(
            feed,
            wanted,
            limits=limits,
            finite=finite,
            send=self._send,
            on_confirmed=self._on_confirmed,
            sleep=sleep,
        )
        self.confirmed: dict[str, int] = {}
        """Subscription keys of the markets that this connection brings, and since when, µs of our clock."""
        self._feed, self._connection, self._inbox, self._counters = feed, connection, inbox, counters
        self._limits, self._stopping, self._clock, self._age_s = limits, stopping, clock, age_s
        self._finite = finite
        self._held: deque[tuple[Parsed, int]] | None = deque() if held else None
        self._released = asyncio.Event()
        self._retired = self._stopped_reading = False
        self._sequence: int | None = None

    async def run(self) -> str:
        """Until the connection ends, and all that came on it is taken: why it ended. Raises what any part raised."""
        reader = asyncio.create_task(self._read())
        parts = (self.subscription.run(), self._watch(), self._keep_alive(), self._grow_old(), self._close_on_stop())
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            watching: set[asyncio.Task[Any]] = {reader, *tasks}
            while not reader.done():
                done, watching = await asyncio.wait(watching, return_when=asyncio.FIRST_COMPLETED)
                for task in done - {reader}:
                    if task.exception() is not None or task.result() is not None:
                        self._released.set()  # a held connection that is full is read to its end too
                        self._connection.transport.abort()
                        await reader
                        return str(task.result())
            return reader.result()
        finally:
            self._connection.transport.abort()
            for task in (reader, *tasks):
                task.cancel()
            await asyncio.gather(reader, *tasks, return_exceptions=True)

    @property
    def ended_normally(self) -> bool:
        """The venue closed the connection as one does at the end of a recording."""
        return self._connection.close_code == NORMAL_CLOSURE

    @property
    def heard_us(self) -> int:
        """When the last byte came, by our clock."""
        return self._connection.heard_us

    @property
    def _closed_by_venue(self) -> bool:
        return self._connection.protocol.close_rcvd is not None

    @property
    def has_unread(self) -> bool:
        """It was let go with messages unread: it has seen no more than what was reported."""
        return self._stopped_reading or (self._retired and not self._closed_by_venue)

    @property
    def is_replaceable(self) -> bool:
        """Another connection that was subscribed while this one was heard has missed nothing: all that the venue sent
        on this one was taken, or nothing of it was to be."""
        return not self.has_unread and (self._held is not None or self._closed_by_venue)

    async def retire(self) -> None:
        """Say goodbye; what is already on its way is still read. A goodbye that is not answered leaves some unread."""
        self._retired = True
        self._released.set()
        with contextlib.suppress(ConnectionClosed):
            await self._connection.close()

    def release(self) -> None:
        """The other connection has ended: what came meanwhile is taken, in order."""
        held, self._held = self._held or (), None
        self.overlapped = True
        for parsed, received_us in held:
            self._take(parsed, received_us)
        self.overlapped = False
        self._released.set()

    def through_us(self) -> int | None:
        """The venue's time through which everything has come, with the margin; None where that cannot be known."""
        venue_us = None if self.has_unread else self.venue_clock.at(self._connection.heard_us)
        return None if venue_us is None else venue_us - int(self._limits.coverage_margin_s * 1e6)

    # -- what runs while it is open: each returns why it must go, or None ---------------------------------------------

    async def _read(self) -> str:
        try:
            return await self._read_on()
        except BaseException:
            self._stopped_reading = True
            raise

    async def _read_on(self) -> str:
        while True:
            try:
                message = await self._connection.recv(decode=False)
            except ConnectionClosed as closed:
                return str(closed)
            received_us = self._clock()
            parsed = self._feed.parse(message, received_us)
            self._count(parsed, len(message), received_us)
            self.subscription.heard(parsed)
            if self._held is None:
                self._take(parsed, received_us)
            else:
                self._held.append((parsed, received_us))
            if parsed.reply is not None:
                await self._send(parsed.reply)
            if parsed.closing and not self._finite and not self.due.is_set():
                log.info("venue_closing", feed=self._feed.name)
                self.due.set()
            if not await self._room(received_us):
                self._stopped_reading = True
                return f"dropped on purpose: the consumer took nothing for {self._limits.drop_after_s:g} s"

    def _take(self, parsed: Parsed, received_us: int) -> None:
        for record in () if parsed.replayed else parsed.records:
            if isinstance(record, Trade):
                self.subscription.confirm(self._feed.subscription_key(record.exchange, record.symbol))
                self.venue_clock.note(record.event_time_us, record.received_time_us)
        self._inbox.take(parsed, received_us, twice=self.overlapped)

    async def _room(self, since_us: int) -> bool:
        if self._held is not None and len(self._held) >= self._limits.max_pending_records:
            await self._released.wait()
        if not self._inbox.full:
            return True
        found = await self._inbox.room(self._limits.drop_after_s)
        self.venue_clock.stalled(max(0, self._clock() - since_us))
        return found

    async def _watch(self) -> str | None:
        limits, connection = self._limits, self._connection
        step_s = min(1.0, limits.coverage_every_s, limits.stale_after_s / 6)
        loop = asyncio.get_running_loop()
        reported_at = pinged_at = loop.time()
        messages, message_at = self._counters.messages, loop.time()
        while True:
            await asyncio.sleep(step_s)
            now = loop.time()
            if self._inbox.full or not connection.transport.is_reading():
                connection.heard_at = message_at = now  # the silence is ours
                continue
            if self._counters.messages != messages:
                messages, message_at = self._counters.messages, now
            if now - connection.heard_at >= limits.stale_after_s:
                return f"stale: nothing heard for {limits.stale_after_s:g} s"
            if limits.quiet_after_s is not None and now - message_at >= limits.quiet_after_s:
                return f"quiet: no message for {limits.quiet_after_s:g} s"
            if now - max(connection.heard_at, pinged_at) >= limits.stale_after_s / 3:
                pinged_at = now
                with contextlib.suppress(ConnectionClosed):
                    await connection.ping()
            if now - reported_at >= limits.coverage_every_s:
                reported_at = now
                self._report_coverage()

    def _report_coverage(self) -> None:
        through_us = self.through_us()
        if self._held is None and through_us is not None:
            self._inbox.seen(through_us, None if self._finite else self.confirmed.keys())

    async def _keep_alive(self) -> str | None:
        while (text := self._feed.keepalive()) is not None:
            await asyncio.sleep(self._limits.keepalive_s)
            await self._send(text)
        return None

    async def _grow_old(self) -> str | None:
        if self._age_s is not None:
            await asyncio.sleep(self._age_s)
            log.info("connection_old", feed=self._feed.name, age_s=round(self._age_s, 0))
            self.due.set()
        return None

    async def _close_on_stop(self) -> str | None:
        await self._stopping.wait()
        await self.retire()
        return None

    async def _send(self, text: str) -> None:
        """That the connection is gone is for the reader to find."""
        with contextlib.suppress(ConnectionClosed):
            await self._connection.send(text)

    def _on_confirmed(self, key: str) -> None:
        self.confirmed[key] = self._clock()
        self._inbox.confirmed(key, self.confirmed[key])

    def _count(self, parsed: Parsed, size: int, received_us: int) -> None:
        counters = self._counters
        counters.messages += 1
        counters.bytes += size
        counters.last_message_us = received_us
        if parsed.ignored is not None:
            counters.ignore(parsed.ignored)
        if parsed.sequence is not None:
            if self._sequence is not None and parsed.sequence > self._sequence + 1:
                counters.lost_messages += parsed.sequence - self._sequence - 1
            self._sequence = max(parsed.sequence, self._sequence or 0)
