"""The sink with boto3 over HTTP against the embedded Kinesis, which fails entries and loses answers."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_kinesis_agg.deaggregator import iter_deaggregate_records
from botocore.exceptions import ClientError

from embedded.kinesis import Fault, KinesisServer
from producers.run.runner import produce
from producers.sink import KinesisSink, SinkConfig
from producers.source import Item
from producers.synthetic import SyntheticConfig, SyntheticSource
from tapehouse import aws
from tapehouse.kinesis import StreamRefusedError
from tapehouse.kpl import deaggregate
from tapehouse.record import Trade, encode, judge

START_US = 1_760_000_000_000_000
COUNT = 8000


@pytest.fixture
def server() -> Iterator[KinesisServer]:
    server = KinesisServer(seed=11).start()
    yield server
    server.stop()


@pytest.fixture
def client(server: KinesisServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS", server.endpoint)
    client = aws.client("kinesis", max_attempts=1, read_timeout_s=10)
    yield client
    client.close()


def stored(client: Any, stream: str) -> list[bytes]:
    found: list[bytes] = []
    for shard in client.list_shards(StreamName=stream)["Shards"]:
        iterator = client.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while True:
            page = client.get_records(ShardIterator=iterator)
            for record in page["Records"]:
                parts = deaggregate(record["Data"])
                found.extend([record["Data"]] if parts is None else [part.data for part in parts])
            if not page["MillisBehindLatest"]:
                break
            iterator = page["NextShardIterator"]
    return found


def sink_of(client: Any, **changes: Any) -> KinesisSink:
    unpaced = {"shard_bytes_per_s": 0, "shard_records_per_s": 0}
    return KinesisSink(
        SinkConfig(**{"stream": "tape", "backoff_base_ms": 1, "backoff_cap_ms": 20, **unpaced, **changes}), client
    )


@pytest.mark.parametrize("shape", [{"aggregate_bytes": 0}, {"aggregate_bytes": 4096, "max_call_entries": 20}])
def test_all_is_there_when_entries_fail_and_answers_are_lost(
    shape: dict[str, int], server: KinesisServer, client: Any
) -> None:
    client.create_stream(StreamName="tape", ShardCount=3)
    server.faults.add(Fault(kind="fail_records", share=0.3, code="ProvisionedThroughputExceededException"))
    server.faults.add(Fault(kind="lose_answers", calls=1, operations=("PutRecords",)))
    server.faults.add(Fault(kind="fail_calls", calls=2, operations=("PutRecords",)))
    server.faults.add(Fault(kind="lose_answers", share=0.1, operations=("PutRecords",)))
    server.faults.add(Fault(kind="fail_calls", share=0.05, operations=("PutRecords",)))
    source = SyntheticSource(SyntheticConfig(count=COUNT, start_us=START_US))
    expected = {encode(each) for each in source.records(START_US)}

    async def work() -> None:
        async with asyncio.timeout(120):
            report = await produce(source, sink_of(client, **shape), stop=asyncio.Event())
        assert report.sink.confirmed == report.read == len(expected) > COUNT
        assert report.sink.retried > COUNT * 0.2
        assert report.sink.failed_calls >= 2

    asyncio.run(work())
    server.faults.clear()
    found = Counter(stored(client, "tape"))
    assert set(found) == expected
    assert max(found.values()) > 1  # lost answers are sent again: at least once, not exactly once
    assert all(judge(data, START_US + 10**9).reasons == () for data in found)


def test_a_stream_that_is_not_there_is_told(client: Any) -> None:
    async def work() -> None:
        sink = sink_of(client)
        await sink.put_raw(b"x", "k")
        with pytest.raises(StreamRefusedError, match=r"'tape'.*Create the stream"):
            await sink.flush()
        with pytest.raises(StreamRefusedError):
            await sink.close()

    asyncio.run(work())


def test_the_largest_record_and_an_empty_one_are_taken(client: Any) -> None:
    client.create_stream(StreamName="tape", ShardCount=1)
    largest = b"\xff" * (1024 * 1024 - 1)

    async def work() -> None:
        async with sink_of(client) as sink:
            await sink.put_raw(largest, "k")
            await sink.put_raw(b"", "k")

    asyncio.run(work())
    assert sorted(stored(client, "tape")) == [b"", largest]


# -- shards -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> Iterator[KinesisServer]:
    """A server that throttles what is above a shard's 1 MiB and 1,000 records a second."""
    server = KinesisServer(seed=12, limits=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS", server.endpoint)
    yield server
    server.stop()


def by_shard(client: Any, stream: str) -> Counter[str]:
    """Bytes in each shard."""
    sizes: Counter[str] = Counter()
    for shard in client.list_shards(StreamName=stream)["Shards"]:
        iterator = client.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        sizes[shard["ShardId"]] = sum(
            len(each["Data"]) for each in client.get_records(ShardIterator=iterator)["Records"]
        )
    return sizes


def one_market(count: int) -> list[Item]:
    source = SyntheticSource(SyntheticConfig(count=count, start_us=START_US, symbols=("BTC-USD",)))
    return [each for each in source.records(START_US) if isinstance(each, Trade)]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("aggregate_bytes", [0, 102_400])
def test_the_limits_of_the_shards_are_kept_by_waiting_and_not_by_errors(
    aggregate_bytes: int, limited: KinesisServer
) -> None:
    client = aws.client("kinesis", max_attempts=1, read_timeout_s=10)
    client.create_stream(StreamName="tape", ShardCount=2)
    trades = one_market(2500 if aggregate_bytes == 0 else 12_000)  # over a second's worth of both shards

    async def work() -> None:
        config = SinkConfig(stream="tape", aggregate_bytes=aggregate_bytes)
        async with KinesisSink(config, client) as sink:
            await sink.put_many(trades)
            await sink.flush()
            metrics = sink.metrics()
            assert (metrics.confirmed, metrics.throttled, metrics.retried) == (len(trades), 0, 0)
            assert metrics.shards == 2
            assert metrics.paced_s > 0

    asyncio.run(work())
    assert limited.faults.counters.get("records.failed", 0) == 0
    client.close()


def test_one_hot_market_uses_all_shards(client: Any) -> None:
    client.create_stream(StreamName="tape", ShardCount=4)

    async def work() -> None:
        async with sink_of(client, aggregate_bytes=25_600) as sink:
            await sink.put_many(one_market(5000))

    asyncio.run(work())
    sizes = by_shard(client, "tape")
    assert max(sizes.values()) - min(sizes.values()) <= 2 * 25_600
    assert min(sizes.values()) > 0


def test_after_a_split_the_children_are_used_and_every_aggregate_lies_where_its_keys_say(client: Any) -> None:
    client.create_stream(StreamName="tape", ShardCount=1)
    trades = one_market(4000)

    async def work() -> None:
        async with sink_of(client, aggregate_bytes=4096, shards_every_s=0.05) as sink:
            await sink.put_many(trades[:2000])
            await sink.flush()
            assert sink.metrics().shards == 1
            client.split_shard(StreamName="tape", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127))
            await until(lambda: sink.metrics().shards == 2)
            await sink.put_many(trades[2000:])

    asyncio.run(work())
    assert set(stored(client, "tape")) == {encode(each) for each in trades if isinstance(each, Trade)}
    sizes = by_shard(client, "tape")
    assert abs(sizes["shardId-000000000001"] - sizes["shardId-000000000002"]) <= 2 * 4096
    assert_the_kcl_would_drop_nothing(client)


