"""The lines to one venue, one after another: opened, backed off from, and replaced before they end."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import InvalidURI

from producers.counters import Counters
from producers.feeds import Feed, Limits
from producers.websocket.connection import open_line
from producers.websocket.session import Inbox, Session
from tapehouse import logs
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
class Far:
    """The other end."""

    feed: Feed
    address: str
    """May carry a key."""
    shown: str
    """The same without it."""
    finite: bool
    """A normal close is the end of a recording."""


class Connector:
    """Keeps one line open, save while one takes over from another.

    A failed line is followed by the next after a capped exponential back-off with jitter. One that is ``due`` stays
    until the next one is subscribed, and is then read to its end before the next one's messages are taken.
    """

    def __init__(
        self,
        far: Far,
        inbox: Inbox,
        *,
        wanted: list[str],
        refused: dict[str, str],
        proven: set[str],
        counters: Counters,
        limits: Limits,
        stopping: asyncio.Event,
        on_ended: Callable[[Session, set[str]], None],
        clock: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]],
        random: Callable[[], float],
    ) -> None:
        """``on_ended``: of each line, and the words of the markets that another one brings."""
        self._far, self._inbox, self._on_ended = far, inbox, on_ended
        self._wanted, self._refused, self._proven = wanted, refused, proven
        self.counters, self._limits, self._stopping = counters, limits, stopping
        self._clock, self._sleep, self._random = clock, sleep, random
        self._sessions: dict[Session, asyncio.Task[str]] = {}

    @property
    def newest(self) -> Session | None:
        """The session that was opened last and has not ended."""
        return next(reversed(self._sessions), None)

    async def aclose(self) -> None:
        """End every line now."""
        for task in self._sessions.values():
            task.cancel()
        await asyncio.gather(*self._sessions.values(), return_exceptions=True)

    async def run(self) -> None:
        """Until it is told to stop, or a recording ends. Raises ConnectionFailedError, TerminalError, and what a
        subscription raises."""
        failures, current = 0, None
        while not self._stopping.is_set():
            opened_at = time.monotonic()
            why = await self._next_line(current)
            if why is None:
                current = self.newest
            if current is not None and why is None:
                await self._first(self._sessions[current], current.due.wait())
            if current is not None and self._sessions[current].done():
                why = why or self._sessions[current].result()
                ended = self._far.finite and current.ended_normally
                self._finish(current)
                current = None
                if ended:
                    return
            if self._stopping.is_set():
                return
            lived = time.monotonic() - opened_at >= self._limits.stable_after_s
            if why is None and lived:
                failures = 0
                continue  # due: the next line is opened while this one is read
            failures = 1 if lived else failures + 1
            attempts = self._limits.max_attempts
            if attempts is not None and failures >= attempts and current is None:
                raise ConnectionFailedError(self._far.feed.name, self._far.shown, failures, why or "")
            # A venue that announces each line's end at once would else be asked for one line after another.
            delay_s = 0.0 if why is None and failures == 1 else self._backoff_s(failures)
            if why is not None:
                log.warning("websocket_dropped", feed=self._far.feed.name, why=why, retry_s=round(delay_s, 3))
                self.counters.reconnects += 1
            if delay_s or why is not None:
                await self._unless_stopping(self._sleep(delay_s))
            if current is not None and self._sessions[current].done():
                self._sessions[current].result()
                self._finish(current)
                current = None

    def _backoff_s(self, failures: int) -> float:
        """Between a half and the whole of base × 2^failures, capped: many clients do not come back as one."""
        ceiling = min(self._limits.backoff_cap_s, self._limits.backoff_base_s * 2.0 ** min(failures - 1, 30))
        return ceiling * (0.5 + self._random() / 2)

    @staticmethod
    async def _first(task: "asyncio.Future[Any]", other: Awaitable[Any]) -> None:
        """Wait for the first of both; the second is cancelled then, the first is left as it is."""
        waiting = asyncio.ensure_future(other)
        try:
            await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    async def _unless_stopping(self, work: Awaitable[Any]) -> "asyncio.Future[Any]":
        """Wait for it, or until it is told to stop; what is not done then, or when this is cancelled, is cancelled."""
        task = asyncio.ensure_future(work)
        try:
            await self._first(task, self._stopping.wait())
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        return task

    async def _next_line(self, current: Session | None) -> str | None:
        """Open a line, and let it take over from ``current``; why it failed, or None."""
        if self._inbox.full:
            await self._unless_stopping(self._inbox.room(None))
        opening = await self._unless_stopping(open_line(self._far.address, self._limits, self._clock))
        if opening.cancelled():
            return "stopped"
        try:
            line = opening.result()
        except InvalidURI:  # its words hold the whole address
            raise TerminalError(f"{self._far.feed.name}: {self._far.shown!r} is no WebSocket address") from None
        except (OSError, EOFError) as error:
            return f"{type(error).__name__}: {error}"
        self.counters.connections += 1
        log.info("websocket_connected", feed=self._far.feed.name, symbols=len(self._wanted))
        age_s = self._limits.connection_age_s
        session = Session(
            self._far.feed,
            line,
            self._inbox,
            wanted=self._wanted,
            refused=self._refused,
            proven=self._proven,
            counters=self.counters,
            limits=self._limits,
            finite=self._far.finite,
            held=current is not None,
            stopping=self._stopping,
            clock=self._clock,
            sleep=self._sleep,
            age_s=None if age_s is None else age_s * (0.9 + self._random() / 10),
        )
        self._sessions[session] = asyncio.create_task(session.run())
        return None if current is None else await self._take_over(current, session)

    async def _take_over(self, current: Session, fresh: Session) -> str | None:
        """The fresh line is subscribed before the current one is let go, so that nothing falls between them."""
        coming = self._sessions[fresh]
        await self._first(coming, fresh.subscription.settled.wait())
        if coming.done():
            self._finish(fresh)
            return coming.result()
        await current.retire()
        await asyncio.wait([self._sessions[current]])
        self._finish(current)
        fresh.release()
        self.counters.switches += 1
        log.info("websocket_switched", feed=self._far.feed.name)
        return None

    def _finish(self, session: Session) -> None:
        """A line has ended: the markets that no other line brings without a break are not seen any more.

        Another line brings a market without a break if this one was still heard when that one was confirmed; else
        the market was not seen between the two, and begins anew with the other.
        """
        del self._sessions[session]
        confirmed = {word: at_us for other in self._sessions for word, at_us in other.confirmed.items()}
        unbroken = {word for word, at_us in confirmed.items() if at_us <= session.heard_us and not session.dropped}
        self._on_ended(session, unbroken)
        for word in sorted(confirmed.keys() - unbroken):
            self._inbox.confirmed(word, confirmed[word])
