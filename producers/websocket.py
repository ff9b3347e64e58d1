"""A venue's WebSocket as an async iterator of record batches: subscribed, watched, reconnected, and honest about holes.

One ``WebSocketSource`` drives one feed over one connection at a time. It confirms each subscription, answers what the
venue asks, drops a line that has gone dead, and comes back with capped exponential back-off and jitter. Every ten
seconds or so it tells what span of each market was wholly seen (``Coverage``); where trades were missed it tells the
hole (``Gap``). It does not fill holes: a ``Recovery`` may. It does not retry what the venue refuses.

Memory is bounded: a consumer that is slow makes the socket be read slower, and the venue's own limits do the rest.
"""

import asyncio
import contextlib
import logging
import random as _random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from producers.continuity import Continuity, SafeMark
from producers.feeds.base import Feed, Parsed
from producers.feeds.limits import Limits
from producers.line import Line, VenueClock, open_line
from tapehouse.errors import TerminalError, TransientError
from tapehouse.record import Gap, Record, Trade, Unparsed

__all__ = [
    "ConnectionFailedError",
    "Counters",
    "Recovery",
    "SubscriptionRefusedError",
    "WebSocketSource",
]

log = logging.getLogger(__name__)

NAMES_COUNTED: Final = 256
"""Different names of ignored messages that are counted apart; a venue that invents more lands in ``other``."""
WORDS_KEPT: Final = 10_000
"""Error messages of one connection that are held to be matched with symbols."""
NORMAL_CLOSURE: Final = 1000


@dataclass(slots=True)
class Counters:
    """What went through one source since it was made."""

    messages: int = 0
    bytes: int = 0
    trades: int = 0
    repeats: int = 0
    """Trades that had been seen before: those of replays are dropped, live ones passed on."""
    gaps: int = 0
    unparsed: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    """By the venue's name of the message type."""
    lost_messages: int = 0
    """Jumps of the connection's own message number; the trades' ids show which market lost any."""
    connections: int = 0
    reconnects: int = 0
    last_message_us: int | None = None

    def last_message_age_s(self, now_us: int) -> float | None:
        """Seconds since the last message; None before the first."""
        return None if self.last_message_us is None else (now_us - self.last_message_us) / 1e6


class SubscriptionRefusedError(TerminalError):
    """The venue takes none of the subscriptions."""

    def __init__(self, feed: str, refused: Mapping[str, str]) -> None:
        super().__init__(feed, dict(refused))
        self.feed = feed
        self.refused = dict(refused)

    def __str__(self) -> str:
        said = "; ".join(f"{symbol}: {words!r}" for symbol, words in sorted(self.refused.items()))
        return f"{self.feed} refused every subscription ({said}). Name symbols that the venue lists, as BASE-QUOTE."


class ConnectionFailedError(TransientError):
    """The venue could not be reached in as many attempts as were allowed."""

    def __init__(self, feed: str, url: str, attempts: int, cause: str) -> None:
        super().__init__(feed, url, attempts, cause)
        self.feed, self.url, self.attempts, self.cause = feed, url, attempts, cause

    def __str__(self) -> str:
        return f"{self.feed}: no connection to {self.url} in {self.attempts} attempts; the last one: {self.cause}"


class Recovery(Protocol):
    """Fills holes. The gap's own record has been told before; what this yields follows it, in any time."""

    def recover(self, gap: Gap) -> AsyncIterator[Sequence[Record]]:
        """Batches of backfilled trades, the coverage of what is whole again, and a ``GapClosed`` when it is."""


def _now_us() -> int:
    return time.time_ns() // 1000


