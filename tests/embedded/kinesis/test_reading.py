import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

Refusal = Callable[..., str]
SHARD = "shardId-000000000000"


@pytest.fixture
def stream(client: Any) -> Any:
    client.create_stream(StreamName="s", ShardCount=1)
    return client


def put(client: Any, *data: bytes) -> list[str]:
    records = [{"Data": one, "PartitionKey": "k"} for one in data]
    return [one["SequenceNumber"] for one in client.put_records(StreamName="s", Records=records)["Records"]]


def iterator(client: Any, kind: str = "TRIM_HORIZON", **more: Any) -> str:
    answer = client.get_shard_iterator(StreamName="s", ShardId=SHARD, ShardIteratorType=kind, **more)
    return str(answer["ShardIterator"])


def data(found: list[dict[str, Any]]) -> list[bytes]:
    return [one["Data"] for one in found]


def test_each_kind_of_iterator_starts_where_it_says(stream: Any, read: Callable[..., Any]) -> None:
    numbers = put(stream, b"a", b"b", b"c")
    latest = iterator(stream, "LATEST")
    put(stream, b"d")
    assert data(read(stream, "s", SHARD)) == [b"a", b"b", b"c", b"d"]
    at = {"kind": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": numbers[1]}
    assert data(read(stream, "s", SHARD, **at)) == [b"b", b"c", b"d"]
    after = {"kind": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": numbers[1]}
    assert data(read(stream, "s", SHARD, **after)) == [b"c", b"d"]
    assert data(stream.get_records(ShardIterator=latest)["Records"]) == [b"d"]


def test_shard_s_own_starting_number_reads_all(stream: Any, read: Callable[..., Any]) -> None:
    put(stream, b"a")
    start = stream.list_shards(StreamName="s")["Shards"][0]["SequenceNumberRange"]["StartingSequenceNumber"]
    for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        assert data(read(stream, "s", SHARD, kind, StartingSequenceNumber=start)) == [b"a"]


def test_timestamp_starts_at_the_first_record_of_that_time_or_later(
    stream: Any, clock: Any, read: Callable[..., Any], refusal: Refusal
) -> None:
    for one in (b"a", b"b", b"c"):
        put(stream, one)
        clock.advance(seconds=10)
    middle = dt.datetime.fromtimestamp(clock() / 1e6 - 15, tz=dt.UTC)
    assert data(read(stream, "s", SHARD, "AT_TIMESTAMP", Timestamp=middle)) == [b"c"]
    early, late = middle - dt.timedelta(days=9), middle + dt.timedelta(seconds=14)
    assert data(read(stream, "s", SHARD, "AT_TIMESTAMP", Timestamp=early)) == [b"a", b"b", b"c"]
    assert data(read(stream, "s", SHARD, "AT_TIMESTAMP", Timestamp=late)) == []
    future = {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": middle + dt.timedelta(days=1)}
    assert refusal(stream.get_shard_iterator, StreamName="s", ShardId=SHARD, **future) == "InvalidArgumentException"


def test_arrival_time_is_the_clock_s_in_milliseconds(stream: Any, clock: Any, read: Callable[..., Any]) -> None:
    put(stream, b"a")
    arrival = read(stream, "s", SHARD)[0]["ApproximateArrivalTimestamp"]
    assert round(arrival.timestamp() * 1000) == clock() // 1000


def test_limit_pages_through_batches_and_single_records(stream: Any) -> None:
    for start in range(0, 60, 6):
        put(stream, *[b"%d" % n for n in range(start, start + 6)])
    found: list[bytes] = []
    place, pages = iterator(stream), 0
    while len(found) < 60:
        page = stream.get_records(ShardIterator=place, Limit=7)
        assert len(page["Records"]) == min(7, 60 - len(found))
        found += data(page["Records"])
        assert (page["MillisBehindLatest"] == 0) == (len(found) == 60)
        place, pages = page["NextShardIterator"], pages + 1
    assert found == [b"%d" % n for n in range(60)]
    assert pages == 9


def test_one_answer_holds_at_most_10000_records_and_10_mib(stream: Any) -> None:
    for _ in range(21):
        put(stream, *[b""] * 500)
    page = stream.get_records(ShardIterator=iterator(stream))
    assert len(page["Records"]) == 10_000
    assert len(stream.get_records(ShardIterator=page["NextShardIterator"])["Records"]) == 500
    tip = iterator(stream, "LATEST")
    for _ in range(12):
        put(stream, b"x" * 1_000_000)
    page = stream.get_records(ShardIterator=tip)
    assert len(page["Records"]) == 10
    assert len(stream.get_records(ShardIterator=page["NextShardIterator"])["Records"]) == 2


def test_lag_is_told_until_the_tip(stream: Any, clock: Any) -> None:
    put(stream, b"a")
    clock.advance(seconds=3)
    put(stream, b"b")
    page = stream.get_records(ShardIterator=iterator(stream), Limit=1)
    assert page["MillisBehindLatest"] == 3000
    page = stream.get_records(ShardIterator=page["NextShardIterator"])
    assert page["MillisBehindLatest"] == 0
    assert stream.get_records(ShardIterator=page["NextShardIterator"])["Records"] == []


def test_iterator_expires_after_five_minutes_and_an_expired_one_says_so(
    stream: Any, clock: Any, refusal: Refusal
) -> None:
    place = iterator(stream)
    clock.advance(seconds=300)
    stream.get_records(ShardIterator=place)
    clock.advance(ms=1)
    assert refusal(stream.get_records, ShardIterator=place) == "ExpiredIteratorException"


def test_every_iterator_can_be_expired_at_once(stream: Any, server: Any, refusal: Refusal) -> None:
    place = iterator(stream)
    server.faults.expire_iterators()
    assert refusal(stream.get_records, ShardIterator=place) == "ExpiredIteratorException"
    stream.get_records(ShardIterator=iterator(stream))


@pytest.mark.parametrize("garbage", ["x", "AAAA", "ü", "A" * 512])
def test_garbage_is_no_iterator(stream: Any, garbage: str, refusal: Refusal) -> None:
    assert refusal(stream.get_records, ShardIterator=garbage) == "InvalidArgumentException"


def test_wrong_places_are_refused(stream: Any, refusal: Refusal) -> None:
    number = put(stream, b"a")[0]
    call = {"StreamName": "s", "ShardId": SHARD}
    for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        for wrong in (str(int(number) + 1), "0", "1" * 129):
            more = {"ShardIteratorType": kind, "StartingSequenceNumber": wrong}
            assert refusal(stream.get_shard_iterator, **call, **more) == "InvalidArgumentException"
        assert refusal(stream.get_shard_iterator, **call, ShardIteratorType=kind) == "InvalidArgumentException"
    other = {"StreamName": "s", "ShardId": "shardId-000000000007", "ShardIteratorType": "LATEST"}
    assert refusal(stream.get_shard_iterator, **other) == "ResourceNotFoundException"
    assert refusal(stream.get_records, ShardIterator=iterator(stream), Limit=10_001) == "ValidationException"


def test_retention_trims_record_by_record_and_reading_goes_on_at_the_oldest(
    stream: Any, clock: Any, read: Callable[..., Any]
) -> None:
    numbers = put(stream, b"a")
    place = iterator(stream)
    clock.advance(hours=23.95)
    put(stream, b"b")
    place = stream.get_shard_iterator(StreamName="s", ShardId=SHARD, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    clock.advance(hours=0.06)
    assert data(stream.get_records(ShardIterator=place)["Records"]) == [b"b"]
    after = {"kind": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": numbers[0]}
    assert data(read(stream, "s", SHARD, **after)) == [b"b"]
    clock.advance(hours=24)
    assert read(stream, "s", SHARD) == []
    later = put(stream, b"c")
    assert int(later[0]) > int(numbers[0])
    assert data(read(stream, "s", SHARD, **after)) == [b"c"]


def test_records_stored_close_together_are_trimmed_one_after_the_other(
    stream: Any, clock: Any, read: Callable[..., Any]
) -> None:
    for one in (b"a", b"b", b"c"):
        put(stream, one)
        clock.advance(seconds=10)
    clock.advance(hours=24, seconds=-30)
    for left in ([b"b", b"c"], [b"c"], []):
        assert data(read(stream, "s", SHARD)) == left
        clock.advance(seconds=10)


def test_longer_retention_keeps_and_a_shorter_one_trims_for_good(
    stream: Any, clock: Any, read: Callable[..., Any]
) -> None:
    stream.increase_stream_retention_period(StreamName="s", RetentionPeriodHours=48)
    put(stream, b"a")
    clock.advance(hours=30)
    put(stream, b"b")
    assert data(read(stream, "s", SHARD)) == [b"a", b"b"]
    stream.decrease_stream_retention_period(StreamName="s", RetentionPeriodHours=24)
    assert data(read(stream, "s", SHARD)) == [b"b"]
    stream.increase_stream_retention_period(StreamName="s", RetentionPeriodHours=48)
    assert data(read(stream, "s", SHARD)) == [b"b"]


def test_records_of_one_shard_are_read_while_another_grows(
    client: Any, read_stream: Callable[..., Any], read: Callable[..., Any]
) -> None:
    client.create_stream(StreamName="two", ShardCount=2)
    for n in range(300):
        key = str((n % 2) * (2**128 - 1))
        client.put_record(StreamName="two", Data=b"%d" % n, PartitionKey="k", ExplicitHashKey=key)
    assert data(read(client, "two", SHARD)) == [b"%d" % n for n in range(0, 300, 2)]
    assert len(read_stream(client, "two")) == 300
