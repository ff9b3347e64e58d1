"""The sink with boto3 over HTTP against the embedded Kinesis, which fails entries and loses answers."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from producers.produce import produce
from producers.sink import KinesisSink, SinkConfig, StreamRefusedError
from producers.synthetic import SyntheticConfig, SyntheticSource
from tapehouse import aws
from tapehouse.kpl import deaggregate
from tapehouse.local.kinesis import Fault, KinesisServer
from tapehouse.record import encode, judge

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