class WebSocketSource:
    """Batches of records of one feed: ``async for batch in source``. It is iterated once.

    ``stop()`` ends it gracefully: what was received is still yielded, so keep iterating until it ends. ``aclose()``
    ends it at once. With ``finite`` the venue's normal close is the end of a recording, and confirmations are not
    waited for: a recording need not hold any.

    Raises (from the iteration) SubscriptionRefusedError when no symbol is left, ConnectionFailedError after
    ``limits.max_attempts``, TerminalError for an address that is none.
    """

    def __init__(
        self,
        feed: Feed,
        symbols: Sequence[str],
        *,
        url: str | None = None,
        limits: Limits | None = None,
        finite: bool = False,
        source: str | None = None,
        contiguous_ids: bool = True,
        marks: Mapping[str, SafeMark] | None = None,
        recovery: Recovery | None = None,
        clock: Callable[[], int] = _now_us,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Callable[[], float] = _random.random,
    ) -> None:
        """``source``: what the feed files its trades under, where that is not its name (``binance-agg``).

        ``clock`` gives µs UTC, ``random`` a float in [0, 1). ``marks``: the last safe trade by symbol."""
        self.counters = Counters()
        self.refused: dict[str, str] = {}
        """Symbol → the venue's words, or why it was given up."""
        self._feed, self._url, self._finite = feed, url or feed.websocket_url, finite
        self._limits = limits or Limits()
        self._wanted = list(dict.fromkeys(symbols))
        self._source = source or feed.name
        self._contiguous_ids, self._marks, self._recovery = contiguous_ids, dict(marks or {}), recovery
        self._clock, self._sleep, self._random = clock, sleep, random
        self._markets: dict[tuple[str, str], Continuity] = {}
        self._venue_clock = VenueClock(trades_only=finite)
        self._pending: list[Record] = []
        self._ready, self._room, self._stopping = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self._recoveries: set[asyncio.Task[None]] = set()
        self._words: list[str] = []
        self._unconfirmed: set[str] = set()
        self._asked: Sequence[str] = ()
        self._sequence: int | None = None
        self._answer = asyncio.Event()
        self._closing = False

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
        tasks = [task for task in (self._runner, *self._recoveries) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def pending_records(self) -> int:
        """Records received and not yet taken."""
        return len(self._pending)

    @property
    def unconfirmed(self) -> frozenset[str]:
        """Symbols whose subscription the venue has not confirmed on this connection."""
        return frozenset(self._unconfirmed)

    # -- connections --------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        failures = 0
        try:
            while not self._stopping.is_set():
                opened_at = time.monotonic()
                ended, why = await self._connection()
                if ended or self._stopping.is_set():
                    break
                lived_s = time.monotonic() - opened_at
                failures = 1 if lived_s >= self._limits.stable_after_s else failures + 1
                if self._limits.max_attempts is not None and failures >= self._limits.max_attempts:
                    raise ConnectionFailedError(self._feed.name, self._url, failures, why)
                delay_s = 0.0 if why == "closing" and failures == 1 else self._backoff_s(failures)
                log.warning("websocket_dropped feed=%s why=%r retry_s=%.3f", self._feed.name, why, delay_s)
                self.counters.reconnects += 1
                await self._unless_stopping(self._sleep(delay_s))
            if self._recoveries and not self._stopping.is_set():
                await asyncio.gather(*self._recoveries)
        finally:
            for task in self._recoveries:
                task.cancel()

    def _backoff_s(self, failures: int) -> float:
        """Between a half and the whole of base × 2^failures, capped: many clients do not come back as one."""
        ceiling = min(self._limits.backoff_cap_s, self._limits.backoff_base_s * 2.0 ** min(failures - 1, 30))
        return ceiling * (0.5 + self._random() / 2)

    async def _unless_stopping(self, awaitable: Awaitable[Any]) -> None:
        waits = [asyncio.ensure_future(awaitable), asyncio.ensure_future(self._stopping.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _connection(self) -> tuple[bool, str]:
        """One connection from its opening to its end: (the source is at its end, why the line ended)."""
        opening = asyncio.ensure_future(open_line(self._url, self._limits, self._clock))
        await self._unless_stopping(opening)
        if opening.cancelled():
            return True, "stopped"
        try:
            line = opening.result()
        except InvalidURI as error:
            raise TerminalError(f"{self._feed.name}: {self._url!r} is no WebSocket address: {error}") from error
        except (OSError, TimeoutError, InvalidHandshake, EOFError) as error:
            return False, f"{type(error).__name__}: {error}"
        self.counters.connections += 1
        log.info("websocket_connected feed=%s symbols=%d", self._feed.name, len(self._wanted))
        try:
            why = await self._session(line)
        finally:
            line.transport.abort()
            self._end_coverage(line)
        return self._finite and line.close_code == NORMAL_CLOSURE and why != "closing", why

    async def _session(self, line: Line) -> str:
        self._unconfirmed, self._words = set(self._wanted), []
        self._closing, self._sequence = False, None
        self._venue_clock = VenueClock(trades_only=self._finite)
        reader = asyncio.create_task(self._read(line))
        tasks = [
            asyncio.create_task(part)
            for part in (self._subscribe(line), self._watch(line), self._keep_alive(line), self._close_on_stop(line))
        ]
        try:
            watching: set[asyncio.Task[Any]] = {reader, *tasks}
            while not reader.done():
                done, watching = await asyncio.wait(watching, return_when=asyncio.FIRST_COMPLETED)
                for task in done - {reader}:
                    if (why := task.result()) is not None:
                        line.transport.abort()
                        await reader
                        return str(why)
            return reader.result()
        finally:
            for task in (reader, *tasks):
                task.cancel()
            await asyncio.gather(reader, *tasks, return_exceptions=True)

    # -- what runs while a line is open: each returns why the line must go, or None --------------------------------

    async def _read(self, line: Line) -> str:
        while True:
            try:
                message = await line.recv(decode=False)
            except ConnectionClosed as closed:
                return "closing" if self._closing else str(closed)
            parsed = self._take(message, self._clock())
            if parsed.reply is not None:
                await self._send(line, parsed.reply)
            if len(self._pending) >= self._limits.max_pending_records:
                await self._wait_for_room()
            if parsed.closing and not self._closing:
                self._closing = True
                log.info("venue_closing feed=%s", self._feed.name)
                closer = asyncio.create_task(line.close())  # what is already on its way is read to the end
                closer.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def _wait_for_room(self) -> None:
        stalled_at = self._clock()
        while len(self._pending) >= self._limits.max_pending_records:
            self._room.clear()
            await self._room.wait()
        self._venue_clock.stalled(max(0, self._clock() - stalled_at))

    async def _subscribe(self, line: Line) -> str | None:
        await self._ask(line, self._wanted)
        if self._finite:
            return None
        await self._answers(lambda: not self._unconfirmed or bool(self._words and len(self._wanted) == 1))
        heard = bool(self._words) or len(self._unconfirmed) < len(self._wanted)
        if self._unconfirmed and len(self._wanted) > 1 and heard:
            # One wrong name can sink a whole request: those that are left are asked for one by one.
            for symbol in sorted(self._unconfirmed):
                await self._ask_alone(line, symbol)
        return self._give_up_unconfirmed()

    async def _ask(self, line: Line, symbols: Sequence[str]) -> None:
        self._asked = tuple(symbols)
        for text in self._feed.subscribe(symbols):
            await self._send(line, text)

    async def _ask_alone(self, line: Line, symbol: str) -> None:
        before = len(self._words)
        await self._ask(line, [symbol])
        await self._answers(lambda: symbol not in self._unconfirmed or len(self._words) > before)
        if symbol in self._unconfirmed and len(self._words) > before:
            self.refused[symbol] = self._words[-1]
        await self._sleep(1 / self._limits.messages_per_s)

    async def _answers(self, enough: Callable[[], bool]) -> None:
        """Wait until the venue has answered enough, at most as long as a confirmation may take."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.ack_timeout_s):
                while not enough():
                    self._answer.clear()
                    await self._answer.wait()

    def _give_up_unconfirmed(self) -> str | None:
        """Go on without the symbols that the venue refused; raise when that is all of them."""
        if not self._unconfirmed:
            return None
        refused = {s: self.refused.get(s) or self._words_about(s) for s in self._unconfirmed}
        self.refused.update({symbol: words for symbol, words in refused.items() if words})
        silent = sorted(symbol for symbol, words in refused.items() if not words)
        for symbol in sorted(self._unconfirmed - set(silent)):
            log.error("subscription_refused feed=%s symbol=%s words=%r", self._feed.name, symbol, self.refused[symbol])
            self._wanted.remove(symbol)
        if silent:
            log.warning("subscription_unanswered feed=%s symbols=%s", self._feed.name, ",".join(silent))
        if not self._wanted:
            raise SubscriptionRefusedError(self._feed.name, self.refused)
        return "no subscription was confirmed" if set(silent) == set(self._wanted) else None

    def _words_about(self, symbol: str) -> str:
        """What the venue said that names this symbol in one of the usual spellings; else its last word."""
        base, _, quote = symbol.partition("-")
        spellings = {symbol, f"{base}/{quote}", f"{base}{quote}"}
        naming = [words for words in self._words if any(s in words.upper() for s in spellings)]
        return (naming or self._words or [""])[-1]

    async def _watch(self, line: Line) -> str | None:
        limits = self._limits
        step_s = min(1.0, limits.coverage_every_s, limits.stale_after_s / 6)
        loop = asyncio.get_running_loop()
        told_at = pinged_at = loop.time()
        messages, message_at = self.counters.messages, loop.time()
        while True:
            await asyncio.sleep(step_s)
            now = loop.time()
            if self._stalled() or not line.transport.is_reading():
                line.heard_at = message_at = now  # the silence is ours
                continue
            if self.counters.messages != messages:
                messages, message_at = self.counters.messages, now
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
                self._tell_coverage(line)

    def _stalled(self) -> bool:
        """The consumer is behind, so the socket is not read."""
        return len(self._pending) >= self._limits.max_pending_records

    async def _keep_alive(self, line: Line) -> str | None:
        while (text := self._feed.keepalive()) is not None:
            await asyncio.sleep(self._limits.keepalive_s)
            await self._send(line, text)
        return None

    async def _close_on_stop(self, line: Line) -> str | None:
        await self._stopping.wait()
        await line.close()
        return None

    @staticmethod
    async def _send(line: Line, text: str) -> None:
        """A line that is gone is the reader's to tell."""
        with contextlib.suppress(ConnectionClosed):
            await line.send(text)

    # -- what a message says --------------------------------------------------------------------------------------

    def _take(self, message: bytes, received_us: int) -> Parsed:
        parsed = self._feed.parse(message, received_us)
        counters = self.counters
        counters.messages += 1
        counters.bytes += len(message)
        counters.last_message_us = received_us
        if parsed.ignored is not None:
            known = parsed.ignored in counters.ignored or len(counters.ignored) < NAMES_COUNTED
            counters.ignored[parsed.ignored if known else "other"] += 1
        if parsed.refused is not None:
            if len(self._words) < WORDS_KEPT:
                self._words.append(parsed.refused)
            self._answer.set()
            log.warning("venue_error feed=%s words=%r", self._feed.name, parsed.refused[:500])
        if parsed.sequence is not None:
            if self._sequence is not None and parsed.sequence > self._sequence + 1:
                counters.lost_messages += parsed.sequence - self._sequence - 1
            self._sequence = max(parsed.sequence, self._sequence or 0)
        for symbol in (*parsed.acknowledged, *self._symbols_of(parsed.acknowledged_request)):
            self._confirm(symbol, received_us)
        for record in parsed.records:
            self._record(record, parsed.replayed)
        for symbol, trade_id in parsed.newest:
            if (symbol, self._source) in self._markets:
                self._emit(self._market(symbol, self._source).newest(trade_id, received_us))
        return parsed

    def _symbols_of(self, request: int | None) -> list[str]:
        """The symbols of the n-th subscription message (from 1): the feed alone knows how it divides them."""
        if request is None:
            return []
        if len(self._feed.subscribe(self._asked)) == 1:
            return list(self._asked) if request == 1 else []
        asked = self._asked
        return [s for n, s in enumerate(asked, 1) if len(self._feed.subscribe(asked[:n])) == request]

    def _confirm(self, symbol: str, received_us: int) -> None:
        if symbol not in self._unconfirmed:
            return
        self._unconfirmed.discard(symbol)
        self._answer.set()
        if not self._finite:
            margin_us = int(self._limits.coverage_margin_s * 1e6)
            self._market(symbol, self._source).begin(received_us + margin_us)

    def _record(self, record: Record, replayed: bool) -> None:
        if isinstance(record, Trade):
            market = self._market(record.symbol, record.source)
            repeats = market.repeats
            self._emit(market.take(record, replayed=replayed))
            self.counters.repeats += market.repeats - repeats
            if not replayed:
                self._confirm(record.symbol, record.received_time_us)
                self._venue_clock.note(record.event_time_us, record.received_time_us)
            return
        if isinstance(record, Unparsed):
            self.counters.unparsed += 1
        self._emit([record])

    def _market(self, symbol: str, source: str) -> Continuity:
        market = self._markets.get((symbol, source))
        if market is None:
            market = self._markets[symbol, source] = Continuity(
                exchange=self._feed.exchange,
                symbol=symbol,
                source=source,
                contiguous_ids=self._contiguous_ids,
                mark=self._marks.get(symbol),
            )
        return market

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

    def _found_gap(self, gap: Gap) -> None:
        self.counters.gaps += 1
        log.warning(
            "gap feed=%s symbol=%s from_id=%s to_id=%s reason=%s",
            *(self._feed.name, gap.symbol, gap.from_id, gap.to_id, gap.reason),
        )
        if self._recovery is not None:
            task = asyncio.create_task(self._recover(self._recovery, gap))
            self._recoveries.add(task)
            task.add_done_callback(self._recoveries.discard)

    async def _recover(self, recovery: Recovery, gap: Gap) -> None:
        try:
            async for batch in recovery.recover(gap):
                while self._stalled():
                    self._room.clear()
                    await self._room.wait()
                for record in batch:
                    if isinstance(record, Trade):
                        self._market(record.symbol, record.source).filled(record)
                        self.counters.trades += 1
                self._pending.extend(batch)
                self._ready.set()
        except TransientError as error:
            log.warning("gap_left_open feed=%s gap_id=%s error=%r", self._feed.name, gap.gap_id, error)

    def _through_us(self, line: Line) -> int | None:
        venue_us = self._venue_clock.at(line.heard_us)
        return None if venue_us is None else venue_us - int(self._limits.coverage_margin_s * 1e6)

    def _tell_coverage(self, line: Line) -> None:
        through_us = self._through_us(line)
        if through_us is not None:
            for market in self._markets.values():
                self._emit(market.covered(through_us, self._clock()))

    def _end_coverage(self, line: Line) -> None:
        through_us = self._through_us(line)
        for market in self._markets.values():
            self._emit(market.end(through_us if through_us is not None else 0, self._clock()))
