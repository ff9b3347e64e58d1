from collections.abc import Callable
from typing import Any

import pytest

Refusal = Callable[..., str]
PARENT = "shardId-000000000000"


@pytest.fixture
def stream(client: Any) -> Any:
    client.create_stream(StreamName="s", ShardCount=1)
    return client


def put(client: Any, count: int, prefix: str = "") -> None:
    records = [{"Data": f"{prefix}{n}".encode(), "PartitionKey": f"{n}"} for n in range(count)]
    assert client.put_records(StreamName="s", Records=records)["FailedRecordCount"] == 0


def split(client: Any, shard: str = PARENT, at: int = 2**127) -> None:
    client.split_shard(StreamName="s", ShardToSplit=shard, NewStartingHashKey=str(at))


def shards(client: Any) -> dict[str, dict[str, Any]]:
    return {shard["ShardId"]: shard for shard in client.list_shards(StreamName="s")["Shards"]}


def start(client: Any, shard: str, kind: str = "TRIM_HORIZON") -> str:
    answer = client.get_shard_iterator(StreamName="s", ShardId=shard, ShardIteratorType=kind)
    return str(answer["ShardIterator"])


def test_split_closes_the_parent_and_halves_its_range(stream: Any) -> None:
    put(stream, 3)
    split(stream, at=1000)
    found = shards(stream)
    parent, low, high = found[PARENT], found["shardId-000000000001"], found["shardId-000000000002"]
    assert low["HashKeyRange"] == {"StartingHashKey": "0", "EndingHashKey": "999"}
    assert high["HashKeyRange"] == {"StartingHashKey": "1000", "EndingHashKey": str(2**128 - 1)}
    assert low["ParentShardId"] == high["ParentShardId"] == PARENT
    assert "AdjacentParentShardId" not in low
    numbers = parent["SequenceNumberRange"]
    assert int(numbers["EndingSequenceNumber"]) > int(numbers["StartingSequenceNumber"])
    assert "EndingSequenceNumber" not in low["SequenceNumberRange"]
    assert int(low["SequenceNumberRange"]["StartingSequenceNumber"]) > int(numbers["EndingSequenceNumber"])


def test_parent_keeps_its_records_and_children_get_the_new_ones(
    stream: Any, read: Callable[..., Any], read_stream: Callable[..., Any]
) -> None:
    put(stream, 50, "old")
    split(stream)
    put(stream, 50, "new")
    assert {one["Data"] for one in read(stream, "s", PARENT)} == {b"old%d" % n for n in range(50)}
    assert len(read_stream(stream, "s")) == 100


def test_closed_shard_is_read_to_its_end_and_names_its_children(stream: Any) -> None:
    put(stream, 5)
    open_iterator = start(stream, PARENT, "LATEST")
    split(stream)
    page = stream.get_records(ShardIterator=start(stream, PARENT), Limit=3)
    assert page["NextShardIterator"]
    assert "ChildShards" not in page
    page = stream.get_records(ShardIterator=page["NextShardIterator"])
    assert len(page["Records"]) == 2
    assert "NextShardIterator" not in page
    assert [child["ShardId"][-1] for child in page["ChildShards"]] == ["1", "2"]
    assert page["ChildShards"][0]["ParentShards"] == [PARENT]
    assert page["ChildShards"][1]["HashKeyRange"]["StartingHashKey"] == str(2**127)
    assert "NextShardIterator" not in stream.get_records(ShardIterator=open_iterator)


def test_merge_gives_one_child_of_two_parents(stream: Any) -> None:
    split(stream)
    names = {"ShardToMerge": "shardId-000000000002", "AdjacentShardToMerge": "shardId-000000000001"}
    stream.merge_shards(StreamName="s", **names)
    child = shards(stream)["shardId-000000000003"]
    assert child["HashKeyRange"] == {"StartingHashKey": "0", "EndingHashKey": str(2**128 - 1)}
    assert (child["ParentShardId"], child["AdjacentParentShardId"]) == tuple(names.values())
    page = stream.get_records(ShardIterator=start(stream, "shardId-000000000001"))
    assert page["ChildShards"][0]["ParentShards"] == list(names.values())


