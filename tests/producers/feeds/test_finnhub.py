"""Finnhub: several exchanges on one line, no ids, no sides, and a key in the address."""

import json
from typing import Any

import pytest

from producers.feeds import Parsed, SymbolError
from producers.feeds.finnhub import Finnhub, read_symbol, write_symbol
from tapehouse.errors import TerminalError
from tapehouse.record import Trade, Unparsed, id_number

FEED = Finnhub()
AT = 1_768_655_933_000_000
ROW = '{"c":null,"p":95372.09,"s":"BINANCE:BTCUSDT","t":1768655932976,"v":0.00063}'


def frame(*rows: str) -> str:
    return f'{{"data":[{",".join(rows)}],"type":"trade"}}'


def changed(**changes: Any) -> str:
    row = json.loads(ROW) | changes
    return json.dumps({key: value for key, value in row.items() if value is not ...})


def trades(text: str) -> list[Trade]:
    return [record for record in FEED.parse(text, AT).records if isinstance(record, Trade)]


def test_trade_has_the_exchange_that_its_symbol_names_and_no_side() -> None:
    (trade,) = trades(frame(ROW))
    assert trade == Trade(
        exchange="binance",
        symbol="BTC-USDT",
        source="finnhub",
        trade_id=trade.trade_id,
        price="95372.09",
        size="0.00063",
        side=None,
        event_time_us=1768655932976000,
        received_time_us=AT,
    )
    assert id_number(trade.trade_id) == -1  # it can be taken for no venue's


@pytest.mark.parametrize(
    ("wire", "exchange", "symbol", "key"),
    [
        ("BINANCE:BTCUSDT", "binance", "BTC-USDT", "binance:BTC-USDT"),
        ("COINBASE:BTC-USD", "coinbase", "BTC-USD", "coinbase:BTC-USD"),
        ("KRAKEN:XBTUSD", "kraken", "BTC-USD", "kraken:BTC-USD"),
        ("BITSTAMP:btcusd", "bitstamp", "BTC-USD", "bitstamp:BTC-USD"),
        ("OKEX:ETH-USDT", "okx", "ETH-USDT", "okx:ETH-USDT"),
        ("KUCOIN:ETH-USDT", "kucoin", "ETH-USDT", "kucoin:ETH-USDT"),
        ("AAPL", "us", "AAPL-USD", "us:AAPL-USD"),
        ("BRK.B", "us", "BRK.B-USD", "us:BRK.B-USD"),
    ],
)
def test_symbol_key_and_market_lead_to_each_other(wire: str, exchange: str, symbol: str, key: str) -> None:
    assert read_symbol(wire) == (exchange, symbol)
    assert FEED.market(key) == (exchange, symbol)
    assert FEED.subscription_key(exchange, symbol) == key
    assert write_symbol(key) == wire
    (trade,) = trades(frame(changed(s=wire)))
    assert (trade.exchange, trade.symbol) == (exchange, symbol)


def test_plain_key_is_a_us_stock() -> None:
    assert FEED.market("AAPL-USD") == ("us", "AAPL-USD")
    assert FEED.subscribe(["AAPL-USD", "us:AAPL-USD", "binance:BTC-USDT"]) == [
        '{"type":"subscribe","symbol":"AAPL"}',
        '{"type":"subscribe","symbol":"BINANCE:BTCUSDT"}',
    ]


@pytest.mark.parametrize(
    "wire", ["", ":", "BINANCE:", ":BTCUSDT", "BINANCE:WHAT", "OANDA:EUR_USD", "aapl", "AA PL", "B NANCE:BTC-USD"]
)
def test_symbol_of_no_known_rule_is_kept_for_later(wire: str) -> None:
    good, bad = FEED.parse(frame(ROW, changed(s=wire)), AT).records
    assert isinstance(good, Trade)
    assert isinstance(bad, Unparsed)
    assert (bad.exchange, bad.source, bad.symbol) == ("finnhub", "finnhub", None)


