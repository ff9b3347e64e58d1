"""Coinbase Exchange: matches, the maker's side, the newest id of the heartbeat, pages by id."""

import json
from typing import Any

import pytest

from producers.feeds import SymbolError
from producers.feeds.coinbase import Coinbase
from tapehouse.record import RAW_LIMIT_BYTES, Trade, Unparsed

FEED = Coinbase()
AT = 1_700_000_000_000_000


def match(**changes: Any) -> dict[str, Any]:
    frame = {
        "type": "match",
        "trade_id": 10,
        "sequence": 50,
        "maker_order_id": "ac928c66-ca53-498f-9c13-a110027a60e8",
        "taker_order_id": "132fb6ae-456b-4654-b4e0-d681ac05cea1",
        "time": "2014-11-07T08:19:27.028459Z",
        "product_id": "BTC-USD",
        "size": "5.23512",
        "price": "400.23",
        "side": "sell",
    }
    return {key: value for key, value in (frame | changes).items() if value is not ...}


def only(frame: object) -> Any:
    records = FEED.parse(json.dumps(frame), AT).records
    assert len(records) == 1
    return records[0]


def test_match_becomes_a_trade_of_the_takers_side() -> None:
    assert only(match()) == Trade(
        exchange="coinbase",
        symbol="BTC-USD",
        source="coinbase",
        trade_id="10",
        price="400.23",
        size="5.23512",
        side="buy",  # the maker sold
        event_time_us=1415348367028459,
        received_time_us=AT,
    )
    assert only(match(side="buy")).side == "sell"


def test_bytes_and_text_are_the_same_message() -> None:
    text = json.dumps(match())
    assert FEED.parse(text.encode(), AT) == FEED.parse(text, AT)


def test_last_match_is_replayed_and_match_is_live() -> None:
    assert FEED.parse(json.dumps(match(type="last_match")), AT).replayed
    assert not FEED.parse(json.dumps(match()), AT).replayed


def test_documented_uuid_is_an_id_as_well() -> None:
    assert only(match(trade_id="34b080bf-fcfd-445a-832b-46b5ddc65601")).trade_id.startswith("34b080bf")


def test_authenticated_frames_extra_keys_are_passed_over() -> None:
    assert only(match(user_id="x", taker_fee_rate="0.005")).trade_id == "10"


@pytest.mark.parametrize("key", ["trade_id", "time", "product_id", "size", "price", "side"])
@pytest.mark.parametrize("value", [..., None, True, [], {}, "\ud800", ""])
def test_missing_or_mistyped_key_is_kept_whole_and_named(key: str, value: object) -> None:
    text = json.dumps(match(**{key: value}))
    (record,) = FEED.parse(text, AT).records
    assert isinstance(record, Unparsed)
    assert record.raw == text
    assert key.removesuffix("_id") in record.error or "symbol" in record.error
    assert record.symbol == (None if key == "product_id" else "BTC-USD")
    assert (record.exchange, record.source, record.received_time_us) == ("coinbase", "coinbase", AT)


@pytest.mark.parametrize("product", ["BTC-PERP-INTX", "BTC-USD-220325", "BTCUSD", "BTC-PERP"])
def test_product_that_is_not_spot_is_unparsed(product: str) -> None:
    assert "spot pair" in only(match(product_id=product)).error


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999999999", "1e99999999999999999999"])
def test_number_that_is_none_is_a_bad_field_of_a_known_message(number: str) -> None:
    text = json.dumps(match(price="@")).replace('"@"', number)
    (record,) = FEED.parse(text, AT).records
    assert isinstance(record, Unparsed)
    assert "price" in record.error


def test_huge_bad_frame_is_cut_but_measured_whole() -> None:
    text = json.dumps(match(price="x" * 1_000_000))
    record = FEED.parse(text, AT).records[0]
    assert isinstance(record, Unparsed)
    assert len(record.raw) == RAW_LIMIT_BYTES
    assert record.raw_bytes == len(text)


def test_acknowledgement_names_what_is_subscribed_on_matches_only() -> None:
    ack = {
        "type": "subscriptions",
        "channels": [
            {"name": "ticker", "product_ids": ["SOL-USD"]},
            {"name": "matches", "product_ids": ["BTC-USD", "ETH-EUR", "BTC-USD", 5]},
        ],
    }
    assert FEED.parse(json.dumps(ack), AT).acknowledged == ("BTC-USD", "ETH-EUR")
    ack["channels"] = []
    assert FEED.parse(json.dumps(ack), AT).ignored == "subscriptions"