def test_numbers_compared_as_text_are_wrong_across_and_inside_shards(stream: Any, read: Callable[..., Any]) -> None:
    split(stream)
    for _ in range(2):
        put(stream, 500)
    found = [int(one["SequenceNumber"]) for one in read(stream, "s", "shardId-000000000001")]
    assert found == sorted(found)
    assert sorted(found, key=str) != found
    assert {len(str(number)) for number in found} == {57, 58}


def test_wrong_splits_and_merges_are_refused(client: Any, refusal: Refusal) -> None:
    client.create_stream(StreamName="s", ShardCount=3)
    end = int(shards(client)[PARENT]["HashKeyRange"]["EndingHashKey"])
    for at in (0, 1, end, end + 1, 2**128 - 1):
        wrong = {"ShardToSplit": PARENT, "NewStartingHashKey": str(at)}
        assert refusal(client.split_shard, StreamName="s", **wrong) == "InvalidArgumentException"
    far = {"ShardToMerge": PARENT, "AdjacentShardToMerge": "shardId-000000000002"}
    assert refusal(client.merge_shards, StreamName="s", **far) == "InvalidArgumentException"
    split(client, at=1000)
    again = {"ShardToSplit": PARENT, "NewStartingHashKey": "500"}
    assert refusal(client.split_shard, StreamName="s", **again) == "ResourceInUseException"
    none = {"ShardToSplit": "shardId-000000000077", "NewStartingHashKey": "500"}
    assert refusal(client.split_shard, StreamName="s", **none) == "ResourceNotFoundException"


@pytest.mark.parametrize(("before", "after"), [(1, 2), (4, 6), (6, 4), (5, 3), (3, 3), (4, 8), (8, 4), (7, 11)])
def test_count_is_updated_to_equal_ranges(client: Any, before: int, after: int, read_stream: Any) -> None:
    client.create_stream(StreamName="s", ShardCount=before)
    put(client, 100)
    answer = client.update_shard_count(StreamName="s", TargetShardCount=after, ScalingType="UNIFORM_SCALING")
    assert (answer["CurrentShardCount"], answer["TargetShardCount"]) == (before, after)
    listed = client.list_shards(StreamName="s", ShardFilter={"Type": "AT_LATEST"})["Shards"]
    bounds = sorted(int(shard["HashKeyRange"]["StartingHashKey"]) for shard in listed)
    assert bounds == [2**128 * number // after for number in range(after)]
    put(client, 100)
    assert len(read_stream(client, "s")) == 200


def test_count_neither_doubles_twice_nor_falls_below_half(client: Any, refusal: Refusal) -> None:
    client.create_stream(StreamName="s", ShardCount=4)
    for target in (9, 1):
        scale = {"TargetShardCount": target, "ScalingType": "UNIFORM_SCALING"}
        assert refusal(client.update_shard_count, StreamName="s", **scale) == "LimitExceededException"


def test_closed_shard_is_gone_when_its_retention_is_over(
    stream: Any, clock: Any, refusal: Refusal, read: Callable[..., Any]
) -> None:
    put(stream, 5)
    clock.advance(hours=23)
    split(stream)
    clock.advance(hours=2)
    assert read(stream, "s", PARENT) == []
    clock.advance(hours=22)
    clock.advance(ms=-100)
    assert PARENT in shards(stream)
    iterator = start(stream, PARENT)
    clock.advance(ms=100)
    assert list(shards(stream)) == ["shardId-000000000001", "shardId-000000000002"]
    assert shards(stream)["shardId-000000000001"]["ParentShardId"] == PARENT
    assert refusal(stream.get_records, ShardIterator=iterator) == "ResourceNotFoundException"
    gone = {"StreamName": "s", "ShardId": PARENT, "ShardIteratorType": "TRIM_HORIZON"}
    assert refusal(stream.get_shard_iterator, **gone) == "ResourceNotFoundException"
    split(stream, "shardId-000000000001", at=1000)
    assert "shardId-000000000003" in shards(stream)
