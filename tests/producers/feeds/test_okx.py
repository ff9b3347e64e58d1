"""OKX spot: single matches, taker orders apart from them, derivatives not at all."""

import json
from typing import Any

import pytest

from producers.feeds import Parsed, SymbolError
from producers.feeds.okx import Okx
from tapehouse.record import Trade, Unparsed, id_number

FEED = Okx()
AT = 1_700_000_000_000_000
ROW = (
    '{"instId":"BTC-USDT","tradeId":"130639474","px":"42219.9","sz":"0.12060306","side":"buy","ts":"1630048897897",'
    '"count":"3","source":"0","seqId":1234}'
)
OLD_ROW = '{"instId":"BTC-USDT","tradeId":"338476307","px":"30236","sz":"0.0002","side":"buy","ts":"1652459224818"}'


def push(*rows: str, channel: str = "trades", instrument: str = "BTC-USDT") -> str:
    arg = json.dumps({"channel": channel, "instId": instrument})
    return f'{{"arg":{arg},"data":[{",".join(rows)}]}}'


def changed(**changes: Any) -> str:
    row = json.loads(OLD_ROW) | changes
    return json.dumps({key: value for key, value in row.items() if value is not ...})


def page(*rows: str) -> str:
    return f'{{"code":"0","msg":"","data":[{",".join(rows)}]}}'


def trades(parsed: Parsed) -> list[Trade]:
    return [record for record in parsed.records if isinstance(record, Trade)]


@pytest.mark.parametrize("channel", ["trades", "trades-all"])
def test_single_match_is_read_from_either_channel(channel: str) -> None:
    parsed = FEED.parse(push(OLD_ROW, channel=channel), AT)
    assert parsed.records == (
        Trade(
            exchange="okx",
            symbol="BTC-USDT",
            source="okx",
            trade_id="338476307",
            price="30236",
            size="0.0002",
            side="buy",  # the taker's already
            event_time_us=1652459224818000,
            received_time_us=AT,
        ),
    )
    assert not parsed.replayed  # the first push after subscribing is one, and nothing in it says so


def test_row_of_several_matches_never_stands_among_the_single_ones() -> None:
    (several,) = trades(FEED.parse(push(ROW), AT))
    (last_of_them,) = trades(FEED.parse(push(ROW.replace('"count":"3"', '"count":"1"')), AT))
    assert (several.source, several.trade_id, several.size) == ("okx-agg", "a:130639474", "0.12060306")
    assert (last_of_them.source, last_of_them.trade_id) == ("okx", "130639474")
    assert id_number(several.trade_id) == id_number(last_of_them.trade_id)


@pytest.mark.parametrize("count", [None, ..., "1", 1])
def test_row_without_a_count_or_of_one_is_a_single_match(count: object) -> None:
    (trade,) = trades(FEED.parse(push(changed(count=count)), AT))
    assert (trade.source, trade.trade_id) == ("okx", "338476307")


@pytest.mark.parametrize("count", ["0", "many", "", -1, [], True, "1.5"])
def test_count_that_is_none_keeps_the_message(count: object) -> None:
    (record,) = FEED.parse(push(changed(count=count)), AT).records
    assert isinstance(record, Unparsed)
    assert record.error.startswith("trade 0: count ")


@pytest.mark.parametrize(
    "instrument", ["BTC-USDT-SWAP", "BTC-USD-220527", "BTC-USD-220325-40000-C", "UNI-USD-SWAP", "BTC-USD_UM-250926"]
)
def test_derivatives_are_counted_and_not_kept(instrument: str) -> None:
    row = changed(instId=instrument)
    parsed = FEED.parse(push(row, instrument=instrument), AT)
    assert (parsed.records, parsed.ignored) == ((), "derivative")
    with pytest.raises(SymbolError):
        FEED.subscribe([instrument])
    (record,) = FEED.parse(push(row), AT).records  # among spot rows it is a fault
    assert isinstance(record, Unparsed)


def test_message_of_several_rows_comes_in_the_order_of_ids_market_by_market() -> None:
    rows = [
        changed(instId=m, tradeId=i) for m, i in (("B-USDT", "9"), ("A-USDT", "3"), ("B-USDT", "10"), ("B-USDT", "8"))
    ]
    found = [(t.symbol, t.trade_id) for t in trades(FEED.parse(push(*rows), AT))]
    assert found == [("B-USDT", "8"), ("B-USDT", "9"), ("B-USDT", "10"), ("A-USDT", "3")]


@pytest.mark.parametrize("key", ["instId", "tradeId", "px", "sz", "side", "ts"])
@pytest.mark.parametrize("value", [..., None, False, [], {}, "?", ""])
def test_bad_row_is_kept_and_its_neighbours_are_read(key: str, value: object) -> None:
    text = push(OLD_ROW, changed(**{key: value}))
    good, bad = FEED.parse(text, AT).records
    assert isinstance(good, Trade)
    assert isinstance(bad, Unparsed)
    assert (bad.raw, bad.exchange, bad.source) == (text, "okx", "okx")
    assert bad.error.startswith("trade 1: ")
    assert bad.symbol == (None if key == "instId" else "BTC-USDT")


