"""Bitstamp: texts before numbers, ids of the whole venue, pages that reach back from now."""

import json
from typing import Any

import pytest

from producers.feeds import SymbolError
from producers.feeds.bitstamp import Bitstamp
from tapehouse.record import Trade, Unparsed

FEED = Bitstamp()
AT = 1_700_000_000_000_000
DATA = (
    '{"id":106833903,"timestamp":"1583691851","microtimestamp":"1583691851934000","amount":0.14406384,'
    '"amount_str":"0.14406384","price":8302.92,"price_str":"8302.92","type":0,"buy_order_id":1207733769326592,'
    '"sell_order_id":1207733765476352}'
)
ROW = '{"amount":"0.00055284","date":"1710327533","price":"73254","tid":"326595342","type":"0"}'
SECOND_US = 1_000_000


def message(data: str = DATA, channel: str = '"live_trades_btcusd"') -> str:
    return f'{{"event":"trade","channel":{channel},"data":{data}}}'


def changed(**changes: Any) -> str:
    data = json.loads(DATA) | changes
    return message(json.dumps({key: value for key, value in data.items() if value is not ...}))


def one(text: str) -> Trade:
    (trade,) = FEED.parse(text, AT).records
    assert isinstance(trade, Trade), trade
    return trade


def test_trade_is_read_as_documented() -> None:
    assert one(message()) == Trade(
        exchange="bitstamp",
        symbol="BTC-USD",
        source="bitstamp",
        trade_id="106833903",
        price="8302.92",
        size="0.14406384",
        side="buy",
        event_time_us=1583691851934000,
        received_time_us=AT,
    )


def test_texts_go_before_the_numbers_and_print_plainly() -> None:
    assert one(changed(amount_str="1E-8", amount=1e-8)).size == "0.00000001"
    assert one(changed(price_str="8302.93")).price == "8302.93"


@pytest.mark.parametrize("absent", [..., None])
def test_numbers_stand_in_for_absent_texts_with_all_their_digits(absent: object) -> None:
    text = changed(amount_str=absent, price_str=absent).replace("0.14406384", "0.100000000000000005551")
    assert (one(text).size, one(text).price) == ("0.100000000000000005551", "8302.92")


@pytest.mark.parametrize("absent", [..., None])
def test_whole_seconds_stand_in_for_an_absent_microtimestamp(absent: object) -> None:
    assert one(changed(microtimestamp=absent)).event_time_us == 1583691851 * SECOND_US


@pytest.mark.parametrize(("wire", "side"), [(0, "buy"), (1, "sell"), ("0", "buy"), ("1", "sell")])
def test_type_is_the_takers_side(wire: object, side: str) -> None:
    assert one(changed(type=wire)).side == side


def test_trade_ahead_of_our_clock_is_a_trade() -> None:
    (trade,) = FEED.parse(message(), 1583691851864000).records
    assert isinstance(trade, Trade)


WRONG: list[object] = [False, True, [], {}, "?", ""]
MISTYPED = [
    *((key, value) for key in ("id", "amount_str", "price_str", "type", "microtimestamp") for value in WRONG),
    *((key, value) for key in ("id", "type", "microtimestamp") for value in (-1, 2.5)),
    *(("type", value) for value in (2, "buy")),
    *(("microtimestamp", value) for value in ("1583691851934", 1583691851934)),
]


@pytest.mark.parametrize(("key", "value"), MISTYPED)
def test_mistyped_key_keeps_the_message_and_names_the_key(key: str, value: object) -> None:
    text = changed(**{key: value})
    (record,) = FEED.parse(text, AT).records
    assert isinstance(record, Unparsed)
    assert record.error.startswith(f"{key} ")
    assert (record.exchange, record.symbol, record.raw) == ("bitstamp", "BTC-USD", text)


@pytest.mark.parametrize("keys", [("id",), ("type",), ("amount", "amount_str"), ("microtimestamp", "timestamp")])
def test_missing_key_keeps_the_message(keys: tuple[str, ...]) -> None:
    (record,) = FEED.parse(changed(**dict.fromkeys(keys, ...)), AT).records
    assert isinstance(record, Unparsed)
    assert record.error == f"{keys[-1] if keys[0] == 'microtimestamp' else keys[0]} is missing"


@pytest.mark.parametrize(
    "channel", ["null", "5", '"order_book_btcusd"', '"live_trades_"', '"live_trades_btcusd-perp"', '"live_trades_qqqq"']
)
def test_trade_of_a_channel_without_a_spot_pair_is_kept(channel: str) -> None:
    (record,) = FEED.parse(message(channel=channel), AT).records
    assert isinstance(record, Unparsed)
    assert record.symbol is None


@pytest.mark.parametrize("data", ["null", "[]", "5", "{}"])
def test_trade_without_data_is_kept(data: str) -> None:
    (record,) = FEED.parse(message(data), AT).records
    assert isinstance(record, Unparsed)


