"""Coinbase Advanced Trade: batches, out of order; the maker's side; snapshots."""

import json
from typing import Any

import pytest

from producers.feeds.coinbase_advanced import CoinbaseAdvanced
from tapehouse.record import Trade, Unparsed

FEED = CoinbaseAdvanced()
AT = 1_700_000_000_000_000


def trade(trade_id: object = "699871154", **changes: Any) -> dict[str, Any]:
    row = {
        "product_id": "BTC-USD",
        "trade_id": trade_id,
        "price": "62322.43",
        "size": "0.00005535",
        "time": "2024-10-08T09:10:52.378779Z",
        "side": "BUY",
    }
    return {key: value for key, value in (row | changes).items() if value is not ...}


def event(*trades: object, kind: str = "update") -> dict[str, Any]:
    return {"type": kind, "trades": list(trades)}


def frame(*events: object) -> str:
    return json.dumps(
        {
            "channel": "market_trades",
            "client_id": "",
            "timestamp": "2024-10-08T09:10:52.425044603Z",
            "sequence_num": 328,
            "events": list(events),
        }
    )


def ids(text: str) -> list[tuple[str, str]]:
    return [(r.symbol, r.trade_id) for r in FEED.parse(text, AT).records if isinstance(r, Trade)]


def test_trade_has_its_own_time_and_the_takers_side() -> None:
    parsed = FEED.parse(frame(event(trade())), AT)
    assert parsed.records == (
        Trade(
            exchange="coinbase",
            symbol="BTC-USD",
            source="coinbase-advanced",
            trade_id="699871154",
            price="62322.43",
            size="0.00005535",
            side="sell",  # the maker bought
            event_time_us=1728378652378779,
            received_time_us=AT,
        ),
    )
    assert parsed.sequence == 328
    assert not parsed.replayed


def test_all_events_are_walked_and_ordered_by_numeric_id_in_each_product() -> None:
    eth = {"product_id": "ETH-USD"}
    text = frame(event(trade("1000"), trade("999"), trade("7", **eth)), event(trade("998"), trade("6", **eth)))
    btc = [("BTC-USD", "998"), ("BTC-USD", "999"), ("BTC-USD", "1000")]
    assert ids(text) == [*btc, ("ETH-USD", "6"), ("ETH-USD", "7")]


def test_snapshot_is_replayed_unless_live_trades_are_among_it() -> None:
    snapshot = event(trade("2"), trade("1"), kind="snapshot")
    assert FEED.parse(frame(snapshot), AT).replayed
    assert not FEED.parse(frame(snapshot, event(trade("3"))), AT).replayed
    assert ids(frame(snapshot)) == [("BTC-USD", "1"), ("BTC-USD", "2")]


@pytest.mark.parametrize("key", ["product_id", "trade_id", "price", "size", "time", "side"])
@pytest.mark.parametrize("value", [..., None, True, {}, "?!"])
def test_bad_trade_is_kept_in_its_frame_and_its_neighbours_are_read(key: str, value: object) -> None:
    text = frame(event(trade("3"), trade(**({"trade_id": "2"} | {key: value})), trade("1")))
    *trades, unparsed = FEED.parse(text, AT).records
    assert [t.trade_id for t in trades if isinstance(t, Trade)] == ["1", "3"]
    assert isinstance(unparsed, Unparsed)
    assert unparsed.raw == text
    assert unparsed.error.startswith("trade 1: ")
    assert unparsed.source == "coinbase-advanced"


@pytest.mark.parametrize("events", [None, {}, 5, [None], [{}], [{"type": "update", "trades": "none"}], [[]]])
def test_frame_without_its_lists_is_one_unparsed_record(events: object) -> None:
    text = json.dumps({"channel": "market_trades", "events": events})
    (record,) = FEED.parse(text, AT).records
    assert isinstance(record, Unparsed)


def test_event_without_trades_does_not_hide_the_next_one() -> None:
    good, bad = FEED.parse(frame({"type": "update"}, event(trade("5"))), AT).records
    assert isinstance(good, Trade)
    assert isinstance(bad, Unparsed)


def test_client_id_and_sequence_may_be_missing() -> None:
    parsed = FEED.parse(json.dumps({"channel": "market_trades", "events": [event(trade())]}), AT)
    assert len(parsed.records) == 1
    assert parsed.sequence is None


def test_every_channel_carries_the_connections_sequence() -> None:
    parsed = FEED.parse('{"channel":"heartbeats","sequence_num":35,"events":[{"heartbeat_counter":"41691"}]}', AT)
    assert (parsed.ignored, parsed.sequence) == ("heartbeats", 35)


def test_acknowledgement_error_and_strangers() -> None:
    ack = {"channel": "subscriptions", "events": [{"subscriptions": {"market_trades": ["BTC-USD", "ETH-USD"]}}]}
    assert FEED.parse(json.dumps(ack), AT).acknowledged == ("BTC-USD", "ETH-USD")
    ack = {"channel": "subscriptions", "events": [{"subscriptions": {"heartbeats": ["heartbeats"]}}]}
    assert FEED.parse(json.dumps(ack), AT).ignored == "subscriptions"
    assert FEED.parse('{"type":"error","message":"authentication failure"}', AT).refused == "authentication failure"
    assert FEED.parse('{"channel":"l2_data","events":[]}', AT).ignored == "l2_data"
    assert FEED.parse("[1]", AT).ignored == "unknown"
    assert FEED.parse("nope", AT).ignored == "not_json"


def test_one_channel_a_message_is_asked_for() -> None:
    assert [json.loads(text) for text in FEED.subscribe(["BTC-USD", "ETH-USD"])] == [
        {"type": "subscribe", "product_ids": ["BTC-USD", "ETH-USD"], "channel": "market_trades"},
        {"type": "subscribe", "channel": "heartbeats"},
    ]
    assert FEED.subscribe([]) == []


def test_past_trades_come_from_the_exchanges_pages_under_this_feeds_source() -> None:
    request = FEED.backfill("BTC-USD", from_id="10", to_id="19", from_us=0, to_us=1)
    assert request.url == "https://api.exchange.coinbase.com/products/BTC-USD/trades"
    assert request.params == {"limit": "10", "after": "20"}
    row = {k: v for k, v in trade(12, side="buy").items() if k != "product_id"}
    (record,) = FEED.parse_rest(json.dumps([row]), "BTC-USD", AT).records
    assert isinstance(record, Trade)
    assert (record.source, record.trade_id, record.side, record.backfilled) == ("coinbase-advanced", "12", "sell", True)


def test_advanced_trades_own_page_is_read_too() -> None:
    extra = {"bid": "", "ask": "", "exchange": "coinbase"}
    page = {"trades": [trade("2") | extra, trade("1") | extra], "best_bid": "1", "best_ask": "2"}
    records = FEED.parse_rest(json.dumps(page), "BTC-USD", AT).records
    assert [(r.trade_id, r.side) for r in records if isinstance(r, Trade)] == [("1", "sell"), ("2", "sell")]
    assert FEED.parse_rest('{"error":"NOT_FOUND","message":"no product"}', "BTC-USD", AT).refused == (
        "NOT_FOUND: no product"
    )


def test_product_in_usdc_is_the_one_in_usd_as_the_venue_answers_it() -> None:
    assert FEED.market("BTC-USDC") == ("coinbase", "BTC-USD")
    assert FEED.market("BTC-USD") == ("coinbase", "BTC-USD")
    assert FEED.market("USDC-EUR") == ("coinbase", "USDC-EUR")
