"""Polygon: arrays of statuses and trades, a login, exchanges by number, sides by condition."""

import json
from typing import Any

import pytest

from producers.feeds import Parsed, SymbolError
from producers.feeds.polygon import Polygon
from tapehouse.record import Trade, Unparsed, id_number

FEED = Polygon(key="KEY")
AT = 1_610_462_008_000_000
ROW = (
    '{"ev":"XT","pair":"BTC-USD","p":33021.9,"t":1610462007425,"s":0.01616617,"c":[2],"i":14272084,"x":1,'
    '"r":1610462007576}'
)
PAGE_ROW = (
    '{"conditions":[1],"exchange":1,"id":"191450340","participant_timestamp":1625097600103123456,"price":35060,'
    '"size":1.0434526}'
)
CONNECTED = '{"ev":"status","status":"connected","message":"Connected Successfully"}'
ACK = '{"ev":"status","status":"success","message":"subscribed to: XT.BTC-USD"}'


def frame(*events: str) -> str:
    return f"[{','.join(events)}]"


def page(*rows: str) -> str:
    return f'{{"results":[{",".join(rows)}],"status":"OK","request_id":"a"}}'


def changed(row: str = ROW, /, **changes: Any) -> str:
    found = json.loads(row) | changes
    return json.dumps({key: value for key, value in found.items() if value is not ...})


def trades(parsed: Parsed) -> list[Trade]:
    return [record for record in parsed.records if isinstance(record, Trade)]


def one(row: str) -> Trade:
    (trade,) = trades(FEED.parse(frame(row), AT))
    return trade


def test_trade_is_read_as_documented() -> None:
    assert one(ROW) == Trade(
        exchange="coinbase",
        symbol="BTC-USD",
        source="polygon",
        trade_id="14272084",
        price="33021.9",
        size="0.01616617",
        side="buy",
        event_time_us=1610462007425000,
        received_time_us=AT,
    )


@pytest.mark.parametrize(
    ("number", "exchange"),
    [(1, "coinbase"), (2, "bitfinex"), (6, "bitstamp"), (10, "binance"), (23, "kraken"), (3, "x3"), (0, "x0")],
)
def test_trade_names_its_exchange_by_number(number: int, exchange: str) -> None:
    assert one(changed(x=number)).exchange == exchange


def test_list_of_exchanges_can_be_replaced() -> None:
    (trade,) = trades(Polygon(exchanges={3: "gemini"}).parse(frame(changed(x=3)), AT))
    assert trade.exchange == "gemini"


@pytest.mark.parametrize(
    ("conditions", "side"),
    [([1], "sell"), ([2], "buy"), ([0], None), ([], None), (None, None), (..., None), ([1, 2], None), ([2, 0], "buy")],
)
def test_side_is_said_by_the_conditions_or_not_at_all(conditions: object, side: str | None) -> None:
    assert one(changed(c=conditions)).side == side


@pytest.mark.parametrize(
    ("wire", "trade_id"),
    [
        (14272084, "14272084"),
        ("191450340", "191450340"),
        ("34b080bf-fcfd-445a-832b-46b5ddc65601",) * 2,
        (2**60, str(2**60)),
    ],
)
def test_id_may_be_a_number_digits_or_a_uuid(wire: object, trade_id: str) -> None:
    assert one(changed(i=wire)).trade_id == trade_id


@pytest.mark.parametrize("absent", [..., None, ""])
def test_trade_without_an_id_gets_one_of_its_time_place_and_hash(absent: object) -> None:
    row = changed(i=absent)
    first, second = trades(FEED.parse(frame(CONNECTED, row, row), AT))
    assert first.trade_id != second.trade_id
    assert first.trade_id.startswith("1610462007425000-0000-")
    assert id_number(first.trade_id) == -1
    assert one(row).trade_id == first.trade_id
    assert one(changed(row, x=2)).trade_id != first.trade_id


@pytest.mark.parametrize(("wire", "plain"), [("4.522e-05", "0.00004522"), ("1E-8", "0.00000001"), ("7", "7")])
def test_numbers_keep_their_digits_and_print_plainly(wire: str, plain: str) -> None:
    assert one(ROW.replace("0.01616617", wire)).size == plain


@pytest.mark.parametrize("key", ["pair", "p", "s", "t", "x"])
@pytest.mark.parametrize("value", [..., None, False, [], {}, "?", ""])
def test_bad_trade_is_kept_and_its_neighbours_are_read(key: str, value: object) -> None:
    text = frame(changed(**{key: value}), ROW)
    good, bad = FEED.parse(text, AT).records
    assert isinstance(good, Trade)
    assert isinstance(bad, Unparsed)
    assert (bad.raw, bad.exchange, bad.source) == (text, "polygon", "polygon")
    assert bad.symbol == (None if key == "pair" else "BTC-USD")


@pytest.mark.parametrize(("key", "value"), [("c", 1), ("c", ["1"]), ("c", {}), ("i", False), ("i", [1]), ("x", 10**9)])
def test_optional_key_that_is_mistyped_is_a_fault(key: str, value: object) -> None:
    (bad,) = FEED.parse(frame(changed(**{key: value})), AT).records
    assert isinstance(bad, Unparsed)
    assert f"trade 0: {key} " in bad.error


def test_line_is_greeted_and_the_key_is_answered() -> None:
    parsed = FEED.parse(frame(CONNECTED), AT)
    assert parsed.reply == '{"action":"auth","params":"KEY"}'
    assert parsed.authenticated is None
    assert Polygon().parse(frame(CONNECTED), AT).reply is None


