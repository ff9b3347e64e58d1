"""The loop Kinesis → bronze.trades: exactly once, whatever happens between two turns or inside one."""

import logging
from collections.abc import Callable
from typing import Any

import aws_kinesis_agg.aggregator
import pyarrow as pa
import pytest

from embedded.kinesis import Fault, KinesisServer
from glue_jobs.bronze import BronzeLoop, TurnLimits
from glue_jobs.bronze.frame import exactly_counted
from glue_jobs.engine import Steps, delta
from tapehouse.errors import TerminalError, TransientError
from tapehouse.lake import Lake
from tapehouse.tables import BRONZE_TRADES

pytestmark = pytest.mark.spark

Put = Callable[[list[bytes]], None]
HOUR_US = 3_600_000_000


class Bronze:
    """bronze.trades of one lake, and loops that write it."""

    def __init__(self, spark: Any, lake: Lake, client: Any) -> None:
        self.spark = spark
        self.uri = lake.table_uri("bronze.trades")
        self.client = client

    def loop(self, **arguments: Any) -> BronzeLoop:
        return BronzeLoop(self.spark, self.uri, "trades", client=self.client, **arguments)

    def payloads(self) -> list[bytes]:
        rows = self.spark.read.format("delta").load(self.uri).select("payload").collect()
        return sorted(bytes(row.payload) for row in rows)

    def version(self) -> int:
        return delta.snapshot(self.spark, BRONZE_TRADES, self.uri).version


@pytest.fixture
def bronze(spark: Any, lake: Lake, client: Any) -> Bronze:
    return Bronze(spark, lake, client)


def numbered(first: int, last: int) -> list[bytes]:
    return [b"record %06d" % number for number in range(first, last)]


def test_every_record_is_in_bronze_once_with_its_bytes(bronze: Bronze, put: Put) -> None:
    payloads = sorted([*numbered(0, 300), b"\xff\x00 not text", b"{", b"x"])
    put(payloads)
    assert bronze.loop().drain() == len(payloads)
    assert bronze.payloads() == payloads
    version = bronze.version()
    assert bronze.loop().drain() == 0
    assert bronze.version() == version, "an idle turn commits nothing"


def test_a_turn_is_bounded_and_the_next_reads_on(bronze: Bronze, put: Put) -> None:
    put(numbered(0, 100))
    loop = bronze.loop(limits=TurnLimits(max_records=20))
    turn = loop.turn()
    assert turn.full
    assert 20 <= turn.rows <= 40
    loop.drain()
    assert bronze.payloads() == numbered(0, 100)


def test_an_aggregate_is_taken_apart_and_never_cut_by_a_bound(bronze: Bronze, client: Any) -> None:
    aggregator = aws_kinesis_agg.aggregator.RecordAggregator()
    for payload in numbered(0, 50):
        aggregator.add_user_record("market", payload)
    _, _, body = aggregator.clear_and_get().get_contents()
    client.put_record(StreamName="trades", Data=body, PartitionKey="market")
    client.put_record(StreamName="trades", Data=b"plain", PartitionKey="market")
    assert bronze.loop(limits=TurnLimits(max_records=1)).turn().rows == 50
    bronze.loop().drain()
    assert bronze.payloads() == sorted([*numbered(0, 50), b"plain"])
    rows = bronze.spark.read.format("delta").load(bronze.uri)
    assert rows.select("shard_id", "sequence_number", "sub_sequence_number").distinct().count() == 51


def test_shards_that_split_and_merge_while_they_are_read_lose_nothing(bronze: Bronze, put: Put, client: Any) -> None:
    loop = bronze.loop(limits=TurnLimits(max_records=30))
    put(numbered(0, 100))
    loop.turn()
    first, second = (shard["ShardId"] for shard in client.list_shards(StreamName="trades")["Shards"])
    client.split_shard(StreamName="trades", ShardToSplit=first, NewStartingHashKey=str(2**126))
    put(numbered(100, 200))
    loop.turn()
    shards = client.list_shards(StreamName="trades")["Shards"]
    opened = [shard for shard in shards if "EndingSequenceNumber" not in shard["SequenceNumberRange"]]
    upper = next(shard for shard in opened if shard.get("ParentShardId") == first and "HashKeyRange" in shard
                 and int(shard["HashKeyRange"]["StartingHashKey"]) == 2**126)  # fmt: skip
    client.merge_shards(StreamName="trades", ShardToMerge=upper["ShardId"], AdjacentShardToMerge=second)
    put(numbered(200, 300))
    loop.drain()
    assert bronze.payloads() == numbered(0, 300)