def test_error_is_said_in_the_venues_own_words() -> None:
    error = {"type": "error", "message": "Failed to subscribe", "reason": "GIBBERISH-USD is not a valid product"}
    assert FEED.parse(json.dumps(error), AT).refused == "Failed to subscribe: GIBBERISH-USD is not a valid product"


def test_heartbeat_gives_the_newest_id() -> None:
    beat = {"type": "heartbeat", "sequence": 90, "last_trade_id": 20, "product_id": "BTC-USD", "time": "…"}
    parsed = FEED.parse(json.dumps(beat), AT)
    assert (parsed.ignored, parsed.newest, parsed.records) == ("heartbeat", (("BTC-USD", "20"),), ())
    assert FEED.parse('{"type":"heartbeat"}', AT).newest == ()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"type":"l2update","product_id":"BTC-USD"}', "l2update"),
        ('{"type":7}', "unknown"),
        ('{"type":["match"]}', "unknown"),
        ("{}", "unknown"),
        ("[]", "unknown"),
        ("null", "unknown"),
        ("hello", "not_json"),
        (b"\xff", "not_json"),
    ],
)
def test_other_messages_are_only_counted(text: str | bytes, name: str) -> None:
    parsed = FEED.parse(text, AT)
    assert (parsed.ignored, parsed.records) == (name, ())


def test_subscription_asks_for_matches_and_heartbeats_of_each_product_once() -> None:
    (text,) = FEED.subscribe(["BTC-USD", "ETH-EUR", "BTC-USD"])
    assert json.loads(text) == {
        "type": "subscribe",
        "product_ids": ["BTC-USD", "ETH-EUR"],
        "channels": ["matches", "heartbeat"],
    }
    assert FEED.subscribe([]) == []
    with pytest.raises(SymbolError):
        FEED.subscribe(["BTC/USD"])


def test_page_request_walks_down_from_the_last_missing_id() -> None:
    request = FEED.backfill("BTC-USD", from_id="101", to_id="150", from_us=0, to_us=1)
    assert request.url == "https://api.exchange.coinbase.com/products/BTC-USD/trades"
    assert request.params == {"limit": "50", "after": "151"}  # ``after`` is exclusive, and means below
    assert FEED.backfill("BTC-USD", from_id="1", to_id="5000", from_us=0, to_us=1).params["limit"] == "1000"
    assert FEED.backfill("BTC-USD", from_id=None, to_id=None, from_us=0, to_us=1).params == {"limit": "1000"}


def rest_row(trade_id: int, **changes: Any) -> dict[str, Any]:
    row = {
        "trade_id": trade_id,
        "side": "sell",
        "size": "0.00007448",
        "price": "73271.63000000",
        "time": "2024-03-13T11:00:17.710679Z",
    }
    return row | changes


def test_page_is_turned_oldest_first_with_the_keys_of_the_live_rows() -> None:
    parsed = FEED.parse_rest(json.dumps([rest_row(18502034), rest_row(9)]), "BTC-USD", AT)
    assert [r.trade_id for r in parsed.records if isinstance(r, Trade)] == ["9", "18502034"]
    assert parsed.records[1] == Trade(
        exchange="coinbase",
        symbol="BTC-USD",
        source="coinbase",
        trade_id="18502034",
        price="73271.63000000",
        size="0.00007448",
        side="buy",
        event_time_us=1710327617710679,
        received_time_us=AT,
        backfilled=True,
    )


def test_bad_row_of_a_page_does_not_take_the_good_ones_with_it() -> None:
    page = json.dumps([rest_row(3), rest_row(2, price=None), rest_row(1)])
    *trades, unparsed = FEED.parse_rest(page, "BTC-USD", AT).records
    assert [t.trade_id for t in trades if isinstance(t, Trade)] == ["1", "3"]
    assert isinstance(unparsed, Unparsed)
    assert (unparsed.raw, unparsed.error, unparsed.symbol) == (page, "trade 1: price is missing", "BTC-USD")


def test_error_body_is_never_taken_for_an_empty_page() -> None:
    assert FEED.parse_rest('{"message":"NotFound"}', "BTC-USD", AT).refused == "NotFound"
    assert FEED.parse_rest("<html>502</html>", "BTC-USD", AT).refused
    assert isinstance(FEED.parse_rest("{}", "BTC-USD", AT).records[0], Unparsed)
    assert FEED.parse_rest("[]", "BTC-USD", AT).records == ()
