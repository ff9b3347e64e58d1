"""Whatever comes, ``parse`` and ``parse_rest`` answer: random bytes, random JSON, real frames with a thing changed."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.feeds import FEEDS, Feed, Parsed
from producers.feeds.binance import Binance
from producers.feeds.polygon import Polygon
from tapehouse.record import RAW_LIMIT_BYTES, Trade, Unparsed, encode, judge

AT = 1_700_000_000_000_000
FEED_LIST: list[Feed] = [*FEEDS.values(), Binance(time_unit=None, aggregate=True), Polygon(key="k")]
FRAMES: list[Any] = [
    {
        "type": "match",
        "trade_id": 10,
        "time": "2014-11-07T08:19:27.028459Z",
        "product_id": "BTC-USD",
        "size": "5.23512",
        "price": "400.23",
        "side": "sell",
    },
    {"type": "heartbeat", "sequence": 90, "last_trade_id": 20, "product_id": "BTC-USD"},
    {"type": "subscriptions", "channels": [{"name": "matches", "product_ids": ["BTC-USD"]}]},
    {"type": "error", "message": "Failed to subscribe", "reason": "x"},
    {
        "channel": "market_trades",
        "sequence_num": 3,
        "events": [
            {
                "type": "snapshot",
                "trades": [
                    {
                        "product_id": "BTC-USD",
                        "trade_id": "699871154",
                        "price": "62322.43",
                        "size": "0.00005535",
                        "time": "2024-10-08T09:10:52.378779Z",
                        "side": "BUY",
                    }
                ],
            }
        ],
    },
    {"channel": "subscriptions", "events": [{"subscriptions": {"market_trades": ["BTC-USD"]}}]},
    {
        "channel": "trade",
        "type": "update",
        "data": [
            {
                "symbol": "BTC/USD",
                "side": "buy",
                "price": 105944.5,
                "qty": 2,
                "trade_id": 10218208,
                "timestamp": "2023-10-06T17:35:55.440295Z",
            }
        ],
    },
    {"channel": "status", "data": [{"system": "online"}]},
    {"method": "subscribe", "result": {"channel": "trade", "symbol": "BTC/USD"}, "success": True},
    {"event": "subscriptionStatus", "pair": "XBT/USD", "status": "subscribed", "subscription": {"name": "trade"}},
    [321, [["57126.70000", "0.02063928", "1616333924.737428", "b", "m", ""]], "trade", "XBT/USD"],
    {
        "stream": "bnbbtc@trade",
        "data": {"e": "trade", "s": "BNBBTC", "t": 1, "p": "1", "q": "1", "T": 1672515782136, "m": True},
    },
    {"e": "aggTrade", "s": "BNBBTC", "a": 1, "p": "1", "q": "1", "T": 1672515782136, "m": True},
    {"result": None, "id": 1},
    {"error": {"code": 2, "msg": "x"}},
    {"error": [], "result": {"XXBTZUSD": [["66824.3", "0.1", 1688669448.5, "b", "l", "", 98240918]], "last": "1"}},
    [{"id": 28457, "price": "4", "qty": "12", "time": 1499865549590, "isBuyerMaker": True}],
    {
        "event": "trade",
        "channel": "live_trades_btcusd",
        "data": {
            "id": 106833903,
            "timestamp": "1583691851",
            "microtimestamp": "1583691851934000",
            "amount": 1,
            "amount_str": "1E-8",
            "price": 8302.5,
            "price_str": "8302.50",
            "type": 0,
        },
    },
    {"event": "bts:error", "channel": "", "data": {"code": None, "message": "Bad subscription string."}},
    {"event": "bts:subscription_succeeded", "channel": "live_trades_btcusd", "data": {}},
    [{"amount": "0.00055284", "date": "1710327533", "price": "73254", "tid": "326595342", "type": "0"}],
    {
        "arg": {"channel": "trades", "instId": "BTC-USDT"},
        "data": [
            {
                "instId": "BTC-USDT",
                "tradeId": "130639474",
                "px": "42219.9",
                "sz": "0.12060306",
                "side": "buy",
                "ts": "1630048897897",
                "count": "3",
                "seqId": 1234,
            }
        ],
    },
    {"event": "notice", "code": "64008", "msg": "x"},
    {"event": "subscribe", "arg": {"channel": "trades-all", "instId": "BTC-USDT"}},
    {
        "code": "0",
        "msg": "",
        "data": [{"instId": "BTC-USDT", "side": "sell", "sz": "1", "px": "2", "tradeId": "9", "ts": "1630048897897"}],
    },
    {
        "topic": "publicTrade.BTCUSDT",
        "type": "snapshot",
        "data": [
            {
                "i": "2290000001189048101",
                "T": 1786310822605,
                "p": "65140.5",
                "v": "0.002705",
                "S": "Buy",
                "s": "BTCUSDT",
                "BT": False,
            }
        ],
    },
    {"success": True, "ret_msg": "subscribe", "req_id": "1", "op": "subscribe"},
    {"success": False, "ret_msg": "error:handler not found", "op": "subscribe"},
    {"data": [{"c": None, "p": 95372.5, "s": "BINANCE:BTCUSDT", "t": 1768655932976, "v": 1}], "type": "trade"},
    {"data": [{"c": ["1"], "p": 1, "s": "AAPL", "t": 1768655932976, "v": 1}], "type": "trade"},
    [
        {"ev": "status", "status": "connected", "message": "Connected Successfully"},
        {"ev": "status", "status": "success", "message": "subscribed to: XT.BTC-USD"},
        {"ev": "XT", "pair": "BTC-USD", "p": 33021.5, "t": 1610462007425, "s": 1, "c": [2], "i": 14272084, "x": 3},
    ],
    {
        "results": [
            {
                "conditions": [1],
                "exchange": 1,
                "id": "191450340",
                "participant_timestamp": 1625097600103000000,
                "price": 35060,
                "size": 1,
            }
        ],
        "status": "OK",
    },
    [{"trade_id": 1, "side": "sell", "size": "1", "price": "2", "time": "2024-03-13T11:00:17.710679Z"}],
]

strange = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**70, max_value=10**72)
    | st.floats()
    | st.text(alphabet=st.characters(), max_size=20)
    | st.sampled_from(
        ["trade", "match", "BTC-USD", "1e999999", "NaN", "9" * 100, "2024-01-01T00:00:00Z", "\ud800", "", "-"]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to everything in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in inner for found in places(item, (*path, key)))]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A frame of a venue in which up to three things are replaced, removed or repeated."""
    frame = {"frame": copy.deepcopy(draw(st.sampled_from(FRAMES)))}
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from([p for p in places(frame) if p]))
        holder: Any = frame
        for key in path:
            holder = holder[key]
        action = draw(st.sampled_from(["replace", "remove", "repeat"]))
        if action == "replace" or not path:
            holder[last] = draw(strange)
        elif action == "remove":
            del holder[last]
        elif isinstance(holder, list):
            holder.append(copy.deepcopy(holder[last]))
    return json.dumps(frame["frame"])


