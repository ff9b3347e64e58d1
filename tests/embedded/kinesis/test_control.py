import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

Refusal = Callable[..., str]


def names(shards: list[dict[str, Any]]) -> list[int]:
    return [int(shard["ShardId"][-12:]) for shard in shards]


def test_new_stream_is_described_as_made(client: Any, clock: Any) -> None:
    client.create_stream(StreamName="s", ShardCount=2, Tags={"a": "1"}, MaxRecordSizeInKiB=2048)
    summary = client.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]
    assert summary["StreamARN"] == "arn:aws:kinesis:eu-central-1:123456789012:stream/s"
    assert (summary["StreamStatus"], summary["OpenShardCount"], summary["RetentionPeriodHours"]) == ("ACTIVE", 2, 24)
    assert (summary["StreamModeDetails"], summary["MaxRecordSizeInKiB"]) == ({"StreamMode": "PROVISIONED"}, 2048)
    assert round(summary["StreamCreationTimestamp"].timestamp() * 1000) == clock() // 1000
    described = client.describe_stream(StreamARN=summary["StreamARN"])["StreamDescription"]
    assert names(described["Shards"]) == [0, 1]
    assert described["StreamCreationTimestamp"] == summary["StreamCreationTimestamp"]


def test_on_demand_stream_starts_with_four_shards_and_scales_by_itself(client: Any, refusal: Refusal) -> None:
    client.create_stream(StreamName="s", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    summary = client.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]
    assert summary["OpenShardCount"] == 4
    scale = {"StreamName": "s", "TargetShardCount": 8, "ScalingType": "UNIFORM_SCALING"}
    assert refusal(client.update_shard_count, **scale) == "ValidationException"
    client.update_stream_mode(StreamARN=summary["StreamARN"], StreamModeDetails={"StreamMode": "PROVISIONED"})
    assert client.update_shard_count(**scale)["TargetShardCount"] == 8


