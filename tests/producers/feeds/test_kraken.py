"""Kraken: version 2 and its REST rows, and version 1 of recordings, which has no ids."""

import json
from typing import Any

import pytest

from producers.feeds import Parsed
from producers.feeds.kraken import Kraken
from tapehouse.record import Trade, Unparsed, id_number

FEED = Kraken()
AT = 1_700_000_000_000_000
ROW = (
    '{"symbol":"BTC/USD","side":"buy","price":105944.20,"qty":0.00027625,"ord_type":"limit","trade_id":10218208,'
    '"timestamp":"2023-10-06T17:35:55.440295Z"}'
)
ROW_V1 = '["57126.70000","0.02063928","1616333924.737428","b","m",""]'
ROW_REST = '["66824.30000","0.10000000",1688669448.330884,"b","l","",98240918]'


def frame(*rows: str, kind: str = "update") -> str:
    return f'{{"channel":"trade","type":"{kind}","data":[{",".join(rows)}]}}'


def frame_v1(*rows: str, pair: str = '"XBT/USD"') -> str:
    return f'[321,[{",".join(rows)}],"trade",{pair}]'


def page(*rows: str, key: str = "XXBTZUSD") -> str:
    return f'{{"error":[],"result":{{"{key}":[{",".join(rows)}],"last":"1688669449543850696"}}}}'


def changed(**changes: Any) -> str:
    row = json.loads(ROW) | changes
    return json.dumps({key: value for key, value in row.items() if value is not ...})


def trades(parsed: Parsed) -> list[Trade]:
    return [record for record in parsed.records if isinstance(record, Trade)]


def test_numbers_of_version_2_keep_their_digits() -> None:
    assert FEED.parse(frame(ROW), AT).records == (
        Trade(
            exchange="kraken",
            symbol="BTC-USD",
            source="kraken",
            trade_id="10218208",
            price="105944.20",
            size="0.00027625",
            side="buy",  # the taker's already
            event_time_us=1696613755440295,
            received_time_us=AT,
        ),
    )


@pytest.mark.parametrize(
    ("wire", "plain"), [("1e-8", "0.00000001"), ("0.1000000000000000055511151231", None), ("7", "7")]
)
def test_number_never_goes_through_a_float(wire: str, plain: str | None) -> None:
    (trade,) = trades(FEED.parse(frame(ROW.replace("0.00027625", wire)), AT))
    assert trade.size == (plain or wire)


def test_frame_holds_several_trades_in_their_order_and_a_snapshot_is_replayed() -> None:
    rows = [changed(trade_id=i, symbol=s) for i, s in ((1, "BTC/USD"), (2, "BTC/USD"), (9, "ETH/EUR"))]
    live, snapshot = FEED.parse(frame(*rows), AT), FEED.parse(frame(*rows, kind="snapshot"), AT)
    assert [(t.symbol, t.trade_id) for t in trades(live)] == [("BTC-USD", "1"), ("BTC-USD", "2"), ("ETH-EUR", "9")]
    assert live.records == snapshot.records
    assert (live.replayed, snapshot.replayed) == (False, True)


@pytest.mark.parametrize("key", ["symbol", "side", "price", "qty", "trade_id", "timestamp"])
@pytest.mark.parametrize("value", [..., None, False, [], {}, "?"])
def test_bad_trade_of_version_2_is_kept_and_its_neighbours_are_read(key: str, value: object) -> None:
    text = frame(ROW, changed(**{key: value}))
    good, bad = FEED.parse(text, AT).records
    assert isinstance(good, Trade)
    assert isinstance(bad, Unparsed)
    assert (bad.raw, bad.source) == (text, "kraken")
    assert bad.error.startswith("trade 1: ")
    assert bad.symbol == (None if key == "symbol" else "BTC-USD")


@pytest.mark.parametrize(
    "text", ['{"channel":"trade"}', '{"channel":"trade","data":{}}', '{"channel":"trade","data":[5]}']
)
def test_trade_message_without_trades_is_one_unparsed_record(text: str) -> None:
    (record,) = FEED.parse(text, AT).records
    assert isinstance(record, Unparsed)


