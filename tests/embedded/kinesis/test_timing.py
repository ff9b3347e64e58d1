"""AWS' timing: answers take their time, records come a little later, and every quota holds."""

import time
from collections.abc import Callable
from typing import Any

from embedded.kinesis.timing import CALLS_PER_S, READABLE_AFTER_MS
from tapehouse.kinesis_limits import MIB

START = {"StreamName": "s", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}


def aws_client(serve: Callable[..., Any], connect: Callable[..., Any], **options: Any) -> Any:
    client = connect(serve(timing="aws", **options))
    client.create_stream(StreamName="s", ShardCount=1)
    return client


def test_an_answer_takes_tens_of_milliseconds(serve: Callable[..., Any], connect: Callable[..., Any]) -> None:
    client = aws_client(serve, connect)
    spans = []
    for _ in range(10):
        began = time.perf_counter()
        client.put_records(StreamName="s", Records=[{"Data": b"x", "PartitionKey": "k"}])
        spans.append(time.perf_counter() - began)
    assert min(spans) >= 0.012
    assert sorted(spans)[5] < 0.2


def test_without_it_answers_come_at_once(client: Any) -> None:
    client.create_stream(StreamName="s", ShardCount=1)
    client.list_streams()
    began = time.perf_counter()
    for _ in range(20):
        client.put_records(StreamName="s", Records=[{"Data": b"x", "PartitionKey": "k"}])
    assert time.perf_counter() - began < 20 * 0.012


def test_a_record_can_be_read_a_little_after_it_was_taken(
    serve: Callable[..., Any], connect: Callable[..., Any], clock: Any
) -> None:
    client = aws_client(serve, connect)
    iterator = client.get_shard_iterator(**START)["ShardIterator"]
    client.put_record(StreamName="s", Data=b"first", PartitionKey="k")
    early = client.get_records(ShardIterator=iterator)
    assert (early["Records"], early["MillisBehindLatest"]) == ([], 0)
    clock.advance(ms=READABLE_AFTER_MS)
    client.put_record(StreamName="s", Data=b"second", PartitionKey="k")
    page = client.get_records(ShardIterator=early["NextShardIterator"])
    assert ([record["Data"] for record in page["Records"]], page["MillisBehindLatest"]) == ([b"first"], 0)
    clock.advance(ms=READABLE_AFTER_MS)
    rest = client.get_records(ShardIterator=page["NextShardIterator"])
    assert [record["Data"] for record in rest["Records"]] == [b"second"]


def test_a_closed_shard_has_no_end_before_its_last_record_can_be_read(
    serve: Callable[..., Any], connect: Callable[..., Any], clock: Any
) -> None:
    client = aws_client(serve, connect)
    client.put_record(StreamName="s", Data=b"last", PartitionKey="k")
    client.split_shard(StreamName="s", ShardToSplit=START["ShardId"], NewStartingHashKey=str(2**127))
    page = client.get_records(ShardIterator=client.get_shard_iterator(**START)["ShardIterator"])
    assert page["NextShardIterator"]
    clock.advance(ms=READABLE_AFTER_MS)
    page = client.get_records(ShardIterator=page["NextShardIterator"])
    assert len(page["Records"]) == 1
    assert page.get("NextShardIterator") is None


def test_the_quotas_of_a_shard_hold(
    serve: Callable[..., Any], connect: Callable[..., Any], clock: Any, refusal: Callable[..., str]
) -> None:
    client = aws_client(serve, connect)
    for _ in range(10):
        client.put_record(StreamName="s", Data=b"x" * (MIB - 10), PartitionKey="k")
        clock.advance(seconds=1)
    iterator = client.get_shard_iterator(**START)["ShardIterator"]
    page = client.get_records(ShardIterator=iterator)
    assert len(page["Records"]) == 10
    for _ in range(4):
        clock.advance(seconds=1)
        assert refusal(client.get_records, ShardIterator=iterator) == "ProvisionedThroughputExceededException"
    clock.advance(seconds=1)
    client.get_records(ShardIterator=page["NextShardIterator"])


def test_asking_about_streams_has_its_rates(
    serve: Callable[..., Any], connect: Callable[..., Any], clock: Any, refusal: Callable[..., str]
) -> None:
    client = aws_client(serve, connect)
    for _ in range(CALLS_PER_S["DescribeStreamSummary"]):
        client.describe_stream_summary(StreamName="s")
    assert refusal(client.describe_stream_summary, StreamName="s") == "LimitExceededException"
    client.list_shards(StreamName="s")
    clock.advance(seconds=1)
    client.describe_stream_summary(StreamName="s")