def test_subscriptions_are_one_message_a_pair_and_confirmed_one_by_one() -> None:
    asked = FEED.subscribe(["BTC-USD", "XLM-EUR", "BTC-USD"])
    assert asked == [
        '{"event":"bts:subscribe","data":{"channel":"live_trades_btcusd"}}',
        '{"event":"bts:subscribe","data":{"channel":"live_trades_xlmeur"}}',
    ]
    parsed = FEED.parse('{"event":"bts:subscription_succeeded","channel":"live_trades_xlmeur","data":{}}', AT)
    assert parsed.acknowledged == ("XLM-EUR",)
    book = FEED.parse('{"event":"bts:subscription_succeeded","channel":"diff_order_book_xlmeur","data":{}}', AT)
    assert (book.acknowledged, book.ignored) == ((), "subscription_succeeded")
    with pytest.raises(SymbolError):
        FEED.subscribe(["BTC-USD-PERP"])


def test_error_is_said_in_the_venues_words() -> None:
    text = '{"event":"bts:error","channel":"","data":{"code":null,"message":"Bad subscription string."}}'
    assert FEED.parse(text, AT).refused == "Bad subscription string."
    assert FEED.parse('{"event":"bts:error"}', AT).refused == "an error without words"


def test_heartbeat_is_asked_for_and_its_answer_counted() -> None:
    assert FEED.keepalive() == '{"event":"bts:heartbeat"}'
    assert FEED.traits.limits.keepalive_s <= 30
    assert FEED.parse('{"event":"bts:heartbeat","data":{"status":"success"}}', AT).ignored == "heartbeat"


def test_request_to_reconnect_closes() -> None:
    assert FEED.parse('{"event":"bts:request_reconnect","channel":"","data":{}}', AT).closing


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"event":"data","channel":"diff_order_book_ethgbp","data":{}}', "data"),
        ('{"event":"order_created","channel":"live_orders_btcusd"}', "order_created"),
        ('{"event":7}', "unknown"),
        ("{}", "unknown"),
        ("[]", "unknown"),
        ("pong", "not_json"),
    ],
)
def test_other_messages_are_counted_by_their_name(text: str, name: str) -> None:
    parsed = FEED.parse(text, AT)
    assert (parsed.records, parsed.ignored) == ((), name)


@pytest.mark.parametrize(
    ("age_s", "reach"),
    [(0, "hour"), (3_420, "hour"), (3_421, "day"), (80_000, "day"), (900_000, "day")],
)
def test_page_reaches_back_over_the_whole_hole_with_time_to_spare(age_s: int, reach: str) -> None:
    ask = {"from_id": None, "to_id": None}
    request = FEED.backfill("BTC-USD", **ask, from_us=AT - age_s * SECOND_US, to_us=AT)
    assert request.url == "https://www.bitstamp.net/api/v2/transactions/btcusd/"
    assert request.params == {"time": reach}


def test_page_comes_oldest_first_in_whole_seconds_with_the_ids_of_the_stream() -> None:
    older = ROW.replace("326595342", "326595341").replace("1710327533", "1710327532").replace('"0"', '"1"')
    first, last = FEED.parse_rest(f"[{ROW},{older}]", "BTC-USD", AT).records
    assert isinstance(first, Trade)
    assert (first.trade_id, first.side) == ("326595341", "sell")
    assert last == Trade(
        exchange="bitstamp",
        symbol="BTC-USD",
        source="bitstamp",
        trade_id="326595342",
        price="73254",
        size="0.00055284",
        side="buy",
        event_time_us=1710327533 * SECOND_US,
        received_time_us=AT,
        backfilled=True,
    )


def test_bad_row_of_a_page_never_hides_its_neighbours() -> None:
    good, bad = FEED.parse_rest(f"[{ROW.replace('73254', '?')},{ROW}]", "BTC-USD", AT).records
    assert isinstance(good, Trade)
    assert isinstance(bad, Unparsed)
    assert (bad.symbol, bad.error) == ("BTC-USD", "trade 0: price cannot be '?'")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"status":"error","reason":"Not found.","code":"404.002"}', "404.002: Not found."),
        ('{"error":"Bad pair"}', "Bad pair"),
        ("<html>404</html>", "the answer is not JSON"),
    ],
)
def test_error_body_is_no_empty_page(text: str, words: str) -> None:
    parsed = FEED.parse_rest(text, "BTC-USD", AT)
    assert (parsed.records, parsed.refused) == ((), words)
    assert FEED.parse_rest("[]", "BTC-USD", AT).refused is None


def test_ids_prove_no_hole() -> None:
    traits = FEED.traits
    assert (traits.contiguous_ids, traits.paging, traits.acknowledges) == (False, "recent", True)
    assert traits.rest.history_s is not None
    assert traits.rest.history_s < 86_400