def test_verdict_on_the_key_is_said() -> None:
    good = FEED.parse('[{"ev":"status","status":"auth_success","message":"authenticated"}]', AT)
    bad = FEED.parse('[{"ev":"status","status":"auth_failed","message":"authentication failed"}]', AT)
    assert (good.authenticated, good.refused) == (True, None)
    assert (bad.authenticated, bad.refused) == (False, "auth_failed: authentication failed")
    assert FEED.traits.needs_login


def test_subscription_is_one_message_and_confirmed_pair_by_pair() -> None:
    assert FEED.subscribe(["BTC-USD", "ETH-USD", "BTC-USD"]) == [
        '{"action":"subscribe","params":"XT.BTC-USD,XT.ETH-USD"}'
    ]
    assert FEED.subscribe([]) == []
    assert FEED.parse(frame(ACK, ACK.replace("BTC", "ETH")), AT).acknowledged == ("BTC-USD", "ETH-USD")
    both = ACK.replace("XT.BTC-USD", "XT.BTC-USD,XT.ETH-USD, XQ.SOL-USD")
    assert FEED.parse(frame(both), AT).acknowledged == ("BTC-USD", "ETH-USD")
    with pytest.raises(SymbolError):
        FEED.subscribe(["X:BTCUSD"])


def test_frame_may_mix_statuses_trades_and_strangers() -> None:
    parsed = FEED.parse(frame(ACK, ROW, '{"ev":"XQ"}', "5", changed(i=2, x=23), changed(p="?")), AT)
    assert parsed.acknowledged == ("BTC-USD",)
    assert [(t.exchange, t.trade_id) for t in trades(parsed)] == [("coinbase", "14272084"), ("kraken", "2")]
    assert isinstance(parsed.records[-1], Unparsed)
    assert parsed.ignored == "XQ"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", Parsed()),
        ("{}", Parsed(ignored="unknown")),
        ('[{"ev":"XA","pair":"BTC-USD"}]', Parsed(ignored="XA")),
        ('[{"ev":"status","status":"success","message":"unsubscribed to: XT.A-B"}]', Parsed(ignored="status.success")),
        ('[{"ev":"status"}]', Parsed(ignored="status.unknown")),
        ('[{"ev":"status","status":["error"]}]', Parsed(ignored="status.unknown")),
        ('[{"ev":"status","status":"error","message":"not found"}]', Parsed(refused="error: not found")),
        ("nonsense", Parsed(ignored="not_json")),
    ],
)
def test_other_frames_are_counted_or_said(text: str, expected: Parsed) -> None:
    assert FEED.parse(text, AT) == expected


def test_status_outside_an_array_is_a_status() -> None:
    assert FEED.parse(CONNECTED, AT).reply is not None


def test_pair_stands_for_all_exchanges() -> None:
    assert FEED.market("BTC-USD") is None
    assert FEED.subscription_key("coinbase", "BTC-USD") == FEED.subscription_key("kraken", "BTC-USD") == "BTC-USD"


def test_page_is_asked_for_by_nanoseconds_with_the_key_in_a_header() -> None:
    request = FEED.backfill("BTC-USD", from_id="1", to_id="2", from_us=1_000, to_us=2_000)
    assert request.url == "https://api.massive.com/v3/trades/X:BTC-USD"
    assert request.params["timestamp.gte"] == "1000000"
    assert int(request.params["timestamp.lt"]) >= 3_000_000  # the last millisecond whole
    assert (request.params["order"], request.params["limit"]) == ("asc", "50000")
    assert request.headers == {"Authorization": "Bearer KEY"}


def test_page_of_nanoseconds_is_cut_and_comes_oldest_first() -> None:
    later = changed(PAGE_ROW, id="2", participant_timestamp=1625097600103124000, exchange=23)
    first, last = trades(FEED.parse_rest(page(later, PAGE_ROW), "BTC-USD", AT))
    assert first == Trade(
        exchange="coinbase",
        symbol="BTC-USD",
        source="polygon",
        trade_id="191450340",
        price="35060",
        size="1.0434526",
        side="sell",
        event_time_us=1625097600103123,
        received_time_us=AT,
        backfilled=True,
    )
    assert (last.exchange, last.event_time_us) == ("kraken", 1625097600103124)


@pytest.mark.parametrize("time", [1625097600103, "soon", None, 1.5, True, 10**19])
def test_page_row_with_a_time_in_another_unit_is_kept(time: object) -> None:
    good, bad = FEED.parse_rest(page(PAGE_ROW, changed(PAGE_ROW, participant_timestamp=time)), "BTC-USD", AT).records
    assert isinstance(good, Trade)
    assert isinstance(bad, Unparsed)
    assert bad.symbol == "BTC-USD"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"status":"ERROR","request_id":"a","error":"Unknown API Key"}', "ERROR: Unknown API Key"),
        ('{"status":"NOT_AUTHORIZED","message":"You are not entitled"}', "NOT_AUTHORIZED: You are not entitled"),
        ('{"status":"ERROR","results":null}', "ERROR"),
        ('{"message":"Bad gateway"}', "Bad gateway"),
        ("<html>", "the answer is not JSON"),
    ],
)
def test_error_body_is_no_empty_page(text: str, words: str) -> None:
    parsed = FEED.parse_rest(text, "BTC-USD", AT)
    assert (parsed.records, parsed.refused) == ((), words)
    assert FEED.parse_rest(page(), "BTC-USD", AT) == Parsed()