@pytest.mark.parametrize("key", ["btc", "BINANCE:BTC-USDT", "binance:BTCUSDT", "AAPL-EUR", "us:AAPL-EUR", ":BTC-USD"])
def test_key_that_is_none_is_never_put_into_a_request(key: str) -> None:
    with pytest.raises(SymbolError):
        FEED.subscribe([key])


def test_equal_rows_of_one_frame_are_two_trades_and_the_same_frame_gives_the_same_ids() -> None:
    ids = [trade.trade_id for trade in trades(frame(ROW, ROW))]
    assert len(set(ids)) == 2
    assert ids == sorted(ids)
    again = FEED.parse(frame(ROW, ROW), AT + 5).records
    assert [trade.trade_id for trade in again if isinstance(trade, Trade)] == ids


def test_ids_tell_symbols_times_prices_and_sizes_apart() -> None:
    rows = [ROW, changed(s="COINBASE:BTC-USDT"), changed(t=1768655932977), changed(p=1), changed(v=1)]
    assert len({trades(frame(row))[0].trade_id for row in rows}) == 5


@pytest.mark.parametrize("conditions", [..., None, [], ["1", "24"], [1]])
def test_conditions_change_nothing(conditions: object) -> None:
    assert trades(frame(changed(c=conditions))) == trades(frame(ROW))


@pytest.mark.parametrize(("wire", "plain"), [("4.522e-05", "0.00004522"), ("1E-8", "0.00000001"), ("0", "0")])
def test_numbers_keep_their_digits_and_print_plainly(wire: str, plain: str) -> None:
    (trade,) = trades(frame(ROW.replace("0.00063", wire)))
    assert trade.size == plain


@pytest.mark.parametrize("key", ["p", "s", "t", "v"])
@pytest.mark.parametrize("value", [..., None, False, [], {}, "?", ""])
def test_bad_row_is_kept_and_its_neighbours_are_read(key: str, value: object) -> None:
    if (key, value) == ("s", "?"):
        value = 5
    text = frame(changed(**{key: value}), ROW)
    good, bad = FEED.parse(text, AT).records
    assert isinstance(good, Trade)
    assert isinstance(bad, Unparsed)
    assert bad.raw == text
    assert bad.error.startswith(f"trade 0: {key} ")


def test_frame_without_rows_is_nothing_and_without_a_list_is_kept() -> None:
    assert FEED.parse(frame(), AT) == Parsed()
    for text in ('{"type":"trade"}', '{"type":"trade","data":null}', '{"type":"trade","data":{}}'):
        (record,) = FEED.parse(text, AT).records
        assert isinstance(record, Unparsed)


def test_ping_is_counted_and_not_answered_and_errors_are_said() -> None:
    assert FEED.parse('{"type":"ping"}', AT) == Parsed(ignored="ping")
    error = '{"msg":"Subscribing to too many symbols","type":"error"}'
    assert FEED.parse(error, AT).refused == "Subscribing to too many symbols"
    assert FEED.parse('{"type":"news","data":[]}', AT) == Parsed(ignored="news")


def test_key_is_quoted_into_the_address_alone() -> None:
    feed = Finnhub(token="a&b=c /é")
    assert feed.address() == "wss://ws.finnhub.io?token=a%26b%3Dc%20%2F%C3%A9"
    assert feed.websocket_url == "wss://ws.finnhub.io"
    assert Finnhub(websocket_url="ws://h/p?x=1", token="t").address() == "ws://h/p?x=1&token=t"


def test_there_are_no_past_trades() -> None:
    with pytest.raises(TerminalError, match="no past trades"):
        FEED.backfill("BTC-USDT", from_id=None, to_id=None, from_us=1, to_us=2)
    parsed = FEED.parse_rest("[]", "BTC-USDT", AT)
    assert (parsed.records, parsed.refused) == ((), "finnhub has no pages of past trades")


def test_subscriptions_are_not_confirmed_and_a_minute_of_silence_is_a_dead_connection() -> None:
    traits = FEED.traits
    assert (traits.acknowledges, traits.contiguous_ids, traits.paging) == (False, False, None)
    assert (traits.limits.stale_after_s, traits.limits.max_symbols) == (60, 50)
