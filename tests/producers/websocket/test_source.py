"""The WebSocket source against the simulated venues, over real sockets on loopback."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from embedded.venues import Simulator
from producers.feeds import FEEDS, Limits, Parsed, Traits
from producers.feeds.base import BaseFeed
from producers.websocket import WebSocketSource
from producers.websocket.connection import VenueClock
from producers.websocket.source import ConnectionFailedError, Recovery, SubscriptionRefusedError
from tapehouse.errors import SettingsError, TerminalError
from tapehouse.record import Coverage, Gap, GapClosed, Record, Trade, encode, judge

VENUES = ["coinbase", "coinbase-advanced", "kraken", "binance"]
FAST = Limits(
    ack_timeout_s=1.0,
    coverage_every_s=0.05,
    coverage_margin_s=0.0,
    backoff_base_s=0.02,
    backoff_cap_s=0.05,
    messages_per_s=1000,
    close_timeout_s=1.0,
)


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 30))


def markets(feed: str) -> list[str]:
    return ["BTC-USDT", "ETH-USDT"] if feed == "binance" else ["BTC-USD", "ETH-USD"]


class Reader:
    """Takes everything a source gives, as a task of its own."""

    def __init__(self, source: WebSocketSource) -> None:
        self.source = source
        self.records: list[Record] = []
        self._task = asyncio.create_task(self._take())

    async def _take(self) -> None:
        async for batch in self.source:
            self.records.extend(batch)

    def of(self, kind: type[Any]) -> list[Any]:
        return [record for record in self.records if isinstance(record, kind)]

    async def until(self, met: Callable[[], object]) -> None:
        while not met():
            assert not self._task.done(), self._task.exception() if self._task.done() else ""
            await asyncio.sleep(0.005)

    async def end(self) -> None:
        self.source.stop()
        await self._task

    async def until_ended(self) -> None:
        await self._task


def key(trade: Trade) -> tuple[object, ...]:
    numbers = Decimal(trade.price), Decimal(trade.size)
    return trade.symbol, trade.source, trade.trade_id, *numbers, trade.side, trade.event_time_us


async def subscribed(venues: Simulator, source: WebSocketSource, exchange: str) -> Reader:
    """A reader whose subscriptions are in force: a first trade in each market has come through."""
    reader = Reader(source)
    wanted = markets("binance" if exchange == "binance" else exchange)
    await reader.until(lambda: venues.connections and not source.unconfirmed and source.counters.messages)
    for symbol in wanted:
        venues.trade(exchange, 1, symbol)
    await reader.until(lambda: {t.symbol for t in reader.of(Trade)} == set(wanted))
    return reader


def source_of(venues: Simulator, feed: str, **options: Any) -> WebSocketSource:
    options = {"limits": FAST, **options}
    return WebSocketSource(FEEDS[feed], markets(feed), url=venues.url(feed), **options)


@pytest.mark.parametrize("feed", VENUES)
def test_every_trade_of_the_truth_arrives_once_and_right(feed: str) -> None:
    async def scenario() -> None:
        exchange = FEEDS[feed].exchange
        async with Simulator(seed=3) as venues:
            reader = await subscribed(venues, source_of(venues, feed), exchange)
            for _ in range(20):
                venues.trade(exchange, 10, markets(feed)[_ % 2])
                await asyncio.sleep(0.002)
            true = [key(trade) for trade in venues.truth_of(feed)]
            await reader.until(lambda: len(reader.of(Trade)) >= len(true))
            await reader.end()
            assert sorted(map(key, reader.of(Trade))) == sorted(true)
            assert reader.of(Gap) == []
            assert reader.source.counters.trades == len(true)

    run(scenario())


def test_aggregate_trades_arrive_as_the_truth_of_taker_orders() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            source = WebSocketSource(
                replace(FEEDS["binance"], aggregate=True),  # type: ignore[type-var]
                ["BTC-USDT", "ETH-USDT"],
                url=venues.url("binance"),
                limits=FAST,
            )
            reader = await subscribed(venues, source, "binance")
            venues.trade("binance", 100, "ETH-USDT")
            true = venues.truth_of("binance-agg")
            await reader.until(lambda: len(reader.of(Trade)) >= len(true))
            await reader.end()
            assert [key(t) for t in reader.of(Trade)] == [key(t) for t in true]
            assert reader.of(Gap) == []
            assert {c.source for c in reader.of(Coverage)} == {"binance-agg"}

    run(scenario())


@pytest.mark.parametrize("feed", VENUES)
def test_cut_line_comes_back_and_the_gap_is_exactly_what_was_missed(feed: str) -> None:
    async def scenario() -> None:
        exchange, symbol = FEEDS[feed].exchange, markets(feed)[0]
        async with Simulator() as venues:
            reader = await subscribed(venues, source_of(venues, feed), exchange)
            venues.cut()
            await reader.until(lambda: not venues.connections)
            venues.trade(exchange, 150, symbol)  # more than any venue replays
            await reader.until(lambda: reader.source.counters.connections == 2)
            await reader.until(lambda: venues.connections and not reader.source.unconfirmed)
            venues.trade(exchange, 5, symbol)
            last = venues.truth_of(feed)[-1].trade_id
            await reader.until(lambda: last in [t.trade_id for t in reader.of(Trade)])
            await reader.end()
            came = {t.trade_id for t in reader.of(Trade) if t.symbol == symbol}
            missing = {t.trade_id for t in venues.truth_of(feed) if t.symbol == symbol} - came
            (gap,) = reader.of(Gap)
            assert gap.symbol == symbol
            assert {str(n) for n in range(int(gap.from_id), int(gap.to_id) + 1)} == missing
            assert len(missing) >= 50
            assert gap.reason == "disconnected"

    run(scenario())


@pytest.mark.parametrize("feed", VENUES)
def test_cut_line_in_a_quiet_market_is_no_gap_and_coverage_has_no_hole(feed: str) -> None:
    async def scenario() -> None:
        exchange = FEEDS[feed].exchange
        async with Simulator() as venues:
            limits = replace(FAST, stale_after_s=1.0)  # pings often enough to extend the coverage of a quiet line
            reader = await subscribed(venues, source_of(venues, feed, limits=limits), exchange)
            venues.cut()
            await reader.until(lambda: reader.source.counters.connections == 2)
            await reader.until(lambda: venues.connections and not reader.source.unconfirmed)
            for symbol in markets(feed):
                venues.trade(exchange, 1, symbol)
            last = venues.truth_of(feed)[-1]
            await reader.until(lambda: last.trade_id in [t.trade_id for t in reader.of(Trade)])
            count = len(reader.of(Coverage))
            await reader.until(lambda: len(reader.of(Coverage)) >= count + 4)
            await reader.end()
            assert reader.of(Gap) == []
            assert len(reader.of(Trade)) == len(venues.truth_of(feed))
            for symbol in markets(feed):
                spans = sorted((c.from_us, c.through_us) for c in reader.of(Coverage) if c.symbol == symbol)
                reach = spans[0][1]
                for from_us, through_us in spans[1:]:
                    assert from_us <= reach
                    reach = max(reach, through_us)

    run(scenario())


@pytest.mark.parametrize("feed", ["coinbase", "kraken", "binance"])
def test_skipped_trades_are_a_gap_without_any_drop(feed: str) -> None:
    async def scenario() -> None:
        exchange, symbol = FEEDS[feed].exchange, markets(feed)[0]
        async with Simulator() as venues:
            reader = await subscribed(venues, source_of(venues, feed), exchange)
            venues.faults.skip = 3
            venues.trade(exchange, 3, symbol)
            skipped = [t.trade_id for t in venues.truth_of(feed)[-3:]]
            venues.trade(exchange, 1, symbol)
            await reader.until(lambda: reader.of(Gap))
            await reader.end()
            (gap,) = reader.of(Gap)
            assert [gap.from_id, gap.to_id, gap.reason] == [skipped[0], skipped[-1], "skipped"]
            assert judge(encode(gap), gap.received_time_us).reasons == ()

    run(scenario())


def test_trades_dropped_before_a_silence_are_found_by_the_heartbeat() -> None:
    async def scenario() -> None:
        async with Simulator(beat_s=0.03) as venues:
            reader = await subscribed(venues, source_of(venues, "coinbase"), "coinbase")
            venues.faults.skip = 2
            venues.trade("coinbase", 2, "BTC-USD")
            await reader.until(lambda: reader.of(Gap))
            await reader.end()
            (gap,) = reader.of(Gap)
            assert [gap.from_id, gap.to_id] == [t.trade_id for t in venues.truth_of("coinbase")[-2:]]
            assert gap.reason == "dropped"

    run(scenario())


@pytest.mark.parametrize("feed", VENUES)
def test_refused_symbol_is_named_in_the_venues_words_and_the_others_go_on(feed: str) -> None:
    async def scenario() -> None:
        exchange, (good, bad) = FEEDS[feed].exchange, markets(feed)
        async with Simulator() as venues:
            venues.faults.refuse = {bad}
            source = source_of(venues, feed)
            reader = Reader(source)
            await reader.until(lambda: source.refused and not source.unconfirmed - {bad})
            venues.trade(exchange, 1, good)
            await reader.until(lambda: reader.of(Trade))
            await reader.end()
            assert set(source.refused) == {bad}
            words = source.refused[bad].upper().replace("/", "").replace("-", "")
            assert bad.replace("-", "") in words

    run(scenario())


@pytest.mark.parametrize("feed", VENUES)
def test_refusal_of_every_symbol_ends_with_an_error_that_tells_the_words(feed: str) -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            venues.faults.refuse = set(markets(feed))
            with pytest.raises(SubscriptionRefusedError, match=f"{feed} refused every subscription") as caught:
                async for _ in source_of(venues, feed):
                    pass
            assert set(caught.value.refused) == set(markets(feed))
            assert all(caught.value.refused.values())

    run(scenario())


@pytest.mark.parametrize("feed", VENUES)
def test_market_that_the_venue_took_before_and_refuses_after_a_drop_is_asked_for_until_it_is_back(feed: str) -> None:
    async def scenario() -> None:
        exchange, (good, bad) = FEEDS[feed].exchange, markets(feed)
        async with Simulator() as venues:
            source = source_of(venues, feed, limits=replace(FAST, ack_timeout_s=0.2))
            reader = await subscribed(venues, source, exchange)
            venues.faults.refuse = {bad}
            venues.cut()
            await reader.until(lambda: bad in source.refused)
            venues.trade(exchange, 3, bad)
            venues.trade(exchange, 1, good)
            lost = [t.trade_id for t in venues.truth_of(feed) if t.symbol == bad][-3:]
            venues.faults.refuse = set()
            await reader.until(lambda: venues.connections and not source.unconfirmed)
            venues.trade(exchange, 1, bad)
            last = venues.truth_of(feed)[-1].trade_id
            await reader.until(lambda: (bad, last) in [(t.symbol, t.trade_id) for t in reader.of(Trade)])
            await reader.end()
            came = {t.trade_id for t in reader.of(Trade) if t.symbol == bad}
            holes = [(int(g.from_id), int(g.to_id)) for g in reader.of(Gap) if g.symbol == bad]
            for trade_id in lost:
                assert trade_id in came or any(first <= int(trade_id) <= till for first, till in holes)
            assert source.refused == {}

    run(scenario())


def test_subscription_that_is_never_confirmed_drops_the_line_and_tries_again() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            venues.faults.withhold_acks = True
            source = source_of(venues, "coinbase", limits=replace(FAST, ack_timeout_s=0.1))
            reader = Reader(source)
            await reader.until(lambda: source.counters.reconnects >= 1)
            venues.faults.withhold_acks = False
            await reader.until(lambda: venues.connections and not source.unconfirmed)
            venues.trade("coinbase", 1, "BTC-USD")
            await reader.until(lambda: reader.of(Trade))
            await reader.end()

    run(scenario())


def test_live_trade_confirms_a_subscription_whose_ack_was_lost() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            venues.faults.withhold_acks = True
            source = source_of(venues, "kraken")
            reader = Reader(source)
            await reader.until(lambda: venues.connections)
            for symbol in markets("kraken"):
                await asyncio.sleep(0.05)
                venues.trade("kraken", 1, symbol)
            await reader.until(lambda: not source.unconfirmed)
            await reader.end()
            assert source.counters.reconnects == 0

    run(scenario())


def test_dead_line_is_dropped_and_what_it_hid_is_a_gap() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            source = source_of(venues, "binance", limits=replace(FAST, stale_after_s=0.3))
            reader = await subscribed(venues, source, "binance")
            venues.silence()
            venues.trade("binance", 4, "BTC-USDT")
            lost = [t.trade_id for t in venues.truth_of("binance")[-4:]]
            venues.faults.silent = False
            await reader.until(lambda: source.counters.connections == 2)
            await reader.until(lambda: not source.unconfirmed)
            venues.trade("binance", 1, "BTC-USDT")
            await reader.until(lambda: reader.of(Gap))
            await reader.end()
            (gap,) = reader.of(Gap)
            assert (gap.from_id, gap.to_id) == (lost[0], lost[-1])
            hidden_from = next(t.event_time_us for t in venues.truth_of("binance") if t.trade_id == lost[0])
            for span in reader.of(Coverage):
                assert span.through_us <= hidden_from + 100_000 or span.from_us > gap.to_us

    run(scenario())


def test_quiet_market_on_a_live_line_is_not_stale() -> None:
    async def scenario() -> None:
        async with Simulator(beat_s=60) as venues:
            source = source_of(venues, "binance", limits=replace(FAST, stale_after_s=2.0))
            reader = await subscribed(venues, source, "binance")
            # Only our pings and the venue's pongs; a busy machine may stand still for a second.
            await asyncio.sleep(4.5)
            venues.trade("binance", 1, "BTC-USDT")
            await reader.until(lambda: len(reader.of(Trade)) == 3)
            await reader.end()
            assert source.counters.reconnects == 0

    run(scenario())


def test_slow_consumer_bounds_memory_and_loses_nothing() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            # The venue lives in the same loop: where that stands still for so long, the line is silent indeed.
            limits = replace(FAST, max_pending_records=100, stale_after_s=2.0)
            source = source_of(venues, "kraken", limits=limits)
            first = await anext(source_with_trades(venues, source))
            for _ in range(200):
                venues.trade("kraken", 50, "BTC-USD")  # one frame of 50 trades each
                await asyncio.sleep(0)
            await asyncio.sleep(2.5)  # nobody takes anything, for longer than a dead line is waited for
            assert source.pending_records <= 100 + 50 + 10  # the bound, one message over it, coverage
            records, true = list(first), venues.truth_of("kraken")
            async for batch in source:
                records += batch
                time.sleep(0.01)  # holds up the loop itself, as encoding a big batch does
                await asyncio.sleep(0)
                if source.counters.trades == len(true):
                    source.stop()
            trades = [r for r in records if isinstance(r, Trade)]
            assert sorted(map(key, trades)) == sorted(map(key, true))
            assert not any(isinstance(r, Gap) for r in records)
            assert source.counters.reconnects == 0

    run(scenario())


async def source_with_trades(venues: Simulator, source: WebSocketSource) -> AsyncIterator[Sequence[Record]]:
    """The source's batches; a first trade is made as soon as it is subscribed."""
    waiting = asyncio.ensure_future(anext(source))
    while not venues.connections or source.unconfirmed or not source.counters.messages:
        await asyncio.sleep(0.005)
    venues.trade("kraken", 1, "BTC-USD")
    yield await waiting