def test_row_of_version_1_gets_an_id_of_its_time_place_and_hash() -> None:
    (trade,) = trades(FEED.parse(frame_v1(ROW_V1), AT))
    assert (trade.exchange, trade.symbol, trade.source) == ("kraken", "BTC-USD", "kraken-v1")
    assert (trade.price, trade.size, trade.side) == ("57126.70000", "0.02063928", "buy")
    assert trade.event_time_us == 1616333924737428
    time, place, digest = trade.trade_id.split("-")
    assert (time, place, len(digest)) == ("1616333924737428", "0000", 16)


def test_equal_rows_of_one_frame_are_two_trades_and_the_same_frame_gives_the_same_ids() -> None:
    text = frame_v1(ROW_V1, ROW_V1)
    first, again = FEED.parse(text, AT), FEED.parse(text.replace("321", "999"), AT)
    ids = [trade.trade_id for trade in trades(first)]
    assert len(set(ids)) == 2
    assert ids == sorted(ids)
    assert first.records == again.records  # the channel's number belongs to the connection
    assert all(id_number(trade_id) == -1 for trade_id in ids)  # no number that could be taken for the venue's


def test_ids_of_version_1_tell_pairs_prices_sizes_and_sides_apart() -> None:
    rows = [ROW_V1, ROW_V1.replace("57126", "57127"), ROW_V1.replace("0.02", "0.03"), ROW_V1.replace('"b"', '"s"')]
    ids = {trades(FEED.parse(frame_v1(row), AT))[0].trade_id for row in rows}
    ids.add(trades(FEED.parse(frame_v1(ROW_V1, pair='"ETH/USD"'), AT))[0].trade_id)
    assert len(ids) == 5


def test_place_in_the_frame_counts_bad_rows_so_that_mending_the_parser_moves_no_id() -> None:
    bad = '["x","0.02063928","1616333924.737428","b","m",""]'
    record, unparsed = FEED.parse(frame_v1(bad, ROW_V1), AT).records
    assert isinstance(record, Trade)
    assert record.trade_id.split("-")[1] == "0001"
    assert isinstance(unparsed, Unparsed)
    assert (unparsed.source, unparsed.symbol) == ("kraken-v1", "BTC-USD")


@pytest.mark.parametrize(
    "text",
    [
        frame_v1("5"),
        frame_v1("[]"),
        frame_v1('["1","1","1616333924.7","b"]'),
        frame_v1('["1","1",1616333924.7,"b","m",""]'),  # a number where version 1 has text
        frame_v1('["1","1","1616333924.7","buy","m",""]'),
        frame_v1(ROW_V1, pair="null"),
        frame_v1(ROW_V1, pair='"XBTUSD"'),
        '[321,{},"trade","XBT/USD"]',
        '["trade","XBT/USD"]',
    ],
)
def test_bad_frame_of_version_1_is_one_unparsed_record(text: str) -> None:
    (record,) = FEED.parse(text, AT).records
    assert isinstance(record, Unparsed)
    assert record.source == "kraken-v1"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"channel":"heartbeat"}', "heartbeat"),
        ('{"channel":"ticker","data":[]}', "ticker"),
        ('{"channel":"status","data":[{"system":"online","connection_id":15483510049470446170}]}', "status.online"),
        ('{"channel":"status","data":[{"system":"maintenance"}]}', "status.maintenance"),
        ('{"channel":"status","data":[{"system":"on fire"}]}', "status"),
        ('{"channel":"status"}', "status"),
        ('{"method":"pong","req_id":42,"time_in":"a","time_out":"b"}', "pong"),
        ('{"method":"subscribe","result":{"channel":"ticker","symbol":"BTC/USD"},"success":true}', "subscribe"),
        ('{"event":"heartbeat"}', "heartbeat"),
        ('{"event":"systemStatus","status":"online","connectionID":12257565262583683815}', "systemStatus"),
        ('{"event":"pong","reqid":1}', "pong"),
        ('{"event":"subscriptionStatus","pair":"XBT/USD","status":"unsubscribed"}', "subscriptionStatus"),
        ('[2500,{"a":[]},"ticker","ALGO/XBT"]', "ticker"),
        ("[]", "unknown"),
        ("3", "unknown"),
        ("ping", "not_json"),
    ],
)
def test_other_messages_are_only_counted(text: str, name: str) -> None:
    parsed = FEED.parse(text, AT)
    assert (parsed.ignored, parsed.records) == (name, ())


