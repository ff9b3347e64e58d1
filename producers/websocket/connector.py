"""The connections to one venue, one after another: opened, backed off from, and replaced before they end."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import InvalidURI

from producers.counters import Counters
from producers.feeds import Feed, Limits
from producers.websocket.connection import open_connection
from producers.websocket.inbox import Inbox
from producers.websocket.session import Session
from producers.websocket.subscription import Wanted
from tapehouse import logs
from tapehouse.backoff import Backoff
from tapehouse.errors import TerminalError, TransientError

log = logs.of(__name__)


class ConnectionFailedError(TransientError):
    """The venue could not be reached in as many attempts as were allowed."""

    def __init__(self, feed: str, url: str, attempts: int, cause: str) -> None:
        super().__init__(feed, url, attempts, cause)
        self.feed, self.url, self.attempts, self.cause = feed, url, attempts, cause

    def __str__(self) -> str:
        return f"{self.feed}: no connection to {self.url} in {self.attempts} attempts; the last one: {self.cause}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where the connections of a source lead to."""

    feed: Feed
    address: str = field(repr=False)
    """May carry a key."""
    shown: str
    """The same without it."""
    finite: bool
    """A normal close is the end of a recording."""


@dataclass(frozen=True, slots=True, eq=False)
class _Running:
    """A session, and the task that reads it to its end."""

    session: Session
    task: asyncio.Task[str]


class Connector:
    """Keeps one connection open, save while one takes over from another.

    A failed connection is followed by the next after a capped exponential back-off with jitter. One that is ``due``
    stays until the next one is subscribed, and is then read to its end before the next one's messages are taken.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        inbox: Inbox,
        *,
        wanted: Wanted,
        counters: Counters,
        limits: Limits,
        stopping: asyncio.Event,
        clock: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]],
        random: Callable[[], float],
    ) -> None:
        self._endpoint, self._inbox = endpoint, inbox
        self._wanted, self._counters, self._limits, self._stopping = wanted, counters, limits, stopping
        self._clock, self._sleep, self._random = clock, sleep, random
        self._backoff = Backoff(limits.backoff_base_s, limits.backoff_cap_s)
        self._open: dict[Session, _Running] = {}

    @property
    def newest(self) -> Session | None:
        """The session that was opened last and has not ended."""
        return next(reversed(self._open), None)

    async def aclose(self) -> None:
        """End every connection now."""
        tasks = [running.task for running in self._open.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def run(self) -> None:
        """Until it is stopped, or a recording ends. Raises ConnectionFailedError, TerminalError, and what a session
        raises."""
        failures, current = 0, None
        while not self._stopping.is_set():
            opened_at = time.monotonic()
            opened = await self._next(current)
            why = opened if isinstance(opened, str) else None
            if isinstance(opened, _Running):
                current = opened
                await _first(current.task, current.session.due.wait())
            if current is not None and current.task.done():
                ended = current.task.result()
                why = why or ended
                if self._endpoint.finite and current.session.ended_normally:
                    return
                current = None
            if self._stopping.is_set():
                return
            lived = time.monotonic() - opened_at >= self._limits.stable_after_s
            if why is None and lived:
                failures = 0
                continue  # due: the next connection is opened while this one is read
            failures = 1 if lived else failures + 1
            attempts = self._limits.max_attempts
            if attempts is not None and failures >= attempts and current is None:
                raise ConnectionFailedError(self._endpoint.feed.name, self._endpoint.shown, failures, why or "")
            # A venue that announces each connection's end at once would else be asked for one after another.
            delay_s = 0.0 if why is None and failures == 1 else self._backoff.wait_s(failures, self._random())
            if why is not None:
                log.warning("websocket_dropped", feed=self._endpoint.feed.name, why=why, retry_s=round(delay_s, 3))
                self._counters.reconnects += 1
            if delay_s or why is not None:
                await self._unless_stopping(self._sleep(delay_s))
            if current is not None and current.task.done():
                current.task.result()
                current = None

    async def _next(self, current: _Running | None) -> _Running | str:
        """Open a connection, and let it take over from ``current``; or why that failed."""
        if self._inbox.full:
            await self._unless_stopping(self._inbox.room())
        opening = await self._unless_stopping(open_connection(self._endpoint.address, self._limits, self._clock))
        if opening.cancelled():
            return "stopped"
        try:
            connection = opening.result()
        except InvalidURI:  # its text holds the whole address
            name, shown = self._endpoint.feed.name, self._endpoint.shown
            raise TerminalError(f"{name}: {shown!r} is no WebSocket address") from None
        except (OSError, EOFError) as error:
            return f"{type(error).__name__}: {error}"
        self._counters.connections += 1
        log.info("websocket_connected", feed=self._endpoint.feed.name, symbols=len(self._wanted.keys))
        age_s = self._limits.connection_age_s
        session = Session(
            self._endpoint.feed,
            connection,
            self._inbox,
            wanted=self._wanted,
            counters=self._counters,
            limits=self._limits,
            finite=self._endpoint.finite,
            held=current is not None,
            stopping=self._stopping,
            clock=self._clock,
            sleep=self._sleep,
            age_s=None if age_s is None else age_s * (0.9 + self._random() / 10),
        )
        fresh = self._open[session] = _Running(session, asyncio.create_task(self._run(session)))
        return fresh if current is None else await self._take_over(current, fresh)

    async def _take_over(self, current: _Running, fresh: _Running) -> _Running | str:
        """The fresh one is subscribed before the current one is let go, so that nothing falls between them."""
        await _first(fresh.task, fresh.session.subscription.settled.wait())
        if fresh.task.done() and fresh.task.exception() is None:
            return fresh.task.result()
        await current.session.retire()  # also before an error of the fresh one ends it all
        await asyncio.wait([current.task])
        for running in (current, fresh):
            if running.task.done():
                running.task.result()
        fresh.session.release()
        if fresh.task.done():  # it ended while its messages were held: what they brought into view is seen no more
            self._inbox.ended(fresh.session.through_us(), frozenset())
        self._counters.switches += 1
        log.info("websocket_switched", feed=self._endpoint.feed.name)
        return fresh

    async def _run(self, session: Session) -> str:
        """A session to its end: what it saw is kept as coverage before anybody learns why it ended, be it an error."""
        try:
            return await session.run()
        finally:
            self._ended(session)

    def _ended(self, session: Session) -> None:
        """The markets that no other connection brings without a break are not seen any more.

        Another one brings a market without a break if this one was still heard when that one was confirmed, and all
        that came on this one was taken; else the market was not seen between the two, and begins anew with the other.
        """
        del self._open[session]
        confirmed = {key: at_us for other in self._open for key, at_us in other.confirmed.items()}
        unbroken = {key for key, at_us in confirmed.items() if at_us <= session.heard_us and session.is_replaceable}
        self._inbox.ended(session.through_us(), unbroken)
        for key in sorted(confirmed.keys() - unbroken):
            self._inbox.confirmed(key, confirmed[key])

    async def _unless_stopping(self, work: Awaitable[Any]) -> "asyncio.Future[Any]":
        """Wait for it, or until it is stopped; what is not done then, or when this is cancelled, is cancelled."""
        task = asyncio.ensure_future(work)
        try:
            await _first(task, self._stopping.wait())
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        return task


async def _first(task: "asyncio.Future[Any]", other: Awaitable[Any]) -> None:
    """Wait for the first of both; the second is cancelled then, the first is left as it is."""
    waiting = asyncio.ensure_future(other)
    try:
        await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
