"""Lines of raw messages, of recordings and of pages → records."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from producers.feeds import Counts, SymbolError, UnknownFeedError, parse_lines, reading
from producers.feeds.lines import Line
from tapehouse.errors import TerminalError

AT = 1_700_000_000_000_000
TRADE = '{"e":"trade","s":"BNBBTC","t":12345,"p":"0.001","q":"100","T":1672515782136,"m":true}'
ROW = '{"id":%d,"price":"4.00000100","qty":"12.00000000","time":1499865549590,"isBuyerMaker":true}'
PAGE, NEXT_PAGE = f"[{ROW % 1},{ROW % 2}]", f"[{ROW % 3}]"


def run(name: str, lines: Iterable[Line], **asked: Any) -> tuple[list[dict[str, Any]], Counts]:
    counts = Counts()
    records = parse_lines(reading(name, **asked), lines, clock=lambda: AT, counts=counts)
    return [json.loads(record) for record in records], counts


def pages(*lines: Line) -> tuple[list[str], Counts]:
    records, counts = run("binance", lines, rest=True, symbol="BNB-BTC")
    return [record.get("trade_id", record["kind"]) for record in records], counts


def test_each_line_is_a_message_and_everything_is_counted() -> None:
    lines = [
        TRADE,
        "",
        f"{TRADE}\r\n",
        '{"e":"kline"}',
        "nonsense",
        TRADE.replace("true", '"yes"'),
        '{"code":2,"msg":"no"}',
    ]
    records, counts = run("binance", lines)
    assert [record["kind"] for record in records] == ["trade", "trade", "unparsed"]
    assert records[0]["received_time_us"] == AT
    assert (counts.messages, counts.trades, counts.unparsed) == (6, 2, 1)
    assert dict(counts.ignored) == {"kline": 1, "not_json": 1}
    assert (counts.refusals, counts.refused) == (1, ["2: no"])


def test_records_come_out_while_lines_still_come_in() -> None:
    def endless() -> Iterator[str]:
        while True:
            yield TRADE

    records = parse_lines(reading("binance"), endless(), clock=lambda: AT, counts=Counts())
    assert next(records) == next(records)


def test_bytes_are_lines_as_well() -> None:
    assert run("binance", [TRADE.encode() + b"\n", b"\xff\xfe\n"])[1].ignored == {"not_json": 1}


def test_recording_brings_its_own_time_cut_to_microseconds() -> None:
    line = json.dumps({"received": 1617666423.125, "raw": TRADE})
    for given in (line, line.encode(), line.replace("1617666423.125", "1617666423.1250009")):
        (record,), _ = run("binance", [given])
        assert (record["received_time_us"], record["trade_id"]) == (1617666423125000, "12345")
    (record,), _ = run("binance", [json.dumps({"received": "late", "raw": TRADE})])
    assert record["received_time_us"] == AT


def test_unparsed_message_of_a_recording_keeps_the_message_not_the_line() -> None:
    raw = TRADE.replace("true", "null")
    (record,), _ = run("binance", [json.dumps({"received": 1.5, "raw": raw})])
    assert record["raw"] == raw


def test_message_that_only_mentions_the_recordings_keys_is_a_message() -> None:
    assert run("binance", ['{"raw":5,"received":1,"e":"odd"}'])[1].ignored == {"odd": 1}


@pytest.mark.parametrize(
    ("name", "feed"),
    [
        ("coinbase", "coinbase"),
        ("coinbase_exchange", "coinbase"),
        ("Coinbase-Exchange", "coinbase"),
        ("coinbase_advanced", "coinbase-advanced"),
        ("kraken_v1", "kraken"),
        ("kraken-v2", "kraken"),
        ("binance", "binance"),
        ("bitstamp", "bitstamp"),
        ("OKX", "okx"),
        ("okx_agg", "okx"),
        ("polygon", "polygon"),
        ("massive", "polygon"),
    ],
)
def test_feed_has_the_names_that_people_give_it(name: str, feed: str) -> None:
    assert reading(name).feed.name == feed
    assert reading(f"{name}_rest", symbol="BTC-USD").rest_symbol == "BTC-USD"


def test_unknown_feed_is_answered_with_all_names() -> None:
    with pytest.raises(UnknownFeedError, match="kraken-v1"):
        reading("krakn")


@pytest.mark.parametrize(
    ("name", "symbol", "canonical"),
    [
        ("kraken", "BTC-USD", "BTC-USD"),
        ("kraken", "XBT/USD", "BTC-USD"),
        ("kraken", "XXBTZUSD", "BTC-USD"),
        ("kraken", "XBTUSD", "BTC-USD"),
        ("binance", "BNBBTC", "BNB-BTC"),
        ("coinbase", "btc-usd", "BTC-USD"),
        ("bitstamp", "btcusd", "BTC-USD"),
        ("bitstamp", "BTC/USD", "BTC-USD"),
        ("okx", "BTC-USDT", "BTC-USDT"),
        ("polygon", "X:BTC-USD", "BTC-USD"),
        ("polygon", "X:BTCUSD", "BTC-USD"),
    ],
)
def test_symbol_of_pages_may_be_written_as_the_venue_does(name: str, symbol: str, canonical: str) -> None:
    assert reading(name, rest=True, symbol=symbol).rest_symbol == canonical


def test_pages_and_symbol_go_together() -> None:
    for asked in ({"rest": True}, {"symbol": "BTC-USD"}):
        with pytest.raises(TerminalError, match="--rest and --symbol together"):
            reading("kraken", **asked)
    with pytest.raises(SymbolError):
        reading("binance", rest=True, symbol="WHAT")


def test_vendor_without_pages_says_so() -> None:
    assert reading("finnhub").feed.name == "finnhub"
    for name in ("finnhub", "finnhub_rest"):
        with pytest.raises(TerminalError, match="finnhub has no pages of past trades"):
            reading(name, rest=True, symbol="BINANCE:BTCUSDT")


def test_derivative_has_no_pages() -> None:
    with pytest.raises(SymbolError):
        reading("okx_rest", symbol="BTC-USDT-SWAP")


def test_whole_input_is_one_page_on_one_line_or_on_many() -> None:
    assert pages(PAGE)[0] == ["1", "2"]
    pretty = json.dumps(json.loads(PAGE), indent=2).splitlines(keepends=True)
    ids, counts = pages(*pretty)
    assert (ids, counts.messages) == (["1", "2"], 1)
    assert pages(*[line.encode() for line in pretty])[0] == ["1", "2"]


def test_each_line_is_a_page_where_the_first_is_whole() -> None:
    ids, counts = pages(PAGE, "<html>", NEXT_PAGE)
    assert (ids, counts.messages, counts.refusals) == (["1", "2", "3"], 3, 1)


def test_pages_a_line_are_read_one_by_one() -> None:
    def endless() -> Iterator[str]:
        while True:
            yield NEXT_PAGE

    asked = reading("binance", rest=True, symbol="BNB-BTC")
    records = parse_lines(asked, endless(), clock=lambda: AT, counts=Counts())
    assert next(records) == next(records)


def test_broken_first_page_does_not_hide_the_next() -> None:
    ids, counts = pages("<html>502</html>", NEXT_PAGE)
    assert (ids, counts.refusals) == (["3"], 1)


def test_no_input_is_no_page() -> None:
    assert pages() == ([], Counts())
    assert run("binance", []) == ([], Counts())


def test_rows_of_pages_are_backfilled() -> None:
    (record,), _ = run("binance", [NEXT_PAGE], rest=True, symbol="BNBBTC")
    assert (record["symbol"], record["backfilled"], record["received_time_us"]) == ("BNB-BTC", True, AT)


def test_both_time_units_of_binance_are_read() -> None:
    lines = [TRADE, TRADE.replace("1672515782136", "1672515782136999")]
    assert [r["event_time_us"] for r in run("binance", lines)[0]] == [1672515782136000, 1672515782136999]


def test_counts_do_not_grow_with_the_names_a_stranger_sends() -> None:
    lines = (f'{{"e":"type{i}"}}' for i in range(5_000))
    counts = run("binance", lines)[1]
    assert len(counts.ignored) <= 1_001
    assert counts.ignored.total() == 5_000