def test_graceful_stop_yields_what_was_received() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            source = source_of(venues, "kraken")
            first = await anext(source_with_trades(venues, source))
            venues.trade("kraken", 500, "BTC-USD")
            while source.counters.trades < 501:
                await asyncio.sleep(0.005)
            source.stop()
            records = [*first, *[record async for batch in source for record in batch]]
            assert sum(isinstance(r, Trade) for r in records) == 501
            assert isinstance(records[-1], Coverage)

    run(scenario())


def test_closed_source_ends_its_iteration_and_lets_its_line_go() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            source = source_of(venues, "kraken")
            reader = await subscribed(venues, source, "kraken")
            await source.aclose()
            await reader.end()
            while venues.connections:
                await asyncio.sleep(0.005)

    run(scenario())


def test_stop_ends_a_source_that_is_waiting_to_reconnect() -> None:
    async def scenario() -> None:
        slow = replace(FAST, backoff_base_s=600.0, backoff_cap_s=600.0)
        source = WebSocketSource(FEEDS["kraken"], ["BTC-USD"], url="ws://127.0.0.1:9", limits=slow)
        reader = Reader(source)
        await reader.until(lambda: source.counters.reconnects == 1)
        await reader.end()

    run(scenario())


def test_back_off_doubles_to_its_cap_with_jitter() -> None:
    async def scenario() -> None:
        waits: list[float] = []

        async def sleep(seconds: float) -> None:
            waits.append(seconds)

        limits = Limits(backoff_base_s=1.0, backoff_cap_s=10.0, max_attempts=7)
        source = WebSocketSource(
            FEEDS["kraken"], ["BTC-USD"], url="ws://127.0.0.1:9", limits=limits, sleep=sleep, random=lambda: 0.5
        )
        with pytest.raises(ConnectionFailedError, match=r"kraken: no connection to ws://127\.0\.0\.1:9 in 7 attempts"):
            await anext(source)
        assert waits == [0.75, 1.5, 3.0, 6.0, 7.5, 7.5]

    run(scenario())


