"""One connection to a venue, from its first message to its last: subscribed, watched, kept alive, read to the end."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from websockets.exceptions import ConnectionClosed

from producers.counters import Counters
from producers.feeds import Feed, Limits, Parsed
from producers.websocket.connection import Line, VenueClock
from producers.websocket.subscription import Subscription
from tapehouse import logs

log = logs.of(__name__)

NORMAL_CLOSURE: Final = 1000


class Inbox(Protocol):
    """Where a session's messages go."""

    @property
    def full(self) -> bool:
        """The consumer is behind."""

    async def room(self, within_s: float | None) -> bool:
        """Wait until it is not full, for ever with None; False when that took longer."""

    def confirmed(self, word: str, received_us: int) -> None:
        """The venue will send this market's trades from now on."""

    def take(self, session: "Session", parsed: Parsed, received_us: int) -> None:
        """One message."""

    def tell_coverage(self, session: "Session") -> None:
        """Time to tell through where the markets were seen."""


class Session:
    """One line. ``run`` ends with it and says why it ended; ``due`` says that the next one should be opened.

    A session that was opened while another one is still read is ``held``: its messages wait for ``release``, so that
    trades stay in order while one line takes over from the other.
    """

    def __init__(
        self,
        feed: Feed,
        line: Line,
        inbox: Inbox,
        *,
        wanted: list[str],
        refused: dict[str, str],
        proven: set[str],
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
        self.dropped = False
        """It was let go on purpose with messages unread: it has seen no more than what was taken."""
        self.overlapped = False
        """What is taken just now came while another line told the same."""
        self.venue_clock = VenueClock(trades_only=finite)
        self.subscription = Subscription(
            feed,
            wanted,
            refused,
            limits=limits,
            finite=finite,
            send=self._send,
            on_confirmed=self._on_confirmed,
            sleep=sleep,
            proven=proven,
        )
        self.confirmed: dict[str, int] = {}
        """Words of the markets that this line brings, and since when, µs of our clock."""
        self._feed, self._line, self._inbox, self._counters = feed, line, inbox, counters
        self._limits, self._stopping, self._clock, self._age_s = limits, stopping, clock, age_s
        self._finite = finite
        self._held: deque[tuple[Parsed, int]] | None = deque() if held else None
        self._released = asyncio.Event()
        self._sequence: int | None = None

    async def run(self) -> str:
        """Until the line ends: why it did. Raises what the subscription raises."""
        reader = asyncio.create_task(self._read())
        parts = (self.subscription.run(), self._watch(), self._keep_alive(), self._grow_old(), self._close_on_stop())
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            watching: set[asyncio.Task[Any]] = {reader, *tasks}
            while not reader.done():
                done, watching = await asyncio.wait(watching, return_when=asyncio.FIRST_COMPLETED)
                for task in done - {reader}:
                    if (why := task.result()) is not None:
                        self._released.set()  # a held line that is full is read to its end too
                        self._line.transport.abort()
                        await reader
                        return str(why)
            return reader.result()
        finally:
            self._line.transport.abort()
            for task in (reader, *tasks):
                task.cancel()
            await asyncio.gather(reader, *tasks, return_exceptions=True)

    @property
    def ended_normally(self) -> bool:
        """The venue closed the line as one does at the end of a recording."""
        return self._line.close_code == NORMAL_CLOSURE

    @property
    def heard_us(self) -> int:
        """When the last byte came, by our clock."""
        return self._line.heard_us

    async def retire(self) -> None:
        """Say goodbye; what is already on its way is still read. A goodbye that is not answered leaves some unread."""
        self._released.set()
        with contextlib.suppress(ConnectionClosed):
            await self._line.close()
        self.dropped = self.dropped or self._line.protocol.close_rcvd is None

    def release(self) -> None:
        """The other line has ended: what came meanwhile is taken, in order."""
        held, self._held = self._held or (), None
        self.overlapped = True
        for parsed, received_us in held:
            self._inbox.take(self, parsed, received_us)
        self.overlapped = False
        self._released.set()

    def through_us(self) -> int | None:
        """The venue's time through which everything has come, with the margin; None where that cannot be known."""
        venue_us = None if self.dropped else self.venue_clock.at(self._line.heard_us)
        return None if venue_us is None else venue_us - int(self._limits.coverage_margin_s * 1e6)

    # -- what runs while the line is open: each returns why it must go, or None -------------------------------------

    async def _read(self) -> str:
        while True:
            try:
                message = await self._line.recv(decode=False)
            except ConnectionClosed as closed:
                return str(closed)
            received_us = self._clock()
            parsed = self._feed.parse(message, received_us)
            self._count(parsed, len(message), received_us)
            self.subscription.heard(parsed)
            if self._held is None:
                self._inbox.take(self, parsed, received_us)
            else:
                self._held.append((parsed, received_us))
            if parsed.reply is not None:
                await self._send(parsed.reply)
            if parsed.closing and not self._finite and not self.due.is_set():
                log.info("venue_closing", feed=self._feed.name)
                self.due.set()
            if not await self._room(received_us):
                self.dropped = True
                return f"dropped on purpose: the consumer took nothing for {self._limits.drop_after_s:g} s"

    async def _room(self, since_us: int) -> bool:
        if self._held is not None and len(self._held) >= self._limits.max_pending_records:
            await self._released.wait()
        if not self._inbox.full:
            return True
        found = await self._inbox.room(self._limits.drop_after_s)
        self.venue_clock.stalled(max(0, self._clock() - since_us))
        return found

    async def _watch(self) -> str | None:
        limits, line = self._limits, self._line
        step_s = min(1.0, limits.coverage_every_s, limits.stale_after_s / 6)
        loop = asyncio.get_running_loop()
        told_at = pinged_at = loop.time()
        messages, message_at = self._counters.messages, loop.time()
        while True:
            await asyncio.sleep(step_s)
            now = loop.time()
            if self._inbox.full or not line.transport.is_reading():
                line.heard_at = message_at = now  # the silence is ours
                continue
            if self._counters.messages != messages:
                messages, message_at = self._counters.messages, now
            if now - line.heard_at >= limits.stale_after_s:
                return f"stale: nothing heard for {limits.stale_after_s:g} s"
            if limits.quiet_after_s is not None and now - message_at >= limits.quiet_after_s:
                return f"quiet: no message for {limits.quiet_after_s:g} s"
            if now - max(line.heard_at, pinged_at) >= limits.stale_after_s / 3:
                pinged_at = now
                with contextlib.suppress(ConnectionClosed):
                    await line.ping()
            if now - told_at >= limits.coverage_every_s:
                told_at = now
                if self._held is None:
                    self._inbox.tell_coverage(self)

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
        """A line that is gone is the reader's to tell."""
        with contextlib.suppress(ConnectionClosed):
            await self._line.send(text)

    def _on_confirmed(self, word: str) -> None:
        self.confirmed[word] = self._clock()
        self._inbox.confirmed(word, self.confirmed[word])

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
