import hashlib
import itertools
from collections.abc import Callable
from typing import Any

import pytest

Refusal = Callable[..., str]
MIB = 1024 * 1024


@pytest.fixture
def stream(client: Any) -> Any:
    client.create_stream(StreamName="s", ShardCount=3)
    return client


def shard_of(client: Any, hash_key: int) -> str:
    for shard in client.list_shards(StreamName="s")["Shards"]:
        bounds = shard["HashKeyRange"]
        if int(bounds["StartingHashKey"]) <= hash_key <= int(bounds["EndingHashKey"]):
            return str(shard["ShardId"])
    raise AssertionError(hash_key)


@pytest.mark.parametrize("key", ["a", "BTC-USD", "é", '"\\', "x" * 256, "\x00\n", "漢" * 256])
def test_record_goes_by_the_md5_of_its_key(stream: Any, key: str, read: Callable[..., Any]) -> None:
    answer = stream.put_record(StreamName="s", Data=b"\x00\xff", PartitionKey=key)
    expected = shard_of(stream, int.from_bytes(hashlib.md5(key.encode()).digest(), "big"))
    assert answer["ShardId"] == expected
    found = read(stream, "s", expected)
    assert [(one["PartitionKey"], one["Data"], one["SequenceNumber"]) for one in found] == [
        (key, b"\x00\xff", answer["SequenceNumber"])
    ]


@pytest.mark.parametrize("hash_key", [0, 2**127, 2**128 - 1, 2**128 // 3, 2**128 // 3 - 1])
def test_explicit_hash_key_wins(stream: Any, hash_key: int) -> None:
    answer = stream.put_records(
        StreamName="s", Records=[{"Data": b"", "PartitionKey": "a", "ExplicitHashKey": str(hash_key)}]
    )
    assert answer["Records"][0]["ShardId"] == shard_of(stream, hash_key)


def test_hash_ranges_cover_all_keys_without_hole_or_overlap(client: Any) -> None:
    client.create_stream(StreamName="odd", ShardCount=7)
    ranges = sorted(
        (int(shard["HashKeyRange"]["StartingHashKey"]), int(shard["HashKeyRange"]["EndingHashKey"]))
        for shard in client.list_shards(StreamName="odd")["Shards"]
    )
    assert ranges[0][0] == 0
    assert ranges[-1][1] == 2**128 - 1
    assert all(a[1] + 1 == b[0] for a, b in itertools.pairwise(ranges))


def test_answers_stand_in_the_order_of_the_request(stream: Any, read_stream: Callable[..., Any]) -> None:
    records = [{"Data": b"%d" % n, "PartitionKey": f"k{n % 17}"} for n in range(500)]
    answers = stream.put_records(StreamName="s", Records=records)["Records"]
    stored = {one["SequenceNumber"]: one["Data"] for one in read_stream(stream, "s")}
    assert [stored[answer["SequenceNumber"]] for answer in answers] == [record["Data"] for record in records]


def test_sequence_numbers_grow_by_uneven_steps(stream: Any) -> None:
    numbers = [int(stream.put_record(StreamName="s", Data=b"x", PartitionKey="k")["SequenceNumber"]) for _ in range(20)]
    steps = {b - a for a, b in itertools.pairwise(numbers)}
    assert min(steps) > 0
    assert len(steps) == 19


def test_wrong_values_are_refused_by_their_names(stream: Any, refusal: Refusal) -> None:
    put, one = stream.put_records, {"Data": b"x", "PartitionKey": "k"}
    assert refusal(put, StreamName="s", Records=[one] * 501) == "ValidationException"
    assert refusal(put, StreamName="none", Records=[one]) == "ResourceNotFoundException"
    assert refusal(put, StreamName="s", Records=[{"Data": b"x" * MIB, "PartitionKey": "k"}]) == "ValidationException"
    assert refusal(put, StreamName="s", Records=[{"Data": b"x", "PartitionKey": "k" * 257}]) == "ValidationException"
    bad_hash = {**one, "ExplicitHashKey": str(2**128)}
    assert refusal(put, StreamName="s", Records=[bad_hash]) == "InvalidArgumentException"
    large = {"Data": b"x" * (MIB - 1), "PartitionKey": "k"}
    assert refusal(put, StreamName="s", Records=[large] * 11) == "InvalidArgumentException"
    assert refusal(put, StreamName="s", Records=[one], DryRun=True) == "DryRunOperationException"
    ahead = {"SequenceNumberForOrdering": str(10**100)}
    assert refusal(stream.put_record, StreamName="s", **one, **ahead) == "InvalidArgumentException"


def test_largest_record_and_largest_call_are_taken(stream: Any, read_stream: Callable[..., Any]) -> None:
    large = {"Data": b"x" * (MIB - 1), "PartitionKey": "k"}
    assert stream.put_records(StreamName="s", Records=[large] * 10)["FailedRecordCount"] == 0
    assert [len(one["Data"]) for one in read_stream(stream, "s")] == [MIB - 1] * 10


def test_refused_call_stores_nothing(stream: Any, refusal: Refusal, read_stream: Callable[..., Any]) -> None:
    good, bad = {"Data": b"x", "PartitionKey": "k"}, {"Data": b"x" * MIB, "PartitionKey": "k"}
    refusal(stream.put_records, StreamName="s", Records=[good, bad])
    assert read_stream(stream, "s") == []


def test_order_by_the_number_of_the_record_before(stream: Any) -> None:
    first = stream.put_record(StreamName="s", Data=b"x", PartitionKey="k")["SequenceNumber"]
    second = stream.put_record(StreamName="s", Data=b"y", PartitionKey="k", SequenceNumberForOrdering=first)
    assert int(second["SequenceNumber"]) > int(first)