def as_bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def check(parsed: Parsed, text: str | bytes) -> None:
    """What holds for every answer, whatever was asked."""
    for record in parsed.records:
        judged = judge(encode(record), record.received_time_us)
        if isinstance(record, Trade):
            # Only what a rule of its own judges by value may be found wrong in a trade that was read.
            assert {reason.split(".")[1] for reason in judged.reasons} <= {"range", "scale"}
        else:
            assert isinstance(record, Unparsed)
            assert judged.reasons == ("unparsed",)
            whole, kept = as_bytes(text), as_bytes(record.raw)
            assert len(kept) <= RAW_LIMIT_BYTES
            assert whole.startswith(kept)
            assert record.raw_bytes == len(whole)
    assert sum(isinstance(record, Unparsed) for record in parsed.records) <= 1


def ask(text: str | bytes) -> None:
    for feed in FEED_LIST:
        parsed = feed.parse(text, AT)
        assert parsed == feed.parse(text, AT)
        check(parsed, text)
        check(feed.parse_rest(text, "BTC-USD", AT), text)


@given(st.binary(max_size=200) | st.text(alphabet=st.characters(), max_size=200))
@settings(max_examples=200)
def test_random_bytes_and_text_are_answered(text: str | bytes) -> None:
    ask(text)


@given(strange)
@settings(max_examples=200)
def test_random_json_is_answered(value: Any) -> None:
    ask(json.dumps(value))


@given(mutated())
@settings(max_examples=600)
def test_frames_with_something_changed_are_answered(text: str) -> None:
    ask(text)


@given(mutated(), st.data())
@settings(max_examples=200)
def test_frames_cut_or_stained_are_answered(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    ask(text[:at])
    ask(text[:at].encode() + data.draw(st.binary(max_size=3)) + text[at:].encode())


@pytest.mark.parametrize("depth", [500, 5_000, 200_000])
def test_deep_nesting_is_answered(depth: int) -> None:
    for inside in ("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth):
        ask(inside)
        ask(f'{{"type":"match","price":{inside}}}')
        ask(f'{{"channel":"trade","data":[{inside}]}}')
        ask(f'[1,[{inside}],"trade","XBT/USD"]')


@pytest.mark.parametrize(
    "number", ["9" * 5_000, "-" + "9" * 5_000, "1e" + "9" * 30, "1e-400000000", "NaN", "-Infinity"]
)
def test_every_number_may_be_absurd(number: str) -> None:
    for frame in FRAMES:
        for *path, last in (p for p in places(frame) if p):
            changed = copy.deepcopy(frame)
            holder = changed
            for key in path:
                holder = holder[key]
            holder[last] = "@@"
            ask(json.dumps(changed).replace('"@@"', number))
