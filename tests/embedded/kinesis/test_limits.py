from collections.abc import Callable
from typing import Any

from embedded.kinesis.limits import ShardThroughput
from tapehouse.kinesis_limits import MIB


def put(client: Any, count: int, size: int = 10) -> dict[str, Any]:
    records = [{"Data": b"x" * size, "PartitionKey": "k"} for _ in range(count)]
    answer: dict[str, Any] = client.put_records(StreamName="s", Records=records)
    return answer


def test_shard_takes_a_thousand_records_a_second_and_says_so_per_record(
    serve: Callable[..., Any], connect: Callable[..., Any], clock: Any
) -> None:
    client = connect(serve(limits=True))
    client.create_stream(StreamName="s", ShardCount=1)
    assert [put(client, 400)["FailedRecordCount"] for _ in range(3)] == [0, 0, 200]
    failed = put(client, 1)["Records"][0]
    assert failed["ErrorCode"] == "ProvisionedThroughputExceededException"
    assert "shardId-000000000000 in stream s under account 123456789012" in failed["ErrorMessage"]
    assert "SequenceNumber" not in failed
    clock.advance(ms=500)
    assert put(client, 500)["FailedRecordCount"] == 0


def test_other_shards_and_later_records_are_still_tried(serve: Callable[..., Any], connect: Callable[..., Any]) -> None:
    client = connect(serve(limits=True))
    client.create_stream(StreamName="s", ShardCount=2)
    big = {"Data": b"x" * (MIB - 100), "PartitionKey": "k", "ExplicitHashKey": "0"}
    small = {"Data": b"x", "PartitionKey": "k", "ExplicitHashKey": "0"}
    other = {**big, "ExplicitHashKey": str(2**128 - 1)}
    answer = client.put_records(StreamName="s", Records=[big, big, small, other])
    assert ["ErrorCode" in record for record in answer["Records"]] == [False, True, False, False]


def test_put_record_is_refused_as_a_whole(
    serve: Callable[..., Any], connect: Callable[..., Any], refusal: Callable[..., str]
) -> None:
    client = connect(serve(limits=True))
    client.create_stream(StreamName="s", ShardCount=1)
    put(client, 500)
    put(client, 500)
    code = refusal(client.put_record, StreamName="s", Data=b"x", PartitionKey="k")
    assert code == "ProvisionedThroughputExceededException"


def test_five_reads_a_second(
    serve: Callable[..., Any], connect: Callable[..., Any], clock: Any, refusal: Callable[..., str]
) -> None:
    client = connect(serve(limits=True))
    client.create_stream(StreamName="s", ShardCount=1)
    start = {"StreamName": "s", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    iterators = [client.get_shard_iterator(**start)["ShardIterator"] for _ in range(5)]
    assert refusal(client.get_shard_iterator, **start) == "ProvisionedThroughputExceededException"
    for iterator in iterators:
        client.get_records(ShardIterator=iterator)
    assert refusal(client.get_records, ShardIterator=iterators[0]) == "ProvisionedThroughputExceededException"
    clock.advance(seconds=1)
    client.get_records(ShardIterator=iterators[0])


def test_ten_megabytes_read_at_once_block_the_next_seconds() -> None:
    shard = ShardThroughput()
    assert shard.take_read(0)
    shard.give_bytes(10 * MIB)
    assert not shard.take_read(4_900_000)
    assert shard.take_read(5_100_000)


def test_nothing_is_throttled_unless_asked_for(client: Any) -> None:
    client.create_stream(StreamName="s", ShardCount=1)
    assert [put(client, 500)["FailedRecordCount"] for _ in range(4)] == [0] * 4