def test_a_record_that_lands_in_a_strange_shard_has_the_shards_listed_anew(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("producers.sink.routing.AGAIN_S", 0.01)
    client.create_stream(StreamName="tape", ShardCount=1)

    async def work() -> None:
        async with sink_of(client, shards_every_s=3600) as sink:
            await sink.put_many(one_market(10))
            await sink.flush()
            client.split_shard(StreamName="tape", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127))
            await asyncio.sleep(0.05)
            assert sink.metrics().shards == 1
            await sink.put_many(one_market(10))
            await sink.flush()
            await until(lambda: sink.metrics().shards == 2)

    asyncio.run(work())


def assert_the_kcl_would_drop_nothing(client: Any) -> None:
    """The KCL drops an aggregate whose user records do not hash into the shard it was found in."""
    for shard in client.list_shards(StreamName="tape")["Shards"]:
        span = range(int(shard["HashKeyRange"]["StartingHashKey"]), int(shard["HashKeyRange"]["EndingHashKey"]) + 1)
        iterator = client.get_shard_iterator(
            StreamName="tape", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records = client.get_records(ShardIterator=iterator)["Records"]
        hash_keys = [
            user["kinesis"]["explicitHashKey"]
            for user in iter_deaggregate_records(records, data_format="Boto3")
            if user["kinesis"].get("aggregated")
        ]
        assert hash_keys
        assert [key for key in hash_keys if int(key) not in span] == []


def test_without_the_right_to_list_shards_all_goes_by_partition_key_after_one_warning(
    client: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client.create_stream(StreamName="tape", ShardCount=2)
    asked: list[Any] = []

    def denied(**arguments: Any) -> Any:
        asked.append(arguments)
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no."}}, "ListShards")

    with monkeypatch.context() as patch:
        patch.setattr(client, "list_shards", denied)

        async def work() -> None:
            async with sink_of(client, shards_every_s=0.01) as sink:
                await sink.put_many(one_market(100))
                await until(lambda: len(asked) > 3)
                assert sink.metrics().shards == 0

        asyncio.run(work())
    warnings = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert len(warnings) == 1
    assert "kinesis:ListShards" in warnings[0]
    assert len(stored(client, "tape")) == 100