@pytest.mark.parametrize("ts", ["1652459224", "1652459224818000", 1652459224.5])
def test_time_in_another_unit_is_refused(ts: object) -> None:
    (record,) = FEED.parse(push(changed(ts=ts)), AT).records
    assert isinstance(record, Unparsed)


def test_push_without_rows_is_nothing_and_without_a_list_is_kept() -> None:
    assert FEED.parse(push(), AT) == Parsed()
    for data in ("null", "{}", '""'):
        (record,) = FEED.parse(f'{{"arg":{{"channel":"trades","instId":"BTC-USDT"}},"data":{data}}}', AT).records
        assert isinstance(record, Unparsed)


def test_subscription_asks_for_single_matches_and_each_is_confirmed() -> None:
    (asked,) = FEED.subscribe(["BTC-USDT", "ETH-USDT", "BTC-USDT"])
    channels = [{"channel": "trades-all", "instId": s} for s in ("BTC-USDT", "ETH-USDT")]
    assert json.loads(asked) == {"op": "subscribe", "args": channels}
    ack = '{"id":"1512","event":"subscribe","arg":{"channel":"%s","instId":"BTC-USDT"},"connId":"a4d3ae55"}'
    assert FEED.parse(ack % "trades-all", AT).acknowledged == ("BTC-USDT",)
    books = FEED.parse(ack % "books", AT)
    assert (books.acknowledged, books.ignored) == ((), "subscribe")
    assert FEED.subscribe([]) == []


def test_many_markets_stay_under_the_length_that_a_message_may_have() -> None:
    asked = FEED.subscribe([f"COIN{n}LONGNAME-USDT" for n in range(1_200)])
    assert len(asked) == 3
    assert max(map(len, asked)) < 64 * 1024


def test_ping_is_four_letters_and_so_is_its_answer() -> None:
    assert FEED.keepalive() == "ping"
    assert FEED.traits.limits.keepalive_s < 30
    assert FEED.parse("pong", AT) == FEED.parse(b"pong", AT) == Parsed(ignored="pong")


def test_notice_closes_and_errors_are_said() -> None:
    notice = '{"event":"notice","code":"64008","msg":"The connection will soon be closed.","connId":"a4d3ae55"}'
    assert FEED.parse(notice, AT).closing
    assert FEED.parse(notice.replace("64008", "64009"), AT) == Parsed(ignored="notice")
    error = '{"event":"error","code":"60012","msg":"Invalid request: x","connId":"a4d3ae55"}'
    assert FEED.parse(error, AT).refused == "60012: Invalid request: x"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"snapshot","data":[{}]}', "books"),
        ('{"arg":{"channel":["trades"]},"data":[]}', "unknown"),
        ('{"event":"channel-conn-count","connCount":"2"}', "channel-conn-count"),
        ('{"event":{}}', "unknown"),
        ("{}", "unknown"),
        ("[]", "unknown"),
        ("ping pong", "not_json"),
    ],
)
def test_other_messages_are_counted_by_their_name(text: str, name: str) -> None:
    assert FEED.parse(text, AT) == Parsed(ignored=name)


def test_pages_go_down_from_an_id() -> None:
    both = FEED.backfill("BTC-USDT", from_id="990", to_id="1000", from_us=1, to_us=2)
    assert both.url == "https://www.okx.com/api/v5/market/history-trades"
    assert both.params == {"instId": "BTC-USDT", "type": "1", "limit": "11", "after": "1001"}
    wide = FEED.backfill("BTC-USDT", from_id="1", to_id="1000", from_us=1, to_us=2)
    assert wide.params["limit"] == "100"
    timed = FEED.backfill("BTC-USDT", from_id=None, to_id=None, from_us=1, to_us=1652459224818000)
    assert timed.params == {"instId": "BTC-USDT", "type": "2", "limit": "100", "after": "1652459224819"}
    with pytest.raises(SymbolError):
        FEED.backfill("BTC-USDT-SWAP", from_id=None, to_id=None, from_us=1, to_us=2)


def test_page_comes_oldest_first_with_the_ids_of_the_stream() -> None:
    rows = [changed(tradeId=str(i), side="sell", instId=m) for i, m in ((12, "BTC-USDT"), (11, ...), (9, "BTC-USDT"))]
    found = trades(FEED.parse_rest(page(*rows), "BTC-USDT", AT))
    assert [t.trade_id for t in found] == ["9", "11", "12"]
    assert {(t.symbol, t.source, t.backfilled, t.side) for t in found} == {("BTC-USDT", "okx", True, "sell")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"code":"51001","msg":"Instrument ID does not exist","data":[]}', "51001: Instrument ID does not exist"),
        ('{"code":"50011","msg":"Too Many Requests"}', "50011: Too Many Requests"),
        ('{"msg":"odd"}', "odd"),
        ("<html>", "the answer is not JSON"),
    ],
)
def test_error_body_is_no_empty_page(text: str, words: str) -> None:
    parsed = FEED.parse_rest(text, "BTC-USDT", AT)
    assert (parsed.records, parsed.refused) == ((), words)
    assert FEED.parse_rest(page(), "BTC-USDT", AT) == Parsed()


def test_ids_count_up_by_one_and_pages_hold_a_hundred() -> None:
    traits = FEED.traits
    assert (traits.contiguous_ids, traits.paging, traits.rest.page_rows) == (True, "down", 100)
    assert traits.rest.calls_per_s <= 10