def test_expired_iterators_and_throttles_only_cost_time(bronze: Bronze, put: Put, kinesis: KinesisServer) -> None:
    put(numbered(0, 200))
    kinesis.faults.add(
        Fault(
            kind="throttle_calls", operations=("GetRecords",), calls=2, code="ProvisionedThroughputExceededException"
        ),
        Fault(kind="expire_iterators", operations=("GetRecords",), calls=2),
        Fault(kind="empty_reads", calls=3),
    )
    bronze.loop().drain()
    bronze.loop().drain()
    assert bronze.payloads() == numbered(0, 200)


def test_a_stream_made_again_is_another_stream(bronze: Bronze, put: Put, client: Any) -> None:
    put(numbered(0, 20))
    bronze.loop().drain()
    client.delete_stream(StreamName="trades")
    client.create_stream(StreamName="trades", ShardCount=2)
    put(numbered(20, 50))
    bronze.loop().drain()
    assert bronze.payloads() == numbered(0, 50)
    rows = bronze.spark.read.format("delta").load(bronze.uri)
    assert rows.select("stream_created_at").distinct().count() == 2
    assert bronze.loop().drain() == 0


def test_two_overlapping_turns_commit_once(bronze: Bronze, put: Put) -> None:
    put(numbered(0, 40))
    inner: list[int] = []

    def overtake(point: str) -> None:
        if point == "bronze.trades:before":
            inner.append(bronze.loop().turn().rows)

    with pytest.raises(delta.LostRaceError):
        bronze.loop(steps=Steps(on_point=overtake)).turn()
    assert inner == [40]
    assert bronze.payloads() == numbered(0, 40)


def test_a_compaction_between_two_plans_lets_neither_in_twice(bronze: Bronze, put: Put) -> None:
    """With the table's version as the transaction's, the outer plan would be let in a second time here."""
    put(numbered(0, 10))
    bronze.loop().drain()
    put(numbered(10, 20))

    def compact_and_overtake(point: str) -> None:
        if point == "bronze.trades:before":
            delta.optimize(bronze.spark, delta.snapshot(bronze.spark, BRONZE_TRADES, bronze.uri))
            bronze.loop().turn()
            delta.optimize(bronze.spark, delta.snapshot(bronze.spark, BRONZE_TRADES, bronze.uri))

    with pytest.raises(delta.LostRaceError):
        bronze.loop(steps=Steps(on_point=compact_and_overtake)).turn()
    assert bronze.payloads() == numbered(0, 20)


def test_a_dropped_block_is_read_again_up_to_the_position(bronze: Bronze, put: Put) -> None:
    put(numbered(0, 60))
    dropped: list[int] = []

    def drop_blocks(point: str) -> None:
        if point == "bronze.trades:before":
            put(numbered(60, 160))  # the stream grows before the block is read again
            held = bronze.spark._jsc.getPersistentRDDs()
            for key in list(held):
                held[key].unpersist(True)
                dropped.append(key)

    assert bronze.loop(steps=Steps(on_point=drop_blocks)).turn().rows == 60
    assert dropped
    assert bronze.payloads() == numbered(0, 60)
    bronze.loop().drain()
    assert bronze.payloads() == numbered(0, 160)


def _block(shard: str, numbers: range, *, last: bool = True) -> pa.RecordBatch:
    rows = [{"shard_id": shard, "sequence_number": str(number), "progress": None} for number in numbers]
    rows += [{"shard_id": shard, "sequence_number": None, "progress": "{}"}] if last else []
    schema = pa.schema([("shard_id", pa.string()), ("sequence_number", pa.string()), ("progress", pa.string())])
    return pa.RecordBatch.from_pylist(rows, schema=schema)


def test_a_second_reading_that_is_longer_is_cut_at_the_position() -> None:
    batches = [_block("s", range(3), last=False), _block("s", range(3, 9))]
    kept = [number for batch in exactly_counted(batches, {"s": (5, "4")}) for number in batch.column(1).to_pylist()]
    assert kept == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("again", [range(2), range(1, 6), range(0)])
