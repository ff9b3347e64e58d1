"""Bybit spot: matches by their topic, confirmations by their number, perpetuals not at all."""

import json
from typing import Any

import pytest

from producers.feeds import Parsed, SymbolError
from producers.feeds.bybit import Bybit
from tapehouse.record import Trade, Unparsed

FEED = Bybit()
AT = 1_786_310_827_000_000
ROW = (
    '{"i":"2290000001189048101","T":1786310822605,"p":"65140.5","v":"0.002705","S":"Buy","seq":112488547164,'
    '"s":"BTCUSDT","BT":false,"RPI":false}'
)


def push(*rows: str, topic: str = "publicTrade.BTCUSDT") -> str:
    return f'{{"topic":"{topic}","ts":1786310822606,"type":"snapshot","data":[{",".join(rows)}]}}'


def changed(**changes: Any) -> str:
    row = json.loads(ROW) | changes
    return json.dumps({key: value for key, value in row.items() if value is not ...})


def test_match_is_read_as_live_though_its_message_is_a_snapshot() -> None:
    parsed = FEED.parse(push(ROW), AT)
    assert parsed.records == (
        Trade(
            exchange="bybit",
            symbol="BTC-USDT",
            source="bybit",
            trade_id="2290000001189048101",
            price="65140.5",
            size="0.002705",
            side="buy",  # the taker's already
            event_time_us=1786310822605000,
            received_time_us=AT,
        ),
    )
    assert not parsed.replayed


def test_matches_of_one_message_keep_their_order() -> None:
    rows = [changed(i=str(number), S=side) for number, side in ((7, "Sell"), (9, "Buy"), (12, "Sell"))]
    found = [(r.trade_id, r.side) for r in FEED.parse(push(*rows), AT).records if isinstance(r, Trade)]
    assert found == [("7", "sell"), ("9", "buy"), ("12", "sell")]


@pytest.mark.parametrize("name", ["i", "T", "p", "v", "S", "s"])
@pytest.mark.parametrize("value", [..., None, True, "", [], {}])
def test_missing_or_mistyped_field_is_unparsed_and_the_others_are_kept(name: str, value: Any) -> None:
    good, bad = FEED.parse(push(ROW, changed(**{name: value})), AT).records
    assert isinstance(good, Trade)
    assert isinstance(bad, Unparsed)
    assert bad.error.startswith(f"trade 1: {name} ")
    assert bad.symbol == (None if name == "s" else "BTC-USDT")


def test_perpetual_is_refused_by_its_id() -> None:
    (bad,) = FEED.parse(push(changed(i="a9188a0a-82bc-50de-be60-03eedbe3cdd7")), AT).records
    assert isinstance(bad, Unparsed)
    assert "a9188a0a" in bad.error


@pytest.mark.parametrize("symbol", ["BTC-USDT", "BTCUSDTPERP", "BTCUSD_PERP", "USDT", "BTC/USDT"])
def test_market_that_is_none_of_spot_is_unparsed(symbol: str) -> None:
    (bad,) = FEED.parse(push(changed(s=symbol)), AT).records
    assert isinstance(bad, Unparsed)


@pytest.mark.parametrize("data", ["null", "{}", '"x"', "5"])
def test_message_without_a_list_of_trades_is_unparsed(data: str) -> None:
    (bad,) = FEED.parse(f'{{"topic":"publicTrade.BTCUSDT","data":{data}}}', AT).records
    assert isinstance(bad, Unparsed)
    assert "list of trades is missing" in bad.error


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"topic":"orderbook.200.BTCUSDT","data":{}}', "orderbook"),
        ('{"topic":"tickers.BTCUSDT","data":{}}', "tickers"),
        ('{"topic":"publicTrades","data":[]}', "publicTrades"),
        ('{"success":true,"ret_msg":"pong","conn_id":"x","req_id":"","op":"ping"}', "ping"),
        ('{"topic":5}', "unknown"),
        ("[]", "unknown"),
        ("nonsense", "not_json"),
    ],
)
def test_message_without_trades_is_counted_under_its_name(text: str, name: str) -> None:
    assert FEED.parse(text, AT) == Parsed(ignored=name)


def test_subscription_is_confirmed_by_the_number_of_its_request() -> None:
    ack = {"success": True, "ret_msg": "subscribe", "conn_id": "x", "req_id": "2", "op": "subscribe"}
    assert FEED.parse(json.dumps(ack), AT) == Parsed(ignored="subscribe", acknowledged_request=2)
    for number in (..., "", "x", None, "-1", "\u0662"):
        unnumbered = {key: value for key, value in {**ack, "req_id": number}.items() if value is not ...}
        assert FEED.parse(json.dumps(unnumbered), AT) == Parsed(ignored="subscribe")


def test_refusal_is_said_in_the_venues_words() -> None:
    text = '{"success":false,"ret_msg":"error:handler not found,topic:publicTrade.NOPE","req_id":"1","op":"subscribe"}'
    parsed = FEED.parse(text, AT)
    assert parsed.refused == "error:handler not found,topic:publicTrade.NOPE"
    assert parsed.acknowledged_request is None


def test_topics_go_ten_to_a_request_each_once() -> None:
    keys = [f"A{number}-USDT" for number in range(21)]
    requests = [json.loads(text) for text in FEED.subscribe([*keys, *keys])]
    assert [(request["req_id"], request["op"], len(request["args"])) for request in requests] == [
        ("1", "subscribe", 10),
        ("2", "subscribe", 10),
        ("3", "subscribe", 1),
    ]
    assert requests[0]["args"][0] == "publicTrade.A0USDT"
    assert FEED.subscribe([]) == []


@pytest.mark.parametrize("key", ["BTCUSDT", "btc-usdt", "BTC-USDT-PERP", "BTC-PERP", ""])
def test_key_that_is_no_spot_pair_is_never_asked_for(key: str) -> None:
    with pytest.raises(SymbolError):
        FEED.subscribe([key])


def test_ids_prove_no_hole_and_none_can_be_read_back() -> None:
    traits = FEED.traits
    assert (traits.contiguous_ids, traits.paging, traits.acknowledges) == (False, None, True)
    assert (traits.limits.keepalive_s, traits.limits.quiet_after_s) == (20, 60)
    assert FEED.keepalive() == '{"op":"ping"}'
