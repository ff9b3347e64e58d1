"""The real recordings: every trade, no more, none unparsed, ids without holes, and what the venue itself says."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import pairwise

import pytest

from producers.feeds import FEEDS, Feed
from tapehouse.record import Trade, encode, id_number, judge

pytestmark = pytest.mark.recorded
Recording = Callable[[str], list[tuple[int, str]]]

BITSTAMP_TRADES = {"LINK-ETH": 9, "BCH-EUR": 9, "XRP-BTC": 6, "XLM-EUR": 4, "ETH-GBP": 2, "BTC-USDC": 2}

# recording, feed, source, trades, replayed, canonical symbol → trades of it (those that the recordings' notes tell)
CASES = [
    (
        "coinbase/advanced-trade_2026-08-09",
        "coinbase-advanced",
        "coinbase-advanced",
        279,
        200,
        {"BTC-USD": 147, "ETH-USD": 132},
    ),
    ("coinbase/exchange_2021-04-17", "coinbase", "coinbase", 107, 10, {"SKL-USD": 53, "DASH-BTC": 16}),
    ("kraken/v1-trade_2021-04-05", "kraken", "kraken-v1", 28, 0, {"BTC-USD": 22, "ALGO-BTC": 3, "DASH-EUR": 3}),
    ("kraken/v1-ticker_2021-04-05", "kraken", "kraken-v1", 0, 0, {}),
    ("binance/spot-trade-btcusdt_2024-08-08", "binance", "binance", 9757, 0, {"BTC-USDT": 9757}),
    ("binance/spot-trade-btcusdt_2024-08-09", "binance", "binance", 10147, 0, {"BTC-USDT": 10147}),
    ("binance/spot-trade-ethusdt_2024-08-08", "binance", "binance", 6106, 0, {"ETH-USDT": 6106}),
    (
        "binance/spot-aggtrade_2021-04-05",
        "binance",
        "binance-agg",
        1240,
        0,
        {"DENT-USDT": 716, "ZIL-USDT": 331, "MANA-USDT": 98, "BTCST-USDT": 50},
    ),
    ("binance/spot-aggtrade-kline_2021-04-17", "binance", "binance-agg", 24, 0, {}),
    ("binance/spot-aggtrade-kline_2021-10-12", "binance", "binance-agg", 2, 0, {"LRC-BTC": 1, "NKN-USDT": 1}),
    ("bitstamp/live-trades_2021-04-05", "bitstamp", "bitstamp", 32, 0, BITSTAMP_TRADES),
    ("okx/v5-public_2022-05-13", "okx", "okx", 69, 0, {"BTC-USDT": 69}),
    ("bybit/v5-spot_2026-08-09", "bybit", "bybit", 20, 0, {"BTC-USDT": 11, "ETH-USDT": 9}),
]
RANGES = [
    ("coinbase/advanced-trade_2026-08-09", "coinbase-advanced", "BTC-USD", 1068571991, 1068572137),
    ("coinbase/advanced-trade_2026-08-09", "coinbase-advanced", "ETH-USD", 833140679, 833140810),
    ("binance/spot-trade-btcusdt_2024-08-08", "binance", "BTC-USDT", 3735683259, 3735693015),
    ("binance/spot-trade-btcusdt_2024-08-09", "binance", "BTC-USDT", 3735693016, 3735703162),
    ("binance/spot-trade-ethusdt_2024-08-08", "binance", "ETH-USDT", 1520538925, 1520545030),
    ("binance/spot-aggtrade_2021-04-05", "binance", "DENT-USDT", 12692423, 12693138),
    ("okx/v5-public_2022-05-13", "okx", "BTC-USDT", 338476307, 338476375),
    ("bybit/v5-spot_2026-08-09", "bybit", "BTC-USDT", 2290000001189048101, 2290000001189048111),
    ("bybit/v5-spot_2026-08-09", "bybit", "ETH-USDT", 2280000001739247417, 2280000001739247461),
]


def trades_of(feed: Feed, messages: Iterable[tuple[int, str]]) -> list[Trade]:
    records = [record for at_us, raw in messages for record in feed.parse(raw, at_us).records]
    trades = [record for record in records if isinstance(record, Trade)]
    assert trades == records, "nothing of a real venue is unparsed"
    return trades


@pytest.mark.parametrize(("path", "name", "source", "count", "replayed", "markets"), CASES, ids=lambda v: str(v)[:40])
def test_every_recorded_trade_is_read_once(
    recording: Recording, *, path: str, name: str, source: str, count: int, replayed: int, markets: dict[str, int]
) -> None:
    feed, messages = FEEDS[name], recording(path)
    trades = trades_of(feed, messages)
    assert len(trades) == count
    assert len({(t.symbol, t.trade_id) for t in trades}) == count
    assert {t.source for t in trades} <= {source}
    assert {t.exchange for t in trades} <= {feed.exchange}
    assert sum(len(p.records) for at, raw in messages if (p := feed.parse(raw, at)).replayed) == replayed
    found = Counter(t.symbol for t in trades)
    assert {symbol: found[symbol] for symbol in markets} == markets


@pytest.mark.parametrize(("path", "name"), [case[:2] for case in CASES])
def test_ids_of_each_market_are_without_holes_and_records_are_accepted(
    recording: Recording, path: str, name: str
) -> None:
    trades = trades_of(FEEDS[name], recording(path))
    ids: dict[str, list[int]] = defaultdict(list)
    for trade in trades:
        judged = judge(encode(trade), trade.received_time_us + 5_000_000)
        assert judged.reasons == ()
        if trade.source not in ("kraken-v1", "bitstamp", "bybit"):  # no ids; ids of the whole venue; ids that jump
            ids[trade.symbol].append(id_number(trade.trade_id))
    for symbol, found in ids.items():
        assert sorted(found) == list(range(min(found), max(found) + 1)), symbol


@pytest.mark.parametrize(("path", "name", "symbol", "first", "last"), RANGES)
def test_ids_reach_from_the_first_to_the_last_that_was_recorded(
    recording: Recording, *, path: str, name: str, symbol: str, first: int, last: int
) -> None:
    found = [id_number(t.trade_id) for t in trades_of(FEEDS[name], recording(path)) if t.symbol == symbol]
    assert (min(found), max(found)) == (first, last)


@pytest.mark.parametrize(("path", "name"), [case[:2] for case in CASES])
def test_every_frames_trades_are_in_the_order_of_their_ids(recording: Recording, path: str, name: str) -> None:
    for at_us, raw in recording(path):
        last: dict[str, int] = {}
        for record in FEEDS[name].parse(raw, at_us).records:
            assert isinstance(record, Trade)
            number = id_number(record.trade_id)
            assert number > last.get(record.symbol, -1) or record.source == "kraken-v1"
            last[record.symbol] = number


@pytest.mark.parametrize(("path", "name"), [case[:2] for case in CASES])
def test_every_message_says_something_and_none_is_unknown(recording: Recording, path: str, name: str) -> None:
    for at_us, raw in recording(path):
        parsed = FEEDS[name].parse(raw, at_us)
        assert parsed.records or parsed.acknowledged or parsed.ignored not in (None, "unknown", "not_json")
        assert parsed.refused is None


def test_exchange_side_is_the_takers_side_of_the_ticker_channel(recording: Recording) -> None:
    messages = recording("coinbase/exchange_2021-04-17")
    theirs = {}
    for _, raw in messages:
        body = json.loads(raw)
        if body["type"] == "ticker":
            theirs[body["product_id"], str(body["trade_id"])] = body["side"]
    sides = {(t.symbol, t.trade_id): t.side for t in trades_of(FEEDS["coinbase"], messages)}
    assert len(theirs) == 107
    assert sides == theirs


@pytest.mark.parametrize(
    ("symbol", "last_id", "volume"),
    [("BTC-USD", 1068572122, "1.11745494"), ("ETH-USD", 833140802, "46.258414")],
)
def test_advanced_trades_make_the_venues_own_candle(
    recording: Recording, symbol: str, last_id: int, volume: str
) -> None:
    messages = recording("coinbase/advanced-trade_2026-08-09")
    start_s = 1786309500  # 2026-08-09T21:05:00Z
    candles = [
        candle
        for _, raw in messages
        if '"candles"' in raw
        for event in json.loads(raw)["events"]
        for candle in event.get("candles", ())
        if (candle["product_id"], candle["start"]) == (symbol, str(start_s))
    ]
    assert candles[-1]["volume"] == volume
    trades = [
        t
        for t in trades_of(FEEDS["coinbase-advanced"], messages)
        if t.symbol == symbol and t.event_time_us >= start_s * 1_000_000 and id_number(t.trade_id) <= last_id
    ]
    trades.sort(key=lambda t: id_number(t.trade_id))
    prices = [Decimal(t.price) for t in trades]
    assert sum(Decimal(t.size) for t in trades) == Decimal(volume)
    ours = [prices[0], max(prices), min(prices), prices[-1]]
    assert ours == [Decimal(candles[-1][key]) for key in ("open", "high", "low", "close")]


def test_aggregates_cover_the_single_trades_without_holes(recording: Recording) -> None:
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    read = set()
    for at_us, raw in recording("binance/spot-aggtrade_2021-04-05"):
        for record in FEEDS["binance"].parse(raw, at_us).records:
            assert isinstance(record, Trade)
            data = json.loads(raw)["data"]
            spans[record.symbol].append((data["f"], data["l"]))
            read.add((record.symbol, record.trade_id, data["a"]))
    assert all(trade_id == f"a:{number}" for _, trade_id, number in read)
    for found in spans.values():
        assert all(b[0] == a[1] + 1 for a, b in pairwise(found))


def test_last_trades_of_a_day_keep_the_venues_own_time(recording: Recording) -> None:
    trades = trades_of(FEEDS["binance"], recording("binance/spot-trade-btcusdt_2024-08-08"))
    assert max(t.event_time_us for t in trades) >= 1723161600_000_000  # 2024-08-09: the recorder's clock ran behind
    assert all(t.received_time_us < t.event_time_us for t in trades)


def test_bitstamps_ids_are_one_sequence_of_all_its_pairs(recording: Recording) -> None:
    trades = trades_of(FEEDS["bitstamp"], recording("bitstamp/live-trades_2021-04-05"))
    numbers = [id_number(t.trade_id) for t in trades]
    assert (min(numbers), max(numbers), len(set(numbers))) == (161009669, 161009988, 32)
    assert len({t.symbol for t in trades}) == 6
    assert numbers == sorted(numbers)


def test_bitstamps_named_side_owns_the_later_order(recording: Recording) -> None:
    for at_us, raw in recording("bitstamp/live-trades_2021-04-05"):
        for record in FEEDS["bitstamp"].parse(raw, at_us).records:
            assert isinstance(record, Trade)
            data = json.loads(raw)["data"]
            assert record.side == ("buy" if data["buy_order_id"] > data["sell_order_id"] else "sell")


def test_derivatives_of_okx_are_counted_apart(recording: Recording) -> None:
    parsed = [FEEDS["okx"].parse(raw, at_us) for at_us, raw in recording("okx/v5-public_2022-05-13")]
    counted = Counter(p.ignored for p in parsed)
    assert counted["derivative"] == 5
    assert (counted["books"], counted["tickers"]) == (290, 28)
    assert sum(len(p.acknowledged) for p in parsed) == 2  # BTC-USDT, asked for twice


def test_ids_of_bybit_jump_where_no_trade_is_missing(recording: Recording) -> None:
    """What its own candle of the minute counts is what was read, up to the last trade, over jumps of 22 ids."""
    messages = recording("bybit/v5-spot_2026-08-09")
    minute_ms = 1786310820000
    volumes: dict[str, str] = {}
    for _, raw in messages:
        body = json.loads(raw)
        if str(body.get("topic")).startswith("kline.1.") and body["data"][0]["start"] == minute_ms:
            volumes[body["topic"].removeprefix("kline.1.")] = body["data"][0]["volume"]
    trades = trades_of(FEEDS["bybit"], messages)
    ether = [trade for trade in trades if trade.symbol == "ETH-USDT"]
    assert sum(Decimal(trade.size) for trade in ether) == Decimal(volumes["ETHUSDT"]) == Decimal("1.68421")
    numbers = [id_number(trade.trade_id) for trade in ether]
    assert max(after - before for before, after in pairwise(numbers)) == 22
    bitcoin = [trade for trade in trades if trade.symbol == "BTC-USDT"]
    assert sum(Decimal(trade.size) for trade in bitcoin[:-1]) == Decimal(volumes["BTCUSDT"])  # the last came after it


def test_perpetuals_of_bybit_are_never_taken_for_spot(recording: Recording) -> None:
    """The same names of markets, in messages of the same form, from the address of the perpetuals."""
    parsed = [FEEDS["bybit"].parse(raw, at_us) for at_us, raw in recording("bybit/v5-linear_2026-08-09")]
    records = [record for each in parsed for record in each.records]
    assert len(records) == 102  # every message of trades
    assert not [record for record in records if isinstance(record, Trade)]
