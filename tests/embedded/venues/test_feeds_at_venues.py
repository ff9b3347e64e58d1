"""The feeds of five venues and vendors, driven by the WebSocket source against what is simulated of them."""

import asyncio
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from embedded.venues import Simulator
from embedded.venues.registry import VENUES
from producers.feeds import FEEDS, RestLimits
from producers.recovery import RestRecovery
from producers.websocket import WebSocketSource
from producers.websocket.source import LoginRefusedError
from tapehouse.record import Gap, GapClosed, Trade, encode, judge
from tests.producers.websocket.test_source import FAST, Reader, run

KEY = "any-key"


@dataclass(frozen=True)
class Setup:
    """What is asked of a feed, and where that is traded."""

    keys: tuple[str, ...]
    markets: tuple[tuple[str, str], ...]
    key: str | None = None


SETUPS = {
    "bitstamp": Setup(("BTC-USD", "ETH-USD"), (("bitstamp", "BTC-USD"), ("bitstamp", "ETH-USD"))),
    "okx": Setup(("BTC-USDT", "ETH-USDT"), (("okx", "BTC-USDT"), ("okx", "ETH-USDT"))),
    "bybit": Setup(("BTC-USDT", "ETH-USDT"), (("bybit", "BTC-USDT"), ("bybit", "ETH-USDT"))),
    "finnhub": Setup(
        ("coinbase:BTC-USD", "binance:BTC-USDT", "us:AAPL-USD"),
        (("coinbase", "BTC-USD"), ("binance", "BTC-USDT"), ("us", "AAPL-USD")),
        "token",
    ),
    "polygon": Setup(("BTC-USD",), (("coinbase", "BTC-USD"), ("kraken", "BTC-USD")), "key"),
}
FILLED = ["bitstamp", "okx", "polygon"]


def feed_at(venues: Simulator, name: str, key: str = KEY) -> Any:
    found: Any = FEEDS[name]
    rest: RestLimits = replace(found.traits.rest, calls_per_s=1000, burst=1000)
    traits = replace(found.traits, limits=FAST, rest=rest)
    secret = {field: key for field in [SETUPS[name].key] if field is not None}
    return replace(found, websocket_url=venues.url(name), rest_url=venues.rest_url(name), traits=traits, **secret)


def key_of(trade: Trade, name: str, *, times: bool = True) -> tuple[object, ...]:
    """A trade as the venue's truth has it: Finnhub tells no ids, Bitstamp's pages only whole seconds."""
    common = trade.exchange, trade.symbol, Decimal(trade.price), Decimal(trade.size), trade.side or ""
    return *common, trade.event_time_us if times else 0, "" if name == "finnhub" else trade.trade_id


def truth(venues: Simulator, name: str) -> list[Trade]:
    return [t for t in venues.truth_of(name) if (t.exchange, t.symbol) in SETUPS[name].markets]


async def subscribed(venues: Simulator, source: WebSocketSource, name: str) -> Reader:
    """A reader to whom every market has reported a trade."""
    reader = Reader(source)
    await reader.until(lambda: name in venues.subscribed_feeds and not source.unconfirmed)
    seen: set[tuple[str, str]] = set()
    for market in SETUPS[name].markets:
        # A feed whose subscriptions are not confirmed may be subscribed a moment later than it says.
        while market not in seen:
            venues.trade(market[0], 1, market[1])
            await asyncio.sleep(0.02)
            seen = {(t.exchange, t.symbol) for t in reader.of(Trade)}
    return reader


@pytest.mark.parametrize("name", SETUPS)
def test_every_trade_arrives_once_and_right(name: str) -> None:
    async def scenario() -> None:
        async with Simulator(seed=3) as venues:
            reader = await subscribed(venues, WebSocketSource(feed_at(venues, name), SETUPS[name].keys), name)
            before = len(reader.of(Trade))
            early = len(truth(venues, name))
            for n in range(30):
                exchange, symbol = SETUPS[name].markets[n % len(SETUPS[name].markets)]
                venues.trade(exchange, 7, symbol)
                venues.trade(exchange, 1)  # in any market, of which some were not asked for
                await asyncio.sleep(0.002)
            true = [key_of(trade, name) for trade in truth(venues, name)[early:]]
            await reader.until(lambda: len(reader.of(Trade)) >= before + len(true))
            await reader.end()
            assert sorted(key_of(t, name) for t in reader.of(Trade)[before:]) == sorted(true)
            assert reader.of(Gap) == []
            for trade in reader.of(Trade):
                assert judge(encode(trade), trade.received_time_us).reasons == ()
                assert trade.source == name

    run(scenario())