def test_encryption_is_told_as_it_was_asked_for(client: Any, refusal: Refusal) -> None:
    def told() -> tuple[str, str | None]:
        summary = client.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]
        return summary["EncryptionType"], summary.get("KeyId")

    client.create_stream(StreamName="s", ShardCount=1)
    assert told() == ("NONE", None)
    wanted = {"StreamName": "s", "EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}
    client.start_stream_encryption(**wanted)
    assert told() == ("KMS", "alias/aws/kinesis")
    assert refusal(client.start_stream_encryption, **{**wanted, "EncryptionType": "NONE"}) == "ValidationException"
    client.stop_stream_encryption(**wanted)
    assert told() == ("NONE", None)


def test_stream_passes_through_its_statuses(
    serve: Callable[..., Any], connect: Callable[..., Any], clock: Any, refusal: Refusal
) -> None:
    client = connect(serve(transition_ms=5000))

    def status() -> str:
        return str(client.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamStatus"])

    put = {"StreamName": "s", "Data": b"x", "PartitionKey": "k"}
    split = {"StreamName": "s", "ShardToSplit": "shardId-000000000000", "NewStartingHashKey": "10"}
    client.create_stream(StreamName="s", ShardCount=1)
    assert status() == "CREATING"
    assert client.describe_stream(StreamName="s")["StreamDescription"]["Shards"] == []
    assert refusal(client.put_record, **put) == "ResourceNotFoundException"
    assert refusal(client.split_shard, **split) == "ResourceInUseException"
    assert refusal(client.list_shards, StreamName="s") == "ResourceInUseException"
    clock.advance(seconds=5)
    assert status() == "ACTIVE"
    client.split_shard(**split)
    assert status() == "UPDATING"
    client.put_record(**put)
    clock.advance(seconds=5)
    client.delete_stream(StreamName="s")
    assert status() == "DELETING"
    assert refusal(client.create_stream, StreamName="s", ShardCount=1) == "ResourceInUseException"
    clock.advance(seconds=4.9)
    assert client.list_streams()["StreamNames"] == ["s"]
    clock.advance(seconds=0.1)
    assert client.list_streams()["StreamNames"] == []
    assert refusal(client.describe_stream, StreamName="s") == "ResourceNotFoundException"
    client.create_stream(StreamName="s", ShardCount=1)


def test_stream_made_again_is_another_stream(client: Any, refusal: Refusal) -> None:
    def made() -> tuple[dt.datetime, int, str]:
        client.create_stream(StreamName="s", ShardCount=1)
        number = client.put_record(StreamName="s", Data=b"x", PartitionKey="k")["SequenceNumber"]
        place = {"ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
        iterator = client.get_shard_iterator(StreamName="s", **place)["ShardIterator"]
        created = client.describe_stream(StreamName="s")["StreamDescription"]["StreamCreationTimestamp"]
        return created, int(number), iterator

    created, number, iterator = made()
    client.delete_stream(StreamName="s")
    again, number_again, _ = made()
    assert again > created
    assert number_again > number
    assert refusal(client.get_records, ShardIterator=iterator) == "ResourceNotFoundException"
    after = {"ShardId": "shardId-000000000000", "ShardIteratorType": "AFTER_SEQUENCE_NUMBER"}
    old = {"StreamName": "s", **after, "StartingSequenceNumber": str(number)}
    assert refusal(client.get_shard_iterator, **old) == "InvalidArgumentException"


def test_streams_are_listed_in_pages(client: Any) -> None:
    wanted = [f"s{n:02d}" for n in range(7)]
    for name in reversed(wanted):
        client.create_stream(StreamName=name, ShardCount=1)
    page = client.list_streams(Limit=3)
    assert (page["StreamNames"], page["HasMoreStreams"]) == (wanted[:3], True)
    assert [one["StreamName"] for one in page["StreamSummaries"]] == wanted[:3]
    rest = client.list_streams(NextToken=page["NextToken"])
    assert (rest["StreamNames"], rest["HasMoreStreams"]) == (wanted[3:], False)
    assert client.list_streams(ExclusiveStartStreamName="s05")["StreamNames"] == ["s06"]


def test_shards_are_listed_in_pages_whose_tokens_stand_alone_and_expire(
    client: Any, clock: Any, refusal: Refusal
) -> None:
    client.create_stream(StreamName="s", ShardCount=5)
    page = client.list_shards(StreamName="s", MaxResults=2)
    assert names(page["Shards"]) == [0, 1]
    token = page["NextToken"]
    assert refusal(client.list_shards, StreamName="s", NextToken=token) == "InvalidArgumentException"
    last = client.list_shards(NextToken=client.list_shards(NextToken=token, MaxResults=2)["NextToken"])
    assert names(last["Shards"]) == [4]
    assert "NextToken" not in last
    assert refusal(client.list_shards, NextToken="x") == "InvalidArgumentException"
    clock.advance(seconds=301)
    assert refusal(client.list_shards, NextToken=token) == "ExpiredNextTokenException"


def test_shards_are_listed_after_one_and_of_the_stream_meant(client: Any, clock: Any, refusal: Refusal) -> None:
    client.create_stream(StreamName="s", ShardCount=3)
    after = client.list_shards(StreamName="s", ExclusiveStartShardId="shardId-000000000001")
    assert names(after["Shards"]) == [2]
    created = client.describe_stream(StreamName="s")["StreamDescription"]["StreamCreationTimestamp"]
    assert len(client.list_shards(StreamName="s", StreamCreationTimestamp=created)["Shards"]) == 3
    other = {"StreamName": "s", "StreamCreationTimestamp": created - dt.timedelta(days=1)}
    assert refusal(client.list_shards, **other) == "ResourceNotFoundException"


def test_description_pages_by_shard(client: Any) -> None:
    client.create_stream(StreamName="s", ShardCount=5)
    pages = list(client.get_paginator("describe_stream").paginate(StreamName="s", PaginationConfig={"PageSize": 2}))
    assert [names(page["StreamDescription"]["Shards"]) for page in pages] == [[0, 1], [2, 3], [4]]


def test_filters_choose_shards_by_their_lives(client: Any, clock: Any, refusal: Refusal) -> None:
    def listed(kind: str, **more: Any) -> list[int]:
        found = client.list_shards(StreamName="s", ShardFilter={"Type": kind, **more})
        return names(found["Shards"])

    client.create_stream(StreamName="s", ShardCount=1)
    clock.advance(seconds=100)
    client.split_shard(StreamName="s", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127))
    split_at = dt.datetime.fromtimestamp(clock() // 1_000_000, tz=dt.UTC)
    clock.advance(seconds=100)
    assert listed("AT_LATEST") == [1, 2]
    assert listed("AT_TRIM_HORIZON") == [0]
    assert listed("FROM_TRIM_HORIZON") == [0, 1, 2]
    assert listed("AFTER_SHARD_ID", ShardId="shardId-000000000000") == [1, 2]
    assert listed("AT_TIMESTAMP", Timestamp=split_at - dt.timedelta(seconds=50)) == [0]
    assert listed("AT_TIMESTAMP", Timestamp=split_at + dt.timedelta(seconds=50)) == [1, 2]
    assert listed("FROM_TIMESTAMP", Timestamp=split_at - dt.timedelta(seconds=50)) == [0, 1, 2]
    assert listed("FROM_TIMESTAMP", Timestamp=split_at + dt.timedelta(seconds=50)) == [1, 2]
    for wrong in ({"Type": "AT_TIMESTAMP"}, {"Type": "AFTER_SHARD_ID"}, {"Type": "AT_LATEST", "ShardId": "x"}):
        assert refusal(client.list_shards, StreamName="s", ShardFilter=wrong) == "InvalidArgumentException"


@pytest.mark.parametrize("by", ["StreamName", "StreamARN"])
def test_tags_are_set_read_and_removed_by_name_and_by_arn(client: Any, by: str) -> None:
    client.create_stream(StreamName="s", ShardCount=1, Tags={"made": "at once"})
    stream = {by: "s" if by == "StreamName" else "arn:aws:kinesis:eu-central-1:123456789012:stream/s"}
    client.add_tags_to_stream(**stream, Tags={"a": "1", "b": "", "c": "3"})
    client.remove_tags_from_stream(**stream, TagKeys=["c", "none"])
    page = client.list_tags_for_stream(**stream, Limit=2)
    assert (page["Tags"], page["HasMoreTags"]) == ([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}], True)
    rest = client.list_tags_for_stream(**stream, ExclusiveStartTagKey="b")
    assert (rest["Tags"], rest["HasMoreTags"]) == ([{"Key": "made", "Value": "at once"}], False)


def test_tags_are_set_read_and_removed_by_the_resource_calls(client: Any, refusal: Refusal) -> None:
    client.create_stream(StreamName="s", ShardCount=1)
    arn = "arn:aws:kinesis:eu-central-1:123456789012:stream/s"
    client.tag_resource(ResourceARN=arn, Tags={"a": "1", "b": "2"})
    client.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert client.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    many = {f"k{n}": "v" for n in range(50)}
    assert refusal(client.tag_resource, ResourceARN=arn, Tags=many) == "InvalidArgumentException"


def test_retention_stays_in_its_bounds(client: Any, refusal: Refusal) -> None:
    client.create_stream(StreamName="s", ShardCount=1)
    longer, shorter = client.increase_stream_retention_period, client.decrease_stream_retention_period
    longer(StreamName="s", RetentionPeriodHours=8760)
    for call, hours in ((longer, 8761), (longer, 100), (shorter, 23), (shorter, 8761)):
        assert refusal(call, StreamName="s", RetentionPeriodHours=hours) == "InvalidArgumentException"
    shorter(StreamName="s", RetentionPeriodHours=30)
    assert client.describe_stream(StreamName="s")["StreamDescription"]["RetentionPeriodHours"] == 30


def test_wrong_names_are_refused(client: Any, refusal: Refusal) -> None:
    client.create_stream(StreamName="s", ShardCount=1)
    arn = "arn:aws:kinesis:eu-central-1:123456789012:stream/s"
    assert refusal(client.create_stream, StreamName="s", ShardCount=1) == "ResourceInUseException"
    assert refusal(client.create_stream, StreamName="no/slash", ShardCount=1) == "ValidationException"
    assert refusal(client.create_stream, StreamName="t") == "ValidationException"
    assert refusal(client.describe_stream) == "InvalidArgumentException"
    assert refusal(client.describe_stream, StreamName="t", StreamARN=arn) == "InvalidArgumentException"
    far = arn.replace("eu-central-1", "us-east-1")
    assert refusal(client.describe_stream, StreamARN=far) == "ResourceNotFoundException"
    assert refusal(client.delete_stream, StreamName="t") == "ResourceNotFoundException"
    assert refusal(client.register_stream_consumer, StreamARN=arn, ConsumerName="c") == "UnknownOperationException"