def test_message_over_the_size_bound_drops_the_line() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            source = source_of(venues, "kraken", limits=replace(FAST, max_message_bytes=2000))
            reader = await subscribed(venues, source, "kraken")
            venues.trade("kraken", 100, "BTC-USD")
            await reader.until(lambda: source.counters.reconnects >= 1)
            await reader.end()

    run(scenario())


@contextlib.asynccontextmanager
async def venue(handler: Callable[[ServerConnection], Coroutine[Any, Any, None]]) -> AsyncIterator[str]:
    async with serve(handler, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


class FakeFeed(BaseFeed):
    """Speaks a small language of its own: what the real feeds do not let a test say."""

    name = exchange = "fake"
    websocket_url = rest_url = ""
    traits = Traits()

    def subscribe(self, symbols: Sequence[str]) -> list[str]:
        return ["subscribe " + ",".join(symbols)]

    def keepalive(self) -> str | None:
        return "still here"

    def parse(self, text: str | bytes, received_time_us: int) -> Parsed:
        assert isinstance(text, bytes)
        word, _, rest = text.decode(errors="replace").partition(" ")
        said = {
            "ack": Parsed(acknowledged=tuple(rest.split(","))),
            "ask": Parsed(reply="answer " + rest),
            "bye": Parsed(closing=True),
            "seq": Parsed(ignored="seq", sequence=int(rest) if rest.isdigit() else None),
        }
        return said.get(word) or Parsed(ignored=word)

    def backfill(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    def parse_rest(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError


def test_venues_question_is_answered_and_the_keepalive_text_is_sent() -> None:
    async def scenario() -> None:
        heard: list[str] = []

        async def handler(line: ServerConnection) -> None:
            await line.recv()
            await line.send("ack BTC-USD")
            await line.send("ask 7")
            async for text in line:
                heard.append(str(text))

        async with venue(handler) as url:
            source = WebSocketSource(FakeFeed(), ["BTC-USD"], url=url, limits=replace(FAST, keepalive_s=0.05))
            reader = Reader(source)
            await reader.until(lambda: len(heard) >= 3)
            await reader.end()
        assert heard[:3] == ["answer 7", "still here", "still here"]

    run(scenario())


def test_venue_that_announces_its_shutdown_is_left_at_once_without_back_off() -> None:
    async def scenario() -> None:
        waits: list[float] = []
        lines: list[ServerConnection] = []

        async def handler(line: ServerConnection) -> None:
            await line.recv()
            await line.send("ack BTC-USD")
            lines.append(line)
            await line.send("bye" if len(lines) == 1 else "welcome")
            await line.send("last words")
            await line.wait_closed()

        async def sleep(seconds: float) -> None:
            waits.append(seconds)

        async with venue(handler) as url:
            source = WebSocketSource(FakeFeed(), ["BTC-USD"], url=url, limits=FAST, sleep=sleep)
            reader = Reader(source)
            await reader.until(lambda: source.counters.ignored["welcome"] == 1)
            await reader.until(lambda: source.counters.ignored["last"] == 2)
            await reader.end()
        assert waits == []
        assert source.counters.switches == 1
        assert source.counters.reconnects == 0

    run(scenario())


def test_venue_that_announces_each_lines_end_at_once_is_backed_off_from() -> None:
    async def scenario() -> None:
        waits: list[float] = []
        lines: list[ServerConnection] = []

        async def handler(line: ServerConnection) -> None:
            await line.recv()
            lines.append(line)
            await line.send("ack BTC-USD")
            await line.send("bye")
            await line.wait_closed()

        async def sleep(seconds: float) -> None:
            waits.append(seconds)

        async with venue(handler) as url:
            source = WebSocketSource(FakeFeed(), ["BTC-USD"], url=url, limits=FAST, sleep=sleep, random=lambda: 1.0)
            reader = Reader(source)
            await reader.until(lambda: len(lines) >= 5)
            await reader.end()
        assert waits[:3] == [0.04, 0.05, 0.05]  # the first is followed at once, then each waits as after a failure

    run(scenario())


@pytest.mark.parametrize("feed", ["binance", "bitstamp", "coinbase"])
def test_line_that_died_unseen_before_the_next_one_took_over_leaves_a_gap_and_no_coverage(feed: str) -> None:
    async def scenario() -> None:
        exchange, symbol = FEEDS[feed].exchange, markets(feed)[0]
        async with Simulator() as venues:
            limits = replace(FAST, connection_age_s=0.4, close_timeout_s=0.1, stale_after_s=60)
            source = source_of(venues, feed, limits=limits)
            reader = await subscribed(venues, source, exchange)
            venues.silence()  # the line stays open, half dead, until it is old
            venues.faults.silent = False
            await asyncio.sleep(0.1)
            venues.trade(exchange, 20, symbol)
            hidden = [t for t in venues.truth_of(feed) if t.symbol == symbol][-20:]
            await reader.until(lambda: source.counters.switches == 1)
            venues.trade(exchange, 2, symbol)
            last = venues.truth_of(feed)[-1].trade_id
            await reader.until(lambda: last in [t.trade_id for t in reader.of(Trade)])
            await reader.end()
            came = {t.trade_id for t in reader.of(Trade)}
            (gap,) = [g for g in reader.of(Gap) if g.symbol == symbol]
            spans = [(c.from_us, c.through_us) for c in reader.of(Coverage) if c.symbol == symbol]
            lost = [t for t in hidden if t.trade_id not in came]
            assert len(lost) >= 19  # coinbase tells the newest one again
            for trade in lost:
                assert gap.from_us is not None and gap.to_us is not None
                assert gap.from_us <= trade.event_time_us <= gap.to_us
                assert not any(from_us <= trade.event_time_us < through_us for from_us, through_us in spans)

    run(scenario())


def test_names_of_ignored_messages_are_bounded_and_bad_utf8_does_not_cut_the_line() -> None:
    async def scenario() -> None:
        async def handler(line: ServerConnection) -> None:
            await line.recv()
            await line.send("ack BTC-USD")
            for n in range(400):
                await line.send(f"name{n} x")
            await line.send(b"\xff\xfe", text=True)
            for n in (1, 2, 5):
                await line.send(f"seq {n}")
            await line.send("done")
            await line.wait_closed()

        async with venue(handler) as url:
            source = WebSocketSource(FakeFeed(), ["BTC-USD"], url=url, limits=FAST)
            reader = Reader(source)
            await reader.until(lambda: source.counters.messages == 406)
            await reader.end()
            assert source.counters.reconnects == 0
            assert len(source.counters.ignored) == 257
            assert source.counters.ignored["other"] == 405 - 256
            assert source.counters.lost_messages == 2

    run(scenario())


class Filling:
    """A recovery that knows the truth."""

    def __init__(self, venues: Simulator) -> None:
        self.venues = venues

    async def recover(self, gap: Gap) -> AsyncIterator[Sequence[Record]]:
        first, last = int(gap.from_id or 0), int(gap.to_id or 0)
        yield [
            replace(t, backfilled=True) for t in self.venues.truth_of(gap.source) if first <= int(t.trade_id) <= last
        ]
        names = {"exchange": gap.exchange, "symbol": gap.symbol, "source": gap.source, "gap_id": gap.gap_id}
        yield [GapClosed(**names, reason="filled", received_time_us=gap.received_time_us)]


def test_recovery_fills_what_the_gap_names_and_the_gap_is_told_first() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            recovery: Recovery = Filling(venues)
            reader = await subscribed(venues, source_of(venues, "binance", recovery=recovery), "binance")
            venues.faults.skip = 5
            venues.trade("binance", 6, "BTC-USDT")
            await reader.until(lambda: reader.of(GapClosed))
            await reader.end()
            assert sorted(map(key, reader.of(Trade))) == sorted(map(key, venues.truth_of("binance")))
            kinds = [type(record) for record in reader.records]
            assert kinds.index(Gap) < kinds.index(GapClosed)
            assert sum(t.backfilled for t in reader.of(Trade)) == 5

    run(scenario())


def test_finite_source_ends_with_the_tape_and_endless_one_would_not() -> None:
    async def scenario() -> None:
        async with Simulator(rate=2000, trades=100, markets={"kraken": ("BTC-USD",)}) as venues:
            source = WebSocketSource(FEEDS["kraken"], ["BTC-USD"], url=venues.url("kraken"), limits=FAST, finite=True)
            records = [record async for batch in source for record in batch]
            assert [key(r) for r in records if isinstance(r, Trade)] == [key(t) for t in venues.truth]
            assert source.counters.reconnects == 0

    run(scenario())


def test_coverage_lags_a_backlog_instead_of_claiming_what_is_still_unread() -> None:
    clock = VenueClock(trades_only=False)
    assert clock.at(1000) == 1000
    clock.note(400, 1000)  # the newest trade read is 600 behind
    assert clock.at(1100) == 500
    clock.stalled(50)  # nothing was read for 50 of these 100
    assert clock.at(1100) == 450
    clock.note(9000, 1200)  # a venue clock ahead of ours proves nothing about the future
    assert clock.at(1300) == 1300
    assert VenueClock(trades_only=True).at(1000) is None


def test_address_that_is_none_is_a_terminal_error() -> None:
    async def scenario() -> None:
        with pytest.raises(TerminalError, match="no WebSocket address"):
            await anext(WebSocketSource(FEEDS["kraken"], ["BTC-USD"], url="http://127.0.0.1:9"))

    run(scenario())


def test_limits_out_of_range_are_told_all_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Limits(ack_timeout_s=0, max_pending_records=-1)
    assert len(caught.value.faults) == 2


def test_age_of_the_last_message_is_counted_from_its_receipt() -> None:
    counters = WebSocketSource(FEEDS["kraken"], ["BTC-USD"], url="ws://127.0.0.1:9").counters
    assert counters.last_message_age_s(5_000_000) is None
    counters.last_message_us = 2_000_000
    assert counters.last_message_age_s(5_000_000) == 3.0