@pytest.mark.parametrize("name", FILLED)
def test_cut_line_is_filled_from_the_venues_pages(name: str) -> None:
    async def scenario() -> None:
        async with Simulator(seed=4) as venues:
            feed = feed_at(venues, name)
            recovery = RestRecovery(feed, waits_s=(0.05,) * 20)
            source = WebSocketSource(feed, SETUPS[name].keys, recovery=recovery)
            reader = await subscribed(venues, source, name)
            venues.cut()
            await reader.until(lambda: not venues.connections)
            for exchange, symbol in SETUPS[name].markets:
                venues.trade(exchange, 120, symbol)
            await reader.until(lambda: name in venues.subscribed_feeds and not source.unconfirmed)
            for exchange, symbol in SETUPS[name].markets:
                venues.trade(exchange, 3, symbol)
            true = {key_of(trade, name, times=False) for trade in truth(venues, name)}
            found: set[tuple[object, ...]] = set()
            while not found >= true:
                await asyncio.sleep(0.02)
                found = {key_of(t, name, times=False) for t in reader.of(Trade)}
            await reader.until(lambda: len(reader.of(GapClosed)) >= len(reader.of(Gap)) > 0)
            await reader.end()
            assert found == true
            assert any(trade.backfilled for trade in reader.of(Trade))

    run(scenario())


@pytest.mark.parametrize("name", ["finnhub", "bybit"])
def test_what_was_missed_where_no_pages_are_stays_a_gap_of_each_market(name: str) -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            feed = feed_at(venues, name)
            source = WebSocketSource(feed, SETUPS[name].keys, recovery=RestRecovery(feed))
            reader = await subscribed(venues, source, name)
            venues.cut()
            await reader.until(lambda: source.counters.connections == 2)
            await reader.until(lambda: name in venues.subscribed_feeds)
            markets = set(SETUPS[name].markets)
            gone: set[tuple[str, str]] = set()
            while gone != markets:
                for exchange, symbol in markets:
                    venues.trade(exchange, 1, symbol)
                await asyncio.sleep(0.02)
                gone = {(gap.exchange, gap.symbol) for gap in reader.of(Gap)}
            await reader.end()
            assert reader.of(GapClosed) == []

    run(scenario())


def test_refused_key_ends_the_source_in_the_vendors_words_and_without_the_key() -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            source = WebSocketSource(feed_at(venues, "polygon", key="bad"), ["BTC-USD"])
            with pytest.raises(LoginRefusedError, match="auth_failed: authentication failed"):
                await anext(source)

    run(scenario())


@pytest.mark.parametrize("name", ["bitstamp", "okx", "bybit", "polygon"])
def test_refused_market_is_left_out_and_the_others_are_read(name: str) -> None:
    async def scenario() -> None:
        async with Simulator() as venues:
            wrong = "ETH-USDT" if name in ("okx", "bybit") else "ETH-USD"
            venues.faults.refuse = {wrong}
            good = SETUPS[name].keys[0]
            source = WebSocketSource(feed_at(venues, name), [good, wrong])
            reader = Reader(source)
            await reader.until(lambda: name in venues.subscribed_feeds and not source.unconfirmed)
            venues.trade(SETUPS[name].markets[0][0], 1, good)
            await reader.until(lambda: reader.of(Trade))
            await reader.end()
            assert set(source.refused) == {wrong}

    run(scenario())


@pytest.mark.parametrize("name", VENUES)
def test_simulated_venue_is_where_its_feed_looks_for_it(name: str) -> None:
    assert VENUES[name].path == urlsplit(FEEDS[name].websocket_url).path
    assert VENUES.keys() == FEEDS.keys()
