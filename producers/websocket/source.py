"""A venue's WebSocket as an async iterator of record batches: subscribed, watched, reconnected, and honest about holes.

One ``WebSocketSource`` drives one feed. It confirms each subscription, answers what the venue asks, drops a line that
has gone dead, and comes back with capped exponential back-off and jitter. A line that grows too old, or that the venue
says it will close, is replaced while it still works: the next one is subscribed first. Every ten seconds or so it tells
what span of each market was wholly seen (``Coverage``); where trades were missed it tells the hole (``Gap``), and a
``Recovery`` fills it. It does not retry what the venue refuses.

Memory is bounded: a consumer that is slow makes the socket be read slower; one that takes nothing for long makes the
line be dropped on purpose, and what was missed is filled like any other hole.
"""

import asyncio
import contextlib
import random as _random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from producers.counters import Counters
from producers.feeds import Feed, Limits, Parsed, subscription_keys
from producers.gaps import Markets, SafeMark
from producers.recovery import Recovery
from producers.websocket.connector import ConnectionFailedError, Connector, Far
from producers.websocket.session import Session
from producers.websocket.subscription import LoginRefusedError, SubscriptionRefusedError
from tapehouse import logs
from tapehouse.errors import SettingsError
from tapehouse.market import MarketKey
from tapehouse.record import Coverage, Gap, GapClosed, Record, Trade, Unparsed

__all__ = [
    "ConnectionFailedError",
    "Counters",
    "LoginRefusedError",
    "Recovery",
    "SubscriptionRefusedError",
    "WebSocketSource",
]

log = logs.of(__name__)

HOLES_WAITING: Final = 10_000
"""Gaps that are being filled or wait for it; one found beyond so many stays open, and the mark remembers it."""


def _now_us() -> int:
    return time.time_ns() // 1000


