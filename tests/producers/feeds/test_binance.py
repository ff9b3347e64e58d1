"""Binance: single and aggregated trades, raw and combined, milliseconds and microseconds."""

import json
from typing import Any

import pytest

from producers.feeds.binance import Binance
from tapehouse.record import Trade, Unparsed

FEED = Binance()
MICRO = Binance(time_unit="us")
EITHER = Binance(time_unit=None)
AT = 1_700_000_000_000_000


def event(**changes: Any) -> dict[str, Any]:
    body = {
        "e": "trade",
        "E": 1672515782136,
        "s": "BNBBTC",
        "t": 12345,
        "p": "0.001",
        "q": "100",
        "b": 88,
        "a": 50,  # an order's id in older frames, not an aggregate's
        "T": 1672515782135,
        "m": True,
        "M": True,
    }
    return {key: value for key, value in (body | changes).items() if value is not ...}


def aggregate(**changes: Any) -> dict[str, Any]:
    return event(e="aggTrade", t=..., b=..., a=26129, f=100, l=105) | changes


def combined(data: object, stream: str = "bnbbtc@trade") -> str:
    return json.dumps({"stream": stream, "data": data})


def only(text: str, feed: Binance = FEED) -> Any:
    (record,) = feed.parse(text, AT).records
    return record


def test_trade_is_read_raw_and_combined_alike() -> None:
    expected = Trade(
        exchange="binance",
        symbol="BNB-BTC",
        source="binance",
        trade_id="12345",
        price="0.001",
        size="100",
        side="sell",  # the buyer was the maker
        event_time_us=1672515782135000,
        received_time_us=AT,
    )
    assert only(json.dumps(event())) == expected
    assert only(combined(event())) == expected
    assert only(json.dumps(event(m=False))).side == "buy"


def test_aggregate_has_its_own_source_and_ids() -> None:
    for text in (json.dumps(aggregate()), combined(aggregate(), "bnbbtc@aggTrade")):
        record = only(text)
        assert (record.source, record.trade_id) == ("binance-agg", "a:26129")
        assert (record.price, record.size, record.side, record.event_time_us) == (
            "0.001",
            "100",
            "sell",
            1672515782135000,
        )


def test_time_unit_is_checked_by_its_digits() -> None:
    milli, micro = json.dumps(event()), json.dumps(event(T=1672515782135999))
    assert only(micro, MICRO).event_time_us == 1672515782135999
    assert "has 16 digits, not 13 (ms)" in only(micro, FEED).error
    assert "has 13 digits, not 16 (us)" in only(milli, MICRO).error
    assert only(milli, EITHER).event_time_us == 1672515782135000
    assert only(micro, EITHER).event_time_us == 1672515782135999


def test_microseconds_are_asked_for_in_the_address() -> None:
    assert MICRO.websocket_url == "wss://stream.binance.com:9443/stream?timeUnit=MICROSECOND"
    assert Binance(time_unit="us", websocket_url="ws://h/s?x=1").websocket_url == "ws://h/s?x=1&timeUnit=MICROSECOND"
    assert "timeUnit" not in FEED.websocket_url


@pytest.mark.parametrize("key", ["s", "t", "p", "q", "T", "m"])
@pytest.mark.parametrize("value", [..., None, "?", [], {}])
def test_missing_or_mistyped_key_is_kept_whole_and_named(key: str, value: object) -> None:
    for text in (json.dumps(event(**{key: value})), combined(event(**{key: value}))):
        record = only(text)
        assert isinstance(record, Unparsed)
        assert record.raw == text
        assert record.error.startswith((f"{key} ", "symbol "))
        assert record.symbol == (None if key == "s" else "BNB-BTC")


def test_yes_is_not_true() -> None:
    assert only(json.dumps(event(m="yes"))).error == "m cannot be 'yes'"
    assert only(json.dumps(event(m=1))).error == "m cannot be of type int"


def test_bad_aggregate_is_kept_under_its_own_source() -> None:
    assert only(json.dumps(aggregate(a=None))).source == "binance-agg"


@pytest.mark.parametrize("data", [None, [], "x", {}, {"e": None}, {"e": 5}, event(e=...)])
def test_frame_of_a_trade_stream_without_its_event_is_unparsed(data: object) -> None:
    assert isinstance(only(combined(data)), Unparsed)


@pytest.mark.parametrize("wire", ["BTCUSDT_220325", "BTCUSD_PERP", "BTCQQQ"])
def test_symbol_that_is_not_spot_or_not_known_is_unparsed(wire: str) -> None:
    record = only(json.dumps(event(s=wire)))
    assert isinstance(record, Unparsed)
    assert wire in record.error


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (combined({"u": 1, "s": "BTCUSDT"}, "btcusdt@bookTicker"), "bookTicker"),
        (combined({"e": "depthUpdate", "s": "BTCUSDT"}, "btcusdt@depth@100ms"), "depthUpdate"),
        ('{"e":"blockTrade","s":"BTCUSDT","t":1}', "blockTrade"),
        ('{"result":["btcusdt@trade"],"id":3}', "result"),
        ('{"u":1,"s":"BTCUSDT","b":"1"}', "unknown"),
        ("[]", "unknown"),
        ('"trade"', "unknown"),
        ("", "not_json"),
    ],
)
def test_other_messages_are_only_counted(text: str, name: str) -> None:
    parsed = FEED.parse(text, AT)
    assert (parsed.ignored, parsed.records) == (name, ())