def test_each_symbol_is_acknowledged_by_itself() -> None:
    ack = '{"method":"subscribe","result":{"channel":"trade","snapshot":true,"symbol":"BTC/USD"},"success":true}'
    assert FEED.parse(ack, AT).acknowledged == ("BTC-USD",)
    ack = '{"event":"subscriptionStatus","pair":"XBT/USD","status":"subscribed","subscription":{"name":"trade"}}'
    assert FEED.parse(ack, AT).acknowledged == ("BTC-USD",)
    assert FEED.parse(ack.replace('"trade"', '"ticker"'), AT).acknowledged == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '{"error":"Currency pair not supported XBT/USD","method":"subscribe","success":false,"symbol":"XBT/USD"}',
            "Currency pair not supported XBT/USD",
        ),
        (
            '{"event":"subscriptionStatus","status":"error","errorMessage":"Currency pair not supported","pair":"A/B"}',
            "Currency pair not supported",
        ),
        ('{"errorMessage":"Malformed request","event":"error"}', "Malformed request"),
        ('{"success":false}', "an error without words"),
    ],
)
def test_refusal_is_said_in_the_venues_own_words(text: str, words: str) -> None:
    assert FEED.parse(text, AT).refused == words


def test_subscription_asks_for_the_snapshot() -> None:
    (text,) = FEED.subscribe(["BTC-USD", "DOGE-EUR"])
    assert json.loads(text) == {
        "method": "subscribe",
        "params": {"channel": "trade", "symbol": ["BTC/USD", "DOGE/EUR"], "snapshot": True},
        "req_id": 1,
    }
    assert FEED.subscribe([]) == []
    assert json.loads(FEED.keepalive() or "") == {"method": "ping"}


def test_row_of_a_page_is_the_live_trade_backfilled() -> None:
    assert FEED.parse_rest(page(ROW_REST), "BTC-USD", AT).records == (
        Trade(
            exchange="kraken",
            symbol="BTC-USD",
            source="kraken",
            trade_id="98240918",
            price="66824.30000",
            size="0.10000000",
            side="buy",
            event_time_us=1688669448330884,
            received_time_us=AT,
            backfilled=True,
        ),
    )


def test_time_of_a_page_is_cut_not_rounded() -> None:
    text = page(ROW_REST.replace("1688669448.330884", "1762820035.9822779"))
    assert trades(FEED.parse_rest(text, "BTC-USD", AT))[0].event_time_us == 1762820035982277


def test_error_list_with_http_200_is_a_refusal_even_beside_a_result() -> None:
    assert FEED.parse_rest('{"error":["EGeneral:Too many requests"]}', "BTC-USD", AT).refused == (
        "EGeneral:Too many requests"
    )
    both = page(ROW_REST).replace('"error":[]', '"error":["EAPI:Rate limit exceeded"]')
    parsed = FEED.parse_rest(both, "BTC-USD", AT)
    assert (parsed.refused, parsed.records) == ("EAPI:Rate limit exceeded", ())
    assert FEED.parse_rest("<html>", "BTC-USD", AT).refused


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        '{"error":[],"result":{"last":"1"}}',
        '{"error":[],"result":{"XXBTZUSD":[],"XETHZUSD":[],"last":"1"}}',
        page(ROW_REST.replace(",98240918", "")),
        page(ROW_REST.replace("1688669448.330884", '"soon"')),
    ],
)
def test_page_that_cannot_be_read_is_unparsed(text: str) -> None:
    (record,) = FEED.parse_rest(text, "BTC-USD", AT).records
    assert isinstance(record, Unparsed)
    assert record.symbol == "BTC-USD"


def test_page_request_begins_just_before_the_instant() -> None:
    request = FEED.backfill("BTC-USD", from_id="5", to_id="9", from_us=1688669448330884, to_us=1688669450000000)
    assert request.url == "https://api.kraken.com/0/public/Trades"
    assert request.params == {"pair": "XBTUSD", "since": "1688669448330883999", "count": "1000"}