class WebSocketSource:
    """Batches of records of one feed: ``async for batch in source``. It is iterated once.

    ``stop()`` ends it gracefully: what was received is still yielded, so keep iterating until it ends. ``aclose()``
    ends it at once. With ``finite`` the venue's normal close is the end of a recording, and confirmations are not
    waited for: a recording need not hold any.

    Raises (from the iteration) SubscriptionRefusedError when no symbol is left, LoginRefusedError,
    ConnectionFailedError after ``limits.max_attempts``, TerminalError for an address that is none.
    """

    def __init__(
        self,
        feed: Feed,
        symbols: Sequence[str],
        *,
        url: str | None = None,
        limits: Limits | None = None,
        finite: bool = False,
        marks: Mapping[MarketKey, SafeMark] | None = None,
        recovery: Recovery | None = None,
        on_begin: Callable[[MarketKey, int], None] | None = None,
        clock: Callable[[], int] = _now_us,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Callable[[], float] = _random.random,
    ) -> None:
        """``clock`` gives µs UTC, ``random`` a float in [0, 1). ``marks``: the last safe trade of a market, and the
        gaps that were open. ``on_begin`` is told of each market without a mark, and from when on it is
        seen, before any of its trades is given: whoever keeps marks keeps that, or a kill in the first second would
        leave a hole that nobody knows. Raises SettingsError for more symbols than one connection carries."""
        self.counters = Counters()
        self.refused: dict[str, str] = {}
        """Symbol → the venue's words, or why it was given up."""
        self._feed, self._finite = feed, finite
        self._limits = limits or feed.traits.limits
        wanted = list(subscription_keys(feed, symbols))
        if len(wanted) > self._limits.max_symbols:
            fault = f"{feed.name}: {len(wanted)} symbols, one connection takes {self._limits.max_symbols}"
            raise SettingsError([f"{fault}; start a second producer for the rest"])
        self._recovery, self._clock = recovery, clock
        proven = {feed.subscription_key(key.exchange, key.symbol) for key in marks or {} if key.source == feed.source}
        self._markets = Markets(feed, marks or {}, on_begin)
        self._pending: list[Record] = []
        self._ready, self._room, self._stopping = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self._holes: asyncio.Queue[Gap] = asyncio.Queue(HOLES_WAITING)
        self._unfilled = 0
        """Holes in the queue, and those out of it that are not done with."""
        self._connector = Connector(
            Far(feed=feed, address=url or feed.address(), shown=url or feed.websocket_url, finite=finite),
            self,
            wanted=wanted,
            refused=self.refused,
            proven=proven,
            counters=self.counters,
            limits=self._limits,
            stopping=self._stopping,
            on_ended=self._ended,
            clock=clock,
            sleep=sleep,
            random=random,
        )
        self._wanted = wanted
        self._inherited = [g for mark in (marks or {}).values() for g in mark.gaps if g.source == feed.source]

    # -- the consumer's side ------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The feed's name."""
        return self._feed.name

    def __aiter__(self) -> "WebSocketSource":
        return self

    async def __anext__(self) -> Sequence[Record]:
        if self._runner is None:
            self._runner = asyncio.create_task(self._run(), name=f"websocket:{self._feed.name}")
            self._runner.add_done_callback(lambda _: self._ready.set())
        while not self._pending:
            if self._runner.done():
                if not self._runner.cancelled():
                    self._runner.result()
                raise StopAsyncIteration
            self._ready.clear()
            await self._ready.wait()
        batch, self._pending = self._pending, []
        self._room.set()
        return batch

    async def __aenter__(self) -> "WebSocketSource":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def stop(self) -> None:
        """End gracefully. May be called from a signal handler of the loop, and more than once."""
        self._stopping.set()

    async def aclose(self) -> None:
        """End now; records that were not yet taken are lost."""
        self.stop()
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)

    @property
    def pending_records(self) -> int:
        """Records received and not yet taken."""
        return len(self._pending)

    @property
    def unconfirmed(self) -> frozenset[str]:
        """Symbols whose subscription the venue has not confirmed on the newest connection."""
        newest = self._connector.newest
        return frozenset(newest.subscription.unconfirmed if newest is not None else self._wanted)

    # -- the two that run beside each other ---------------------------------------------------------------------------

    async def _run(self) -> None:
        filler = asyncio.create_task(self._fill_holes())
        lines = asyncio.create_task(self._connector.run())
        try:
            await asyncio.wait([filler, lines], return_when=asyncio.FIRST_COMPLETED)
            if filler.done():
                filler.result()
            lines.result()
            if not self._stopping.is_set():  # a recording's end: its holes are filled first
                joined = asyncio.create_task(self._holes.join())
                await asyncio.wait([filler, joined], return_when=asyncio.FIRST_COMPLETED)
                joined.cancel()
        finally:
            for task in (filler, lines):
                task.cancel()
            await asyncio.gather(filler, lines, self._connector.aclose(), return_exceptions=True)

    def _ended(self, session: Session, unbroken: set[str]) -> None:
        through_us = session.through_us()
        words = self._markets.subscriptions() - unbroken
        self._emit(self._markets.end(words, 0 if through_us is None else through_us, self._clock()))

    # -- what sessions say (``Inbox``) ------------------------------------------------------------------------------

    @property
    def full(self) -> bool:
        """The consumer is behind, so the socket is not read."""
        return len(self._pending) >= self._limits.max_pending_records

    async def room(self, within_s: float | None) -> bool:
        """See ``Inbox``."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._wait_for_room()
        return not self.full

    async def _wait_for_room(self) -> None:
        while self.full:
            self._room.clear()
            await self._room.wait()

    def confirmed(self, word: str, received_us: int) -> None:
        """See ``Inbox``."""
        margin_us = int(self._limits.coverage_margin_s * 1e6)
        self._markets.begin(word, received_us - margin_us, received_us + margin_us)

    def take(self, session: Session, parsed: Parsed, received_us: int) -> None:
        """See ``Inbox``."""
        told: list[Record] = []
        for record in parsed.records:
            if isinstance(record, Trade):
                told += self._taken(session, record, parsed.replayed)
            else:
                self.counters.unparsed += isinstance(record, Unparsed)
                told.append(record)
        for symbol, trade_id in parsed.newest:
            told += self._markets.newest(symbol, trade_id, received_us)
        # A coverage speaks for what stands before it, so it goes behind the trades of its own message.
        self._emit(sorted(told, key=lambda record: isinstance(record, Coverage)))

    def _taken(self, session: Session, trade: Trade, replayed: bool) -> list[Record]:
        if not replayed:
            session.subscription.confirm(self._feed.subscription_key(trade.exchange, trade.symbol))
            session.venue_clock.note(trade.event_time_us, trade.received_time_us)
        market = self._markets.of(trade)
        repeats = market.repeats
        told = market.take(trade, replayed=replayed, twice=session.overlapped)
        self.counters.repeats += market.repeats - repeats
        return told

    def tell_coverage(self, session: Session) -> None:
        """See ``Inbox``."""
        through_us = session.through_us()
        if through_us is not None:
            words = self._markets.subscriptions() if self._finite else session.confirmed.keys()
            self._emit(self._markets.covered(words, through_us, self._clock()))

    def _emit(self, records: Sequence[Record]) -> None:
        if not records:
            return
        self._pending.extend(records)
        self._ready.set()
        for record in records:
            if isinstance(record, Trade):
                self.counters.trades += 1
            elif isinstance(record, Gap):
                self._found_gap(record)

    # -- holes ----------------------------------------------------------------------------------------------------

    def _found_gap(self, gap: Gap) -> None:
        self.counters.gaps += 1
        self.counters.open_gaps += 1
        log.warning(
            "gap_opened",
            feed=self._feed.name,
            symbol=gap.symbol,
            from_id=gap.from_id,
            to_id=gap.to_id,
            reason=gap.reason,
        )
        self._queue(gap)

    def _queue(self, gap: Gap) -> None:
        if self._recovery is None:
            return
        if self._unfilled >= HOLES_WAITING:
            log.error("gap_not_queued", feed=self._feed.name, gap_id=gap.gap_id, waiting=HOLES_WAITING)
            return
        self._unfilled += 1
        self._holes.put_nowait(gap)

    async def _fill_holes(self) -> None:
        """Beside each other: a hole may wait for hours. The recovery bounds how many of them read at once."""
        for gap in self._inherited:
            self.counters.open_gaps += 1
            self._queue(gap)
        try:
            async with asyncio.TaskGroup() as fillings:
                while True:
                    fillings.create_task(self._fill_hole(await self._holes.get()))
        except ExceptionGroup as faults:
            raise faults.exceptions[0] from None

    async def _fill_hole(self, gap: Gap) -> None:
        try:
            if self._recovery is not None:
                async for batch in self._recovery.recover(gap):
                    await self._wait_for_room()
                    self._fill(batch)
        finally:
            self._unfilled -= 1
            self._holes.task_done()

    def _fill(self, batch: Sequence[Record]) -> None:
        for record in batch:
            if isinstance(record, Trade):
                if not self._markets.of(record).filled(record):
                    continue
                self.counters.filled += 1
                self.counters.trades += 1
            elif isinstance(record, GapClosed):
                self.counters.open_gaps -= 1
            else:
                self.counters.unparsed += isinstance(record, Unparsed)
            self._pending.append(record)
        self._ready.set()
