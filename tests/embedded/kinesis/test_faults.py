# ruff: noqa: PLR0917 - fixtures come as arguments
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import botocore.exceptions
import pytest

from embedded.kinesis import Fault, KinesisServer
from tapehouse.errors import SettingsError

Refusal = Callable[..., str]
SHARD = "shardId-000000000000"


@pytest.fixture
def stream(client: Any) -> Any:
    client.create_stream(StreamName="s", ShardCount=1)
    return client


def put(client: Any, count: int = 1) -> dict[str, Any]:
    records = [{"Data": b"%d" % n, "PartitionKey": "k"} for n in range(count)]
    answer: dict[str, Any] = client.put_records(StreamName="s", Records=records)
    return answer


def iterator(client: Any) -> str:
    answer = client.get_shard_iterator(StreamName="s", ShardId=SHARD, ShardIteratorType="TRIM_HORIZON")
    return str(answer["ShardIterator"])


def admin(server: KinesisServer, method: str = "GET", body: object = None) -> Any:
    raw = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.endpoint}/_tapehouse/faults", data=raw, method=method)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


@pytest.mark.parametrize("code", ["InternalFailure", "ProvisionedThroughputExceededException"])
def test_share_of_records_fails_and_only_the_others_are_stored(
    stream: Any, server: KinesisServer, code: str, read: Callable[..., Any]
) -> None:
    server.faults.add(Fault(kind="fail_records", share=0.3, code=code))
    answers = put(stream, 500)
    failed = [answer for answer in answers["Records"] if "ErrorCode" in answer]
    assert answers["FailedRecordCount"] == len(failed)
    assert 90 < len(failed) < 210
    assert {answer["ErrorCode"] for answer in failed} == {code}
    stored = [int(answer["SequenceNumber"]) for answer in answers["Records"] if "SequenceNumber" in answer]
    assert [int(one["SequenceNumber"]) for one in read(stream, "s", SHARD)] == stored


def test_all_records_may_fail_in_a_call_that_succeeds(stream: Any, server: KinesisServer) -> None:
    server.faults.add(Fault(kind="fail_records"))
    assert put(stream, 5)["FailedRecordCount"] == 5


@pytest.mark.parametrize(
    ("kind", "code"),
    [("fail_calls", "InternalFailure"), ("throttle_calls", "ProvisionedThroughputExceededException")],
)
def test_failed_call_stores_nothing(
    stream: Any, server: KinesisServer, kind: str, code: str, refusal: Refusal, read: Callable[..., Any]
) -> None:
    server.faults.add(Fault(kind=kind, calls=1))
    assert refusal(stream.put_records, StreamName="s", Records=[{"Data": b"x", "PartitionKey": "k"}]) == code
    assert read(stream, "s", SHARD) == []


@pytest.mark.parametrize(("kind", "copies"), [("drop_calls", 1), ("lose_answers", 2), ("fail_answers", 2)])
def test_retry_after_a_lost_answer_stores_twice_and_after_a_dropped_call_once(
    stream: Any, server: KinesisServer, kind: str, copies: int, connect: Callable[..., Any], read: Callable[..., Any]
) -> None:
    server.faults.add(Fault(kind=kind, operations=("PutRecords",), calls=1))
    put(connect(server, attempts=3))
    assert [one["Data"] for one in read(stream, "s", SHARD)] == [b"0"] * copies


def test_dropped_connection_is_an_error_of_the_connection(stream: Any, server: KinesisServer) -> None:
    server.faults.add(Fault(kind="drop_calls", calls=1))
    with pytest.raises(botocore.exceptions.HTTPClientError):
        put(stream)
    put(stream)


def test_throttled_control_call_says_limit_exceeded(stream: Any, server: KinesisServer, refusal: Refusal) -> None:
    server.faults.add(Fault(kind="throttle_calls", operations=("ListShards", "GetRecords"), calls=2))
    assert refusal(stream.list_shards, StreamName="s") == "LimitExceededException"
    place = iterator(stream)
    assert refusal(stream.get_records, ShardIterator=place) == "ProvisionedThroughputExceededException"
    stream.get_records(ShardIterator=place)


def test_empty_reads_come_before_the_records(stream: Any, server: KinesisServer) -> None:
    put(stream, 3)
    server.faults.add(Fault(kind="empty_reads", calls=2))
    place, seen = iterator(stream), []
    for _ in range(3):
        page = stream.get_records(ShardIterator=place)
        seen.append((len(page["Records"]), page["MillisBehindLatest"] > 0))
        place = page["NextShardIterator"]
    assert seen == [(0, True), (0, True), (3, False)]