def test_request_is_confirmed_by_its_number() -> None:
    assert FEED.parse('{"result":null,"id":2}', AT).acknowledged_request == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"code":2,"msg":"Invalid request: unknown variant"}', "2: Invalid request: unknown variant"),
        ('{"error":{"code":3,"msg":"Invalid JSON"},"id":1}', "3: Invalid JSON"),
        ('{"error":"no"}', "no"),
    ],
)
def test_refusal_is_said_in_the_venues_own_words(text: str, words: str) -> None:
    assert FEED.parse(text, AT).refused == words


def test_shutdown_is_announced_raw_and_combined() -> None:
    assert FEED.parse('{"e":"serverShutdown","E":1672515782136}', AT).closing
    assert FEED.parse('{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1672515782136}}', AT).closing


def test_streams_are_asked_for_in_numbered_portions() -> None:
    feed = Binance(streams_per_message=2)
    assert [json.loads(text) for text in feed.subscribe(["BTC-USDT", "ETH-USDT", "BTC-USDT", "BNB-BTC"])] == [
        {"method": "SUBSCRIBE", "params": ["btcusdt@trade", "ethusdt@trade"], "id": 1},
        {"method": "SUBSCRIBE", "params": ["bnbbtc@trade"], "id": 2},
    ]
    (text,) = Binance(aggregate=True).subscribe(["BTC-USDT"])
    assert json.loads(text)["params"] == ["btcusdt@aggTrade"]
    assert FEED.subscribe([]) == []


def test_page_request_ascends_from_the_first_missing_id() -> None:
    request = FEED.backfill("BTC-USDT", from_id="101", to_id="150", from_us=0, to_us=1)
    assert request.url == "https://data-api.binance.vision/api/v3/historicalTrades"
    assert request.params == {"symbol": "BTCUSDT", "fromId": "101", "limit": "50"}
    assert "fromId" not in FEED.backfill("BTC-USDT", from_id=None, to_id="9", from_us=0, to_us=1).params


def test_aggregates_are_paged_by_their_ids_or_by_time() -> None:
    feed = Binance(aggregate=True)
    request = feed.backfill("BTC-USDT", from_id="a:101", to_id="a:5000", from_us=0, to_us=1)
    assert request.url.endswith("/api/v3/aggTrades")
    assert request.params == {"symbol": "BTCUSDT", "fromId": "101", "limit": "1000"}
    params = feed.backfill("BTC-USDT", from_id=None, to_id=None, from_us=1999, to_us=2001).params
    assert (params["startTime"], params["endTime"]) == ("1", "3")


def test_row_of_a_page_is_the_live_trade_backfilled() -> None:
    row = {
        "id": 28457,
        "price": "4.00000100",
        "qty": "12.00000000",
        "quoteQty": "48.000012",
        "time": 1499865549590,
        "isBuyerMaker": True,
        "isBestMatch": True,
    }
    expected = Trade(
        exchange="binance",
        symbol="BNB-BTC",
        source="binance",
        trade_id="28457",
        price="4.00000100",
        size="12.00000000",
        side="sell",
        event_time_us=1499865549590000,
        received_time_us=AT,
        backfilled=True,
    )
    assert FEED.parse_rest(json.dumps([row]), "BNB-BTC", AT).records == (expected,)
    assert MICRO.parse_rest(json.dumps([row]), "BNB-BTC", AT).records == (expected,)  # pages are in milliseconds
    good, bad = FEED.parse_rest(json.dumps([row, row | {"isBuyerMaker": "no"}]), "BNB-BTC", AT).records
    assert (good, type(bad)) == (expected, Unparsed)


def test_page_of_aggregates_is_said_by_its_rows() -> None:
    row = {"a": 26129, "p": "0.01633102", "q": "4.70443515", "f": 27781, "l": 27781, "T": 1498793709153, "m": True}
    (record,) = FEED.parse_rest(json.dumps([row]), "BNB-BTC", AT).records
    assert isinstance(record, Trade)
    assert (record.source, record.trade_id, record.backfilled) == ("binance-agg", "a:26129", True)


def test_error_body_is_never_taken_for_an_empty_page() -> None:
    assert FEED.parse_rest('{"code":-1121,"msg":"Invalid symbol."}', "BNB-BTC", AT).refused == "-1121: Invalid symbol."
    assert FEED.parse_rest("<html>", "BNB-BTC", AT).refused
    assert isinstance(FEED.parse_rest("{}", "BNB-BTC", AT).records[0], Unparsed)
    assert FEED.parse_rest("[]", "BNB-BTC", AT).records == ()