def test_a_second_reading_that_is_shorter_or_other_commits_nothing(again: range) -> None:
    with pytest.raises(TransientError, match="nothing was committed"):
        list(exactly_counted([_block("s", again)], {"s": (5, "4")}))


def test_the_position_survives_optimize_vacuum_and_log_clean_up(
    bronze: Bronze, put: Put, tmp_path: Any, caplog: Any
) -> None:
    spark = bronze.spark
    for number in range(3):
        put(numbered(number * 10, number * 10 + 10))
        bronze.loop().drain()
    delta.optimize(spark, delta.snapshot(spark, BRONZE_TRADES, bronze.uri))
    spark.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    try:
        delta.vacuum(spark, delta.snapshot(spark, BRONZE_TRADES, bronze.uri), retention_h=0)
    finally:
        spark.conf.unset("spark.databricks.delta.retentionDurationCheck.enabled")
    jvm_log = spark._jvm.org.apache.spark.sql.delta.DeltaLog
    jvm_log.forTable(spark._jsparkSession, bronze.uri).checkpoint()
    for commit in sorted((tmp_path / "lake" / "bronze" / "trades" / "_delta_log").glob("*.json"))[:-1]:
        commit.unlink()  # what the log's clean-up leaves below a checkpoint
    jvm_log.clearCache()
    with caplog.at_level(logging.WARNING):
        put(numbered(30, 40))
        bronze.loop().drain()
    assert "position_not_in_log" not in caplog.text
    assert bronze.payloads() == numbered(0, 40)


def test_a_position_that_the_log_forgot_is_derived_from_the_rows(
    bronze: Bronze, put: Put, tmp_path: Any, caplog: Any
) -> None:
    put(numbered(0, 30))
    bronze.loop().drain()
    log = tmp_path / "lake" / "bronze" / "trades" / "_delta_log"
    jvm_log = bronze.spark._jvm.org.apache.spark.sql.delta.DeltaLog
    jvm_log.forTable(bronze.spark._jsparkSession, bronze.uri).checkpoint()
    # Somebody's own commit buries ours, and a clean-up then takes every commit file below the checkpoint.
    for commit in sorted(log.glob("*.json")):
        text = commit.read_text()
        commit.write_text(text.replace('\\"turn\\"', '\\"gone\\"'))
        (log / f".{commit.name}.crc").unlink(missing_ok=True)
    jvm_log.clearCache()
    put(numbered(30, 50))
    with caplog.at_level(logging.WARNING):
        assert bronze.loop().drain() == 20
    assert "position_not_in_log" in caplog.text
    assert bronze.payloads() == numbered(0, 50)


def test_a_pause_longer_than_the_retention_is_recorded_as_a_gap(bronze: Bronze, put: Put, caplog: Any) -> None:
    start_us = 1_700_000_000_000_000
    put(numbered(0, 5))
    bronze.loop(now_us=lambda: start_us).drain()
    put(numbered(5, 8))
    later_us = start_us + 30 * HOUR_US
    with caplog.at_level(logging.ERROR):
        bronze.loop(now_us=lambda: later_us).drain()
    position = bronze.loop().position()
    assert position is not None
    assert [(gap.from_us, gap.to_us) for gap in position.gaps] == [(start_us, later_us - 24 * HOUR_US)]
    assert "stream_gap" in caplog.text


def test_a_quiet_stream_that_is_watched_has_no_gap(bronze: Bronze, put: Put) -> None:
    start_us = 1_700_000_000_000_000
    put(numbered(0, 5))
    bronze.loop(now_us=lambda: start_us).drain()
    for hours in range(12, 60, 12):
        bronze.loop(now_us=lambda at=hours: start_us + at * HOUR_US).drain()
    put(numbered(5, 8))
    bronze.loop(now_us=lambda: start_us + 60 * HOUR_US).drain()
    position = bronze.loop().position()
    assert position is not None
    assert position.gaps == ()
    assert bronze.payloads() == numbered(0, 8)


def test_a_stream_that_is_not_there_is_said_plainly(spark: Any, lake: Lake, client: Any) -> None:
    loop = BronzeLoop(spark, lake.table_uri("bronze.trades"), "nothing", client=client)
    with pytest.raises(TerminalError, match=r"'nothing' refused .*: ResourceNotFoundException.* Create the stream"):
        loop.turn()
