"""The sink against a Kinesis that fails in every way it can: nothing is lost, nothing is said too early."""

import asyncio
import pickle
import threading
import tracemalloc
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ReadTimeoutError
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.sink import KinesisSink, SinkClosedError, SinkConfig, UnconfirmedError
from producers.source import Item, Raw
from tapehouse.errors import SettingsError
from tapehouse.kinesis import StreamRefusedError
from tapehouse.kpl import deaggregate
from tapehouse.market import MarketKey
from tapehouse.record import Coverage, Record, Trade, encode
from tests import factories

BTC = MarketKey("kraken", "BTC-USD", "kraken")
NOW_US = 1_760_000_000_000_000
Fault = str | tuple[bool, ...]
"""What a call meets: "ok", a failure of the whole call, or which entries fail (going on from call to call)."""


def trade(number: int, symbol: str = "BTC-USD", *, backfilled: bool = False) -> Trade:
    return factories.trade(number, symbol=symbol, backfilled=backfilled, event_time_us=NOW_US + number)


def coverage(number: int, symbol: str = "BTC-USD") -> Coverage:
    return factories.coverage(NOW_US, NOW_US + number, symbol=symbol)


def client_error(code: str, status: int) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "no."}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "PutRecords")


class FakeKinesis:
    """Takes PutRecords as Kinesis does, after the faults it is given; keeps what it took in order."""

    def __init__(self, faults: Sequence[Fault] = (), then: Fault = "ok") -> None:
        self._faults, self._then = iter(faults), then
        self._lock = threading.Lock()
        self._entries = 0
        self.taken: list[bytes] = []
        self.keys: list[str] = []
        self.aggregates = 0
        self.calls: list[int] = []
        self.call_bytes: list[int] = []
        self.watch: Callable[[], None] = lambda: None

    def put_records(self, *, StreamName: str, Records: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:  # noqa: N803
        assert StreamName == "tape"
        with self._lock:
            self.watch()
            self.calls.append(len(Records))
            self.call_bytes.append(sum(len(r["Data"]) + len(r["PartitionKey"].encode()) for r in Records))
            fault = next(self._faults, self._then)
            return self._answer(fault, Records)

    def _answer(self, fault: Fault, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        before = {
            "throttled": lambda: client_error("ProvisionedThroughputExceededException", 400),
            "internal": lambda: client_error("InternalFailure", 500),
            "refused": lambda: EndpointConnectionError(endpoint_url="loopback"),
            "gone": lambda: client_error("ResourceNotFoundException", 400),
            "denied": lambda: client_error("AccessDeniedException", 400),
            "invalid": lambda: client_error("ValidationException", 400),
            "keyless": NoCredentialsError,
        }
        if isinstance(fault, str) and fault in before:
            raise before[fault]()
        fails = fault if isinstance(fault, tuple) else (False,)
        results: list[dict[str, str]] = []
        for entry in entries:
            self._entries += 1
            if fails[(self._entries - 1) % len(fails)]:
                results.append({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow down"})
            else:
                self._take(entry["Data"], entry["PartitionKey"])
                results.append({"SequenceNumber": str(len(self.taken)), "ShardId": "shardId-000000000000"})
        if fault == "lost":
            raise ReadTimeoutError(endpoint_url="loopback")
        if fault == "short":
            results = results[:-1]
        return {"FailedRecordCount": sum("ErrorCode" in each for each in results), "Records": results}

    def _take(self, data: bytes, key: str) -> None:
        """A reader finds the records of an aggregate; its key is that of them all."""
        parts = deaggregate(data)
        assert parts is None or len(parts) > 1, "a lone record goes as it is"
        assert parts is None or {part.partition_key for part in parts} == {key}, "an aggregate holds one market"
        self.aggregates += parts is not None
        self.taken.extend([data] if parts is None else [part.data for part in parts])
        self.keys.append(key)


def config(**changes: Any) -> SinkConfig:
    return SinkConfig(**{"stream": "tape", "linger_ms": 1, "backoff_base_ms": 1, "backoff_cap_ms": 2, **changes})


def run(work: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await work

    asyncio.run(bounded())


async def until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.002)


# -- the promise ------------------------------------------------------------------------------------------------------

SYMBOLS = ("BTC-USD", "ETH-USD", "SOL-USD")
faults = st.one_of(
    st.sampled_from(["ok", "throttled", "internal", "refused", "lost", "short"]),
    st.lists(st.booleans(), min_size=1, max_size=6).map(tuple),
)
puts = st.lists(
    st.lists(st.tuples(st.sampled_from(SYMBOLS), st.sampled_from(["trade", "trade", "coverage", "raw"])), max_size=12),
    max_size=8,
)


def items_of(batches: Sequence[Sequence[tuple[str, str]]]) -> Iterator[list[Item]]:
    number = count(1)

    def item(symbol: str, kind: str) -> Item:
        if kind == "raw":
            return Raw(data=b"garbage %d" % next(number), partition_key="f" * 32)
        return coverage(next(number), symbol) if kind == "coverage" else trade(next(number), symbol)

    for batch in batches:
        yield [item(symbol, kind) for symbol, kind in batch]


class Watcher:
    """Compares what the sink says at each confirmation with what Kinesis has."""

    def __init__(self, kinesis: FakeKinesis, batches: Sequence[Sequence[Item]]) -> None:
        self.kinesis = kinesis
        self.confirmed: list[Item] = []
        self.most_records = self.most_bytes = 0
        self.markets: dict[MarketKey, list[Record]] = {}
        for batch in batches:
            for item in batch:
                if not isinstance(item, Raw):
                    self.markets.setdefault(MarketKey("kraken", item.symbol or "", "kraken"), []).append(item)

    def look(self, sink: KinesisSink) -> None:
        held = sink.metrics()
        self.most_records = max(self.most_records, held.buffered)
        self.most_bytes = max(self.most_bytes, held.buffered_bytes)
        taken = set(self.kinesis.taken)
        for name, mark in sink.marks().items():
            prefix = self.markets[name][: mark.confirmed]
            assert all(encode(record) in taken for record in prefix), "a mark has passed an unconfirmed record"
            trades = [record for record in prefix if isinstance(record, Trade)]
            assert mark.trade_id == (trades[-1].trade_id if trades else None)


@settings(max_examples=120, deadline=None)
@given(
    batches=puts,
    script=st.lists(faults, max_size=30),
    max_call_entries=st.integers(1, 7),
    buffer_records=st.integers(1, 20),
    buffer_bytes=st.integers(600, 4000),
    max_in_flight=st.integers(1, 3),
    aggregate_bytes=st.sampled_from([0, 100, 400, 550, 600, 100_000]),
)
def test_every_item_is_confirmed_once_and_no_mark_passes_a_hole(
    *,
    batches: list[list[tuple[str, str]]],
    script: list[Fault],
    max_call_entries: int,
    buffer_records: int,
    buffer_bytes: int,
    max_in_flight: int,
    aggregate_bytes: int,
) -> None:
    kinesis = FakeKinesis(script)
    items = list(items_of(batches))
    watcher = Watcher(kinesis, items)
    settings_ = config(
        max_call_entries=max_call_entries,
        max_record_bytes=600,
        max_call_bytes=700,
        buffer_records=buffer_records,
        buffer_bytes=buffer_bytes,
        max_in_flight=max_in_flight,
        aggregate_bytes=aggregate_bytes,
    )

    async def work() -> None:
        def on_confirmed(confirmed: Sequence[Item]) -> None:
            watcher.confirmed.extend(confirmed)
            watcher.look(sink)

        async with KinesisSink(settings_, kinesis, on_confirmed=on_confirmed) as sink:
            kinesis.watch = lambda: watcher.look(sink)
            for batch in items:
                await sink.put_many(batch)
            await sink.flush()
            done = sink.metrics()
            assert (done.buffered, done.buffered_bytes) == (0, 0)
            assert done.put == done.confirmed == sum(len(batch) for batch in items)
            assert {name: mark.confirmed for name, mark in sink.marks().items()} == {
                name: len(records) for name, records in watcher.markets.items()
            }

    run(work())
    put = [item for batch in items for item in batch]
    assert sorted(map(repr, watcher.confirmed)) == sorted(map(repr, put))
    assert {data_of(item) for item in put} == set(kinesis.taken)
    assert watcher.most_records <= buffer_records
    assert watcher.most_bytes <= buffer_bytes
    assert all(calls <= max_call_entries for calls in kinesis.calls)
    assert all(size <= 700 for size in kinesis.call_bytes)
    assert_barriers_follow_what_they_speak_for(watcher.markets, kinesis.taken)


def data_of(item: Item) -> bytes:
    return item.data if isinstance(item, Raw) else encode(item)


def assert_barriers_follow_what_they_speak_for(markets: Mapping[MarketKey, list[Record]], taken: list[bytes]) -> None:
    for records in markets.values():
        first = [taken.index(encode(record)) for record in records]
        for number, record in enumerate(records):
            if isinstance(record, Coverage):
                assert all(place < first[number] for place in first[:number]), "a coverage came before its trades"


@pytest.mark.parametrize("aggregate_bytes", [0, 2_000])
def test_thirty_percent_failing_entries_and_lost_answers_lose_nothing(aggregate_bytes: int) -> None:
    pattern = (True, False, False, True, False, False, True, False, False, False)
    kinesis = FakeKinesis((pattern, "lost", pattern, "throttled", pattern, "internal", "lost"), then=pattern)
    trades = [trade(number, SYMBOLS[number % 3]) for number in range(5000)]

    async def work() -> None:
        async with KinesisSink(config(buffer_records=700, aggregate_bytes=aggregate_bytes), kinesis) as sink:
            await sink.put_many(trades)
            await sink.flush()
            metrics = sink.metrics()
            assert metrics.confirmed == 5000
            assert metrics.failed_calls == 4
            assert metrics.retried >= metrics.throttled > 1000

    run(work())
    assert bool(kinesis.aggregates) == bool(aggregate_bytes)
    assert set(kinesis.taken) == {encode(each) for each in trades}


# -- waiting and sending ----------------------------------------------------------------------------------------------


def test_items_go_out_after_the_linger_without_a_flush() -> None:
    kinesis = FakeKinesis()

    async def work() -> None:
        async with KinesisSink(config(linger_ms=20), kinesis) as sink:
            await sink.put_many([trade(1)])
            await sink.put_many([trade(2)])
            await until(lambda: sink.metrics().confirmed == 2)

    run(work())
    assert (kinesis.calls, kinesis.aggregates) == ([1], 1)


def test_a_full_call_does_not_linger() -> None:
    kinesis = FakeKinesis()

    async def work() -> None:
        async with KinesisSink(config(linger_ms=3_600_000, max_call_entries=3, aggregate_bytes=0), kinesis) as sink:
            for number in range(6):
                await sink.put_many([trade(number)])
                await asyncio.sleep(0.01)  # the one who sends has seen it, and lingers
            await until(lambda: sink.metrics().confirmed == 6)

    run(work())
    assert kinesis.calls == [3, 3]


def test_an_item_that_comes_to_an_idle_sink_goes_out_after_the_linger() -> None:
    async def work() -> None:
        async with KinesisSink(config(), FakeKinesis()) as sink:
            for number in range(3):
                await sink.put_many([trade(number)])
                await until(lambda: sink.metrics().buffered == 0)
                await asyncio.sleep(0.01)

    run(work())


def test_a_long_backoff_holds_up_only_its_own_entries() -> None:
    kinesis = FakeKinesis([(True,)])

    async def work() -> None:
        slow = config(backoff_base_ms=3_600_000, backoff_cap_ms=3_600_000)
        sink = KinesisSink(slow, kinesis, jitter=lambda: 0.999)
        await sink.put_many([trade(1)])
        await until(lambda: sink.metrics().retried == 1)
        await sink.put_many([trade(2)])
        await until(lambda: sink.metrics().confirmed == 1)
        assert sink.marks()[BTC].confirmed == 0
        with pytest.raises(UnconfirmedError):
            await sink.close(0.01)

    run(work())
    assert kinesis.taken == [encode(trade(2))]


def test_putting_waits_while_the_buffer_is_full_and_goes_on_when_there_is_room() -> None:
    kinesis = FakeKinesis(then="throttled")

    async def work() -> None:
        async with KinesisSink(config(buffer_records=10), kinesis) as sink:
            putting = asyncio.create_task(sink.put_many([trade(number) for number in range(30)]))
            await until(lambda: sink.metrics().retried > 20)
            assert not putting.done()
            assert sink.metrics().put == sink.metrics().buffered == 10
            kinesis._then = "ok"
            await putting

    run(work())
    assert len(set(kinesis.taken)) == 30


def test_two_callers_take_turns() -> None:
    kinesis = FakeKinesis()

    async def work() -> None:
        async with KinesisSink(config(buffer_records=5, max_call_entries=5, max_in_flight=1), kinesis) as sink:
            first = [trade(number) for number in range(20)]
            second = [trade(100 + number) for number in range(20)]
            await asyncio.gather(sink.put_many(first), sink.put_many(second))

    run(work())
    assert kinesis.taken == [encode(trade(number)) for number in (*range(20), *range(100, 120))]


def test_raw_bytes_reach_the_stream_unchanged() -> None:
    kinesis = FakeKinesis()
    garbage = b'\xff\x00{"v":1, "kind":'

    async def work() -> None:
        async with KinesisSink(config(), kinesis) as sink:
            await sink.put_raw(garbage, "some key")
            await sink.put_raw(b"", "k")
            await sink.flush()
            assert sink.marks() == {}

    run(work())
    assert sorted(zip(kinesis.taken, kinesis.keys, strict=True)) == [(b"", "k"), (garbage, "some key")]


def test_the_partition_key_is_the_market() -> None:
    kinesis = FakeKinesis()

    async def work() -> None:
        async with KinesisSink(config(), kinesis) as sink:
            await sink.put_many([trade(1, "ETH-USD")])

    run(work())
    assert kinesis.keys == ["kraken:ETH-USD"]


def test_a_backfilled_trade_does_not_move_the_mark_back() -> None:
    async def work() -> None:
        async with KinesisSink(config(), FakeKinesis()) as sink:
            await sink.put_many([trade(10), trade(3, backfilled=True), coverage(11)])
            await sink.flush()
            mark = sink.marks()[BTC]
            assert (mark.confirmed, mark.trade_id, mark.covered_through_us) == (3, "10", NOW_US + 11)

    run(work())


def test_what_was_sent_is_counted_as_kinesis_bills_it() -> None:
    kinesis = FakeKinesis(["lost", (True, False)])

    async def work() -> None:
        async with KinesisSink(config(), kinesis) as sink:
            assert sink.metrics().oldest_s == 0
            await sink.put_many([trade(1), trade(2), Raw(data=b"x" * 30_000, partition_key="k")])
            held = sink.metrics()
            assert (held.buffered, held.oldest_s >= 0, held.mean_lag_s) == (3, True, 0)
            await sink.flush()
            done = sink.metrics()
            assert (done.confirmed, done.entries, done.put_units, done.calls) == (3, 2, 3, 3)
            assert done.retried == done.throttled + 3
            assert done.sent_bytes == sum(kinesis.call_bytes)
            assert done.mean_lag_s > 0
            assert (done.buffered, done.oldest_s) == (0, 0)

    run(work())


# -- what cannot be sent ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (Raw(data=b"x" * (1024 * 1024), partition_key="k"), "limit"),
        (Raw(data=b"x", partition_key=""), "characters"),
        (Raw(data=b"x", partition_key="k" * 257), "characters"),
        (Raw(data=b"x", partition_key="\ud800"), "Unicode"),
    ],
)
def test_an_item_that_kinesis_never_takes_is_refused_alone(item: Raw, why: str) -> None:
    kinesis = FakeKinesis()
    refused: list[tuple[Item, str]] = []

    async def work() -> None:
        async with KinesisSink(config(), kinesis, on_refused=lambda *each: refused.append(each)) as sink:
            await sink.put_many([trade(1), item, coverage(2)])
            await sink.flush()
            assert (sink.metrics().put, sink.metrics().confirmed, sink.metrics().refused) == (2, 2, 1)

    run(work())
    assert [each for each, _ in refused] == [item]
    assert why in refused[0][1]
    assert kinesis.taken == [encode(trade(1)), encode(coverage(2))]


def test_the_largest_record_is_sent() -> None:
    kinesis = FakeKinesis()

    async def work() -> None:
        async with KinesisSink(config(), kinesis) as sink:
            await sink.put_raw(b"x" * (1024 * 1024 - 1), "k")

    run(work())
    assert [len(data) for data in kinesis.taken] == [1024 * 1024 - 1]


# -- memory -----------------------------------------------------------------------------------------------------------


class Forgetful:
    """Throttles a third of the entries and keeps nothing of what it takes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries = 0

    def put_records(self, *, StreamName: str, Records: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:  # noqa: N803
        results: list[dict[str, str]] = []
        with self._lock:
            for _ in Records:
                self._entries += 1
                throttled = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow down"}
                results.append({"ShardId": "shardId-000000000000"} if self._entries % 3 else throttled)
        return {"Records": results}


@pytest.mark.parametrize("aggregate_bytes", [0, 4096])
def test_memory_is_flat_however_much_goes_through_and_is_throttled(aggregate_bytes: int) -> None:
    peaks: list[int] = []
    small = config(aggregate_bytes=aggregate_bytes, buffer_records=500)

    async def work() -> None:
        async with KinesisSink(small, Forgetful()) as sink:
            for part in range(6):
                tracemalloc.reset_peak()
                for number in range(part * 4000, (part + 1) * 4000, 100):
                    await sink.put_many([trade(each, SYMBOLS[each % 3]) for each in range(number, number + 100)])
                    assert sink.metrics().buffered <= 500
                await sink.flush()
                peaks.append(tracemalloc.get_traced_memory()[1])
            assert sink.metrics().throttled > 6000

    tracemalloc.start()
    try:
        run(work())
    finally:
        tracemalloc.stop()
    assert max(peaks[2:]) < 1.3 * max(peaks[:2]), "24,000 trades of some 900 bytes each went through"


# -- failing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["gone", "denied", "invalid", "keyless"])
def test_what_no_retry_can_mend_stops_the_sink_with_what_to_do(fault: str) -> None:
    kinesis = FakeKinesis(then=fault)

    async def work() -> None:
        sink = KinesisSink(config(buffer_records=2), kinesis)
        with pytest.raises(StreamRefusedError, match=r"'tape'.*2 item") as refused:
            await sink.put_many([trade(1), trade(2), trade(3)])
        for attempt in (sink.flush(), sink.put_many([trade(4)]), sink.close()):
            with pytest.raises(StreamRefusedError):
                await attempt
        assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)

    run(work())
    assert len(kinesis.calls) == 1


def test_close_tells_how_many_are_unconfirmed_and_which_is_the_lowest() -> None:
    kinesis = FakeKinesis([(False, True, True)], then="throttled")

    async def work() -> None:
        sink = KinesisSink(config(aggregate_bytes=0), kinesis)
        await sink.put_many([trade(7), trade(8), trade(9)])
        with pytest.raises(UnconfirmedError) as unconfirmed:
            await sink.close(0.1)
        assert (unconfirmed.value.count, unconfirmed.value.lowest_position) == (2, 1)
        assert "kraken:BTC-USD:kraken 8" in str(unconfirmed.value)
        assert str(pickle.loads(pickle.dumps(unconfirmed.value))) == str(unconfirmed.value)
        await sink.close()
        with pytest.raises(UnconfirmedError):
            await sink.put_many([trade(10)])

    run(work())


def test_giving_up_is_an_error_and_never_a_drop() -> None:
    async def work() -> None:
        sink = KinesisSink(config(give_up_after_s=0.02), FakeKinesis(then="internal"))
        await sink.put_many([trade(1), trade(2)])
        with pytest.raises(UnconfirmedError, match=r"^2 item"):
            await sink.flush()
        with pytest.raises(UnconfirmedError):
            await sink.close()

    run(work())


def test_who_waits_for_room_is_told_when_the_sink_is_closed_over_him() -> None:
    async def work() -> None:
        sink = KinesisSink(config(buffer_records=1), FakeKinesis(then="throttled"))
        putting = asyncio.create_task(sink.put_many([trade(1), trade(2)]))
        await until(lambda: sink.metrics().put == 1)
        with pytest.raises(UnconfirmedError):
            await sink.close(0.01)
        with pytest.raises(UnconfirmedError):
            await putting

    run(work())


def test_a_closed_sink_takes_nothing() -> None:
    async def work() -> None:
        sink = KinesisSink(config(), FakeKinesis())
        await sink.close()
        with pytest.raises(SinkClosedError, match="tape"):
            await sink.put_many([trade(1)])

    run(work())


def test_a_failing_confirmation_callback_is_not_swallowed() -> None:
    def on_confirmed(_: Sequence[Item]) -> None:
        raise RuntimeError("cannot keep the mark")

    async def work() -> None:
        sink = KinesisSink(config(), FakeKinesis(), on_confirmed=on_confirmed)
        await sink.put_many([trade(1), trade(2)])
        with pytest.raises(RuntimeError, match="cannot keep"):
            await sink.flush()
        with pytest.raises(RuntimeError):
            await sink.close()

    run(work())


def test_closing_does_not_wait_for_a_call_that_never_answers() -> None:
    answered, returned = threading.Event(), threading.Event()

    class Stuck:
        def put_records(self, *, StreamName: str, Records: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:  # noqa: N803
            answered.wait(30)
            returned.set()
            return {"Records": []}

    async def work() -> None:
        sink = KinesisSink(config(), Stuck())
        await sink.put_many([trade(1)])
        with pytest.raises(UnconfirmedError, match=r"^1 item"):
            await sink.close(0.05)
        assert not returned.is_set()
        answered.set()

    run(work())


def test_all_faults_of_a_configuration_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        SinkConfig(stream="", linger_ms=-1, max_call_entries=501, max_in_flight=0, backoff_base_ms=0)
    assert len(error.value.faults) == 5


def test_what_aggregates_and_shards_are_given_is_checked_too() -> None:
    with pytest.raises(SettingsError) as error:
        SinkConfig(stream="tape", aggregate_bytes=-1, shard_bytes_per_s=-1, shard_records_per_s=-1, shards_every_s=-1)
    assert [fault.partition(":")[0] for fault in error.value.faults] == [
        "aggregate_bytes",
        "shard_bytes_per_s",
        "shard_records_per_s",
        "shards_every_s",
    ]


def test_a_record_must_fit_a_call_and_the_buffer() -> None:
    with pytest.raises(SettingsError) as error:
        SinkConfig(stream="tape", max_call_bytes=1024, buffer_bytes=1024)
    assert [fault.partition(":")[0] for fault in error.value.faults] == ["max_call_bytes", "buffer_bytes"]
