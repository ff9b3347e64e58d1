"""Entries fill up with one market's records, go out when they are due, and are confirmed in one step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.sink import SinkConfig
from producers.sink.buffer import Buffer
from producers.sink.packing import Entry
from producers.source import Item, Raw
from tapehouse.kpl import MAGIC, aggregate, deaggregate
from tapehouse.market import MarketKey
from tapehouse.record import Coverage, Trade, encode
from tests import factories

BTC = MarketKey("kraken", "BTC-USD", "kraken")


def trade(number: int, symbol: str = "BTC-USD", source: str = "kraken", text: str = "") -> Trade:
    return factories.trade(f"{number}{text}", symbol=symbol, source=source)


def coverage(number: int) -> Coverage:
    return factories.coverage(0, number)


def buffer(**changes: int) -> Buffer:
    config = SinkConfig(stream="tape", **{"linger_ms": 100, **changes})
    return Buffer(config, lambda item, reason: None)


def anywhere(_: Entry, __: int) -> bool:
    return True


def put(made: Buffer, *items: Item, now: float = 0.0) -> None:
    assert made.accept(items, 0, now) == len(items)


def ids(entries: list[Entry]) -> list[list[str]]:
    return [[item.trade_id if isinstance(item, Trade) else "barrier" for item in entry.items] for entry in entries]


@given(
    lengths=st.lists(st.integers(0, 400), min_size=1, max_size=60),
    aggregate_bytes=st.integers(0, 3000),
    hash_key=st.none() | st.integers(0, 2**128 - 1).map(str),
)
def test_an_entry_is_never_larger_than_it_was_reckoned_nor_than_an_aggregate_may_be(
    lengths: list[int], aggregate_bytes: int, hash_key: str | None
) -> None:
    made = buffer(aggregate_bytes=aggregate_bytes)
    trades = [trade(number, text="x" * length) for number, length in enumerate(lengths)]
    put(made, *trades)
    entries = made.outbox.take(0.0, anywhere, hurry=True)
    found: list[bytes] = []
    for entry in entries:
        entry.explicit_hash_key = hash_key
        request = entry.request()
        size = len(request["Data"]) + len(request["PartitionKey"])
        assert size == entry.sent_bytes <= entry.size
        assert len(entry.items) == 1 or size <= aggregate_bytes
        parts = deaggregate(request["Data"])
        found += [request["Data"]] if parts is None else [part.data for part in parts]
    assert found == [encode(each) for each in trades]


def test_aggregates_of_the_default_size_fill_their_put_units() -> None:
    made = buffer(buffer_records=10_000)
    put(made, *[trade(number, text="x" * 70) for number in range(5000)])
    entries = made.outbox.take(0.0, anywhere, hurry=True)[:-1]
    for entry in entries:
        entry.request()
    assert all(4 * 25_600 * 0.98 < entry.sent_bytes <= 4 * 25_600 for entry in entries)


def test_a_market_and_a_source_have_entries_of_their_own() -> None:
    made = buffer()
    put(made, trade(1), trade(2, "ETH-USD"), trade(3, source="kraken-2"), trade(4), trade(5, "ETH-USD"))
    assert ids(made.outbox.take(0.0, anywhere, hurry=True)) == [["1", "4"], ["2", "5"], ["3"]]


def test_raw_bytes_go_alone_even_where_they_are_an_aggregate() -> None:
    made = buffer()
    foreign = aggregate("someone", [b"a", b"b"])
    put(made, Raw(data=foreign, partition_key="kraken:BTC-USD"), Raw(data=b"x", partition_key="kraken:BTC-USD"))
    requests = [entry.request() for entry in made.outbox.take(0.0, anywhere, hurry=True)]
    assert [each["Data"] for each in requests] == [foreign, b"x"]
    assert foreign.startswith(MAGIC)


def test_an_open_entry_goes_after_the_linger_with_those_that_waited_half_of_it() -> None:
    made = buffer()
    put(made, trade(1), now=0.0)
    put(made, trade(2, "ETH-USD"), now=0.04)
    put(made, trade(3, "SOL-USD"), now=0.06)
    assert made.outbox.due(0.07, hurry=False) == 0.1
    assert made.outbox.take(0.07, anywhere, hurry=False) == []
    assert ids(made.outbox.take(0.1, anywhere, hurry=False)) == [["1"], ["2"]]
    assert made.outbox.due(0.1, hurry=False) == 0.16
    put(made, trade(4, "SOL-USD"), now=0.11)
    assert ids(made.outbox.take(0.16, anywhere, hurry=False)) == [["3", "4"]]
    assert made.outbox.due(0.2, hurry=False) is None


def test_what_no_shard_has_room_for_stays_and_is_sent_later() -> None:
    made = buffer(aggregate_bytes=0)
    put(made, trade(1), trade(2))
    assert made.outbox.take(1.0, lambda entry, size: False, hurry=True) == []
    assert made.outbox.next_bytes == len(encode(trade(1))) + len("kraken:BTC-USD")
    room = iter([True, False])
    assert ids(made.outbox.take(1.0, lambda entry, size: next(room), hurry=True)) == [["1"]]
    assert ids(made.outbox.take(1.0, anywhere, hurry=True)) == [["2"]]


def test_what_failed_goes_before_what_is_fresh_and_moves_its_hash_key_within() -> None:
    made = buffer()
    put(made, trade(1), trade(2))
    (entry,) = made.outbox.take(0.0, anywhere, hurry=True)
    entry.explicit_hash_key = "1"
    first = entry.request()
    made.outbox.add_again([entry], 5.0)
    put(made, trade(3), now=1.0)
    assert ids(made.outbox.take(5.0, anywhere, hurry=True)) == [["1", "2"], ["3"]]
    entry.explicit_hash_key = "2"
    assert (first["ExplicitHashKey"], entry.request()["ExplicitHashKey"]) == ("1", "2")
    assert entry.request()["Data"] == aggregate("kraken:BTC-USD", [encode(trade(1)), encode(trade(2))], "2")


def test_a_barrier_waits_for_what_is_before_it_and_what_comes_after_does_not() -> None:
    made = buffer()
    put(made, trade(1), coverage(2), trade(3), trade(4))
    entries = made.outbox.take(0.0, anywhere, hurry=True)
    assert ids(entries) == [["1"], ["3", "4"]]
    made.settle([entries[1]])
    assert made.outbox.idle
    made.settle([entries[0]])
    (barrier,) = made.outbox.take(0.0, anywhere, hurry=True)
    assert ids([barrier]) == [["barrier"]]
    assert made.marks()[BTC].confirmed == 1
    made.settle([barrier])
    mark = made.marks()[BTC]
    assert (mark.confirmed, mark.trade_id, mark.covered_through_us) == (4, "4", 2)
    assert (len(made), made.size) == (0, 0)


def test_a_barrier_with_nothing_before_it_travels_with_what_follows() -> None:
    made = buffer()
    put(made, coverage(1), trade(2))
    assert ids(made.outbox.take(0.0, anywhere, hurry=True)) == [["barrier", "2"]]


def test_the_lowest_is_the_first_item_put_even_where_a_held_barrier_is_sent_late() -> None:
    made = buffer()
    put(made, trade(1), coverage(2), trade(3, "ETH-USD"))
    assert made.lowest is not None
    first, other = made.outbox.take(0.0, anywhere, hurry=True)
    made.settle([first])
    assert (made.lowest.position, ids([made.lowest])) == (1, [["barrier"]])
    (barrier,) = made.outbox.take(0.0, anywhere, hurry=True)
    made.settle([barrier])
    assert made.lowest is other
    made.settle([other])
    assert made.lowest is None


def test_keys_of_raw_bytes_are_forgotten_once_nothing_of_them_is_under_way() -> None:
    made = buffer(max_record_bytes=500)
    for number in range(50):
        put(made, Raw(data=b"x", partition_key=f"key {number}"), Raw(data=b"x" * 600, partition_key=f"other {number}"))
        made.settle(made.outbox.take(0.0, anywhere, hurry=True))
    assert made._channels == {}
    assert made.put == 50


def test_what_was_taken_before_a_callback_raised_is_counted() -> None:
    def raising(item: Item, reason: str) -> None:
        raise RuntimeError(reason)

    made = Buffer(SinkConfig(stream="tape"), raising)
    with pytest.raises(RuntimeError, match="characters"):
        made.accept([trade(1), Raw(data=b"x", partition_key=""), trade(2)], 0, 0.0)
    assert (len(made), made.put) == (1, 1)
    made.settle(made.outbox.take(0.0, anywhere, hurry=True))
    assert (len(made), made.size) == (0, 0)