def test_closed_shard_too_has_empty_reads_before_its_end(stream: Any, server: KinesisServer) -> None:
    put(stream, 3)
    stream.split_shard(StreamName="s", ShardToSplit=SHARD, NewStartingHashKey="10")
    server.faults.add(Fault(kind="empty_reads", calls=1))
    page = stream.get_records(ShardIterator=iterator(stream))
    assert (page["Records"], "ChildShards" in page) == ([], False)
    assert len(stream.get_records(ShardIterator=page["NextShardIterator"])["Records"]) == 3


def test_arrival_times_go_backwards_a_little(
    stream: Any, server: KinesisServer, clock: Any, read: Callable[..., Any]
) -> None:
    server.faults.add(Fault(kind="arrival_back", ms=2000))
    for _ in range(20):
        put(stream, 5)
        clock.advance(ms=50)
    told = [one["ApproximateArrivalTimestamp"].timestamp() for one in read(stream, "s", SHARD)]
    assert told != sorted(told)
    assert max(told) <= clock() / 1e6
    assert min(told) >= clock() / 1e6 - 3.1


def test_delayed_answer_outlasts_a_short_patience_and_was_done(
    stream: Any, server: KinesisServer, connect: Callable[..., Any], read: Callable[..., Any]
) -> None:
    server.faults.add(Fault(kind="delay", ms=1500, operations=("PutRecords",), calls=1))
    with pytest.raises(botocore.exceptions.ReadTimeoutError):
        put(connect(server, read_timeout_s=0.3))
    assert len(read(stream, "s", SHARD)) == 1


def test_fault_ends_by_the_clock(stream: Any, server: KinesisServer, clock: Any) -> None:
    server.faults.add(Fault(kind="fail_records", seconds=10))
    clock.advance(seconds=9.999)
    assert put(stream)["FailedRecordCount"] == 1
    clock.advance(ms=1)
    assert put(stream)["FailedRecordCount"] == 0


def test_same_seed_throws_the_same_dice(serve: Callable[..., KinesisServer], connect: Callable[..., Any]) -> None:
    def run() -> tuple[list[bool], list[str]]:
        server = serve(seed=11)
        client = connect(server)
        client.create_stream(StreamName="s", ShardCount=1)
        server.faults.add(Fault(kind="fail_records", share=0.5))
        answers = put(client, 100)["Records"]
        return ["ErrorCode" in one for one in answers], [one.get("SequenceNumber", "") for one in answers]

    assert run() == run()


def test_faults_are_set_shown_and_ended_from_another_process(stream: Any, server: KinesisServer) -> None:
    assert admin(server)["faults"] == []
    admin(
        server, "POST", [{"kind": "fail_records", "calls": 2}, {"kind": "delay", "ms": 1, "operations": "GetRecords"}]
    )
    assert put(stream)["FailedRecordCount"] == 1
    shown = admin(server)
    assert [(fault["kind"], fault["calls"]) for fault in shown["faults"]] == [("fail_records", 1), ("delay", None)]
    counters = shown["counters"]
    assert (counters["faults.fail_records"], counters["records.failed"], counters["calls.PutRecords"]) == (1, 1, 1)
    assert admin(server, "DELETE")["faults"] == []
    assert put(stream)["FailedRecordCount"] == 0
    assert admin(server)["counters"]["records.in"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "nonsense"},
        {"kind": "fail_records", "share": 2},
        {"kind": "fail_records", "share": "half"},
        {"kind": "delay"},
        {"kind": "delay", "ms": 1.5},
        {"kind": "fail_calls", "calls": 1.5},
        {"kind": "fail_calls", "seconds": 1e300},
        {"kind": "fail_calls", "calls": 0},
        {"kind": "fail_calls", "until": "noon"},
        {"kind": "fail_calls", "operations": ["PutRecord", "Put"]},
        {"kind": "fail_calls", "operations": 3},
        {},
        [3],
    ],
)
def test_wrong_fault_is_refused_and_changes_nothing(server: KinesisServer, body: object) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        admin(server, "POST", body)
    caught.value.close()
    assert caught.value.code == 400
    assert server.faults.snapshot()["faults"] == []


def test_every_wrong_value_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Fault(kind="fail_calls", share=-1, calls=0)
    assert len(caught.value.faults) == 2
