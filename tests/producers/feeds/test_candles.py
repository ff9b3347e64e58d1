"""The venues' own candles: what is asked for, and what each wire form means. Fixtures made by hand from documents."""

import json
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.feeds import FEEDS, Precision
from tapehouse.errors import TerminalError
from tapehouse.intervals import BY_NAME
from tests.producers.feeds.test_no_float import Poison, PoisonError

T: Final = 1_760_000_400
"""Seconds: 2025-10-09T09:00:00Z."""
NUMBERS: Final = {"open": "3", "high": "9.5", "low": "1.00000000000000000001", "close": "4", "volume": "7"}

PAGES: Final = {
    "coinbase": "[[1760000460,1.5,2,1.6,1.7,3],[1760000400,1.00000000000000000001,9.5,3,4,7]]",
    "kraken": '{"error":[],"result":{"XXBTZUSD":[[1760000400,"3","9.5","1.00000000000000000001","4","3.9","7",12],'
    '[1760000460,"1.6","2","1.5","1.7","1.6","3",2]],"last":1760000400}}',
    "binance": '[[1760000400000,"3","9.5","1.00000000000000000001","4","7",1760000459999,"28.5",12,"1","2","0"],'
    '[1760000460000,"1.6","2","1.5","1.7","3",1760000519999,"5.0",2,"1","2","0"]]',
    "bitstamp": '{"data":{"pair":"BTC/USD","ohlc":[{"timestamp":"1760000400","open":"3","high":"9.5",'
    '"low":"1.00000000000000000001","close":"4","volume":"7"},{"timestamp":"1760000460","open":"1.6","high":"2",'
    '"low":"1.5","close":"1.7","volume":"3"}]}}',
    "okx": '{"code":"0","msg":"","data":[["1760000460000","1.6","2","1.5","1.7","3","5","5.0","0"],'
    '["1760000400000","3","9.5","1.00000000000000000001","4","7","28.5","28.5","1"]]}',
    "bybit": '{"retCode":0,"retMsg":"OK","result":{"category":"spot","symbol":"BTCUSDT","list":['
    '["1760000460000","1.6","2","1.5","1.7","3","5.0"],'
    '["1760000400000","3","9.5","1.00000000000000000001","4","7","28.5"]]},"retExtInfo":{},"time":1}',
}
PAGES_OF: Final = {**PAGES, "coinbase-advanced": PAGES["coinbase"]}
WITH_KLINES: Final = [name for name, feed in FEEDS.items() if feed.traits.klines is not None]
REFUSALS: Final = {
    "coinbase": ('{"message":"NotFound"}', "NotFound"),
    "coinbase-advanced": ('{"message":"NotFound"}', "NotFound"),
    "kraken": ('{"error":["EQuery:Unknown asset pair"]}', "EQuery:Unknown asset pair"),
    "binance": ('{"code":-1121,"msg":"Invalid symbol."}', "-1121: Invalid symbol."),
    "bitstamp": ('{"code":"validation_error","errors":[{"field":"step","message":"Invalid choice."}]}',
                 "validation_error: Invalid choice."),
    "okx": ('{"code":"51001","msg":"Instrument ID does not exist","data":[]}', "51001: Instrument ID does not exist"),
    "bybit": ('{"retCode":10001,"retMsg":"Not supported symbols","result":{}}', "10001: Not supported symbols"),
}  # fmt: skip


def test_each_feed_has_pages_here_or_no_candles() -> None:
    assert sorted(WITH_KLINES) == sorted(PAGES_OF) == sorted(REFUSALS)


@pytest.mark.parametrize("name", WITH_KLINES)
def test_a_page_is_read_oldest_first_to_its_last_digit(name: str) -> None:
    page = FEEDS[name].parse_candles(PAGES_OF[name].encode())
    assert page.refused is None
    first, second = page.candles
    assert (first.open_time_us, second.open_time_us) == (T * 10**6, (T + 60) * 10**6)
    assert {field: getattr(first, field) for field in NUMBERS} == {f: Decimal(n) for f, n in NUMBERS.items()}
    klines = FEEDS[name].traits.klines
    assert klines is not None
    assert first.quote_volume == (None if klines.quote_volume is None else Decimal("28.5"))
    assert first.trade_count == (12 if klines.counts else None)


