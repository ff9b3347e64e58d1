"""A venue's WebSocket as an async iterator of record batches: subscribed, watched, reconnected, and honest about gaps.

One ``WebSocketSource`` drives one feed. It confirms each subscription, answers what the venue asks, drops a connection
that has gone dead, and comes back with capped exponential back-off and jitter. One that grows too old, or that the
venue says it will close, is replaced while it still works: the next one is subscribed first. Every ten seconds or so it
reports what span of each market was wholly seen (``Coverage``); where trades were missed it reports a ``Gap``, and a
``Recovery`` fills it. It does not retry what the venue refuses.

Memory is bounded: a consumer that is slow makes the socket be read slower; one that takes nothing for long makes the
connection be dropped on purpose, and what was missed is filled like any other gap.
"""

import asyncio
import random as _random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from producers.counters import Counters
from producers.feeds import Feed, Limits, subscription_keys
from producers.gaps import Markets, SafeMark
from producers.recovery import Recovery
from producers.websocket.connector import ConnectionFailedError, Connector, Endpoint
from producers.websocket.gap_queue import GapQueue
from producers.websocket.inbox import Inbox
from producers.websocket.subscription import LoginRefusedError, SubscriptionRefusedError, Wanted
from tapehouse import logs
from tapehouse.errors import SettingsError
from tapehouse.market import MarketKey
from tapehouse.record import Gap, Record

__all__ = [
    "ConnectionFailedError",
    "Counters",
    "LoginRefusedError",
    "Recovery",
    "SubscriptionRefusedError",
    "WebSocketSource",
]

log = logs.of(__name__)


def _now_us() -> int:
    """Our clock, µs UTC."""
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
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Callable[[], float] = _random.random,
    ) -> None:
        """``random`` gives a float in [0, 1). ``marks``: where each market is safe, and the gaps that were open.
        ``on_begin`` gets each market without a mark, and from when on it is seen, before any of its trades is given:
        whoever keeps marks keeps that, or a kill in the first second would leave a gap that nobody knows.
        Raises SettingsError for more symbols than one connection carries."""
        self.counters = Counters()
        limits, marks = limits or feed.traits.limits, marks or {}
        wanted = list(subscription_keys(feed, symbols))
        if len(wanted) > limits.max_symbols:
            fault = f"{feed.name}: {len(wanted)} symbols, one connection takes {limits.max_symbols}"
            raise SettingsError([f"{fault}; start a second producer for the rest"])
        proven = {feed.subscription_key(key.exchange, key.symbol) for key in marks if key.source == feed.source}
        self._feed, self._wanted = feed, Wanted(wanted, proven)
        self._inherited = [gap for mark in marks.values() for gap in mark.gaps if gap.source == feed.source]
        self._stopping = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self._gaps = GapQueue(feed.name, recovery)
        self._inbox = Inbox(
            Markets(feed, marks, on_begin), counters=self.counters, limits=limits, clock=_now_us, on_gap=self._found
        )
        self._connector = Connector(
            Endpoint(feed=feed, address=url or feed.address(), shown=url or feed.websocket_url, finite=finite),
            self._inbox,
            wanted=self._wanted,
            counters=self.counters,
            limits=limits,
            stopping=self._stopping,
            clock=_now_us,
            sleep=sleep,
            random=random,
        )

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
            self._runner.add_done_callback(lambda _: self._inbox.wake())
        while not self._inbox:
            if self._runner.done():
                if not self._runner.cancelled():
                    self._runner.result()
                raise StopAsyncIteration
            await self._inbox.ready()
        return self._inbox.empty()

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
        return len(self._inbox)

    @property
    def refused(self) -> Mapping[str, str]:
        """Symbol → why the venue refused it, as it says, or why it was given up."""
        return self._wanted.refused

    @property
    def unconfirmed(self) -> frozenset[str]:
        """Symbols whose subscription the venue has not confirmed on the newest connection."""
        newest = self._connector.newest
        return frozenset(newest.subscription.unconfirmed if newest is not None else self._wanted.keys)

    # -- the two that run beside each other ---------------------------------------------------------------------------

    async def _run(self) -> None:
        for gap in self._inherited:
            self.counters.open_gaps += 1
            self._gaps.put(gap)
        filling = asyncio.create_task(self._gaps.run(self._inbox))
        connecting = asyncio.create_task(self._connector.run())
        try:
            await asyncio.wait([filling, connecting], return_when=asyncio.FIRST_COMPLETED)
            if filling.done():
                filling.result()
            connecting.result()
            if not self._stopping.is_set():  # a recording's end: its gaps are filled first
                joined = asyncio.create_task(self._gaps.join())
                await asyncio.wait([filling, joined], return_when=asyncio.FIRST_COMPLETED)
                joined.cancel()
        finally:
            for task in (filling, connecting):
                task.cancel()
            await asyncio.gather(filling, connecting, self._connector.aclose(), return_exceptions=True)

    def _found(self, gap: Gap) -> None:
        log.warning(
            "gap_opened",
            feed=self._feed.name,
            symbol=gap.symbol,
            from_id=gap.from_id,
            to_id=gap.to_id,
            reason=gap.reason,
        )
        self._gaps.put(gap)