@pytest.mark.parametrize("name", WITH_KLINES)
def test_no_number_goes_through_a_float(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.float", Poison)
    with pytest.raises(PoisonError):
        float("1")
    assert FEEDS[name].parse_candles(PAGES_OF[name]).refused is None


@pytest.mark.parametrize("name", WITH_KLINES)
def test_an_error_body_is_the_venues_words(name: str) -> None:
    body, words = REFUSALS[name]
    page = FEEDS[name].parse_candles(body)
    assert page.candles == ()
    assert page.refused == words


@pytest.mark.parametrize("name", WITH_KLINES)
def test_half_a_body_is_no_json(name: str) -> None:
    page = FEEDS[name].parse_candles(PAGES_OF[name][: len(PAGES_OF[name]) // 2])
    assert (page.candles, page.ignored, page.refused) == ((), "not_json", "the answer is not JSON")


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(each for key, held in inner for each in paths(held, (*at, key)))]


@pytest.mark.parametrize("name", WITH_KLINES)
@given(data=st.data())
def test_a_spoiled_page_is_refused_or_says_the_same_of_what_is_left(name: str, data: st.DataObject) -> None:
    body = json.loads(PAGES_OF[name])
    path = data.draw(st.sampled_from(paths(body)[1:]))
    value: Any = data.draw(st.sampled_from([None, "x", "-1", [], {}, True, "NaN", 1e400, -5, "1e999", ""]))
    inner = body
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    page = FEEDS[name].parse_candles(json.dumps(body))
    sound = FEEDS[name].parse_candles(PAGES_OF[name]).candles
    assert page.refused is not None or page.candles in (sound, ())


@pytest.mark.parametrize("name", WITH_KLINES)
def test_a_window_that_comes_twice_spoils_the_page(name: str) -> None:
    old, new = ("1760000460", "1760000400")
    page = FEEDS[name].parse_candles(PAGES_OF[name].replace(old, new))
    assert page.refused == "candle 1: its window came before"


def test_requests_ask_for_the_windows_of_the_span_and_no_others() -> None:
    from_us, to_us = T * 10**6, (T + 6000) * 10**6
    asked = {name: FEEDS[name].candles("BTC-USD", "1m", from_us, to_us) for name in WITH_KLINES}
    assert {name: (asked[name].url.removeprefix(FEEDS[name].rest_url), dict(asked[name].params)) for name in asked} == {
        "coinbase": (
            "/products/BTC-USD/candles",
            {"granularity": "60", "start": "2025-10-09T09:00:00Z", "end": "2025-10-09T10:39:00Z"},
        ),
        "coinbase-advanced": (
            "/products/BTC-USD/candles",
            {"granularity": "60", "start": "2025-10-09T09:00:00Z", "end": "2025-10-09T10:39:00Z"},
        ),
        "kraken": ("/0/public/OHLC", {"pair": "XBTUSD", "interval": "1", "since": "1760000399"}),
        "binance": (
            "/api/v3/klines",
            {"symbol": "BTCUSD", "interval": "1m", "startTime": "1760000400000", "endTime": "1760006399999",
             "limit": "1000"},
        ),
        "bitstamp": (
            "/api/v2/ohlc/btcusd/",
            {"step": "60", "limit": "1000", "start": "1760000400", "end": "1760006340"},
        ),
        "okx": (
            "/api/v5/market/history-candles",
            {"instId": "BTC-USD", "bar": "1m", "after": "1760006400000", "before": "1760000399999", "limit": "100"},
        ),
        "bybit": (
            "/v5/market/kline",
            {"category": "spot", "symbol": "BTCUSD", "interval": "1", "start": "1760000400000", "end": "1760006399999",
             "limit": "1000"},
        ),
    }  # fmt: skip


def test_a_vendor_has_none_and_says_so() -> None:
    for name in ("finnhub", "polygon"):
        with pytest.raises(TerminalError, match="has no candles of a venue's own"):
            FEEDS[name].candles("BTC-USD", "1m", 0, 60)
        assert FEEDS[name].parse_candles("[]").refused is not None


def test_intervals_are_ours_and_krakens_weeks_are_left_out() -> None:
    for name in WITH_KLINES:
        klines = FEEDS[name].traits.klines
        assert klines is not None
        assert klines.steps.keys() <= BY_NAME.keys()
    with pytest.raises(TerminalError, match="no candles of 1w"):
        FEEDS["kraken"].candles("BTC-USD", "1w", 0, 60)


@pytest.mark.parametrize(
    ("precision", "ours", "theirs", "agrees"),
    [
        (Precision(), "1", "1.0", True),
        (Precision(), "1", "1.00000000000000000000000000000000001", False),
        (Precision(decimals=2), "1.239", "1.23", True),  # cut
        (Precision(decimals=2), "1.235", "1.24", True),  # rounded
        (Precision(decimals=2), "1.24", "1.23", False),
        (Precision(digits=15), "41.79873263", "41.798732630000004", True),
        (Precision(digits=15), "41.7987326301", "41.79873263", False),
        (Precision(digits=3), "0", "0", True),
        (Precision(digits=3), "1", "0", False),
    ],
)
def test_a_precision_forgives_less_than_the_last_sure_place(
    precision: Precision, ours: str, theirs: str, agrees: bool
) -> None:
    assert precision.agrees(Decimal(ours), Decimal(theirs)) is agrees
